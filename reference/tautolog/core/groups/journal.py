"""The log of this room: records go to the partition of `__consumer_offsets` that a group's id names, and come back at start.

A change is written here before it is made in memory and answered, so that what was answered survives a restart. When the
disk refuses, the writer gets an error code and changes nothing. A partition that cannot be read whole is not served at all:
an offset that is missing for a moment would send its consumer back to the beginning.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from tautolog.core.controller.names import OFFSETS_TOPIC
from tautolog.core.errors import ErrorCode
from tautolog.core.ports import StorageError

if TYPE_CHECKING:
    from tautolog.core.broker import Broker

_BATCH_OVERHEAD = 61
_RECORD_OVERHEAD = 32  # more than a record's own lengths and deltas ever take


@lru_cache(maxsize=1024)
def partition_of(group_id: str, partitions: int) -> int:
    """The partition that holds a group: Java's hash of the id, made positive, modulo their number.

    >>> [partition_of(group_id, 50) for group_id in ("", "orders", "order-processor", "größe")]
    [0, 31, 23, 7]
    """
    value = 0
    raw = group_id.encode("utf-16-be", "surrogatepass")
    for high, low in zip(raw[::2], raw[1::2], strict=True):
        value = (31 * value + (high << 8 | low)) & 0xFFFFFFFF
    if value >= 0x80000000:
        value = 0x100000000 - value
    return value % partitions if value < 0x80000000 else 0


class Journal:
    """The partitions of `__consumer_offsets`, as a place to write records of groups to."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._refused = False
        self.unread: dict[int, None] = {}
        """The partitions that could not be read yet."""

    def partitions(self) -> int:
        """How many partitions the topic has; 0 until FindCoordinator has made it."""
        topic = self._broker.controller.topics.get(OFFSETS_TOPIC)
        return topic.partitions if topic is not None else 0

    def check(self, group_id: str) -> ErrorCode:
        """Whether this broker coordinates the group, and knows all of it."""
        partitions = self.partitions()
        if not partitions:
            return ErrorCode.NOT_COORDINATOR
        if self.unread and partition_of(group_id, partitions) in self.unread:
            return ErrorCode.COORDINATOR_LOAD_IN_PROGRESS
        return ErrorCode.NONE

    def write(self, group_id: str, records: list[tuple[bytes | None, bytes | None]]) -> ErrorCode:
        """Append the records of one group as one batch, all or nothing; say why not.

        COORDINATOR_NOT_AVAILABLE makes clients try again, which is right while a disk is full.
        """
        partitions = self.partitions()
        if not partitions:
            return ErrorCode.NOT_COORDINATOR
        partition = self._broker.replicas.get(OFFSETS_TOPIC, partition_of(group_id, partitions))
        if partition is None:
            return ErrorCode.COORDINATOR_NOT_AVAILABLE
        size = sum(len(key or b"") + len(value or b"") + _RECORD_OVERHEAD for key, value in records) + _BATCH_OVERHEAD
        if size > partition.log.config.max_message_bytes:
            return ErrorCode.UNKNOWN_SERVER_ERROR
        try:
            partition.append_internal(records, self._broker.now)
        except StorageError as error:
            if not self._refused:
                self._broker.report("error", f"groups cannot be written to {OFFSETS_TOPIC}-{partition.index}: {error}")
            self._refused = True
            return ErrorCode.COORDINATOR_NOT_AVAILABLE
        self._refused = False
        return ErrorCode.NONE

    def replay(self, index: int) -> dict[bytes, bytes]:
        """The last value of every key in one partition that was not deleted, in the order in which the keys appeared.

        That is what compaction would leave. Raises `StorageError` or `RecordsError` if it cannot be read to its end.
        """
        latest: dict[bytes, bytes] = {}
        partition = self._broker.replicas.get(OFFSETS_TOPIC, index)
        if partition is None:
            raise StorageError("the partition is not there")
        for record in partition.log.records(partition.log.start_offset):
            if record.key is None:
                continue
            if record.value is not None:
                latest[record.key] = record.value
            else:
                latest.pop(record.key, None)
        return latest
