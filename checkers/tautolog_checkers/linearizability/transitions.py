"""States and operations as small integers, and what leads where, worked out once.

Equal operations (function, argument and result) share one row. States are reduced to what the history can still tell.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tautolog_checkers.linearizability.models.base import Model, State
from tautolog_checkers.linearizability.operations import FOREVER, ILLEGAL, Op

Row = dict[int, int]
"""State -> state after the operation, or -1 where it is illegal; filled as needed."""


class Transitions:
    """The states of one object, numbered.

    Args:
        model: the object.
        ops: all operations of the history, or None where they are not known yet: then nothing is reduced.

    """

    __slots__ = ("_ids", "_model", "_reduce", "_rows", "dead", "reduces", "states", "until")

    def __init__(self, model: Model, ops: Sequence[Op] | None) -> None:
        self._model = model
        self._reduce = None if ops is None else model.observed(ops)
        self._ids: dict[State, int] = {}
        self._rows: dict[Any, tuple[Row, Op]] = {}
        self.states: list[State] = []
        self.until: list[int] = []
        self.reduces = self._reduce is not None
        self.dead = self._number(model.unseen, FOREVER) if self.reduces else -1

    def intern(self, state: State) -> int:
        """The number of a state."""
        number = self._ids.get(state)
        if number is not None:
            return number
        if self._reduce is None:
            return self._number(state, FOREVER)
        reduced, until = self._reduce(state)
        if reduced == self._model.unseen:
            number = self.dead
        else:
            number = self._ids.get(reduced)
            if number is None:
                number = self._number(reduced, until)
        self._ids[state] = number
        return number

    def row(self, op: Op) -> Row:
        """Where the operation leads from each state that was asked about."""
        key = (op.f, op.argument, op.result)
        found = self._rows.get(key)
        if found is None:
            found = self._rows[key] = ({}, op)
        return found[0]

    def fill(self, row: Row, op: Op, state: int) -> int:
        """Work out one transition."""
        after = self._model.step(self.states[state], op)
        number = -1 if after is ILLEGAL else self.intern(after)
        row[state] = number
        return number

    def _number(self, state: State, until: int) -> int:
        number = len(self.states)
        self.states.append(state)
        self.until.append(until)
        self._ids[state] = number
        return number
