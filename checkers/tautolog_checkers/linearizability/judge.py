"""Judges a history against a model: object by object, by the best algorithm that applies to each, within limits."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import attrs

from tautolog_checkers.history.events import History
from tautolog_checkers.linearizability.configurations import search
from tautolog_checkers.linearizability.limits import Budget, LimitReached
from tautolog_checkers.linearizability.models.base import Model, State
from tautolog_checkers.linearizability.operations import Op
from tautolog_checkers.linearizability.subjects import subjects
from tautolog_checkers.verdict import Finding, Outcome, Verdict, worst

ANOMALY = "nonlinearizable"
JIT = "just-in-time configurations"


@attrs.frozen
class Decision:
    """What was decided about one object.

    Attributes:
        outcome: the verdict.
        algorithm: by what.
        reason: in words, for what does not hold.
        culprit: the operation with whose return the history stopped being linearizable, where one is known.

    """

    outcome: Outcome
    algorithm: str
    reason: str = ""
    culprit: Op | None = None


def decide(model: Model, ops: Sequence[Op], initial: State, budget: Budget) -> Decision:
    """Decide one object.

    Raises:
        LimitReached: the budget is spent.

    """
    culprit, _ = search(model, ops, initial, budget)
    if culprit is None:
        return Decision(Outcome.HOLDS, JIT)
    return Decision(Outcome.VIOLATED, JIT, f"{describe(culprit)} fits no order of what happened before it", culprit)


def describe(op: Op) -> str:
    """An operation in words."""
    argument = "" if op.argument is None else f" {op.argument!r}"
    result = f" → {op.result!r}" if op.known and op.result is not None else "" if op.known else " (unknown)"
    return f"operation {op.index}, {op.f}{argument}{result},"


def judge_model(history: History, model: Model, *, initial: Any = None, budget: Budget | None = None) -> Verdict:
    """Judge a history against a model.

    Args:
        history: the events.
        model: the object, or one of many alike, told apart by `Model.partition`.
        initial: the first state in the model's form; its own by default.
        budget: limits of time and memory.

    Raises:
        HistoryError: a value of the wrong shape, unless the reader was lenient.

    """
    budget = budget or Budget()
    objects, count = subjects(history, model)
    first = model.initial if initial is None else initial
    began = time.perf_counter()
    decisions: dict[Any, Decision] = {}
    limit = ""
    for key, ops in objects.items():
        try:
            if limit:
                raise LimitReached(limit)  # noqa: TRY301  # what follows is unknown, too
            budget.check()
            decisions[key] = decide(model, ops, first, budget)
        except LimitReached as reached:
            limit = str(reached)
            decisions[key] = Decision(Outcome.UNKNOWN, JIT, limit)
    took = time.perf_counter() - began
    outcome = worst(decision.outcome for decision in decisions.values()) if count else Outcome.UNKNOWN
    findings = [
        Finding(ANOMALY, key, () if decision.culprit is None else (decision.culprit.index,), decision.reason)
        for key, decision in decisions.items()
        if decision.outcome is Outcome.VIOLATED
    ]
    return Verdict(
        outcome=outcome,
        reason=_reason(outcome, decisions, count),
        model=model.name,
        algorithm=", ".join(dict.fromkeys(decision.algorithm for decision in decisions.values())) or JIT,
        anomalies={ANOMALY: len(findings)} if findings else {},
        forbidden=(ANOMALY,) if findings else (),
        findings={ANOMALY: findings} if findings else {},
        partitions={key: decision.outcome for key, decision in decisions.items()} if list(decisions) != [None] else {},
        operations=count,
        check_seconds=took,
    )


def _reason(outcome: Outcome, decisions: dict[Any, Decision], count: int) -> str:
    if not count:
        return "no operations"
    if outcome is Outcome.HOLDS:
        return "every operation took effect between its call and its return"
    decided = [decision for decision in decisions.values() if decision.outcome is outcome]
    others = f" (and {len(decided) - 1} more keys)" if len(decided) > 1 else ""
    return decided[0].reason + others
