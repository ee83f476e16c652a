"""What a voter has on disk, what it loses with it, and why a quorum survives both.

This is the quorum of `quorum`, with elections, fetches and commits as one step each, so that more of the world fits into a
search: pages that were written but not flushed, processes that die and come back, disks that are replaced.

A voter keeps its epoch, its vote and its log on disk. The first two are flushed before anybody hears of them. Records are
not: a follower appends what it fetches, and flushes before its next fetch tells the leader so, because a leader takes a
fetch as the follower's word that it will not forget. A leader counts itself by the same rule, but shows records to others
before its own flush. So a leader that dies may come back without records that others have. It must not write in its old
epoch again, where it would give other records the same offsets and epochs; it comes back resigned, and others elect.

A disk may fail, and its owner may come back with an empty one under the same name. It has forgotten whom it voted for and
what it acknowledged. KIP-853 makes the disk a part of the voter's name: the newcomer is a directory id that nobody counts,
until the leader adds it to the voters (as `quorum-voters` shows; here nobody does).

What is left out: disks that lie. What is flushed is there, and undamaged, until the whole disk is gone.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations

from tautolog_spec.fixes import Fix
from tautolog_spec.language import (
    TRUE,
    Configuration,
    Formula,
    Model,
    Sometimes,
    Sort,
    Step,
    Update,
    Variable,
    action,
    auxiliary,
    exists,
    forall,
    only_with,
    relation,
    rigid,
    safety,
    when,
)
from tautolog_spec.language.models import Bound, Facts, Sizes

Replica = Sort("Replica")
Quorum = Sort("Quorum")
Value = Sort("Value")
Epoch = Sort("Epoch", ordered=True)
Offset = Sort("Offset", ordered=True)

member = rigid("member", Replica, Quorum, meaning="the voter is in the quorum; any two quorums meet")
at = relation("at", Replica, Epoch, meaning="the voter's epoch, in which it has voted or followed; on disk")
log = relation("log", Replica, Offset, Epoch, Value, meaning="the voter's record: its offset, its epoch, what it says")
flushed = relation("flushed", Replica, Offset, meaning="the voter's record at the offset is on disk")
leads = relation("leads", Epoch, Replica, meaning="the voter was elected in the epoch")
resigned = relation("resigned", Epoch, meaning="the epoch's leader died, and will not lead in it again")
replaced = relation("replaced", Replica, meaning="the voter's disk is not the one that it voted with")
acknowledged = relation(
    "acknowledged", Epoch, Replica, Offset, meaning="the voter has told the epoch's leader that it has this record"
)
chosen = relation("chosen", Offset, Epoch, Value, meaning="some leader has committed this record")

RELATIONS = (member, at, log, flushed, leads, resigned, replaced, acknowledged, chosen)


def before(voter: Variable, epoch: Variable) -> Formula:
    """The voter has not reached the epoch."""
    return forall(Epoch, lambda e: at(voter, e) >> (e < epoch))


def not_beyond(voter: Variable, epoch: Variable) -> Formula:
    """The voter has not gone beyond the epoch."""
    return forall(Epoch, lambda e: at(voter, e) >> (e <= epoch))


def has(voter: Variable, offset: Variable) -> Formula:
    """The voter has a record at the offset."""
    return exists(Epoch, Value, lambda e, v: log(voter, offset, e, v))


def agree(one: Variable, other: Variable, offset: Variable) -> Formula:
    """The records of both at the offset were written in the same epoch."""
    return exists(*(Epoch, Value, Value), lambda e, v, w: log(one, offset, e, v) & log(other, offset, e, w))


def log_end(voter: Variable, offset: Variable) -> Formula:
    """The offset is the first one that the voter has no record at."""
    return ~has(voter, offset) & forall(Offset, lambda o: (o < offset) >> has(voter, o))


def up_to_date(candidate: Variable, voter: Variable) -> Formula:
    """Each record of the voter's is matched by one of the candidate's that is not before it in the order of logs."""
    return forall(
        *(Offset, Epoch, Value),
        lambda o, e, v: (
            log(voter, o, e, v)
            >> exists(
                *(Offset, Epoch, Value),
                lambda p, x, w: log(candidate, p, x, w) & ((e < x) | ((e == x) & (o <= p))),
            )
        ),
    )


def in_office(leader: Variable, epoch: Variable) -> Formula:
    """The voter leads in the epoch, now."""
    return leads(epoch, leader) & at(leader, epoch) & ~resigned(epoch)


@action(Replica, Epoch, Quorum)
def elect(candidate: Variable, epoch: Variable, quorum: Variable) -> Step:
    """The voters of a quorum move on to an epoch and vote for one of them, whose log is as good as that of each."""

    def of_all(holds: Callable[[Variable], Formula]) -> Formula:
        return forall(Replica, lambda r: member(r, quorum) >> holds(r))

    return Step(
        requires=(
            member(candidate, quorum),
            of_all(lambda r: before(r, epoch)),
            when(Fix.QUORUM_VOTER_DIRECTORY_ID, of_all(lambda r: ~replaced(r))),
            when(Fix.QUORUM_UP_TO_DATE_VOTE, of_all(lambda r: up_to_date(candidate, r))),
        ),
        updates=(
            at.assign(..., ..., to=lambda r, e: (member(r, quorum) & (e == epoch)) | (~member(r, quorum) & at(r, e))),
            leads.insert(epoch, candidate),
        ),
    )


@action(Replica, Epoch, Offset, Value)
def write(leader: Variable, epoch: Variable, offset: Variable, value: Variable) -> Step:
    """The leader appends a record, and does not wait for the disk."""
    return Step(
        requires=(in_office(leader, epoch), log_end(leader, offset)),
        updates=(log.insert(leader, offset, epoch, value),),
    )


def follow(follower: Variable, leader: Variable, epoch: Variable) -> tuple[Formula, ...]:
    """A voter that is not beyond the epoch asks its leader."""
    return in_office(leader, epoch), not_beyond(follower, epoch)


@action(Replica, Replica, Epoch, Offset, Epoch, Value)
def fetch(
    follower: Variable, leader: Variable, epoch: Variable, offset: Variable, of: Variable, value: Variable
) -> Step:
    """A follower whose last record is the leader's, too, gets the next one, and does not wait for the disk."""
    same_before = forall(
        Offset,
        lambda o: ((o < offset) & forall(Offset, lambda p: (p <= o) | (offset <= p))) >> agree(follower, leader, o),
    )
    no_gap = forall(Offset, lambda o: (o < offset) >> has(follower, o))
    return Step(
        requires=(
            *follow(follower, leader, epoch),
            ~has(follower, offset),
            log(leader, offset, of, value),
            when(Fix.QUORUM_LAST_FETCHED_EPOCH, same_before, no_gap),
        ),
        updates=(at.replace(follower, epoch), log.insert(follower, offset, of, value)),
    )


