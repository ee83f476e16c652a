"""The one small interface of a model. Only `step` is needed; the hints make the search faster, never different."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import attrs

from tautolog_checkers.history.events import Event
from tautolog_checkers.history.problems import ShapeError
from tautolog_checkers.history.values import freeze
from tautolog_checkers.linearizability.operations import UNKNOWN, UNSEEN, Op

__all__ = ["Model", "ModelError", "Reduction", "ShapeError", "State"]

State: TypeAlias = Any
"""Hashable and immutable. Equal states must behave alike for ever."""

Reduction: TypeAlias = Callable[[State], tuple[State, int]]
"""State -> (a state that no operation of the history can tell from it, until when anything can still tell: a position)."""


class ModelError(ValueError):
    """A model that cannot be had or does not do what a model must, in one sentence."""


@attrs.frozen
class ByKey:
    """A first state for each of many objects.

    Attributes:
        states: by key, or by a key's text.
        otherwise: that of every other object.

    """

    states: Mapping[Any, State]
    otherwise: State


def first_state(initial: State | ByKey, key: Any) -> State:
    """The first state of the object with this key."""
    if isinstance(initial, ByKey):
        return initial.states.get(key, initial.states.get(str(key), initial.otherwise))
    return initial


class Model:
    """An object: its first state, and what each operation does to it."""

    name = "model"
    initial: State = None
    unseen: State = UNSEEN
    """The state that stands for one of which nothing to come can tell what it is; `step` must bear it."""
    functions: dict[str, str] = {}  # noqa: RUF012  # constant in every model
    """Function -> what it takes and gives, in words; empty where anything goes."""

    def step(self, state: State, op: Op) -> State:
        """The state after `op`, or `ILLEGAL` if it cannot have had its result in `state`.

        An operation whose result is `UNKNOWN` is always allowed; it leaves the state as it is where it does nothing.
        """
        raise ModelError(f"{type(self).__name__} has no step for {op.f} in {state!r}")

    def readonly(self, op: Op) -> bool:  # noqa: ARG002  # a hint that says no
        """Whether the operation never changes the state, whatever it is told."""
        return False

    def blind(self, op: Op) -> bool:  # noqa: ARG002  # a hint that says no
        """Whether the operation is allowed in every state, and the state after it does not depend on the one before."""
        return False

    def observed(self, ops: Sequence[Op]) -> Reduction | None:  # noqa: ARG002  # a hint that says no
        """How states can be reduced to what the operations of this history can still tell, or None."""
        return None

    def partition(self, event: Event) -> Any:
        """Which independent object an invocation is about; None where there is but one."""
        key = event.extra.get("key") if event.extra else None
        return None if key is None else freeze(key)

    def decode(self, f: str, asked: Any, told: Any, *, returned: bool) -> tuple[Any, Any]:  # noqa: ARG002  # all alike here
        """Argument and result of an operation out of the values of its invocation and its completion.

        Raises:
            ShapeError: they are not what the function takes or gives.

        """
        return freeze(asked), freeze(told) if returned else UNKNOWN

    def state(self, value: Any) -> State:
        """A first state out of JSON."""
        return freeze(value)

    def failed(self, f: str) -> bool:  # noqa: ARG002  # most operations that fail tell nothing
        """Whether a completion marked `"failed": "observed"` tells something about the state."""
        return False
