"""Voters that come and go: one at a time, through records of the very log that they keep (KIP-853).

A voter is a broker with its disk, an (id, directory id) pair: a `Replica` of this model. At first all replicas are voters.
The leader changes the set by appending a record that holds the whole new set, and everybody goes by the last such record in
its own log, committed or not: the leader counts fetches by it, a candidate counts votes by it. Whoever is asked for a vote
does not ask back whether it or the candidate is a voter: its own log may lag behind.

Why nobody wins by two different sets. A change adds or removes one voter, so that each quorum of the old set meets each of
the new. A leader does not begin a change before the last one is committed. And it does not begin one before it has
committed a record of its own epoch: an earlier leader may have left a change of its own half done, in a log that could
still win by it; two changes that begin from one set may have quorums that do not meet. Without the last rule, which the
dissertation lacked, even single changes split the voters (Ongaro on raft-dev, 2015).

A leader may remove itself. Until that is committed it goes on leading voters that it is none of, and does not count its own
log among theirs. (Kafka's leader resigns then; this one may, and does not have to: it harms nobody.)

Elections, fetches and commits are one step each, as in `quorum-disks`; `quorum` takes them apart, and proves them.

What is left out: voters lose nothing (`quorum-disks` has those that do), and a newcomer need not have caught up before it is
added, which Kafka asks for so that commits go on, not for their safety.
"""

from __future__ import annotations

from itertools import combinations

from tautolog_spec.fixes import Fix
from tautolog_spec.language import (
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
    either,
    exists,
    forall,
    relation,
    rigid,
    safety,
    when,
)
from tautolog_spec.language.models import Bound, Facts, Sizes

Replica = Sort("Replica")
Voters = Sort("Voters")
Quorum = Sort("Quorum")
Epoch = Sort("Epoch", ordered=True)
Offset = Sort("Offset", ordered=True)

among = rigid("among", Replica, Voters, meaning="the replica is a voter of the set")
one_apart = rigid("one_apart", Voters, Voters, meaning="one of the sets has one voter more, and all others in common")
first = rigid("first", Voters, meaning="the set of all replicas, which is the voters' before any change")
majority = rigid("majority", Quorum, Voters, meaning="the quorum is a majority of the set")
member = rigid("member", Replica, Quorum, meaning="the replica is in the quorum")
at = relation("at", Replica, Epoch, meaning="the replica's epoch, in which it has voted or followed")
log = relation("log", Replica, Offset, Epoch, meaning="the replica's record at the offset was written in the epoch")
names = relation(
    "names", Epoch, Offset, Voters, meaning="the epoch's record at the offset changes the voters to the set"
)
leads = relation("leads", Epoch, Replica, meaning="the replica was elected in the epoch")
committed = relation("committed", Epoch, Offset, meaning="the epoch's leader knows that the offset is committed")
chosen = relation("chosen", Offset, Epoch, meaning="some leader has committed this record")

RELATIONS = (among, one_apart, first, majority, member, at, log, names, leads, committed, chosen)


def before(replica: Variable, epoch: Variable) -> Formula:
    """The replica has not reached the epoch."""
    return forall(Epoch, lambda e: at(replica, e) >> (e < epoch))


def not_beyond(replica: Variable, epoch: Variable) -> Formula:
    """The replica has not gone beyond the epoch."""
    return forall(Epoch, lambda e: at(replica, e) >> (e <= epoch))


def has(replica: Variable, offset: Variable) -> Formula:
    """The replica has a record at the offset."""
    return exists(Epoch, lambda e: log(replica, offset, e))


def agree(one: Variable, other: Variable, offset: Variable) -> Formula:
    """Both have the same record at the offset."""
    return exists(Epoch, lambda e: log(one, offset, e) & log(other, offset, e))


def log_end(replica: Variable, offset: Variable) -> Formula:
    """The offset is the first one that the replica has no record at."""
    return ~has(replica, offset) & forall(Offset, lambda o: (o < offset) >> has(replica, o))


