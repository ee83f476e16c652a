"""Why the classic group model keeps its promises."""

from __future__ import annotations

from tautolog_spec.language import Invariant, auxiliary, exists, forall, safety
from tautolog_spec.models.groups.text import (
    Generation,
    Member,
    Offset,
    Partition,
    asked,
    assigned,
    at,
    begun,
    claims,
    committed,
    done,
    generation,
    joined,
    member,
    named,
    overwritten,
    owns,
    position,
    processed,
    reached,
    rebalancing,
    written,
)

PROMISES: tuple[Invariant, ...] = (
    safety(
        "one_owner_per_generation",
        forall(
            *(Generation, Partition, Member, Member),
            lambda g, p, m, n: (assigned(g, m, p) & assigned(g, n, p)) >> (m == n),
        ),
        meaning="A generation gives a partition to one member at most.",
        source="KIP-62",
    ),
    safety(
        "one_owner",
        forall(
            *(Partition, Member, Member),
            lambda p, m, n: (member(m) & member(n) & owns(m, p) & owns(n, p)) >> (m == n),
        ),
        meaning="Of those whom the coordinator counts as members no two believe at one time that a partition is theirs, "
        "whatever their generations.",
        source="KIP-429",
    ),
    safety(
        "no_zombie_commits",
        forall(Partition, lambda p: ~overwritten(p)),
        meaning="A commit is accepted only from the member whose the partition is in the current generation.",
        source="KIP-447",
    ),
    safety(
        "at_least_once",
        forall(Partition, Offset, lambda p, o: committed(p, o) >> processed(p, o)),
        meaning="The committed offset never passes a record that nobody has processed.",
        source="KafkaConsumer, offsets and consumer position",
    ),
    safety(
        "offsets_never_go_back",
        forall(Partition, Offset, lambda p, o: reached(p, o) >> committed(p, o)),
        meaning="While there are members, a committed offset moves forward only and is not forgotten.",
        source="KIP-211",
    ),
)

GENERATIONS: tuple[Invariant, ...] = (
    auxiliary(
        "begun_up_to_current",
        forall(Generation, Generation, lambda g, x: generation(g) >> begun(x).iff(x <= g)),
        meaning="The generations that have begun are those up to the coordinator's.",
    ),
    auxiliary(
        "one_generation",
        forall(Generation, Generation, lambda g, x: (generation(g) & generation(x)) >> (g == x)),
        meaning="The coordinator is in one generation.",
    ),
    auxiliary(
        "named_begun",
        forall(Generation, Member, lambda g, m: named(g, m) >> begun(g)),
        meaning="Only generations that have begun have members.",
    ),
    auxiliary(
        "assigned_named",
        forall(Generation, Member, Partition, lambda g, m, p: assigned(g, m, p) >> named(g, m)),
        meaning="Partitions are given to members of the generation.",
    ),
    auxiliary(
        "at_begun",
        forall(Member, Generation, lambda m, g: at(m, g) >> begun(g)),
        meaning="Members are in generations that have begun.",
    ),
    auxiliary(
        "begun_has_current",
        exists(Generation, begun) >> exists(Generation, generation),
        meaning="If any generation has begun, the coordinator is in one.",
    ),
    auxiliary(
        "owner_at",
        forall(Member, lambda m: exists(Partition, lambda p: owns(m, p)) >> exists(Generation, lambda g: at(m, g))),
        meaning="Whoever owns anything is in some generation.",
    ),
    auxiliary(
        "asker_at",
        forall(
            Member,
            lambda m: (
                exists(*(Generation, Partition, Offset), lambda g, p, o: asked(m, g, p, o))
                >> exists(Generation, lambda g: at(m, g))
            ),
        ),
        meaning="So is whoever asks for anything.",
    ),
    auxiliary(
        "at_one",
        forall(Member, Generation, Generation, lambda m, g, x: (at(m, g) & at(m, x)) >> (g == x)),
        meaning="A member is in one generation.",
    ),
)

