"""The two sparse indexes of a segment, in Kafka's file formats, kept in memory and written out from time to time.

    .index      relative offset 4 · position 4     the last offset of a batch, and where that batch starts
    .timeindex  timestamp 8 · relative offset 4    the largest timestamp so far, and the last offset of the batch that has it

Offsets count from the segment's base offset. Both only help to find things: what is lost or damaged is rebuilt from the
batches, and whoever follows an entry checks that it leads where it says.
"""

from __future__ import annotations

import sys
from array import array
from bisect import bisect_left, bisect_right
from itertools import pairwise
from operator import lt
from struct import Struct
from typing import Final

from tautolog.core.messages._base import Buffer

OFFSET_ENTRY: Final = 8
TIME_ENTRY: Final = 12
_TIME: Final = Struct(">qI")
_TIMESTAMP: Final = Struct(">q")
_SWAP: Final = sys.byteorder == "little"


class OffsetIndex:
    """Offset to position. Two plain arrays, 8 bytes an entry; `written` entries of them are in the file."""

    __slots__ = ("_offsets", "_positions", "written")

    def __init__(self) -> None:
        self._offsets = array("I")
        self._positions = array("I")
        self.written = 0

    def __len__(self) -> int:
        return len(self._offsets)

    @property
    def last_position(self) -> int:
        """Of the last entry, 0 if there is none."""
        return self._positions[-1] if self._positions else 0

    @property
    def entries(self) -> list[tuple[int, int]]:
        """All (relative offset, position)."""
        return list(zip(self._offsets, self._positions, strict=True))

    def append(self, relative_offset: int, position: int) -> None:
        """Note that the batch at `position` ends with `relative_offset`; both larger than all before."""
        self._offsets.append(relative_offset)
        self._positions.append(position)

    def around(self, relative_offset: int) -> tuple[int, int, int]:
        """Where to look for an offset: at or behind the first position, at or before the second.

        The third is the last offset (relative) of the batch at the first position, -1 if that is the start of the file. The
        second is -1 when no entry lies at or above the offset.
        """
        index = bisect_left(self._offsets, relative_offset)
        upper = self._positions[index] if index < len(self._positions) else -1
        if index == 0:
            return 0, upper, -1
        return self._positions[index - 1], upper, self._offsets[index - 1]

    def position_before(self, position: int, relative_end: int) -> tuple[int, int]:
        """The largest indexed position at or below `position` of a batch that ends below `relative_end`, and where it ends.

        (0, -1) if there is none.
        """
        index = min(bisect_right(self._positions, position), bisect_left(self._offsets, relative_end))
        return (self._positions[index - 1], self._offsets[index - 1]) if index else (0, -1)

    def cut(self, position: int) -> int:
        """Drop the entries at or behind `position` of the file; how many are left."""
        keep = bisect_left(self._positions, position)
        del self._offsets[keep:], self._positions[keep:]
        self.written = min(self.written, keep)
        return keep

    def unwritten(self) -> bytes:
        """What the file lacks."""
        count = len(self._offsets) - self.written
        pairs = array("I", bytes(8 * count))
        pairs[0::2] = self._offsets[self.written :]
        pairs[1::2] = self._positions[self.written :]
        if _SWAP:
            pairs.byteswap()
        return pairs.tobytes()

    def load(self, content: Buffer, log_size: int) -> bool:
        """Take over a file's content; False if it cannot be the index of a segment of `log_size` bytes."""
        if len(content) % OFFSET_ENTRY:
            return False
        pairs = array("I")
        pairs.frombytes(bytes(content))
        if _SWAP:
            pairs.byteswap()
        self._offsets, self._positions = pairs[0::2], pairs[1::2]
        self.written = len(self._offsets)
        ascending = all(all(map(lt, column, column[1:])) for column in (self._offsets, self._positions))
        return ascending and self.last_position < max(log_size, 1)


class TimeIndex:
    """Time to offset, kept as the file has it: looked up seldom, appended often."""

    __slots__ = ("_raw", "written")

    def __init__(self) -> None:
        self._raw = bytearray()
        self.written = 0

    def __len__(self) -> int:
        return len(self._raw) // TIME_ENTRY

    @property
    def entries(self) -> list[tuple[int, int]]:
        """All (timestamp, relative offset)."""
        return list(_TIME.iter_unpack(self._raw))

    @property
    def last(self) -> tuple[int, int]:
        """The last (timestamp, relative offset), (-1, 0) if there is none."""
        return _TIME.unpack_from(self._raw, len(self._raw) - TIME_ENTRY) if self._raw else (-1, 0)

    def append(self, timestamp: int, relative_offset: int) -> None:
        """Note the largest timestamp so far, if it is larger than the last one noted."""
        if timestamp > self.last[0]:
            self._raw += _TIME.pack(timestamp, relative_offset)

    def before(self, timestamp: int) -> int:
        """A relative offset up to which every record is older than `timestamp`; -1 if there is none."""
        index = bisect_left(range(len(self)), timestamp, key=lambda at: _TIMESTAMP.unpack_from(self._raw, at * 12)[0])
        return int(_TIME.unpack_from(self._raw, (index - 1) * TIME_ENTRY)[1]) if index else -1

    def cut(self, count: int) -> None:
        """Keep the first `count` entries."""
        del self._raw[count * TIME_ENTRY :]
        self.written = min(self.written, count)

    def cut_offset(self, relative_offset: int) -> None:
        """Drop the entries about `relative_offset` and above."""
        while self._raw and self.last[1] >= relative_offset:
            del self._raw[-TIME_ENTRY:]
        self.written = min(self.written, len(self))

    def unwritten(self) -> bytes:
        """What the file lacks."""
        return bytes(self._raw[self.written * TIME_ENTRY :])

    def load(self, content: Buffer) -> bool:
        """Take over a file's content; False if it cannot be a time index."""
        if len(content) % TIME_ENTRY:
            return False
        self._raw = bytearray(content)
        self.written = len(self)
        entries = self.entries
        return all(before[0] < after[0] and before[1] < after[1] for before, after in pairwise(entries))