def drop(voter: Variable, offset: Variable) -> tuple[Update, ...]:
    """A log is cut back to the offset."""
    return (
        log.remove(voter, ..., ..., ..., where=lambda o, _, __: offset <= o),
        flushed.remove(voter, ..., where=lambda o: offset <= o),
    )


@action(Replica, Replica, Epoch, Offset)
def truncate(follower: Variable, leader: Variable, epoch: Variable, offset: Variable) -> Step:
    """A follower has a record where the leader has another or none, and drops it with all after it."""
    return Step(
        requires=(
            *follow(follower, leader, epoch),
            has(follower, offset),
            ~agree(follower, leader, offset),
        ),
        updates=(at.replace(follower, epoch), *drop(follower, offset)),
    )


@action(Replica, Replica, Epoch, Offset)
def acknowledge(follower: Variable, leader: Variable, epoch: Variable, offset: Variable) -> Step:
    """A follower flushes, and its next fetch tells the leader how far its log agrees."""
    either = has(follower, offset) & has(leader, offset)
    flush = flushed.insert(follower, ..., where=lambda o: o <= offset)
    return Step(
        requires=(
            *follow(follower, leader, epoch),
            follower != leader,
            when(Fix.QUORUM_LAST_FETCHED_EPOCH, agree(follower, leader, offset), either),
            when(Fix.QUORUM_VOTER_DIRECTORY_ID, ~replaced(follower)),
        ),
        updates=(
            at.replace(follower, epoch),
            acknowledged.insert(epoch, follower, offset),
            only_with(Fix.QUORUM_FLUSH_BEFORE_FETCH, flush),
        ),
    )


