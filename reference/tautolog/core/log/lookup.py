"""Find records by their timestamps (ListOffsets): the first one at or after a time, and the first of the newest.

Inside an uncompressed batch the answer is exact. A compressed batch cannot be looked into: the answer is its base offset for
a time, so that a consumer who seeks there misses nothing but may see some older records first, and its last offset for the
newest; Kafka decompresses and names the record in both cases. Where all records of such a batch have one timestamp (the
broker's append time, or base timestamp equal to max timestamp), or its first record is late enough, the answer is exact here
too.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import NamedTuple

from tautolog.core.log.segment import Segment
from tautolog.core.messages._base import Buffer
from tautolog.core.records.batch import Batch
from tautolog.core.records.record import batch_records


class TimestampOffset(NamedTuple):
    """A record found by its time: its timestamp, its offset, and the leader epoch it was written under (-1 if none)."""

    timestamp: int
    offset: int
    leader_epoch: int


def first_at(segments: Sequence[Segment], timestamp: int, start_offset: int) -> TimestampOffset | None:
    """The first record at or above `start_offset` that is stamped `timestamp` or later."""
    for segment in segments:
        if segment.largest[0] < timestamp:
            continue
        older = segment.times.before(timestamp)
        from_offset = max(start_offset, segment.base_offset + older)
        for _, batch, chunk in segment.walk(from_offset):
            if batch.max_timestamp >= timestamp and batch.last_offset >= start_offset:
                found = _first_in(batch, chunk, timestamp, start_offset)
                if found is not None:
                    return found
    return None


def newest(segments: Sequence[Segment], start_offset: int) -> TimestampOffset | None:
    """The first of the records at or above `start_offset` with the largest timestamp."""
    best: TimestampOffset | None = None
    for segment in segments:
        timestamp, offset = segment.largest
        if timestamp <= (best.timestamp if best else -1):
            continue
        # where the log starts within a segment, its largest may lie below the start: look at all that is left of it
        cut = segment.base_offset < start_offset
        batches = segment.walk(start_offset) if cut else islice(segment.walk(offset), 1)
        for _, batch, chunk in batches:
            found = _newest_in(batch, chunk, start_offset)
            if found is not None and found.timestamp > (best.timestamp if best else -1):
                best = found
    return best


def _first_in(batch: Batch, chunk: Buffer, timestamp: int, start_offset: int) -> TimestampOffset | None:
    if batch.log_append_time:
        return TimestampOffset(batch.max_timestamp, max(batch.base_offset, start_offset), batch.leader_epoch)
    if batch.compression:
        return TimestampOffset(batch.base_timestamp, max(batch.base_offset, start_offset), batch.leader_epoch)
    for record in batch_records(chunk, batch):
        if record.timestamp >= timestamp and record.offset >= start_offset:
            return TimestampOffset(record.timestamp, record.offset, batch.leader_epoch)
    return None


def _newest_in(batch: Batch, chunk: Buffer, start_offset: int) -> TimestampOffset | None:
    latest = batch.max_timestamp
    if batch.log_append_time or (batch.compression and batch.base_timestamp == latest):
        return TimestampOffset(latest, max(batch.base_offset, start_offset), batch.leader_epoch)
    if batch.compression:
        return TimestampOffset(latest, batch.last_offset, batch.leader_epoch)
    best: TimestampOffset | None = None
    for record in batch_records(chunk, batch):
        if record.offset >= start_offset and (best is None or record.timestamp > best.timestamp):
            best = TimestampOffset(record.timestamp, record.offset, batch.leader_epoch)
    return best
