"""ListOffsets: versions 1-11.

A timestamp asks for the first record stamped with it or later. Special timestamps: -1 latest, -2 earliest, -3 the record with
the largest timestamp (from 7), -4 earliest on this disk (8), -5 latest in tiered storage (9), -6 earliest not yet uploaded
there (11). Nothing is tiered here, so -4 is -2, and -5 and -6 find nothing. What a version does not know is 35.

Not here: `timeout_ms` (nothing is awaited); `replica_id` (a follower gets what a consumer gets, as long as there is one replica).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tautolog.core.errors import ErrorCode
from tautolog.core.messages.list_offsets import (
    ListOffsetsPartition,
    ListOffsetsPartitionResponse,
    ListOffsetsRequest,
    ListOffsetsResponse,
    ListOffsetsTopicResponse,
)
from tautolog.core.node import Peer, Request
from tautolog.core.partition.leader import Partition
from tautolog.core.ports import StorageError

if TYPE_CHECKING:
    from tautolog.core.broker import Broker

KEY = 2
VERSIONS = (1, 11)

LATEST: Final = -1
EARLIEST: Final = -2
MAX_TIMESTAMP: Final = -3
EARLIEST_LOCAL: Final = -4
LATEST_TIERED: Final = -5
EARLIEST_PENDING_UPLOAD: Final = -6

_SINCE: Final = {
    LATEST: 1,
    EARLIEST: 1,
    MAX_TIMESTAMP: 7,
    EARLIEST_LOCAL: 8,
    LATEST_TIERED: 9,
    EARLIEST_PENDING_UPLOAD: 11,
}
_READ_COMMITTED: Final = 1


def handle(broker: Broker, peer: Peer, request: Request) -> ListOffsetsResponse:  # noqa: ARG001  # every handler is called alike
    """Look up every partition named; one named twice is 42."""
    body = request.body
    assert isinstance(body, ListOffsetsRequest)
    named: dict[tuple[str, int], int] = {}
    for topic in body.topics:
        for wanted in topic.partitions:
            key = topic.name, wanted.partition_index
            named[key] = named.get(key, 0) + 1
    answers: dict[str, dict[int, ListOffsetsPartitionResponse]] = {}
    for topic in body.topics:
        of_topic = answers.setdefault(topic.name, {})
        for wanted in topic.partitions:
            index = wanted.partition_index
            if named[topic.name, index] > 1:
                answer = ListOffsetsPartitionResponse(index, ErrorCode.INVALID_REQUEST)
            elif wanted.timestamp < 0 and request.version < _SINCE.get(wanted.timestamp, request.version + 1):
                answer = ListOffsetsPartitionResponse(index, ErrorCode.UNSUPPORTED_VERSION)
            else:
                partition = broker.replicas.get(topic.name, index)
                answer = look_up(partition, wanted, committed=body.isolation_level == _READ_COMMITTED)
            of_topic[index] = answer
    return ListOffsetsResponse(
        0, [ListOffsetsTopicResponse(name, list(found.values())) for name, found in answers.items()]
    )


def look_up(
    partition: Partition | None, wanted: ListOffsetsPartition, *, committed: bool
) -> ListOffsetsPartitionResponse:
    """The offset that a timestamp, or one of the special ones, stands for."""
    index, timestamp = wanted.partition_index, wanted.timestamp
    if partition is None:
        return ListOffsetsPartitionResponse(index, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
    error = partition.check_epoch(wanted.current_leader_epoch)
    if error:
        return ListOffsetsPartitionResponse(index, error)
    log = partition.log
    end = partition.last_stable_offset if committed else partition.high_watermark
    if timestamp == LATEST:
        return ListOffsetsPartitionResponse(index, 0, -1, end, partition.leader_epoch)
    if timestamp in {EARLIEST, EARLIEST_LOCAL}:
        return ListOffsetsPartitionResponse(index, 0, -1, log.start_offset, log.epochs.epoch_at(log.start_offset))
    if timestamp in {LATEST_TIERED, EARLIEST_PENDING_UPLOAD}:
        return ListOffsetsPartitionResponse(index)
    try:
        found = log.max_timestamp() if timestamp == MAX_TIMESTAMP else log.lookup_timestamp(timestamp)
    except StorageError:
        return ListOffsetsPartitionResponse(index, ErrorCode.KAFKA_STORAGE_ERROR)
    if found is None or found.offset >= end:
        return ListOffsetsPartitionResponse(index)
    return ListOffsetsPartitionResponse(index, 0, found.timestamp, found.offset, found.leader_epoch)
