"""The cleaner of compacted logs: of all records with one key only the last stays, and offsets stay as they are.

A round first maps the keys of the dirty part (what came since the last round), then rewrites the segments up to there,
without the records that the map knows a later one for. Records without a value (tombstones) stay until
`delete.retention.ms` after the cleaner first saw them (KIP-534). Never touched: the active segment, whatever is not synced
yet, control batches, and compressed batches, which cannot be looked into and are kept whole. A batch that holds the last
sequence number of a producer, or the last offset of a rewritten segment, stays even if all its records go.

A round is a generator that stops after each slice of work, so that a broker answers in between. Nothing is lost whenever it
ends: a group of segments is rewritten into one `.log.cleaned` file, which becomes `.log.swap` when it is whole and synced;
from then on `finish_swaps` (here, or when the log is opened next) puts it in the place of the group.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from itertools import pairwise
from typing import Final, TypeAlias

from tautolog.core.log.config import LogConfig
from tautolog.core.log.scan import scan
from tautolog.core.log.segment import INDEX, LOG, MAX_RELATIVE_OFFSET, TIMEINDEX, Report, Segment, file_name, offsets_of
from tautolog.core.messages._base import Buffer
from tautolog.core.ports import Storage
from tautolog.core.records.batch import DELETE_HORIZON, HEADER_SIZE, Batch, parse
from tautolog.core.records.record import Span, seal, spans
from tautolog.core.records.varint import write_varint

CLEANED: Final = ".log.cleaned"
SWAP: Final = ".log.swap"
MAX_KEYS: Final = 1_000_000
"""A round maps no more keys than this; what is left is the next round's."""

_PIECE: Final = 1 << 18

Round: TypeAlias = Generator[int, None, None]
"""A cleaning under way: each step gives the number of bytes that it has read."""


def finish_swaps(storage: Storage, folder: str, names: list[str]) -> list[str]:
    """Bring cleanings that a crash interrupted to their end, forward or back; the names in the folder afterwards."""
    if not any(name.endswith((CLEANED, SWAP)) for name in names):
        return names
    for name in names:
        if name.endswith(CLEANED):
            storage.remove(f"{folder}/{name}")
    for base_offset in offsets_of(names, SWAP):
        storage.sync(put_in_place(storage, folder, base_offset))
    return storage.list(folder)


def put_in_place(storage: Storage, folder: str, base_offset: int) -> str:
    """Let the rewritten file take the place of all segments whose offsets it covers; may be repeated after a crash.

    Returns its new name, which is not synced yet.
    """
    swap = file_name(folder, base_offset, SWAP)
    storage.sync(swap)  # nothing may go before it is sure to be found
    end = base_offset
    for _, batch, _ in scan(storage, swap, 0, storage.size(swap), verify=False):
        end = batch.next_offset
    for covered in reversed(offsets_of(storage.list(folder), LOG)):
        if base_offset < covered < end:
            for suffix in (INDEX, TIMEINDEX, LOG):
                storage.remove(file_name(folder, covered, suffix))
    for suffix in (INDEX, TIMEINDEX):
        storage.remove(file_name(folder, base_offset, suffix))
    storage.sync_all()  # the old ones must be gone for good before the new one is no longer known as such
    target = file_name(folder, base_offset, LOG)
    storage.rename(swap, target)
    return target


def choose(
    segments: Sequence[Segment], config: LogConfig, *, cleaned_to: int, high_watermark: int, now_ms: int
) -> list[Segment]:
    """The segments that a round would rewrite now: none while the dirty part is too small a part of the whole."""
    chosen: list[Segment] = []
    clean = dirty = 0
    overdue = False
    for segment, following in pairwise(segments):
        newest = segment.largest[0] if segment.largest[0] >= 0 else segment.modified_ms
        if following.base_offset > high_watermark or now_ms - newest < config.min_compaction_lag_ms:
            break
        chosen.append(segment)
        if following.base_offset <= cleaned_to:
            clean += segment.size
        else:
            dirty += segment.size
            overdue = overdue or now_ms - segment.first_timestamp > config.max_compaction_lag_ms
    if dirty and (overdue or dirty > config.min_cleanable_dirty_ratio * (clean + dirty)):
        return chosen
    return []


