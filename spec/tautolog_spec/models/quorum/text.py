"""The quorum model's vocabulary and actions."""

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
    rigid,
    when,
)

Replica = Sort("Replica")
Quorum = Sort("Quorum")
Epoch = Sort("Epoch", ordered=True)
Offset = Sort("Offset", ordered=True)

member = rigid("member", Replica, Quorum, meaning="the voter is in the quorum; any two quorums meet")
log = relation("log", Replica, Offset, Epoch, meaning="the voter's record at the offset was written in the epoch")
has = relation("has", Replica, Offset, meaning="the offset is below the voter's log end")
at = relation("at", Replica, Epoch, meaning="the voter's epoch")
left = relation("left", Replica, Epoch, meaning="the voter's epoch is later than this one")
gave_up = relation(
    "gave_up",
    Epoch,
    Replica,
    meaning="messages: in this epoch or a later one the voter heard of no leader for too long",
)
stood = relation("stood", Epoch, Replica, meaning="messages: the voter stands for the epoch")
voted = relation(
    "voted", Epoch, Replica, Replica, meaning="messages: the voter's vote in the epoch went to the candidate"
)
candidacy = relation(
    "candidacy",
    Epoch,
    Replica,
    Epoch,
    Offset,
    meaning="messages: the candidate's last record has this epoch and offset",
)
empty_candidacy = relation("empty_candidacy", Epoch, Replica, meaning="messages: the candidate's log is empty")
leads = relation("leads", Epoch, Replica, meaning="the voter was elected in the epoch")
elected = relation("elected", Epoch, meaning="the epoch has a leader")
epoch_log = relation(
    "epoch_log", Epoch, Offset, Epoch, meaning="what the epoch's leader has shown: a record at an offset"
)
epoch_has = relation("epoch_has", Epoch, Offset, meaning="the epoch's leader has shown some record at the offset")
acknowledged = relation(
    "acknowledged", Epoch, Replica, Offset, meaning="messages: up to here the voter's log is that of the epoch's leader"
)
committed = relation("committed", Epoch, Offset, meaning="the epoch's leader has committed up to the offset")

RELATIONS = (
    *(member, log, has, at, left, gave_up, stood, voted, candidacy, empty_candidacy, leads, elected),
    *(epoch_log, epoch_has, acknowledged, committed),
)


def follows(one: Variable, next_one: Variable) -> Formula:
    """The second is the one right after the first."""
    return (one < next_one) & forall(one.sort, lambda x: (x <= one) | (next_one <= x))


def last(voter: Variable, offset: Variable, epoch: Variable) -> Formula:
    """The voter's last record is this one."""
    return log(voter, offset, epoch) & forall(Offset, lambda o: (offset < o) >> ~has(voter, o))


def empty(voter: Variable) -> Formula:
    """The voter's log is empty."""
    return forall(Offset, lambda o: ~has(voter, o))


def log_end(voter: Variable, offset: Variable) -> Formula:
    """The offset is the first one that the voter has no record at."""
    return ~has(voter, offset) & forall(Offset, lambda o: (o < offset) >> has(voter, o))


def enter(voter: Variable, epoch: Variable) -> tuple[Update, ...]:
    """A voter moves on to an epoch, or stays in it."""
    return at.replace(voter, epoch), left.insert(voter, ..., where=lambda e: e < epoch)


def append(voter: Variable, offset: Variable, epoch: Variable) -> tuple[Update, ...]:
    """A record is added to a log."""
    return log.insert(voter, offset, epoch), has.insert(voter, offset)


@action(Replica, Epoch)
def learn_epoch(voter: Variable, epoch: Variable) -> Step:
    """A voter hears of an epoch that it is not beyond."""
    somebody_stands = exists(Replica, lambda r: stood(epoch, r))
    return Step(requires=(~left(voter, epoch), somebody_stands), updates=enter(voter, epoch))


@action(Replica, Epoch)
def pre_vote(voter: Variable, epoch: Variable) -> Step:
    """A voter that has heard of no leader for its fetch timeout would vote for another, and says so to whoever asks."""
    return Step(requires=(at(voter, epoch),), updates=(gave_up.insert(..., voter, where=lambda e: e <= epoch),))


