"""Replication of one partition as published with KIP-320: a controller, replicas, leader epochs, a synchronous ISR.

This is the state machine of the published specification, kept state for state, so that what is counted here can be
compared with what TLC counts there. It is not proved but explored: 39,619 distinct states for three replicas, logs of two
records, two records in all and leader epochs 0 and 1.

A controller keeps the leader and the in-sync replicas (ISR) in a quorum and sends both, under a new leader epoch, to
everyone; requests are never lost, but may arrive late or never. A leader appends records, a follower fetches from the
replica that it takes for the leader, and a record is committed when every member of the leader's ISR has it. Followers
that begin to follow cut their log back to where it agrees with the leader's.

Three generations of mistakes can be switched back on. Before KIP-101 a follower cut its log at its own high watermark,
which lags. KIP-101 let it ask the leader where the epoch of its last record ends; if the leader never knew that epoch, one
question was not enough (KIP-279). And a replica that is a leader no more could answer as if it were (KIP-320).
"""

from __future__ import annotations

from tautolog_spec.fixes import Fix
from tautolog_spec.language import (
    TRUE,
    Bound,
    Configuration,
    Formula,
    Model,
    Sometimes,
    Sort,
    Step,
    Update,
    Variable,
    action,
    either,
    exists,
    forall,
    relation,
    safety,
    when,
)
from tautolog_spec.models.reasons import TWICE

Replica = Sort("Replica")
Offset = Sort("Offset", ordered=True)
Record = Sort("Record", ordered=True)
Epoch = Sort("Epoch", ordered=True)

log = relation("log", Replica, Offset, Record, Epoch, meaning="the replica has this record of this epoch at the offset")
committed = relation("committed", Replica, Offset, meaning="the offset is below the replica's high watermark")
at = relation("at", Replica, Epoch, meaning="the replica's leader epoch, once it has one")
follows = relation("follows", Replica, Replica, meaning="whom the replica takes for the leader; itself, if it leads")
local_isr = relation("local_isr", Replica, Replica, meaning="the ISR as the replica last knew it")
written = relation("written", Record, meaning="the record has been used")
requested = relation("requested", Epoch, meaning="the controller has announced the epoch")
request_leader = relation("request_leader", Epoch, Replica, meaning="the leader that was announced with the epoch")
request_isr = relation("request_isr", Epoch, Replica, meaning="the ISR that was announced with the epoch")
quorum_leader = relation("quorum_leader", Replica, meaning="the leader in the quorum, if there is one")
quorum_isr = relation("quorum_isr", Replica, meaning="the ISR in the quorum")


def has(replica: Variable, offset: Variable) -> Formula:
    """The replica has some record at the offset."""
    return exists(Record, Epoch, lambda record, epoch: log(replica, offset, record, epoch))


def agree(one: Variable, other: Variable, offset: Variable) -> Formula:
    """Both replicas have the same record at the offset."""
    return exists(
        Record,
        Epoch,
        lambda record, epoch: log(one, offset, record, epoch) & log(other, offset, record, epoch),
    )


def log_end(replica: Variable, offset: Variable) -> Formula:
    """The offset is the first one that the replica has no record at."""
    return ~has(replica, offset) & forall(Offset, lambda below: (below < offset) >> has(replica, below))


def high_watermark(replica: Variable, offset: Variable) -> Formula:
    """The offset is the first one that is not below the replica's high watermark."""
    return ~committed(replica, offset) & forall(Offset, lambda below: (below < offset) >> committed(replica, below))


def older(replica: Variable, epoch: Variable) -> Formula:
    """The replica has not reached the epoch."""
    return forall(Epoch, lambda now: at(replica, now) >> (now < epoch))


def next_epoch(epoch: Variable) -> Formula:
    """The first epoch that was not announced."""
    return ~requested(epoch) & forall(Epoch, lambda below: (below < epoch) >> requested(below))


def leads(leader: Variable, epoch: Variable) -> Formula:
    """The replica believes that it leads, in this epoch."""
    return follows(leader, leader) & at(leader, epoch)


