r"""The packed format: for histories of millions of operations.

A file is `TAUTOLOG1\n`, then blocks. Each block is a little-endian 32-bit length of what follows its kind, a kind byte,
and its bytes:

* `E`: events, one JSON line each, as in JSON Lines.
* `L`: operations on append-only logs, in the order of their returns, in columns. A header of five 32-bit numbers: how
  many operations, how many values, and the width in bytes (4 or 8) of positions, offsets and values. Then the columns, each
  an array of signed numbers in little-endian order: kind (1 byte: 0 append, 1 read, 2 read that reached the end),
  process (4 bytes), partition (4 bytes), call position, return position, offset, how many values (4 bytes), and the
  values of all operations. Index of an event is its position, its time is not kept.

A history goes into `L` blocks where nothing would be lost; every other one into `E` blocks.
"""

from __future__ import annotations

import struct
import sys
from array import array
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

import attrs

from tautolog_checkers.history.events import INVOKE, OK, Event, History, distinct
from tautolog_checkers.history.jsonl import dump_event, read_lines
from tautolog_checkers.history.problems import Problems

MAGIC = b"TAUTOLOG1\n"
BLOCK = 65536
"""Operations or events in one block."""

_HEAD = struct.Struct("<IB")
_COLUMNS = struct.Struct("<5I")
APPEND, READ, READ_END = 0, 1, 2


@attrs.frozen
class LogBlock:
    """Some operations on logs, in columns; `values` holds those of all operations, one after the other."""

    kinds: array[int]
    processes: array[int]
    partitions: array[int]
    calls: array[int]
    returns: array[int]
    offsets: array[int]
    counts: array[int]
    values: array[int]


def _array(code: str, raw: bytes = b"") -> array[int]:
    made: array[int] = array(code)
    made.frombytes(raw)
    if sys.byteorder == "big":
        made.byteswap()
    return made


def pack_log_block(block: LogBlock) -> bytes:
    """One block, as it stands in a file."""
    positions = 8 if block.returns and max(block.returns) >= 1 << 31 else 4
    offsets = 8 if block.offsets and max(block.offsets) >= 1 << 31 else 4
    values = 8 if block.values and (max(block.values) >= 1 << 31 or min(block.values) < -(1 << 31)) else 4
    code = {4: "i", 8: "q"}
    parts = [_COLUMNS.pack(len(block.kinds), len(block.values), positions, offsets, values), bytes(block.kinds)]
    columns = [
        (block.processes, "i"), (block.partitions, "i"), (block.calls, code[positions]),
        (block.returns, code[positions]), (block.offsets, code[offsets]), (block.counts, "i"), (block.values, code[values]),
    ]  # fmt: skip
    for column, kind in columns:
        made: array[int] = array(kind, column)
        if sys.byteorder == "big":
            made.byteswap()
        parts.append(made.tobytes())
    body = b"".join(parts)
    return _HEAD.pack(len(body), ord("L")) + body


def _unpack_log_block(body: bytes) -> LogBlock:
    if len(body) < _COLUMNS.size:
        raise ValueError("a whole header of a block")
    count, many, positions, offsets, values = _COLUMNS.unpack_from(body)
    code = {4: "i", 8: "q"}
    if not {positions, offsets, values} <= code.keys():
        raise ValueError("widths of 4 or 8 bytes in a block")
    if len(body) != _COLUMNS.size + count * (13 + 2 * positions + offsets) + many * values:
        raise ValueError("columns of the lengths that the header of their block tells")
    at = _COLUMNS.size
    columns = []
    plan = [
        ("b", 1, count), ("i", 4, count), ("i", 4, count), (code[positions], positions, count),
        (code[positions], positions, count), (code[offsets], offsets, count), ("i", 4, count), (code[values], values, many),
    ]  # fmt: skip
    for kind, width, length in plan:
        columns.append(_array(kind, body[at : at + width * length]))
        at += width * length
    block = LogBlock(*columns)
    if sum(block.counts) != many or (block.kinds and not 0 <= min(block.kinds) <= max(block.kinds) <= READ_END):
        raise ValueError("known kinds, and as many values as the operations of their block have")
    if any(column and min(column) < 0 for column in (block.calls, block.offsets, block.counts)):
        raise ValueError("calls, offsets and numbers of values of at least 0")
    if any(many != 1 for kind, many in zip(block.kinds, block.counts, strict=True) if kind == APPEND):
        raise ValueError("one value in each append")
    return block


def blocks(file: BinaryIO) -> Iterator[tuple[str, bytes]]:
    """The blocks of a packed file, one at a time.

    Raises:
        ValueError: it is no packed file, or ends in the middle of a block.

    """
    if file.read(len(MAGIC)) != MAGIC:
        raise ValueError("the header of a packed history")
    while head := file.read(_HEAD.size):
        if len(head) < _HEAD.size:
            raise ValueError("a whole block")
        length, kind = _HEAD.unpack(head)
        body = file.read(length)
        if len(body) < length:
            raise ValueError("a whole block")
        if kind not in b"EL":
            raise ValueError("blocks of the kinds E and L")
        yield chr(kind), body


def log_blocks(file: BinaryIO) -> Iterator[LogBlock] | None:
    """The blocks of a file that holds log operations only, read as they are asked for; None for any other file."""
    start = file.tell()
    file.seek(start + len(MAGIC) + 4)
    only = file.read(1) == b"L"
    file.seek(start)
    return (_unpack_log_block(body) for _, body in blocks(file)) if only else None


