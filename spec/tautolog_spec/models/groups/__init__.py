"""A consumer group with the classic protocol, for any number of members, partitions, generations and records.

A coordinator knows the members of a group. When somebody joins, leaves or falls silent for the session timeout, there is a
rebalance: every member joins it, and when all have, a new *generation* begins, in which the assignor (it runs in one of the
members) gives each partition to one of them. What the generation gives to whom is an answer that may come late; a member
that has not had it goes on with what it had.

A member joins either eagerly (it first gives up all that it owns) or cooperatively (KIP-429): it says what it owns and goes
on consuming. The assignor gives no claimed partition to anybody else; it can only take it away, so that the member gives it
up when it learns its assignment, and joins once more: the next generation may give the partition to another. Both ways
occur side by side in this model, as they do in a group that is being upgraded. That the same generation begins and is
assigned in one step is an abstraction: between the two no commit is accepted and nobody owns more.

An expelled member need not know it. It lives on as a zombie: it owns, polls, processes and asks to commit, and nothing can
be done about what it processes. What can be done is to refuse its commits. A request carries the generation of the asking
member and its member id; the coordinator compares the one with its own generation and looks the other up among its members.
The member id is new with every fresh start, so nobody inherits an id, and a process that takes the place of another by its
`group.instance.id` (KIP-345) gets one too, with the partitions and without a rebalance: only the member id tells the two
apart.

Commits are requests under way: they may arrive late, or never, but a connection keeps their order, and a request that
failed is not sent again once a later one was sent. A member commits what it has done, and starts a partition that it did
not own before at the committed offset, or at the beginning if there is none: the group has subscribed before the first
record was written, so every record is owed to it. Seeking, and committing by hand something else than what was done, is the
application's own business and is left out. So are commits from outside the group, which Kafka takes while the group is empty;
and a coordinator that moves to another broker, which finds group and offsets in its log.

Three invariants carry the proof. `assigned_is_free`: what the current generation gives to one member, no other member owns,
whatever generation that other is in; so `one_owner` needs no case for late answers. `current_request_is_owners`: a request
that would be accepted is about a partition that is the asker's. `current_request_advances`: and it is not behind the
committed offset.
"""

from __future__ import annotations

from tautolog_spec.language import FALSE, Bound, Configuration, Liveness, Model, Sometimes, both, exists, forall
from tautolog_spec.models.groups.invariants import INVARIANTS
from tautolog_spec.models.groups.text import (
    ACTIONS,
    RELATIONS,
    Generation,
    Member,
    Offset,
    Partition,
    at,
    begun,
    committed,
    generation,
    member,
    must_rejoin,
    owns,
    rebalancing,
    settled,
)
from tautolog_spec.models.reasons import REACHED, TWICE

TWO_LEFT = exists(Generation, Generation, lambda g, x: ~begun(g) & ~begun(x) & (g != x))
CONVERGED = both(
    ~rebalancing(),
    forall(Member, Generation, lambda m, g: (member(m) & generation(g)) >> (at(m, g) & ~must_rejoin(m))),
    forall(Partition, lambda p: exists(Member, lambda m: member(m) & owns(m, p))),
)

FEWER = "the members can only become fewer then, so that every run settles all the same"
REDUNDANT = {
    "rejoin requires ¬joined(known)": "who has joined would say the same once more: it owns what it claimed",
    "leave requires ¬settled": FEWER,
    "expire requires ¬settled": FEWER,
    "expel_late requires ¬joined(late)": f"to expel who has joined is what `expire` does; {FEWER}",
    "expel_late requires rebalancing ∨ must_rejoin(late)": f"to expel who is not late is what `expire` does; {FEWER}",
    "expel_late updates claims": "who has not joined claims nothing",
    "complete requires member(witness)": "every partition is given to a member or claimed by one, so that there is one",
    "take_over requires ¬settled": "the place is taken over within the generation, and one answer fills it again",
    "poll requires ¬position(owner, partition, offset)": TWICE,
    "poll requires ∀ o: Offset. o < offset → position(owner, partition, o)": "what it passes over is polled later, and "
    "nothing is processed before that",
    "process requires owns(owner, partition)": "a record that is processed too often breaks no promise of this model; "
    "`delivery` counts effects",
    "process requires ¬done(owner, partition, offset)": TWICE,
    "commit updates reached": REACHED,
    "settle requires ¬settled": TWICE,
}

MODEL = Model(
    name="groups",
    title="Classic consumer groups",
    essay=__doc__ or "",
    relations=RELATIONS,
    initial=(),
    actions=ACTIONS,
    invariants=INVARIANTS,
    sometimes=(
        Sometimes(
            "commits",
            exists(Partition, Offset, committed) | forall(Offset, lambda _: FALSE),
            "an offset is committed, if there are records at all",
        ),
        Sometimes(
            "zombie",
            exists(
                *(Member, Member, Partition),
                lambda m, n, p: ~member(m) & owns(m, p) & member(n) & owns(n, p),
            ),
            "a member was expelled, does not know it, and works beside the new owner",
        ),
        Sometimes(
            "gives_up",
            exists(
                *(Member, Member, Generation),
                lambda m, n, g: (m != n) & member(m) & must_rejoin(m) & generation(g) & at(m, g) & at(n, g),
            ),
            "a member gave a partition up so that the next generation may give it to another",
        ),
    ),
    liveness=(
        Liveness(
            "converges",
            trigger=settled() & TWO_LEFT & exists(Member, member),
            goal=CONVERGED | forall(Member, lambda m: ~member(m)),
            fair=("complete", "sync", "expel_late"),
            meaning="When the membership has stopped changing, two more generations are enough, though some members may "
            "never rejoin: all who are left are in the generation, and every partition has an owner.",
            source="KIP-429, KIP-62",
        ),
    ),
    configurations=(
        Configuration(
            {"Member": 2, "Generation": 2, "Partition": 1, "Offset": 1}, distinct=101_936, depth=25, live=True
        ),
        Configuration(
            {"Member": 2, "Generation": 2, "Partition": 1, "Offset": 2},
            distinct=446_038,
            depth=35,
            symmetric=True,
            nightly=True,
        ),
    ),
    redundant=REDUNDANT,
    bounds=(Bound("Offset", Offset, least=0),),
    proved=True,
)
