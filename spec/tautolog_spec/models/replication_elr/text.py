"""The vocabulary and actions of replication with min ISR, Eligible Leader Replicas and lossy restarts.

The data path is that of `replication`, records and proposals are those of `replication-async`; here is what KIP-966, KIP-903
and KIP-841 put on top.
"""

from __future__ import annotations

from collections.abc import Callable

from tautolog_spec.fixes import Fix
from tautolog_spec.language import (
    FALSE,
    TRUE,
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
    only_without,
    relation,
    rigid,
    when,
)
from tautolog_spec.models.replication import text as data
from tautolog_spec.models.replication.text import Epoch, Offset, Replica
from tautolog_spec.models.replication_async import text as requests
from tautolog_spec.models.replication_async.text import PartitionEpoch

BrokerEpoch = Sort("BrokerEpoch", ordered=True)
Group = Sort("Group")

log, has, below_hw, at, left, follows = data.log, data.has, data.below_hw, data.at, data.left, data.follows
latest, begun, leader, isr = data.latest, data.begun, data.leader, data.isr
configuration, abandoned, commitment = data.configuration, data.abandoned, data.commitment
leads, before, new_epoch = data.leads, data.before, data.new_epoch
leader_isr, maximal_isr, learned = requests.leader_isr, requests.maximal_isr, requests.learned
record_epoch, record_leader, record_isr = requests.record_epoch, requests.record_leader, requests.record_isr
current, issued, epoch_leader = requests.current, requests.issued, requests.epoch_leader
proposed, proposal, next_record = requests.proposed, requests.proposal, requests.next_record

member = rigid("member", Group, Replica, meaning="the groups: sets of as many replicas as min.insync.replicas asks for")
elr = relation("elr", Replica, meaning="the eligible leader replicas in the controller's state")
record_elr = relation(
    "record_elr", PartitionEpoch, Replica, meaning="metadata records: the eligible leader replicas beside the ISR"
)
fenced = relation("fenced", Replica, meaning="the controller takes the replica's broker for dead")
incarnation = relation(
    "incarnation", Replica, BrokerEpoch, meaning="the epoch that the replica's broker registered with"
)
used = relation("used", BrokerEpoch, meaning="the broker epoch is not later than the last one given out")
vouched = relation(
    "vouched",
    *(Epoch, PartitionEpoch, Replica, BrokerEpoch),
    meaning="AlterPartition requests: the broker epoch in which the replica that would join has caught up",
)
held_by = ghost(
    "held_by", Offset, Epoch, Group, meaning="who held the record at the offset when the epoch committed it"
)
lost = ghost("lost", Replica, meaning="the replica has lost a part of its log at some time")
lapsed = ghost("lapsed", Replica, Epoch, meaning="the replica has lost a part of its log since the epoch ended")

RELATIONS = (
    *(log, has, below_hw, at, left, follows, leader_isr, maximal_isr, learned),
    *(record_epoch, record_leader, record_isr, record_elr, epoch_leader, proposed, proposal, vouched),
    *(latest, begun, leader, isr, elr, fenced, incarnation, used, current, issued, member),
    *(configuration, abandoned, commitment, held_by, lost, lapsed),
)

Members = Callable[[Variable], Formula]


def full(members: Members) -> Formula:
    """The set meets min ISR: it contains a whole group."""
    return exists(Group, lambda g: forall(Replica, lambda r: member(g, r) >> members(r)))


def eligible(members: Members) -> Members:
    """Who stays eligible beside a new ISR: nobody, if it meets min ISR; else all who were in the ISR or eligible before."""
    return lambda r: ~full(members) & (isr(r) | elr(r)) & ~members(r)


def publish(number: Variable, members: Members, others: Members) -> tuple[Update, ...]:
    """The controller writes a metadata record with a new ISR and those eligible beside it."""
    return (
        issued.insert(..., where=lambda p: p <= number),
        current.assign(..., to=lambda p: p == number),
        isr.assign(..., to=members),
        elr.assign(..., to=others),
        record_isr.insert(number, ..., where=members),
        record_elr.insert(number, ..., where=others),
    )


def same_epoch(epoch: Variable, number: Variable, members: Members, others: Members) -> tuple[Update, ...]:
    """The controller writes a metadata record that keeps leader and leader epoch."""
    return (
        *publish(number, members, others),
        record_epoch.insert(number, epoch),
        record_leader.insert(number, ..., where=leader),
        configuration.assign(epoch, ..., to=lambda r: members(r) | others(r)),
    )


def next_epoch(epoch: Variable, number: Variable, members: Members, others: Members) -> tuple[Update, ...]:
    """The controller writes a metadata record that begins a leader epoch."""
    return (
        *publish(number, members, others),
        record_epoch.insert(number, epoch),
        begun.insert(..., where=lambda e: e <= epoch),
        latest.assign(..., to=lambda e: e == epoch),
        configuration.insert(..., ..., where=lambda e, r: ~begun(e) & (e <= epoch) & (members(r) | others(r))),
    )


