"""The transactions model's vocabulary and actions."""

from __future__ import annotations

from tautolog_spec.fixes import Fix
from tautolog_spec.language import (
    FALSE,
    Formula,
    Sort,
    Step,
    Update,
    Variable,
    action,
    exists,
    forall,
    ghost,
    only_with,
    relation,
    rigid,
    when,
)

Producer = Sort("Producer")
Transaction = Sort("Transaction")
Partition = Sort("Partition")
Epoch = Sort("Epoch", ordered=True)
Offset = Sort("Offset", ordered=True)

speaks_2 = rigid("speaks_2", Producer, meaning="the producer's clients speak version 2 of the transaction protocol")

granted = relation("granted", Producer, Epoch, meaning="messages: the coordinator gave the epoch to some client")
begun = relation("begun", Transaction, meaning="some client has begun the transaction")
of = relation("of", Transaction, Producer, meaning="whose transaction it is")
runs_in = relation("runs_in", Transaction, Epoch, meaning="the producer epoch in which the client runs it")
sent = relation("sent", Transaction, Partition, meaning="messages: the transaction's batch for the partition")
asks_commit = relation("asks_commit", Transaction, meaning="messages: EndTxn, to commit")
asks_abort = relation("asks_abort", Transaction, meaning="messages: EndTxn, to abort")
told_commit = relation("told_commit", Transaction, meaning="messages: the answer `committed`")
told_abort = relation("told_abort", Transaction, meaning="messages: the answer `aborted`")

epoch = relation("epoch", Producer, Epoch, meaning="the producer's epoch, as the coordinator has it")
past = relation("past", Producer, Epoch, meaning="the producer's epoch at the coordinator is later than this one")
ongoing = relation("ongoing", Producer, meaning="coordinator: a transaction is ongoing")
committing = relation("committing", Producer, meaning="coordinator: prepared to commit, markers are on their way")
aborting = relation("aborting", Producer, meaning="coordinator: prepared to abort, markers are on their way")
added = relation("added", Producer, Partition, meaning="coordinator: the partition takes part, and owes an end")
commit_marker = relation(
    "commit_marker", Producer, Epoch, Partition, meaning="messages: WriteTxnMarkers, to commit, with this epoch"
)
abort_marker = relation(
    "abort_marker", Producer, Epoch, Partition, meaning="messages: WriteTxnMarkers, to abort, with this epoch"
)

verified = relation(
    "verified",
    Transaction,
    Partition,
    meaning="the coordinator said that the partition takes part, and no marker of the producer came to it since",
)
known = relation("known", Partition, Producer, Epoch, meaning="the latest epoch that the partition has seen")
fenced = relation("fenced", Partition, Producer, Epoch, meaning="the partition has seen a later epoch than this one")
log = relation("log", Partition, Offset, Transaction, meaning="the transaction's batch lies at the offset")
used = relation("used", Partition, Offset, meaning="the offset is below the log end")
stored = relation("stored", Transaction, Partition, meaning="the partition has the transaction's batch")
committed = relation("committed", Transaction, Partition, meaning="a commit marker follows the batch in the log")
aborted = relation("aborted", Transaction, Partition, meaning="an abort marker follows the batch in the log")
stable = relation("stable", Partition, Offset, meaning="the offset was once below a last stable offset")
glanced = relation(
    "glanced", Partition, meaning="a fetch has seen that nothing is open, and has yet to look at the end"
)

zombie = ghost("zombie", Transaction, meaning="its producer was fenced before the coordinator heard of a commit")

RELATIONS = (
    *(speaks_2, granted, begun, of, runs_in, sent, asks_commit, asks_abort, told_commit, told_abort),
    *(epoch, past, ongoing, committing, aborting, added, commit_marker, abort_marker),
    *(verified, known, fenced, log, used, stored, committed, aborted, stable, glanced, zombie),
)


def bumps(producer: Variable) -> Formula:
    """Every transaction of the producer ends with a new epoch: version 2, as KIP-890 made it in its second part."""
    return when(Fix.KIP_890_EPOCH_BUMP, speaks_2(producer), FALSE)


def idle(producer: Variable) -> Formula:
    """The coordinator knows of no transaction of the producer that has not ended."""
    return ~ongoing(producer) & ~committing(producer) & ~aborting(producer)


def is_open(transaction: Variable, partition: Variable) -> Formula:
    """The partition has the transaction's batch, and no marker after it."""
    in_doubt = ~committed(transaction, partition) & ~aborted(transaction, partition)
    return stored(transaction, partition) & in_doubt


