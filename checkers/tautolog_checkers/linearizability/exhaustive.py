"""The slow judge: all orders, by the definition and nothing else. It checks the fast ones and shares no line with them.

Depth-first over (operations that have taken effect, state), each pair visited once. Used by tests on small histories and
on every witness.
"""

from __future__ import annotations

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
    first = model.initial if initial is None else initial
    seen = {(0, first)}
    stack = [(0, first)]
    while stack:
        done, state = stack.pop()
        if done & must == must:
            return True
        open_ = [number for number in range(len(ops)) if not done >> number & 1]
        horizon = min(ops[number].ret for number in open_)
        for number in open_:
            if ops[number].call < horizon:
                after = model.step(state, ops[number])
                if after is not ILLEGAL and (pair := (done | 1 << number, after)) not in seen:
                    seen.add(pair)
                    stack.append(pair)
        if most is not None and len(seen) > most:
            raise TooLarge
    return False