def in_office(leader: Variable, epoch: Variable) -> Formula:
    """The replica is the leader in the quorum and knows the latest epoch: its ISR changes are accepted."""
    latest = forall(Epoch, lambda later: (epoch < later) >> ~requested(later))
    return leads(leader, epoch) & quorum_leader(leader) & requested(epoch) & latest


def announce(epoch: Variable) -> tuple[Update, ...]:
    """What every change of the controller does, besides naming a leader."""
    return (requested.insert(epoch),)


@action(Replica, Epoch)
def fence_leader(replica: Variable, epoch: Variable) -> Step:
    """The controller takes a leader for dead: no leader, and out of the ISR unless it is the last member."""
    last = forall(Replica, lambda other: quorum_isr(other) >> (other == replica))
    return Step(
        requires=(next_epoch(epoch), quorum_leader(replica)),
        updates=(
            *announce(epoch),
            quorum_leader.remove(replica),
            quorum_isr.remove(replica, where=lambda: ~last),
            request_isr.insert(epoch, ..., where=lambda r: quorum_isr(r) & ((r != replica) | last)),
        ),
    )


@action(Replica, Epoch)
def fence_follower(replica: Variable, epoch: Variable) -> Step:
    """The controller takes a member of the ISR for dead."""
    return Step(
        requires=(next_epoch(epoch), ~quorum_leader(replica), quorum_isr(replica)),
        updates=(
            *announce(epoch),
            quorum_isr.remove(replica),
            request_leader.insert(epoch, ..., where=quorum_leader),
            request_isr.insert(epoch, ..., where=lambda r: quorum_isr(r) & (r != replica)),
        ),
    )


@action(Replica, Epoch)
def elect(replica: Variable, epoch: Variable) -> Step:
    """The controller makes a member of the ISR the leader."""
    return Step(
        requires=(next_epoch(epoch), ~quorum_leader(replica), quorum_isr(replica)),
        updates=(
            *announce(epoch),
            quorum_leader.assign(..., to=lambda r: r == replica),
            request_leader.insert(epoch, replica),
            request_isr.insert(epoch, ..., where=quorum_isr),
        ),
    )


@action(Replica, Epoch)
def become_leader(leader: Variable, epoch: Variable) -> Step:
    """A replica learns that it leads a later epoch, and with which ISR."""
    return Step(
        requires=(request_leader(epoch, leader), older(leader, epoch)),
        updates=(
            at.replace(leader, epoch),
            follows.replace(leader, leader),
            local_isr.assign(leader, ..., to=lambda r: request_isr(epoch, r)),
        ),
    )


@action(Replica, Epoch, Offset, Record)
def write(leader: Variable, epoch: Variable, offset: Variable, record: Variable) -> Step:
    """A producer's record is appended by whoever believes that it leads."""
    fresh = ~written(record) & forall(Record, lambda below: (below < record) >> written(below))
    return Step(
        requires=(leads(leader, epoch), log_end(leader, offset), fresh),
        updates=(log.insert(leader, offset, record, epoch), written.insert(record)),
    )


@action(Replica, Replica, Epoch, Offset, Record, Epoch)
def fetch(
    follower: Variable, leader: Variable, epoch: Variable, offset: Variable, record: Variable, of: Variable
) -> Step:
    """A follower gets the next record, and the leader's high watermark as far as its own log reaches."""
    same = when(Fix.KIP_320_FENCED_HIGH_WATERMARK, at(follower, epoch))
    return Step(
        requires=(
            follower != leader,
            follows(follower, leader),
            leads(leader, epoch),
            same,
            log_end(follower, offset),
            log(leader, offset, record, of),
        ),
        updates=(
            log.insert(follower, offset, record, of),
            committed.assign(follower, ..., to=lambda o: committed(leader, o) & (o <= offset)),
        ),
    )


