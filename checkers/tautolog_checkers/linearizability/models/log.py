"""An append-only log: `append` v → [offset, v]; `read` {"from": o} → {"from": o, "values": […], "end": true|false}.

A read may stop anywhere; `end` says that it reached the end. The first offset is 0, and no offset is left out.
"""

from __future__ import annotations

from typing import Any

from tautolog_checkers.history.values import freeze
from tautolog_checkers.linearizability.models.base import Model, ShapeError, State
from tautolog_checkers.linearizability.operations import ILLEGAL, UNKNOWN, Op


class Log(Model):
    """The values, in the order of their offsets."""

    name = "log"
    initial: State = ()
    functions = {  # noqa: RUF012  # constant
        "append": "a value, and gives [offset, value]",
        "read": '{"from": offset}, and gives {"from": offset, "values": […], "end": true|false}',
    }

    def step(self, state: State, op: Op) -> State:
        """The log after `op`."""
        if op.f == "append":
            if op.result is not UNKNOWN and op.result != len(state):
                return ILLEGAL
            return (*state, op.argument)
        if op.result is UNKNOWN:
            return state
        values, end = op.result
        stop = op.argument + len(values)
        if state[op.argument : stop] != values or (end and stop < len(state)):
            return ILLEGAL
        return state

    def readonly(self, op: Op) -> bool:
        """Reads."""
        return op.f == "read"

    def decode(self, f: str, asked: Any, told: Any, *, returned: bool) -> tuple[Any, Any]:
        """An append's result is its offset, a read's (values, whether it reached the end)."""
        if f == "append":
            if not returned:
                return freeze(asked), UNKNOWN
            if not isinstance(told, list | tuple) or len(told) != 2 or not _offset(told[0]):
                raise ShapeError("[offset, value] of an append", told)
            if freeze(told[1]) != freeze(asked):
                raise ShapeError(f"the appended value {asked!r} in the completion", told)
            return freeze(asked), told[0]
        start = asked.get("from") if isinstance(asked, dict) else asked
        if not _offset(start):
            raise ShapeError('{"from": offset} of a read', asked)
        if not returned:
            return start, UNKNOWN
        if (
            not isinstance(told, dict)
            or not isinstance(told.get("values"), list | tuple)
            or told.get("from", start) != start
            or not isinstance(told.get("end", False), bool)
        ):
            raise ShapeError('{"from": offset, "values": […], "end": true|false} of the same offset', told)
        return start, (tuple(map(freeze, told["values"])), told.get("end", False))

    def state(self, value: Any) -> State:
        """A list of values."""
        if not isinstance(value, list):
            raise ShapeError("a list of values", value)
        return tuple(map(freeze, value))


def _offset(value: Any) -> bool:
    return type(value) is int and value >= 0
