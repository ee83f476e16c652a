"""DescribeTopicPartitions, version 0 (KIP-966): partitions of topics in the order of their names, some at a time.

At most `response_partition_limit` partitions, never more than `max.request.partition.size.limit`; the cursor in the
answer says where the next request goes on. No replica is eligible outside the in-sync ones: there is only one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tautolog.core.api.metadata import NOT_ASKED, TOPIC_OPERATIONS
from tautolog.core.controller import names
from tautolog.core.errors import ErrorCode
from tautolog.core.messages._base import ZERO_UUID
from tautolog.core.messages.describe_topic_partitions import (
    DescribeTopicPartitionsRequest,
    DescribeTopicPartitionsRequestCursor,
    DescribeTopicPartitionsResponse,
    DescribeTopicPartitionsResponseCursor,
    DescribeTopicPartitionsResponsePartition,
    DescribeTopicPartitionsResponseTopic,
)
from tautolog.core.node import Peer, Request

if TYPE_CHECKING:
    from tautolog.core.broker import Broker

KEY = 75
VERSIONS = (0, 0)


def handle(broker: Broker, peer: Peer, request: Request) -> DescribeTopicPartitionsResponse:  # noqa: ARG001  # every handler is called alike
    """Describe the topics named, or all, from the cursor on."""
    body = request.body
    assert isinstance(body, DescribeTopicPartitionsRequest)
    cursor = body.cursor
    asked = [topic.name for topic in body.topics]
    begin = "" if cursor is None else cursor.topic_name
    wanted = sorted({name: None for name in asked or broker.controller.topics if name >= begin})
    if cursor is not None and (cursor.partition_index < 0 or (asked and begin not in wanted)):
        error = ErrorCode.INVALID_REQUEST
        refused = [_unknown(name, error, NOT_ASKED) for name in dict.fromkeys(asked)]
        return DescribeTopicPartitionsResponse(0, refused)
    limit = broker.config.get_int("max.request.partition.size.limit")
    room = max(1, min(body.response_partition_limit, limit))
    topics: list[DescribeTopicPartitionsResponseTopic] = []
    for name in wanted:
        first = _first(cursor, name)
        if room == 0:
            return DescribeTopicPartitionsResponse(0, topics, DescribeTopicPartitionsResponseCursor(name, first))
        topic = broker.controller.topics.get(name)
        if topic is None:
            bad = names.problem(name) is not None
            error = ErrorCode.INVALID_TOPIC_EXCEPTION if bad else ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
            topics.append(_unknown(name, error, TOPIC_OPERATIONS))
            continue
        end = min(topic.partitions, first + room)
        node = broker.node_id
        partitions = [
            DescribeTopicPartitionsResponsePartition(
                ErrorCode.NONE, index, node, topic.leader_epochs[index], [node], [node], [], []
            )
            for index in range(first, end)
        ]
        topics.append(
            DescribeTopicPartitionsResponseTopic(
                ErrorCode.NONE, name, topic.topic_id, topic.internal, partitions, TOPIC_OPERATIONS
            )
        )
        room -= len(partitions)
        if end < topic.partitions and first < topic.partitions:
            return DescribeTopicPartitionsResponse(0, topics, DescribeTopicPartitionsResponseCursor(name, end))
    return DescribeTopicPartitionsResponse(0, topics)


def _first(cursor: DescribeTopicPartitionsRequestCursor | None, name: str) -> int:
    return cursor.partition_index if cursor is not None and cursor.topic_name == name else 0


def _unknown(name: str, error: ErrorCode, operations: int) -> DescribeTopicPartitionsResponseTopic:
    return DescribeTopicPartitionsResponseTopic(error, name, ZERO_UUID, name in names.INTERNAL, [], operations)
