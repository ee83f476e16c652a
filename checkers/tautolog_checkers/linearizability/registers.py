"""Registers in O(n log n), where every value is written at most once (Gibbons and Korach's zones).

The write of a value and its reads must stand together. Their zone reaches from the first return among them to the last
call. If the return comes first the value surely held during the zone (forward); else all of them overlap (backward). An
order exists exactly if no value is read that nobody wrote or before its write began, no two forward zones overlap, and no
backward zone lies within a forward one.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

from tautolog_checkers.linearizability.conflicts import Answer, Conflict, Inapplicable
from tautolog_checkers.linearizability.operations import FOREVER, Op, text_of

NAME = "zones of unique writes, O(n log n)"


def check_register(ops: Sequence[Op], initial: object = None) -> Answer:
    """Decide a register's history, operations in the order of their calls."""
    writes: dict[object, Op] = {initial: Op(-1, "write", initial, None, -2, -1)}
    for op in ops:
        if op.f == "write":
            if op.argument in writes:
                return Inapplicable("a value is written twice")
            writes[op.argument] = op
        elif op.f != "read":
            return Inapplicable("there are other operations than reads and writes")
    zones: dict[object, list[Op]] = {value: [op, op] for value, op in writes.items()}
    read = set()
    for op in ops:
        if op.f != "read":
            continue
        write = writes.get(op.result)
        if write is None:
            return Conflict(f"{op.result!r} was read and never written", (op,))
        if op.ret < write.call:
            return Conflict(f"{op.result!r} was read before it was written", (op, write))
        read.add(op.result)
        zone = zones[op.result]
        if op.ret < zone[0].ret:
            zone[0] = op
        if op.call > zone[1].call:
            zone[1] = op
    forward, backward = [], []
    for value, (first, last) in zones.items():
        if first.ret < last.call:
            forward.append((first.ret, last.call, value))
        elif first.ret < FOREVER or value in read:
            backward.append((last.call, first.ret, value))
    forward.sort(key=lambda zone: zone[0])
    return _clash(forward, backward, zones, writes)


def _clash(
    forward: list[tuple[int, int, object]],
    backward: list[tuple[int, int, object]],
    zones: dict[object, list[Op]],
    writes: dict[object, Op],
) -> Conflict | None:
    for number in range(1, len(forward)):
        if forward[number][0] < forward[number - 1][1]:
            return _conflict(forward[number - 1][2], forward[number][2], zones, writes)
    starts = [zone[0] for zone in forward]
    for start, end, value in backward:
        number = bisect_left(starts, start) - 1
        if number >= 0 and end < forward[number][1]:
            return _conflict(forward[number][2], value, zones, writes)
    return None


def _conflict(one: object, other: object, zones: dict[object, list[Op]], writes: dict[object, Op]) -> Conflict:
    ops = {op.index: op for value in (one, other) for op in (writes[value], *zones[value]) if op.index >= 0}
    return Conflict(f"{text_of(one)} surely held before and after {text_of(other)} did", tuple(ops.values()))