def next_epoch(earlier: Variable, later: Variable) -> Formula:
    """The later epoch comes right after the earlier one."""
    return (earlier < later) & forall(Epoch, lambda e: (earlier < e) >> (later <= e))


def runs(transaction: Variable, producer: Variable, now: Variable) -> tuple[Formula, ...]:
    """Whose transaction it is, and in which epoch; every request about it says so."""
    return of(transaction, producer), runs_in(transaction, now)


def enter(producer: Variable, later: Variable) -> tuple[Update, ...]:
    """The coordinator moves a producer on to an epoch, or leaves it there."""
    return epoch.replace(producer, later), past.insert(producer, ..., where=lambda e: e < later)


def fence(producer: Variable) -> Update:
    """Whatever of the producer's was not to be committed by now never shall be."""
    return zombie.insert(..., where=lambda t: of(t, producer) & ~told_commit(t))


@action(Producer, Epoch, Epoch)
def init_producer_id(producer: Variable, now: Variable, later: Variable) -> Step:
    """A new client takes the producer over: InitProducerId gives it a new epoch, which fences all earlier clients.

    If a transaction is ongoing, the coordinator aborts it first (`give_up`) and the client asks again.
    """
    bump = Fix.KIP_98_INIT_PRODUCER_ID_EPOCH
    return Step(
        requires=(idle(producer), epoch(producer, now), when(bump, next_epoch(now, later), now == later)),
        updates=(*enter(producer, later), granted.insert(producer, later), fence(producer)),
    )


@action(Transaction, Producer, Epoch)
def begin(transaction: Variable, producer: Variable, now: Variable) -> Step:
    """A client with an epoch begins a transaction: in version 2 the only one of the epoch, in version 1 the next one.

    The last epoch is never used: producer ids are replaced before their epochs run out, so that each can be fenced.
    """
    others_over = forall(
        Transaction,
        lambda t: (of(t, producer) & runs_in(t, now)) >> (~bumps(producer) & (told_commit(t) | told_abort(t))),
    )
    return Step(
        requires=(
            ~begun(transaction),
            granted(producer, now),
            others_over,
            exists(Epoch, lambda e: now < e),
        ),
        updates=(
            begun.insert(transaction),
            of.insert(transaction, producer),
            runs_in.insert(transaction, now),
            zombie.insert(transaction, where=lambda: past(producer, now)),
        ),
    )


@action(Transaction, Partition)
def send(transaction: Variable, partition: Variable) -> Step:
    """The client sends a batch to a partition."""
    return Step(
        requires=(begun(transaction), ~asks_commit(transaction), ~asks_abort(transaction)),
        updates=(sent.insert(transaction, partition),),
    )


@action(Transaction, Partition)
def ask_to_commit(transaction: Variable, partition: Variable) -> Step:
    """The client, which has sent something and knows that all it sent is stored, asks for a commit."""
    all_stored = forall(Partition, lambda p: sent(transaction, p) >> stored(transaction, p))
    return Step(
        requires=(sent(transaction, partition), ~asks_abort(transaction), all_stored),
        updates=(asks_commit.insert(transaction),),
    )


@action(Transaction)
def ask_to_abort(transaction: Variable) -> Step:
    """The client asks for an abort, whatever became of what it sent."""
    return Step(
        requires=(begun(transaction), ~asks_commit(transaction)),
        updates=(asks_abort.insert(transaction),),
    )


@action(Transaction, Producer, Epoch, Partition)
def add_partition(transaction: Variable, producer: Variable, now: Variable, partition: Variable) -> Step:
    """The leader that has a batch asks the coordinator, which adds the partition to the transaction that the epoch has.

    In version 1 it is the client who asks to add, and the leader who asks whether that was done; each request may come
    late, so that what can happen is the same.
    """
    return Step(
        requires=(
            of(transaction, producer),
            sent(transaction, partition),
            epoch(producer, now),
            when(Fix.KIP_890_PRODUCE_EPOCH, runs_in(transaction, now)),
            ~committing(producer),
            ~aborting(producer),
        ),
        updates=(
            ongoing.insert(producer),
            added.insert(producer, partition),
            verified.insert(transaction, partition),
        ),
    )


def see(partition: Variable, producer: Variable, now: Variable) -> tuple[Update, ...]:
    """The partition learns of an epoch of a producer."""
    return known.replace(partition, producer, now), fenced.assign(partition, producer, ..., to=lambda e: e < now)


