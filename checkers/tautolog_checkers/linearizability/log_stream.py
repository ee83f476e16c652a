"""Append-only logs from the columns of a packed file, block by block: ten million operations in bounded memory.

The same conditions as in `logs`, met in the order of the returns: what is known of the log's length when an operation
begins is looked up among the last returns, so no more than the values and a short past is kept. Where unknown appends would
be needed to explain an offset it says so, and `logs` has to decide.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable

import attrs

from tautolog_checkers.history.packed import APPEND, READ, LogBlock

NAME = "log positions, streamed"
NOTHING = -(1 << 63)
PAST = 1 << 12
"""How many steps of a log's known length are kept."""
ROOM = 1 << 22
"""How far ahead of all known offsets one may lie: beyond, memory would follow the offset and not the records."""


class NeedsAllError(Exception):
    """The history has to be held as a whole to be decided."""


class _Partition:
    """What is known of one log."""

    __slots__ = ("appended", "lengths", "times", "values")

    def __init__(self) -> None:
        self.values = array("q")
        self.appended = bytearray()
        self.times: list[int] = [-1]
        self.lengths: list[int] = [0]

    def grow(self, end: int) -> None:
        """Make room for offsets below `end`."""
        size = len(self.values)
        if end > size + ROOM:
            raise NeedsAllError
        more = max(end, size + (size >> 3) + 256) - size
        self.values.extend(array("q", [NOTHING]) * more)
        self.appended.extend(bytes(more))

    def learn(self, offset: int, told: array[int]) -> int | None:
        """Keep the values told from `offset` on; or the first offset at which another value is known."""
        known = self.values
        for place, value in enumerate(told, offset):
            if known[place] == NOTHING:
                known[place] = value
            elif known[place] != value:
                return place
        return None


@attrs.frozen
class Broken:
    """Where the log contradicts itself: which partition, which operation (the position of its call), and why."""

    partition: int
    call: int
    reason: str


def check_blocks(
    blocks: Iterable[LogBlock], look: Callable[[], None] | None = None
) -> tuple[Broken | None, int, list[int]]:
    """Decide a history of logs.

    Args:
        blocks: its operations in the order of their returns, those that never returned last.
        look: called for each block; may raise to stop.

    Returns:
        What is broken, or None; how many operations there were; and the partitions.

    Raises:
        NeedsAllError: this cannot be decided from the stream.

    """
    partitions: dict[int, _Partition] = {}
    count = 0
    last = -1
    unknown = False
    for block in blocks:
        if look is not None:
            look()
        count += len(block.kinds)
        returned, last = _ordered(block, last)
        unknown = unknown or returned < len(block.kinds)
        broken = _check_block(block, partitions)
        if broken is not None:
            return broken, count, list(partitions)
    for number, partition in partitions.items():
        length = partition.lengths[-1]
        if partition.appended.find(0, 0, length) >= 0:
            if unknown:
                raise NeedsAllError
            offset = partition.appended.find(0, 0, length)
            return Broken(number, -1, f"nobody appended offset {offset} of {number}"), count, list(partitions)
    return None, count, list(partitions)


def _ordered(block: LogBlock, last: int) -> tuple[int, int]:
    """How many operations of a block returned, and the last return; what stands in another order has to be held as a whole.

    The last value that fits is taken for what nobody told, and a block with it cannot be decided here, either.
    """
    returns = block.returns
    returned = len(returns)
    while returned and returns[returned - 1] < 0:
        returned -= 1
    known = returns[:returned].tolist()
    if known and (known[0] <= last or known != sorted(known)):
        raise NeedsAllError
    if block.values.itemsize == 8 and NOTHING in block.values:
        raise NeedsAllError
    return returned, known[-1] if known else last


def _check_block(block: LogBlock, partitions: dict[int, _Partition]) -> Broken | None:
    values_of = block.values
    at = 0
    last, partition = None, None
    columns = zip(block.kinds, block.partitions, block.calls, block.returns, block.offsets, block.counts, strict=True)
    for kind, number, call, ret, offset, many in columns:
        if ret <= call:
            if ret >= 0:
                raise NeedsAllError
            at += many
            continue
        if number != last or partition is None:
            last, partition = number, partitions.get(number)
            if partition is None:
                partition = partitions[number] = _Partition()
        known, times, lengths = partition.values, partition.times, partition.lengths
        end = offset + many
        if end > len(known):
            partition.grow(end)
        if many == 1:
            value = values_of[at]
            there = known[offset]
            if there != value:
                if there != NOTHING:
                    return Broken(number, call, f"offset {offset} of {number} holds {there} and {value}")
                known[offset] = value
        elif many:
            told = values_of[at : at + many]
            if known[offset:end] != told:
                broken = partition.learn(offset, told)
                if broken is not None:
                    return Broken(number, call, f"offset {broken} of {number} holds two values")
        at += many
        if kind != READ:
            most = end
            if kind == APPEND:
                if partition.appended[offset]:
                    return Broken(number, call, f"offset {offset} of {number} was given twice")
                partition.appended[offset] = 1
                most = offset
            if lengths[-1] > most:
                step = -1
                while times[step] >= call:
                    step -= 1
                    if step < -len(times):
                        raise NeedsAllError
                if lengths[step] > most:
                    return Broken(
                        number, call, f"{number} was found at most {most} long, and was already {lengths[step]} long"
                    )
        if many and end > lengths[-1]:
            times.append(ret)
            lengths.append(end)
            if len(times) > 2 * PAST:
                del times[:PAST]
                del lengths[:PAST]
    return None
