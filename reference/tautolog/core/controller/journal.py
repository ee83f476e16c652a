"""The metadata log on disk: records in, records out, kept short by snapshots.

It knows how records are stored, never what they mean. The log is an ordinary one in `__cluster_metadata-0`; a snapshot
is a file `OFFSET-EPOCH.checkpoint` beside it that stands for everything below its offset (KIP-630). What `append`
returned from is durable, whatever the fsync policy for clients' records: a topic must not be forgotten while its
records remain.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from struct import Struct
from typing import Final

from tautolog.core.controller.names import METADATA_TOPIC
from tautolog.core.controller.records import MetadataRecord, decode, encode
from tautolog.core.log.config import LogConfig
from tautolog.core.log.log import Log
from tautolog.core.ports import Instant, Storage, StorageError
from tautolog.core.records.batch import batches, check, parse
from tautolog.core.records.errors import RecordsError
from tautolog.core.records.record import batch_records, build

FOLDER: Final = f"{METADATA_TOPIC}-0"

_SNAPSHOT_NAME: Final = re.compile(r"(\d{20})-(\d{10})\.checkpoint")
MAX_BATCH_BYTES: Final = 8 << 20
"""The largest change of metadata that is written, as in Kafka."""

_SEGMENT_BYTES: Final = 4 << 20
_RECORDS_A_BATCH: Final = 1000
_CONTROL_KEY: Final = Struct(">hh")
_HEADER_TYPE: Final = 3
_FOOTER_TYPE: Final = 4
_FOOTER: Final = bytes(3)  # version 0 of the footer, no tagged fields


class TooLarge(Exception):  # noqa: N818  # says what is wrong with the change
    """Records that are too many bytes to be written in one batch."""


class Journal:
    """The metadata log of one controller. `open` first; `epoch` is the leader epoch that this run writes under."""

    def __init__(self, storage: Storage, report: Callable[[str, str], None]) -> None:
        self._storage = storage
        self._log = Log(storage, FOLDER, LogConfig(segment_bytes=_SEGMENT_BYTES, retention_ms=-1), report)
        self._undo_to: int | None = None
        self.epoch = 1
        self.snapshot_bytes = 0
        """The size of the newest snapshot."""
        self.bytes_since_snapshot = 0
        """What a restart would have to replay beside it."""

    @property
    def end_offset(self) -> int:
        """The offset of the next record."""
        return self._log.end_offset

    def open(self, now: Instant) -> Iterator[MetadataRecord]:
        """Every record that counts, oldest first: the newest snapshot's, then the log's behind it.

        Raises `StorageError` where the disk refuses or holds what cannot be read.
        """
        self._log.open(now)
        offset, epoch = 0, 0
        snapshots = self._snapshots()
        try:
            if snapshots:
                name, offset, epoch = snapshots[-1]
                yield from self._read_snapshot(f"{FOLDER}/{name}")
            if not self._log.start_offset <= offset <= self._log.end_offset:
                have = f"{self._log.start_offset} to {self._log.end_offset}"
                raise StorageError(f"{FOLDER}: the log holds {have}, its newest snapshot ends at {offset}")
            for record in self._log.records(offset):
                self.bytes_since_snapshot += len(record.value or b"")
                yield decode(record.value)
        except RecordsError as error:
            raise StorageError(f"{FOLDER}: {error}") from error
        self.epoch = max(epoch, self._log.epochs.latest) + 1

    def append(self, records: Sequence[MetadataRecord], now: Instant) -> None:
        """Write records, all or none, durably. Raises `StorageError` or `TooLarge`; then none is in the log."""
        if self._undo_to is not None:
            self._log.truncate_to(self._undo_to)
            self._undo_to = None
        before = self._log.end_offset
        pairs = [(None, encode(record)) for record in records]
        data = build(pairs, timestamp=now.wall_ms, base_offset=before, leader_epoch=self.epoch)
        if len(data) > MAX_BATCH_BYTES:
            raise TooLarge(f"a change of metadata of {len(data)} bytes")
        self._log.append(data, [parse(data)], self.epoch, now)
        try:
            self._log.checkpoint(self._log.end_offset)
        except StorageError:
            self._undo_to = before
            raise
        self.bytes_since_snapshot += len(data)

    def snapshot(self, records: Sequence[MetadataRecord], now: Instant) -> None:
        """Let `records` stand for the whole log so far, and drop what they stand for. Raises `StorageError`."""
        data = build(
            [(_CONTROL_KEY.pack(0, _HEADER_TYPE), _header(now))],
            timestamp=now.wall_ms,
            leader_epoch=self.epoch,
            control=True,
        )
        offset = 1
        for first in range(0, len(records), _RECORDS_A_BATCH):
            pairs = [(None, encode(record)) for record in records[first : first + _RECORDS_A_BATCH]]
            data += build(pairs, timestamp=now.wall_ms, base_offset=offset, leader_epoch=self.epoch)
            offset += len(pairs)
        footer = [(_CONTROL_KEY.pack(0, _FOOTER_TYPE), _FOOTER)]
        data += build(footer, timestamp=now.wall_ms, base_offset=offset, leader_epoch=self.epoch, control=True)
        older = self._snapshots()
        end = self._log.end_offset
        self._storage.replace(f"{FOLDER}/{end:020d}-{self.epoch:010d}.checkpoint", data)
        self.snapshot_bytes, self.bytes_since_snapshot = len(data), 0
        self._log.delete_before(end)
        for name, offset, _ in older:
            if offset < end:
                self._storage.remove(f"{FOLDER}/{name}")

    def close(self) -> None:
        """A clean stop."""
        self._log.close(self._log.end_offset)

    def _snapshots(self) -> list[tuple[str, int, int]]:
        """Name, offset and epoch of every snapshot, the newest last."""
        found = [(name, _SNAPSHOT_NAME.fullmatch(name)) for name in self._storage.list(FOLDER)]
        named = [(name, int(match[1]), int(match[2])) for name, match in found if match]
        return sorted(named, key=lambda snapshot: snapshot[1:])

    def _read_snapshot(self, path: str) -> Iterator[MetadataRecord]:
        data = self._storage.read(path, 0, self._storage.size(path))
        complete = False
        for batch in batches(data):
            if complete or not check(data, batch.position, batch):
                raise RecordsError(f"{path} is damaged at byte {batch.position}")
            for record in batch_records(data, batch):
                if batch.is_control:
                    complete = record.key is not None and record.key[2:4] == bytes([0, _FOOTER_TYPE])
                else:
                    yield decode(record.value)
        if not complete:
            raise RecordsError(f"{path} has no end")
        self.snapshot_bytes = len(data)


def _header(now: Instant) -> bytes:
    """A snapshot's header, version 0: the time of the last record in it, no tagged fields."""
    return bytes(2) + now.wall_ms.to_bytes(8, "big", signed=True) + bytes(1)