def changes(replica: Variable, offset: Variable) -> Formula:
    """The replica's record at the offset changes the voters."""
    return exists(Epoch, Voters, lambda e, s: log(replica, offset, e) & names(e, offset, s))


def goes_by(replica: Variable, voters: Variable) -> Formula:
    """The replica's set of voters: the last in its log, or the first of all."""
    no_change_after = exists(
        *(Offset, Epoch),
        lambda o, e: (
            log(replica, o, e) & names(e, o, voters) & forall(Offset, lambda p: (o < p) >> ~changes(replica, p))
        ),
    )
    return either(no_change_after, first(voters) & forall(Offset, lambda o: ~changes(replica, o)))


def up_to_date(candidate: Variable, voter: Variable) -> Formula:
    """Each record of the voter's is matched by one of the candidate's that is not before it in the order of logs."""
    return forall(
        *(Offset, Epoch),
        lambda o, e: (
            log(voter, o, e)
            >> exists(*(Offset, Epoch), lambda p, x: log(candidate, p, x) & ((e < x) | ((e == x) & (o <= p))))
        ),
    )


def in_office(leader: Variable, epoch: Variable) -> Formula:
    """The replica leads in the epoch, now."""
    return leads(epoch, leader) & at(leader, epoch)


@action(Replica, Epoch, Voters, Quorum)
def elect(candidate: Variable, epoch: Variable, voters: Variable, quorum: Variable) -> Step:
    """A majority of the candidate's voters, itself among them, moves on to an epoch and votes for it."""
    return Step(
        requires=(
            majority(quorum, voters),
            member(candidate, quorum),
            goes_by(candidate, voters),
            forall(Replica, lambda r: member(r, quorum) >> before(r, epoch)),
            forall(Replica, lambda r: member(r, quorum) >> up_to_date(candidate, r)),
        ),
        updates=(
            at.assign(..., ..., to=lambda r, e: (member(r, quorum) & (e == epoch)) | (~member(r, quorum) & at(r, e))),
            leads.insert(epoch, candidate),
        ),
    )


@action(Replica, Epoch, Offset)
def write(leader: Variable, epoch: Variable, offset: Variable) -> Step:
    """The leader appends a record that is no change of voters."""
    return Step(
        requires=(in_office(leader, epoch), log_end(leader, offset)),
        updates=(log.insert(leader, offset, epoch),),
    )


@action(Replica, Epoch, Offset, Voters, Voters)
def change_voters(leader: Variable, epoch: Variable, offset: Variable, now: Variable, then: Variable) -> Step:
    """The leader adds or removes a voter, if the last change is committed and something of its own epoch is."""
    last_committed = forall(Offset, lambda o: changes(leader, o) >> committed(epoch, o))
    own_committed = exists(Offset, lambda o: committed(epoch, o))
    return Step(
        requires=(
            when(Fix.QUORUM_ONE_VOTER_A_CHANGE, one_apart(now, then), now != then),
            in_office(leader, epoch),
            log_end(leader, offset),
            goes_by(leader, now),
            when(Fix.QUORUM_ONE_CHANGE_AT_A_TIME, last_committed),
            when(Fix.QUORUM_CHANGE_AFTER_OWN_COMMIT, own_committed),
        ),
        updates=(log.insert(leader, offset, epoch), names.insert(epoch, offset, then)),
    )


def follow(replica: Variable, leader: Variable, epoch: Variable) -> tuple[Formula, ...]:
    """A replica, voter or not, that is not beyond the epoch asks its leader."""
    return in_office(leader, epoch), not_beyond(replica, epoch)