def lead_with(epoch: Variable, number: Variable, chosen: Variable) -> tuple[Update, ...]:
    """The record names a leader."""
    return (
        record_leader.insert(number, chosen),
        leader.assign(..., to=lambda r: r == chosen),
        epoch_leader.insert(epoch, chosen),
    )


@action(Epoch, PartitionEpoch, Replica)
def elect(epoch: Variable, number: Variable, chosen: Variable) -> Step:
    """The controller begins a leader epoch with a leader from the ISR that it takes for alive."""
    return Step(
        requires=(new_epoch(epoch), next_record(number), isr(chosen), ~fenced(chosen)),
        updates=(*next_epoch(epoch, number, isr, elr), *lead_with(epoch, number, chosen)),
    )


@action(Epoch, PartitionEpoch, Replica)
def elect_eligible(epoch: Variable, number: Variable, chosen: Variable) -> Step:
    """The controller begins a leader epoch with an eligible leader replica, alone in the ISR, that it takes for alive.

    Kafka does so only when nobody in the ISR is alive; safety does not need that.
    """

    def alone(replica: Variable) -> Formula:
        return replica == chosen

    return Step(
        requires=(new_epoch(epoch), next_record(number), elr(chosen), ~fenced(chosen)),
        updates=(*next_epoch(epoch, number, alone, eligible(alone)), *lead_with(epoch, number, chosen)),
    )


def all_but(gone: Variable) -> Members:
    """The ISR without one member, even if it is the last. Before KIP-966 the last one always stayed."""
    last = forall(Replica, lambda r: isr(r) >> (r == gone))
    return lambda r: isr(r) & ((r != gone) | when(Fix.KIP_966_LAST_REPLICA_STANDING, FALSE, last))


@action(Epoch, PartitionEpoch, Replica)
def fence_leader(epoch: Variable, number: Variable, gone: Variable) -> Step:
    """The controller takes the leader for dead and begins a leader epoch without a leader and without it in the ISR."""
    members = all_but(gone)
    return Step(
        requires=(new_epoch(epoch), next_record(number), leader(gone)),
        updates=(
            *next_epoch(epoch, number, members, eligible(members)),
            leader.assign(..., to=lambda _: FALSE),
            fenced.insert(gone),
        ),
    )


@action(Epoch, PartitionEpoch, Replica)
def fence_member(epoch: Variable, number: Variable, gone: Variable) -> Step:
    """The controller takes another member of the ISR for dead and drops it; below min ISR it stays eligible."""
    members = all_but(gone)
    return Step(
        requires=(latest(epoch), next_record(number), isr(gone), ~leader(gone), ~fenced(gone)),
        updates=(*same_epoch(epoch, number, members, eligible(members)), fenced.insert(gone)),
    )


@action(Replica)
def fence_other(gone: Variable) -> Step:
    """The controller takes a replica outside the ISR for dead."""
    return Step(requires=(~isr(gone), ~fenced(gone)), updates=(fenced.insert(gone),))


@action(Replica)
def unfence(back: Variable) -> Step:
    """A broker has registered, caught up with the metadata, and sends heartbeats."""
    return Step(requires=(fenced(back),), updates=(fenced.remove(back),))


def restarted(replica: Variable, born: Variable, first_lost: Variable, epoch: Variable) -> tuple[Update, ...]:
    """A broker starts again, without the end of its log, and knows the metadata up to its own registration.

    Before KIP-380 it knew nothing, and took late messages to its earlier self for news.
    """
    knows = Fix.KIP_380_BROKER_GENERATION
    return (
        log.remove(replica, ..., ..., where=lambda o, _: first_lost <= o),
        has.remove(replica, ..., where=lambda o: first_lost <= o),
        below_hw.remove(replica, ..., where=lambda o: first_lost <= o),
        follows.remove(replica, ...),
        only_with(knows, at.replace(replica, epoch)),
        only_with(knows, left.insert(replica, ..., where=lambda e: e < epoch)),
        only_without(knows, at.remove(replica, ...)),
        only_without(knows, left.remove(replica, ...)),
        abandoned.insert(..., where=lambda e: configuration(e, replica) & (e < epoch)),
        incarnation.replace(replica, born),
        used.insert(..., where=lambda b: b <= born),
        lost.insert(replica),
        lapsed.insert(replica, ..., where=lambda e: e < epoch),
    )


def uncleanly(replica: Variable, born: Variable, first_lost: Variable, epoch: Variable) -> tuple[Formula, ...]:
    """A fenced broker dies with records that were not flushed, and registers under a new broker epoch."""
    later = forall(BrokerEpoch, lambda b: used(b) >> (b < born))
    return (latest(epoch), fenced(replica), later, has(replica, first_lost))


