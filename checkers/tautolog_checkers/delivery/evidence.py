"""What the checks of this package look at: operations with their extra fields, the last read, the notes."""

from __future__ import annotations

from typing import Any, NamedTuple

from tautolog_checkers.history.events import History, is_client
from tautolog_checkers.history.operations import Operation, pair

NEVER = 1 << 62


class Commit(NamedTuple):
    """A commit of one offset. `ret` is `NEVER` while its end is unknown."""

    operation: int
    call: int
    ret: int
    ok: bool
    group: str
    generation: int
    key: str
    offset: int


class Lookup(NamedTuple):
    """A successful question for one committed offset; -1 where nothing was committed."""

    operation: int
    call: int
    ret: int
    group: str
    key: str
    offset: int


class Evidence:
    """One history, prepared."""

    def __init__(self, history: History) -> None:
        self.operations: list[Operation] = list(pair(history))
        self.notes = [event for event in history.events if not is_client(event.process)]
        self.commits: list[Commit] = []
        self.lookups: list[Lookup] = []
        self.assigns: list[Operation] = []
        self.polls: list[tuple[Operation, dict[str, list[Any]]]] = []
        self.group_of: dict[Any, str] = {}
        """Process -> the group it reads for."""
        self.final_process: Any = None
        self.final: dict[str, dict[int, Any]] = {}
        """Key -> offset -> value, as the last read found it."""
        for operation in self.operations:
            self._sort(operation)
        for operation, read in self.polls:
            if operation.invoked.process == self.final_process:
                for key, pairs in read.items():
                    self.final.setdefault(key, {}).update((offset, value) for offset, value in pairs)
        self.final_complete = any(note.f == "final-read" for note in self.notes)

    def _sort(self, operation: Operation) -> None:
        invoked, completed = operation.invoked, operation.completed
        f, extra = invoked.f, invoked.extra or {}
        if f == "commit":
            if not operation.failed:
                self._commit(operation, extra)
        elif f == "seek" and "group" in extra:
            if completed is not None and operation.ok:
                for key in invoked.value:
                    offset = completed.value.get(key, -1)
                    ret = operation.ret if operation.ret is not None else NEVER
                    self.lookups.append(Lookup(invoked.index, operation.call, ret, extra["group"], key, offset))
        elif f in {"assign", "subscribe"}:
            if "group" in extra:
                self.group_of[invoked.process] = extra["group"]
            if extra.get("final"):
                self.final_process = invoked.process
            if f == "assign" and operation.ok:
                self.assigns.append(operation)
        elif f == "poll" and completed is not None and operation.ok:
            for micro in completed.value:
                if len(micro) > 1:
                    self.polls.append((operation, micro[1]))

    def _commit(self, operation: Operation, extra: dict[str, Any]) -> None:
        ok = operation.ok
        ret = operation.ret if ok and operation.ret is not None else NEVER
        group, generation = extra.get("group", ""), extra.get("generation", -1)
        for key, offset in operation.invoked.value.items():
            self.commits.append(Commit(operation.index, operation.call, ret, ok, group, generation, key, offset))