def clean_batch(
    buffer: Buffer, batch: Batch, keep: Callable[[bytes | None, int], bool], now_ms: int, delete_retention_ms: int
) -> Buffer | None:
    """An uncompressed batch without the records whose (key, offset) is not kept; None if none is left.

    Tombstones go when the batch's delete horizon has passed; a batch that keeps some and has no horizon gets one.
    """
    horizon = batch.delete_horizon_ms
    drop_tombstones = horizon is not None and now_ms >= horizon
    kept: list[Span] = []
    tombstones = False
    for span in spans(buffer, batch):
        key = bytes(buffer[span.key_start : span.key_end]) if span.key_end >= 0 else None
        if span.value_end < 0 and drop_tombstones:
            continue
        if keep(key, batch.base_offset + span.offset_delta):
            kept.append(span)
            tombstones = tombstones or span.value_end < 0
    if not kept:
        return None
    if len(kept) == batch.record_count and (not tombstones or horizon is not None):
        return memoryview(buffer)[batch.position : batch.position + batch.size]
    attributes, base_timestamp = batch.attributes, batch.base_timestamp
    if tombstones and horizon is None:
        attributes |= DELETE_HORIZON
        base_timestamp = now_ms + delete_retention_ms
    newest = max(span.timestamp_delta for span in kept) + batch.base_timestamp
    return _rewritten(
        buffer, batch, kept, attributes, base_timestamp, batch.max_timestamp if batch.log_append_time else newest
    )


def emptied(batch: Batch) -> bytearray:
    """The batch without records: its offsets, its producer and its sequence numbers stay known."""
    return _rewritten(b"", batch, [], batch.attributes, batch.base_timestamp, batch.max_timestamp)


def _rewritten(
    buffer: Buffer, batch: Batch, kept: list[Span], attributes: int, base_timestamp: int, max_timestamp: int
) -> bytearray:
    out = bytearray(HEADER_SIZE)
    moved = batch.base_timestamp - base_timestamp
    for span in kept:
        if moved == 0:
            out += buffer[span.start : span.end]
            continue
        body = bytearray(1)
        write_varint(body, span.timestamp_delta + moved)
        write_varint(body, span.offset_delta)
        body += buffer[span.tail : span.end]
        write_varint(out, len(body))
        out += body
    seal(
        out,
        base_offset=batch.base_offset,
        leader_epoch=batch.leader_epoch,
        attributes=attributes,
        last_offset_delta=batch.last_offset_delta,
        base_timestamp=base_timestamp,
        max_timestamp=max_timestamp,
        producer_id=batch.producer_id,
        producer_epoch=batch.producer_epoch,
        base_sequence=batch.base_sequence,
        record_count=len(kept),
    )
    return out


