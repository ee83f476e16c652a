"""Bounded model checking: the first so many steps, with any number of elements of every sort."""

from __future__ import annotations

from typing import Any

import z3

from tautolog_checkers.model.prove.counterexamples import event_at, shrink, state_at
from tautolog_checkers.model.prove.translate import Translation
from tautolog_checkers.model.tables import Trace
from tautolog_spec.language.formulas import Not
from tautolog_spec.language.models import Invariant, Model


def shortest_violation(model: Model, broken: Invariant, steps: int, timeout_ms: int = 30_000) -> Trace | str:
    """A shortest trace of at most `steps` steps after which an invariant fails, or "unsat" (none), or "unknown"."""
    translation = Translation(model)
    solver = z3.Solver(ctx=translation.context)
    solver.set("timeout", timeout_ms)
    solver.add(translation.background() + translation.initial())
    for length in range(steps + 1):
        if length:
            solver.add(_any_step(translation, length - 1))
        solver.push()
        solver.add(translation.formula(Not(broken.formula), length))
        answer = solver.check()
        if answer == z3.sat:
            return _trace(shrink(solver, translation), translation, length)
        if answer != z3.unsat:
            return "unknown"
        solver.pop()
    return "unsat"


def _any_step(translation: Translation, step: int) -> Any:
    taken = [_taken(translation, act.name, step) for act in translation.model.actions]
    moves = [
        z3.Implies(flag, z3.And(translation.transition(act, step)))
        for flag, act in zip(taken, translation.model.actions, strict=True)
    ]
    return z3.And([z3.Or(taken), *moves])


def _taken(translation: Translation, name: str, step: int) -> Any:
    return z3.Bool(f"taken.{name}@{step}", translation.context)


def _trace(found: Any, translation: Translation, length: int) -> Trace:
    first, numbers = state_at(found, translation, 0)
    steps = []
    for step in range(length):
        act = next(
            act
            for act in translation.model.actions
            if z3.is_true(found.eval(_taken(translation, act.name, step), model_completion=True))
        )
        steps.append((event_at(found, translation, act, step, numbers), state_at(found, translation, step + 1)[0]))
    return Trace(first, tuple(steps))
