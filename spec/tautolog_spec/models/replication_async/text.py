"""The asynchronous replication model's vocabulary and actions. The data path is that of `replication`."""

from __future__ import annotations

from collections.abc import Callable

from tautolog_spec.fixes import Fix
from tautolog_spec.language import (
    TRUE,
    Formula,
    Sort,
    Step,
    Update,
    Variable,
    action,
    exists,
    forall,
    only_with,
    relation,
    when,
)
from tautolog_spec.models.replication import text as data
from tautolog_spec.models.replication.text import Epoch, Offset, Replica

PartitionEpoch = Sort("PartitionEpoch", ordered=True)

# the data path, as in the synchronous model
log, has, below_hw, at, left, follows = data.log, data.has, data.below_hw, data.at, data.left, data.follows
latest, begun, leader, isr, kept = data.latest, data.begun, data.leader, data.isr, data.kept
configuration, abandoned, commitment = data.configuration, data.abandoned, data.commitment
leads, before, new_epoch = data.leads, data.before, data.new_epoch

leader_isr = relation("leader_isr", Replica, Replica, meaning="the ISR of the last record that the leader has learned")
maximal_isr = relation(
    "maximal_isr",
    Replica,
    Replica,
    meaning="that ISR, and whoever a proposal under way would add: all must hold a record",
)
learned = relation(
    "learned", Replica, PartitionEpoch, meaning="the partition epoch of the record that the leader works with"
)
record_epoch = relation("record_epoch", PartitionEpoch, Epoch, meaning="metadata records: the leader epoch")
record_leader = relation(
    "record_leader", PartitionEpoch, Replica, meaning="metadata records: the leader, if there is one"
)
record_isr = relation("record_isr", PartitionEpoch, Replica, meaning="metadata records: the ISR")
current = relation("current", PartitionEpoch, meaning="the controller's latest partition epoch")
issued = relation("issued", PartitionEpoch, meaning="the partition epoch is not later than the controller's latest")
epoch_leader = relation("epoch_leader", Epoch, Replica, meaning="who was elected in the epoch, as the records say")
proposed = relation(
    "proposed",
    Epoch,
    PartitionEpoch,
    meaning="AlterPartition requests: sent in this leader epoch on top of this record",
)
proposal = relation("proposal", Epoch, PartitionEpoch, Replica, meaning="AlterPartition requests: the ISR asked for")

RELATIONS = (
    *(log, has, below_hw, at, left, follows, leader_isr, maximal_isr, learned),
    *(record_epoch, record_leader, record_isr, epoch_leader, proposed, proposal),
    *(latest, begun, leader, isr, current, issued, kept, configuration, abandoned, commitment),
)


def next_record(number: Variable) -> Formula:
    """The partition epoch is later than all that were issued."""
    return forall(PartitionEpoch, lambda p: issued(p) >> (p < number))


def publish(number: Variable, members: Callable[[Variable], Formula]) -> tuple[Update, ...]:
    """The controller writes a metadata record with a new ISR."""
    return (
        issued.insert(..., where=lambda p: p <= number),
        current.assign(..., to=lambda p: p == number),
        isr.assign(..., to=members),
        record_isr.insert(number, ..., where=members),
    )


def same_epoch(number: Variable, members: Callable[[Variable], Formula]) -> tuple[Update, ...]:
    """The controller writes a metadata record that keeps leader and leader epoch."""
    return (
        *publish(number, members),
        record_epoch.insert(number, ..., where=latest),
        record_leader.insert(number, ..., where=leader),
        configuration.assign(..., ..., to=lambda e, r: (~latest(e) & configuration(e, r)) | (latest(e) & members(r))),
    )


def part(replica: Variable) -> Formula:
    """In the part of the ISR that the controller keeps."""
    return isr(replica) & kept(replica)


@action(Epoch, PartitionEpoch, Replica)
def elect(epoch: Variable, number: Variable, chosen: Variable) -> Step:
    """The controller begins a leader epoch with a leader from the ISR, of which it keeps any part that has the leader."""
    return Step(
        requires=(
            new_epoch(epoch),
            next_record(number),
            isr(chosen),
            kept(chosen),
            forall(Replica, lambda r: kept(r) >> isr(r)),
        ),
        updates=(
            *publish(number, part),
            record_epoch.insert(number, epoch),
            record_leader.insert(number, chosen),
            begun.insert(..., where=lambda e: e <= epoch),
            latest.assign(..., to=lambda e: e == epoch),
            leader.assign(..., to=lambda r: r == chosen),
            epoch_leader.insert(epoch, chosen),
            configuration.insert(..., ..., where=lambda e, r: ~begun(e) & (e <= epoch) & part(r)),
        ),
    )


@action(PartitionEpoch, Replica)
def fence_followers(number: Variable, chosen: Variable) -> Step:
    """The controller drops members of the ISR that it takes for dead; the leader stays."""
    return Step(
        requires=(next_record(number), leader(chosen), kept(chosen), forall(Replica, lambda r: kept(r) >> isr(r))),
        updates=same_epoch(number, part),
    )


@action(Epoch, PartitionEpoch, PartitionEpoch)
def accept(epoch: Variable, base: Variable, number: Variable) -> Step:
    """The controller accepts a proposal of the latest leader epoch that was made on top of the current record."""
    return Step(
        requires=(
            proposed(epoch, base),
            next_record(number),
            latest(epoch),
            when(Fix.ALTER_PARTITION_EPOCH, current(base)),
        ),
        updates=same_epoch(number, lambda r: proposal(epoch, base, r)),
    )