class Cleaner:
    """One round over `chosen` segments of a log. `last_offsets` holds the last offset of each producer still known.

    `replace(old, new)` is called when a rewritten segment has taken the place of others on disk; `cleaned_to` is where the
    round has come to when it is done.
    """

    def __init__(
        self,
        storage: Storage,
        report: Report,
        chosen: list[Segment],
        config: LogConfig,
        *,
        cleaned_to: int,
        end_offset: int,
        now_ms: int,
        last_offsets: dict[int, int],
        replace: Callable[[list[Segment], Segment], None],
    ) -> None:
        self.cleaned_to = cleaned_to
        self._storage = storage
        self._report = report
        self._chosen = chosen
        self._config = config
        self._end_offset = end_offset  # of the chosen segments
        self._now_ms = now_ms
        self._last_offsets = last_offsets
        self._replace = replace
        self._map: dict[bytes, int] = {}
        self._mapped_to = cleaned_to

    def run(self) -> Round:
        """The round, slice by slice. Raises `StorageError` and `RecordsError`; the log is then as it was or further."""
        yield from self._map_keys()
        for group in self._groups():
            try:
                yield from self._rewrite(group)
            finally:
                self._storage.remove(group[0].path(CLEANED))
        self.cleaned_to = self._mapped_to

    def _map_keys(self) -> Round:
        dirty_from = self.cleaned_to
        for segment, end in zip(self._chosen, self._ends(), strict=True):
            if end <= dirty_from:
                continue
            read = 0
            for _, batch, chunk in segment.walk(dirty_from):
                if not batch.compression and not batch.is_control:
                    if len(self._map) + batch.record_count > MAX_KEYS and self._map:
                        return
                    for span in spans(chunk, batch):
                        if span.key_end >= 0 and batch.base_offset + span.offset_delta >= dirty_from:
                            key = bytes(chunk[span.key_start : span.key_end])
                            self._map[key] = batch.base_offset + span.offset_delta
                self._mapped_to = batch.next_offset
                read += batch.size
                if read >= _PIECE:
                    yield read
                    read = 0
            self._mapped_to = end
            yield read

    def _ends(self) -> list[int]:
        return [*(segment.base_offset for segment in self._chosen[1:]), self._end_offset]

    def _groups(self) -> Iterator[list[Segment]]:
        """Neighbours that fit into one segment together; only those that the map reaches."""
        group: list[Segment] = []
        size = 0
        for segment, end in zip(self._chosen, self._ends(), strict=True):
            if segment.base_offset >= self._mapped_to:
                break
            too_far = group and end - group[0].base_offset > MAX_RELATIVE_OFFSET
            if group and (size + segment.size > self._config.segment_bytes or too_far):
                yield group
                group, size = [], 0
            group.append(segment)
            size += segment.size
        if group:
            yield group

    def _keeps(self, key: bytes | None, offset: int) -> bool:
        if offset >= self._mapped_to:
            return True
        return key is not None and offset >= self._map.get(key, -1)

    def _cleaned(self, batch: Batch, chunk: Buffer) -> tuple[Buffer | None, bool]:
        """What stays of a batch, and whether that is less than all of it."""
        if batch.compression or batch.is_control:
            return memoryview(chunk)[batch.position : batch.position + batch.size], False
        cleaned = clean_batch(chunk, batch, self._keeps, self._now_ms, self._config.delete_retention_ms)
        if cleaned is None and self._last_offsets.get(batch.producer_id) == batch.last_offset:
            return emptied(batch), batch.record_count > 0
        return cleaned, not isinstance(cleaned, memoryview)

    def _rewrite(self, group: list[Segment]) -> Round:
        storage, path = self._storage, group[0].path(CLEANED)
        target = Segment(
            storage,
            self._report,
            group[0].folder,
            group[0].base_offset,
            interval=self._config.index_interval_bytes,
            now_ms=max(segment.modified_ms for segment in group),
        )
        storage.remove(path)
        out = bytearray()
        changed = len(group) > 1
        dropped: Batch | None = None
        for segment in group:
            read = 0
            for _, batch, chunk in scan(storage, segment.log_path, 0, segment.size, verify=True):
                cleaned, less = self._cleaned(batch, chunk)
                changed = changed or less
                dropped = batch if cleaned is None else None
                if cleaned is not None:
                    target.note(parse(cleaned), target.size)
                    out += cleaned
                read += batch.size
                if read >= _PIECE:
                    storage.append(path, out)
                    out = bytearray()
                    yield read
                    read = 0
            yield read
        if dropped is not None:
            last = emptied(dropped)
            target.note(parse(last), target.size)
            out += last
        if changed:
            storage.append(path, out)
            self._swap(group, target)

    def _swap(self, group: list[Segment], target: Segment) -> None:
        """From here on the rewritten file counts, whatever happens: first under its second name, then under the group's."""
        storage = self._storage
        target.finish()
        storage.sync(target.path(CLEANED))
        storage.rename(target.path(CLEANED), target.path(SWAP))
        target.log_path = target.path(SWAP)
        self._replace(group, target)
        settle(storage, target)


def settle(storage: Storage, segment: Segment) -> None:
    """Give a rewritten segment its final name, if it has not got it yet."""
    if segment.log_path.endswith(SWAP):
        segment.log_path = put_in_place(storage, segment.folder, segment.base_offset)
        storage.sync(segment.log_path)
        segment.save()
