"""Judges a history against a model: object by object, by the best algorithm that applies to each, within limits."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import attrs

from tautolog_checkers.history.events import History
from tautolog_checkers.linearizability.certificate import confirm, linearization, merge_orders
from tautolog_checkers.linearizability.limits import Budget, LimitReached
from tautolog_checkers.linearizability.models.base import Model, State, first_state
from tautolog_checkers.linearizability.operations import Op
from tautolog_checkers.linearizability.orders import BUILDERS
from tautolog_checkers.linearizability.portfolio import SEARCH, Decision, decide
from tautolog_checkers.linearizability.subjects import subjects
from tautolog_checkers.linearizability.witness import confirmed, minimal_witness, supporting
from tautolog_checkers.quiet import collector_paused
from tautolog_checkers.verdict import Finding, Outcome, Verdict, worst

ANOMALY = "nonlinearizable"
DISAGREE = "; the exhaustive judge disagrees, so nothing is said: hints of the model contradict its step, or this is a bug of ours"
WITNESS_SECONDS = 10.0
"""How long the search for a minimal witness may take where no limit is given."""


@attrs.define
class Judged:
    """What was found out about one object."""

    outcome: Outcome
    algorithm: str
    reason: str = ""
    decision: Decision | None = None
    order: tuple[Op, ...] = ()


def describe(op: Op) -> str:
    """An operation in words."""
    return f"operation {op.index}, {op.words},"


def judge_model(
    history: History, model: Model, *, initial: Any = None, budget: Budget | None = None, certificate: bool = False
) -> Verdict:
    """Judge a history against a model.

    Args:
        history: the events.
        model: the object, or one of many alike, told apart by `Model.partition`.
        initial: the first state in the model's form, or one `ByKey`; its own by default.
        budget: limits of time and memory.
        certificate: whether to find an order of effect for a history that holds.

    Raises:
        HistoryError: a value of the wrong shape, unless the reader was lenient.

    """
    budget = budget or Budget()
    with collector_paused():
        objects, count = subjects(history, model)
        first = model.initial if initial is None else initial
        began = time.perf_counter()
        judged = _judge_all(model, objects, first, budget)
        took = time.perf_counter() - began
        began = time.perf_counter()
        shown, leaning, confirmation = _witness(model, objects, judged, first, budget)
        outcome = worst(entry.outcome for entry in judged.values()) if count else Outcome.UNKNOWN
        witness_took = time.perf_counter() - began if outcome is Outcome.VIOLATED else 0.0
        order = _certificate(model, objects, judged, first, budget) if certificate and outcome is Outcome.HOLDS else ()
    witnessed = next((entry for entry in judged.values() if entry.decision is not None), None)
    findings = [
        Finding(ANOMALY, key, _named(entry, shown), entry.reason + (confirmation if entry is witnessed else ""))
        for key, entry in judged.items()
        if entry.outcome is Outcome.VIOLATED
    ]
    return Verdict(
        outcome=outcome,
        reason=_reason(outcome, judged, count),
        model=model.name,
        algorithm=", ".join(dict.fromkeys(entry.algorithm for entry in judged.values())) or SEARCH,
        anomalies={ANOMALY: len(findings)} if findings else {},
        forbidden=(ANOMALY,) if findings else (),
        findings={ANOMALY: findings} if findings else {},
        partitions={key: entry.outcome for key, entry in judged.items()} if list(judged) != [None] else {},
        witness=shown,
        supporting=leaning,
        certificate=order,
        stuck=next((entry.decision.stuck for entry in judged.values() if entry.decision is not None), ()),
        operations=count,
        check_seconds=took,
        witness_seconds=witness_took,
    )


def _judge_all(model: Model, objects: dict[Any, list[Op]], initial: State, budget: Budget) -> dict[Any, Judged]:
    """Each object by itself; once a limit is reached the rest is unknown.

    Where time is limited, each gets its share of a half of it first, so that a hard one does not keep easy ones waiting.
    """
    judged: dict[Any, Judged] = {}
    share = budget.left / (2 * len(objects)) if len(objects) > 1 else math.inf
    try:
        for key, ops in objects.items() if math.isfinite(share) else ():
            with suppress(LimitReached):
                judged[key] = _judge(model, ops, first_state(initial, key), budget.part(share))
            budget.check()
        for key, ops in objects.items():
            if key not in judged:
                budget.check()
                judged[key] = _judge(model, ops, first_state(initial, key), budget)
    except LimitReached as reached:
        limit = Judged(Outcome.UNKNOWN, SEARCH, str(reached))
        return {key: judged.get(key, limit) for key in objects}
    return {key: judged[key] for key in objects}


def _judge(model: Model, ops: Sequence[Op], initial: State, budget: Budget) -> Judged:
    decision = decide(model, ops, initial, budget)
    if decision.conflict is not None:
        return Judged(Outcome.VIOLATED, decision.algorithm, decision.conflict.reason, decision)
    if decision.culprit is not None:
        reason = f"{describe(decision.culprit)} fits no order of what happened before it"
        return Judged(Outcome.VIOLATED, decision.algorithm, reason, decision)
    return Judged(Outcome.HOLDS, decision.algorithm, order=decision.order)


def _witness(
    model: Model, objects: dict[Any, list[Op]], judged: dict[Any, Judged], initial: State, budget: Budget
) -> tuple[tuple[int, ...], tuple[int, ...], str]:
    """A minimal witness of the first broken object, what it leans on, and a word where nobody confirmed it.

    An object on which the exhaustive judge disagrees becomes unknown: one of the two is wrong.
    """
    for key, entry in judged.items():
        decision = entry.decision
        if decision is None:
            continue
        ops, first = objects[key], first_state(initial, key)
        limit = budget.part(WITNESS_SECONDS)
        try:
            found = minimal_witness(
                model, ops, first, culprit=decision.culprit, conflict=decision.conflict, budget=limit
            )
        except LimitReached:
            named = decision.conflict.ops if decision.conflict is not None else (decision.culprit,)
            return tuple(op.index for op in named if op is not None), (), " (the witness is not minimal: out of time)"
        cut = max((op.ret for op in found), default=0)
        try:
            agreed = confirmed(model, [op for op in ops if op.call < cut], first, found)
            leaning = tuple(supporting(model, ops, found))
        except LimitReached:
            return tuple(op.index for op in found), (), " (not confirmed exhaustively: out of time)"
        if agreed is False:
            judged[key] = Judged(Outcome.UNKNOWN, entry.algorithm, entry.reason + DISAGREE)
            continue
        return tuple(op.index for op in found), leaning, "" if agreed else " (too large to confirm exhaustively)"
    return (), (), ""


def _certificate(
    model: Model, objects: dict[Any, list[Op]], judged: dict[Any, Judged], initial: State, budget: Budget
) -> tuple[int, ...]:
    """The orders of all objects, merged so that real time holds among them, too; empty where a limit was reached."""
    orders: list[list[Op]] = []
    try:
        for key, ops in objects.items():
            entry, first = judged[key], first_state(initial, key)
            build = BUILDERS.get(entry.algorithm)
            order: list[Op] | None = list(entry.order)
            budget.check()
            if build is not None:
                order = list(build(ops, first))
            elif not entry.order:
                order = linearization(model, ops, first, budget)
            if order is None or confirm(model, order, ops, first):
                raise AssertionError("a history was judged to hold, and its order does not confirm it")
            orders.append(order)
        return tuple(op.index for op in merge_orders(orders))
    except LimitReached:
        return ()


def _named(entry: Judged, witness: tuple[int, ...]) -> tuple[int, ...]:
    if entry.decision is not None and entry.decision.conflict is not None:
        return tuple(op.index for op in entry.decision.conflict.ops)
    culprit = entry.decision.culprit if entry.decision is not None else None
    return witness if culprit is None or culprit.index in witness else (culprit.index,)


def _reason(outcome: Outcome, judged: dict[Any, Judged], count: int) -> str:
    if not count:
        return "no operations"
    if outcome is Outcome.HOLDS:
        return "every operation took effect between its call and its return"
    decided = [entry for entry in judged.values() if entry.outcome is outcome]
    others = f" (and {len(decided) - 1} more keys)" if len(decided) > 1 else ""
    return decided[0].reason + others