def learn(replica: Variable, number: Variable) -> tuple[Update, ...]:
    """The leader works with a record from now on; what it had proposed on top of another one is void."""
    return (
        leader_isr.assign(replica, ..., to=lambda r: record_isr(number, r)),
        maximal_isr.assign(replica, ..., to=lambda r: record_isr(number, r)),
        learned.replace(replica, number),
    )


@action(Replica, Epoch, PartitionEpoch)
def become_leader(replica: Variable, epoch: Variable, number: Variable) -> Step:
    """A replica learns from some record of a later leader epoch that it leads it."""
    return Step(
        requires=(record_epoch(number, epoch), record_leader(number, replica), before(replica, epoch)),
        updates=(
            *data.enter(replica, epoch),
            follows.replace(replica, replica),
            *learn(replica, number),
        ),
    )


@action(Replica, Epoch, PartitionEpoch, PartitionEpoch)
def learn_record(replica: Variable, epoch: Variable, old: Variable, new: Variable) -> Step:
    """A leader learns a later record of its own leader epoch."""
    return Step(
        requires=(leads(replica, epoch), learned(replica, old), old < new, record_epoch(new, epoch)),
        updates=learn(replica, new),
    )


def may_propose(replica: Variable, epoch: Variable, base: Variable) -> Formula:
    """The leader has no proposal under way on top of the record that it works with."""
    return leads(replica, epoch) & learned(replica, base) & ~proposed(epoch, base)


@action(Replica, Epoch, PartitionEpoch, Replica)
def propose_expansion(replica: Variable, epoch: Variable, base: Variable, joining: Variable) -> Step:
    """A leader asks for a follower that caught up to join the ISR, and counts it for the high watermark from now on."""
    own_epoch = forall(Offset, lambda o: (has(replica, o) & ~below_hw(replica, o)) >> log(replica, o, epoch))
    return Step(
        requires=(
            may_propose(replica, epoch, base),
            follows(joining, replica),
            at(joining, epoch),
            forall(Offset, lambda o: below_hw(replica, o) >> has(joining, o)),
            when(Fix.ISR_AFTER_EPOCH_START, own_epoch),
        ),
        updates=(
            proposed.insert(epoch, base),
            proposal.insert(epoch, base, ..., where=lambda r: leader_isr(replica, r) | (r == joining)),
            only_with(
                Fix.ISR_MAXIMALITY,
                maximal_isr.assign(replica, ..., to=lambda r: leader_isr(replica, r) | (r == joining)),
            ),
        ),
    )


@action(Replica, Epoch, PartitionEpoch, Replica)
def propose_shrinking(replica: Variable, epoch: Variable, base: Variable, gone: Variable) -> Step:
    """A leader asks for somebody else to leave the ISR; until the controller agrees, everybody counts."""
    return Step(
        requires=(may_propose(replica, epoch, base), gone != replica),
        updates=(
            proposed.insert(epoch, base),
            proposal.insert(epoch, base, ..., where=lambda r: leader_isr(replica, r) & (r != gone)),
        ),
    )


def begins_to_follow(follower: Variable, source: Variable, epoch: Variable) -> tuple[Formula, ...]:
    """A follower learns of a later epoch; the leader that it asks is in that very epoch."""
    return (
        epoch_leader(epoch, source),
        before(follower, epoch),
        follower != source,
        when(Fix.KIP_320_FENCED_TRUNCATION, leads(source, epoch)),
    )


@action(Replica, Replica, Epoch, Offset, Epoch)
def become_follower(follower: Variable, source: Variable, epoch: Variable, last: Variable, written: Variable) -> Step:
    """A replica begins to follow, and drops all after the last record that it has in common with the leader."""
    nothing_later = forall(Offset, Epoch, lambda o, e: (last < o) >> ~(log(follower, o, e) & log(source, o, e)))
    return Step(
        requires=(
            *begins_to_follow(follower, source, epoch),
            log(follower, last, written),
            log(source, last, written),
            nothing_later,
        ),
        updates=data.cut(follower, source, epoch, lambda o: last < o),
    )


@action(Replica, Replica, Epoch)
def become_follower_afresh(follower: Variable, source: Variable, epoch: Variable) -> Step:
    """The same, when the two logs have nothing in common: the follower begins with an empty log."""
    return Step(
        requires=(
            *begins_to_follow(follower, source, epoch),
            ~exists(Offset, Epoch, lambda o, e: log(follower, o, e) & log(source, o, e)),
        ),
        updates=data.cut(follower, source, epoch, lambda _: TRUE),
    )


@action(Replica, Epoch, Offset, Epoch)
def commit(replica: Variable, epoch: Variable, offset: Variable, written: Variable) -> Step:
    """Every member of the maximal ISR follows the leader in its epoch and holds the next record: it is committed."""

    def holds_it(member: Variable) -> Formula:
        fenced = when(Fix.KIP_320_FENCED_HIGH_WATERMARK, at(member, epoch))
        return follows(member, replica) & fenced & has(member, offset)

    return Step(
        requires=(
            leads(replica, epoch),
            log(replica, offset, written),
            data.next_to_commit(replica, offset),
            forall(Replica, lambda r: maximal_isr(replica, r) >> holds_it(r)),
        ),
        updates=(below_hw.insert(replica, offset), commitment.insert(offset, written, epoch)),
    )


ACTIONS = (
    *(elect, fence_followers, accept, become_leader, learn_record, propose_expansion, propose_shrinking),
    *(data.write, data.fetch, data.learn_high_watermark, become_follower, become_follower_afresh, commit),
)
