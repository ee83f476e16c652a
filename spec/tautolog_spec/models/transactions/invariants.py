"""Why the transactions model keeps its promises: seven of them, and what their proof leans on."""

from __future__ import annotations

from tautolog_spec.language import Formula, Invariant, Variable, auxiliary, exists, forall, safety
from tautolog_spec.models.transactions.text import (
    Epoch,
    Offset,
    Partition,
    Producer,
    Transaction,
    abort_marker,
    aborted,
    aborting,
    added,
    asks_abort,
    asks_commit,
    begun,
    commit_marker,
    committed,
    committing,
    epoch,
    fenced,
    granted,
    is_open,
    known,
    log,
    of,
    ongoing,
    past,
    runs_in,
    sent,
    speaks_2,
    stable,
    stored,
    told_abort,
    told_commit,
    used,
    verified,
    zombie,
)

KIP_890 = "KIP-890"


def active(producer: Variable) -> Formula:
    """The coordinator knows of a transaction of the producer that has not ended."""
    return ongoing(producer) | prepared(producer)


def prepared(producer: Variable) -> Formula:
    """The coordinator has decided, and waits for the partitions."""
    return committing(producer) | aborting(producer)


def reached(producer: Variable, now: Variable) -> Formula:
    """The coordinator has reached the epoch."""
    return epoch(producer, now) | past(producer, now)


def version_2(transaction: Variable, producer: Variable) -> Formula:
    """The transaction is run by version 2."""
    return speaks_2(producer) & of(transaction, producer)


def in_play(transaction: Variable, partition: Variable) -> Formula:
    """The transaction's batch is open in the partition, or may be appended yet."""
    return verified(transaction, partition) | is_open(transaction, partition)


def version_2_in(transaction: Variable, producer: Variable, now: Variable) -> Formula:
    """The transaction is run by version 2, in this epoch."""
    return version_2(transaction, producer) & runs_in(transaction, now)


PROMISES: tuple[Invariant, ...] = (
    safety(
        "no_hanging_transaction",
        forall(
            *(Transaction, Producer, Partition),
            lambda t, p, q: (of(t, p) & is_open(t, q)) >> (active(p) & added(p, q)),
        ),
        meaning="What is open in a partition, the coordinator will end there. In every version.",
        source="KIP-890 part 1, KIP-664",
    ),
    safety(
        "no_aborted_read",
        forall(
            *(Transaction, Producer, Partition),
            lambda t, p, q: (version_2(t, p) & committed(t, q)) >> (told_commit(t) & ~asks_abort(t)),
        ),
        meaning="Nothing is visible but what its client asked to commit and the coordinator decided to.",
        source=KIP_890,
    ),
    safety(
        "committed_is_whole",
        forall(
            *(Transaction, Producer, Partition),
            lambda t, p, q: (
                (version_2(t, p) & told_commit(t) & sent(t, q))
                >> (stored(t, q) & ~aborted(t, q) & (committed(t, q) | (committing(p) & added(p, q))))
            ),
        ),
        meaning="Once a client is told `committed`, all that it sent is visible, or a commit marker is on its way there.",
        source="KIP-98",
    ),
    safety(
        "one_outcome",
        forall(
            *(Transaction, Producer, Partition, Partition),
            lambda t, p, q, o: (version_2(t, p) & committed(t, q)) >> ~aborted(t, o),
        ),
        meaning="No transaction is committed in one partition and aborted in another.",
        source="KIP-98",
    ),
    safety(
        "zombie_is_fenced",
        forall(Transaction, lambda t: zombie(t) >> ~told_commit(t)),
        meaning="A transaction whose producer was taken over, or which was given up, is never committed. In every version.",
        source="KIP-98",
    ),
    safety(
        "stable_is_decided",
        forall(
            *(Partition, Offset, Transaction),
            lambda q, o, t: (stable(q, o) & log(q, o, t)) >> (committed(t, q) | aborted(t, q)),
        ),
        meaning="What was once read at `read_committed` is decided: the last stable offset never passes an open transaction.",
        source="KIP-98, KAFKA-9807",
    ),
    safety(
        "decided_once",
        forall(Transaction, Partition, lambda t, q: ~(committed(t, q) & aborted(t, q))),
        meaning="A batch is visible, or not; never first the one and then the other. In every version.",
        source="KIP-98",
    ),
)

