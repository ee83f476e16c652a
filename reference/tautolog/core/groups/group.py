"""One classic consumer group: its state, its members, its committed offsets, and what these allow.

This module decides what a group *is* and which requests fit it. It never answers, waits or writes: that is done by
`joining`, `membership`, `offsets` and `rebalances`, which move the group through its states.

    state                 meaning                                         goes to
    Empty                 no members; offsets may still be kept           PreparingRebalance (first member), Dead
    PreparingRebalance    members are asked to join (again)               CompletingRebalance (they did), Empty (none did), Dead
    CompletingRebalance   a new generation; its leader is to assign       Stable (it did), PreparingRebalance, Dead
    Stable                every member has its assignment                 PreparingRebalance (members changed), Dead
    Dead                  deleted; nothing refers to it but late timers   -

The generation rises by one whenever PreparingRebalance is left. What belongs to one generation (a SyncGroup, a commit, a
heartbeat) is refused in every other, which is what keeps a member that was given up from doing harm.
"""

from __future__ import annotations

from enum import Enum
from typing import Final, NamedTuple

from tautolog.core.errors import ErrorCode, InvariantBroken
from tautolog.core.groups.members import Member, Protocols
from tautolog.core.groups.subscription import topics_of
from tautolog.core.messages._base import ZERO_UUID
from tautolog.core.timers import Timer

CONSUMER: Final = "consumer"
"""The protocol type of consumers (as against Kafka Connect's `connect`): its metadata names the topics subscribed to."""


class GroupState(Enum):
    """The states of a classic group under their Kafka names."""

    EMPTY = "Empty"
    PREPARING_REBALANCE = "PreparingRebalance"
    COMPLETING_REBALANCE = "CompletingRebalance"
    STABLE = "Stable"
    DEAD = "Dead"


TRANSITIONS: Final = {
    GroupState.EMPTY: (GroupState.PREPARING_REBALANCE, GroupState.DEAD),
    GroupState.PREPARING_REBALANCE: (GroupState.COMPLETING_REBALANCE, GroupState.EMPTY, GroupState.DEAD),
    GroupState.COMPLETING_REBALANCE: (GroupState.STABLE, GroupState.PREPARING_REBALANCE, GroupState.DEAD),
    GroupState.STABLE: (GroupState.PREPARING_REBALANCE, GroupState.DEAD),
    GroupState.DEAD: (),
}
"""Which state may follow which: the table above, as data."""


class CommittedOffset(NamedTuple):
    """A committed position: the next offset to read, the epoch of the record before it, and the client's own note.

    `timestamp_ms` is the wall clock at the commit. `expires_ms` is set by OffsetCommit 2-4 only, where the client chose how
    long the offset is kept; None leaves it to the broker. `topic_id` tells a deleted topic's offset from its successor's.
    """

    offset: int
    leader_epoch: int
    metadata: str
    timestamp_ms: int
    expires_ms: int | None = None
    topic_id: bytes = ZERO_UUID


