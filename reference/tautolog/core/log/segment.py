"""One segment: a file of batches and its two indexes, named by the first offset it may hold.

`note` is called for every batch, whether it is appended or found again by recovery: the indexes that come out are the same.
The indexes of older segments are read when they are first needed, and rebuilt if they are missing or do not fit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from struct import Struct
from typing import Final, TypeAlias

from tautolog.core.log.index import OFFSET_ENTRY, TIME_ENTRY, OffsetIndex, TimeIndex
from tautolog.core.log.scan import scan
from tautolog.core.messages._base import Buffer
from tautolog.core.ports import Storage, StorageError
from tautolog.core.records.batch import HEADER_SIZE, MAGIC, Batch
from tautolog.core.records.errors import RecordsError

Report: TypeAlias = Callable[[str, str], None]

LOG: Final = ".log"
INDEX: Final = ".index"
TIMEINDEX: Final = ".timeindex"
SNAPSHOT: Final = ".snapshot"

MAX_RELATIVE_OFFSET: Final = 0x7FFFFFFF
_DIGITS: Final = 20
_FIRST_TIMESTAMP: Final = Struct(">35xq")
_ENTRY: Final = Struct(">q8xb6xi")


def file_name(folder: str, offset: int, suffix: str) -> str:
    """Kafka's name of a file that belongs to an offset."""
    return f"{folder}/{offset:020d}{suffix}"


def offsets_of(names: list[str], suffix: str) -> list[int]:
    """The offsets in the names of one kind of file, ascending."""
    found = []
    for name in names:
        stem = name[:_DIGITS]
        if name[_DIGITS:] == suffix and stem.isascii() and stem.isdigit():
            found.append(int(stem))
    return found