def stand(candidate: Variable, now: Variable, epoch: Variable, quorum: Variable) -> tuple[Formula, ...]:
    """A voter may stand for the next epoch once it has given its leader up, and a quorum has."""
    given_up = forall(Replica, lambda r: member(r, quorum) >> gave_up(now, r))
    return at(candidate, now), follows(now, epoch), gave_up(now, candidate), when(Fix.QUORUM_PRE_VOTE, given_up)


def become(candidate: Variable, epoch: Variable) -> tuple[Update, ...]:
    """A voter stands, and votes for itself."""
    itself = voted.insert(epoch, candidate, candidate)
    return *enter(candidate, epoch), stood.insert(epoch, candidate), only_with(Fix.QUORUM_VOTE_FOR_ITSELF, itself)


@action(Replica, Epoch, Epoch, Quorum, Offset, Epoch)
def become_candidate(
    candidate: Variable, now: Variable, epoch: Variable, quorum: Variable, offset: Variable, of: Variable
) -> Step:
    """A voter stands for the next epoch, votes for itself, and says where its log ends."""
    return Step(
        requires=(*stand(candidate, now, epoch, quorum), last(candidate, offset, of)),
        updates=(*become(candidate, epoch), candidacy.insert(epoch, candidate, of, offset)),
    )


@action(Replica, Epoch, Epoch, Quorum)
def become_empty_candidate(candidate: Variable, now: Variable, epoch: Variable, quorum: Variable) -> Step:
    """The same with an empty log."""
    return Step(
        requires=(*stand(candidate, now, epoch, quorum), empty(candidate)),
        updates=(*become(candidate, epoch), empty_candidacy.insert(epoch, candidate)),
    )


def free_to_vote(voter: Variable, epoch: Variable) -> tuple[Formula, ...]:
    """The voter is not beyond the epoch, and remembers no vote in it."""
    remembers_none = forall(Replica, lambda r: ~voted(epoch, voter, r))
    return ~left(voter, epoch), when(Fix.QUORUM_VOTE_PERSISTED, remembers_none)


def give(voter: Variable, epoch: Variable, candidate: Variable) -> tuple[Update, ...]:
    """A vote is given."""
    return *enter(voter, epoch), voted.insert(epoch, voter, candidate)


@action(Replica, Epoch, Replica)
def vote_with_empty_log(voter: Variable, epoch: Variable, candidate: Variable) -> Step:
    """A voter whose log is empty votes for whoever asks."""
    asked = empty_candidacy(epoch, candidate) | exists(Epoch, Offset, lambda e, o: candidacy(epoch, candidate, e, o))
    return Step(requires=(*free_to_vote(voter, epoch), empty(voter), asked), updates=give(voter, epoch, candidate))


@action(Replica, Epoch, Replica, Epoch, Offset, Epoch, Offset)
def vote(
    voter: Variable, epoch: Variable, candidate: Variable, of: Variable, offset: Variable, own: Variable, end: Variable
) -> Step:
    """A voter votes for a candidate whose last record is of a later epoch than its own, or of the same and not before it."""
    up_to_date = (own < of) | ((own == of) & (end <= offset))
    return Step(
        requires=(
            *free_to_vote(voter, epoch),
            candidacy(epoch, candidate, of, offset),
            last(voter, end, own),
            when(Fix.QUORUM_UP_TO_DATE_VOTE, up_to_date),
        ),
        updates=give(voter, epoch, candidate),
    )


def counts_vote(candidate: Variable, epoch: Variable, voter: Variable) -> Formula:
    """The candidate counts the voter's vote; its own was given when it stood."""
    given = voted(epoch, voter, candidate)
    return when(Fix.QUORUM_VOTE_FOR_ITSELF, given, given | (voter == candidate))


def take_office(leader: Variable, epoch: Variable) -> tuple[Update, ...]:
    """A candidate leads; its log is what others may fetch."""
    return (
        leads.insert(epoch, leader),
        elected.insert(epoch),
        epoch_log.insert(epoch, ..., ..., where=lambda o, e: log(leader, o, e)),
        epoch_has.insert(epoch, ..., where=lambda o: has(leader, o)),
    )


@action(Replica, Epoch, Quorum)
def become_leader(candidate: Variable, epoch: Variable, quorum: Variable) -> Step:
    """A candidate with the votes of a quorum leads."""
    votes = forall(Replica, lambda r: member(r, quorum) >> counts_vote(candidate, epoch, r))
    return Step(requires=(at(candidate, epoch), votes), updates=take_office(candidate, epoch))


