"""What a worker promises that reads records, applies effects and commits offsets, by where it keeps its deduplication keys.

A worker takes a partition, reads from the committed offset on, and does with one record after the other what its handler
says: it charges a card, writes a row, sends a mail. It may die between any two steps. It may lose the partition without
knowing and go on as a *zombie*, while the next owner begins again from the committed offset; here everybody who works
believes to be the owner, and every commit counts, a zombie's, too, even one that sets the offset back. Records are
therefore delivered again, and a deduplication key is to keep their effects from being applied again. A handler that fails
for good ends in a dead letter.

Everything hangs on where the key is, and when it is set. The designs form a ladder, and each rung adds to those below it:

1. `DEDUP_KEY_AFTER_EFFECT`: the key is set after the effect, not before. (Before: whoever dies between the two has lost
   the record, because the next worker finds the key and skips it.)
2. `DEDUP_LEASE`: while a worker is at a record it holds a lease on the key, a lock that expires.
3. `DEDUP_FENCING_TOKEN`: the sink refuses a holder whose lease went to somebody else in the meantime.
4. `DEDUP_KEY_IN_SINK`: the sink itself keeps the keys of what it took, in the same transaction.
5. `DEDUP_INBOX`: so it does for dead letters: a record has one outcome, decided once, in one transaction.

A worker without a rung has nothing from those above it either. A lease promises nothing by itself: it expires, and the
model has no clock that holders could trust. With a token the sink refuses late holders, and still takes the effect a second
time from a worker that is not late at all, after the first has died between effect and key. Only the rungs in which effect
and key are one step end that; they do not need the lease any more.

With the whole ladder, which is how the model stands, every promise is proved for any number of workers, records and
attempts. What each smaller design keeps is proved in the same way, and what it does not keep has a shortest trace: the page
"What a worker can promise" has the table.

An attempt's number is its fencing token. A retry in place is not a step: nothing changes. Offsets kept in the sink's
transaction would change nothing here: the proofs do not ask when, or by whom, a finished position is committed. Keys are
kept for ever: a zombie may come with a record from below the committed offset, so that no offset says when a key may go.
"""

from __future__ import annotations

from tautolog_spec.language import Configuration, Model, Sometimes, exists
from tautolog_spec.models.delivery.invariants import INVARIANTS
from tautolog_spec.models.delivery.text import (
    ACTIONS,
    RELATIONS,
    Attempt,
    Offset,
    Worker,
    committed,
    dead,
    effect,
    passed,
    works,
)

AGAIN = "a worker does not do again what it has done; if it did, the sink would find the key"
REDUNDANT = {
    "crash requires working(worker)": "who does not run has nothing to forget",
    "skip requires ¬passed(worker, record)": "a worker looks at its next record; to pass one twice would change nothing",
    "apply requires ¬done(worker, record)": AGAIN,
    "bury requires ¬done(worker, record)": AGAIN,
    "commit requires working(worker)": "only who runs commits; who does not has no position, and would set the committed "
    "offset back to the beginning, which a zombie may do as well",
}

MODEL = Model(
    name="delivery",
    title="A worker, its deduplication keys and its dead letters",
    essay=__doc__ or "",
    relations=RELATIONS,
    initial=(),
    actions=ACTIONS,
    invariants=INVARIANTS,
    sometimes=(
        Sometimes("processed", exists(Offset, lambda o: committed(o) & effect(o)), "a processed record is committed"),
        Sometimes("died", exists(Offset, lambda o: committed(o) & dead(o)), "a dead letter is committed"),
        Sometimes(
            "zombie",
            exists(*(Worker, Worker, Offset, Attempt), lambda w, x, o, t: works(w, o, t) & passed(x, o) & committed(o)),
            "a worker is at a record that another has done and committed",
        ),
        Sometimes(
            "redelivered",
            exists(Worker, Offset, Attempt, lambda w, o, t: works(w, o, t) & effect(o) & ~committed(o)),
            "a worker is at a record whose effect was applied",
        ),
    ),
    configurations=(
        Configuration({"Worker": 2, "Offset": 1, "Attempt": 2}, distinct=245, depth=11),
        Configuration({"Worker": 2, "Offset": 2, "Attempt": 2}, distinct=4_934, depth=18),
    ),
    redundant=REDUNDANT,
    proved=True,
)