@action(Replica, Epoch, Offset)
def raise_high_watermark(leader: Variable, epoch: Variable, offset: Variable) -> Step:
    """Every member of the leader's ISR follows it and has the record: it is committed."""

    def caught_up(replica: Variable) -> Formula:
        fenced = when(Fix.KIP_320_FENCED_HIGH_WATERMARK, at(replica, epoch))
        return follows(replica, leader) & fenced & has(replica, offset)

    return Step(
        requires=(
            leads(leader, epoch),
            high_watermark(leader, offset),
            has(leader, offset),
            forall(Replica, lambda r: local_isr(leader, r) >> caught_up(r)),
        ),
        updates=(committed.insert(leader, offset),),
    )


def set_isr(leader: Variable, follower: Variable, *, member: bool) -> tuple[Update, ...]:
    """The leader changes the ISR in the quorum, and its own copy with it."""
    if member:
        return (
            local_isr.insert(leader, follower),
            quorum_isr.assign(..., to=lambda r: local_isr(leader, r) | (r == follower)),
        )
    return (
        local_isr.remove(leader, follower),
        quorum_isr.assign(..., to=lambda r: local_isr(leader, r) & (r != follower)),
    )


@action(Replica, Replica, Epoch)
def shrink_isr(leader: Variable, follower: Variable, epoch: Variable) -> Step:
    """The leader in office drops a follower that does not follow or lacks a record."""
    following = follows(follower, leader) & at(follower, epoch)
    behind = exists(Offset, lambda o: has(leader, o) & ~has(follower, o))
    return Step(
        requires=(
            in_office(leader, epoch),
            follower != leader,
            local_isr(leader, follower),
            ~following | behind,
        ),
        updates=set_isr(leader, follower, member=False),
    )


@action(Replica, Replica, Epoch)
def expand_isr(leader: Variable, follower: Variable, epoch: Variable) -> Step:
    """The leader in office takes a follower in that has all below the high watermark, once an epoch of its own began."""
    own_epoch = forall(
        Offset,
        lambda o: (high_watermark(leader, o) & has(leader, o)) >> exists(Record, lambda x: log(leader, o, x, epoch)),
    )
    return Step(
        requires=(
            in_office(leader, epoch),
            ~local_isr(leader, follower),
            follows(follower, leader),
            at(follower, epoch),
            forall(Offset, lambda o: committed(leader, o) >> has(follower, o)),
            when(Fix.ISR_AFTER_EPOCH_START, own_epoch),
        ),
        updates=set_isr(leader, follower, member=True),
    )


def begins_to_follow(follower: Variable, leader: Variable, epoch: Variable) -> Formula:
    """The follower learns of a later epoch; the leader that it asks must be in that very epoch."""
    return (
        (follower != leader)
        & request_leader(epoch, leader)
        & older(follower, epoch)
        & when(Fix.KIP_320_FENCED_TRUNCATION, leads(leader, epoch))
    )


def last_of(replica: Variable, offset: Variable) -> Formula:
    """The offset is that of the replica's last record."""
    return has(replica, offset) & forall(Offset, lambda later: (offset < later) >> ~has(replica, later))


def epoch_at(replica: Variable, offset: Variable, epoch: Variable) -> Formula:
    """The record at the offset is of that epoch."""
    return exists(Record, lambda record: log(replica, offset, record, epoch))


def below_epoch_end(follower: Variable, leader: Variable, offset: Variable) -> Formula:
    """KIP-101: the leader says where the epoch of the follower's last record ends; if it cannot, the high watermark it is."""
    last_epoch = exists(
        Epoch,
        Offset,
        lambda epoch, last: (
            last_of(follower, last)
            & epoch_at(follower, last, epoch)
            & either(
                exists(Offset, lambda end: last_of(leader, end) & epoch_at(leader, end, epoch) & (offset <= end)),
                exists(
                    Epoch,
                    Offset,
                    lambda larger, start: epoch_at(leader, start, larger) & (epoch < larger) & (offset < start),
                )
                & forall(
                    Epoch,
                    Offset,
                    lambda larger, start: (epoch_at(leader, start, larger) & (epoch < larger)) >> (offset < start),
                ),
                ~exists(Epoch, Offset, lambda other, where: epoch_at(leader, where, other) & (epoch <= other))
                & committed(follower, offset),
            )
        ),
    )
    return has(follower, offset) & last_epoch