EPOCHS: tuple[Invariant, ...] = (
    auxiliary(
        "past_is_earlier",
        forall(Producer, Epoch, Epoch, lambda p, e, d: epoch(p, e) >> past(p, d).iff(d < e)),
        meaning="A producer has one epoch, and past are those before it.",
    ),
    auxiliary(
        "granted_reached",
        forall(Producer, Epoch, lambda p, e: granted(p, e) >> reached(p, e)),
        meaning="Clients have only epochs that the coordinator has reached.",
    ),
    auxiliary(
        "runs_in_granted",
        forall(
            Transaction, Producer, Epoch, lambda t, p, e: (of(t, p) & runs_in(t, e)) >> (granted(p, e) & reached(p, e))
        ),
        meaning="Transactions run in epochs that were given to a client.",
    ),
    auxiliary(
        "known_reached",
        forall(Partition, Producer, Epoch, lambda q, p, e: known(q, p, e) >> reached(p, e)),
        meaning="No partition is ahead of the coordinator.",
    ),
    auxiliary(
        "known_past_fenced",
        forall(
            *(Partition, Producer, Epoch, Epoch),
            lambda q, p, e, d: known(q, p, e) >> fenced(q, p, d).iff(d < e),
        ),
        meaning="A partition fences exactly what is earlier than the epoch that it knows.",
    ),
)

CLIENTS: tuple[Invariant, ...] = (
    auxiliary(
        "one_producer",
        forall(Transaction, Producer, Producer, lambda t, p, r: (of(t, p) & of(t, r)) >> (p == r)),
        meaning="A transaction has one producer.",
    ),
    auxiliary(
        "one_epoch_each",
        forall(Transaction, Epoch, Epoch, lambda t, e, d: (runs_in(t, e) & runs_in(t, d)) >> (e == d)),
        meaning="A transaction runs in one epoch.",
    ),
    auxiliary(
        "begun_of",
        forall(
            Transaction,
            lambda t: begun(t) >> (exists(Producer, lambda p: of(t, p)) & exists(Epoch, lambda e: runs_in(t, e))),
        ),
        meaning="A transaction that has begun has a producer and an epoch.",
    ),
    auxiliary(
        "only_begun",
        forall(
            *(Transaction, Producer, Epoch, Partition),
            lambda t, p, e, q: (
                (of(t, p) | runs_in(t, e) | sent(t, q) | asks_commit(t) | asks_abort(t) | zombie(t)) >> begun(t)
            ),
        ),
        meaning="Nothing happens in a transaction before it begins.",
    ),
    auxiliary(
        "one_in_an_epoch",
        forall(
            *(Transaction, Transaction, Producer, Epoch),
            lambda t, s, p, e: (version_2_in(t, p, e) & version_2_in(s, p, e)) >> (t == s),
        ),
        meaning="In version 2 an epoch has one transaction.",
        source=KIP_890,
    ),
    auxiliary(
        "asks_one_thing",
        forall(Transaction, lambda t: ~(asks_commit(t) & asks_abort(t))),
        meaning="A client asks for one end.",
    ),
    auxiliary(
        "told_what_was_asked",
        forall(Transaction, lambda t: (told_commit(t) >> asks_commit(t)) & (told_abort(t) >> asks_abort(t))),
        meaning="The coordinator answers what was asked.",
    ),
    auxiliary(
        "asks_when_stored",
        forall(Transaction, Partition, lambda t, q: (asks_commit(t) & sent(t, q)) >> stored(t, q)),
        meaning="A client asks for a commit when all is stored.",
    ),
    auxiliary(
        "told_is_past",
        forall(
            *(Transaction, Producer, Epoch),
            lambda t, p, e: (version_2_in(t, p, e) & (told_commit(t) | told_abort(t))) >> past(p, e),
        ),
        meaning="In version 2 the end of a transaction ends its epoch.",
        source=KIP_890,
    ),
    auxiliary(
        "zombie_is_past",
        forall(Transaction, Producer, Epoch, lambda t, p, e: (zombie(t) & of(t, p) & runs_in(t, e)) >> past(p, e)),
        meaning="The epoch of a fenced transaction is past.",
    ),
    auxiliary(
        "told_or_zombie",
        forall(
            *(Transaction, Producer, Epoch),
            lambda t, p, e: (of(t, p) & runs_in(t, e) & past(p, e)) >> (zombie(t) | told_commit(t) | told_abort(t)),
        ),
        meaning="A transaction whose epoch is past was ended as its client asked, or is fenced.",
    ),
)