class Group:
    """One group. `leader_id` is the member that assigns; `state_since_ms` is wall-clock time (None: not recorded)."""

    __slots__ = (
        "generation",
        "grew",
        "group_id",
        "initial",
        "join_timer",
        "leader_id",
        "members",
        "offsets",
        "pending_joins",
        "pending_syncs",
        "protocol_name",
        "protocol_type",
        "state",
        "state_since_ms",
        "static",
        "subscribed",
        "supporters",
        "sync_timer",
    )

    def __init__(self, group_id: str, state_since_ms: int | None = None) -> None:
        self.group_id = group_id
        self.state = GroupState.EMPTY
        self.state_since_ms = state_since_ms
        self.generation = 0
        self.protocol_type: str | None = None
        self.protocol_name: str | None = None
        self.leader_id: str | None = None
        self.members: dict[str, Member] = {}
        self.static: dict[str, str] = {}  # instance id to member id
        self.pending_joins: dict[str, Timer] = {}  # ids given out with MEMBER_ID_REQUIRED, not used yet
        self.pending_syncs: dict[str, None] = {}  # members of this generation that have not asked for their assignment
        self.subscribed: frozenset[str] | None = None  # None: not known
        self.offsets: dict[str, dict[int, CommittedOffset]] = {}
        self.supporters: dict[str, int] = {}  # protocol to the number of members that know it
        self.initial = False  # the rebalance under way began in Empty
        self.grew = False  # a member came while it waited for more
        self.join_timer: Timer | None = None
        self.sync_timer: Timer | None = None

    # -- states and generations

    def become(self, state: GroupState, wall_ms: int) -> None:
        """Go to the next state; anything that is not in `TRANSITIONS` is a bug of ours."""
        if state not in TRANSITIONS[self.state]:
            raise InvariantBroken(f"group {self.group_id!r} cannot go from {self.state.value} to {state.value}")
        self.initial = state is GroupState.PREPARING_REBALANCE and self.state is GroupState.EMPTY
        self.state = state
        self.state_since_ms = wall_ms

    def next_generation(self, wall_ms: int) -> None:
        """End the gathering of members: a new generation with those who are here, or Empty with nobody."""
        self.generation += 1
        self.pending_syncs.clear()
        if self.members:
            self.protocol_name = self.select_protocol()
            self.become(GroupState.COMPLETING_REBALANCE, wall_ms)
        else:
            self.protocol_name = None
            self.become(GroupState.EMPTY, wall_ms)
        self.learn_subscription()

    def can_rebalance(self) -> bool:
        """Whether a rebalance may begin now: not while one gathers members already."""
        return GroupState.PREPARING_REBALANCE in TRANSITIONS[self.state]

    # -- members

    def add(self, member: Member, protocol_type: str) -> None:
        """Take a member in. The first one sets the group's protocol type, and leads until the rebalance decides."""
        if not self.members:
            self.protocol_type = protocol_type
        if self.leader_id is None:
            self.leader_id = member.member_id
        self.members[member.member_id] = member
        if member.instance_id is not None:
            self.static[member.instance_id] = member.member_id
        self._count(member.protocols, 1)

    def remove(self, member_id: str) -> Member | None:
        """Let a member go; another one leads if it led. Its waiting requests are the caller's to answer."""
        self.pending_syncs.pop(member_id, None)
        member = self.members.pop(member_id, None)
        if member is None:
            return None
        self._count(member.protocols, -1)
        if member.instance_id is not None:
            del self.static[member.instance_id]
        if self.leader_id == member_id:
            self.leader_id = next(iter(self.members), None)
        return member

    def rename_static(self, instance_id: str, member_id: str) -> tuple[Member, Member]:
        """Put a static member under a new id (its client restarted); return the member as it was and as it is."""
        old = self.members[self.static[instance_id]]
        new = old.renamed(member_id)
        self.members = {
            new.member_id if member is old else member.member_id: new if member is old else member
            for member in self.members.values()
        }
        self.static[instance_id] = member_id
        if self.leader_id == old.member_id:
            self.leader_id = member_id
        if old.member_id in self.pending_syncs:
            del self.pending_syncs[old.member_id]
            self.pending_syncs[member_id] = None
        return old, new

    def update(
        self, member: Member, protocols: Protocols, *, session_timeout_ms: int, rebalance_timeout_ms: int
    ) -> None:
        """Take over what a member says of itself when it joins again."""
        self._count(member.protocols, -1)
        member.protocols = protocols
        self._count(protocols, 1)
        member.session_timeout_ms = session_timeout_ms
        member.rebalance_timeout_ms = rebalance_timeout_ms

    def check_member(self, member_id: str, instance_id: str | None) -> ErrorCode:
        """Whether this is a member; with an instance id also whether it is the one that holds that place now."""
        if instance_id is not None:
            holder = self.static.get(instance_id)
            if holder is None:
                return ErrorCode.UNKNOWN_MEMBER_ID
            if holder != member_id:
                return ErrorCode.FENCED_INSTANCE_ID
        return ErrorCode.NONE if member_id in self.members else ErrorCode.UNKNOWN_MEMBER_ID

    def has_room(self, member_id: str, max_size: int) -> bool:
        """Whether the group may take this member, new or known, in.

        While members gather, only those who have joined count, so that a group that is too large (the limit was lowered)
        loses the last ones to join.
        """
        if self.state in {GroupState.EMPTY, GroupState.DEAD} or len(self.members) < max_size:
            return True
        member = self.members.get(member_id)
        if self.state is not GroupState.PREPARING_REBALANCE:
            return member is not None
        if member is not None and member.join is not None:
            return True
        return sum(other.join is not None for other in self.members.values()) < max_size

    def all_joined(self) -> bool:
        """Whether everybody who is expected has joined: all members, and all who were given a member id."""
        return not self.pending_joins and all(member.join is not None for member in self.members.values())

    def elect_joined_leader(self) -> bool:
        """See to it that the leader is a member that has joined; False if none has."""
        if self.leader_id is None:
            return False
        if self.members[self.leader_id].join is None:
            joined = next((member.member_id for member in self.members.values() if member.join is not None), None)
            if joined is None:
                return False
            self.leader_id = joined
        return True

    def rebalance_timeout_ms(self) -> int:
        """How long members have to join again: as long as the slowest of them asked for."""
        return max((member.rebalance_timeout_ms for member in self.members.values()), default=0)

    # -- protocols

    def supports(self, protocol_type: str, protocols: Protocols) -> bool:
        """Whether a member with these protocols fits in: the same type, and one protocol that all the others know."""
        if self.state is GroupState.EMPTY:
            return bool(protocol_type and protocols)
        everybody = len(self.members)
        return protocol_type == self.protocol_type and any(
            self.supporters.get(name, 0) == everybody for name, _ in protocols
        )

    def select_protocol(self) -> str:
        """The protocol most members like best among those that all of them know; a tie goes to the first one named."""
        candidates = [name for name, count in self.supporters.items() if count == len(self.members)]
        votes: dict[str, int] = {}
        for member in self.members.values():
            vote = member.vote(candidates)
            if vote is None:
                raise InvariantBroken(f"group {self.group_id!r} has no protocol that all its members know")
            votes[vote] = votes.get(vote, 0) + 1
        return max(votes, key=votes.__getitem__)

    def _count(self, protocols: Protocols, step: int) -> None:
        for name in dict(protocols):
            count = self.supporters.get(name, 0) + step
            if count:
                self.supporters[name] = count
            else:
                del self.supporters[name]

    # -- subscriptions

    def learn_subscription(self) -> None:
        """Find out from the members' metadata which topics a consumer group reads; unknown for any other group."""
        self.subscribed = None
        if self.protocol_type != CONSUMER:
            return
        names: list[str] = []
        for member in self.members.values():
            topics = topics_of(member.metadata(self.protocol_name))
            if topics is None:
                return
            names.extend(topics)
        self.subscribed = frozenset(names)

    def is_subscribed(self, topic: str) -> bool:
        """Whether the group reads a topic; a consumer group of whose topics nothing is known may read any."""
        if self.subscribed is None:
            return self.protocol_type == CONSUMER
        return topic in self.subscribed
