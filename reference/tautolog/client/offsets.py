"""Offsets asked for and stored: OffsetFetch, OffsetCommit and ListOffsets, in every version's dress. Decides nothing.

Version 10 of OffsetCommit and OffsetFetch name topics by id; where an id is not known yet, version 9 is used.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final, TypeAlias

from tautolog.client.cluster import ClusterClient
from tautolog.client.link import Address, Failure, Outcome
from tautolog.client.protocol import TopicPartition
from tautolog.core.errors import ErrorCode
from tautolog.core.messages._base import ZERO_UUID, Message
from tautolog.core.messages.list_offsets import (
    ListOffsetsPartition,
    ListOffsetsRequest,
    ListOffsetsResponse,
    ListOffsetsTopic,
)
from tautolog.core.messages.offset_commit import (
    OffsetCommitRequest,
    OffsetCommitRequestPartition,
    OffsetCommitRequestTopic,
    OffsetCommitResponse,
)
from tautolog.core.messages.offset_fetch import (
    OffsetFetchRequest,
    OffsetFetchRequestGroup,
    OffsetFetchRequestTopic,
    OffsetFetchRequestTopics,
    OffsetFetchResponse,
)

if TYPE_CHECKING:
    from tautolog.client.group import Membership

LIST_OFFSETS, OFFSET_COMMIT, OFFSET_FETCH = 2, 8, 9
UNKNOWN: Final = int(ErrorCode.UNKNOWN_SERVER_ERROR)

Found: TypeAlias = Callable[[list[TopicPartition], dict[TopicPartition, int] | None], None]
Listed: TypeAlias = Callable[[list[TopicPartition], dict[TopicPartition, int]], None]
Answered: TypeAlias = Callable[[Outcome, int], None]


def by_topic(partitions: list[TopicPartition]) -> dict[str, list[int]]:
    """Partition numbers under their topics, in the order of first mention."""
    topics: dict[str, list[int]] = {}
    for topic, partition in partitions:
        topics.setdefault(topic, []).append(partition)
    return topics


class OffsetCalls:
    """The calls of one client; those to the coordinator need a membership."""

    def __init__(self, client: ClusterClient, membership: Membership | None) -> None:
        self._client = client
        self._membership = membership

    def _topic_id(self, topic: str) -> bytes:
        view = self._client.topics.get(topic)
        return ZERO_UUID if view is None else view.topic_id

    def _coordinator(self) -> Address | None:
        membership = self._membership
        assert membership is not None
        if membership.coordinator is None:
            membership.find_coordinator()
        return membership.coordinator

    def fetch(self, partitions: list[TopicPartition], found: Found) -> bool:
        """Ask for the group's committed offsets; False if there is nobody to ask yet.

        `found` gets what is committed (absent: nothing is), or None if the answer was an error and it is worth asking again.
        """
        coordinator = self._coordinator()
        if coordinator is None:
            return False
        assert self._membership is not None
        group_id = self._membership.group_id
        topics = by_topic(partitions)
        ids = {topic: self._topic_id(topic) for topic in topics}

        def request(version: int) -> Message:
            if version < 8:
                entries = [OffsetFetchRequestTopic(topic, numbers) for topic, numbers in topics.items()]
                return OffsetFetchRequest(group_id, entries)
            named = [
                OffsetFetchRequestTopics(topic, ids[topic] if version >= 10 else ZERO_UUID, numbers)
                for topic, numbers in topics.items()
            ]
            return OffsetFetchRequest(groups=[OffsetFetchRequestGroup(group_id, topics=named)])

        self._client.call(
            coordinator,
            OFFSET_FETCH,
            request,
            lambda outcome: self._fetched(partitions, ids, found, outcome),
            highest=10 if all(any(topic_id) for topic_id in ids.values()) else 9,
        )
        return True

    def _fetched(
        self, partitions: list[TopicPartition], ids: Mapping[str, bytes], found: Found, outcome: Outcome
    ) -> None:
        assert self._membership is not None
        if not isinstance(outcome, OffsetFetchResponse):
            self._membership.coordinator_lost()
            found(partitions, None)
            return
        group = outcome.groups[0] if outcome.groups else outcome
        if group.error_code != ErrorCode.NONE:
            if group.error_code in {ErrorCode.NOT_COORDINATOR, ErrorCode.COORDINATOR_NOT_AVAILABLE}:
                self._membership.coordinator_lost()
            found(partitions, None)
            return
        names = {topic_id: topic for topic, topic_id in ids.items() if any(topic_id)}
        offsets: dict[TopicPartition, int] = {}
        for topic in group.topics:
            name = topic.name or names.get(getattr(topic, "topic_id", ZERO_UUID), "")
            for partition in topic.partitions:
                if partition.error_code != ErrorCode.NONE:
                    self._client.refresh_soon()
                    found(partitions, None)
                    return
                if partition.committed_offset >= 0:
                    offsets[name, partition.partition_index] = partition.committed_offset
        found(partitions, offsets)

    def commit(
        self, offsets: Mapping[TopicPartition, int], generation: int, member_id: str, answered: Answered
    ) -> bool:
        """Store offsets for the group; False if there is nobody to ask yet. `answered` gets the worst error of all."""
        coordinator = self._coordinator()
        if coordinator is None:
            return False
        assert self._membership is not None
        membership = self._membership
        topics = by_topic(list(offsets))
        ids = {topic: self._topic_id(topic) for topic in topics}

        def request(version: int) -> Message:
            entries = [
                OffsetCommitRequestTopic(
                    "" if version >= 10 else topic,
                    ids[topic] if version >= 10 else ZERO_UUID,
                    [OffsetCommitRequestPartition(number, offsets[topic, number]) for number in numbers],
                )
                for topic, numbers in topics.items()
            ]
            instance = membership.joined_as if version >= 7 and member_id else None
            return OffsetCommitRequest(membership.group_id, generation, member_id, instance, topics=entries)

        self._client.call(
            coordinator,
            OFFSET_COMMIT,
            request,
            lambda outcome: answered(outcome, _worst(outcome)),
            highest=10 if all(any(topic_id) for topic_id in ids.values()) else 9,
        )
        return True

    def list_offsets(self, leader: Address, partitions: list[TopicPartition], timestamp: int, listed: Listed) -> None:
        """Ask a leader for the offsets at a timestamp (-1 the end, -2 the start); what failed is absent from the answer."""
        entries = [
            ListOffsetsTopic(topic, [ListOffsetsPartition(number, -1, timestamp) for number in numbers])
            for topic, numbers in by_topic(partitions).items()
        ]

        def finish(outcome: Outcome) -> None:
            offsets: dict[TopicPartition, int] = {}
            if isinstance(outcome, ListOffsetsResponse):
                for topic in outcome.topics:
                    for partition in topic.partitions:
                        if partition.error_code == ErrorCode.NONE:
                            offsets[topic.name, partition.partition_index] = partition.offset
            listed(partitions, offsets)

        self._client.call(leader, LIST_OFFSETS, lambda _: ListOffsetsRequest(-1, 0, entries), finish)


def _worst(outcome: Outcome) -> int:
    """The first error of a commit's answer; a partition refused on its own counts like all."""
    if isinstance(outcome, Failure):
        return UNKNOWN
    assert isinstance(outcome, OffsetCommitResponse)
    errors = [partition.error_code for topic in outcome.topics for partition in topic.partitions]
    return next((error for error in errors if error != ErrorCode.NONE), int(ErrorCode.NONE))
