"""What a client may append: everything that is checked before a single byte is written.

The order of the checks is Kafka's, since the first that fails names the error. What a batch's header says is always checked:
its format, size, checksum, kind, compression, base offset, the record count against the last offset delta, the max timestamp
against the topic's bounds, the presence of a sequence number. What only the records themselves could say is checked where it
is needed or cheap:

* keys, when the topic is compacted (a record without one could never be cleaned);
* timestamps one by one, when the header's max timestamp is out of bounds (to name the records) or the topic sets
  `message.timestamp.before.max.ms`;
* that the batch holds exactly as many records as it says, when they are few or large (`_WALK_RECORDS`, `_WALK_BYTES`).

Kafka also parses each record whole and replaces the header's max timestamp by what it finds; in Python that takes ten times
as long as the whole append of small records. A producer whose header and checksum are right but whose records are not is
found out by its consumers. Compressed records are opaque: nothing inside them is checked.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from tautolog.core.errors import ErrorCode
from tautolog.core.log.config import LogConfig
from tautolog.core.messages._base import Buffer
from tautolog.core.records.batch import (
    COMPRESSION_MASK,
    CONTROL,
    HEADER_SIZE,
    LOG_APPEND_TIME,
    OVERHEAD,
    TRANSACTIONAL,
    Batch,
    check,
    parse,
)
from tautolog.core.records.errors import RecordsError
from tautolog.core.records.record import spans
from tautolog.core.records.varint import read_varint

NO_TIMESTAMP: Final = -1
ZSTD: Final = 4
_NEVER_TOO_OLD: Final = 2**63 - 1
_UP_TO_MAGIC: Final = 17
_UP_TO_ATTRIBUTES: Final = 23
_SMALLEST_BATCH: Final = 14
_SMALLEST_RECORD: Final = 7
_WALK_RECORDS: Final = 8
_WALK_BYTES: Final = 512


class Refusal(NamedTuple):
    """Why records may not be appended.

    `message` is for the client's log. `record_errors` names the records at fault, by their index in the batch, where Kafka
    names them. `at_door` says that Kafka refuses them before it looks at the log, and so tells no log start offset.
    """

    code: ErrorCode
    message: str | None = None
    record_errors: list[tuple[int, str]] | None = None
    at_door: bool = False


_INVALID: Final = Refusal(ErrorCode.INVALID_RECORD)
_NO_BATCH: Final = Refusal(ErrorCode.INVALID_RECORD, at_door=True)
_CORRUPT: Final = Refusal(ErrorCode.CORRUPT_MESSAGE, at_door=True)


def marked_transactional(records: Buffer | None) -> bool:
    """Whether the first batch says that it belongs to a transaction; looks at nothing else."""
    return records is not None and len(records) >= _UP_TO_ATTRIBUTES and records[22] & TRANSACTIONAL != 0


def marked_zstd(records: Buffer | None) -> bool:
    """Whether the first batch says that it is compressed with zstd; looks at nothing else."""
    return records is not None and len(records) >= _UP_TO_ATTRIBUTES and records[22] & COMPRESSION_MASK == ZSTD


def only_batch(records: Buffer | None) -> Batch | Refusal:
    """The header of the one batch that `records` must be; bytes after it that cannot be a batch are left alone.

    Nothing is known of the records yet but where they end.
    """
    if not records:
        return _NO_BATCH
    try:
        batch = parse(records)
    except RecordsError as error:
        return _not_a_batch(records, error)
    rest = len(records) - batch.size
    if rest >= OVERHEAD:
        length = int.from_bytes(records[batch.size + 8 : batch.size + OVERHEAD], "big", signed=True)
        if length < _SMALLEST_BATCH or (rest >= _UP_TO_MAGIC and records[batch.size + 16] > 2):
            return _CORRUPT
        if rest >= length + OVERHEAD:
            return Refusal(ErrorCode.INVALID_RECORD, "More than one batch for one partition", at_door=True)
    return batch


def _not_a_batch(records: Buffer, error: RecordsError) -> Refusal:
    """Too short for its own length is no batch at all; a length or format that cannot be is corruption."""
    available = len(records)
    if available >= OVERHEAD:
        length = int.from_bytes(records[8:OVERHEAD], "big", signed=True)
        if length < _SMALLEST_BATCH:
            return Refusal(ErrorCode.CORRUPT_MESSAGE, f"A batch cannot be {length} bytes long", at_door=True)
        if available >= _UP_TO_MAGIC and records[16] > 2:
            return Refusal(ErrorCode.CORRUPT_MESSAGE, str(error), at_door=True)
        if available < length + OVERHEAD:
            return _NO_BATCH
    return Refusal(error.code, at_door=True)


def check_batch(records: Buffer, batch: Batch, config: LogConfig, now_ms: int) -> Refusal | None:
    """Why the batch may not be appended under `config` at wall clock `now_ms`, or None."""
    if batch.base_offset:
        return _INVALID
    if batch.size > config.max_message_bytes:
        return Refusal(ErrorCode.MESSAGE_TOO_LARGE, at_door=True)
    if not check(records, 0, batch):
        return _CORRUPT
    attributes = batch.attributes
    compression = attributes & COMPRESSION_MASK
    if compression > ZSTD:
        return Refusal(ErrorCode.UNSUPPORTED_COMPRESSION_TYPE, f"Compression type {compression} is unknown")
    count = batch.record_count
    if count <= 0 or batch.last_offset_delta != count - 1 or attributes & CONTROL:
        return _INVALID
    if batch.base_sequence < 0 <= batch.producer_id:
        return _INVALID
    if not compression:
        body = batch.size - HEADER_SIZE
        if body < _SMALLEST_RECORD * count:
            return _INVALID
        if (count <= _WALK_RECORDS or body >= _WALK_BYTES * count) and not filled(records, batch.size, count):
            return _INVALID
        if "compact" in config.cleanup_policy and (refusal := _check_keys(records, batch)):
            return refusal
    if config.message_timestamp_type == "LogAppendTime":
        if attributes & LOG_APPEND_TIME:
            return _named(ErrorCode.INVALID_TIMESTAMP, [(0, "Only brokers set the timestamp type LogAppendTime")])
    elif (
        batch.max_timestamp > now_ms + config.message_timestamp_after_max_ms
        or config.message_timestamp_before_max_ms != _NEVER_TOO_OLD
    ) and (refusal := _check_timestamps(records, batch, config, now_ms)):
        return refusal
    if batch.size > config.segment_bytes:
        return Refusal(ErrorCode.RECORD_LIST_TOO_LARGE)
    return None


def filled(records: Buffer, end: int, count: int) -> bool:
    """Whether `count` records, by their own lengths, fill the batch from behind its header to `end`."""
    position = HEADER_SIZE
    try:
        for _ in range(count):
            length = records[position]
            if length & 1:  # zigzag: a negative length
                return False
            if length < 0x80:
                position += 1 + (length >> 1)
                continue
            byte = records[position + 1]
            if byte < 0x80:
                position += 2 + (byte << 6 | (length & 0x7F) >> 1)
                continue
            length, position = read_varint(records, position)
            position += length
    except (IndexError, RecordsError):
        return False
    return position == end


def _check_keys(records: Buffer, batch: Batch) -> Refusal | None:
    try:
        missing = [index for index, span in enumerate(spans(records, batch)) if span.key_end < 0]
    except RecordsError:
        return _INVALID
    if not missing:
        return None
    return _named(
        ErrorCode.INVALID_RECORD, [(index, "A compacted topic takes no record without key") for index in missing]
    )


def _check_timestamps(records: Buffer, batch: Batch, config: LogConfig, now_ms: int) -> Refusal | None:
    """Every record's timestamp against both bounds; of a compressed batch only what its header tells."""
    earliest = now_ms - config.message_timestamp_before_max_ms
    latest = now_ms + config.message_timestamp_after_max_ms
    base = batch.base_timestamp
    if batch.compression:
        stamps = [base, batch.max_timestamp]
    else:
        try:
            stamps = [base + span.timestamp_delta for span in spans(records, batch)]
        except RecordsError:
            return _INVALID
    outside = [
        (index, f"Timestamp {stamp} is not within [{earliest}, {latest}]")
        for index, stamp in enumerate(stamps)
        if stamp != NO_TIMESTAMP and not earliest <= stamp <= latest
    ]
    if not outside:
        return None
    return _named(ErrorCode.INVALID_TIMESTAMP, [] if batch.compression else outside)


def _named(code: ErrorCode, record_errors: list[tuple[int, str]]) -> Refusal:
    reason = "for their timestamps" if code == ErrorCode.INVALID_TIMESTAMP else "for want of a key"
    return Refusal(code, f"One or more records have been refused {reason}", record_errors)
