"""OffsetCommit, versions 2-10: keep how far a group has read; by topic id in version 10.

Topics and partitions that do not exist are answered on their own, everything else of the request is committed as one or not
at all. Versions 2-4 may set how long the offsets are kept.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from tautolog.core.controller.state import Topic
from tautolog.core.errors import ErrorCode
from tautolog.core.groups.group import CommittedOffset
from tautolog.core.messages.offset_commit import (
    OffsetCommitRequest,
    OffsetCommitRequestPartition,
    OffsetCommitRequestTopic,
    OffsetCommitResponse,
    OffsetCommitResponsePartition,
    OffsetCommitResponseTopic,
)
from tautolog.core.node import Peer, Request

if TYPE_CHECKING:
    from tautolog.core.broker import Broker

KEY = 8
VERSIONS = (2, 10)

_Asked = tuple[OffsetCommitResponseTopic, Topic, list[OffsetCommitRequestPartition]]


def handle(broker: Broker, peer: Peer, request: Request) -> OffsetCommitResponse:  # noqa: ARG001  # every handler is called alike
    """Refuse the partitions that are not there; ask the group about the others, if there are any."""
    body = cast("OffsetCommitRequest", request.body)
    response = OffsetCommitResponse()
    asked: list[_Asked] = []
    for wanted in body.topics:
        answer = OffsetCommitResponseTopic(wanted.name, wanted.topic_id)
        response.topics.append(answer)
        topic, error = _find(broker, request.version, wanted)
        here: list[OffsetCommitRequestPartition] = []
        for part in wanted.partitions:
            if topic is not None and 0 <= part.partition_index < topic.partitions:
                here.append(part)
            else:
                answer.partitions.append(OffsetCommitResponsePartition(part.partition_index, error))
        if topic is not None and here:
            asked.append((answer, topic, here))
    if asked:
        _commit(broker, request.version, body, asked)
    return response


def _find(broker: Broker, version: int, wanted: OffsetCommitRequestTopic) -> tuple[Topic | None, ErrorCode]:
    if version >= 10:
        topic = broker.controller.by_id.get(wanted.topic_id)
        return topic, ErrorCode.UNKNOWN_TOPIC_ID if topic is None else ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
    return broker.controller.topics.get(wanted.name), ErrorCode.UNKNOWN_TOPIC_OR_PARTITION


def _commit(broker: Broker, version: int, body: OffsetCommitRequest, asked: list[_Asked]) -> None:
    offsets = broker.groups.offsets
    now_ms = broker.now.wall_ms
    expires_ms = now_ms + body.retention_time_ms if version <= 4 and body.retention_time_ms != -1 else None
    refused = offsets.check_commit(
        version, body.group_id, body.generation_id_or_member_epoch, body.member_id, body.group_instance_id
    )
    commits: dict[tuple[str, int], CommittedOffset] = {}
    results: list[OffsetCommitResponsePartition] = []
    for answer, topic, parts in asked:
        for part in parts:
            result = OffsetCommitResponsePartition(part.partition_index, refused)
            answer.partitions.append(result)
            metadata = part.committed_metadata or ""
            if not refused and not offsets.metadata_fits(metadata, with_expiry=expires_ms is not None):
                result.error_code = ErrorCode.OFFSET_METADATA_TOO_LARGE
                continue
            results.append(result)
            commits[topic.name, part.partition_index] = CommittedOffset(
                part.committed_offset, part.committed_leader_epoch, metadata, now_ms, expires_ms, topic.topic_id
            )
    if not refused:
        error = offsets.commit(body.group_id, commits)
        for result in results:
            result.error_code = error
