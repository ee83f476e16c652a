"""Membership in a classic consumer group: find the coordinator, join, sync, heartbeat, leave. Knows nothing of records.

One state at a time (the table of Kafka's own consumer):

    unjoined --poll--> joining --answer--> syncing --answer--> stable --heartbeat says so--> unjoined

Joining starts in `poll` only, on the application's own time, so that a handler that takes long holds up a rebalance exactly as
it does in Kafka's clients; heartbeats go on meanwhile. Before a member joins again, its owner is told what it must give up:
everything under an eager assignor, nothing yet under a cooperative one. A member that was thrown out is told that it *lost*
its partitions: they may be somebody else's already.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Final, Protocol

from tautolog.client.assignors import ASSIGNORS, COOPERATIVE
from tautolog.client.cluster import ClusterClient
from tautolog.client.link import Address, Outcome
from tautolog.client.protocol import (
    Subscription,
    TopicPartition,
    read_assignment,
    read_subscription,
    write_assignment,
    write_subscription,
)
from tautolog.core.errors import ErrorCode
from tautolog.core.messages._base import Message
from tautolog.core.messages.find_coordinator import FindCoordinatorRequest, FindCoordinatorResponse
from tautolog.core.messages.heartbeat import HeartbeatRequest, HeartbeatResponse
from tautolog.core.messages.join_group import JoinGroupRequest, JoinGroupRequestProtocol, JoinGroupResponse
from tautolog.core.messages.leave_group import LeaveGroupRequest, MemberIdentity
from tautolog.core.messages.sync_group import SyncGroupRequest, SyncGroupRequestAssignment, SyncGroupResponse
from tautolog.core.timers import Timer

FIND_COORDINATOR, JOIN_GROUP, HEARTBEAT, LEAVE_GROUP, SYNC_GROUP = 10, 11, 12, 13, 14
JOIN_GRACE_MS: Final = 5000
"""What a JoinGroup may take beyond the rebalance timeout, as in Kafka's consumer."""


class Phase(StrEnum):
    """Where a member stands."""

    UNJOINED = "unjoined"
    JOINING = "joining"
    SYNCING = "syncing"
    STABLE = "stable"
    FENCED = "fenced"
    """Another member with the same instance id took its place: for good."""


class Owner(Protocol):
    """Who a membership belongs to."""

    def before_join(self) -> list[TopicPartition]:
        """Last moment before joining: give up what must be given up; returns what is still owned."""

    def on_assigned(self, partitions: list[TopicPartition]) -> list[TopicPartition]:
        """The group gave you these; returns what was given up for it."""

    def on_lost(self) -> None:
        """Nothing is yours any more, and was not for a while perhaps."""


