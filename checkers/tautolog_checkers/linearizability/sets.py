"""Growing sets in O(n log n), where every element is added once, none is removed, and reads see the whole set.

Reads must be ordered by inclusion. The first read that has an element comes after its add, the last one without it
before: so every operation has its level, and an order exists exactly if no operation of a higher level returned before
one of a lower level began.
"""

from __future__ import annotations

from collections.abc import Sequence

from tautolog_checkers.linearizability.conflicts import Answer, Conflict, Inapplicable
from tautolog_checkers.linearizability.operations import UNKNOWN, Op

NAME = "inclusion order, O(n log n)"


def check_set(ops: Sequence[Op], initial: frozenset[object] = frozenset()) -> Answer:
    """Decide a set's history, operations in the order of their calls."""
    added: dict[object, Op] = {}
    reads: list[Op] = []
    for op in ops:
        if op.f == "read":
            reads.append(op)
        elif op.f != "add":
            return Inapplicable("elements are removed")
        elif op.argument in added or op.argument in initial:
            return Inapplicable("an element is added twice")
        else:
            added[op.argument] = op
    reads.sort(key=lambda op: len(op.result))
    levels: list[tuple[int, Op]] = []
    seen: frozenset[object] = initial
    level = 0
    before: Op | None = None
    for read in reads:
        result: frozenset[object] = read.result
        if not seen <= result:
            return _apart(read, before, seen - result)
        if len(result) > len(seen):
            level += 2
            for element in result - seen:
                if element not in added:
                    return Conflict(f"{element!r} was read and never added", (read,))
                levels.append((level - 1, added[element]))
            seen = result
        levels.append((level, read))
        before = read
    levels.extend((level + 1, op) for element, op in added.items() if element not in seen and op.result is not UNKNOWN)
    return in_order(levels)


def _apart(read: Op, before: Op | None, missing: frozenset[object]) -> Conflict:
    element = min(missing, key=repr)
    if before is None:
        return Conflict(f"operation {read.index} misses {element!r}, which was there at first", (read,))
    return Conflict(
        f"operation {before.index} saw {element!r} and operation {read.index} another set without it", (before, read)
    )


def in_order(levels: list[tuple[int, Op]]) -> Conflict | None:
    """Whether no operation returned before one of a lower level began."""
    levels.sort(key=lambda entry: entry[0])
    latest: Op | None = None
    waiting: Op | None = None
    current = -1
    for level, op in levels:
        if level != current:
            current = level
            if waiting is not None and (latest is None or waiting.call > latest.call):
                latest = waiting
        if latest is not None and op.ret < latest.call:
            return Conflict(
                f"operation {latest.index} must come before operation {op.index}, which had returned", (latest, op)
            )
        if waiting is None or op.call > waiting.call:
            waiting = op
    return None
