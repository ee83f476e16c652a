"""Invocations and completions brought together. Decides what belongs to what, never what it means.

A process does one thing at a time. If it invokes again before its last operation completed, or never completes it, that
operation is *unknown*, like one that completed with `info`. A completion without an invocation is a problem.
"""

from __future__ import annotations

from collections.abc import Iterator

from tautolog_checkers.history.events import FAIL, INVOKE, OK, Event, History, is_client
from tautolog_checkers.history.problems import LOOK


class Operation:
    """One operation of a client.

    Args:
        invoked: the event that began it.
        completed: the event that ended it, or None.
        call: position of `invoked` among the events of the history.
        ret: position of `completed`, or None where the operation has no completion.

    """

    __slots__ = ("call", "completed", "invoked", "ret")

    def __init__(self, invoked: Event, completed: Event | None, call: int, ret: int | None) -> None:
        self.invoked = invoked
        self.completed = completed
        self.call = call
        self.ret = ret

    @property
    def index(self) -> int:
        """The name of the operation: the index of its invocation."""
        return self.invoked.index

    @property
    def type(self) -> str:
        """`ok`, `fail` or `info`; an operation without completion is `info`."""
        return self.completed.type if self.completed is not None else "info"

    @property
    def ok(self) -> bool:
        """Whether it surely happened, with the result that its completion carries."""
        return self.completed is not None and self.completed.type == OK

    @property
    def failed(self) -> bool:
        """Whether it surely did not happen."""
        return self.completed is not None and self.completed.type == FAIL


def pair(history: History) -> Iterator[Operation]:
    """The operations of the clients, in the order in which they ended.

    Unknown ones end at their completion, at the next invocation of their process, or after all others.

    Raises:
        HistoryError: a completion without an invocation, or of another function, unless the reader was lenient.

    """
    problems = history.problems
    pending: dict[object, tuple[Event, int]] = {}
    clients: dict[object, bool] = {}
    for position, event in enumerate(history.events):
        if not position & LOOK and problems.look is not None:
            problems.look()
        process = event.process
        client = clients.get(process)
        if client is None:
            client = clients[process] = is_client(process)
        if not client:
            continue
        if event.type == INVOKE:
            if process in pending:
                begun, call = pending[process]
                yield Operation(begun, None, call, None)
            pending[process] = (event, position)
            continue
        found = pending.pop(process, None)
        if found is None:
            problems.report(event.line, f"an invocation by process {process} before its completion", event.f)
        elif found[0].f != event.f:
            problems.report(event.line, f"the completion of {found[0].f!r} by process {process}", event.f)
            pending[process] = found
        else:
            yield Operation(found[0], event, found[1], position)
    for begun, call in sorted(pending.values(), key=lambda item: item[1]):
        yield Operation(begun, None, call, None)
