"""Orders of effect carried out, one operation after the other, on objects that change in place.

What a model's `step` does with a new state each time, done in constant time for those whose states grow with the history.
Written apart from the models, from the same words; for every other model its own `step` is what is carried out.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

from tautolog_checkers.linearizability.models.base import Model, State
from tautolog_checkers.linearizability.models.collection import Set
from tautolog_checkers.linearizability.models.log import Log
from tautolog_checkers.linearizability.models.queue import EMPTY, PUTS, Queue, Stack
from tautolog_checkers.linearizability.operations import ILLEGAL, UNKNOWN, Op

Act = Callable[[Op], bool]
"""Carries out one operation; whether it could have had its result."""


def carry_out(model: Model, initial: State) -> Act:
    """An object in its first state, ready to be acted on."""
    made = OBJECTS.get(type(model))
    return made(initial) if made is not None else _by_steps(model, initial)


def _by_steps(model: Model, state: State) -> Act:
    def act(op: Op) -> bool:
        nonlocal state
        state = model.step(state, op)
        return state is not ILLEGAL

    return act


def _queue(initial: tuple[Any, ...]) -> Act:
    inside = deque(initial)
    return _taking(inside, inside.append, inside.popleft)


def _stack(initial: tuple[Any, ...]) -> Act:
    inside = list(reversed(initial))
    return _taking(inside, inside.append, inside.pop)


def _taking(inside: deque[Any] | list[Any], put: Callable[[Any], None], take: Callable[[], Any]) -> Act:
    def act(op: Op) -> bool:
        if op.f in PUTS:
            put(op.argument)
            return True
        if op.result == EMPTY:
            return not inside
        if op.result is UNKNOWN:
            if inside:
                take()
            return True
        return bool(inside) and take() == op.result

    return act


def _log(initial: tuple[Any, ...]) -> Act:
    values = list(initial)

    def act(op: Op) -> bool:
        if op.f == "append":
            values.append(op.argument)
            return op.result is UNKNOWN or op.result == len(values) - 1
        if op.result is UNKNOWN:
            return True
        told, end = op.result
        stop = op.argument + len(told)
        return tuple(values[op.argument : stop]) == told and (not end or stop >= len(values))

    return act


def _set(initial: frozenset[Any]) -> Act:
    elements = set(initial)

    def act(op: Op) -> bool:
        if op.f == "read":
            return op.result is UNKNOWN or op.result == elements
        (elements.add if op.f == "add" else elements.discard)(op.argument)
        return True

    return act


OBJECTS: dict[type[Model], Callable[[Any], Act]] = {Queue: _queue, Stack: _stack, Log: _log, Set: _set}
"""Exactly these classes: a model derived from one of them may do something else."""
