"""A consumer group with the protocol of KIP-848, for any number of members, partitions, epochs and records.

There is no moment in which all stand still. The coordinator counts the changes of the membership and of subscriptions in the
*group epoch*, and computes a *target assignment*, whose epoch is the *assignment epoch*: the group epoch that it is for.
It then leads each member, heartbeat by heartbeat, from what the member has to what the target gives it.

A member that owns what the target takes away is first asked to give that up, and stays in its *member epoch* meanwhile.
When it has, and says so, it moves to the assignment epoch and is given what is free of its target; what others have not
released yet comes later, in the same epoch. If the target changes again before that, the member is asked for more and still
stays where it is: since KAFKA-19974 a revocation moves no epoch, so a partition may change hands while the epoch of its
former owner does not.

An answer may come late, after its receiver was expelled, so a zombie may own partitions that it never owned as a member. A
fenced member keeps its member id when it joins again, with epoch 0 and without partitions, and requests that it sent in its
former life may still arrive. What refuses them is the *assignment epoch of a partition* (KIP-1251): the epoch in which the
member was given the partition that it now has. A commit is accepted if its sender has had the partition ever since an epoch
that is not later than the request's. The older rule, that the request's epoch is the member's, is not necessary: it refuses
an owner who has not heard of its new epoch yet. Nor is it enough: a member that gave something up, or that joined again
while the target lags, may be in the very epoch in which it owned the partition; see the museum.

The coordinator keeps books of which partition is somebody's (Kafka's partition epochs); that they agree with what members
were given is an invariant and was once a bug.

`since` splits the requests for a partition into tenures, and the proof turns on it: while a partition has been given and not
taken yet, all requests for it name earlier epochs (`untaken_has_no_request`), because a member is given something anew only
when it moves to an epoch that it never asked in (`target_request_given`). Seeking, static members and server-side regular
expressions are left out; polling is one step with processing, as the classic model shows what lies between them.
"""

from __future__ import annotations

from tautolog_spec.language import FALSE, Bound, Configuration, Liveness, Model, Sometimes, exists, forall
from tautolog_spec.models.groups_848.invariants import INVARIANTS
from tautolog_spec.models.groups_848.text import (
    ACTIONS,
    RELATIONS,
    Epoch,
    Member,
    Offset,
    Partition,
    at,
    committed,
    given,
    group_epoch,
    member,
    occupied,
    owns,
    revoking,
    settled,
    target,
    target_epoch,
)
from tautolog_spec.models.reasons import REACHED, TWICE

JOINS_END = "in a finite instance the epochs are used up, so that every run settles in the end"

MODEL = Model(
    name="groups-848",
    title="Consumer groups with the protocol of KIP-848",
    essay=__doc__ or "",
    relations=RELATIONS,
    initial=(),
    actions=ACTIONS,
    invariants=INVARIANTS,
    sometimes=(
        Sometimes(
            "commits",
            exists(Partition, Offset, committed) | forall(Offset, lambda _: FALSE),
            "an offset is committed, if there are records at all",
        ),
        Sometimes(
            "zombie",
            exists(
                *(Member, Member, Partition),
                lambda m, n, p: ~member(m) & owns(m, p) & member(n) & owns(n, p),
            ),
            "a member was expelled, does not know it, and works beside the new owner",
        ),
        Sometimes(
            "waits",
            exists(
                *(Member, Member, Partition, Epoch),
                lambda m, n, p, e: (
                    revoking(m, p) & owns(m, p) & target(n, p) & target_epoch(e) & at(n, e) & ~given(n, p) & occupied(p)
                ),
            ),
            "a member is in the assignment epoch and waits for a partition that another has not released yet",
        ),
    ),
    liveness=(
        Liveness(
            "converges",
            trigger=settled() & exists(Member, member),
            goal=forall(
                *(Member, Epoch, Partition),
                lambda m, e, p: (
                    (member(m) & group_epoch(e)) >> (target_epoch(e) & at(m, e) & owns(m, p).iff(target(m, p)))
                ),
            )
            & forall(Partition, lambda p: exists(Member, lambda m: member(m) & owns(m, p))),
            fair=("assign", "ask_to_revoke", "advance", "revoke", "take"),
            meaning="When the membership has stopped changing, every member comes to own its target assignment in the "
            "group epoch, and every partition has an owner.",
            source="KIP-848",
        ),
    ),
    configurations=(
        Configuration({"Member": 2, "Epoch": 3, "Partition": 1, "Offset": 1}, distinct=23_426, depth=28, live=True),
        Configuration({"Member": 2, "Epoch": 3, "Partition": 2, "Offset": 0}, distinct=16_166, depth=22, live=True),
        Configuration({"Member": 2, "Epoch": 4, "Partition": 1, "Offset": 1}, distinct=182_282, depth=34, nightly=True),
        Configuration(
            {"Member": 2, "Epoch": 3, "Partition": 2, "Offset": 1},
            distinct=161_494,
            depth=37,
            symmetric=True,
            nightly=True,
        ),
    ),
    redundant={
        "take requires ∀ p: Partition. owns(learning, p) → told(learning, p)": "to give up and to take at once is to `revoke` "
        "and then to take",
        "process requires ¬done(owner, partition, offset)": TWICE,
        "commit updates reached": REACHED,
        "settle requires ¬settled": TWICE,
        "join requires ¬settled": JOINS_END,
        "resubscribe requires ¬settled": JOINS_END,
        "leave requires member(leaving)": "a leave of somebody who is no member would do what `resubscribe` does and end a zombie",
        "expire requires member(silent)": "an expiry of somebody who is no member would do what `resubscribe` does",
    },
    bounds=(Bound("Offset", Offset, least=0),),
    proved=True,
)
