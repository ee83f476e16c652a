"""What workers and groups tell of themselves, beyond sends and polls: operations of clients that carry more fields.

* `commit`: value {key: offset}, fields "group", "generation", and in transactions "producer-id" and "epoch"; `committed`:
  null → {key: offset}, an offset null or -1 where nothing was committed, field "group".
* `assigned`: value [key, …], fields "group", "generation" and "member": what a member of a group owns from now on.
* `process` and `dead-letter`: value [key, offset] or [key, offset, value], fields "group" and, for records that must be
  handled in order, "order-key".
* `effect`: value an id of the effect on the outside world.
* sends may carry "producer-id", "epoch" and "sequence" (of their first record; one number, or {key: number}), polls
  "last-stable-offset" and "high-watermark" ({key: offset} each), subscribes "group".
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tautolog_checkers.history.events import Event
from tautolog_checkers.history.operations import Operation
from tautolog_checkers.history.values import freeze

NEVER = 1 << 62
"""The position of a completion that did not come."""

WORKER = ("commit", "committed", "assigned", "process", "dead-letter", "effect")


class Told:
    """One operation of a worker.

    Attributes:
        f: what it did.
        index, process, type: whose, and how it ended.
        call, ret: positions in the history.
        entries: (key, offset) pairs; for `assigned` the offset is None, for `effect` the key is the id.
        group, generation, order_key: as the events have them, or None.
        member: who it was to the group; the process where no "member" is told.
        producer, epoch: of the transaction, or None.

    """

    __slots__ = (
        "call", "entries", "epoch", "f", "generation", "group", "index", "member", "order_key", "process", "producer", "ret",
        "type",
    )  # fmt: skip

    def __init__(self, operation: Operation, key_of: Callable[[Any], Any]) -> None:
        invoked, completed = operation.invoked, operation.completed
        event = invoked if completed is None or completed.value is None else completed
        fields = {**(invoked.extra or {}), **(event.extra or {})}
        self.f = invoked.f
        self.index = invoked.index
        self.process = invoked.process
        self.type = operation.type
        self.call = operation.call
        self.ret = NEVER if operation.ret is None or self.type == "info" else operation.ret
        self.group = freeze(fields.get("group"))
        self.generation = _number(fields.get("generation"))
        self.member = fields.get("member", self.process)
        self.producer, self.epoch = producer_of(fields)
        self.order_key = freeze(fields.get("order-key"))
        self.entries = _entries(event, key_of)


def producer_of(fields: dict[str, Any]) -> tuple[Any, int | None]:
    """The producer's id, or else its transactional id, and its epoch, as far as they are told; an id of -1 is none."""
    told = fields.get("producer-id")
    if told is None or told == -1:
        told = fields.get("transactional-id")
    return freeze(told), _number(fields.get("epoch"))


def _number(value: Any) -> int | None:
    """A whole number of at least 0; None for anything else: -1 says that there is no group, or no producer."""
    return value if type(value) is int and value >= 0 else None


def _entries(event: Event, key_of: Callable[[Any], Any]) -> list[tuple[Any, int | None]]:
    """The (key, offset) pairs of a value.

    Raises:
        ValueError: the value is otherwise; the message says what was expected.

    """
    f, value = event.f, event.value
    if f == "effect":
        return [(freeze(value), None)]
    if f == "assigned":
        if not isinstance(value, list | tuple):
            raise ValueError("a list of keys")
        return [(key_of(key), None) for key in value]
    if f in {"commit", "committed"}:
        if value is None:
            return []
        known = isinstance(value, dict) and all(offset is None or type(offset) is int for offset in value.values())
        if not known:
            raise ValueError("{key: offset}")
        return [(key_of(key), -1 if offset is None else offset) for key, offset in value.items()]
    if not isinstance(value, list | tuple) or len(value) not in {2, 3} or type(value[1]) is not int:
        raise ValueError("[key, offset] or [key, offset, value]")
    return [(key_of(value[0]), value[1])]
