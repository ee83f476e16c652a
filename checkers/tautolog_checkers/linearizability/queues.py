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
from itertools import accumulate

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
            return _twice(ops, initial, dequeued[op.result], op)
        else:
            dequeued[op.result] = op
    get = dequeued.get
    pairs = [(putting, taking) for value, putting in enqueued.items() if (taking := get(value)) is not None]
    if len(pairs) < len(dequeued):
        strange = next(taking for value, taking in dequeued.items() if value not in enqueued)
        return Conflict(f"{strange.result!r} was dequeued and never enqueued", (strange,))
    left: list[Op] = []
    if len(pairs) < len(enqueued):
        left = [putting for value, putting in enqueued.items() if value not in dequeued and putting.ret < FOREVER]
    sure = sorted([(putting.ret, taking.call) for putting, taking in pairs if putting.ret < FOREVER])
    conflict = _order(pairs, sure) or _left_behind(pairs, left)
    return conflict or (_empties(pairs, sure, left, empties) if empties else None)


def _twice(ops: Sequence[Op], initial: tuple[object, ...], first: Op, second: Op) -> Answer:
    """One value dequeued twice is a conflict, if it did not come into the queue twice."""
    if initial.count(second.result) + sum(op.f in PUTS and op.argument == second.result for op in ops) > 1:
        return Inapplicable("a value is enqueued twice")
    return Conflict(f"{second.result!r} was dequeued twice", (first, second))


Pairs = list[tuple[Op, Op]]
"""(enqueue, dequeue) of every value that was dequeued, in the order in which the enqueues began."""


def _order(pairs: Pairs, sure: list[tuple[int, int]]) -> Conflict | None:
    """A value dequeued before its enqueue began; or one surely enqueued before another, and surely dequeued after it."""
    ends = [end for end, _ in sure]
    ends.append(FOREVER)
    latest = list(accumulate([call for _, call in sure], max, initial=-FOREVER))
    at = 0
    for putting, taking in pairs:
        call, ret = putting.call, taking.ret
        if ret < call:
            return Conflict(f"{taking.result!r} was dequeued before it was enqueued", (taking, putting))
        while ends[at] < call:
            at += 1
        if latest[at] > ret:
            first = next(pair for pair in pairs if pair[0].ret < call and pair[1].call > ret)
            return _out_of_order(*first, putting, taking)
    return None


def _left_behind(pairs: Pairs, left: list[Op]) -> Conflict | None:
    """One value surely enqueued before another that was dequeued, and never dequeued itself."""
    if not left or not pairs:
        return None
    first = min(left, key=lambda putting: putting.ret)
    putting, taking = pairs[-1]
    return _out_of_order(first, None, putting, taking) if putting.call > first.ret else None


def _out_of_order(first: Op, first_taking: Op | None, second: Op, taking: Op) -> Conflict:
    when = "before it" if first_taking is not None else "although it never was"
    reason = f"{first.argument!r} was enqueued before {second.argument!r}, and {second.argument!r} was dequeued {when}"
    ops = (first, first_taking, second, taking)
    return Conflict(reason, tuple(op for op in ops if op is not None and op.index >= 0))


def _empties(pairs: Pairs, sure: list[tuple[int, int]], left: list[Op], empties: list[Op]) -> Conflict | None:
    """A dequeue that saw nothing while something was surely inside all the time."""
    stays = [stay for stay in sure if stay[0] < stay[1]]
    if left:
        stays = sorted(stays + [(putting.ret, FOREVER) for putting in left])
    starts: list[int] = []
    ends: list[int] = []
    reached = -FOREVER
    for start, end in stays:
        if start < reached:
            if end > reached:
                ends[-1] = reached = end
        else:
            starts.append(start)
            ends.append(end)
            reached = end
    for op in empties:
        number = bisect_left(starts, op.call) - 1
        if number >= 0 and ends[number] > op.ret:
            inside = [
                (putting.ret, taking.call, putting, taking) for putting, taking in pairs if putting.ret < taking.call
            ]
            everything = inside + [(putting.ret, FOREVER, putting, None) for putting in left]
            return _covered(op, sorted(everything, key=lambda stay: stay[0]))
    return None


def _covered(op: Op, inside: list[tuple[int, int, Op, Op | None]]) -> Conflict:
    """Few values whose sure stays, one after the other, reach from the call to the return."""
    cover: list[tuple[Op, Op | None]] = []
    reached, number = op.call, 0
    while reached < op.ret:
        best, owner = reached, None
        while number < len(inside) and inside[number][0] < reached:
            if inside[number][1] > best:
                best, owner = inside[number][1], inside[number][2:]
            number += 1
        if owner is None:
            break
        cover.append(owner)
        reached = best
    names = ", ".join(repr(putting.argument) for putting, _ in cover[:3])
    shown = [op] + [found for pair in cover for found in pair if found is not None]
    return Conflict(
        f"operation {op.index} saw the queue empty, while {names} were inside",
        tuple(found for found in shown if found.index >= 0),
    )
