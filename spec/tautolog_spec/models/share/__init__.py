"""One share-partition of a share group (KIP-932): records are given out one by one, under a lock that expires.

The leader of the partition keeps a state for each record between the share-partition start offset and the end offset:
*Available*; *Acquired* by a member, which holds a lock with a timer; *Acknowledged*; *Archived*. A member accepts a record,
rejects it, or releases it; a lock that runs out, and a session that ends, release it, too. Each delivery is counted, and
what is released after the last allowed one is archived. The start offset moves past what is finished.

Acknowledgements are written to the share coordinator. The leader changes its memory first, remembers whom to give the record
back to, and answers when the write is through; if it fails, the record is its holder's again, unless the lock has run out in
the meantime. Much of what went wrong in this protocol went wrong between these two moments: the record must not be given
to anybody, the start offset must not pass it, the timer must be noted, and heeded when the write fails, and must not run
when it succeeds.

A new leader reads what is stored. That Acquired is never stored is on purpose: locks are lost with the leader, and so is
the count of deliveries under way, so that a record may reach members more often than the limit says if leaders change
between. The promise is about the count. The deposed leader may still have writes on their way; reading with the new
leader epoch must fence them, or a member would be told that its acknowledgement is taken by a leader that is none. Of a deposed
leader only its writes under way are in the model; that it may go on giving out records is not, nor are renewed locks
(KIP-1222) and dead letters.

Members need no state of their own: one that holds nothing is the same as one that is not there. Deleted records (the log
start offset moves) take the start offset with them, while those that are in flight stay with their holders until they are
settled. Time does not pass in the model: a timer that runs may run out at any moment.

In finite instances `Limit` is the delivery limit; one count more exists, so that a delivery too many can be seen.
"""

from __future__ import annotations

from tautolog_spec.language import TRUE, Bound, Configuration, Liveness, Model, Sometimes, exists, forall
from tautolog_spec.language.models import Facts, Sizes
from tautolog_spec.models.share.invariants import INVARIANTS
from tautolog_spec.models.share.text import (
    ACTIONS,
    RELATIONS,
    Count,
    Epoch,
    Offset,
    acknowledged,
    allowed,
    archived,
    available,
    begun,
    below_start,
    delivered,
    exhausted,
    fence,
    gone,
    held,
    leads,
    sent,
    stored_acknowledged,
    timed_out,
    told,
)


def all_but_one(sizes: Sizes) -> tuple[Sizes, Facts]:
    """Which counts are within the limit, in a finite instance."""
    return {}, {allowed.name: frozenset((count,) for count in range(sizes.get(Count.name, 1) - 1))}


MODEL = Model(
    name="share",
    title="Share groups: records acquired, acknowledged, archived",
    essay=__doc__ or "",
    relations=RELATIONS,
    axioms=(forall(Count, Count, lambda c, x: (allowed(x) & (c < x)) >> allowed(c)), exists(Count, allowed)),
    initial=tuple(one.assign(..., to=lambda e: forall(Epoch, lambda x: e <= x)) for one in (leads, begun, fence)),
    actions=ACTIONS,
    invariants=INVARIANTS,
    sometimes=(
        Sometimes("passes", exists(Offset, lambda o: below_start(o) & told(o)), "the start offset passes a record"),
        Sometimes(
            "redelivers",
            exists(Offset, Count, lambda o, c: available(o) & delivered(o, c)),
            "a record is available again",
        ),
        Sometimes(
            "gives_up", exists(Offset, lambda o: archived(o) & exhausted(o)), "a record's deliveries are used up"
        ),
        Sometimes("runs_out", exists(Offset, timed_out), "a lock runs out while an acknowledgement is being written"),
        Sometimes(
            "half_told",
            exists(Offset, lambda o: held(o) & stored_acknowledged(o)),
            "a record is stored as acknowledged, and its leader has taken the write for failed",
        ),
        Sometimes(
            "lags", exists(Epoch, Offset, lambda e, o: sent(e, o) & ~leads(e)), "a deposed leader's write is late"
        ),
        Sometimes("deleted_in_flight", exists(Offset, lambda o: held(o) & gone(o)), "a deleted record is in flight"),
    ),
    liveness=(
        Liveness(
            "everything_ends",
            TRUE,
            forall(Offset, lambda o: acknowledged(o) | archived(o) | gone(o)),
            fair=("acquire", "expire", "store"),
            meaning="Every record is finally acknowledged, archived or deleted, whatever members do, as long as some fetch.",
            source="KIP-932",
        ),
    ),
    bounds=(Bound("Limit", Count, extra=1),),
    frame=all_but_one,
    configurations=(
        Configuration({"Member": 2, "Offset": 1, "Limit": 2, "Epoch": 2}, distinct=2_673, depth=13, live=True),
        Configuration({"Member": 1, "Offset": 2, "Limit": 1, "Epoch": 2}, distinct=68_074, depth=19),
        Configuration({"Member": 2, "Offset": 2, "Limit": 1, "Epoch": 2}, distinct=189_474, depth=19, nightly=True),
    ),
    redundant={
        "expire requires timer(record)": "whoever holds a record has a timer; without one there is nothing to expire"
    },
    proved=True,
)
