"""A store of strings under keys: `get`, `put`, `append`. Each key is an object of its own; what was never put is empty."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tautolog_checkers.history.events import Event
from tautolog_checkers.history.values import freeze
from tautolog_checkers.linearizability.models.base import ByKey, Model, Reduction, ShapeError, State
from tautolog_checkers.linearizability.operations import FOREVER, ILLEGAL, UNKNOWN, UNSEEN, Op


class KeyValue(Model):
    """The value of one key."""

    name = "kv"
    initial: State = ""
    functions = {"get": "null, and gives the value", "put": "the value", "append": "a text"}  # noqa: RUF012  # constant

    def step(self, state: State, op: Op) -> State:
        """The value after `op`."""
        if op.f == "get":
            return state if op.result is UNKNOWN or op.result == state else ILLEGAL
        if op.f == "put":
            return op.argument
        if type(state) is str:
            text: str = state + op.argument
            return text
        return UNSEEN if state is UNSEEN else f"{state}{op.argument}"

    def readonly(self, op: Op) -> bool:
        """Gets."""
        return op.f == "get"

    def blind(self, op: Op) -> bool:
        """Puts."""
        return op.f == "put"

    def observed(self, ops: Sequence[Op]) -> Reduction | None:
        """A value matters as long as some get still tells it or something that begins with it.

        Which prefixes of the observed values can come about at all is found by cutting them where an append can have
        ended; everything else is as good as any other unseen value.
        """
        if any(op.f == "get" and not isinstance(op.result, str) for op in ops if op.known):
            return None
        texts = {op.argument for op in ops if op.f == "append"}
        lengths = sorted({len(text) for text in texts if text})
        last: dict[State, int] = {}
        for op in sorted((op for op in ops if op.f == "get" and op.known), key=lambda op: -op.ret):
            value = op.result
            if value in last:
                continue
            reached = [len(value)]
            while reached:
                end = reached.pop()
                prefix = value[:end]
                if prefix in last:
                    continue
                last[prefix] = op.ret
                reached.extend(end - n for n in lengths if n <= end and value[end - n : end] in texts)
        get = last.get

        def reduce(state: State) -> tuple[State, int]:
            if type(state) is not str:  # an append makes a text of it
                return state, FOREVER
            until = get(state)
            return (UNSEEN, FOREVER) if until is None else (state, until)

        return reduce

    def partition(self, event: Event) -> Any:
        """The key."""
        if event.extra and "key" in event.extra:
            return freeze(event.extra["key"])
        if isinstance(event.value, dict) and "key" in event.value:
            return freeze(event.value["key"])
        raise ShapeError('a field "key"', event.fields())

    def decode(self, f: str, asked: Any, told: Any, *, returned: bool) -> tuple[Any, Any]:
        """The value, also where it stands in an object beside its key."""
        asked = asked.get("value") if isinstance(asked, dict) else asked
        told = told.get("value") if isinstance(told, dict) else told
        if f == "get":
            return None, _text(told) if returned else UNKNOWN
        if f == "append" and not isinstance(asked, str):
            raise ShapeError("a text to append", asked)
        return _text(asked), None if returned else UNKNOWN

    def state(self, value: Any) -> State:
        """The value that every key has at first; or an object with the value of some, the others having none."""
        if isinstance(value, dict):
            return ByKey({freeze(key): _text(item) for key, item in value.items()}, self.initial)
        return _text(value)


def _text(value: Any) -> Any:
    return "" if value is None else freeze(value)
