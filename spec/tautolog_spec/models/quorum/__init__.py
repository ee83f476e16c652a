"""Raft as KRaft does it, for any number of voters: votes are asked for, and followers pull.

Voters move through epochs. In an epoch a candidate asks for votes with the end of its log; a voter gives at most one vote
an epoch, and only to a log at least as good as its own. With the votes of a quorum the candidate leads.

Before a voter stands for the next epoch it asks for *pre-votes* (KIP-996), and a voter that has lately heard from a leader
refuses. So a voter that was cut off cannot drive the others out of an epoch in which they work: while nobody of some quorum
gives the leader up, it stays. Pre-votes bind nobody and are kept on no disk; the safety of the log neither needs them nor is
hurt by them. (Time is not in the model: a voter may give its leader up whenever it likes. Kafka also compares logs before a
pre-vote; without that an epoch may be tried in vain, and nothing else.)

A leader does not push. Followers fetch from it, and a fetch says how far the follower's log agrees with the leader's; the
leader commits what a quorum has fetched past, but only records of its own epoch: those of earlier epochs are committed with
them. A follower that asks from a record that the leader does not have cuts its log back first. All messages are facts
that stay true, so they may be late, lost, repeated and reordered.

Logs are compared epoch by epoch. The relation `epoch_log` is what the leader of an epoch has ever shown to others; every
record in any log was shown by the leader of its own epoch, and what follows about the records below it is what makes logs
match. `chosen_stays`, `chosen_votes` and `chosen_leads` carry the proof: from the moment a quorum cannot be blocked any more,
whoever acknowledged a record keeps it, whoever may still win a vote has it, and every later leader has it.

What is left out: what a voter loses when it dies (`quorum-disks`), voters that come and go (`quorum-voters`), snapshots,
and observers, which fetch and are counted by nobody. A leader that resigns by itself is one that does nothing any more.
"""

from __future__ import annotations

from itertools import combinations

from tautolog_spec.language import Configuration, Model, Sometimes, exists, forall
from tautolog_spec.language.models import Bound, Facts, Sizes
from tautolog_spec.models.quorum.invariants import INVARIANTS
from tautolog_spec.models.quorum.text import (
    ACTIONS,
    RELATIONS,
    Epoch,
    Offset,
    Quorum,
    Replica,
    at,
    committed,
    leads,
    log,
    member,
)


def majorities(sizes: Sizes) -> tuple[Sizes, Facts]:
    """In a finite instance the quorums are the smallest majorities."""
    voters = sizes[Replica.name]
    quorums = list(combinations(range(voters), voters // 2 + 1))
    rows = frozenset((voter, number) for number, quorum in enumerate(quorums) for voter in quorum)
    return {Quorum.name: len(quorums)}, {member.name: rows}


MODEL = Model(
    name="quorum",
    title="Pull-based Raft",
    essay=__doc__ or "",
    relations=RELATIONS,
    axioms=(forall(Quorum, Quorum, lambda q, p: exists(Replica, lambda r: member(r, q) & member(r, p))),),
    initial=(at.assign(..., ..., to=lambda _, e: forall(Epoch, lambda x: e <= x)),),
    actions=ACTIONS,
    invariants=INVARIANTS,
    sometimes=(
        Sometimes("commits", exists(Epoch, Offset, committed), "some record is committed"),
        Sometimes(
            "moves_on",
            exists(*(Epoch, Epoch, Replica, Offset), lambda e, d, r, o: leads(e, r) & log(r, o, d) & (d < e)),
            "a leader has a record of an earlier epoch",
        ),
    ),
    configurations=(
        Configuration({"Replica": 2, "Epoch": 3, "Offset": 1}, distinct=1_380, depth=20),
        Configuration({"Replica": 2, "Epoch": 3, "Offset": 2}, distinct=15_108, depth=27),
        Configuration({"Replica": 2, "Epoch": 4, "Offset": 1}, distinct=18_476, depth=27),
        Configuration({"Replica": 3, "Epoch": 3, "Offset": 1}, distinct=1_219_512, depth=27, nightly=True),
    ),
    frame=majorities,
    bounds=(Bound("Replica", Replica, most=12),),  # each set of them is an element of a sort
    redundant={
        "fetch requires end < offset": "a record that the follower has already is the same record, and fetched again "
        "changes nothing",
        "truncate updates has": "a voter that believed itself longer than it is would fetch nothing and get no vote: "
        "useless, and safe; two voters never differ, so that only the instance of three, by night, has other states",
        "commit requires leads(epoch, leader)": "whoever hears what a quorum has acknowledged knows as much as the leader",
        "commit requires at(leader, epoch)": "what was said stays said: a leader that has gone might have heard it before",
    },
    proved=True,
)
