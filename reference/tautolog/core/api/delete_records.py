"""DeleteRecords: versions 0-2.

Raises the log start offset; -1 stands for the high watermark. Topics whose cleanup policy does not delete refuse it (44), and
so do internal topics (17). `timeout_ms` has nothing to wait for: with one replica the low watermark follows at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tautolog.core.controller.names import INTERNAL
from tautolog.core.errors import ErrorCode
from tautolog.core.messages.delete_records import (
    DeleteRecordsPartition,
    DeleteRecordsPartitionResult,
    DeleteRecordsRequest,
    DeleteRecordsResponse,
    DeleteRecordsTopicResult,
)
from tautolog.core.node import Peer, Request

if TYPE_CHECKING:
    from tautolog.core.broker import Broker

KEY = 21
VERSIONS = (0, 2)

NO_LOW_WATERMARK: Final = -1


def handle(broker: Broker, peer: Peer, request: Request) -> DeleteRecordsResponse:  # noqa: ARG001  # every handler is called alike
    """Delete in every partition named, and answer from which offset on each is readable now."""
    body = request.body
    assert isinstance(body, DeleteRecordsRequest)
    topics = [
        DeleteRecordsTopicResult(topic.name, [_delete(broker, topic.name, wanted) for wanted in topic.partitions])
        for topic in body.topics
    ]
    return DeleteRecordsResponse(0, topics)


def _delete(broker: Broker, topic: str, wanted: DeleteRecordsPartition) -> DeleteRecordsPartitionResult:
    partition = broker.replicas.get(topic, wanted.partition_index)
    if partition is None:
        error = ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
    elif topic in INTERNAL:
        error = ErrorCode.INVALID_TOPIC_EXCEPTION
    else:
        error = partition.delete_records(wanted.offset)
        if not error:
            return DeleteRecordsPartitionResult(wanted.partition_index, partition.log_start_offset)
    return DeleteRecordsPartitionResult(wanted.partition_index, NO_LOW_WATERMARK, error)
