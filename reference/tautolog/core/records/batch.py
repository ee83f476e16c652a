"""The header of a record batch, format v2: parse it, check it, assign what the broker assigns, in place.

A compressed batch is opaque here: its header says all that a broker needs. The header is 61 bytes:

    base offset 8 · length 4 · leader epoch 4 · magic 1 · crc 4 · attributes 2 · last offset delta 4 · base timestamp 8 ·
    max timestamp 8 · producer id 8 · producer epoch 2 · base sequence 4 · record count 4

`length` counts from the leader epoch on; the checksum covers everything from the attributes on, so base offset and leader
epoch may be assigned without touching it. Formats 0 and 1 are refused: Kafka 4 writes neither.
"""

from __future__ import annotations

from collections.abc import Iterator
from struct import Struct
from typing import Final

from tautolog.core.errors import ErrorCode
from tautolog.core.messages._base import Buffer
from tautolog.core.records.crc32c import crc32c
from tautolog.core.records.errors import RecordsError

HEADER: Final = Struct(">qiibIhiqqqhii")
HEADER_SIZE: Final = 61
OVERHEAD: Final = 12
"""Bytes before those that `length` counts."""
MAGIC: Final = 2

COMPRESSION_MASK: Final = 0x07
LOG_APPEND_TIME: Final = 0x08
TRANSACTIONAL: Final = 0x10
CONTROL: Final = 0x20
DELETE_HORIZON: Final = 0x40
"""KIP-534: the base timestamp is the time from which on the cleaner may drop this batch's tombstones."""

NO_TIMESTAMP: Final = -1
NO_PRODUCER_ID: Final = -1
NO_SEQUENCE: Final = -1
MAX_SEQUENCE: Final = 0x7FFFFFFF

_CRC_AT: Final = 17
_ATTRIBUTES_AT: Final = 21


class Batch:
    """One parsed header. A plain slotted class: one is made for every batch that passes.

    `position` is where the batch starts in the buffer (or file) it was parsed from; `size` is its length in bytes with all
    of the header. Timestamps are milliseconds since the Unix epoch, -1 for none.
    """

    __slots__ = (
        "attributes",
        "base_offset",
        "base_sequence",
        "base_timestamp",
        "crc",
        "last_offset_delta",
        "leader_epoch",
        "magic",
        "max_timestamp",
        "position",
        "producer_epoch",
        "producer_id",
        "record_count",
        "size",
    )

    def __init__(
        self,
        position: int,
        base_offset: int,
        length: int,
        leader_epoch: int,
        magic: int,
        crc: int,
        attributes: int,
        last_offset_delta: int,
        base_timestamp: int,
        max_timestamp: int,
        producer_id: int,
        producer_epoch: int,
        base_sequence: int,
        record_count: int,
    ) -> None:
        self.position = position
        self.base_offset = base_offset
        self.size = length + OVERHEAD
        self.leader_epoch = leader_epoch
        self.magic = magic
        self.crc = crc
        self.attributes = attributes
        self.last_offset_delta = last_offset_delta
        self.base_timestamp = base_timestamp
        self.max_timestamp = max_timestamp
        self.producer_id = producer_id
        self.producer_epoch = producer_epoch
        self.base_sequence = base_sequence
        self.record_count = record_count

    @property
    def last_offset(self) -> int:
        """The offset of the last record that the batch was built with (the cleaner may have dropped it since)."""
        return self.base_offset + self.last_offset_delta

    @property
    def next_offset(self) -> int:
        """The offset behind the batch."""
        return self.base_offset + self.last_offset_delta + 1

    @property
    def last_sequence(self) -> int:
        """The sequence number of the last record; sequences wrap from 2^31-1 to 0. -1 if the batch has none."""
        if self.base_sequence < 0:
            return NO_SEQUENCE
        return self.base_sequence + self.last_offset_delta & MAX_SEQUENCE

    @property
    def compression(self) -> int:
        """0 none, 1 gzip, 2 snappy, 3 lz4, 4 zstd."""
        return self.attributes & COMPRESSION_MASK

    @property
    def is_control(self) -> bool:
        """Whether its records are markers of the broker, not a client's data."""
        return self.attributes & CONTROL != 0

    @property
    def is_transactional(self) -> bool:
        """Whether it belongs to a transaction."""
        return self.attributes & TRANSACTIONAL != 0

    @property
    def log_append_time(self) -> bool:
        """Whether every record's timestamp is the batch's `max_timestamp`, set by the broker."""
        return self.attributes & LOG_APPEND_TIME != 0

    @property
    def delete_horizon_ms(self) -> int | None:
        """The time from which on tombstones in this batch may go; None before the cleaner first saw them (KIP-534)."""
        return self.base_timestamp if self.attributes & DELETE_HORIZON else None

    def __repr__(self) -> str:
        fields = ", ".join(f"{name}={getattr(self, name)}" for name in self.__slots__)
        return f"Batch({fields})"


