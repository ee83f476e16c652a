"""A history as operations on objects: which object, which operation, what it was told.

Failed operations did not happen and are left out, unless their completion is marked `"failed": "observed"` (as importers
of logs do in which a failed compare-and-set saw another value) and the model says what that means. Unknown operations
that only read are left out, too: nobody was told anything. Where a lenient reader skips a completion of the wrong shape,
the operation is unknown.
"""

from __future__ import annotations

from typing import Any

from tautolog_checkers.history.events import FAIL, OK, Event, History
from tautolog_checkers.history.operations import pair
from tautolog_checkers.history.problems import HistoryError
from tautolog_checkers.linearizability.models.base import Model, ShapeError
from tautolog_checkers.linearizability.operations import FOREVER, Op

OBSERVED = "observed"


def subjects(history: History, model: Model) -> tuple[dict[Any, list[Op]], int]:
    """Object -> its operations in the order of their calls; and how many operations the history has, skipped ones aside.

    Raises:
        HistoryError: a function or a value that the model does not know, unless the reader was lenient.

    """
    objects: dict[Any, list[Op]] = {}
    count = 0
    functions = model.functions
    decode, readonly, partition = model.decode, model.readonly, model.partition
    for operation in pair(history):
        invoked, completed = operation.invoked, operation.completed
        if functions and invoked.f not in functions:
            history.problems.report(invoked.line, f"one of {', '.join(functions)} ({model.name})", invoked.f)
            continue
        returned = completed is not None and completed.type == OK
        told = completed.value if completed is not None and returned else None
        if completed is not None and completed.type == FAIL:
            if not _observed(completed, model):
                count += 1
                continue
            returned, told = True, False
        try:
            argument, result = decode(invoked.f, invoked.value, told, returned=returned)
            key = partition(invoked)
        except RecursionError:
            history.problems.report(invoked.line, "values of bearable depth", invoked.f)
            continue
        except ShapeError as error:
            blamed = _blamed(invoked, completed if returned else None, model)
            _refuse(history, blamed, error)
            if blamed is invoked:
                continue
            returned = False
            argument, result = decode(invoked.f, invoked.value, None, returned=False)
            key = partition(invoked)
        count += 1
        ret = operation.ret if returned and operation.ret is not None else FOREVER
        op = Op(invoked.index, invoked.f, argument, result, operation.call, ret)
        if not returned and readonly(op):
            continue
        ops = objects.get(key)
        if ops is None:
            objects[key] = [op]
        else:
            ops.append(op)
    for ops in objects.values():
        ops.sort(key=lambda op: op.call)
    return objects, count


def _observed(completed: Event, model: Model) -> bool:
    return completed.extra is not None and completed.extra.get("failed") == OBSERVED and model.failed(completed.f)


def _blamed(invoked: Event, completed: Event | None, model: Model) -> Event:
    """Which of the two has the wrong shape: the completion, unless the invocation alone has it already."""
    if completed is None:
        return invoked
    try:
        model.decode(invoked.f, invoked.value, None, returned=False)
        model.partition(invoked)
    except ShapeError:
        return invoked
    return completed


def _refuse(history: History, event: Event, error: ShapeError) -> None:
    """Tell of a wrong shape, or of a history that cannot be judged by this model at all."""
    try:
        history.problems.report(event.line, error.expected, error.found)
    except HistoryError as told:
        raise told from error