@action(Replica, BrokerEpoch, Offset, Epoch)
def restart(replica: Variable, born: Variable, first_lost: Variable, epoch: Variable) -> Step:
    """A broker outside ISR and ELR restarts uncleanly; nothing of the partition changes at the controller."""
    return Step(
        requires=(
            *uncleanly(replica, born, first_lost, epoch),
            when(Fix.KIP_966_UNCLEAN_SHUTDOWN, ~elr(replica)),
        ),
        updates=restarted(replica, born, first_lost, epoch),
    )


@action(Replica, BrokerEpoch, Offset, Epoch, PartitionEpoch)
def restart_eligible(
    replica: Variable, born: Variable, first_lost: Variable, epoch: Variable, number: Variable
) -> Step:
    """An eligible leader replica restarts uncleanly: when it registers, the controller takes its eligibility away."""
    return Step(
        requires=(*uncleanly(replica, born, first_lost, epoch), elr(replica), next_record(number)),
        updates=(
            *restarted(replica, born, first_lost, epoch),
            *same_epoch(epoch, number, isr, lambda r: elr(r) & (r != replica)),
        ),
    )


@action(Epoch, PartitionEpoch, PartitionEpoch)
def accept(epoch: Variable, base: Variable, number: Variable) -> Step:
    """The controller accepts a proposal of the latest leader epoch, made on top of the current record, of live brokers."""

    def members(replica: Variable) -> Formula:
        return proposal(epoch, base, replica)

    unchanged = forall(Replica, BrokerEpoch, lambda r, b: vouched(epoch, base, r, b) >> incarnation(r, b))
    return Step(
        requires=(
            proposed(epoch, base),
            next_record(number),
            latest(epoch),
            when(Fix.ALTER_PARTITION_EPOCH, current(base)),
            when(Fix.KIP_841_FENCED_JOIN, forall(Replica, lambda r: members(r) >> ~fenced(r))),
            when(Fix.KIP_903_BROKER_EPOCH, unchanged),
        ),
        updates=same_epoch(epoch, number, members, eligible(members)),
    )


@action(Replica, Epoch, PartitionEpoch, Replica, BrokerEpoch)
def propose_expansion(replica: Variable, epoch: Variable, base: Variable, joining: Variable, born: Variable) -> Step:
    """A leader asks for a follower to join the ISR that has all below its high watermark and all of earlier epochs.

    The request carries the broker epoch that the follower fetched with.
    """
    earlier = forall(Offset, lambda o: (has(replica, o) & ~log(replica, o, epoch)) >> has(joining, o))
    return Step(
        requires=(
            requests.may_propose(replica, epoch, base),
            follows(joining, replica),
            at(joining, epoch),
            incarnation(joining, born),
            forall(Offset, lambda o: below_hw(replica, o) >> has(joining, o)),
            when(Fix.ISR_AFTER_EPOCH_START, earlier),
        ),
        updates=(
            proposed.insert(epoch, base),
            proposal.insert(epoch, base, ..., where=lambda r: leader_isr(replica, r) | (r == joining)),
            vouched.insert(epoch, base, joining, born),
            only_with(
                Fix.ISR_MAXIMALITY,
                maximal_isr.assign(replica, ..., to=lambda r: leader_isr(replica, r) | (r == joining)),
            ),
        ),
    )


def begins_to_follow(follower: Variable, source: Variable, epoch: Variable) -> tuple[Formula, ...]:
    """A replica learns of a later epoch, or after a restart of the one that it knew; the leader that it asks is in it."""
    anew = at(follower, epoch) & forall(Replica, lambda r: ~follows(follower, r))
    return (
        epoch_leader(epoch, source),
        before(follower, epoch) | anew,
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


@action(Replica, Epoch, Offset, Epoch, Group)
def commit(replica: Variable, epoch: Variable, offset: Variable, written: Variable, group: Variable) -> Step:
    """The leader's ISR meets min ISR, and every member of its maximal ISR holds the next record: it is committed."""

    def holds_it(one: Variable) -> Formula:
        fenced_epoch = when(Fix.KIP_320_FENCED_HIGH_WATERMARK, at(one, epoch))
        return follows(one, replica) & fenced_epoch & has(one, offset)

    meets_min_isr = forall(Replica, lambda r: member(group, r) >> leader_isr(replica, r))
    return Step(
        requires=(
            leads(replica, epoch),
            log(replica, offset, written),
            data.next_to_commit(replica, offset),
            when(Fix.KIP_966_HIGH_WATERMARK_MIN_ISR, meets_min_isr),
            forall(Replica, lambda r: maximal_isr(replica, r) >> holds_it(r)),
        ),
        updates=(
            below_hw.insert(replica, offset),
            commitment.insert(offset, written, epoch),
            held_by.insert(offset, epoch, group),
        ),
    )


ACTIONS = (
    *(elect, elect_eligible, fence_leader, fence_member, fence_other, unfence, restart, restart_eligible, accept),
    *(requests.become_leader, requests.learn_record, propose_expansion, requests.propose_shrinking),
    *(data.write, data.fetch, data.learn_high_watermark, become_follower, become_follower_afresh, commit),
)