COORDINATOR: tuple[Invariant, ...] = (
    auxiliary(
        "one_mode",
        forall(
            Producer,
            lambda p: ~(ongoing(p) & prepared(p)) & ~(committing(p) & aborting(p)),
        ),
        meaning="A transaction is ongoing, or to be committed, or to be aborted.",
    ),
    auxiliary(
        "added_when_active",
        forall(Producer, Partition, lambda p, q: added(p, q) >> active(p)),
        meaning="Only a transaction that has not ended has partitions.",
    ),
    auxiliary(
        "marker_reached",
        forall(
            Producer,
            Epoch,
            Partition,
            lambda p, e, q: (commit_marker(p, e, q) | abort_marker(p, e, q)) >> reached(p, e),
        ),
        meaning="Markers have epochs that the coordinator has reached.",
    ),
    auxiliary(
        "marker_on_its_way",
        forall(
            *(Producer, Epoch, Partition),
            lambda p, e, q: (
                (epoch(p, e) & added(p, q))
                >> ((committing(p) >> commit_marker(p, e, q)) & (aborting(p) >> abort_marker(p, e, q)))
            ),
        ),
        meaning="Every partition that the coordinator waits for was sent a marker.",
    ),
    auxiliary(
        "marker_of_decision",
        forall(
            *(Producer, Epoch, Partition),
            lambda p, e, q: (
                (speaks_2(p) & epoch(p, e))
                >> (~(commit_marker(p, e, q) & aborting(p)) & ~(abort_marker(p, e, q) & committing(p)))
            ),
        ),
        meaning="In version 2 all markers of an epoch say the same.",
        source=KIP_890,
    ),
)

