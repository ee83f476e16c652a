"""Orders of effect for the histories that a polynomial algorithm holds for, in O(n log n).

Each builder takes a history that its algorithm has found to hold, and puts the operations in an order; unknown operations
that nothing needs are left out. Whether the order is one is for `certificate.confirm` to say: nothing here is trusted.

* register: the zones one after the other, each its write and then its reads;
* set: by level, as `sets` has them;
* log: the appends by offset, each as late as it can be; reads of the end before the log grows;
* queue: the values in an order that both their enqueues and their dequeues allow, cut where an empty queue was seen; then
  each operation as late as it can be.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from heapq import heappop, heappush
from typing import Any

from tautolog_checkers.linearizability import logs, queues, registers, sets
from tautolog_checkers.linearizability.models.queue import EMPTY, PUTS
from tautolog_checkers.linearizability.operations import FOREVER, UNKNOWN, Op


def order_register(ops: Sequence[Op], initial: object = None) -> list[Op]:
    """The operations of a register whose values are written once."""
    clusters: dict[object, list[Op]] = {}
    for op in ops:
        clusters.setdefault(op.result if op.f == "read" else op.argument, []).append(op)
    keyed = []
    for value, members in clusters.items():
        write = next((op for op in members if op.f == "write"), None)
        reads = [op for op in members if op.f == "read"]
        if not reads and write is not None and write.ret == FOREVER:
            continue
        first = min(op.ret for op in members)
        last = max(op.call for op in members)
        start = -1 if write is None and value == initial else min(first, last)
        keyed.append((start, ([] if write is None else [write]) + sorted(reads, key=_call)))
    keyed.sort(key=lambda entry: entry[0])
    return [op for _, members in keyed for op in members]


def order_set(ops: Sequence[Op], initial: frozenset[object] = frozenset()) -> list[Op]:
    """The operations of a set that only grows, each element added once."""
    reads = sorted((op for op in ops if op.f == "read"), key=lambda op: (len(op.result), op.call))
    adds = {op.argument: op for op in ops if op.f == "add"}
    order: list[Op] = []
    seen = initial
    for read in reads:
        if len(read.result) > len(seen):
            order += sorted((adds.pop(element) for element in read.result - seen), key=_call)
            seen = read.result
        order.append(read)
    return order + sorted((op for op in adds.values() if op.result is not UNKNOWN), key=_call)


def order_log(ops: Sequence[Op], initial: tuple[object, ...] = ()) -> list[Op]:
    """The operations of a log whose unknown appends differ in their values."""
    appends, spare = _appends(ops, initial)
    exact: dict[int, dict[int, Op]] = {}
    for op in ops:
        if op.f == "read" and op.result[1]:
            exact.setdefault(op.argument + len(op.result[0]), {})[op.index] = op
    order: list[Op] = []
    length = len(initial)
    spare.reverse()

    def grow(to: int) -> None:
        nonlocal length
        while length < to:
            order.extend(exact.pop(length, {}).values())
            found = appends.get(length)
            order.append(spare.pop() if found is None else found)
            length += 1

    for op in sorted((op for op in ops if op.ret < FOREVER), key=lambda op: op.ret):
        if op.f == "append":
            grow(op.result + 1)
        else:
            end = op.argument + len(op.result[0])
            grow(end if op.result[0] else 0)
            if not op.result[1] or exact.get(end, {}).pop(op.index, None) is not None:
                order.append(op)
    return order


def _appends(ops: Sequence[Op], initial: tuple[object, ...]) -> tuple[dict[int, Op], list[Op]]:
    """Offset -> its append, where somebody told what stands there; and the unknown appends that may fill the rest."""
    values = dict(enumerate(initial))
    appends: dict[int, Op] = {}
    unknown = {op.argument: op for op in ops if op.f == "append" and op.result is UNKNOWN}
    for op in ops:
        if op.f == "append" and op.result is not UNKNOWN:
            appends[op.result] = op
        elif op.f == "read":
            values.update(enumerate(op.result[0], op.argument))
    for offset, value in values.items():
        if offset not in appends and offset >= len(initial):
            appends[offset] = unknown.pop(value)
    return appends, sorted(unknown.values(), key=_call)


def order_queue(ops: Sequence[Op], initial: tuple[object, ...] = ()) -> list[Op]:
    """The operations of a queue whose values are enqueued once and whose dequeues all returned."""
    taken = {op.result: op for op in ops if op.f not in PUTS and op.result != EMPTY}
    values = []
    for number, value in enumerate(initial):
        instant = number - 2 * len(initial) - 2
        values.append(_Value(Op(-1, "enqueue", value, None, instant, instant), taken.get(value)))
    values += [
        _Value(op, taken.get(op.argument)) for op in ops if op.f in PUTS and (op.ret < FOREVER or op.argument in taken)
    ]
    order: list[Op] = []
    waiting = sorted(values, key=lambda value: value.sure)
    at = 0
    for cut, empties in _cuts(values, [op for op in ops if op.f not in PUTS and op.result == EMPTY]):
        start = at
        while at < len(waiting) and waiting[at].sure < cut:
            at += 1
        order += _segment(waiting[start:at])
        order += empties
    return [op for op in order + _segment(waiting[at:]) if op.index >= 0]


class _Value:
    """One value: its enqueue, its dequeue, and within what they can have taken effect when both are looked at."""

    __slots__ = ("begun", "dequeue", "enqueue", "gone", "sure")

    def __init__(self, enqueue: Op, dequeue: Op | None) -> None:
        self.enqueue = enqueue
        self.dequeue = dequeue
        self.gone = FOREVER if dequeue is None else dequeue.ret
        self.sure = min(enqueue.ret, self.gone)
        self.begun = FOREVER if dequeue is None else max(dequeue.call, enqueue.call)


def _cuts(values: list[_Value], empties: list[Op]) -> list[tuple[float, list[Op]]]:
    """Instants at which the queue can have been empty, ascending, each with the dequeues that saw it then.

    An operation takes the first such instant after its call; instants lie between positions.
    """
    stays = sorted((value.sure, value.begun) for value in values if value.sure < value.begun)
    cuts: dict[float, list[Op]] = {}
    free: list[tuple[int, int]] = []
    reached = -FOREVER
    for start, end in stays:
        if start > reached:
            free.append((reached, start))
        reached = max(reached, end)
    free.append((reached, FOREVER))
    at = 0
    for op in sorted(empties, key=_call):
        while free[at][1] < op.call:
            at += 1
        cuts.setdefault(max(op.call, free[at][0]) + 0.5, []).append(op)
    return sorted(cuts.items())


def _segment(values: list[_Value]) -> list[Op]:
    """The operations on values between two instants at which the queue was empty."""
    values = _sorted(values)
    returns: list[tuple[int, int, bool]] = []
    for number, value in enumerate(values, 1):
        if value.enqueue.ret < FOREVER:
            returns.append((value.enqueue.ret, number, False))
        if value.dequeue is not None:
            returns.append((value.gone, number, True))
    order: list[Op] = []
    put = took = 0
    for _, number, takes in sorted(returns):
        while put < number:
            order.append(values[put].enqueue)
            put += 1
        while takes and took < number:
            dequeue = values[took].dequeue
            if dequeue is not None:
                order.append(dequeue)
            took += 1
    return order


def _sorted(values: list[_Value]) -> list[_Value]:
    """The values so that none stands behind one that was surely enqueued, or surely dequeued, after it.

    Of those that no value left must be enqueued before, the one whose dequeue can begin first is never wrong.
    """
    by_call = sorted(values, key=lambda value: value.enqueue.call)
    by_sure = sorted(values, key=lambda value: value.sure)
    done: set[int] = set()
    ready: list[tuple[int, int, _Value]] = []
    order: list[_Value] = []
    at = sure = 0
    while len(order) < len(values):
        while sure < len(by_sure) and id(by_sure[sure]) in done:
            sure += 1
        while at < len(by_call) and by_call[at].enqueue.call <= by_sure[sure].sure:
            heappush(ready, (by_call[at].begun, at, by_call[at]))
            at += 1
        _, _, value = heappop(ready)
        done.add(id(value))
        order.append(value)
    return order


def _call(op: Op) -> int:
    return op.call


BUILDERS: dict[str, Callable[[Sequence[Op], Any], Iterable[Op]]] = {
    registers.NAME: order_register,
    sets.NAME: order_set,
    logs.NAME: order_log,
    queues.NAME: order_queue,
}
"""Algorithm -> what builds an order of effect for a history that it holds for."""
