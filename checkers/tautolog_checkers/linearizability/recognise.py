"""Which model a history is of, by its functions and the shapes of their values, where that leaves no doubt."""

from __future__ import annotations

from tautolog_checkers.history.events import INVOKE, OK, History, is_client
from tautolog_checkers.kafka.transactions import ASSIGNMENTS, MOVES, OTHERS, TRANSACTIONS, is_kafka
from tautolog_checkers.kafka.worker_events import WORKER

BY_FUNCTIONS = (
    ({"enqueue", "dequeue"}, "queue"),
    ({"push", "pop"}, "stack"),
    ({"get", "put", "append"}, "kv"),
    ({"acquire", "release"}, "mutex"),
    ({"read", "write"}, "register"),
    ({"read", "write", "cas"}, "cas-register"),
    ({"increment", "decrement", "read", "add"}, "counter"),
)


KNOWN = frozenset(
    {*ASSIGNMENTS, *MOVES, *OTHERS, *WORKER, *TRANSACTIONS, "add", "remove"}.union(
        *(functions for functions, _ in BY_FUNCTIONS)
    )
)
"""Every function that some model of ours knows."""


def recognise_model(history: History) -> str | None:
    """The name of the model, "kafka" for sends and polls, or None where the history does not tell.

    Raises:
        HistoryError: a function that no model knows stands among others that one does. A lenient reader skips it.

    """
    if history.model is not None:
        return history.model
    functions = {event.f for event in history.events if event.type == INVOKE and is_client(event.process)}
    known = functions & KNOWN
    if known and known != functions:
        if not history.problems.lenient:
            _refuse_stranger(history)
        functions = known
    if functions & set(TRANSACTIONS):
        if is_kafka(history):
            return "kafka"
        return "multi-register" if functions == {"txn"} and _reads_and_writes(history) else None
    if functions and functions <= {*ASSIGNMENTS, *MOVES, *OTHERS, *WORKER}:
        return "kafka"
    if "append" in functions and functions <= {"append", "read"}:
        return "log" if "read" in functions or _offsets(history) else "kv"
    if functions == {"read"}:
        return "log" if _from_offsets(history) else None
    if functions and functions <= {"add", "remove", "read"}:
        return _set_or_counter(history, functions)
    for known, model in BY_FUNCTIONS:
        if functions and functions <= known:
            return model
    return None


def _refuse_stranger(history: History) -> None:
    strange = next(
        one for one in history.events if one.type == INVOKE and is_client(one.process) and one.f not in KNOWN
    )
    history.problems.report(strange.line, f"one of {', '.join(sorted(KNOWN))}, or a --model that knows it", strange.f)


def _reads_and_writes(history: History) -> bool:
    """Whether the transactions consist of reads and writes of single values."""
    for event in history.events:
        if event.type == INVOKE and event.f == "txn":
            value = event.value
            return isinstance(value, list | tuple) and all(
                isinstance(step, list | tuple) and len(step) == 3 and step[0] in {"read", "write"} for step in value
            )
    return False


def _offsets(history: History) -> bool:
    """Whether appends were told an offset beside their value, or nothing at all."""
    told = [event.value for event in history.events if event.type == OK and event.f == "append"]
    return all(isinstance(value, list | tuple) and len(value) == 2 for value in told)


def _from_offsets(history: History) -> bool:
    """Whether reads name the offset from which they read; any model has reads that name nothing."""
    asked = [event.value for event in history.events if event.type == INVOKE and event.f == "read"]
    return all(isinstance(value, dict) and "from" in value for value in asked)


def _set_or_counter(history: History, functions: set[str]) -> str | None:
    """A set's reads give lists, a counter's give numbers; where nothing was read, only a removal tells."""
    for event in history.events:
        if event.type == OK and event.f == "read":
            if isinstance(event.value, list | tuple | set | frozenset):
                return "set"
            if isinstance(event.value, int):
                return "counter"
    return "set" if "remove" in functions else None