def kept(follower: Variable, leader: Variable, offset: Variable) -> Formula:
    """What a follower keeps of its log: all up to the last record that it has in common with the leader."""
    common = exists(Offset, lambda o: (offset <= o) & agree(follower, leader, o))
    by_epoch = when(Fix.KIP_279_EPOCH_LOOKUP, common, below_epoch_end(follower, leader, offset))
    return when(Fix.KIP_101_TRUNCATE_BY_EPOCH, by_epoch, committed(follower, offset))


@action(Replica, Replica, Epoch)
def become_follower(follower: Variable, leader: Variable, epoch: Variable) -> Step:
    """A replica begins to follow and cuts its log back to where it agrees with the leader's."""
    return Step(
        requires=(begins_to_follow(follower, leader, epoch),),
        updates=(
            at.replace(follower, epoch),
            follows.replace(follower, leader),
            local_isr.assign(follower, ..., to=lambda r: request_isr(epoch, r)),
            log.remove(follower, ..., ..., ..., where=lambda o, _record, _epoch: ~kept(follower, leader, o)),
            committed.remove(follower, ..., where=lambda o: ~kept(follower, leader, o)),
        ),
    )


STRONG_ISR = safety(
    "strong_isr",
    forall(
        Replica,
        Offset,
        Replica,
        lambda one, offset, member: (committed(one, offset) & quorum_isr(member)) >> agree(one, member, offset),
    ),
    meaning="Every member of the ISR has every committed record, at the same offset.",
    source="KIP-320",
)

BEHIND = (
    "shrink_isr requires ¬(follows(follower, leader) ∧ at(follower, epoch)) ∨ (∃ o: Offset. (∃ record: Record, epoch: Epoch. "
    "log(leader, o, record, epoch)) ∧ ¬(∃ record: Record, epoch: Epoch. log(follower, o, record, epoch)))"
)
REDUNDANT = {
    "fence_leader updates request_isr": "nobody begins to work in an epoch without a leader; the next one names the same ISR",
    "raise_high_watermark requires ¬committed(leader, offset)": TWICE,
    "shrink_isr requires local_isr(leader, follower)": TWICE,
    BEHIND: "a leader may drop who is not behind, as if it had done so before that one began to follow",
    "expand_isr requires ¬local_isr(leader, follower)": TWICE,
}

MODEL = Model(
    name="kip-320",
    title="The published model of KIP-320",
    essay=__doc__ or "",
    relations=(
        log,
        committed,
        at,
        follows,
        local_isr,
        written,
        requested,
        request_leader,
        request_isr,
        quorum_leader,
        quorum_isr,
    ),
    initial=(quorum_isr.insert(..., where=lambda _: TRUE),),
    actions=(
        fence_leader,
        fence_follower,
        elect,
        become_leader,
        write,
        fetch,
        raise_high_watermark,
        shrink_isr,
        expand_isr,
        become_follower,
    ),
    invariants=(STRONG_ISR,),
    sometimes=(
        Sometimes("commits", exists(Replica, Offset, committed), "some record is committed"),
        Sometimes(
            "two_leaders",
            exists(Replica, Replica, lambda a, b: (a != b) & follows(a, a) & follows(b, b)),
            "two replicas believe that they lead",
        ),
    ),
    bounds=(
        Bound("LogSize", Offset),
        Bound("MaxRecords", Record),
        Bound("MaxLeaderEpoch", Epoch, extra=1, least=0),
    ),
    configurations=(
        Configuration({"Replica": 3, "LogSize": 2, "MaxRecords": 2, "MaxLeaderEpoch": 1}, distinct=39_619, depth=22),
        Configuration({"Replica": 2, "LogSize": 2, "MaxRecords": 2, "MaxLeaderEpoch": 3}, distinct=28_939, depth=22),
        Configuration({"Replica": 3, "LogSize": 1, "MaxRecords": 1, "MaxLeaderEpoch": 2}, distinct=97_531, depth=22),
    ),
    redundant=REDUNDANT,
)