class Membership:
    """One member of one group. Options carry Kafka's names, times in milliseconds."""

    def __init__(
        self,
        client: ClusterClient,
        owner: Owner,
        *,
        group_id: str,
        assignors: Sequence[str] = ("range",),
        session_timeout_ms: int = 45_000,
        heartbeat_interval_ms: int = 3_000,
        max_poll_interval_ms: int = 300_000,
        instance_id: str | None = None,
    ) -> None:
        self.client = client
        self.owner = owner
        self.group_id = group_id
        self.assignors = list(assignors)
        self.session_timeout_ms = session_timeout_ms
        self.heartbeat_interval_ms = heartbeat_interval_ms
        self.max_poll_interval_ms = max_poll_interval_ms
        self.instance_id = instance_id
        self.topics: list[str] = []
        self.phase = Phase.UNJOINED
        self.member_id = ""
        self.joined_as: str | None = None
        """The instance id, if the join could say it: a member that joined without may not claim one later."""
        self.generation = -1
        self.protocol = ""
        self.coordinator: Address | None = None
        self._finding = False
        self._attempt = 0
        self._epoch = 0
        """Raised whenever what is under way stops to count; answers of an older one are dropped."""
        self._not_before_ms = 0
        self._heartbeat_timer: Timer | None = None
        self._heard_ms = 0
        self._polled_ms = 0
        self._rejoin = False
        self._seen: dict[str, int] = {}
        """Partition counts at the last join: when they change, the group has to meet again."""

    @property
    def cooperative(self) -> bool:
        """Whether partitions are kept through a rebalance: all assignors named must allow it."""
        return all(name in COOPERATIVE for name in self.assignors)

    def subscribe(self, topics: Sequence[str]) -> None:
        """Want these topics from now on."""
        self.topics = list(topics)
        for topic in topics:
            self.client.want(topic)
        self._rejoin = True

    def poll(self) -> None:
        """The application is alive and ready for a rebalance."""
        now_ms = self.client.now.monotonic_ms
        self._polled_ms = now_ms
        if self.phase is Phase.STABLE and (self._rejoin or self._counts() != self._seen):
            self._to_unjoined()
        if self.phase is Phase.UNJOINED and self.topics and now_ms >= self._not_before_ms:
            if self.coordinator is None:
                self.find_coordinator()
            else:
                self._join(self.coordinator)

    # the coordinator

    def find_coordinator(self) -> None:
        """Ask any broker who coordinates this group."""
        if self._finding or self.coordinator is not None:
            return
        self._finding = True
        self.client.call(self.client.any_broker(), FIND_COORDINATOR, self._find_request, self._found)

    def _find_request(self, version: int) -> Message:
        if version >= 4:
            return FindCoordinatorRequest(key_type=0, coordinator_keys=[self.group_id])
        return FindCoordinatorRequest(key=self.group_id)

    def _found(self, outcome: Outcome) -> None:
        self._finding = False
        if isinstance(outcome, FindCoordinatorResponse):
            told = outcome.coordinators[0] if outcome.coordinators else outcome
            if told.error_code == ErrorCode.NONE:
                self.coordinator = Address(told.host, told.port, "group")
                self._attempt = 0
                return
        self._pause()

    def coordinator_lost(self) -> None:
        """Whoever we took for the coordinator is not, or does not answer."""
        self.coordinator = None

    def _pause(self) -> None:
        """Something failed: wait a little before the next attempt."""
        wait_ms = self.client.backoff_ms(self._attempt)
        self._attempt += 1
        self._not_before_ms = self.client.now.monotonic_ms + wait_ms

    # joining

    def _counts(self) -> dict[str, int]:
        topics = self.client.topics
        return {
            topic: len(topics[topic].leaders) if topic in topics and topics[topic].error == 0 else 0
            for topic in self.topics
        }

    def _to_unjoined(self) -> None:
        self._epoch += 1
        self.phase = Phase.UNJOINED

    def _join(self, coordinator: Address) -> None:
        self._rejoin = False
        owned = self.owner.before_join()
        self._seen = self._counts()
        self._epoch += 1
        epoch = self._epoch
        self.phase = Phase.JOINING
        subscription = Subscription(self.topics, None, owned, self.generation)
        protocols = [JoinGroupRequestProtocol(name, write_subscription(subscription)) for name in self.assignors]

        def request(version: int) -> Message:
            self.joined_as = self.instance_id if version >= 5 else None
            return JoinGroupRequest(
                self.group_id,
                self.session_timeout_ms,
                self.max_poll_interval_ms,
                self.member_id,
                self.joined_as,
                "consumer",
                protocols,
            )

        patience = self.max_poll_interval_ms + JOIN_GRACE_MS
        self.client.call(
            coordinator,
            JOIN_GROUP,
            request,
            lambda outcome: self._joined(coordinator, epoch, outcome),
            timeout_ms=patience,
        )

    def _joined(self, coordinator: Address, epoch: int, outcome: Outcome) -> None:
        if epoch != self._epoch:
            return
        if not isinstance(outcome, JoinGroupResponse):
            self.coordinator_lost()
            self._to_unjoined()
            self._pause()
            return
        error = outcome.error_code
        if error == ErrorCode.MEMBER_ID_REQUIRED:
            self.member_id = outcome.member_id
            self._join(coordinator)
        elif error != ErrorCode.NONE:
            self._refused(error)
        else:
            self.member_id = outcome.member_id
            self.generation = outcome.generation_id
            self.protocol = outcome.protocol_name or ""
            self._attempt = 0
            leads = outcome.leader == outcome.member_id and not outcome.skip_assignment
            self._sync(coordinator, self._assign(outcome) if leads else [])

    def _assign(self, joined: JoinGroupResponse) -> list[SyncGroupRequestAssignment]:
        """The leader's work: give every member its partitions."""
        members = {member.member_id: read_subscription(member.metadata) for member in joined.members}
        topics = sorted({topic for subscription in members.values() for topic in subscription.topics})
        for topic in topics:
            self.client.want(topic)
        known = self.client.topics
        counts = {topic: len(known[topic].leaders) for topic in topics if topic in known and known[topic].error == 0}
        given = ASSIGNORS[self.protocol](members, counts)
        return [SyncGroupRequestAssignment(member, write_assignment(given[member])) for member in members]

    def _sync(self, coordinator: Address, assignments: list[SyncGroupRequestAssignment]) -> None:
        self.phase = Phase.SYNCING
        epoch = self._epoch

        def request(version: int) -> Message:
            return SyncGroupRequest(
                self.group_id,
                self.generation,
                self.member_id,
                self.joined_as if version >= 3 else None,
                "consumer" if version >= 5 else None,
                self.protocol if version >= 5 else None,
                assignments,
            )

        patience = self.max_poll_interval_ms + JOIN_GRACE_MS
        self.client.call(
            coordinator, SYNC_GROUP, request, lambda outcome: self._synced(epoch, outcome), timeout_ms=patience
        )

    def _synced(self, epoch: int, outcome: Outcome) -> None:
        if epoch != self._epoch:
            return
        if not isinstance(outcome, SyncGroupResponse):
            self.coordinator_lost()
            self._to_unjoined()
            self._pause()
            return
        if outcome.error_code != ErrorCode.NONE:
            self._refused(outcome.error_code)
            return
        self.phase = Phase.STABLE
        self._heard_ms = self.client.now.monotonic_ms
        self._beat_later()
        given_up = self.owner.on_assigned(read_assignment(outcome.assignment))
        if given_up:
            self._rejoin = True

    def _refused(self, error: int) -> None:
        """The coordinator does not want us like this: what to forget, and when to try again."""
        self._to_unjoined()
        if error == ErrorCode.REBALANCE_IN_PROGRESS:
            return
        if error == ErrorCode.UNKNOWN_MEMBER_ID:
            self._thrown_out(forget_member=True)
        elif error == ErrorCode.ILLEGAL_GENERATION:
            self._thrown_out(forget_member=False)
        elif error == ErrorCode.FENCED_INSTANCE_ID:
            self._thrown_out(forget_member=True)
            self.phase = Phase.FENCED
        else:
            if error in {ErrorCode.NOT_COORDINATOR, ErrorCode.COORDINATOR_NOT_AVAILABLE}:
                self.coordinator_lost()
            self._pause()

    def _thrown_out(self, *, forget_member: bool) -> None:
        self.generation = -1
        if forget_member:
            self.member_id = ""
        self.owner.on_lost()

    # staying

    def _beat_later(self) -> None:
        if self._heartbeat_timer is not None:
            self._heartbeat_timer.cancel()
        epoch = self._epoch
        self._heartbeat_timer = self.client.after(self.heartbeat_interval_ms, lambda: self._beat(epoch))

    def _beat(self, epoch: int) -> None:
        if epoch != self._epoch or self.phase is not Phase.STABLE:
            return
        now_ms = self.client.now.monotonic_ms
        if now_ms - self._polled_ms > self.max_poll_interval_ms:
            self.leave()
            self.owner.on_lost()
            return
        if now_ms - self._heard_ms > self.session_timeout_ms:
            self.coordinator_lost()
            self._heard_ms = now_ms
        if self.coordinator is None:
            self.find_coordinator()
            self._beat_later()
            return
        self.client.call(
            self.coordinator, HEARTBEAT, self._heartbeat_request, lambda outcome: self._beaten(epoch, outcome)
        )

    def _heartbeat_request(self, version: int) -> Message:
        instance = self.joined_as if version >= 3 else None
        return HeartbeatRequest(self.group_id, self.generation, self.member_id, instance)

    def _beaten(self, epoch: int, outcome: Outcome) -> None:
        if epoch != self._epoch or self.phase is not Phase.STABLE:
            return
        if not isinstance(outcome, HeartbeatResponse):
            self.coordinator_lost()
            self._beat_later()
        elif outcome.error_code == ErrorCode.NONE:
            self._heard_ms = self.client.now.monotonic_ms
            self._beat_later()
        elif outcome.error_code == ErrorCode.REBALANCE_IN_PROGRESS:
            # still a member: heartbeats go on until the application polls
            self._rejoin = True
            self._heard_ms = self.client.now.monotonic_ms
            self._beat_later()
        elif outcome.error_code in {ErrorCode.NOT_COORDINATOR, ErrorCode.COORDINATOR_NOT_AVAILABLE}:
            self.coordinator_lost()
            self._beat_later()
        elif outcome.error_code == ErrorCode.COORDINATOR_LOAD_IN_PROGRESS:
            self._beat_later()
        else:
            self._refused(outcome.error_code)

    def commit_refused(self, error: int) -> None:
        """A commit was refused in a way that says that we are not the member we think we are."""
        if self.phase in {Phase.STABLE, Phase.JOINING, Phase.SYNCING}:
            if error == ErrorCode.REBALANCE_IN_PROGRESS:
                self._rejoin = True
            elif self.phase is Phase.STABLE:
                self._refused(error)

    def leave(self, finish: Callable[[Outcome], None] = lambda _: None) -> None:
        """Go, and let the others have our partitions; a static member only goes silently."""
        coordinator, member_id = self.coordinator, self.member_id
        self._to_unjoined()
        self.generation = -1
        self.member_id = ""
        if coordinator is None or not member_id or self.joined_as is not None:
            return

        def request(version: int) -> Message:
            if version >= 3:
                return LeaveGroupRequest(self.group_id, members=[MemberIdentity(member_id)])
            return LeaveGroupRequest(self.group_id, member_id)

        self.client.call(coordinator, LEAVE_GROUP, request, finish)
