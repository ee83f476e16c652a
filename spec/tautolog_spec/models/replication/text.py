"""The replication model's vocabulary and actions."""

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
    choice,
    forall,
    ghost,
    only_with,
    only_without,
    relation,
    when,
)

Replica = Sort("Replica")
Epoch = Sort("Epoch", ordered=True)
Offset = Sort("Offset", ordered=True)

log = relation("log", Replica, Offset, Epoch, meaning="the replica's record at the offset was written in the epoch")
has = relation("has", Replica, Offset, meaning="the offset is below the replica's log end")
below_hw = relation("below_hw", Replica, Offset, meaning="the offset is below the replica's high watermark")
at = relation("at", Replica, Epoch, meaning="the replica's leader epoch")
left = relation("left", Replica, Epoch, meaning="the replica's leader epoch is later than this one")
follows = relation("follows", Replica, Replica, meaning="whom the replica takes for the leader; itself, if it leads")
leader_isr = relation("leader_isr", Replica, Replica, meaning="the ISR that the replica, as a leader, works with")
sent_leader = relation("sent_leader", Epoch, Replica, meaning="messages: who leads the epoch")
sent_isr = relation("sent_isr", Epoch, Replica, meaning="messages: the ISR that the epoch began with")
latest = relation("latest", Epoch, meaning="the controller's latest epoch")
begun = relation("begun", Epoch, meaning="the epoch is not later than the controller's latest")
leader = relation("leader", Replica, meaning="the leader in the controller's state, if there is one")
isr = relation("isr", Replica, meaning="the ISR in the controller's state")
kept = choice("kept", Replica, meaning="the part of the ISR that an election keeps")

configuration = ghost("configuration", Epoch, Replica, meaning="the ISR that the epoch has, or ended with")
abandoned = ghost("abandoned", Epoch, meaning="some member of the epoch's ISR has moved to a later epoch")
commitment = ghost(
    "commitment",
    Offset,
    Epoch,
    Epoch,
    meaning="the record at the offset, of the first epoch, was committed in the second",
)
RELATIONS = (
    *(log, has, below_hw, at, left, follows, leader_isr, sent_leader, sent_isr, latest, begun, leader, isr),
    *(kept, configuration, abandoned, commitment),
)


def leads(replica: Variable, epoch: Variable) -> Formula:
    """The replica believes that it leads, in this epoch."""
    return follows(replica, replica) & at(replica, epoch)


def before(replica: Variable, epoch: Variable) -> Formula:
    """The replica has not reached the epoch."""
    return ~at(replica, epoch) & ~left(replica, epoch)


def log_end(replica: Variable, offset: Variable) -> Formula:
    """The offset is the first one that the replica has no record at."""
    return ~has(replica, offset) & forall(Offset, lambda o: (o < offset) >> has(replica, o))


def next_to_commit(replica: Variable, offset: Variable) -> Formula:
    """The offset is the first one that is not below the replica's high watermark."""
    return ~below_hw(replica, offset) & forall(Offset, lambda o: (o < offset) >> below_hw(replica, o))


def in_office(replica: Variable, epoch: Variable) -> Formula:
    """The controller takes the replica for the leader, in this epoch, and so does the replica."""
    return leads(replica, epoch) & latest(epoch) & leader(replica)


def new_epoch(epoch: Variable) -> Formula:
    """The epoch is later than all that the controller has begun."""
    return forall(Epoch, lambda e: begun(e) >> (e < epoch))


def begin(epoch: Variable) -> tuple[Update, ...]:
    """The controller begins an epoch with a part of the ISR."""
    return (
        begun.insert(..., where=lambda e: e <= epoch),
        latest.assign(..., to=lambda e: e == epoch),
        isr.remove(..., where=lambda r: ~kept(r)),
        sent_isr.insert(epoch, ..., where=lambda r: isr(r) & kept(r)),
        configuration.insert(..., ..., where=lambda e, r: ~begun(e) & (e <= epoch) & isr(r) & kept(r)),
    )


@action(Epoch, Replica)
def elect(epoch: Variable, chosen: Variable) -> Step:
    """The controller begins an epoch with a leader from the ISR, of which it keeps any part that contains the leader."""
    return Step(
        requires=(new_epoch(epoch), isr(chosen), kept(chosen), forall(Replica, lambda r: kept(r) >> isr(r))),
        updates=(*begin(epoch), leader.assign(..., to=lambda r: r == chosen), sent_leader.insert(epoch, chosen)),
    )


