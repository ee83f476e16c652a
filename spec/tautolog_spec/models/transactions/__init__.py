"""Transactions over several partitions, for any number of producers, transactions, partitions, epochs and offsets.

A client has a producer id and an *epoch*. It begins a transaction, sends batches to the leaders of partitions, and asks the
transaction coordinator to commit or to abort (EndTxn). The coordinator knows which partitions take part. It writes its
decision into its own log first, answers the client, and then sends every such partition a *marker*, over and over, until
each has answered; then it is ready for the next transaction. What lies before a commit marker is visible to readers at
`read_committed`; what lies before an abort marker never will be; what no marker follows is *open*, and the reader waits
below its first offset: the last stable offset.

All messages are facts that stay true. A batch, an EndTxn, a marker may arrive late, again, or never, and whatever the
sender has done since. That is what the protocol has to survive, and for years it did not:

- Version 1 (KIP-98) gives a client one epoch, and all its transactions share it. A batch that comes after the marker opens a
  transaction that nobody will end: it hangs, and the last stable offset with it.
- Version 1 with verification (KIP-890, first part): a leader asks the coordinator whether a batch belongs to an ongoing
  transaction, and asks again if a marker came meanwhile. Nothing hangs any more. But a batch, an EndTxn or a marker that
  is late enough finds the *next* transaction under the same epoch, and joins it, ends it, or cuts it in two.
- Version 2 (KIP-890, second part): every end of a transaction begins a new epoch, and the marker already carries it. So an
  epoch *is* a transaction, and what is late has the wrong epoch.

Producers of both versions live in one cluster, and so they do here: the proof is about any mixture of them. The promises
of visibility are made to version 2 alone; that nothing hangs, that a fenced producer commits nothing, and that a reader never
passes an open transaction, holds for all. Without the switch `KIP_890_EPOCH_BUMP` version 2 is version 1 with
verification; without `KIP_890_VERIFICATION`, too, it is version 1. The model `transactions-1` is version 1 by itself.

Why does it hold? What is verified or open in a partition belongs to the very transaction that the coordinator has
(`verified_in_epoch`, `one_in_play`), so there is one transaction in play for each producer at any time; the first marker of
a later epoch than an open transaction's is the one that ends it (`later_marker_is_present`), and it says what the client
was told (`open_as_told`). That a partition forgets an idle producer after a day takes the epoch check away, but not the
verification: this is where the first part of KIP-890 is needed though the second is there.

What is left out: sequence numbers (a batch is stored once: the model `idempotence`), so a transaction sends one batch to
a partition; replication of the logs (the model `replication`); that a marker takes an offset. A coordinator that moves to
another broker finds its decisions in its log, and what was sent before that is a late message. The offsets that a consumer
group commits in a transaction are a batch for one more partition. A leader's question to the coordinator and the answer are
one step, because a marker between them makes the answer worthless (KAFKA-14884).
"""

from __future__ import annotations

from tautolog_spec.language import (
    Configuration,
    Formula,
    Liveness,
    Model,
    Sometimes,
    Variable,
    exists,
    forall,
)
from tautolog_spec.language.models import Facts, Sizes
from tautolog_spec.models.transactions.invariants import INVARIANTS
from tautolog_spec.models.transactions.text import (
    ACTIONS,
    RELATIONS,
    Epoch,
    Offset,
    Partition,
    Producer,
    Transaction,
    aborted,
    aborting,
    committed,
    committing,
    epoch,
    granted,
    is_open,
    speaks_2,
    stable,
    told_abort,
    told_commit,
    zombie,
)


def all_speak_2(sizes: Sizes) -> tuple[Sizes, Facts]:
    """In a finite instance all producers speak version 2."""
    return {}, {speaks_2.name: frozenset((number,) for number in range(sizes[Producer.name]))}


def first(now: Variable) -> Formula:
    """No epoch is earlier."""
    return forall(Epoch, lambda e: now <= e)


FAIR = ("give_up", "finish_commit", "finish_abort", "complete")
"""What the coordinator keeps trying."""

LIVENESS = (
    Liveness(
        "nothing_hangs",
        trigger=exists(Transaction, Partition, is_open),
        goal=forall(Transaction, Partition, lambda t, q: ~is_open(t, q)),
        fair=FAIR,
        meaning="What is open is ended: by its client, or by the coordinator when its time is up.",
        source="KIP-890, KIP-664",
    ),
    Liveness(
        "decisions_are_carried_out",
        trigger=exists(Producer, lambda p: committing(p) | aborting(p)),
        goal=forall(Producer, lambda p: ~committing(p) & ~aborting(p)),
        fair=FAIR,
        meaning="A coordinator that has decided becomes ready for the next transaction.",
        source="KIP-98, KAFKA-19999",
    ),
)

SOMETIMES = (
    Sometimes(
        "goes_on",
        exists(
            *(Transaction, Partition, Transaction),
            lambda t, q, s: committed(t, q) & is_open(s, q) & told_commit(t) & ~told_commit(s) & (t != s),
        ),
        "after one transaction was committed another is open",
    ),
    Sometimes("commits", exists(Transaction, Partition, committed), "a transaction is committed somewhere"),
    Sometimes("aborts", exists(Transaction, Partition, aborted), "a transaction is aborted somewhere"),
    Sometimes(
        "aborts_as_told",
        exists(Transaction, Partition, lambda t, q: told_abort(t) & aborted(t, q)),
        "a client is told that its transaction, of which something was stored, is aborted",
    ),
    Sometimes("fences", exists(Transaction, zombie), "a client is fenced in the middle of a transaction"),
    Sometimes("is_read", exists(Partition, Offset, stable), "something is read at `read_committed`"),
)

NOTHING_TO_END = "a marker where the transaction has no part would end nothing"

REDUNDANT = {
    "send requires ¬asks_abort(transaction)": "a client that asked for an abort sends no more, and if it did, nothing "
    "would come of it",
    "append requires ¬fenced(partition, producer, now)": "verification is stronger; without KIP_890_VERIFICATION this "
    "fence alone keeps a late batch out, until the partition forgets the producer",
    "finish_commit requires added(producer, partition)": NOTHING_TO_END,
    "finish_abort requires added(producer, partition)": NOTHING_TO_END,
    "complete requires committing(producer) ∨ aborting(producer)": "where nothing was decided the step changes nothing",
}

MODEL = Model(
    name="transactions",
    title="Transactions over several partitions",
    essay=__doc__ or "",
    relations=RELATIONS,
    initial=(
        epoch.assign(..., ..., to=lambda _, e: first(e)),
        granted.assign(..., ..., to=lambda _, e: first(e)),
    ),
    actions=ACTIONS,
    invariants=INVARIANTS,
    sometimes=SOMETIMES,
    liveness=LIVENESS,
    configurations=(
        Configuration(
            {"Producer": 1, "Transaction": 2, "Partition": 1, "Epoch": 3, "Offset": 2},
            distinct=3_277,
            depth=20,
            live=True,
        ),
        Configuration(
            {"Producer": 2, "Transaction": 2, "Partition": 1, "Epoch": 2, "Offset": 2}, distinct=25_902, depth=20
        ),
        Configuration(
            {"Producer": 1, "Transaction": 2, "Partition": 2, "Epoch": 3, "Offset": 2},
            distinct=160_981,
            depth=31,
            nightly=True,
        ),
    ),
    frame=all_speak_2,
    redundant=REDUNDANT,
    proved=True,
)
