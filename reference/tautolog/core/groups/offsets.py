"""Committed offsets: who may commit, fetch and delete them, and when they expire.

An offset belongs to a group, a topic and a partition, and is kept with the group. A commit is held against the generation
it speaks of: a member that was given up cannot move its successor's position. A commit with neither member nor generation
(a *simple* one: a consumer that assigns itself, or an administrator) is taken only while the group has no members. The offset
itself is not checked: it may lie outside the log, as in Kafka.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tautolog.core.errors import ErrorCode
from tautolog.core.groups.group import CONSUMER, CommittedOffset, Group, GroupState
from tautolog.core.groups.journal import Journal
from tautolog.core.groups.rebalances import Rebalances
from tautolog.core.groups.records import MAX_STRING, group_key, offset_key, offset_value, too_long
from tautolog.core.messages._base import ZERO_UUID

if TYPE_CHECKING:
    from tautolog.core.broker import Broker

Position = tuple[str, int]
"""A topic and one of its partitions."""

_POPULATED = {GroupState.PREPARING_REBALANCE, GroupState.COMPLETING_REBALANCE, GroupState.STABLE}


class Offsets:
    """The committed offsets of all groups of this broker; `groups` is the coordinator's table."""

    def __init__(self, broker: Broker, groups: dict[str, Group], journal: Journal, rebalances: Rebalances) -> None:
        self._broker = broker
        self._groups = groups
        self._journal = journal
        self._rebalances = rebalances

    # -- commit

    def check_commit(
        self, version: int, group_id: str, generation: int, member_id: str, instance_id: str | None
    ) -> ErrorCode:
        """Whether this member of this generation may commit; a group that is not there is made by a simple commit."""
        if too_long(group_id):
            return ErrorCode.INVALID_GROUP_ID
        error = self._journal.check(group_id)
        if error:
            return error
        group = self._groups.get(group_id)
        if group is None:
            if generation < 0:
                return ErrorCode.NONE
            return ErrorCode.GROUP_ID_NOT_FOUND if version >= 9 else ErrorCode.ILLEGAL_GENERATION
        if generation < 0 and group.state is GroupState.EMPTY:
            return ErrorCode.NONE
        if generation < 0 and not member_id and instance_id is None:
            return ErrorCode.UNKNOWN_MEMBER_ID  # a simple commit, and the group has members
        error = group.check_member(member_id, instance_id)
        if error:
            return error
        if generation != group.generation:
            return ErrorCode.ILLEGAL_GENERATION
        if group.state is GroupState.COMPLETING_REBALANCE:
            return ErrorCode.REBALANCE_IN_PROGRESS
        member = group.members[member_id]
        self._rebalances.expect(group, member, member.session_timeout_ms)
        return ErrorCode.NONE

    def commit(self, group_id: str, commits: dict[Position, CommittedOffset]) -> ErrorCode:
        """Write these offsets, all or none, then make them the group's. `check_commit` came before."""
        if not commits:
            return ErrorCode.NONE
        records: list[tuple[bytes | None, bytes | None]] = [
            (offset_key(group_id, topic, partition), offset_value(committed))
            for (topic, partition), committed in commits.items()
        ]
        error = self._journal.write(group_id, records)
        if error:
            return error
        group = self._groups.get(group_id)
        if group is None:
            group = self._groups[group_id] = Group(group_id)
        for (topic, partition), committed in commits.items():
            group.offsets.setdefault(topic, {})[partition] = committed
        return ErrorCode.NONE

    def metadata_fits(self, metadata: str, *, with_expiry: bool) -> bool:
        """Whether a client's note may be kept; it is counted in UTF-16 units, as Java counts."""
        limit = self._broker.config.get_int("offset.metadata.max.bytes")
        if with_expiry and len(metadata.encode()) > MAX_STRING:
            return False
        return len(metadata) <= limit and (
            metadata.isascii() or len(metadata.encode("utf-16-le", "surrogatepass")) // 2 <= limit
        )

    # -- fetch

    def fetch(self, group_id: str, topic: str, topic_id: bytes, partition: int) -> CommittedOffset | None:
        """The committed offset, unless it was committed for an earlier topic of the same name."""
        group = self._groups.get(group_id)
        committed = group.offsets.get(topic, {}).get(partition) if group is not None else None
        if committed is None or ZERO_UUID in {committed.topic_id, topic_id} or committed.topic_id == topic_id:
            return committed
        return None

    def positions(self, group_id: str) -> Iterator[tuple[str, list[int]]]:
        """Every topic the group has offsets for, with the partitions, in an order that does not depend on the past."""
        group = self._groups.get(group_id)
        if group is not None:
            for topic, partitions in sorted(group.offsets.items()):
                yield topic, sorted(partitions)

    # -- delete

    def check_delete(self, group_id: str) -> ErrorCode:
        """Whether offsets of this group may be deleted: of a group with members only if its subscription can be known."""
        if not group_id:
            return ErrorCode.INVALID_GROUP_ID
        error = self._journal.check(group_id)
        if error:
            return error
        group = self._groups.get(group_id)
        if group is None:
            return ErrorCode.GROUP_ID_NOT_FOUND
        if group.state in _POPULATED and group.protocol_type != CONSUMER:
            return ErrorCode.NON_EMPTY_GROUP
        return ErrorCode.NONE

    def delete(self, group_id: str, positions: list[Position]) -> ErrorCode:
        """Forget offsets, as far as there are any. `check_delete` came before."""
        group = self._groups[group_id]
        kept = [
            (topic, partition)
            for topic, partition in dict.fromkeys(positions)
            if partition in group.offsets.get(topic, {})
        ]
        return self._forget(group, kept)

    def topic_deleted(self, topic: str) -> None:
        """Forget every offset committed for a topic that is gone."""
        for group in self._groups.values():
            self._forget(group, [(topic, partition) for partition in group.offsets.get(topic, {})])

    def _forget(self, group: Group, positions: list[Position]) -> ErrorCode:
        if not positions:
            return ErrorCode.NONE
        records: list[tuple[bytes | None, bytes | None]] = [
            (offset_key(group.group_id, topic, partition), None) for topic, partition in positions
        ]
        error = self._journal.write(group.group_id, records)
        if not error:
            for topic, partition in positions:
                del group.offsets[topic][partition]
                if not group.offsets[topic]:
                    del group.offsets[topic]
        return error

    # -- expiry

    def expired(self, group: Group) -> list[Position]:
        """The offsets whose time is over (KIP-211).

        Time counts from the end of the last generation, or from the commit where a group never had members, or does not
        read the topic any more. Nothing of a group that is between two generations expires.
        """
        if group.protocol_type is None:
            since_ms = None
        elif group.state is GroupState.EMPTY:
            since_ms = group.state_since_ms
        elif group.protocol_type == CONSUMER and group.state is GroupState.STABLE and group.subscribed is not None:
            since_ms = None
        else:
            return []
        retention_ms = self._broker.config.get_int("offsets.retention.minutes") * 60_000
        now_ms = self._broker.now.wall_ms
        return [
            (topic, partition)
            for topic, partitions in group.offsets.items()
            if not group.is_subscribed(topic)
            for partition, committed in partitions.items()
            if now_ms >= _end_of(committed, since_ms, retention_ms)
        ]

    def expire(self, group: Group) -> None:
        """Forget what has expired. A disk that refuses leaves it to the next time."""
        self._forget(group, self.expired(group))

    def bury(self, group: Group) -> ErrorCode:
        """Write that a group with all of its offsets is gone."""
        records: list[tuple[bytes | None, bytes | None]] = [
            (offset_key(group.group_id, topic, partition), None)
            for topic, partitions in group.offsets.items()
            for partition in partitions
        ]
        return self._journal.write(group.group_id, [*records, (group_key(group.group_id), None)])


def _end_of(committed: CommittedOffset, since_ms: int | None, retention_ms: int) -> int:
    if committed.expires_ms is not None:
        return committed.expires_ms
    return (committed.timestamp_ms if since_ms is None else since_ms) + retention_ms