@action(Transaction, Producer, Epoch, Partition, Offset)
def append(transaction: Variable, producer: Variable, now: Variable, partition: Variable, offset: Variable) -> Step:
    """The leader appends a batch that is still verified, and answers."""
    log_end = ~used(partition, offset) & forall(Offset, lambda o: (o < offset) >> used(partition, o))
    return Step(
        requires=(
            *runs(transaction, producer, now),
            verified(transaction, partition),
            ~stored(transaction, partition),
            ~fenced(partition, producer, now),
            log_end,
        ),
        updates=(
            log.insert(partition, offset, transaction),
            used.insert(partition, offset),
            stored.insert(transaction, partition),
            *see(partition, producer, now),
        ),
    )


def ends(producer: Variable, now: Variable, later: Variable) -> tuple[Formula, ...]:
    """The producer has a transaction to end in its epoch; what ends it says the later one, if each has its own."""
    with_bump, without = bumps(producer) & next_epoch(now, later), ~bumps(producer) & (later == now)
    return ongoing(producer), epoch(producer, now), with_bump | without


def of_this_epoch(transaction: Variable, now: Variable) -> Formula:
    """EndTxn is about the transaction that is ongoing, as far as an epoch can tell."""
    return when(Fix.KAFKA_17754_END_TXN_EPOCH, runs_in(transaction, now))


@action(Transaction, Producer, Epoch, Epoch)
def prepare_commit(transaction: Variable, producer: Variable, now: Variable, later: Variable) -> Step:
    """The coordinator gets an EndTxn and writes down that it commits: the point of no return. It answers the client."""
    return Step(
        requires=(
            *ends(producer, now, later),
            asks_commit(transaction),
            of(transaction, producer),
            of_this_epoch(transaction, now),
        ),
        updates=(
            ongoing.remove(producer),
            committing.insert(producer),
            *enter(producer, later),
            granted.insert(producer, later),
            told_commit.insert(transaction),
            commit_marker.insert(producer, later, ..., where=lambda p: added(producer, p)),
        ),
    )


@action(Transaction, Producer, Epoch, Epoch)
def prepare_abort(transaction: Variable, producer: Variable, now: Variable, later: Variable) -> Step:
    """The same for an abort."""
    return Step(
        requires=(
            *ends(producer, now, later),
            asks_abort(transaction),
            of(transaction, producer),
            of_this_epoch(transaction, now),
        ),
        updates=(
            ongoing.remove(producer),
            aborting.insert(producer),
            *enter(producer, later),
            granted.insert(producer, later),
            told_abort.insert(transaction),
            abort_marker.insert(producer, later, ..., where=lambda p: added(producer, p)),
        ),
    )


@action(Transaction, Producer, Epoch, Epoch)
def abort_nothing(transaction: Variable, producer: Variable, now: Variable, later: Variable) -> Step:
    """An abort of a transaction that the coordinator never heard of gives a new epoch, too: what is late is late."""
    return Step(
        requires=(
            idle(producer),
            epoch(producer, now),
            bumps(producer),
            next_epoch(now, later),
            asks_abort(transaction),
            *runs(transaction, producer, now),
        ),
        updates=(*enter(producer, later), granted.insert(producer, later), told_abort.insert(transaction)),
    )


@action(Producer, Epoch, Epoch)
def give_up(producer: Variable, now: Variable, later: Variable) -> Step:
    """The coordinator aborts by itself: the transaction took too long, or a new client waits. The epoch fences the old one.

    Nobody is given that epoch.
    """
    bump = Fix.KAFKA_6119_TIMEOUT_EPOCH
    return Step(
        requires=(ongoing(producer), epoch(producer, now), when(bump, next_epoch(now, later), now == later)),
        updates=(
            ongoing.remove(producer),
            aborting.insert(producer),
            *enter(producer, later),
            fence(producer),
            abort_marker.insert(producer, later, ..., where=lambda p: added(producer, p)),
        ),
    )


def accepts(partition: Variable, producer: Variable, now: Variable) -> Formula:
    """The partition takes a marker of that epoch: no earlier one than it knows, and in version 2 none that it knows."""
    unseen = when(Fix.KIP_1228_MARKER_EPOCH, bumps(producer) >> ~known(partition, producer, now))
    return ~fenced(partition, producer, now) & unseen


def has_it(partition: Variable, producer: Variable, now: Variable) -> Formula:
    """In version 2: the partition has this marker already, for it has the epoch and nothing open. It says that all is well."""
    nothing_open = forall(Transaction, lambda t: ~(of(t, producer) & is_open(t, partition)))
    return when(Fix.KAFKA_19999_MARKER_AGAIN, bumps(producer) & known(partition, producer, now) & nothing_open, FALSE)


