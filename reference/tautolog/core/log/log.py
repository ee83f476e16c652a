"""One partition's log: an ordered sequence of record batches over a `Storage`, and everything kept beside it.

It assigns nothing and validates nothing that a client sends: base offset, leader epoch and time are written into the batch
before it comes here. It knows no replicas: the high watermark is handed in to be remembered.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from tautolog.core.log.config import LogConfig
from tautolog.core.log.epochs import EpochCache
from tautolog.core.log.producers import ProducerStates
from tautolog.core.messages._base import Buffer
from tautolog.core.ports import Instant, Storage, StorageError
from tautolog.core.records.batch import Batch
from tautolog.core.records.record import Record


class TimestampOffset(NamedTuple):
    """A record found by its time: its timestamp, its offset, and the leader epoch it was written under (-1 if none)."""

    timestamp: int
    offset: int
    leader_epoch: int


class Log:
    """The log in `folder`; `open` first. `report(level, text)` takes one line for the operator."""

    def __init__(self, storage: Storage, folder: str, config: LogConfig, report: Callable[[str, str], None]) -> None:
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

    def open(self, now: Instant) -> None:
        """Come up from whatever is in the folder: recover, and report what had to be cut. Raises `StorageError`."""
        raise StorageError("being built")

    def append(self, data: Buffer, batches: list[Batch], leader_epoch: int, now: Instant) -> None:
        """Append `data`, made of `batches` (at least one), whose offsets start at `end_offset`.

        Raises `StorageError`; then nothing has changed, in memory or on disk.
        """
        raise StorageError("being built")

    def read(self, offset: int, max_bytes: int, end_offset: int, *, at_least_one: bool) -> Buffer:
        """Whole batches, from the one that holds `offset` (or the next one), while they end at or below `end_offset`.

        At most `max_bytes`; with `at_least_one` the first batch comes however large it is. `offset` must lie within
        `start_offset`..`end_offset` of the log. Empty if there is nothing.
        """
        raise StorageError("being built")

    def batch_at(self, offset: int) -> Batch | None:
        """The header of the first batch whose last offset is at or above `offset`."""
        raise StorageError("being built")

    def batches(self, from_offset: int) -> Iterator[tuple[Batch, Buffer]]:
        """Every batch from the one that holds `from_offset` on, with the buffer in which `batch.position` counts."""
        raise StorageError("being built")

    def records(self, from_offset: int) -> Iterator[Record]:
        """Every record from `from_offset` on, of a log that holds no compressed batches: to replay the core's own logs."""
        raise StorageError("being built")

    def lookup_timestamp(self, timestamp: int) -> TimestampOffset | None:
        """The first record stamped `timestamp` or later."""
        raise StorageError("being built")

    def max_timestamp(self) -> TimestampOffset | None:
        """The first of the records with the largest timestamp."""
        raise StorageError("being built")

    def end_offset_for_epoch(self, epoch: int) -> tuple[int, int]:
        """OffsetForLeaderEpoch: the largest known epoch not above `epoch` and where it ends; (-1, -1) if unknown."""
        return self.epochs.end_offset_for(epoch, self.end_offset)

    def truncate_to(self, offset: int) -> None:
        """Cut everything from `offset` on; a batch that holds it goes whole. Durable when it returns."""

    def delete_before(self, offset: int) -> None:
        """DeleteRecords: raise `start_offset` to `offset` (at most `end_offset`), durably; whole segments below it go."""

    def retain(self, now: Instant, high_watermark: int | None = None) -> int:
        """Delete the segments that retention by time or size no longer covers; the number of segments deleted.

        Nothing at or above `high_watermark` (default: the end) goes. Also forgets idle producers.
        """
        raise StorageError("being built")

    def compact(self, now: Instant, high_watermark: int | None = None, budget_bytes: int = 1 << 20) -> bool:
        """One slice of the cleaner's work, about `budget_bytes` of reading; True if there is more to do at once."""
        raise StorageError("being built")

    def checkpoint(self, high_watermark: int) -> None:
        """Make what was appended durable and remember it as such, with the high watermark. Blocks for the disk.

        After a crash `open` scans only what was appended since.
        """

    def close(self, high_watermark: int) -> None:
        """Checkpoint for the last time: the next `open` scans nothing."""

    def delete(self) -> None:
        """Remove every file of the log; it must not be used any more."""