def read_packed(data: bytes, problems: Problems) -> History:
    """Read a packed file as events."""
    from io import BytesIO  # noqa: PLC0415  # only here

    lines: list[bytes] = []
    events: list[Event] = []
    try:
        for kind, body in blocks(BytesIO(data)):
            if kind == "L":
                _log_events(_unpack_log_block(body), events)
            else:
                lines.append(body)
    except ValueError as error:
        problems.report(0, str(error))
    if lines and events:
        problems.report(0, "blocks of one kind")
    if lines:
        history = read_lines(b"".join(lines), problems)
        return History(history.events, problems, "packed")
    events.sort(key=lambda event: event.index)
    return History(distinct(events, problems), problems, "packed")


def _log_events(block: LogBlock, events: list[Event]) -> None:
    at = 0
    columns = zip(
        block.kinds,
        block.processes,
        block.partitions,
        block.calls,
        block.returns,
        block.offsets,
        block.counts,
        strict=True,
    )
    for kind, process, partition, call, ret, offset, count in columns:
        values = list(block.values[at : at + count])
        at += count
        extra = None if partition < 0 else {"key": partition}
        if kind == APPEND:
            events.append(Event(call, process, INVOKE, "append", values[0], None, extra))
            if ret >= 0:
                events.append(Event(ret, process, OK, "append", [offset, values[0]], None, extra))
        else:
            events.append(Event(call, process, INVOKE, "read", {"from": offset}, None, extra))
            if ret >= 0:
                told = {"from": offset, "values": values, "end": kind == READ_END}
                events.append(Event(ret, process, OK, "read", told, None, extra))


def write_packed(events: Iterable[Event], target: str | Path) -> int:
    """Write a history and return how many events it had."""
    listed = list(events)
    block = _as_log_blocks(listed)
    with Path(target).open("wb") as file:
        file.write(MAGIC)
        if block is not None:
            file.writelines(pack_log_block(part) for part in block)
        else:
            for start in range(0, len(listed), BLOCK):
                text = "".join(dump_event(event) + "\n" for event in listed[start : start + BLOCK])
                body = text.encode(errors="backslashreplace")
                file.write(_HEAD.pack(len(body), ord("E")) + body)
    return len(listed)


class _OtherwiseError(Exception):
    """Something that an `L` block cannot hold."""


def _as_log_blocks(events: list[Event]) -> list[LogBlock] | None:
    """The history as log operations, or None where that would lose something."""
    rows: list[tuple[int, int, int, int, int, int, list[int]]] = []
    pending: dict[Any, Event] = {}
    try:
        for position, event in enumerate(events):
            _expect(
                event.index == position and event.time is None and type(event.process) is int and event.process >= 0
            )
            if event.type == INVOKE:
                _expect(event.process not in pending)
                pending[event.process] = event
            else:
                _expect(event.type == OK and event.process in pending)
                rows.append(_row(pending.pop(event.process), event))
        rows.extend(_row(event, None) for event in pending.values())
    except _OtherwiseError:
        return None
    made = []
    for start in range(0, len(rows), BLOCK):
        part = rows[start : start + BLOCK]
        made.append(
            LogBlock(
                kinds=array("b", [row[0] for row in part]),
                processes=array("q", [row[1] for row in part]),
                partitions=array("q", [row[2] for row in part]),
                calls=array("q", [row[3] for row in part]),
                returns=array("q", [row[4] for row in part]),
                offsets=array("q", [row[5] for row in part]),
                counts=array("q", [len(row[6]) for row in part]),
                values=array("q", [value for row in part for value in row[6]]),
            )
        )
    return made or None


def _row(invoked: Event, completed: Event | None) -> tuple[int, int, int, int, int, int, list[int]]:
    partition = -1
    extra = invoked.extra
    if extra:
        _expect(list(extra) == ["key"] and _small(extra["key"]) and 0 <= extra["key"] < 1 << 31)
        partition = extra["key"]
    _expect(completed is None or completed.extra == extra)
    ret = -1 if completed is None else completed.index
    told = None if completed is None else completed.value
    if invoked.f == "append":
        _expect(_small(invoked.value))
        offset = 0
        if completed is not None:
            _expect(isinstance(told, list) and len(told) == 2 and _small(told[0]) and told[1] == invoked.value)
            offset = told[0] if isinstance(told, list) else 0
        return APPEND, invoked.process, partition, invoked.index, ret, offset, [invoked.value]
    _expect(invoked.f == "read" and isinstance(invoked.value, dict) and list(invoked.value) == ["from"])
    start = invoked.value["from"]
    _expect(_small(start))
    if completed is None:
        return READ, invoked.process, partition, invoked.index, ret, start, []
    _expect(isinstance(told, dict) and list(told) == ["from", "values", "end"] and told["from"] == start)
    values, end = (told["values"], told["end"]) if isinstance(told, dict) else ([], False)
    _expect(isinstance(values, list) and all(map(_small, values)) and type(end) is bool)
    return READ_END if end else READ, invoked.process, partition, invoked.index, ret, start, values


def _small(value: Any) -> bool:
    return type(value) is int and -(1 << 62) < value < 1 << 62


def _expect(holds: bool) -> None:  # noqa: FBT001  # an assertion
    if not holds:
        raise _OtherwiseError