@action(Replica, Epoch, Epoch, Quorum, only_without=Fix.QUORUM_COUNT_VOTES_OF_EPOCH)
def become_leader_by_old_votes(candidate: Variable, epoch: Variable, earlier: Variable, quorum: Variable) -> Step:
    """A candidate counts votes that it was given when it stood before."""

    def ever_given(voter: Variable) -> Formula:
        return voted(epoch, voter, candidate) | voted(earlier, voter, candidate)

    return Step(
        requires=(
            at(candidate, epoch),
            stood(epoch, candidate),
            earlier < epoch,
            forall(Replica, lambda r: member(r, quorum) >> ever_given(r)),
        ),
        updates=take_office(candidate, epoch),
    )


@action(Replica, Epoch, Offset)
def write(leader: Variable, epoch: Variable, offset: Variable) -> Step:
    """The leader appends a record."""
    return Step(
        requires=(leads(epoch, leader), at(leader, epoch), log_end(leader, offset)),
        updates=(
            *append(leader, offset, epoch),
            epoch_log.insert(epoch, offset, epoch),
            epoch_has.insert(epoch, offset),
        ),
    )


@action(Replica, Epoch, Offset, Epoch)
def fetch_first(follower: Variable, epoch: Variable, offset: Variable, of: Variable) -> Step:
    """A follower with an empty log gets the leader's first record."""
    return Step(
        requires=(at(follower, epoch), epoch_log(epoch, offset, of), empty(follower), log_end(follower, offset)),
        updates=append(follower, offset, of),
    )


@action(Replica, Epoch, Offset, Epoch, Offset, Epoch)
def fetch(follower: Variable, epoch: Variable, offset: Variable, of: Variable, end: Variable, own: Variable) -> Step:
    """A follower whose last record is the leader's, too, gets the next one."""
    return Step(
        requires=(
            at(follower, epoch),
            epoch_log(epoch, offset, of),
            last(follower, end, own),
            follows(end, offset),
            when(Fix.QUORUM_LAST_FETCHED_EPOCH, epoch_log(epoch, end, own)),
        ),
        updates=append(follower, offset, of),
    )


def drop(follower: Variable, dropped: Callable[[Variable], Formula]) -> tuple[Update, ...]:
    """A log is cut back."""
    return (
        log.remove(follower, ..., ..., where=lambda o, _: dropped(o)),
        has.remove(follower, ..., where=dropped),
    )


@action(Replica, Epoch, Offset, Epoch)
def truncate(follower: Variable, epoch: Variable, offset: Variable, of: Variable) -> Step:
    """A follower finds that the epoch's leader does not have one of its records, and drops it with all after it."""
    return Step(
        requires=(
            at(follower, epoch),
            elected(epoch),
            ~leads(epoch, follower),
            log(follower, offset, of),
            ~epoch_log(epoch, offset, of),
        ),
        updates=drop(follower, lambda o: offset <= o),
    )


@action(Replica, Epoch, Offset, Epoch)
def acknowledge(follower: Variable, epoch: Variable, offset: Variable, of: Variable) -> Step:
    """A fetch tells the leader that up to here the follower's log is the leader's."""
    agrees = when(Fix.QUORUM_LAST_FETCHED_EPOCH, epoch_log(epoch, offset, of), epoch_has(epoch, offset))
    return Step(
        requires=(at(follower, epoch), log(follower, offset, of), agrees),
        updates=(acknowledged.insert(epoch, follower, offset),),
    )


@action(Replica, Epoch, Offset, Epoch, Quorum)
def commit(leader: Variable, epoch: Variable, offset: Variable, of: Variable, quorum: Variable) -> Step:
    """The leader commits up to a record of its own epoch that a quorum has acknowledged."""
    return Step(
        requires=(
            leads(epoch, leader),
            at(leader, epoch),
            epoch_log(epoch, offset, of),
            forall(Replica, lambda r: member(r, quorum) >> acknowledged(epoch, r, offset)),
            when(Fix.QUORUM_COMMIT_OWN_EPOCH, of == epoch, TRUE),
        ),
        updates=(committed.insert(epoch, offset),),
    )


ACTIONS = (
    *(learn_epoch, pre_vote, become_candidate, become_empty_candidate, vote_with_empty_log, vote, become_leader),
    become_leader_by_old_votes,
    *(write, fetch_first, fetch, truncate, acknowledge, commit),
)
