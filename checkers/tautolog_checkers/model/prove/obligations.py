"""The obligations of a proof by induction, and their verdicts.

- initiation: each invariant holds initially;
- consecution: each invariant still holds after each action, if all held before;
- vacuity: each action can be taken in some state in which all invariants hold (else its consecution says nothing).

`unknown` is a failure. A failed initiation or consecution comes with a counterexample that the naive evaluator confirmed.
"""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable, Iterator
from typing import Any

import attrs
import z3

from tautolog_checkers.model.prove.counterexamples import Counterexample, counterexample, shrink
from tautolog_checkers.model.prove.translate import Translation, changed
from tautolog_spec.language.formulas import Not
from tautolog_spec.language.models import Action, Invariant, Model

TIMEOUT_MS = 30_000


@attrs.frozen
class Obligation:
    """One query.

    Attributes:
        kind: initiation, consecution or vacuity.
        action: its name; empty for initiation.
        invariant: its name; empty for vacuity.

    """

    kind: str
    action: str = ""
    invariant: str = ""

    @property
    def expected(self) -> str:
        """What a solver must answer: vacuity checks are satisfiable, the others are not."""
        return "sat" if self.kind == "vacuity" else "unsat"

    def __str__(self) -> str:
        return " ".join(part for part in (self.kind, self.action, self.invariant) if part)


@attrs.frozen
class Result:
    """An obligation with the solver's answer, the seconds that it took, and why it failed, if it did, also as a table."""

    obligation: Obligation
    answer: str
    seconds: float
    counterexample: Counterexample | None = None
    lines: tuple[str, ...] = ()

    @property
    def proved(self) -> bool:
        """Whether the answer is the expected one."""
        return self.answer == self.obligation.expected


@attrs.frozen
class Proof:
    """All results for one model."""

    model: str
    results: tuple[Result, ...]
    seconds: float

    @property
    def failed(self) -> tuple[Result, ...]:
        """Those that are not proved, `unknown` included."""
        return tuple(one for one in self.results if not one.proved)

    @property
    def refuted(self) -> bool:
        """Whether the solver gave a definite wrong answer to some obligation."""
        return any(one.answer != "unknown" for one in self.failed)

    @property
    def worst(self) -> float:
        """Seconds of the slowest obligation."""
        return max((one.seconds for one in self.results), default=0.0)


def obligations(model: Model) -> Iterator[Obligation]:
    """All obligations, in order."""
    for invariant in model.invariants:
        yield Obligation("initiation", invariant=invariant.name)
    for act in model.actions:
        yield Obligation("vacuity", act.name)
        for invariant in model.invariants:
            yield Obligation("consecution", act.name, invariant.name)


class Prover:
    """One model in one solver context."""

    def __init__(self, model: Model, timeout_ms: int = TIMEOUT_MS) -> None:
        self.translation = Translation(model)
        self.model = self.translation.model
        self.timeout_ms = timeout_ms
        self._invariants: dict[str, Invariant] = {one.name: one for one in self.model.invariants}
        self._before = [self.translation.formula(one.formula) for one in self.model.invariants]
        self._background = self.translation.background()
        self._initial = self.translation.initial()
        self._moves: dict[str, list[Any]] = {}

    def assumptions(self) -> list[Any]:
        """What every consecution assumes: orders, axioms, and all invariants before the step."""
        return [*self._background, *self._before]

    def assertions(self, obligation: Obligation) -> list[Any]:
        """What a solver is asked to satisfy."""
        act = self.model.action(obligation.action) if obligation.action else None
        goal = []
        if obligation.invariant:
            moment = changed(act) if act else 0
            goal = [self.translation.formula(Not(self._invariants[obligation.invariant].formula), moment)]
        if act is None:
            return [*self._background, *self._initial, *goal]
        if act.name not in self._moves:
            self._moves = {act.name: self.translation.move(act)}
        return [*self.assumptions(), *self._moves[act.name], *goal]

    def solver(self, obligation: Obligation) -> Any:
        """A solver that has been told everything and asked nothing."""
        solver = z3.Solver(ctx=self.translation.context)
        solver.set("timeout", self.timeout_ms)
        solver.add(self.assertions(obligation))
        return solver

    def check(self, obligation: Obligation) -> Result:
        """Ask."""
        solver = self.solver(obligation)
        begun = time.perf_counter()
        answer = str(solver.check())
        seconds = time.perf_counter() - begun
        if answer == "sat" and obligation.expected == "unsat":
            found = self._counterexample(obligation, solver)
            return Result(obligation, answer, seconds, found, tuple(found.lines(self.translation)))
        return Result(obligation, answer, seconds)

    def _counterexample(self, obligation: Obligation, solver: Any) -> Counterexample:
        """A counterexample from a context of its own.

        What a solver finds depends on what else its context was asked, and that on which process came to ask what.
        """
        fresh = Prover(self.model, self.timeout_ms)
        again = fresh.solver(obligation)
        if again.check() != z3.sat:
            fresh, again = self, solver
        act: Action | None = self.model.action(obligation.action) if obligation.action else None
        broken = self._invariants[obligation.invariant]
        return counterexample(shrink(again, fresh.translation), fresh.translation, act, broken)


def prove(
    model: Model,
    *,
    timeout_ms: int = TIMEOUT_MS,
    progress: Callable[[Result], None] | None = None,
    stop_at_failure: bool = False,
) -> Proof:
    """Check every obligation of a model.

    Args:
        model: fixes decided, or all on.
        timeout_ms: for one obligation.
        progress: called after each.
        stop_at_failure: whether the first failure ends it.

    """
    prover = Prover(model, timeout_ms)
    begun = time.perf_counter()
    results = []
    for obligation in obligations(prover.model):
        result = prover.check(obligation)
        results.append(result)
        if progress is not None:
            progress(result)
        if stop_at_failure and not result.proved:
            break
    return Proof(model.name, tuple(results), time.perf_counter() - begun)


def prove_in_parallel(
    model: Model, *, jobs: int, timeout_ms: int = TIMEOUT_MS, progress: Callable[[Result], None] | None = None
) -> Proof:
    """The same proof as `prove`, by several processes; results and progress come in the order of the obligations."""
    if jobs < 2 or "fork" not in multiprocessing.get_all_start_methods():
        return prove(model, timeout_ms=timeout_ms, progress=progress)
    begun = time.perf_counter()
    asked = list(obligations(model.without()))
    results = []
    with multiprocessing.get_context("fork").Pool(jobs, _begin, (model, timeout_ms)) as pool:
        for result in pool.imap(_check, asked, chunksize=8):
            results.append(result)
            if progress is not None:
                progress(result)
    return Proof(model.name, tuple(results), time.perf_counter() - begun)


_PROVERS: list[Prover] = []
"""The prover of a process that was started to prove."""


def _begin(model: Model, timeout_ms: int) -> None:
    _PROVERS[:] = [Prover(model, timeout_ms)]


def _check(obligation: Obligation) -> Result:
    return _PROVERS[0].check(obligation)
