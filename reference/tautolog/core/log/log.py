"""One partition's log: an ordered sequence of record batches over a `Storage`, and everything kept beside it.

It assigns nothing and validates nothing that a client sends: base offset, leader epoch and time are written into the batch
before it comes here. It knows no replicas: the high watermark is handed in to be remembered.

An append writes one file, that of the active segment. Indexes, leader epochs and producers are digests of the batches: they
live in memory and are written by `checkpoint`, which first makes durable what they speak of. Files have Kafka's names; they
come with the first append, so that an empty partition costs nothing.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from struct import Struct
from typing import Final

from tautolog.core.errors import InvariantBroken
from tautolog.core.log.checkpoint import FILE, Checkpoint
from tautolog.core.log.compaction import Cleaner, Round, choose, settle
from tautolog.core.log.config import LogConfig
from tautolog.core.log.epochs import FILE as EPOCHS_FILE
from tautolog.core.log.epochs import EpochCache
from tautolog.core.log.lookup import TimestampOffset, first_at, newest
from tautolog.core.log.producers import ProducerStates
from tautolog.core.log.recovery import Recovery, replay_producers
from tautolog.core.log.retention import count_expired
from tautolog.core.log.segment import MAX_RELATIVE_OFFSET, SNAPSHOT, Report, Segment, file_name
from tautolog.core.messages._base import Buffer
from tautolog.core.ports import Instant, Storage, StorageError
from tautolog.core.records.batch import HEADER_SIZE, OVERHEAD, Batch
from tautolog.core.records.errors import RecordsError
from tautolog.core.records.record import Record, batch_records

_WALK: Final = Struct(">qi11xi")
"""Base offset, length and last offset delta: all that finding one's way through batches takes."""
_CURSORS: Final = 64


