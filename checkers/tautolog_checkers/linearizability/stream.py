"""Linearizability while the history is being written: events one by one, the first violation as soon as it is there.

What has happened is beyond doubt up to the first operation of which it is not known how it ended: that part is searched
once. The rest, no longer than what is going on at the same time, is searched again at every completion, with what has not
ended taken as unknown; a history of which a beginning is broken stays broken. The state can be kept and taken up again.
"""

from __future__ import annotations

from typing import Any

from tautolog_checkers.history.events import FAIL, INVOKE, OK, Event, is_client
from tautolog_checkers.history.jsonl import dump_event, read_lines
from tautolog_checkers.history.problems import Problems
from tautolog_checkers.linearizability.configurations import Search
from tautolog_checkers.linearizability.models.base import Model, ShapeError, State
from tautolog_checkers.linearizability.operations import FOREVER, UNKNOWN, Op
from tautolog_checkers.linearizability.plain import from_plain, op_from_plain, op_to_plain, to_plain
from tautolog_checkers.verdict import Outcome

OPEN, ENDED, ABSENT = "open", "ended", "absent"


class _Object:
    """One object: what is searched for good, and what came after the first open operation."""

    __slots__ = ("buffer", "search", "states")

    def __init__(self, search: Search) -> None:
        self.search = search
        self.buffer: list[tuple[bool, Op]] = []
        self.states: dict[int, str] = {}

    def settle(self, model: Model) -> bool:
        """Search for good what is beyond doubt; whether it holds."""
        count = 0
        holds = True
        for returns, op in self.buffer:
            state = self.states.get(op.index, ENDED)
            if not returns and state == OPEN:
                break
            count += 1
            if not _step(model, self.search, op, returns=returns, state=state):
                holds = False
                break
            if returns or not op.known or state == ABSENT:
                self.states.pop(op.index, None)
        del self.buffer[:count]
        return holds

    def holds(self, model: Model) -> bool:
        """Whether all that came so far can be ordered, what is open taken as unknown."""
        search = self.search.copy()
        for returns, op in self.buffer:
            state = self.states.get(op.index, ENDED)
            if not _step(model, search, op, returns=returns, state=state):
                return False
        return True


def _step(model: Model, search: Search, op: Op, *, returns: bool, state: str) -> bool:
    if state == ABSENT:
        return True
    if returns:
        return search.ret(op)
    if op.known or not model.readonly(op):
        search.call(op)
    return True


class Stream:
    """A judge of one history that is still going on.

    Args:
        model: the object, or one of many alike, told apart by `Model.partition`.
        initial: the first state; the model's own by default.

    """

    __slots__ = ("_begun", "_initial", "_model", "_objects", "_position", "violation")

    def __init__(self, model: Model, initial: State | None = None) -> None:
        self._model = model
        self._initial = initial
        self._objects: dict[Any, _Object] = {}
        self._begun: dict[Any, tuple[Event, Op, Any]] = {}
        self._position = 0
        self.violation: tuple[Any, int] | None = None
        """(object, index of the operation with whose end the history was broken), once it is."""

    def feed(self, event: Event) -> Outcome:
        """Take one event; `HOLDS` as long as what came so far can be ordered.

        Raises:
            ShapeError: a function that the model does not have, a value that it does not take or give, a completion that is
                not of the operation that its process began, or the index of an operation that is still open.

        """
        position = self._position
        self._position += 1
        if self.violation is not None or not is_client(event.process):
            return self.outcome
        if event.type == INVOKE:
            self._begin(event, position)
        else:
            self._end(event, position)
        return self.outcome

    @property
    def outcome(self) -> Outcome:
        """The verdict on what came so far."""
        return Outcome.HOLDS if self.violation is None else Outcome.VIOLATED

    def _begin(self, event: Event, position: int) -> None:
        functions = self._model.functions
        if functions and event.f not in functions:
            raise ShapeError(f"one of {', '.join(functions)} ({self._model.name})", event.f)
        argument, _ = self._model.decode(event.f, event.value, None, returned=False)
        key = self._model.partition(event)
        op = Op(event.index, event.f, argument, UNKNOWN, position, FOREVER)
        found = self._objects.get(key)
        if found is None:
            found = self._objects[key] = _Object(Search(self._model, None, self._initial))
        if op.index in found.states:
            raise ShapeError("an index that no event before has", event.index)
        before = self._begun.get(event.process)
        if before is not None:
            self._objects[before[2]].states[before[1].index] = ENDED
        self._begun[event.process] = (event, op, key)
        found.states[op.index] = OPEN
        found.buffer.append((False, op))

    def _end(self, event: Event, position: int) -> None:
        begun = self._begun.get(event.process)
        if begun is None:
            raise ShapeError(f"an invocation by process {event.process} before its completion", event.f)
        if begun[0].f != event.f:
            raise ShapeError(f"the completion of {begun[0].f!r} by process {event.process}", event.f)
        del self._begun[event.process]
        invoked, op, key = begun
        found = self._objects[key]
        observed = event.type == FAIL and bool(event.extra) and self._model.failed(event.f)
        if event.type == OK or (observed and event.extra is not None and event.extra.get("failed") == "observed"):
            told = event.value if event.type == OK else False
            op.argument, op.result = self._model.decode(invoked.f, invoked.value, told, returned=True)
            op.ret = position
            found.states[op.index] = ENDED
            found.buffer.append((True, op))
        else:
            found.states[op.index] = ABSENT if event.type == FAIL else ENDED
        if not found.settle(self._model) or (found.buffer and not found.holds(self._model)):
            self.violation = (key, op.index)

    def checkpoint(self) -> dict[str, Any]:
        """All that is needed to go on, as JSON. The states of the model must be tuples, frozensets, numbers and strings."""
        return {
            "position": self._position,
            "violation": None if self.violation is None else [to_plain(self.violation[0]), self.violation[1]],
            "initial": to_plain(self._initial),
            "objects": [
                {
                    "key": to_plain(key),
                    "search": found.search.save(),
                    "buffer": [[returns, op_to_plain(op)] for returns, op in found.buffer],
                    "states": [[index, state] for index, state in found.states.items()],
                }
                for key, found in self._objects.items()
            ],
            "begun": [
                [dump_event(event), to_plain(key)]  # as a line, which keeps every value that a reader gives
                for event, _, key in self._begun.values()
            ],
        }

    @classmethod
    def resume(cls, model: Model, kept: dict[str, Any]) -> Stream:
        """Go on from a checkpoint."""
        stream = cls(model, from_plain(kept["initial"]))
        stream._position = kept["position"]
        if kept["violation"] is not None:
            stream.violation = (from_plain(kept["violation"][0]), kept["violation"][1])
        for entry in kept["objects"]:
            found = _Object(Search.load(model, entry["search"]))
            ops: dict[int, Op] = {}
            for returns, plain in entry["buffer"]:
                op = ops.setdefault(plain[0], op_from_plain(plain))
                found.buffer.append((returns, op))
            found.states = dict(entry["states"])
            stream._objects[from_plain(entry["key"])] = found
            for line, key in kept["begun"]:
                if key == entry["key"]:
                    (event,) = read_lines(line.encode(), Problems())
                    stream._begun[event.process] = (event, ops[event.index], from_plain(key))
        return stream