@action(Replica, Replica, Epoch, Offset, Epoch)
def fetch(replica: Variable, leader: Variable, epoch: Variable, offset: Variable, of: Variable) -> Step:
    """A replica all of whose records the leader has gets the next one."""
    follows_on = forall(Offset, lambda o: (o < offset) >> agree(replica, leader, o))
    return Step(
        requires=(*follow(replica, leader, epoch), ~has(replica, offset), log(leader, offset, of), follows_on),
        updates=(at.replace(replica, epoch), log.insert(replica, offset, of)),
    )


@action(Replica, Replica, Epoch, Offset)
def truncate(replica: Variable, leader: Variable, epoch: Variable, offset: Variable) -> Step:
    """A replica has a record where the leader has another or none, and drops it with all after it."""
    return Step(
        requires=(*follow(replica, leader, epoch), has(replica, offset), ~agree(replica, leader, offset)),
        updates=(at.replace(replica, epoch), log.remove(replica, ..., ..., where=lambda o, _: offset <= o)),
    )


def commit_up_to(leader: Variable, epoch: Variable, offset: Variable) -> tuple[Update, ...]:
    """The leader commits a record and all before it."""
    return (
        committed.insert(epoch, ..., where=lambda o: o <= offset),
        chosen.insert(..., ..., where=lambda o, e: (o <= offset) & log(leader, o, e)),
    )


@action(Replica, Epoch, Offset, Voters, Quorum)
def commit(leader: Variable, epoch: Variable, offset: Variable, voters: Variable, quorum: Variable) -> Step:
    """The leader commits up to a record of its own epoch that a majority of its voters has; it may be none of them."""
    has_it = forall(Replica, lambda r: member(r, quorum) >> log(r, offset, epoch))
    return Step(
        requires=(majority(quorum, voters), in_office(leader, epoch), goes_by(leader, voters), has_it),
        updates=commit_up_to(leader, epoch, offset),
    )


@action(Replica, Epoch, Offset, Voters, Quorum, Replica, only_without=Fix.QUORUM_REMOVED_LEADER_NOT_COUNTED)
def commit_as_removed(
    leader: Variable, epoch: Variable, offset: Variable, voters: Variable, quorum: Variable, instead: Variable
) -> Step:
    """A leader that is no voter counts itself all the same, in place of one that is."""
    has_it = forall(Replica, lambda r: member(r, quorum) >> (log(r, offset, epoch) | (r == instead)))
    return Step(
        requires=(
            majority(quorum, voters),
            ~among(leader, voters),
            in_office(leader, epoch),
            goes_by(leader, voters),
            log(leader, offset, epoch),
            has_it,
        ),
        updates=commit_up_to(leader, epoch, offset),
    )


ACTIONS = (elect, write, change_voters, fetch, truncate, commit, commit_as_removed)

RAFT = "Ongaro and Ousterhout 2014"


def latest(epoch: Variable) -> Formula:
    """Nobody was elected in a later epoch."""
    return forall(Epoch, Replica, lambda e, r: leads(e, r) >> (e <= epoch))


INVARIANTS = (
    safety(
        "state_machines_agree",
        forall(Offset, Epoch, Epoch, lambda o, e, x: (chosen(o, e) & chosen(o, x)) >> (e == x)),
        meaning="No two leaders commit different records at one offset.",
        source=f"{RAFT}, state machine safety; KIP-853",
    ),
    safety(
        "leader_is_complete",
        forall(
            *(Epoch, Replica, Offset, Epoch),
            lambda d, r, o, e: (in_office(r, d) & latest(d) & chosen(o, e)) >> log(r, o, e),
        ),
        meaning="The latest leader has every committed record.",
        source=f"{RAFT}, leader completeness; KIP-853",
    ),
    safety(
        "one_leader_per_epoch",
        forall(Epoch, Replica, Replica, lambda e, r, n: (leads(e, r) & leads(e, n)) >> (r == n)),
        meaning="An epoch has at most one leader.",
        source=f"{RAFT}, election safety; KIP-853",
    ),
    safety(
        "logs_match",
        forall(
            *(Replica, Replica, Offset, Epoch, Offset, Epoch),
            lambda r, n, o, e, p, x: (log(r, o, e) & log(n, o, e) & (p <= o)) >> log(r, p, x).iff(log(n, p, x)),
        ),
        meaning="Two logs that have a record in common have all earlier records in common.",
        source=f"{RAFT}, log matching",
    ),
    auxiliary(
        "one_epoch",
        forall(Replica, Epoch, Epoch, lambda r, e, x: (at(r, e) & at(r, x)) >> (e == x)),
        meaning="A replica is in one epoch at a time.",
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
            *(Replica, Offset, Offset, Epoch, Epoch),
            lambda r, o, p, e, x: (log(r, o, e) & log(r, p, x) & (o < p)) >> (e <= x),
        ),
        meaning="Epochs never fall along a log.",
        source="this model",
    ),
)


