"""OffsetDelete, version 0: forget committed offsets of topics that a group does not read (any more) (KIP-496)."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from tautolog.core.errors import ErrorCode
from tautolog.core.messages.offset_delete import (
    OffsetDeleteRequest,
    OffsetDeleteResponse,
    OffsetDeleteResponsePartition,
    OffsetDeleteResponseTopic,
)
from tautolog.core.node import Peer, Request

if TYPE_CHECKING:
    from tautolog.core.broker import Broker

KEY = 47
VERSIONS = (0, 0)


def handle(broker: Broker, peer: Peer, request: Request) -> OffsetDeleteResponse:  # noqa: ARG001  # every handler is called alike
    """Refuse partitions that are not there and topics the group reads; forget the others, as far as it has any."""
    body = cast("OffsetDeleteRequest", request.body)
    offsets = broker.groups.offsets
    error = offsets.check_delete(body.group_id)
    if error:
        return OffsetDeleteResponse(error_code=error)
    group = broker.groups.groups[body.group_id]
    response = OffsetDeleteResponse()
    results: list[tuple[str, OffsetDeleteResponsePartition]] = []
    for wanted in body.topics:
        topic = broker.controller.topics.get(wanted.name)
        answer = OffsetDeleteResponseTopic(wanted.name)
        response.topics.append(answer)
        for part in wanted.partitions:
            result = OffsetDeleteResponsePartition(part.partition_index)
            answer.partitions.append(result)
            if topic is None or not 0 <= part.partition_index < topic.partitions:
                result.error_code = ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
            elif group.is_subscribed(wanted.name):
                result.error_code = ErrorCode.GROUP_SUBSCRIBED_TO_TOPIC
            else:
                results.append((wanted.name, result))
    error = offsets.delete(body.group_id, [(name, result.partition_index) for name, result in results])
    for _, result in results:
        result.error_code = error
    return response