PARTITIONS: tuple[Invariant, ...] = (
    auxiliary(
        "stored_sent",
        forall(Transaction, Partition, lambda t, q: (stored(t, q) | verified(t, q)) >> sent(t, q)),
        meaning="Partitions have what was sent.",
    ),
    auxiliary(
        "decided_stored",
        forall(Transaction, Partition, lambda t, q: (committed(t, q) | aborted(t, q)) >> stored(t, q)),
        meaning="Markers end what is stored.",
    ),
    auxiliary(
        "log_stored",
        forall(Partition, Offset, Transaction, lambda q, o, t: log(q, o, t) >> (stored(t, q) & used(q, o))),
        meaning="The log has what is stored.",
    ),
    auxiliary(
        "stored_is_in_log",
        forall(Transaction, Partition, lambda t, q: stored(t, q) >> exists(Offset, lambda o: log(q, o, t))),
        meaning="What is stored has an offset.",
    ),
    auxiliary(
        "one_batch_at_an_offset",
        forall(
            Partition, Offset, Transaction, Transaction, lambda q, o, t, s: (log(q, o, t) & log(q, o, s)) >> (t == s)
        ),
        meaning="One batch lies at an offset.",
    ),
    auxiliary(
        "stable_used",
        forall(Partition, Offset, lambda q, o: stable(q, o) >> used(q, o)),
        meaning="What is stable is below the log end.",
    ),
    auxiliary(
        "used_downward",
        forall(Partition, Offset, Offset, lambda q, o, n: (used(q, n) & (o < n)) >> used(q, o)),
        meaning="A log has no gaps.",
    ),
    auxiliary(
        "verified_is_added",
        forall(
            *(Transaction, Producer, Partition),
            lambda t, p, q: (of(t, p) & verified(t, q)) >> (active(p) & added(p, q)),
        ),
        meaning="What is verified belongs to a transaction that has not ended there.",
        source="KIP-890 part 1, KAFKA-14884",
    ),
    auxiliary(
        "verified_in_epoch",
        forall(
            *(Transaction, Producer, Epoch, Partition),
            lambda t, p, e, q: (
                (version_2_in(t, p, e) & in_play(t, q)) >> ((ongoing(p) >> epoch(p, e)) & (prepared(p) >> past(p, e)))
            ),
        ),
        meaning="In version 2 what is verified or open belongs to the very transaction that the coordinator has.",
        source=KIP_890,
    ),
    auxiliary(
        "one_in_play",
        forall(
            *(Transaction, Transaction, Producer, Partition, Partition),
            lambda t, s, p, q, o: (version_2(t, p) & version_2(s, p) & in_play(t, q) & in_play(s, o)) >> (t == s),
        ),
        meaning="In version 2 nothing of two transactions of one producer is verified or open at a time.",
        source=KIP_890,
    ),
    auxiliary(
        "open_is_known",
        forall(
            *(Transaction, Producer, Epoch, Partition),
            lambda t, p, e, q: (version_2_in(t, p, e) & is_open(t, q)) >> known(q, p, e),
        ),
        meaning="A partition with an open transaction knows its epoch, and no later one.",
    ),
    auxiliary(
        "marker_seen_nothing_verified",
        forall(
            *(Transaction, Producer, Epoch, Partition),
            lambda t, p, e, q: (version_2(t, p) & prepared(p) & epoch(p, e) & known(q, p, e)) >> ~verified(t, q),
        ),
        meaning="Where the present marker was written nothing is verified any more.",
        source="KAFKA-14884",
    ),
)


def later_marker(producer: Variable, now: Variable, seen: Variable, partition: Variable) -> Formula:
    """There is a marker of a later epoch."""
    return (now < seen) & (commit_marker(producer, seen, partition) | abort_marker(producer, seen, partition))


OUTCOMES: tuple[Invariant, ...] = (
    auxiliary(
        "later_marker_is_present",
        forall(
            *(Transaction, Producer, Epoch, Partition, Epoch, Partition),
            lambda t, p, e, q, d, o: (
                (version_2_in(t, p, e) & in_play(t, q) & later_marker(p, e, d, o)) >> (epoch(p, d) & prepared(p))
            ),
        ),
        meaning="The first marker with an epoch later than an open transaction's is the one that ends it.",
        source="KIP-890, KIP-1228",
    ),
    auxiliary(
        "open_as_told",
        forall(
            *(Transaction, Producer, Partition),
            lambda t, p, q: (
                (version_2(t, p) & in_play(t, q))
                >> ((committing(p) >> told_commit(t)) & (aborting(p) >> ~told_commit(t)))
            ),
        ),
        meaning="What is open will end as its client was told.",
    ),
    auxiliary(
        "decided_is_past",
        forall(
            *(Transaction, Producer, Epoch, Partition),
            lambda t, p, e, q: (version_2_in(t, p, e) & (committed(t, q) | aborted(t, q))) >> past(p, e),
        ),
        meaning="In version 2 a transaction that has ended anywhere has ended its epoch.",
    ),
    auxiliary(
        "aborted_not_told",
        forall(
            *(Transaction, Producer, Partition),
            lambda t, p, q: (version_2(t, p) & aborted(t, q)) >> ~told_commit(t),
        ),
        meaning="What was aborted anywhere is not told `committed`.",
    ),
)

INVARIANTS = (*PROMISES, *EPOCHS, *CLIENTS, *COORDINATOR, *PARTITIONS, *OUTCOMES)