def sets_of_voters(sizes: Sizes) -> tuple[Sizes, Facts]:
    """In a finite instance: all sets of replicas that are not empty, and the smallest majorities of each."""
    replicas = range(sizes[Replica.name])
    sets = [set(some) for size in range(1, len(replicas) + 1) for some in combinations(replicas, size)]
    quorums = [one for one in sets if len(one) <= len(replicas) // 2 + 1]
    facts = {
        among.name: frozenset((one, number) for number, some in enumerate(sets) for one in some),
        one_apart.name: frozenset(
            (here, there) for here, one in enumerate(sets) for there, other in enumerate(sets) if len(one ^ other) == 1
        ),
        first.name: frozenset({(len(sets) - 1,)}),
        majority.name: frozenset(
            (number, of)
            for number, quorum in enumerate(quorums)
            for of, some in enumerate(sets)
            if quorum <= some and len(quorum) == len(some) // 2 + 1
        ),
        member.name: frozenset((one, number) for number, quorum in enumerate(quorums) for one in quorum),
    }
    return {Voters.name: len(sets), Quorum.name: len(quorums)}, facts


MODEL = Model(
    name="quorum-voters",
    title="Pull-based Raft whose voters change",
    essay=__doc__ or "",
    relations=RELATIONS,
    initial=(),
    actions=ACTIONS,
    invariants=INVARIANTS,
    sometimes=(
        Sometimes(
            "changes_voters",
            exists(Epoch, Offset, Voters, lambda e, o, s: chosen(o, e) & names(e, o, s)),
            "a change of voters is committed",
        ),
        Sometimes(
            "removes_itself",
            exists(
                *(Epoch, Offset, Voters, Replica),
                lambda e, o, s, r: leads(e, r) & committed(e, o) & names(e, o, s) & ~among(r, s),
            ),
            "a leader commits its own removal",
        ),
        Sometimes(
            "forgets_change",
            exists(
                *(Epoch, Offset, Voters, Epoch),
                lambda e, o, s, x: names(e, o, s) & chosen(o, x) & (x != e),
            ),
            "a change of voters comes to nothing, because another record is committed in its place",
        ),
    ),
    configurations=(
        Configuration({"Replica": 2, "Epoch": 2, "Offset": 3}, distinct=941, depth=14),
        Configuration({"Replica": 3, "Epoch": 2, "Offset": 2}, distinct=3_544, depth=13),
        Configuration({"Replica": 3, "Epoch": 3, "Offset": 2}, distinct=31_714, depth=14, nightly=True),
        Configuration({"Replica": 3, "Epoch": 2, "Offset": 3}, distinct=25_108, depth=18, nightly=True),
    ),
    frame=sets_of_voters,
    bounds=(Bound("Replica", Replica, most=8),),  # each set of them is an element of a sort
    redundant={
        "truncate requires at(leader, epoch)": "who follows a leader that is gone drops no record that is committed, "
        "in instances as small as these; and it asks the next leader soon",
    },
)