def parse(buffer: Buffer, position: int = 0) -> Batch:
    """The header at `position`; the whole batch must lie inside the buffer. Raises `RecordsError`. Reads no records."""
    available = len(buffer) - position
    if available >= HEADER_SIZE:
        batch = Batch(position, *HEADER.unpack_from(buffer, position))
        if batch.magic == MAGIC and HEADER_SIZE <= batch.size <= available:
            return batch
    raise RecordsError(*_what_is_wrong(buffer, position, available))


def _what_is_wrong(buffer: Buffer, position: int, available: int) -> tuple[str, ErrorCode]:
    if available < _CRC_AT:
        return f"{available} bytes are too few for a record batch", ErrorCode.INVALID_RECORD
    magic = buffer[position + _CRC_AT - 1]
    if magic < MAGIC:
        return f"record format v{magic} is not supported, only v2", ErrorCode.INVALID_RECORD
    if magic != MAGIC:
        return f"unknown record format (magic {magic})", ErrorCode.CORRUPT_MESSAGE
    size = int.from_bytes(buffer[position + 8 : position + OVERHEAD], "big", signed=True) + OVERHEAD
    if size < HEADER_SIZE:
        return f"a batch of {size} bytes is smaller than its header", ErrorCode.CORRUPT_MESSAGE
    return f"a batch of {size} bytes has only {available} left", ErrorCode.INVALID_RECORD


def batches(buffer: Buffer, position: int = 0) -> Iterator[Batch]:
    """All headers from `position` to the end; raises `RecordsError` at the first byte that does not belong to one."""
    end = len(buffer)
    while position < end:
        batch = parse(buffer, position)
        yield batch
        position += batch.size


def check(buffer: Buffer, position: int, batch: Batch) -> bool:
    """Whether the checksum of the batch at `position` is right."""
    view = buffer if isinstance(buffer, bytes) else memoryview(buffer)
    return crc32c(view[position + _ATTRIBUTES_AT : position + batch.size]) == batch.crc


def assign(buffer: bytearray | memoryview, batch: Batch, base_offset: int, leader_epoch: int) -> None:
    """Write base offset and leader epoch into the batch at `batch.position`; the checksum does not cover them."""
    position = batch.position
    buffer[position : position + 8] = base_offset.to_bytes(8, "big")
    buffer[position + 12 : position + 16] = leader_epoch.to_bytes(4, "big", signed=True)
    batch.base_offset = base_offset
    batch.leader_epoch = leader_epoch


def stamp(buffer: bytearray | memoryview, batch: Batch, timestamp: int, *, log_append_time: bool) -> None:
    """Set the max timestamp and its type in the batch at `batch.position`, and the checksum that covers them."""
    attributes = batch.attributes | LOG_APPEND_TIME if log_append_time else batch.attributes & ~LOG_APPEND_TIME
    view = memoryview(buffer)[batch.position : batch.position + batch.size]
    view[_ATTRIBUTES_AT : _ATTRIBUTES_AT + 2] = attributes.to_bytes(2, "big", signed=True)
    view[35:43] = timestamp.to_bytes(8, "big", signed=True)
    batch.attributes = attributes
    batch.max_timestamp = timestamp
    batch.crc = crc32c(view[_ATTRIBUTES_AT:])
    view[_CRC_AT:_ATTRIBUTES_AT] = batch.crc.to_bytes(4, "big")