class Log:
    """The log in `folder`; `open` first. `report(level, text)` takes one line for the operator.

    Any method that touches the disk may raise `StorageError`; the log is then as it was before the call.
    """

    def __init__(self, storage: Storage, folder: str, config: LogConfig, report: Report) -> None:
        self.folder = folder
        self.config = config
        """May be replaced at any time by one with other values."""
        self.start_offset = 0
        self.end_offset = 0
        self.size_bytes = 0
        self.high_watermark = 0
        """As of the last `checkpoint`, or as recovered by `open`; never above `end_offset`."""
        self.unflushed_bytes = 0
        """Appended since the last checkpoint: what a restart after a crash would have to scan."""
        self.epochs = EpochCache()
        self.producers = ProducerStates()
        self._storage = storage
        self._report = report
        self._segments: list[Segment] = []
        self._bases: list[int] = []
        self._active: Segment | None = None
        self._durable = Checkpoint()
        self._snapshots: list[int] = []
        self._snapshot_at = -1  # the newest one, which holds unless `producers.changed`
        self._cleaned_to = 0
        self._uncleanable = False
        self._cleaner: Cleaner | None = None
        self._round: Round | None = None
        self._sync_failed = False
        # offset -> where its batch starts: the ends of the last reads, where readers go on
        self._cursors: dict[int, tuple[Segment, int]] = {}

    @property
    def recovery_point(self) -> int:
        """Everything below this offset is known to be durable."""
        return self._durable.recovery_point

    @property
    def segments(self) -> list[Segment]:
        """The segments, oldest first; the last one is the active one. Not to be changed."""
        return self._segments

    # coming up, and going down

    def open(self, now: Instant) -> None:
        """Come up from whatever is in the folder: recover, and report what had to be cut."""
        recovery = Recovery(self._storage, self.folder, self.config, self._report, now)
        recovery.run()
        for segment in recovery.segments:
            if segment.dirty:
                self._storage.sync(segment.log_path)  # nobody shall read what the next power cut could take back
                segment.dirty = False
        self._install(recovery.segments)
        self._durable = recovery.checkpoint
        self._snapshots = recovery.snapshots
        self._snapshot_at = recovery.checkpoint.snapshot
        self._cleaned_to = min(recovery.checkpoint.cleaned_to, recovery.end_offset)
        self.epochs = recovery.epochs
        self.producers = recovery.producers
        self.start_offset = recovery.start_offset
        self.end_offset = recovery.end_offset
        self.unflushed_bytes = recovery.scanned_bytes
        self.high_watermark = min(max(recovery.checkpoint.high_watermark, self.start_offset), self.end_offset)

    def checkpoint(self, high_watermark: int) -> None:
        """Make what was appended durable and remember it as such, with the high watermark. Blocks for the disk.

        After a crash `open` scans only what was appended since.
        """
        self.high_watermark = high_watermark
        active = self._active
        if active is None or self._sync_failed:
            self._write_checkpoint(self._durable)
            return
        first = max(bisect_right(self._bases, self._durable.segment) - 1, 0)
        for segment in self._segments[first:]:
            if segment.dirty:
                self._sync(segment)
            segment.save()
        if self.epochs.changed:
            self._storage.replace(f"{self.folder}/{EPOCHS_FILE}", self.epochs.encode())
            self.epochs.changed = False
        snapshot = self._snapshot()
        largest = active.largest
        self._write_checkpoint(
            self._durable._replace(
                recovery_point=self.end_offset,
                segment=active.base_offset,
                position=active.size,
                index_entries=len(active.index),
                time_entries=len(active.times),
                max_timestamp=largest[0],
                max_offset=largest[1],
                snapshot=snapshot,
            )
        )
        self.unflushed_bytes = 0
        self._drop_snapshots()

    def close(self, high_watermark: int) -> None:
        """Checkpoint for the last time: the next `open` scans nothing."""
        self._stop_cleaning()
        self.checkpoint(high_watermark)

    def delete(self) -> None:
        """Remove every file of the log; it must not be used any more."""
        self._stop_cleaning()
        self._install([])
        for name in reversed(self._storage.list(self.folder)):
            self._storage.remove(f"{self.folder}/{name}")

    def _sync(self, segment: Segment) -> None:
        try:
            self._storage.sync(segment.log_path)
        except StorageError as error:
            # the disk may have dropped what it could not write: it will never be known to be there
            self._sync_failed = True
            self._report(
                "error", f"{segment.log_path}: {error}; no recovery point behind {self.recovery_point} any more"
            )
            raise
        segment.dirty = False

    def _write_checkpoint(self, durable: Checkpoint) -> None:
        durable = durable._replace(
            start_offset=self.start_offset, high_watermark=self.high_watermark, cleaned_to=self._cleaned_to
        )
        if durable != self._durable:
            self._storage.replace(f"{self.folder}/{FILE}", durable.encode())
            self._durable = durable

    def _snapshot(self) -> int:
        """Write the producers if they have changed; the offset of the snapshot that holds, -1 if there are none."""
        if self.producers.changed:
            self._write_snapshot(self.end_offset, self.producers)
        return self._snapshot_at

    def _write_snapshot(self, offset: int, producers: ProducerStates) -> None:
        self._storage.replace(file_name(self.folder, offset, SNAPSHOT), producers.encode())
        producers.changed = False
        self._snapshot_at = offset
        if offset not in self._snapshots:
            self._snapshots.append(offset)

    def _drop_snapshots(self) -> None:
        """Keep the one that holds and the one before it, from which a truncation can start."""
        known = sorted(offset for offset in self._snapshots if offset <= self.end_offset)[-2:]
        for offset in self._snapshots:
            if offset not in known:
                self._storage.remove(file_name(self.folder, offset, SNAPSHOT))
        self._snapshots = known

    def _install(self, segments: list[Segment]) -> None:
        """Take over the list of segments, and whatever follows from it."""
        self._segments = segments
        self._bases = [segment.base_offset for segment in segments]
        self._active = segments[-1] if segments else None
        self.size_bytes = sum(segment.size for segment in segments)
        self._cursors.clear()

    # appending

    def append(self, data: Buffer, batches: list[Batch], leader_epoch: int, now: Instant) -> None:
        """Append `data`, made of `batches` (at least one), whose offsets start at or behind `end_offset`.

        `batch.position` counts in `data`. `leader_epoch` is never lower than in an earlier append.
        """
        size = len(data)
        last_offset = batches[-1].last_offset
        segment = self._active
        if segment is None or (segment.size and self._must_roll(segment, size, batches, last_offset, now)):
            segment = self._next_segment(batches, last_offset, now)
        position = segment.size
        if self._storage.append(segment.log_path, data) != position:
            raise InvariantBroken(f"{segment.log_path} is not {position} bytes long")
        if segment is not self._active:
            self._roll(segment)
        if leader_epoch > self.epochs.latest:
            self.epochs.assign(leader_epoch, batches[0].base_offset)
        at = position
        for batch in batches:
            segment.note(batch, at)
            at += batch.size
            if batch.producer_id >= 0:
                self.producers.observe(batch, data)
        if at != position + size:
            raise InvariantBroken(f"{size} bytes are not made of batches of {at - position} bytes")
        segment.dirty = True
        segment.modified_ms = now.wall_ms
        self.end_offset = last_offset + 1
        self.size_bytes += size
        self.unflushed_bytes += size

    def _must_roll(self, segment: Segment, size: int, batches: list[Batch], last_offset: int, now: Instant) -> bool:
        config = self.config
        if (
            segment.size + size > config.segment_bytes
            or last_offset - segment.base_offset > MAX_RELATIVE_OFFSET
            or segment.index_bytes >= config.segment_index_bytes
        ):
            return True
        first = segment.first_timestamp
        if first < 0:
            return now.wall_ms - segment.created_ms > config.roll_ms
        return max(batch.max_timestamp for batch in batches) - first > config.roll_ms

    def _next_segment(self, batches: list[Batch], last_offset: int, now: Instant) -> Segment:
        """It starts where the last one ends, so that recovery can tell a gap from what the cleaner left."""
        base = self.end_offset
        if last_offset - base > MAX_RELATIVE_OFFSET:
            base = batches[0].base_offset
        return self._new_segment(base, now)

    def _new_segment(self, base: int, now: Instant) -> Segment:
        interval = self.config.index_interval_bytes
        return Segment(self._storage, self._report, self.folder, base, interval=interval, now_ms=now.wall_ms)

    def _roll(self, segment: Segment) -> None:
        if self._active is not None:
            self._active.finish()
        self._segments.append(segment)
        self._bases.append(segment.base_offset)
        self._active = segment

    # reading

    def read(self, offset: int, max_bytes: int, end_offset: int, *, at_least_one: bool) -> Buffer:
        """Whole batches, from the one that holds `offset` (or the next one), while they end at or below `end_offset`.

        At most `max_bytes`; with `at_least_one` the first batch comes however large it is. `offset` must lie within
        `start_offset`..`end_offset` of the log. Empty if there is nothing. Where a reader goes on from an earlier read it is
        one read of the storage; elsewhere the batch has to be found first.
        """
        end_offset = min(end_offset, self.end_offset)
        if offset >= end_offset:
            return b""
        cursor = self._cursors.get(offset)
        if cursor is None or cursor[1] >= cursor[0].size:
            cursor = self._find(offset)
            if cursor is None:
                return b""
        segment, position = cursor
        data = self._storage.read(segment.log_path, position, min(max(max_bytes, HEADER_SIZE), segment.size - position))
        limit = min(len(data), max_bytes)
        at = self._skip(segment, position, data, limit, end_offset)
        following, size = -1, HEADER_SIZE
        while at + HEADER_SIZE <= len(data):
            base_offset, length, delta = _WALK.unpack_from(data, at)
            size = length + OVERHEAD
            if size < HEADER_SIZE:
                raise StorageError(f"{segment.log_path} is damaged at position {position + at}")
            following = base_offset
            if at + size > limit or base_offset + delta >= end_offset:
                break
            at += size
            following = base_offset + delta + 1
        if at == 0:
            if following < 0 or not at_least_one or following + delta >= end_offset:
                return b""
            if size > len(data):
                data = self._storage.read(segment.log_path, position, size)
            at = size
            following += delta + 1
        if following >= 0:
            self._remember(following, segment, position + at)
        return data if at == len(data) else memoryview(data)[:at]

    def _skip(self, segment: Segment, position: int, data: Buffer, limit: int, end_offset: int) -> int:
        """How many of the bytes at `position` are whole batches below `end_offset`, as far as the index knows."""
        end = end_offset - segment.base_offset
        while True:
            at, last_offset = segment.index.position_before(position + limit - HEADER_SIZE, end)
            if at <= position:
                return 0
            base_offset, _, delta = _WALK.unpack_from(data, at - position)
            if base_offset + delta - segment.base_offset == last_offset:
                return at - position
            segment.rebuild("damaged")

    def _find(self, offset: int) -> tuple[Segment, int] | None:
        """The first batch whose last offset is at or above `offset`."""
        for segment in self._segments[max(bisect_right(self._bases, offset) - 1, 0) :]:
            for position, _, _ in segment.walk(offset):
                return segment, position
        return None

    def _remember(self, offset: int, segment: Segment, position: int) -> None:
        """A reader will go on at `offset`, most likely."""
        cursors = self._cursors
        cursors[offset] = (segment, position)
        if len(cursors) > _CURSORS:
            del cursors[next(iter(cursors))]

    def batches(self, from_offset: int) -> Iterator[tuple[Batch, Buffer]]:
        """Every batch from the one that holds `from_offset` on, with the buffer in which `batch.position` counts."""
        for segment in self._segments[max(bisect_right(self._bases, from_offset) - 1, 0) :]:
            for _, batch, chunk in segment.walk(from_offset):
                yield batch, chunk

    def batch_at(self, offset: int) -> Batch | None:
        """The header of the first batch whose last offset is at or above `offset`."""
        return next((batch for batch, _ in self.batches(offset)), None)

    def records(self, from_offset: int) -> Iterator[Record]:
        """Every record from `from_offset` on, of a log that holds no compressed batches: to replay the core's own logs."""
        for batch, chunk in self.batches(from_offset):
            for record in batch_records(chunk, batch):
                if record.offset >= from_offset:
                    yield record

    def lookup_timestamp(self, timestamp: int) -> TimestampOffset | None:
        """The first record stamped `timestamp` or later; `lookup` says what that means inside a compressed batch."""
        return first_at(self._segments, timestamp, self.start_offset)

    def max_timestamp(self) -> TimestampOffset | None:
        """The first of the records with the largest timestamp."""
        return newest(self._segments, self.start_offset)

    def end_offset_for_epoch(self, epoch: int) -> tuple[int, int]:
        """OffsetForLeaderEpoch: the largest known epoch not above `epoch` and where it ends; (-1, -1) if unknown."""
        return self.epochs.end_offset_for(epoch, self.end_offset)

    # shortening

    def truncate_to(self, offset: int) -> None:
        """Cut everything from `offset` on; a batch that holds it goes whole. Durable when it returns."""
        offset = max(offset, self.start_offset)
        if offset >= self.end_offset:
            return
        self._stop_cleaning()
        index = max(bisect_right(self._bases, offset) - 1, 0)
        segment = self._segments[index]
        found = next(segment.walk(offset), None)
        position = segment.size if found is None else found[0]
        end = offset if found is None else max(min(found[1].base_offset, offset), self.start_offset)
        states = replay_producers(self._storage, self.folder, self._segments[: index + 1], end)
        if self.recovery_point > end:
            self._retreat(segment, end, states)
        self._cursors.clear()
        self.epochs.truncate_from_end(end)
        self.producers = states
        kept = index + 1 if end > self.start_offset else 0  # nothing left to read: nothing to keep
        while len(self._segments) > kept:
            self._segments[-1].remove()
            dropped = self._segments.pop()
            self._bases.pop()
            self._active = self._segments[-1] if self._segments else None
            self.size_bytes -= dropped.size
            self.end_offset = max(dropped.base_offset, self.start_offset)
        if kept:
            self._storage.truncate(segment.log_path, position)
            self.size_bytes -= segment.size - position
            self.end_offset = end
            segment.cut(position, end)
        self.high_watermark = min(self.high_watermark, end)
        self._cleaned_to = min(self._cleaned_to, end)
        self._drop_snapshots()
        self._storage.sync_all()
        self.checkpoint(self.high_watermark)

    def _retreat(self, segment: Segment, end: int, states: ProducerStates) -> None:
        """Take the recovery point back to where it stays right while everything behind `end` is being cut."""
        self._write_snapshot(end, states)
        self._write_checkpoint(
            self._durable._replace(
                recovery_point=segment.base_offset,
                segment=segment.base_offset,
                position=0,
                index_entries=0,
                time_entries=0,
                max_timestamp=-1,
                max_offset=segment.base_offset,
                snapshot=end,
            )
        )

    def delete_before(self, offset: int) -> None:
        """DeleteRecords: raise `start_offset` to `offset` (at most `end_offset`), durably; whole segments below it go."""
        offset = min(offset, self.end_offset)
        if offset <= self.start_offset:
            return
        count = max(bisect_right(self._bases, offset) - 1, 0)
        self._raise_start(offset, count)

    def retain(self, now: Instant, high_watermark: int | None = None) -> int:
        """Delete the segments that retention by time or size no longer covers; the number of segments deleted.

        Nothing at or above `high_watermark` (default: the end) goes. Also forgets idle producers.
        """
        self.producers.expire(now.wall_ms, self.config.producer_id_expiration_ms)
        count = count_expired(
            self._segments,
            self.config,
            now_ms=now.wall_ms,
            start_offset=self.start_offset,
            end_offset=self.end_offset,
            high_watermark=self.end_offset if high_watermark is None else high_watermark,
        )
        if count == 0:
            return 0
        if count == len(self._segments):
            segment = self._new_segment(self.end_offset, now)
            self._storage.append(segment.log_path, b"")  # its name says where offsets go on
            self._storage.sync(segment.log_path)
            self._roll(segment)
        self._raise_start(max(self.start_offset, self._bases[count]), count)
        return count

    def _raise_start(self, offset: int, count: int) -> None:
        """Move the start of the log, durably, then delete the first `count` segments, of which nothing is left."""
        if count:
            self._stop_cleaning()
            if self._durable.segment < self._bases[count]:
                self.checkpoint(self.high_watermark)  # the recovery point must not lie in what goes
        before = self.start_offset
        self.start_offset = offset
        try:
            self._write_checkpoint(self._durable)
        except StorageError:
            self.start_offset = before
            raise
        self.epochs.truncate_from_start(offset)
        self.high_watermark = max(self.high_watermark, offset)
        gone = self._segments[:count]
        if gone:
            self._install(self._segments[count:])
        for segment in gone:
            try:
                segment.remove()
            except StorageError as error:
                self._report("warning", f"{segment.log_path}: {error}; it is deleted when the log is opened next")

    # compaction

    def compact(self, now: Instant, high_watermark: int | None = None, budget_bytes: int = 1 << 20) -> bool:
        """One slice of the cleaner's work, about `budget_bytes` of reading; True if there is more to do at once.

        Does nothing unless `cleanup.policy` has `compact` and enough of the log is dirty.
        """
        read = 0
        try:
            if self._round is None and not self._start_cleaning(now, high_watermark):
                return False
            while read < budget_bytes and self._round is not None:
                piece = next(self._round, None)
                if piece is None:
                    self._finish_cleaning()
                    return False
                read += piece
        except (StorageError, RecordsError) as error:
            self._uncleanable = isinstance(error, RecordsError)  # it will not get better by trying again
            self._stop_cleaning()
            self._report("warning", f"{self.folder}: compaction stopped: {error}")
            return False
        return True

    def _start_cleaning(self, now: Instant, high_watermark: int | None) -> bool:
        for segment in self._segments:
            settle(self._storage, segment)
        if not self.config.compacts or self._uncleanable:
            return False
        chosen = choose(
            self._segments,
            self.config,
            cleaned_to=self._cleaned_to,
            high_watermark=self.end_offset if high_watermark is None else high_watermark,
            now_ms=now.wall_ms,
        )
        if not chosen:
            return False
        self.checkpoint(self.high_watermark)
        producers = self.producers.producers.values()
        self._cleaner = Cleaner(
            self._storage,
            self._report,
            chosen,
            self.config,
            cleaned_to=max(self._cleaned_to, self.start_offset),
            end_offset=self._bases[len(chosen)],
            now_ms=now.wall_ms,
            last_offsets={known.producer_id: known.batches[-1].last_offset for known in producers if known.batches},
            replace=self._replace,
        )
        self._round = self._cleaner.run()
        return True

    def _replace(self, old: list[Segment], new: Segment) -> None:
        index = self._segments.index(old[0])
        self._install([*self._segments[:index], new, *self._segments[index + len(old) :]])

    def _finish_cleaning(self) -> None:
        if self._cleaner is not None:
            self._cleaned_to = self._cleaner.cleaned_to
        self._stop_cleaning()
        self._write_checkpoint(self._durable)

    def _stop_cleaning(self) -> None:
        """Leave a round where it is: what it has not finished it starts anew."""
        if self._round is not None:
            self._round.close()
        self._round = self._cleaner = None
