"""Append-only logs in linear time, apart from sorting what never returned.

Every operation bounds how long the log was: an append that got offset o found it o long and left it o + 1 long; a read that
saw something up to offset e found it at least e long, and exactly e if that was the end. Values must agree per offset.
Then an order exists exactly if no operation began when the log was already known to be longer than it found it, and
every offset that must be there is explained by an append: one that returned it, or an unknown one.

Unknown appends are told apart by their values, so two of the same value make this inapplicable.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tautolog_checkers.linearizability.conflicts import Answer, Conflict, Inapplicable
from tautolog_checkers.linearizability.operations import FOREVER, UNKNOWN, Op

NAME = "log positions, linear"


def check_log(ops: Sequence[Op], initial: tuple[object, ...] = ()) -> Answer:
    """Decide a log's history, operations in the order of their calls."""
    book = _Book(initial)
    unknown: dict[object, Op] = {}
    for op in ops:
        if op.f == "append":
            if op.result is UNKNOWN:
                if op.argument in unknown:
                    return Inapplicable("two appends of one value never returned")
                unknown[op.argument] = op
            elif (conflict := book.append(op)) is not None:
                return conflict
        elif op.result is not UNKNOWN and (conflict := book.read(op)) is not None:
            return conflict
    return book.explain(unknown) or _lengths(ops, book.assigned, len(initial)) or book.fill(ops, unknown)


class _Book:
    """What stands at which offset, and who says so."""

    __slots__ = ("appended", "assigned", "first", "values")

    def __init__(self, initial: tuple[object, ...]) -> None:
        self.values: dict[int, object] = dict(enumerate(initial))
        self.first: dict[int, Op] = {}
        self.appended: dict[int, Op | None] = dict.fromkeys(range(len(initial)))
        self.assigned: dict[int, int] = {}

    def append(self, op: Op) -> Conflict | None:
        offset: int = op.result
        if offset in self.appended:
            other = self.appended[offset]
            return Conflict(f"offset {offset} was given twice", (op,) if other is None else (other, op))
        self.appended[offset] = op
        return self._agree(offset, op.argument, op)

    def read(self, op: Op) -> Conflict | None:
        offset: int = op.argument
        values = self.values
        for value in op.result[0]:
            if offset not in values:
                values[offset] = value
                self.first[offset] = op
            elif values[offset] != value:
                return self._agree(offset, value, op)
            offset += 1
        return None

    def _agree(self, offset: int, value: object, op: Op) -> Conflict | None:
        if offset not in self.values:
            self.values[offset] = value
            self.first[offset] = op
            return None
        if self.values[offset] == value:
            return None
        other = self.first.get(offset)
        reason = f"offset {offset} holds {self.values[offset]!r} and {value!r}"
        return Conflict(reason, (op,) if other is None else (other, op))

    def explain(self, unknown: dict[object, Op]) -> Conflict | None:
        """Every value that was read must have been appended."""
        if len(self.values) == len(self.appended):
            return None
        taken: dict[object, int] = {}
        for offset, value in self.values.items():
            if offset in self.appended:
                continue
            op = unknown.get(value)
            reader = self.first[offset]
            if op is None:
                return Conflict(f"{value!r} was read at offset {offset} and never appended there", (reader,))
            if value in taken:
                other = self.first[taken[value]]
                return Conflict(f"{value!r} was read at two offsets and appended once", (other, reader))
            taken[value] = offset
            self.assigned[op.index] = offset
        return None

    def fill(self, ops: Sequence[Op], unknown: dict[object, Op]) -> Conflict | None:
        """Offsets that nobody told of must have been filled in time by unknown appends."""
        known = max((length for _, _, length in _knowledge(ops)), default=0)
        holes = [offset for offset in range(known) if offset not in self.values] if len(self.values) < known else []
        if not holes:
            return None
        calls = sorted(op.call for op in unknown.values() if op.index not in self.assigned)
        deadlines = _deadlines(ops, holes)
        for number, offset in enumerate(holes):
            deadline, op = deadlines[offset]
            if number >= len(calls) or calls[number] > deadline:
                reason = f"operation {op.index} found more than {offset} values, and nobody can have appended the one at {offset}"
                return Conflict(reason, (op,))
        return None


def _knowledge(ops: Sequence[Op]) -> Iterator[tuple[int, Op, int]]:
    """(when, operation, how long the log surely was when it returned)."""
    for op in ops:
        if op.result is UNKNOWN:
            continue
        if op.f == "append":
            yield op.ret, op, op.result + 1
        elif op.result[0]:
            yield op.ret, op, op.argument + len(op.result[0])


def _deadlines(ops: Sequence[Op], holes: list[int]) -> dict[int, tuple[int, Op]]:
    """Offset -> when the log was first known to be longer, and by which operation; offsets ascending."""
    deadlines: dict[int, tuple[int, Op]] = {}
    at = 0
    for when, op, length in sorted(_knowledge(ops), key=lambda entry: entry[0]):
        while at < len(holes) and holes[at] < length:
            deadlines[holes[at]] = (when, op)
            at += 1
    return deadlines


def _found(op: Op, assigned: dict[int, int]) -> int:
    """How long the log can have been at most when the operation began."""
    most: int = FOREVER
    if op.f == "append":
        most = assigned.get(op.index, FOREVER) if op.result is UNKNOWN else op.result
    elif op.result is not UNKNOWN and op.result[1]:
        most = op.argument + len(op.result[0])
    return most


def _lengths(ops: Sequence[Op], assigned: dict[int, int], longest: int) -> Conflict | None:
    """No operation may begin when the log, `longest` long at first, is known to be longer than it found it."""
    known = sorted(_knowledge(ops), key=lambda entry: entry[0])
    owner: Op | None = None
    at = 0
    for op in ops:
        while at < len(known) and known[at][0] < op.call:
            if known[at][2] > longest:
                longest, owner = known[at][2], known[at][1]
            at += 1
        most = _found(op, assigned)
        if longest > most:
            reason = f"operation {op.index} found the log at most {most} long, when it was already {longest} long"
            return Conflict(reason, (op,) if owner is None else (owner, op))
    return None
