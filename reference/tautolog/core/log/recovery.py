"""Come up from whatever a crash has left of a log: what was synced is kept, what follows is believed batch by batch.

Up to the recovery point of the checkpoint everything is known to be durable and is not looked at. From there on each batch
must be whole, have the right checksum and not fall back to an offset that has passed; at the first that does not, the log
ends, and one line says in which file and where. Nothing is kept behind that: it was never synced as a whole. Indexes, leader
epochs and producers are brought up to that end, and what was cut or found is made durable before anybody reads it.
"""

from __future__ import annotations

from bisect import bisect_right

from tautolog.core.log.checkpoint import FILE, Checkpoint
from tautolog.core.log.compaction import finish_swaps
from tautolog.core.log.config import LogConfig
from tautolog.core.log.epochs import FILE as EPOCHS_FILE
from tautolog.core.log.epochs import EpochCache
from tautolog.core.log.producers import ProducerStates
from tautolog.core.log.scan import scan
from tautolog.core.log.segment import INDEX, LOG, SNAPSHOT, TIMEINDEX, Report, Segment, file_name, offsets_of
from tautolog.core.ports import Instant, Storage
from tautolog.core.records.errors import RecordsError


def replay_producers(storage: Storage, folder: str, segments: list[Segment], end_offset: int) -> ProducerStates:
    """The state of all producers at `end_offset`: the best snapshot at or below it, and the batches from there on."""
    states = ProducerStates()
    from_offset = 0
    for offset in reversed(offsets_of(storage.list(folder), SNAPSHOT)):
        path = file_name(folder, offset, SNAPSHOT)
        if offset <= end_offset and states.load(storage.read(path, 0, storage.size(path))):
            from_offset = offset
            break
    starts = [segment.base_offset for segment in segments]
    for segment in segments[max(bisect_right(starts, from_offset) - 1, 0) :]:
        for _, batch, chunk in segment.walk(from_offset):
            if batch.base_offset >= from_offset and batch.last_offset < end_offset:
                states.observe(batch, chunk)
    states.changed = True
    return states


