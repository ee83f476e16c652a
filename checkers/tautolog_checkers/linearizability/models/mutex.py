"""A lock: `acquire` and `release`, each possible only where the other one was last."""

from __future__ import annotations

from typing import Any

from tautolog_checkers.linearizability.models.base import Model, ShapeError, State
from tautolog_checkers.linearizability.operations import ILLEGAL, UNKNOWN, Op


class Mutex(Model):
    """Held or not; by whom is not asked."""

    name = "mutex"
    initial: State = False
    functions = {"acquire": "nothing", "release": "nothing"}  # noqa: RUF012  # constant

    def step(self, state: State, op: Op) -> State:
        """Held afterwards, or free."""
        wanted = op.f == "acquire"
        if state is not wanted:
            return wanted
        return state if op.result is UNKNOWN else ILLEGAL

    def decode(self, f: str, asked: Any, told: Any, *, returned: bool) -> tuple[Any, Any]:  # noqa: ARG002  # they take nothing
        """Nothing is taken and nothing given."""
        return None, None if returned else UNKNOWN

    def state(self, value: Any) -> State:
        """True where it is held at first."""
        if not isinstance(value, bool):
            raise ShapeError("true or false", value)
        return value