@action(Epoch, Replica)
def retire(epoch: Variable, witness: Variable) -> Step:
    """The controller begins an epoch without a leader, keeping some part of the ISR that is not empty."""
    return Step(
        requires=(new_epoch(epoch), isr(witness), kept(witness), forall(Replica, lambda r: kept(r) >> isr(r))),
        updates=(*begin(epoch), leader.assign(..., to=lambda _: FALSE)),
    )


@action(Epoch, Replica, only_without=Fix.KIP_106_CLEAN_ELECTION)
def elect_uncleanly(epoch: Variable, chosen: Variable) -> Step:
    """The controller begins an epoch with any replica as leader and only member of the ISR, in sync or not."""
    return Step(
        requires=(new_epoch(epoch),),
        updates=(
            begun.insert(..., where=lambda e: e <= epoch),
            latest.assign(..., to=lambda e: e == epoch),
            leader.assign(..., to=lambda r: r == chosen),
            sent_leader.insert(epoch, chosen),
            isr.assign(..., to=lambda r: r == chosen),
            sent_isr.insert(epoch, chosen),
            configuration.insert(..., chosen, where=lambda e: ~begun(e) & (e <= epoch)),
        ),
    )


def enter(replica: Variable, epoch: Variable) -> tuple[Update, ...]:
    """A replica moves on to a later epoch."""
    return (
        at.replace(replica, epoch),
        left.insert(replica, ..., where=lambda e: e < epoch),
        abandoned.insert(..., where=lambda e: configuration(e, replica) & (e < epoch)),
    )


@action(Replica, Epoch)
def become_leader(replica: Variable, epoch: Variable) -> Step:
    """A replica learns that it leads a later epoch, and the ISR that the epoch began with."""
    return Step(
        requires=(sent_leader(epoch, replica), before(replica, epoch)),
        updates=(
            *enter(replica, epoch),
            follows.replace(replica, replica),
            leader_isr.assign(replica, ..., to=lambda r: sent_isr(epoch, r)),
        ),
    )


@action(Replica, Epoch, Offset)
def write(replica: Variable, epoch: Variable, offset: Variable) -> Step:
    """Whoever believes that it leads appends a producer's record."""
    return Step(
        requires=(leads(replica, epoch), log_end(replica, offset)),
        updates=(log.insert(replica, offset, epoch), has.insert(replica, offset)),
    )


@action(Replica, Replica, Epoch, Offset, Epoch)
def fetch(follower: Variable, source: Variable, epoch: Variable, offset: Variable, written: Variable) -> Step:
    """A follower copies the leader's next record, in the leader's epoch, and learns its high watermark."""
    return Step(
        requires=(
            follows(follower, source),
            leads(source, epoch),
            at(follower, epoch),
            log(source, offset, written),
            log_end(follower, offset),
        ),
        updates=(
            log.insert(follower, offset, written),
            has.insert(follower, offset),
            below_hw.assign(follower, ..., to=lambda o: below_hw(source, o) & (o <= offset)),
        ),
    )


@action(Replica, Replica, Epoch)
def learn_high_watermark(follower: Variable, source: Variable, epoch: Variable) -> Step:
    """A fetch is answered with no records, and with the leader's high watermark."""
    return Step(
        requires=(follows(follower, source), leads(source, epoch), at(follower, epoch)),
        updates=(below_hw.assign(follower, ..., to=lambda o: below_hw(source, o) & has(follower, o)),),
    )


def cut(
    follower: Variable, source: Variable, epoch: Variable, dropped: Callable[[Variable], Formula]
) -> tuple[Update, ...]:
    """A follower enters the epoch of a leader and drops part of its log."""
    by_epoch = Fix.KIP_101_TRUNCATE_BY_EPOCH
    return (
        *enter(follower, epoch),
        follows.replace(follower, source),
        only_with(by_epoch, log.remove(follower, ..., ..., where=lambda o, _: dropped(o))),
        only_with(by_epoch, has.remove(follower, ..., where=dropped)),
        only_with(by_epoch, below_hw.remove(follower, ..., where=dropped)),
        only_without(by_epoch, log.remove(follower, ..., ..., where=lambda o, _: ~below_hw(follower, o))),
        only_without(by_epoch, has.remove(follower, ..., where=lambda o: ~below_hw(follower, o))),
    )


