"""A register, with and without compare-and-set.

* `read` null → the value; `write` v; `cas` [a, b] sets b where the value is a.
* A `cas` with result False saw another value than a.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tautolog_checkers.history.values import freeze
from tautolog_checkers.linearizability.models.base import Model, Reduction, ShapeError, State
from tautolog_checkers.linearizability.operations import FOREVER, ILLEGAL, UNKNOWN, UNSEEN, Op


class Register(Model):
    """One value: `read` and `write`."""

    name = "register"
    functions = {"read": "null, and gives the value", "write": "the value"}  # noqa: RUF012  # constant

    def step(self, state: State, op: Op) -> State:
        """The value after `op`."""
        f = op.f
        if f == "read":
            return state if op.result == state or op.result is UNKNOWN else ILLEGAL
        if f == "write":
            return op.argument
        expected, value = op.argument
        if op.result is False:
            return ILLEGAL if state == expected else state
        if state == expected:
            return value
        return state if op.result is UNKNOWN else ILLEGAL

    def readonly(self, op: Op) -> bool:
        """Reads, and compare-and-sets that saw another value."""
        return op.f == "read" or op.result is False

    def blind(self, op: Op) -> bool:
        """Writes."""
        return op.f == "write"

    def observed(self, ops: Sequence[Op]) -> Reduction | None:
        """A value matters until the last operation that reads it, expects it or saw another one."""
        last: dict[Any, int] = {}
        for op in ops:
            if op.f == "read":
                value = op.result
            elif op.f == "cas":
                value = op.argument[0]
            else:
                continue
            if op.ret > last.get(value, -1):
                last[value] = op.ret
        get = last.get

        def reduce(state: State) -> tuple[State, int]:
            until = get(state)
            return (UNSEEN, FOREVER) if until is None else (state, until)

        return reduce

    def decode(self, f: str, asked: Any, told: Any, *, returned: bool) -> tuple[Any, Any]:
        """Reads have a result, writes an argument."""
        if f == "read":
            return None, freeze(told) if returned else UNKNOWN
        if f == "write":
            return freeze(asked), None if returned else UNKNOWN
        return self._cas(asked, told, returned=returned)

    def _cas(self, asked: Any, told: Any, *, returned: bool) -> tuple[Any, Any]:
        if not isinstance(asked, list | tuple) or len(asked) != 2:
            raise ShapeError("[expected, new] of a cas", asked)
        if not returned:
            result: Any = UNKNOWN
        else:
            result = told is not False
        return (freeze(asked[0]), freeze(asked[1])), result


class CasRegister(Register):
    """One value: `read`, `write` and `cas`."""

    name = "cas-register"
    functions = Register.functions | {"cas": "[expected, new]"}

    def failed(self, f: str) -> bool:
        """A failed compare-and-set that saw the register saw another value."""
        return f == "cas"