@action(Replica, Epoch, Offset, Epoch, Value, Quorum)
def commit(
    leader: Variable, epoch: Variable, offset: Variable, of: Variable, value: Variable, quorum: Variable
) -> Step:
    """The leader commits up to a record of its own epoch that a quorum has acknowledged to it."""

    def counts(voter: Variable) -> Formula:
        return acknowledged(epoch, voter, offset) | (voter == leader)

    flush = flushed.insert(leader, ..., where=lambda o: o <= offset)
    return Step(
        requires=(
            in_office(leader, epoch),
            log(leader, offset, of, value),
            forall(Replica, lambda r: member(r, quorum) >> counts(r)),
            when(Fix.QUORUM_COMMIT_OWN_EPOCH, of == epoch, TRUE),
        ),
        updates=(
            chosen.insert(..., ..., ..., where=lambda o, e, v: (o <= offset) & log(leader, o, e, v)),
            only_with(Fix.QUORUM_FLUSH_BEFORE_FETCH, flush),
        ),
    )


@action(Replica, Offset)
def restart(voter: Variable, offset: Variable) -> Step:
    """A voter dies and comes back without some of the records that were not on disk; if it led, it has resigned."""
    resign = resigned.insert(..., where=lambda e: leads(e, voter) & at(voter, e))
    return Step(
        requires=(has(voter, offset), ~flushed(voter, offset)),
        updates=(*drop(voter, offset), only_with(Fix.QUORUM_NO_EPOCH_RESUME, resign)),
    )


@action(Replica)
def replace_disk(voter: Variable) -> Step:
    """A disk fails, and the voter comes back with an empty one."""
    return Step(
        requires=(~replaced(voter), exists(Epoch, lambda e: at(voter, e))),
        updates=(
            at.remove(voter, ...),
            log.remove(voter, ..., ..., ...),
            flushed.remove(voter, ...),
            only_with(Fix.QUORUM_VOTER_DIRECTORY_ID, replaced.insert(voter)),
        ),
    )


ACTIONS = (elect, write, fetch, truncate, acknowledge, commit, restart, replace_disk)

RAFT = "Ongaro and Ousterhout 2014"


def latest(epoch: Variable) -> Formula:
    """Nobody was elected in a later epoch."""
    return forall(Epoch, Replica, lambda e, r: leads(e, r) >> (e <= epoch))


INVARIANTS = (
    safety(
        "state_machines_agree",
        forall(
            *(Offset, Epoch, Epoch, Value, Value),
            lambda o, e, x, v, w: (chosen(o, e, v) & chosen(o, x, w)) >> ((e == x) & (v == w)),
        ),
        meaning="No two leaders commit different records at one offset.",
        source=f"{RAFT}, state machine safety",
    ),
    safety(
        "leader_is_complete",
        forall(
            *(Epoch, Replica, Offset, Epoch, Value),
            lambda d, r, o, e, v: (in_office(r, d) & latest(d) & chosen(o, e, v)) >> log(r, o, e, v),
        ),
        meaning="The latest leader has every committed record.",
        source=f"{RAFT}, leader completeness",
    ),
    safety(
        "one_leader_per_epoch",
        forall(Epoch, Replica, Replica, lambda e, r, n: (leads(e, r) & leads(e, n)) >> (r == n)),
        meaning="An epoch has at most one leader.",
        source=f"{RAFT}, election safety",
    ),
    safety(
        "logs_match",
        forall(
            *(Replica, Replica, Offset, Epoch, Value, Value, Offset, Epoch, Value),
            lambda r, n, o, e, v, w, p, x, u: (
                (log(r, o, e, v) & log(n, o, e, w)) >> ((v == w) & ((p <= o) >> log(r, p, x, u).iff(log(n, p, x, u))))
            ),
        ),
        meaning="Records of one offset and one epoch are the same record, and all before them are the same.",
        source=f"{RAFT}, log matching",
    ),
    auxiliary(
        "one_epoch",
        forall(Replica, Epoch, Epoch, lambda r, e, x: (at(r, e) & at(r, x)) >> (e == x)),
        meaning="A voter is in one epoch at a time.",
        source="this model",
    ),
    auxiliary(
        "no_gaps",
        forall(Replica, Offset, Offset, lambda r, o, p: (has(r, p) & (o < p)) >> has(r, o)),
        meaning="A log has no gaps.",
        source="this model",
    ),
    auxiliary(
        "epochs_ascend",
        forall(
            *(Replica, Offset, Offset, Epoch, Epoch, Value, Value),
            lambda r, o, p, e, x, v, w: (log(r, o, e, v) & log(r, p, x, w) & (o < p)) >> (e <= x),
        ),
        meaning="Epochs never fall along a log.",
        source="this model",
    ),
)


