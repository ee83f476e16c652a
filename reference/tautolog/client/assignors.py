"""Who reads what: the three assignors that every Kafka client knows, run by the leader of a classic group.

Each is a function of the members' subscriptions and the topics' partition counts, the same for every order in which the
members are named. Every partition of a topic that somebody subscribed to goes to exactly one of its subscribers.

* `range`: per topic, a contiguous run to each member, the first ones one longer.
* `roundrobin`: all partitions dealt out in turn.
* `cooperative-sticky`: even, and members keep what they have where they may; a partition that has to move is first given to
  nobody, so that its owner gives it up before the next rebalance hands it on (KIP-429).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from tautolog.client.protocol import Subscription, TopicPartition

Members: TypeAlias = Mapping[str, Subscription]
Counts: TypeAlias = Mapping[str, int]
Assignment: TypeAlias = dict[str, list[TopicPartition]]
Assignor: TypeAlias = Callable[[Members, Counts], Assignment]


def _topics(members: Members) -> list[str]:
    return sorted({topic for subscription in members.values() for topic in subscription.topics})


def _subscribers(members: Members, topic: str) -> list[str]:
    return [member for member in sorted(members) if topic in members[member].topics]


def assign_range(members: Members, counts: Counts) -> Assignment:
    """Per topic, a run of neighbouring partitions to each subscriber."""
    assignment: Assignment = {member: [] for member in sorted(members)}
    for topic in _topics(members):
        subscribers = _subscribers(members, topic)
        share, extra = divmod(counts.get(topic, 0), len(subscribers))
        start = 0
        for position, member in enumerate(subscribers):
            end = start + share + (position < extra)
            assignment[member] += [(topic, partition) for partition in range(start, end)]
            start = end
    return assignment


def assign_roundrobin(members: Members, counts: Counts) -> Assignment:
    """All partitions in order, each to the next member that subscribed to its topic."""
    assignment: Assignment = {member: [] for member in sorted(members)}
    ring = list(assignment)
    turn = 0
    for topic in _topics(members):
        for partition in range(counts.get(topic, 0)):
            while topic not in members[ring[turn % len(ring)]].topics:
                turn += 1
            assignment[ring[turn % len(ring)]].append((topic, partition))
            turn += 1
    return assignment


def assign_sticky(members: Members, counts: Counts) -> Assignment:
    """Even shares that move as little as possible, without regard to what has to be given up first."""
    assignment: Assignment = {member: [] for member in sorted(members)}
    holders = _holders(members, counts)
    homeless = []
    for topic in _topics(members):
        for partition in range(counts.get(topic, 0)):
            holder = holders.get((topic, partition))
            if holder is None:
                homeless.append((topic, partition))
            else:
                assignment[holder].append((topic, partition))
    for topic, partition in homeless:
        candidates = _subscribers(members, topic)
        least = min(candidates, key=lambda member: len(assignment[member]))
        assignment[least].append((topic, partition))
    _even_out(assignment, members)
    return assignment


def _holders(members: Members, counts: Counts) -> dict[TopicPartition, str]:
    """Who holds what: of two members that claim a partition, the one with the newer generation."""
    claims: dict[TopicPartition, tuple[int, str]] = {}
    for member in sorted(members):
        subscription = members[member]
        for topic, partition in subscription.owned:
            if topic in subscription.topics and partition < counts.get(topic, 0):
                before = claims.get((topic, partition))
                if before is None or subscription.generation > before[0]:
                    claims[topic, partition] = (subscription.generation, member)
    return {claimed: member for claimed, (_, member) in claims.items()}


def _even_out(assignment: Assignment, members: Members) -> None:
    """Move partitions one by one from who has most to who has least, while that makes a difference."""
    moved = True
    while moved:
        moved = False
        ranked = sorted(assignment, key=lambda member: (-len(assignment[member]), member))
        for richest in ranked:
            for poorest in reversed(ranked):
                if len(assignment[richest]) - len(assignment[poorest]) < 2:
                    break
                movable = [held for held in assignment[richest] if held[0] in members[poorest].topics]
                if movable:
                    assignment[richest].remove(movable[-1])
                    assignment[poorest].append(movable[-1])
                    moved = True
                    break
            if moved:
                break


def assign_cooperative(members: Members, counts: Counts) -> Assignment:
    """The sticky assignment, minus what another member still has to give up."""
    wanted = assign_sticky(members, counts)
    holders = _holders(members, counts)
    return {
        member: [held for held in partitions if holders.get(held, member) == member]
        for member, partitions in wanted.items()
    }


ASSIGNORS: Final[Mapping[str, Assignor]] = {
    "range": assign_range,
    "roundrobin": assign_roundrobin,
    "cooperative-sticky": assign_cooperative,
}
"""Name in JoinGroup -> assignor."""

COOPERATIVE: Final = ("cooperative-sticky",)
"""Those under which a member keeps what it has during a rebalance."""
