"""A short depth-first search for an order: the operation that must return first goes first, if the state lets it.

Finds an order quickly in most histories that have one; that it finds none within its steps means nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

from tautolog_checkers.linearizability.models.base import Model, State
from tautolog_checkers.linearizability.operations import ILLEGAL, Op


def greedy_order(model: Model, ops: Sequence[Op], initial: State | None, steps: int) -> list[Op] | None:
    """An order in which the operations can have taken effect, or None where none was found within `steps`."""
    known = sorted((op for op in ops if op.known), key=lambda op: op.call)
    unknown: dict[tuple[object, object], list[Op]] = {}
    for op in sorted((op for op in ops if not op.known), key=lambda op: op.call):
        unknown.setdefault((op.f, op.argument), []).append(op)
    kinds = list(unknown.values())
    everything = (1 << len(known)) - 1
    state = model.initial if initial is None else initial
    start = (0, state, (0,) * len(kinds))
    seen = {start}
    path: list[Op] = []
    stack = [_choices(model, known, kinds, start, 0)]
    lows = [0]
    while stack and steps > 0:
        steps -= 1
        if not stack[-1]:
            stack.pop()
            lows.pop()
            if path:
                path.pop()
            continue
        op, node = stack[-1].pop()
        if node in seen:
            continue
        seen.add(node)
        path.append(op)
        if node[0] == everything:
            return path
        low = lows[-1]
        while node[0] >> low & 1:
            low += 1
        lows.append(low)
        stack.append(_choices(model, known, kinds, node, low))
    return [] if not known else None


Node = tuple[int, State, tuple[int, ...]]
"""(known operations done, state, how many of each kind of unknown ones)."""


def _choices(model: Model, known: list[Op], kinds: list[list[Op]], node: Node, low: int) -> list[tuple[Op, Node]]:
    """What may come next, the best choice last; a read that the state lets through is the only choice."""
    done, state, used = node
    window = []
    horizon = known[low].ret if low < len(known) else 0
    for number in range(low, len(known)):
        op = known[number]
        if op.call > horizon:
            break
        if not done >> number & 1:
            window.append((op.ret, number))
            horizon = min(horizon, op.ret)
    choices = []
    for _, number in sorted(window):
        op = known[number]
        if op.call > horizon:
            continue
        after = model.step(state, op)
        if after is not ILLEGAL:
            made = (op, (done | 1 << number, after, used))
            if model.readonly(op):
                return [made]
            choices.append(made)
    choices.reverse()
    spare = []
    for kind, ops in enumerate(kinds):
        if used[kind] < len(ops) and ops[used[kind]].call < horizon:
            op = ops[used[kind]]
            after = model.step(state, op)
            if after is not ILLEGAL and after != state:
                spare.append((op, (done, after, (*used[:kind], used[kind] + 1, *used[kind + 1 :]))))
    return spare + choices