MEMBERS: tuple[Invariant, ...] = (
    auxiliary(
        "joined_member",
        forall(Member, lambda m: joined(m) >> (member(m) & rebalancing())),
        meaning="Only members take part in a rebalance, and only while there is one.",
    ),
    auxiliary(
        "waiting_member_named",
        forall(Member, Generation, lambda m, g: (member(m) & ~joined(m) & generation(g)) >> named(g, m)),
        meaning="A member that does not take part in a rebalance takes part in the generation.",
    ),
    auxiliary(
        "joined_claims",
        forall(Member, Partition, lambda m, p: (joined(m) & owns(m, p)) >> claims(m, p)),
        meaning="A member that takes part in a rebalance has said all that it owns.",
    ),
    auxiliary(
        "owner_assigned",
        forall(
            *(Member, Partition, Generation),
            lambda m, p, g: (member(m) & owns(m, p) & at(m, g)) >> assigned(g, m, p),
        ),
        meaning="What a member owns was given to it in its generation.",
    ),
    auxiliary(
        "assigned_is_free",
        forall(
            *(Member, Member, Partition, Generation),
            lambda m, n, p, g: (member(m) & owns(m, p) & generation(g) & assigned(g, n, p)) >> (m == n),
        ),
        meaning="What the generation gives to one member, no other member owns.",
    ),
)

OFFSETS: tuple[Invariant, ...] = (
    auxiliary(
        "written_downward",
        forall(Partition, Offset, Offset, lambda p, o, x: (written(p, o) & (x <= o)) >> written(p, x)),
        meaning="Records are written in order.",
    ),
    auxiliary(
        "position_written",
        forall(Member, Partition, Offset, lambda m, p, o: position(m, p, o) >> written(p, o)),
        meaning="Only written records are polled.",
    ),
    auxiliary(
        "processed_written",
        forall(Partition, Offset, lambda p, o: processed(p, o) >> written(p, o)),
        meaning="Only written records are processed.",
    ),
    auxiliary(
        "request_begun",
        forall(Member, Generation, Partition, Offset, lambda m, g, p, o: asked(m, g, p, o) >> begun(g)),
        meaning="Requests carry generations that have begun.",
    ),
    auxiliary(
        "request_not_ahead",
        forall(
            *(Member, Generation, Partition, Offset, Generation),
            lambda m, g, p, o, x: (asked(m, g, p, o) & at(m, x)) >> (g <= x),
        ),
        meaning="A member's requests carry its generation or earlier ones.",
    ),
    auxiliary(
        "current_request_is_owners",
        forall(
            *(Member, Generation, Partition, Offset),
            lambda m, g, p, o: (asked(m, g, p, o) & member(m) & generation(g)) >> assigned(g, m, p),
        ),
        meaning="A member's request in the current generation is about a partition that the generation gives it.",
    ),
    auxiliary(
        "request_processed",
        forall(
            *(Member, Generation, Partition, Offset, Offset),
            lambda m, g, p, o, x: (asked(m, g, p, o) & (x <= o)) >> processed(p, x),
        ),
        meaning="Requests are about records that were processed.",
    ),
    auxiliary(
        "done_processed",
        forall(Member, Partition, Offset, lambda m, p, o: done(m, p, o) >> processed(p, o)),
        meaning="What nobody has left to do was processed.",
    ),
    auxiliary(
        "done_downward",
        forall(Member, Partition, Offset, Offset, lambda m, p, o, x: (done(m, p, o) & (x <= o)) >> done(m, p, x)),
        meaning="Records are done in order.",
    ),
    auxiliary(
        "committed_downward",
        forall(Partition, Offset, Offset, lambda p, o, x: (committed(p, o) & (x <= o)) >> committed(p, x)),
        meaning="There is one committed offset.",
    ),
    auxiliary(
        "owner_has_done_committed",
        forall(
            *(Member, Partition, Offset),
            lambda m, p, o: (member(m) & owns(m, p) & committed(p, o)) >> done(m, p, o),
        ),
        meaning="Nothing is committed beyond what the owner has done.",
    ),
    auxiliary(
        "owner_has_done_requested",
        forall(
            *(Member, Generation, Partition, Offset),
            lambda m, g, p, o: (asked(m, g, p, o) & member(m) & at(m, g) & owns(m, p)) >> done(m, p, o),
        ),
        meaning="An owner asks for no more than it has done.",
    ),
    auxiliary(
        "current_request_advances",
        forall(
            *(Member, Generation, Partition, Offset, Offset),
            lambda m, g, p, o, x: (asked(m, g, p, o) & member(m) & generation(g) & committed(p, x)) >> (x <= o),
        ),
        meaning="A member's request in the current generation never moves the committed offset back.",
    ),
)

INVARIANTS = (*PROMISES, *GENERATIONS, *MEMBERS, *OFFSETS)