def begins_to_follow(follower: Variable, source: Variable, epoch: Variable) -> tuple[Formula, ...]:
    """A follower learns of a later epoch; the leader that it asks is in that very epoch."""
    return (
        sent_leader(epoch, source),
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
        updates=cut(follower, source, epoch, lambda o: last < o),
    )


@action(Replica, Replica, Epoch)
def become_follower_afresh(follower: Variable, source: Variable, epoch: Variable) -> Step:
    """The same, when the two logs have nothing in common: the follower begins with an empty log."""
    nothing = forall(Offset, Epoch, lambda o, e: ~(log(follower, o, e) & log(source, o, e)))
    return Step(
        requires=(*begins_to_follow(follower, source, epoch), nothing),
        updates=cut(follower, source, epoch, lambda _: TRUE),
    )


@action(Replica, Replica, Epoch, only_without=Fix.KAFKA_7164_TRUNCATE_EACH_EPOCH)
def keep_following(follower: Variable, source: Variable, epoch: Variable) -> Step:
    """A replica learns that its leader leads a later epoch, too, and leaves its own log as it is."""
    return Step(
        requires=(*begins_to_follow(follower, source, epoch), follows(follower, source)),
        updates=enter(follower, epoch),
    )


@action(Replica, Replica, Epoch, only_without=Fix.KAFKA_13141_DIVERGING_FETCH)
def follow_diverging(follower: Variable, source: Variable, epoch: Variable) -> Step:
    """A replica begins to follow, and the leader takes the end of its log at its word before the two logs are compared."""
    return Step(
        requires=begins_to_follow(follower, source, epoch),
        updates=(*enter(follower, epoch), follows.replace(follower, source)),
    )


@action(Replica, Epoch, Offset, Epoch)
def commit(replica: Variable, epoch: Variable, offset: Variable, written: Variable) -> Step:
    """Every member of the leader's ISR follows it in its epoch and holds the next record: it is committed."""

    def holds_it(member: Variable) -> Formula:
        fenced = when(Fix.KIP_320_FENCED_HIGH_WATERMARK, at(member, epoch))
        return follows(member, replica) & fenced & has(member, offset)

    return Step(
        requires=(
            leads(replica, epoch),
            log(replica, offset, written),
            next_to_commit(replica, offset),
            forall(Replica, lambda r: leader_isr(replica, r) >> holds_it(r)),
        ),
        updates=(below_hw.insert(replica, offset), commitment.insert(offset, written, epoch)),
    )


@action(Replica, Epoch, Replica)
def shrink_isr(replica: Variable, epoch: Variable, gone: Variable) -> Step:
    """The leader in office drops somebody else from the ISR, for whatever reason."""
    return Step(
        requires=(in_office(replica, epoch), gone != replica),
        updates=(
            isr.remove(gone),
            leader_isr.assign(replica, ..., to=lambda r: isr(r) & (r != gone)),
            configuration.assign(epoch, ..., to=lambda r: isr(r) & (r != gone)),
        ),
    )


@action(Replica, Epoch, Replica)
def expand_isr(replica: Variable, epoch: Variable, joining: Variable) -> Step:
    """The leader in office takes in a follower that holds all below its high watermark, once its own epoch has begun there."""
    own_epoch = forall(Offset, lambda o: (has(replica, o) & ~below_hw(replica, o)) >> log(replica, o, epoch))
    return Step(
        requires=(
            in_office(replica, epoch),
            follows(joining, replica),
            at(joining, epoch),
            forall(Offset, lambda o: below_hw(replica, o) >> has(joining, o)),
            when(Fix.ISR_AFTER_EPOCH_START, own_epoch),
        ),
        updates=(
            isr.insert(joining),
            leader_isr.assign(replica, ..., to=lambda r: isr(r) | (r == joining)),
            configuration.assign(epoch, ..., to=lambda r: isr(r) | (r == joining)),
        ),
    )


ACTIONS = (
    *(elect, elect_uncleanly, retire, become_leader, write, fetch, learn_high_watermark),
    *(become_follower, become_follower_afresh, keep_following, follow_diverging, commit, shrink_isr, expand_isr),
)
