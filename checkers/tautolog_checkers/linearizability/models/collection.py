"""A set (`add`, `remove`, `read`) and a counter (`add`, `increment`, `decrement`, `read`)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tautolog_checkers.history.values import freeze
from tautolog_checkers.linearizability.models.base import Model, Reduction, ShapeError, State
from tautolog_checkers.linearizability.operations import ILLEGAL, UNKNOWN, Op


class Whole(Model):
    """An object of which every read shows all."""

    def readonly(self, op: Op) -> bool:
        """Reads."""
        return op.f == "read"

    def observed(self, ops: Sequence[Op]) -> Reduction | None:
        """After the last read nothing matters."""
        last = max((op.ret for op in ops if op.f == "read"), default=-1)
        return lambda state: (state, last)


class Set(Whole):
    """A set of values; adding what is there and removing what is not change nothing."""

    name = "set"
    unseen: State = frozenset()
    initial: State = frozenset()
    functions = {"add": "the element", "remove": "the element", "read": "null, and gives a list"}  # noqa: RUF012  # constant

    def step(self, state: State, op: Op) -> State:
        """The elements after `op`."""
        if op.f == "read":
            return state if op.result is UNKNOWN or op.result == state else ILLEGAL
        return state | {op.argument} if op.f == "add" else state - {op.argument}

    def decode(self, f: str, asked: Any, told: Any, *, returned: bool) -> tuple[Any, Any]:
        """Reads give a list (or, in EDN, a set) of elements."""
        if f != "read":
            return freeze(asked), None if returned else UNKNOWN
        if not returned:
            return None, UNKNOWN
        if told is not None and not isinstance(told, list | tuple | set | frozenset):
            raise ShapeError("a list of elements", told)
        return None, frozenset(map(freeze, told or ()))

    def state(self, value: Any) -> State:
        """A list of elements."""
        if not isinstance(value, list):
            raise ShapeError("a list of elements", value)
        return frozenset(map(freeze, value))


class Counter(Whole):
    """A number."""

    name = "counter"
    unseen: State = 0
    initial: State = 0
    functions = {  # noqa: RUF012  # constant
        "add": "a number",
        "increment": "null or a number",
        "decrement": "null or a number",
        "read": "null, and gives the number",
    }

    def step(self, state: State, op: Op) -> State:
        """The number after `op`."""
        if op.f == "read":
            return state if op.result is UNKNOWN or op.result == state else ILLEGAL
        return state + op.argument

    def decode(self, f: str, asked: Any, told: Any, *, returned: bool) -> tuple[Any, Any]:
        """What is added has its sign."""
        if f == "read":
            return None, _number(told) if returned else UNKNOWN
        amount = _number(1 if asked is None and f != "add" else asked)
        return -amount if f == "decrement" else amount, None if returned else UNKNOWN

    def state(self, value: Any) -> State:
        """A number."""
        return _number(value)


def _number(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise ShapeError("a whole number", value)
    return value
