"""FIFO queues in O(n log n), where every value is enqueued at most once and every dequeue returned.

A history of such a queue is linearizable exactly if none of these is found (the bad patterns of Bouajjani, Emmi, Enea and
Hamza, over real-time order):

* a value is dequeued that nobody enqueued, or twice, or before its enqueue began;
* one value was enqueued after another one and dequeued before it;
* a dequeue saw the queue empty, although at every instant between its call and its return some value was surely inside.

An enqueue that never returned counts if its value was dequeued, and is as if it never was otherwise.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

from tautolog_checkers.linearizability.conflicts import Answer, Conflict, Inapplicable
from tautolog_checkers.linearizability.models.queue import EMPTY, PUTS
from tautolog_checkers.linearizability.operations import FOREVER, UNKNOWN, Op

NAME = "queue patterns, O(n log n)"
_BEFORE = -1


def check_queue(ops: Sequence[Op], initial: tuple[object, ...] = ()) -> Answer:
    """Decide a queue's history, operations in the order of their calls."""
    enqueued: dict[object, Op] = {}
    for number, value in enumerate(initial):
        if value in enqueued:
            return Inapplicable("the queue holds a value twice at first")
        start = _BEFORE - 2 * (len(initial) - number)
        enqueued[value] = Op(number - len(initial), "enqueue", value, None, start, start + 1)
    dequeued: dict[object, Op] = {}
    empties: list[Op] = []
    for op in ops:
        if op.f in PUTS:
            if op.argument in enqueued:
                return Inapplicable("a value is enqueued twice")
            enqueued[op.argument] = op
        elif op.result is UNKNOWN:
            return Inapplicable("a dequeue never returned")
        elif op.result == EMPTY:
            empties.append(op)
        elif op.result in dequeued:
            return _twice(ops, dequeued[op.result], op)
        else:
            dequeued[op.result] = op
    for value, taking in dequeued.items():
        putting = enqueued.get(value)
        if putting is None:
            return Conflict(f"{value!r} was dequeued and never enqueued", (taking,))
        if taking.ret < putting.call:
            return Conflict(f"{value!r} was dequeued before it was enqueued", (taking, putting))
    return (
        _order(enqueued, dequeued, left=False)
        or _order(enqueued, dequeued, left=True)
        or (_empties(enqueued, dequeued, empties) if empties else None)
    )


def _twice(ops: Sequence[Op], first: Op, second: Op) -> Answer:
    """One value dequeued twice is a conflict, if it was not enqueued twice."""
    if sum(op.f in PUTS and op.argument == second.result for op in ops) > 1:
        return Inapplicable("a value is enqueued twice")
    return Conflict(f"{second.result!r} was dequeued twice", (first, second))


def _order(enqueued: dict[object, Op], dequeued: dict[object, Op], *, left: bool) -> Conflict | None:
    """One value surely enqueued before another, and surely dequeued after it; or never, where `left` asks for that."""
    get = dequeued.get
    by_return = sorted(
        (putting.ret, FOREVER if (taking := get(value)) is None else taking.call, putting.index)
        for value, putting in enqueued.items()
        if putting.ret < FOREVER and (value in dequeued) is not left
    )
    at, size = 0, len(by_return)
    latest, owner = -FOREVER, -1
    for value, putting in enqueued.items():
        taking = get(value)
        if taking is None:
            continue
        call = putting.call
        while at < size and by_return[at][0] < call:
            if by_return[at][1] > latest:
                latest, owner = by_return[at][1], by_return[at][2]
            at += 1
        if latest > taking.ret:
            first = next(v for v, other in enqueued.items() if other.index == owner and other.ret < call)
            return _out_of_order(enqueued, dequeued, first, value)
    return None


def _out_of_order(enqueued: dict[object, Op], dequeued: dict[object, Op], first: object, second: object) -> Conflict:
    ops = [enqueued[first], dequeued.get(first), enqueued[second], dequeued[second]]
    when = "before it" if first in dequeued else "although it never was"
    reason = f"{first!r} was enqueued before {second!r}, and {second!r} was dequeued {when}"
    return Conflict(reason, tuple(op for op in ops if op is not None and op.index >= 0))


def _empties(enqueued: dict[object, Op], dequeued: dict[object, Op], empties: list[Op]) -> Conflict | None:
    """A dequeue that saw nothing while something was surely inside all the time."""
    inside = []
    for value, putting in enqueued.items():
        taking = dequeued.get(value)
        end = FOREVER if taking is None else taking.call
        if putting.ret < end:
            inside.append((putting.ret, end, value))
    inside.sort(key=lambda entry: entry[0])
    spans: list[list[int]] = []
    for start, end, _ in inside:
        if spans and start < spans[-1][1]:
            spans[-1][1] = max(spans[-1][1], end)
        else:
            spans.append([start, end])
    starts = [span[0] for span in spans]
    for op in empties:
        number = bisect_left(starts, op.call) - 1
        if number >= 0 and spans[number][1] > op.ret:
            cover = _cover(inside, op)
            shown = [op] + [found for value in cover for found in (enqueued[value], dequeued.get(value)) if found]
            reason = f"operation {op.index} saw the queue empty, while {', '.join(map(repr, cover[:3]))} were inside"
            return Conflict(reason, tuple(found for found in shown if found.index >= 0))
    return None


def _cover(inside: list[tuple[int, int, object]], op: Op) -> list[object]:
    """Few values whose sure stays, one after the other, reach from the call to the return."""
    cover: list[object] = []
    reached, number = op.call, 0
    while reached < op.ret:
        best, owner = reached, None
        while number < len(inside) and inside[number][0] < reached:
            if inside[number][1] > best:
                best, owner = inside[number][1], inside[number][2]
            number += 1
        if owner is None:
            break
        cover.append(owner)
        reached = best
    return cover
