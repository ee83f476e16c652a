"""What a solver found, as states of a finite instance: small, and confirmed by the naive evaluator before anyone sees it."""

from __future__ import annotations

from typing import Any

import attrs
import z3

from tautolog_checkers.model.prove.translate import Moment, Translation, changed
from tautolog_checkers.model.states import State, Tuple, enabled, holds, taken, tuples, without_choices
from tautolog_checkers.model.tables import Event, Trace, event_text, state_lines
from tautolog_spec.language.models import Action, Invariant
from tautolog_spec.language.relations import Kind

SMALL = 5
"""Up to this many elements of a sort a smaller counterexample is looked for."""


class DisagreementError(Exception):
    """The solver and the naive evaluator do not agree: a bug of ours, never of the model's."""


@attrs.frozen
class Counterexample:
    """A state that satisfies every invariant, and a step after which one fails; or an initial state in which one fails."""

    invariant: str
    trace: Trace

    def lines(self, translation: Translation) -> list[str]:
        """As a table."""
        model = translation.model
        lines = [f"before: {line}" for line in state_lines(model, self.trace.first)]
        for event, after in self.trace.steps:
            lines.append(f"step:   {event_text(model, event)}")
            lines += [f"after:  {line}" for line in state_lines(model, after, self.trace.first)]
        return lines


def shrink(solver: Any, translation: Translation) -> Any:
    """A model with few elements: sort by sort, the smallest number for which the assertions stay satisfiable."""
    best = solver.model()
    for name, sort in translation.sorts.items():
        for size in range(1, SMALL):
            if len(best.get_universe(sort) or [0]) <= size:
                break
            elements = [z3.Const(f"{name}.{number}", sort) for number in range(size)]
            x = z3.Const("x", sort)
            solver.push()
            solver.add(z3.ForAll([x], z3.Or([x == one for one in elements])))
            if solver.check() == z3.sat:
                best = solver.model()
                break
            solver.pop()
    return best


def state_at(found: Any, translation: Translation, moment: Moment) -> tuple[State, dict[str, dict[str, int]]]:
    """The state at a moment of a solver's model, and the number that each of its elements was given."""
    numbers: dict[str, dict[str, int]] = {}
    elements: dict[str, list[Any]] = {}
    for name, sort in translation.sorts.items():
        universe = list(found.get_universe(sort) or [z3.Const(f"{name}.0", sort)])
        elements[name] = _ordered(found, universe, translation.orders.get(name))
        numbers[name] = {str(one): number for number, one in enumerate(elements[name])}
    sizes = {name: len(universe) for name, universe in elements.items()}
    facts: dict[str, frozenset[Tuple]] = {}
    for relation in translation.model.relations:
        predicate = translation.predicate(relation, moment)
        facts[relation.name] = frozenset(
            place
            for place in tuples(relation.sorts, sizes)
            if _true(found, predicate(*(elements[sort.name][i] for sort, i in zip(relation.sorts, place, strict=True))))
        )
    return State(sizes, facts), numbers


def _ordered(found: Any, universe: list[Any], at_most: Any) -> list[Any]:
    if at_most is None:
        return sorted(universe, key=str)
    return sorted(universe, key=lambda one: sum(_true(found, at_most(other, one)) for other in universe))


def _true(found: Any, term: Any) -> bool:
    return bool(z3.is_true(found.eval(term, model_completion=True)))


def event_at(found: Any, translation: Translation, act: Action, step: int, numbers: dict[str, dict[str, int]]) -> Event:
    """The parameters of the action that leaves a step."""
    values = {}
    for variable, constant in translation.constants(act, step).items():
        value = str(found.eval(constant, model_completion=True))
        values[variable.name] = numbers[variable.sort.name].get(value, 0)
    return Event(act.name, values)


def counterexample(found: Any, translation: Translation, act: Action | None, broken: Invariant) -> Counterexample:
    """Read a counterexample to induction out of a solver's model, and confirm it.

    Raises:
        DisagreementError: the naive evaluator does not see what the solver saw.

    """
    model = translation.model
    before, numbers = state_at(found, translation, 0)
    if act is None:
        if holds(broken.formula, before):
            raise DisagreementError(
                f"the solver says that initially {broken.name} fails, and the evaluator that it holds"
            )
        return Counterexample(broken.name, Trace(before, ()))
    event = event_at(found, translation, act, 0, numbers)
    values = {one: event.values[one.name] for one in act.parameters}
    after, _ = state_at(found, translation, changed(act))
    false = [one.name for one in model.invariants if not holds(one.formula, before)]
    if false:
        raise DisagreementError(
            f"the solver says that {', '.join(false)} holds before {act.name}; the evaluator does not"
        )
    if not enabled(act, before, values):
        raise DisagreementError(f"the solver says that {act.name} is enabled; the evaluator does not")
    meant = taken(act, before, values)
    if without_choices(meant, model) != without_choices(after, model):
        raise DisagreementError(f"the solver and the evaluator end {act.name} in different states")
    if holds(broken.formula, meant):
        raise DisagreementError(f"the solver says that {broken.name} fails after {act.name}; the evaluator does not")
    picked = {one.name: tuple(sorted(before.of(one))) for one in model.relations if one.kind is Kind.CHOICE}
    return Counterexample(broken.name, Trace(before, ((attrs.evolve(event, chosen=picked), meant),)))
