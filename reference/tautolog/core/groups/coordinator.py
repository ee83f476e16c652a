"""The group coordinator: the table of groups this broker coordinates, how it comes back after a start, and what leaves it.

Composition: a request goes to `joining`, `membership` or `offsets`, through the API module of its key. All groups here are
of the classic protocol. A group exists while it has members, offsets, or was empty for less than a check interval; each lives
in the partition of `__consumer_offsets` that its id names (see `journal`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tautolog.core.controller.names import OFFSETS_TOPIC
from tautolog.core.errors import ErrorCode
from tautolog.core.groups.group import Group, GroupState
from tautolog.core.groups.joining import Joining
from tautolog.core.groups.journal import Journal
from tautolog.core.groups.membership import Membership
from tautolog.core.groups.offsets import Offsets
from tautolog.core.groups.rebalances import Rebalances
from tautolog.core.groups.records import GroupKey, OffsetKey, read_group, read_key, read_offset
from tautolog.core.ports import StorageError
from tautolog.core.records.errors import RecordsError

if TYPE_CHECKING:
    from tautolog.core.broker import Broker

READ_AGAIN_MS: Final = 5_000
"""After how long a partition that could not be read is tried again."""


class GroupCoordinator:
    """All groups of this broker."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self.groups: dict[str, Group] = {}
        self.journal = Journal(broker)
        self.rebalances = Rebalances(broker, self.journal)
        self.joining = Joining(broker, self.groups, self.journal, self.rebalances)
        self.membership = Membership(broker, self.groups, self.journal, self.rebalances)
        self.offsets = Offsets(broker, self.groups, self.journal, self.rebalances)

    # -- coming up

    def start(self) -> None:
        """Bring back groups and offsets from the partitions of `__consumer_offsets`, and watch for what expires.

        Members come back with their last assignment and must be heard of within their session.
        """
        for index in range(self.journal.partitions()):
            self._load(index)
        self._check_later()

    def _load(self, index: int) -> None:
        if index >= self.journal.partitions():
            return  # the topic was deleted while this waited
        try:
            values = self.journal.replay(index)
        except (StorageError, RecordsError) as error:
            if index not in self.journal.unread:
                self._broker.report("error", f"groups in {OFFSETS_TOPIC}-{index} cannot be read: {error}")
                self.journal.unread[index] = None
            self._broker.timers.at(self._broker.now.monotonic_ms + READ_AGAIN_MS, lambda: self._load(index))
            return
        self.journal.unread.pop(index, None)
        loaded = self._decode(index, values)
        self.groups.update(loaded)
        largest = self._broker.config.get_int("group.max.size")
        for group in loaded.values():
            for member in group.members.values():
                self.rebalances.expect(group, member, member.session_timeout_ms)
            if len(group.members) > largest:
                self.rebalances.prepare(group)

    def _decode(self, index: int, values: dict[bytes, bytes]) -> dict[str, Group]:
        """What the records of one partition say. One that cannot be read is passed over, with a line for the operator."""
        groups: dict[str, Group] = {}
        committed = []
        for raw, value in values.items():
            try:
                key = read_key(raw)
                if isinstance(key, GroupKey):
                    groups[key.group_id] = read_group(key.group_id, value)
                elif isinstance(key, OffsetKey):
                    committed.append((key, read_offset(value)))
            except RecordsError as error:
                self._broker.report("error", f"a record in {OFFSETS_TOPIC}-{index} is passed over: {error}")
        for key, offset in committed:
            group = groups.setdefault(key.group_id, Group(key.group_id))
            group.offsets.setdefault(key.topic, {})[key.partition] = offset
        return groups

    # -- going away

    def topic_deleted(self, topic: str) -> None:
        """Forget every offset committed for a topic that is gone; with `__consumer_offsets` all groups are gone."""
        if topic != OFFSETS_TOPIC:
            self.offsets.topic_deleted(topic)
            return
        for group in self.groups.values():
            self.rebalances.bury(group, ErrorCode.NOT_COORDINATOR)
        self.groups.clear()
        self.journal.unread.clear()

    def delete(self, group_id: str) -> ErrorCode:
        """Delete a group without members, with its offsets."""
        error = self.journal.check(group_id)
        if error:
            return error
        group = self.groups.get(group_id)
        if group is None:
            return ErrorCode.GROUP_ID_NOT_FOUND
        if group.state is not GroupState.EMPTY:
            return ErrorCode.NON_EMPTY_GROUP
        return self._bury(group)

    def _bury(self, group: Group) -> ErrorCode:
        error = self.offsets.bury(group)
        if not error:
            self.rebalances.bury(group, ErrorCode.UNKNOWN_MEMBER_ID)
            del self.groups[group.group_id]
        return error

    def _check_later(self) -> None:
        interval_ms = self._broker.config.get_int("offsets.retention.check.interval.ms")
        self._broker.timers.at(self._broker.now.monotonic_ms + interval_ms, self._check)

    def _check(self) -> None:
        """Forget what has expired, and groups of which nothing is left."""
        for group in list(self.groups.values()):
            self.offsets.expire(group)
            if group.state is GroupState.EMPTY and not group.offsets and not group.pending_joins:
                self._bury(group)
        self._check_later()
