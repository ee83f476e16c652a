"""The smallest part of a history that already breaks the promise.

A witness is a set of operations that returned, such that the history stays non-linearizable when every other operation
forgets its answer (a read vanishes; anything else may have happened or not), and no longer is when one of the witness
forgets, too. Forgetting only ever allows more, so the set can be found by halving (Junker's QuickXplain), and it is minimal.
It is confirmed by `exhaustive`, which knows nothing of how it was found.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tautolog_checkers.linearizability.conflicts import Conflict
from tautolog_checkers.linearizability.exhaustive import TooLarge, linearizable, refuted
from tautolog_checkers.linearizability.limits import Budget
from tautolog_checkers.linearizability.models.base import Model, State
from tautolog_checkers.linearizability.models.key_value import KeyValue
from tautolog_checkers.linearizability.models.queue import PUTS, Queue
from tautolog_checkers.linearizability.operations import Op
from tautolog_checkers.linearizability.portfolio import decide

Broken = Callable[[frozenset[int]], bool]
"""Whether the history is not linearizable when only these operations keep their answers."""


def relaxed(model: Model, ops: Sequence[Op], kept: frozenset[int] | set[int]) -> list[Op]:
    """The history in which only some operations keep their answers."""
    result = []
    for op in ops:
        if op.index in kept:
            result.append(op)
        else:
            forgotten = op.forget()
            if not model.readonly(forgotten):
                result.append(forgotten)
    if isinstance(model, Queue):
        return _useful(result)
    return _useful_texts(result) if isinstance(model, KeyValue) else result


def _useful(ops: list[Op]) -> list[Op]:
    """Of a queue or stack: an enqueue that may not have happened is of use only if its value was dequeued."""
    dequeued = {op.result for op in ops if op.known and op.f not in PUTS}
    return [op for op in ops if op.known or op.f not in PUTS or op.argument in dequeued]


def _useful_texts(ops: list[Op]) -> list[Op]:
    """Of a text: a write that may not have happened is of use only if what it wrote stands in something that was read."""
    read = [op.result for op in ops if op.known and op.f == "get" and isinstance(op.result, str)]
    return [
        op for op in ops if op.known or not isinstance(op.argument, str) or any(op.argument in value for value in read)
    ]


def minimal_witness(
    model: Model,
    ops: Sequence[Op],
    initial: State,
    *,
    culprit: Op | None,
    conflict: Conflict | None,
    budget: Budget,
) -> list[Op]:
    """A minimal witness of a history that is not linearizable, in the order of its calls.

    Args:
        model: the object.
        ops: its operations.
        initial: its first state.
        culprit: the operation whose return no configuration allowed, if the search found it: nothing later is needed.
        conflict: the operations that a polynomial algorithm named, if one did.
        budget: limits.

    Raises:
        LimitReached: the budget is spent.

    """
    if culprit is not None:
        ops = _until(model, ops, initial, culprit, budget)
    candidates = [op.index for op in ops if op.known]

    def broken(kept: frozenset[int]) -> bool:
        budget.check()  # a polynomial judge never asks
        return decide(model, relaxed(model, ops, kept), initial, budget).broken

    if conflict is not None:
        named = [op.index for op in conflict.ops if op.known]
        if broken(frozenset(named)):
            candidates = named
    found = _explain(broken, frozenset(), candidates, has_base=False)
    by_index = {op.index: op for op in ops}
    return sorted((by_index[index] for index in found), key=lambda op: op.call)


def _until(model: Model, ops: Sequence[Op], initial: State, culprit: Op, budget: Budget) -> list[Op]:
    """The history up to where it is broken, what had not returned by then forgotten.

    That is where the culprit returned, or, where the search used answers that were still to come, where the last of the
    operations returned that were pending then.
    """
    for cut in (culprit.ret, max(op.ret for op in ops if op.known and op.call < culprit.ret)):
        past = [op if op.ret <= cut else op.forget() for op in ops if op.call < cut]
        past = [op for op in past if op.known or not model.readonly(op)]
        if decide(model, past, initial, budget).broken:
            return past
    return list(ops)


def _explain(broken: Broken, base: frozenset[int], candidates: list[int], *, has_base: bool) -> frozenset[int]:
    """A minimal subset of the candidates that, together with `base`, breaks the promise."""
    if has_base and broken(base):
        return frozenset()
    if len(candidates) <= 1:
        return frozenset(candidates)
    half = len(candidates) // 2
    first, second = candidates[:half], candidates[half:]
    from_second = _explain(broken, base | frozenset(first), second, has_base=bool(first))
    from_first = _explain(broken, base | from_second, first, has_base=bool(from_second))
    return from_first | from_second


STEPS = 2_000_000
"""Steps after which the exhaustive judge gives up; each pair that it visits costs one for every operation."""


def confirmed(
    model: Model, ops: Sequence[Op], initial: State, witness: Sequence[Op], most: int = 50_000
) -> bool | None:
    """Whether the exhaustive judge agrees that the witness breaks the promise; None where that is too much work for it."""
    history = relaxed(model, ops, frozenset(op.index for op in witness))
    if isinstance(model, KeyValue):
        model = _Beginnings(witness)
    try:
        if refuted(model, history, initial, most=most // 20):
            return True
    except TooLarge:
        pass
    try:
        return not linearizable(model, history, initial, most=min(most, STEPS // max(len(history), 1)))
    except TooLarge:
        return None


class _Beginnings(KeyValue):
    """Texts of which only beginnings of what a witness read are told apart: any other text never becomes one of them again."""

    name = "beginnings"

    def __init__(self, witness: Sequence[Op]) -> None:
        self._read = [op.result for op in witness if op.f == "get"]

    def step(self, state: State, op: Op) -> State:
        """The text after `op`, or `LOST`."""
        if op.f == "append" and state is LOST:
            return LOST
        after = super().step(state, op)
        if not isinstance(after, str) or any(isinstance(text, str) and text.startswith(after) for text in self._read):
            return after
        return LOST


LOST = ("neither read nor the beginning of what was read",)


def supporting(model: Model, ops: Sequence[Op], witness: Sequence[Op], most: int = 32) -> list[int]:
    """Operations that the witness leans on without needing their answers: those that bring about values it mentions."""
    mentioned = set()
    for op in witness:
        for value in (op.argument, op.result):
            mentioned.add(value)
            if isinstance(value, tuple | frozenset):
                mentioned.update(value)
    named = {op.index for op in witness}
    last = max((op.ret for op in witness), default=-1)
    found = [
        op.index
        for op in ops
        if op.index not in named and op.call < last and not model.readonly(op) and _brings(op) & mentioned
    ]
    return found[:most]


def _brings(op: Op) -> set[object]:
    """The values that an operation may bring about."""
    values = {op.argument}
    if isinstance(op.argument, tuple):
        values |= {op.argument[-1]} if op.argument else set()
    return values - {None}
