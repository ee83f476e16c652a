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
