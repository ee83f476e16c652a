"""Walk the batches of a segment file from one position to another, in order, reading it in large pieces.

Recovery walks with `verify` (checksums); rebuilding an index, replay and lookup trust what recovery has accepted. The first
thing that is no batch ends the walk with a `RecordsError` whose text says what it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from tautolog.core.messages._base import Buffer
from tautolog.core.ports import Storage
from tautolog.core.records.batch import HEADER, HEADER_SIZE, MAGIC, OVERHEAD, Batch, check, parse
from tautolog.core.records.errors import RecordsError

PIECE: Final = 1 << 20


def scan(
    storage: Storage, path: str, position: int, end: int, *, verify: bool, piece: int = PIECE
) -> Iterator[tuple[int, Batch, Buffer]]:
    """Each batch in `position`..`end` of the file: its position there, its header, and the buffer that holds it whole.

    `batch.position` counts in that buffer, which is valid as long as the caller keeps it.
    """
    while position < end:
        chunk = storage.read(path, position, min(piece, end - position))
        at, available = 0, len(chunk)
        while available - at >= HEADER_SIZE:
            batch = Batch(at, *HEADER.unpack_from(chunk, at))
            size = batch.size
            if batch.magic != MAGIC or not HEADER_SIZE <= size <= available - at:
                break  # no batch, or not all of it: looked into below, at the start of a piece
            if verify and not check(chunk, at, batch):
                raise RecordsError("wrong checksum")
            yield position + at, batch, chunk
            at += size
        if at == 0:
            chunk = _whole_batch(storage, path, position, end, chunk)
            batch = parse(chunk)
            if verify and not check(chunk, 0, batch):
                raise RecordsError("wrong checksum")
            yield position, batch, chunk
            at = batch.size
        position += at


def _whole_batch(storage: Storage, path: str, position: int, end: int, chunk: Buffer) -> Buffer:
    """What `parse` should judge where a piece does not hold a whole batch: the batch alone, if the file has all of it."""
    if len(chunk) < HEADER_SIZE:
        return chunk
    size = int.from_bytes(chunk[8:OVERHEAD], "big") + OVERHEAD
    return storage.read(path, position, size) if position + size <= end else chunk