class Recovery:
    """One coming up: `run` fills the public attributes from the folder."""

    def __init__(self, storage: Storage, folder: str, config: LogConfig, report: Report, now: Instant) -> None:
        self.segments: list[Segment] = []
        self.checkpoint = Checkpoint()
        self.epochs = EpochCache()
        self.producers = ProducerStates()
        self.start_offset = 0
        self.end_offset = 0
        self.scanned_bytes = 0
        self.snapshots: list[int] = []
        self._storage = storage
        self._folder = folder
        self._config = config
        self._report = report
        self._now = now
        self._cut = False
        self._states_from = 0  # producers know everything below this offset

    def run(self) -> None:
        """Do it. Raises `StorageError` if the disk refuses."""
        names = finish_swaps(self._storage, self._folder, self._storage.list(self._folder))
        known = self._read_checkpoint(names)
        bases = offsets_of(names, LOG)
        self.checkpoint = known or Checkpoint()
        self.start_offset = self.checkpoint.start_offset
        if known is None and bases and (FILE in names or EPOCHS_FILE in names):
            self.start_offset = bases[0]  # there has been a checkpoint, so the start may have been moved
        self._find_segments(self._trusted(bases), names)
        self._read_producers(names)
        if self.segments:
            starts = [segment.base_offset for segment in self.segments]
            first = max(bisect_right(starts, self.checkpoint.segment) - 1, 0)
            size = self.segments[first].size
            self._begin(self.segments[first])
            self._read_epochs(names, self.segments[: first + 1])
            self._scan(first, size)
        else:
            self.end_offset = self.checkpoint.recovery_point
            self._read_epochs(names, [])
        if self.end_offset < self.start_offset or not self.segments:
            self._empty()
        if self.end_offset < self._states_from:
            self.producers = replay_producers(self._storage, self._folder, self.segments, self.end_offset)
        self.epochs.truncate_from_end(self.end_offset)
        self.epochs.truncate_from_start(self.start_offset)
        self._keep_snapshots(offsets_of(names, SNAPSHOT))
        if self._cut:
            self._storage.sync_all()

    def _read(self, name: str) -> bytes:
        path = f"{self._folder}/{name}"
        return bytes(self._storage.read(path, 0, self._storage.size(path)))

    def _read_checkpoint(self, names: list[str]) -> Checkpoint | None:
        if FILE not in names:
            return None
        known = Checkpoint.decode(self._read(FILE))
        if known is None:
            self._report("warning", f"{self._folder}/{FILE} is damaged: the whole log is scanned")
        return known

    def _trusted(self, bases: list[int]) -> list[int]:
        """The segments, unless the log does not begin where it should: what follows a gap was never synced, or it is lost."""
        if not bases or bases[0] <= self.start_offset:
            return bases
        if bases[0] <= self.checkpoint.recovery_point:
            self._report("error", f"{self._folder}: everything below offset {bases[0]} is lost")
            self.start_offset = bases[0]
            return bases
        line = f"{self._folder}: starts at offset {bases[0]}, what came before was not synced: {len(bases)} segments dropped"
        self._report("warning", line)
        for base in reversed(bases):
            self._storage.remove(file_name(self._folder, base, LOG))
        self._cut = True
        return []

    def _find_segments(self, bases: list[int], names: list[str]) -> None:
        indexed = [base for base in offsets_of(names, INDEX) if f"{base:020d}{TIMEINDEX}" in names]
        for suffix in (INDEX, TIMEINDEX):
            for base in offsets_of(names, suffix):
                if base not in bases:
                    self._storage.remove(file_name(self._folder, base, suffix))
        for base, following in zip(bases, [*bases[1:], None] if bases else [], strict=True):
            segment = Segment(
                self._storage,
                self._report,
                self._folder,
                base,
                interval=self._config.index_interval_bytes,
                now_ms=self._now.wall_ms,
            )
            if following is not None and following <= self.start_offset:
                segment.remove()  # deleted before the crash, though not all of it got that far
            else:
                segment.found(self._storage.size(segment.log_path), indexed=base in indexed)
                self.segments.append(segment)

    def _read_producers(self, names: list[str]) -> None:
        """The state at the recovery point: the snapshot that the checkpoint names, or nobody."""
        offset = self.checkpoint.snapshot
        self._states_from = max(self.checkpoint.recovery_point, offset)
        if offset < 0:
            return
        name = f"{offset:020d}{SNAPSHOT}"
        if name not in names or not self.producers.load(self._read(name)):
            self._report("warning", f"{self._folder}/{name} is missing or damaged: producers are read from the log")
            self._states_from = 2**63  # not even the recovery point: replay when the end is known

    def _read_epochs(self, names: list[str], below: list[Segment]) -> None:
        """The epochs below the offset at which the scan begins; from the batches if the file is gone."""
        point = self.end_offset
        if EPOCHS_FILE in names:
            if self.epochs.load(self._read(EPOCHS_FILE)):
                self.epochs.truncate_from_end(point)
                return
            self._report("warning", f"{self._folder}/{EPOCHS_FILE} is damaged: epochs are read from the log")
        if point <= self.start_offset:
            return
        for segment in below:
            for _, batch, _ in segment.walk(self.start_offset):
                if batch.base_offset < point and batch.leader_epoch > self.epochs.latest:
                    self.epochs.assign(batch.leader_epoch, batch.base_offset)

    def _keep_snapshots(self, offsets: list[int]) -> None:
        """Those above the end speak of batches that are gone."""
        for offset in offsets:
            if offset <= self.end_offset:
                self.snapshots.append(offset)
            else:
                self._storage.remove(file_name(self._folder, offset, SNAPSHOT))
                self._cut = True

    def _begin(self, segment: Segment) -> None:
        """Take up the first segment at the recovery point, or at its start if it is not as the checkpoint says."""
        point, size = self.checkpoint, segment.size
        self.end_offset = point.recovery_point
        if segment.base_offset == point.segment and size >= point.position > 0:
            largest = (point.max_timestamp, point.max_offset)
            if segment.resume(point.position, point.index_entries, point.time_entries, largest):
                return
            self._report("warning", f"{segment.log_path}: index missing or damaged, built anew")
        elif point.recovery_point > segment.base_offset:
            line = f"{segment.log_path}: not all that was synced up to offset {point.recovery_point} is there: scanned anew"
            self._report("error", line)
        segment.restart()
        self.end_offset = segment.base_offset

    def _scan(self, first: int, size: int) -> None:
        """Walk what lies behind the recovery point, and end the log where it ends. `size` is that of the first file."""
        for index, segment in enumerate(self.segments[first:], first):
            if index > first:
                before = self.segments[index - 1]
                if segment.base_offset != self.end_offset:
                    why = f"the next segment starts at offset {segment.base_offset}"
                    self._end(index - 1, before.size, why)
                    return
                before.finish()
                size = segment.size
                segment.restart()
            position = segment.size
            try:
                self._walk(segment, position, size)
            except RecordsError as error:
                self._end(index, size, str(error))
                return
            finally:
                self.scanned_bytes += segment.size - position
                segment.dirty = segment.size > position

    def _walk(self, segment: Segment, position: int, size: int) -> None:
        epochs, producers, states_from, end = self.epochs, self.producers, self._states_from, self.end_offset
        try:
            for at, batch, chunk in scan(self._storage, segment.log_path, position, size, verify=True):
                if batch.base_offset < end or batch.last_offset_delta < 0:
                    raise RecordsError(f"offset {batch.base_offset} follows {end - 1}")
                if batch.leader_epoch > epochs.latest:
                    epochs.assign(batch.leader_epoch, batch.base_offset)
                if batch.producer_id >= 0 and batch.base_offset >= states_from:
                    producers.observe(batch, chunk)
                segment.note(batch, at)
                end = batch.next_offset
        finally:
            self.end_offset = end

    def _end(self, index: int, size: int, why: str) -> None:
        """The log ends in this segment, behind what was noted of it: cut the rest and drop the segments behind."""
        segment, later = self.segments[index], self.segments[index + 1 :]
        kept = segment.size
        line = (
            f"{segment.log_path}: cut at position {kept}, offset {self.end_offset}: {why}; {size - kept} bytes dropped"
        )
        if later:
            line += f", and {len(later)} segments behind"
        self._report("warning", line)
        self._cut = True
        del self.segments[index + 1 :]
        for behind in reversed(later):
            behind.remove()
        if size > kept:
            self._storage.truncate(segment.log_path, kept)

    def _empty(self) -> None:
        """Nothing at or behind the start offset is left: go on where offsets were not given out yet."""
        end = max(self.start_offset, self.checkpoint.recovery_point)
        if self.checkpoint.recovery_point > self.start_offset or self.segments:
            self._report("error", f"{self._folder}: everything below offset {end} is lost")
        for segment in reversed(self.segments):
            segment.remove()
            self._cut = True
        self.segments.clear()
        self.start_offset = self.end_offset = end