class Segment:
    """`modified_ms` is the wall clock at the last append that this process saw, or when the log was opened.

    `dirty` says that batches were appended since the last sync; `complete` that none will follow.
    """

    __slots__ = (
        "_first_timestamp",
        "_index_dirty",
        "_indexed",
        "_loaded",
        "_max_offset",
        "_max_timestamp",
        "_report",
        "_storage",
        "_tip",
        "base_offset",
        "complete",
        "created_ms",
        "dirty",
        "folder",
        "index",
        "interval",
        "log_path",
        "modified_ms",
        "size",
        "times",
    )

    def __init__(
        self, storage: Storage, report: Report, folder: str, base_offset: int, *, interval: int, now_ms: int
    ) -> None:
        self._storage = storage
        self._report = report
        self.folder = folder
        self.base_offset = base_offset
        self.log_path = file_name(folder, base_offset, LOG)
        self.size = 0
        self.index = OffsetIndex()
        self.times = TimeIndex()
        self.interval = interval
        self.created_ms = now_ms
        self.modified_ms = now_ms
        self.dirty = False
        self.complete = False
        self._index_dirty = False
        self._indexed = True
        self._loaded = True
        self._tip = 0  # position of the last batch that has an entry in the offset index
        self._first_timestamp: int | None = None
        self._max_timestamp = -1
        self._max_offset = base_offset

    def found(self, size: int, *, indexed: bool) -> None:
        """Stand for a file of `size` bytes that is complete and was not looked into yet, nor its indexes if there are any."""
        self.size = size
        self.complete = True
        self._loaded = False
        self._indexed = indexed

    def path(self, suffix: str) -> str:
        """Of one of the segment's files."""
        return file_name(self.folder, self.base_offset, suffix)

    def note(self, batch: Batch, position: int) -> None:
        """Take in the batch at `position`, right behind all noted before; index it if `interval` bytes passed since the last."""
        last_offset = batch.base_offset + batch.last_offset_delta
        if batch.max_timestamp > self._max_timestamp:
            self._max_timestamp = batch.max_timestamp
            self._max_offset = last_offset
        if position - self._tip > self.interval:
            self._tip = position
            self.index.append(last_offset - self.base_offset, position)
            self.times.append(self._max_timestamp, self._max_offset - self.base_offset)
        elif position == 0:
            self._first_timestamp = batch.max_timestamp
        self.size = position + batch.size

    @property
    def index_bytes(self) -> int:
        """The size of the larger of its two index files, when they are written."""
        return max(len(self.index) * OFFSET_ENTRY, len(self.times) * TIME_ENTRY)

    def finish(self) -> None:
        """No batch will follow: note the largest timestamp even if no index entry is due."""
        self.complete = True
        if self._max_timestamp >= 0:
            self.times.append(self._max_timestamp, self._max_offset - self.base_offset)

    @property
    def first_timestamp(self) -> int:
        """Of the first batch (its max timestamp): what rolling by time counts from. -1 if it has none."""
        if self._first_timestamp is None:
            header = self._storage.read(self.log_path, 0, HEADER_SIZE) if self.size else b""
            self._first_timestamp = -1 if len(header) < HEADER_SIZE else _FIRST_TIMESTAMP.unpack_from(header)[0]
        return self._first_timestamp

    @property
    def largest(self) -> tuple[int, int]:
        """The largest timestamp and the last offset of the first batch that has it; (-1, base offset) if none has any."""
        self.load()
        return self._max_timestamp, self._max_offset

    def remove(self) -> None:
        """Delete the segment's files, the batches last: an index without batches is known to be a left-over."""
        for suffix in (INDEX, TIMEINDEX, LOG):
            self._storage.remove(self.path(suffix))
        if self.log_path != self.path(LOG):  # rewritten, and not in its place yet
            self._storage.remove(self.log_path)

    # indexes on disk

    def save(self) -> None:
        """Write what the index files lack, durably. A complete segment has both files, be they empty."""
        for suffix, index in ((INDEX, self.index), (TIMEINDEX, self.times)):
            content = index.unwritten()
            if content or (self.complete and index.written == 0):
                self._index_dirty = True
                self._storage.append(self.path(suffix), content)
                index.written = len(index)
        if self._index_dirty:
            for suffix, index in ((INDEX, self.index), (TIMEINDEX, self.times)):
                if index.written or self.complete:
                    self._storage.sync(self.path(suffix))
            self._index_dirty = False

    def resume(self, position: int, index_count: int, time_count: int, largest: tuple[int, int]) -> bool:
        """Take the indexes up as they were when the log was `position` bytes long; False if the files have not got them.

        What stands behind them in the files was written but not synced: it is cut off.
        """
        self.restart(keep=(index_count, time_count))
        index = self._read(INDEX, index_count * OFFSET_ENTRY)
        times = self._read(TIMEINDEX, time_count * TIME_ENTRY)
        if index is None or times is None or not self.index.load(index, position) or not self.times.load(times):
            self.restart()
            return False
        self._tip = self.index.last_position
        self._max_timestamp, self._max_offset = largest
        self.size = position
        return True

    def restart(self, keep: tuple[int, int] = (0, 0)) -> None:
        """Forget the indexes, to build them anew by `note`; their files keep `keep` entries."""
        self.index, self.times = OffsetIndex(), TimeIndex()
        self._tip, self._max_timestamp, self._max_offset = 0, -1, self.base_offset
        self._loaded, self.complete = True, False
        self.size = 0
        for suffix, length in ((INDEX, keep[0] * OFFSET_ENTRY), (TIMEINDEX, keep[1] * TIME_ENTRY)):
            path = self.path(suffix)
            if self._storage.size(path) > length:
                self._storage.truncate(path, length)

    def load(self) -> None:
        """Make sure that the indexes are in memory: read them once, or build them anew if they do not fit the segment."""
        if self._loaded:
            return
        index = self._read(INDEX, self._storage.size(self.path(INDEX))) if self._indexed else None
        times = self._read(TIMEINDEX, self._storage.size(self.path(TIMEINDEX))) if self._indexed else None
        if index is None or times is None:
            self.rebuild("missing")
        elif not self.index.load(index, self.size) or not self.times.load(times) or self._lacks_times():
            self.rebuild("damaged")
        else:
            self._loaded = True
            self._tip = self.index.last_position
            self._max_timestamp, relative = self.times.last
            self._max_offset = self.base_offset + relative

    def _lacks_times(self) -> bool:
        return not len(self.times) and self.first_timestamp >= 0

    def rebuild(self, why: str) -> None:
        """Build the indexes anew from the batches. Raises `StorageError` if the batches themselves cannot be read."""
        self._report("info" if why == "missing" else "warning", f"{self.log_path}: index {why}, built anew")
        size, complete = self.size, self.complete
        self.restart()
        try:
            for position, batch, _ in scan(self._storage, self.log_path, 0, size, verify=False):
                self.note(batch, position)
        except RecordsError as error:
            raise StorageError(f"{self.log_path} is damaged at position {self.size}: {error}") from None
        finally:
            self.size, self.complete = size, complete
        if complete:
            self.finish()
            self.save()

    def _read(self, suffix: str, length: int) -> Buffer | None:
        path = self.path(suffix)
        if self._storage.size(path) < length:
            return None
        if length:
            return self._storage.read(path, 0, length)
        return b""

    # finding a batch

    def walk(self, offset: int) -> Iterator[tuple[int, Batch, Buffer]]:
        """The batches from the first one on whose last offset is at or above `offset`, as `scan` gives them."""
        self.load()
        start, upper, known = self.index.around(offset - self.base_offset)
        if known >= 0 and not self.leads(start, known):
            self.rebuild("damaged")
            start, upper, known = self.index.around(offset - self.base_offset)
        piece = max(upper - start, 0) + (1 << 16)
        try:
            for found in scan(self._storage, self.log_path, start, self.size, verify=False, piece=piece):
                if found[1].last_offset >= offset:
                    yield found
        except RecordsError as error:
            raise StorageError(f"{self.log_path} is damaged behind position {start}: {error}") from None

    def leads(self, position: int, relative_offset: int) -> bool:
        """Whether the batch that ends with `relative_offset` stands at `position`, as an index entry claims."""
        header = self._storage.read(self.log_path, position, HEADER_SIZE)
        if len(header) < HEADER_SIZE:
            return False
        base_offset, magic, delta = _ENTRY.unpack_from(header)
        return bool(magic == MAGIC and base_offset + delta - self.base_offset == relative_offset)

    def cut(self, position: int, offset: int) -> None:
        """Forget what stands at or behind `position`, where `offset` begins; the file has been cut there already."""
        self.load()
        self.complete = False
        self.size = position
        self.index.cut(position)
        tip = self.index.around(MAX_RELATIVE_OFFSET)[2]
        self.times.cut_offset(min(offset - self.base_offset, tip + 1))
        self._tip = self.index.last_position
        self._max_timestamp, relative = self.times.last
        self._max_offset = self.base_offset + relative
        for _, batch, _ in scan(self._storage, self.log_path, self._tip, position, verify=False):
            if batch.max_timestamp > self._max_timestamp:
                self._max_timestamp, self._max_offset = batch.max_timestamp, batch.last_offset
        for suffix, length in (
            (INDEX, self.index.written * OFFSET_ENTRY),
            (TIMEINDEX, self.times.written * TIME_ENTRY),
        ):
            if self._storage.size(self.path(suffix)) > length:
                self._storage.truncate(self.path(suffix), length)
