"""The records inside an uncompressed batch: read them one by one, or build a batch of them.

Every length is held inside its record and every record inside its batch; what does not fit is a `RecordsError`. A
compressed batch is refused with UNSUPPORTED_COMPRESSION_TYPE: the core never decompresses. What `build` writes is equal to
the byte to what Kafka's own producers write.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple, TypeAlias

from tautolog.core.errors import ErrorCode
from tautolog.core.messages._base import Buffer
from tautolog.core.records.batch import (
    CONTROL,
    HEADER,
    HEADER_SIZE,
    LOG_APPEND_TIME,
    MAGIC,
    NO_PRODUCER_ID,
    NO_SEQUENCE,
    NO_TIMESTAMP,
    OVERHEAD,
    TRANSACTIONAL,
    Batch,
    batches,
)
from tautolog.core.records.crc32c import crc32c
from tautolog.core.records.errors import RecordsError
from tautolog.core.records.varint import read_unsigned, read_varint, write_varint

Headers: TypeAlias = list[tuple[str, bytes | None]]

_EMPTY: Final = b"\x00"


class Record(NamedTuple):
    """One record as a consumer sees it. `timestamp` is milliseconds since the Unix epoch, -1 for none."""

    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Headers = []  # noqa: RUF012  # never changed: an empty list shared by records without headers


Pair: TypeAlias = tuple[Buffer | None, Buffer | None]
"""A key and a value."""


Fields: TypeAlias = tuple[int, int, int, int, int, int, int, int, int, int, int]
"""A `Span` before it has a name for each of them."""


class Span(NamedTuple):
    """Where one record lies in its buffer, for those who copy it on without taking it apart.

    `tail` is where the key's length starts: from there to `end` the bytes are the same wherever the record stands. A key or
    value that is None has its end at -1.
    """

    start: int
    end: int
    timestamp_delta: int
    offset_delta: int
    tail: int
    key_start: int
    key_end: int
    value_start: int
    value_end: int
    header_count: int
    headers_at: int


def read_span(buffer: Buffer, start: int, limit: int) -> Fields:
    """The fields of the `Span` of the record at `start`, which must end at or before `limit`; headers are not looked into.

    One-byte numbers, nearly all there are, are read in place: a call for each would take twice as long. A zigzag number is
    negative when it is odd, and -1 when it is 1.
    """
    try:
        length, position = buffer[start], start + 1
        if length >= 0x80:
            length, position = read_unsigned(buffer, start)
        end = position + (length >> 1)
        position += 1  # one byte of attributes, unused
        timestamp = buffer[position]
        if timestamp >= 0x80:
            timestamp, position = read_unsigned(buffer, position)
        else:
            position += 1
        offset, tail = buffer[position], position + 1
        if offset >= 0x80:
            offset, tail = read_unsigned(buffer, position)
        key, key_start = buffer[tail], tail + 1
        if key >= 0x80:
            key, key_start = read_unsigned(buffer, tail)
        key_end, position = (-1, key_start) if key & 1 else (key_start + (key >> 1),) * 2
        value, value_start = buffer[position], position + 1
        if value >= 0x80:
            value, value_start = read_unsigned(buffer, position)
        value_end, position = (-1, value_start) if value & 1 else (value_start + (value >> 1),) * 2
        headers, headers_at = buffer[position], position + 1
        if headers >= 0x80:
            headers, headers_at = read_unsigned(buffer, position)
    except IndexError:
        raise RecordsError("a record runs past the end of its batch") from None
    if length & 1 or end > limit:
        raise RecordsError("a record runs past the end of its batch")
    if (key & 1 and key != 1) or (value & 1 and value != 1):
        raise RecordsError("a key or a value has a negative length")
    if headers & 1 or headers >> 1 > end - headers_at or (headers == 0 and headers_at != end):
        raise RecordsError("a record's fields do not fit its length")
    timestamp_delta, offset_delta = timestamp >> 1 ^ -(timestamp & 1), offset >> 1 ^ -(offset & 1)
    return (
        start,
        end,
        timestamp_delta,
        offset_delta,
        tail,
        key_start,
        key_end,
        value_start,
        value_end,
        headers >> 1,
        headers_at,
    )


def read_headers(buffer: Buffer, position: int, count: int, end: int) -> Headers:
    """The `count` headers from `position` on; they must fill the record to its `end`."""
    headers: Headers = []
    for _ in range(count):
        length, start = read_varint(buffer, position)
        position = start + length
        if length < 0 or position > end:
            raise RecordsError("a header's name runs past the end of its record")
        name = bytes(buffer[start:position]).decode(errors="replace")
        length, start = read_varint(buffer, position)
        position = max(start, start + length)
        if length < -1 or position > end:
            raise RecordsError("a header's value runs past the end of its record")
        headers.append((name, bytes(buffer[start:position]) if length >= 0 else None))
    if position != end:
        raise RecordsError("a record's headers do not fit its length")
    return headers


def spans(buffer: Buffer, batch: Batch) -> Iterator[Span]:
    """Where each record of the batch at `batch.position` lies; they must be as many as declared and fill the batch."""
    return map(Span._make, _all_fields(buffer, batch))


def _all_fields(buffer: Buffer, batch: Batch) -> Iterator[Fields]:
    if batch.compression:
        raise RecordsError("the records of a compressed batch", ErrorCode.UNSUPPORTED_COMPRESSION_TYPE)
    position, limit = batch.position + HEADER_SIZE, batch.position + batch.size
    delta, last_delta = -1, batch.last_offset_delta
    for _ in range(batch.record_count):
        fields = read_span(buffer, position, limit)
        position, following = fields[1], fields[3]
        if not delta < following <= last_delta:
            raise RecordsError(f"a record with offset delta {following} follows {delta}")
        delta = following
        yield fields
    if position != limit:
        raise RecordsError(f"a batch of {batch.record_count} records has {limit - position} bytes left over")


def batch_records(buffer: Buffer, batch: Batch) -> Iterator[Record]:
    """The records of the uncompressed batch at `batch.position`."""
    base_offset, base_timestamp = batch.base_offset, batch.base_timestamp
    append_time = batch.max_timestamp if batch.log_append_time else None
    for fields in _all_fields(buffer, batch):
        _, end, timestamp, delta, _, key_start, key_end, value_start, value_end, count, headers_at = fields
        key = bytes(buffer[key_start:key_end]) if key_end >= 0 else None
        value = bytes(buffer[value_start:value_end]) if value_end >= 0 else None
        timestamp = base_timestamp + timestamp if append_time is None else append_time
        headers = read_headers(buffer, headers_at, count, end) if count else []
        yield Record(base_offset + delta, timestamp, key, value, headers)


def records(buffer: Buffer) -> Iterator[Record]:
    """The records of all batches in `buffer`, none of which may be compressed."""
    for batch in batches(buffer):
        yield from batch_records(buffer, batch)


def write_record(
    out: bytearray, timestamp_delta: int, offset_delta: int, key: Buffer | None, value: Buffer | None, headers: Headers
) -> None:
    """Append one record to the body of a batch."""
    body = bytearray(_EMPTY)
    write_varint(body, timestamp_delta)
    write_varint(body, offset_delta)
    for field in (key, value):
        if field is None:
            body.append(1)
        else:
            write_varint(body, len(field))
            body += field
    write_varint(body, len(headers))
    for name, content in headers:
        raw = name.encode()
        write_varint(body, len(raw))
        body += raw
        if content is None:
            body.append(1)
        else:
            write_varint(body, len(content))
            body += content
    write_varint(out, len(body))
    out += body


def build(
    entries: Iterable[Record | Pair],
    *,
    timestamp: int = NO_TIMESTAMP,
    base_offset: int = 0,
    leader_epoch: int = -1,
    producer_id: int = NO_PRODUCER_ID,
    producer_epoch: int = -1,
    base_sequence: int = NO_SEQUENCE,
    transactional: bool = False,
    control: bool = False,
    log_append_time: bool = False,
) -> bytearray:
    """One uncompressed batch of `entries`, at least one, with consecutive offsets from `base_offset` on.

    An entry is a `Record` (its own `offset` is ignored) or a pair of key and value, stamped with `timestamp`. With
    `log_append_time` every record counts as stamped with `timestamp` by the broker.
    """
    out = bytearray(HEADER_SIZE)
    base_timestamp = max_timestamp = None
    count = 0
    key: Buffer | None
    value: Buffer | None
    for entry in entries:
        if isinstance(entry, Record):
            _, stamped, key, value, headers = entry
        else:
            key, value = entry
            stamped, headers = timestamp, []
        if base_timestamp is None or max_timestamp is None:
            base_timestamp = max_timestamp = stamped
        elif stamped > max_timestamp:
            max_timestamp = stamped
        write_record(out, stamped - base_timestamp, count, key, value, headers)
        count += 1
    if base_timestamp is None or max_timestamp is None:
        raise ValueError("a batch holds at least one record")
    attributes = (TRANSACTIONAL if transactional else 0) | (CONTROL if control else 0)
    if log_append_time:
        attributes |= LOG_APPEND_TIME
        max_timestamp = timestamp
    seal(
        out,
        base_offset=base_offset,
        leader_epoch=leader_epoch,
        attributes=attributes,
        last_offset_delta=count - 1,
        base_timestamp=base_timestamp,
        max_timestamp=max_timestamp,
        producer_id=producer_id,
        producer_epoch=producer_epoch,
        base_sequence=base_sequence,
        record_count=count,
    )
    return out


def seal(
    out: bytearray,
    *,
    base_offset: int,
    leader_epoch: int,
    attributes: int,
    last_offset_delta: int,
    base_timestamp: int,
    max_timestamp: int,
    producer_id: int,
    producer_epoch: int,
    base_sequence: int,
    record_count: int,
) -> None:
    """Write the header into the first 61 bytes of `out`, whose records stand behind them, checksum included."""
    fields = (
        attributes,
        last_offset_delta,
        base_timestamp,
        max_timestamp,
        producer_id,
        producer_epoch,
        base_sequence,
        record_count,
    )
    HEADER.pack_into(out, 0, base_offset, len(out) - OVERHEAD, leader_epoch, MAGIC, 0, *fields)
    out[17:21] = crc32c(memoryview(out)[21:]).to_bytes(4, "big")
