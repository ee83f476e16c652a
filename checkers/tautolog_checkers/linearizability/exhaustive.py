"""The slow judge: all orders, by the definition and nothing else. It checks the fast ones and shares no line with them.

Breadth-first over (operations that have taken effect, state). A pair is passed over if one with the same known operations,
the same state and no other unknown ones was visited; of unknown operations that ask the same the one called first is used
first, and none where it changes nothing. Used by tests on small histories and on every witness.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from tautolog_checkers.linearizability.models.base import Model, State
from tautolog_checkers.linearizability.operations import ILLEGAL, Op


class TooLarge(Exception):  # noqa: N818  # the search was given up, nothing is wrong
    """More pairs than the caller wanted to visit."""


def linearizable(model: Model, ops: Sequence[Op], initial: State | None = None, *, most: int | None = None) -> bool:
    """Whether some order of the operations that returned, and of any of the others, fits the model and real time.

    Raises:
        TooLarge: more than `most` pairs were visited.

    """
    must = sum(1 << number for number, op in enumerate(ops) if op.known)
    earlier = _earlier_twins(ops)
    first = model.initial if initial is None else initial
    seen: dict[tuple[int, State], list[int]] = {(0, first): [0]}
    queue = deque([(0, first)])
    visited = 0
    while queue:
        done, state = queue.popleft()
        if done & must == must:
            return True
        visited += 1
        if most is not None and visited > most:
            raise TooLarge
        open_ = [number for number in range(len(ops)) if not done >> number & 1]
        horizon = min(ops[number].ret for number in open_)
        for number in open_:
            op = ops[number]
            if op.call < horizon and done & earlier[number] == earlier[number]:
                after = model.step(state, op)
                if after is not ILLEGAL and (op.known or after != state):
                    made = done | 1 << number
                    spent = seen.setdefault((made & must, after), [])
                    if not any(other & ~made == 0 for other in spent):
                        spent.append(made & ~must)
                        queue.append((made, after))
    return False


def _earlier_twins(ops: Sequence[Op]) -> list[int]:
    """For each unknown operation the one before it that asks the same, as a mask; 0 for all others."""
    last: dict[tuple[object, object], int] = {}
    masks = [0] * len(ops)
    for number in sorted(range(len(ops)), key=lambda number: ops[number].call):
        op = ops[number]
        if not op.known:
            kind = (op.f, op.argument)
            if kind in last:
                masks[number] = 1 << last[kind]
            last[kind] = number
    return masks


def refuted(model: Model, ops: Sequence[Op], initial: State | None = None, *, most: int) -> bool:
    """Whether even this is not linearizable: each unknown operation may take effect any number of times.

    Allows more than the definition, so True settles the matter and False nothing; there are few pairs to visit.

    Raises:
        TooLarge: more than `most` pairs were visited.

    """
    known = [op for op in ops if op.known]
    unknown = list({(op.f, op.argument): op for op in sorted(ops, key=lambda op: -op.call) if not op.known}.values())
    everything = (1 << len(known)) - 1
    first = model.initial if initial is None else initial
    seen = {(0, first)}
    stack = [(0, first)]
    while stack:
        done, state = stack.pop()
        if done == everything:
            return False
        horizon = min(op.ret for number, op in enumerate(known) if not done >> number & 1)
        steps = [(done | 1 << number, op) for number, op in enumerate(known) if not done >> number & 1]
        steps += [(done, op) for op in unknown]
        for after_done, op in steps:
            if op.call < horizon:
                after = model.step(state, op)
                if after is not ILLEGAL and (pair := (after_done, after)) not in seen:
                    seen.add(pair)
                    stack.append(pair)
        if len(seen) > most:
            raise TooLarge
    return True
