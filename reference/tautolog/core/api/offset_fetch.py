"""OffsetFetch, versions 1-10: how far a group has read; for many groups at once from version 8, by topic id in 10.

A list of topics that is null asks for everything the group has committed. There are no transactions yet, so every offset is
stable; member ids and epochs (version 9) mean nothing for a classic group.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from tautolog.core.errors import ErrorCode
from tautolog.core.messages._base import ZERO_UUID
from tautolog.core.messages.offset_fetch import (
    OffsetFetchRequest,
    OffsetFetchRequestGroup,
    OffsetFetchResponse,
    OffsetFetchResponseGroup,
    OffsetFetchResponsePartition,
    OffsetFetchResponsePartitions,
    OffsetFetchResponseTopic,
    OffsetFetchResponseTopics,
)
from tautolog.core.node import Peer, Request

if TYPE_CHECKING:
    from tautolog.core.broker import Broker

KEY = 9
VERSIONS = (1, 10)

NOTHING = -1


def handle(broker: Broker, peer: Peer, request: Request) -> OffsetFetchResponse:  # noqa: ARG001  # every handler is called alike
    """Answer for each group on its own; -1 stands for no committed offset."""
    body = cast("OffsetFetchRequest", request.body)
    if request.version < 8:
        return _one_group(broker, request.version, body)
    return OffsetFetchResponse(groups=[_group(broker, request.version, group) for group in body.groups])


def _one_group(broker: Broker, version: int, body: OffsetFetchRequest) -> OffsetFetchResponse:
    error = broker.groups.journal.check(body.group_id)
    if error and version >= 2:
        return OffsetFetchResponse(error_code=error)
    if body.topics is None:
        asked = list(broker.groups.offsets.positions(body.group_id))
    else:
        asked = [(topic.name, topic.partition_indexes) for topic in body.topics]
    response = OffsetFetchResponse()
    for name, indexes in asked:
        topic_id = _id_of(broker, name)
        parts = [_partition(broker, body.group_id, name, topic_id, index) for index in indexes]
        response.topics.append(
            OffsetFetchResponseTopic(
                name,
                [
                    OffsetFetchResponsePartition(
                        part.partition_index, part.committed_offset, part.committed_leader_epoch, part.metadata, error
                    )
                    for part in parts
                ],
            )
        )
    return response


def _group(broker: Broker, version: int, wanted: OffsetFetchRequestGroup) -> OffsetFetchResponseGroup:
    answer = OffsetFetchResponseGroup(wanted.group_id, error_code=broker.groups.journal.check(wanted.group_id))
    if answer.error_code:
        return answer
    if wanted.topics is None:
        for name, indexes in broker.groups.offsets.positions(wanted.group_id):
            topic_id = _id_of(broker, name)
            if version < 10 or topic_id != ZERO_UUID:
                answer.topics.append(_topic(broker, wanted.group_id, name, topic_id, indexes))
        return answer
    for topic in wanted.topics:
        if version < 10:
            topic_id = _id_of(broker, topic.name)
            answer.topics.append(_topic(broker, wanted.group_id, topic.name, topic_id, topic.partition_indexes))
            continue
        known = broker.controller.by_id.get(topic.topic_id)
        if known is not None:
            answer.topics.append(_topic(broker, wanted.group_id, known.name, topic.topic_id, topic.partition_indexes))
            continue
        unknown = [
            OffsetFetchResponsePartitions(index, NOTHING, error_code=ErrorCode.UNKNOWN_TOPIC_ID)
            for index in topic.partition_indexes
        ]
        answer.topics.append(OffsetFetchResponseTopics(topic_id=topic.topic_id, partitions=unknown))
    return answer


def _topic(broker: Broker, group_id: str, name: str, topic_id: bytes, indexes: list[int]) -> OffsetFetchResponseTopics:
    parts = [_partition(broker, group_id, name, topic_id, index) for index in indexes]
    return OffsetFetchResponseTopics(name, topic_id, parts)


def _partition(broker: Broker, group_id: str, name: str, topic_id: bytes, index: int) -> OffsetFetchResponsePartitions:
    committed = broker.groups.offsets.fetch(group_id, name, topic_id, index)
    if committed is None:
        return OffsetFetchResponsePartitions(index, NOTHING)
    return OffsetFetchResponsePartitions(index, committed.offset, committed.leader_epoch, committed.metadata)


def _id_of(broker: Broker, name: str) -> bytes:
    topic = broker.controller.topics.get(name)
    return ZERO_UUID if topic is None else topic.topic_id