def majorities(sizes: Sizes) -> tuple[Sizes, Facts]:
    """In a finite instance the quorums are the smallest majorities."""
    voters = sizes[Replica.name]
    quorums = list(combinations(range(voters), voters // 2 + 1))
    rows = frozenset((voter, number) for number, quorum in enumerate(quorums) for voter in quorum)
    return {Quorum.name: len(quorums)}, {member.name: rows}


MODEL = Model(
    name="quorum-disks",
    title="Pull-based Raft on disks that fail",
    essay=__doc__ or "",
    relations=RELATIONS,
    axioms=(forall(Quorum, Quorum, lambda q, p: exists(Replica, lambda r: member(r, q) & member(r, p))),),
    initial=(),
    actions=ACTIONS,
    invariants=INVARIANTS,
    sometimes=(
        Sometimes("commits", exists(Offset, Epoch, Value, chosen), "some record is committed"),
        Sometimes(
            "commits_of_earlier_epoch",
            exists(
                *(Offset, Epoch, Value, Epoch, Replica),
                lambda o, e, v, d, r: chosen(o, e, v) & leads(d, r) & (e < d) & log(r, o, e, v),
            ),
            "a later leader has a committed record",
        ),
        Sometimes("resigns", exists(Epoch, resigned), "a leader has died"),
        Sometimes("loses_disk", exists(Replica, replaced), "a voter has lost its disk"),
    ),
    configurations=(
        Configuration({"Replica": 2, "Epoch": 2, "Offset": 2, "Value": 2}, distinct=23_293, depth=18),
        Configuration({"Replica": 3, "Epoch": 2, "Offset": 1, "Value": 1}, distinct=61_975, depth=21),
        Configuration({"Replica": 3, "Epoch": 3, "Offset": 1, "Value": 1}, distinct=1_523_617, depth=27, nightly=True),
        Configuration({"Replica": 3, "Epoch": 2, "Offset": 2, "Value": 1}, distinct=2_568_367, depth=30, nightly=True),
    ),
    frame=majorities,
    bounds=(Bound("Replica", Replica, most=12),),  # each set of them is an element of a sort
    redundant={
        "fetch requires ¬resigned(epoch)": "a leader that has resigned answers nobody; if it did, a record would be copied, "
        "and none committed",
        "acknowledge requires ¬resigned(epoch)": "who has resigned commits nothing, whatever it is told",
        "commit requires ¬resigned(epoch)": "it counts what a quorum has on disk; a leader that comes back does harm by "
        "writing in its old epoch, not by counting",
        "restart requires ∃ e: Epoch, v: Value. log(voter, offset, e, v)": "a restart that loses nothing; a leader that "
        "resigns for it might have written a record and lost that",
        "restart updates flushed": "what lies after a record that is not on disk is not on disk either",
        "replace_disk requires ¬replaced(voter)": "nobody counts such a voter any more; it could have lost its first disk "
        "this late",
        "truncate updates flushed": "of three voters two have a record that is flushed, and nobody drops it",
    },
)
