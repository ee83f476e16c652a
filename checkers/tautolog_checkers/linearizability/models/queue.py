"""A FIFO queue (`enqueue`, `dequeue`) and a stack (`push`, `pop`). Taking from an empty one gives null.

Either model takes either pair of names, so that one history can be asked about both.
"""

from __future__ import annotations

from typing import Any

from tautolog_checkers.history.values import freeze
from tautolog_checkers.linearizability.models.base import Model, ShapeError, State
from tautolog_checkers.linearizability.operations import ILLEGAL, UNKNOWN, Op

EMPTY = ("empty",)
"""The result of taking from what was empty."""

PUTS = ("enqueue", "push")
_TAKES = "null, and gives the value, or null where it is empty"


class Queue(Model):
    """First in, first out."""

    name = "queue"
    initial: State = ()
    functions = {"enqueue": "the value", "dequeue": _TAKES, "push": "the value", "pop": _TAKES}  # noqa: RUF012  # constant
    puts = PUTS

    def step(self, state: State, op: Op) -> State:
        """The values after `op`, the next one first."""
        if op.f in self.puts:
            return self._put(state, op.argument)
        if op.result is UNKNOWN:
            return state[1:]
        if op.result == EMPTY:
            return ILLEGAL if state else state
        return state[1:] if state and state[0] == op.result else ILLEGAL

    def readonly(self, op: Op) -> bool:
        """Seeing that it is empty."""
        return op.f not in self.puts and op.result == EMPTY

    def decode(self, f: str, asked: Any, told: Any, *, returned: bool) -> tuple[Any, Any]:
        """Null from a taking operation means empty."""
        if f in self.puts:
            if asked is None:
                raise ShapeError("a value; null is what an empty one gives", asked)
            return freeze(asked), None if returned else UNKNOWN
        return None, (EMPTY if told is None else freeze(told)) if returned else UNKNOWN

    def state(self, value: Any) -> State:
        """A list, the next value first."""
        if not isinstance(value, list):
            raise ShapeError("a list of values", value)
        return tuple(map(freeze, value))

    def _put(self, state: State, value: Any) -> State:
        return (*state, value)


class Stack(Queue):
    """Last in, first out."""

    name = "stack"

    def _put(self, state: State, value: Any) -> State:
        return (value, *state)
