"""Several registers in one object, read and written together: `txn` [["read", k, v], ["write", k, v], …]."""

from __future__ import annotations

from typing import Any

from tautolog_checkers.history.values import freeze
from tautolog_checkers.linearizability.models.base import Model, ShapeError, State
from tautolog_checkers.linearizability.operations import ILLEGAL, UNKNOWN, Op

READS, WRITES = ("read", "r"), ("write", "w")


class MultiRegister(Model):
    """A mapping of names to values; a name that was never written holds null."""

    name = "multi-register"
    initial: State = ()
    functions = {"txn": '[["read", key, value] | ["write", key, value], …]'}  # noqa: RUF012  # constant

    def step(self, state: State, op: Op) -> State:
        """All steps of a transaction, in order, at once."""
        values = dict(state)
        for f, key, value in op.argument if op.result is UNKNOWN else op.result:
            if f in WRITES:
                values[key] = value
            elif op.result is not UNKNOWN and values.get(key) != value:
                return ILLEGAL
        return tuple(sorted(((key, value) for key, value in values.items() if value is not None), key=repr))

    def readonly(self, op: Op) -> bool:
        """Transactions that only read."""
        return all(f in READS for f, _, _ in op.argument)

    def decode(self, f: str, asked: Any, told: Any, *, returned: bool) -> tuple[Any, Any]:  # noqa: ARG002  # only txn
        """Steps as asked, and as they came out."""
        steps = self._steps(asked)
        if not returned:
            return steps, UNKNOWN
        if told is None and all(f in WRITES for f, _, _ in steps):
            return steps, steps
        results = self._steps(told)
        if len(results) != len(steps) or any(
            (f, key) != (g, name) or (f in WRITES and value != written)
            for (f, key, value), (g, name, written) in zip(steps, results, strict=True)
        ):
            raise ShapeError(f"the same steps in the completion, the reads with what they read: {asked!r}", told)
        return steps, results

    def state(self, value: Any) -> State:
        """An object with the registers' values."""
        if not isinstance(value, dict):
            raise ShapeError("an object with a value for each register", value)
        return tuple(sorted(((freeze(key), freeze(item)) for key, item in value.items()), key=repr))

    def _steps(self, value: Any) -> tuple[Any, ...]:
        if not isinstance(value, list | tuple) or not all(isinstance(step, list | tuple) for step in value):
            raise ShapeError(self.functions["txn"], value)
        try:
            steps = tuple((f, freeze(key), freeze(item)) for f, key, item in value)
        except ValueError:
            raise ShapeError(self.functions["txn"], value) from None
        for f, _, _ in steps:
            if f not in READS and f not in WRITES:
                raise ShapeError(self.functions["txn"], value)
        return steps