def close(partition: Variable, producer: Variable, now: Variable) -> tuple[Update, ...]:
    """A marker is appended: the partition learns its epoch, and what is still on its way is not verified any more."""
    appended = accepts(partition, producer, now)
    forgotten = verified.remove(..., partition, where=lambda t: of(t, producer) & appended)
    return *see(partition, producer, now), only_with(Fix.KIP_890_VERIFICATION, forgotten)


def commit_all(partition: Variable, producer: Variable) -> Update:
    """A commit marker ends all that the producer has open in the partition."""
    return committed.insert(..., partition, where=lambda t: of(t, producer) & is_open(t, partition))


def abort_all(partition: Variable, producer: Variable) -> Update:
    """So does an abort marker."""
    return aborted.insert(..., partition, where=lambda t: of(t, producer) & is_open(t, partition))


@action(Producer, Epoch, Partition)
def write_commit(producer: Variable, now: Variable, partition: Variable) -> Step:
    """A partition gets a commit marker, for the first time or again, however late; the answer is lost."""
    return Step(
        requires=(commit_marker(producer, now, partition), accepts(partition, producer, now)),
        updates=(*close(partition, producer, now), commit_all(partition, producer)),
    )


@action(Producer, Epoch, Partition)
def write_abort(producer: Variable, now: Variable, partition: Variable) -> Step:
    """The same with an abort marker."""
    return Step(
        requires=(abort_marker(producer, now, partition), accepts(partition, producer, now)),
        updates=(*close(partition, producer, now), abort_all(partition, producer)),
    )


@action(Producer, Epoch, Partition)
def finish_commit(producer: Variable, now: Variable, partition: Variable) -> Step:
    """A partition gets the commit marker that the coordinator sends on and on, or has it, and the coordinator hears so."""
    return Step(
        requires=(
            committing(producer),
            epoch(producer, now),
            added(producer, partition),
            accepts(partition, producer, now) | has_it(partition, producer, now),
        ),
        updates=(
            *close(partition, producer, now),
            commit_all(partition, producer),
            added.remove(producer, partition),
        ),
    )


@action(Producer, Epoch, Partition)
def finish_abort(producer: Variable, now: Variable, partition: Variable) -> Step:
    """The same with an abort marker."""
    return Step(
        requires=(
            aborting(producer),
            epoch(producer, now),
            added(producer, partition),
            accepts(partition, producer, now) | has_it(partition, producer, now),
        ),
        updates=(
            *close(partition, producer, now),
            abort_all(partition, producer),
            added.remove(producer, partition),
        ),
    )


@action(Producer)
def complete(producer: Variable) -> Step:
    """All markers are written: the coordinator is ready for the next transaction."""
    return Step(
        requires=(committing(producer) | aborting(producer), forall(Partition, lambda p: ~added(producer, p))),
        updates=(committing.remove(producer), aborting.remove(producer)),
    )


@action(Partition, Producer)
def forget(partition: Variable, producer: Variable) -> Step:
    """A partition in which the producer has nothing open forgets it, after a day (`producer.id.expiration.ms`)."""
    nothing_open = forall(Transaction, lambda t: ~(of(t, producer) & is_open(t, partition)))
    return Step(
        requires=(nothing_open,),
        updates=(
            known.remove(partition, producer, ...),
            fenced.remove(partition, producer, ...),
        ),
    )


@action(Partition, only_without=Fix.KAFKA_9807_ONE_LOOK)
def glance(partition: Variable) -> Step:
    """A fetch sees that no transaction is open in the partition: the last stable offset is the end of the log."""
    nothing_open = forall(Transaction, lambda t: ~is_open(t, partition))
    return Step(requires=(nothing_open,), updates=(glanced.insert(partition),))


@action(Partition, Offset)
def read(partition: Variable, offset: Variable) -> Step:
    """A fetch at `read_committed` returns what lies up to here, below the first offset of every open transaction."""
    nothing_open = forall(
        *(Offset, Transaction), lambda o, t: (log(partition, o, t) & (o <= offset)) >> ~is_open(t, partition)
    )
    return Step(
        requires=(
            used(partition, offset),
            when(Fix.KAFKA_9807_ONE_LOOK, nothing_open, nothing_open | glanced(partition)),
        ),
        updates=(stable.insert(partition, ..., where=lambda o: o <= offset),),
    )


ACTIONS = (
    *(init_producer_id, begin, send, ask_to_commit, ask_to_abort, add_partition, append),
    *(prepare_commit, prepare_abort, abort_nothing, give_up, write_commit, write_abort),
    *(finish_commit, finish_abort, complete, forget, glance, read),
)
