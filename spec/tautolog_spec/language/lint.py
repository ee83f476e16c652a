"""The quantifier alternation graph: where a solver's search for a model may not end.

Between sorts A and B there is an edge if, in some formula that a proof assumes, an element of B must exist for every
element of A (the Skolem function goes from A to B). Without a cycle every obligation is decidable: only finitely many
terms exist. With a cycle z3 often answers all the same, and may answer `unknown`; the lint says so before.
"""

from __future__ import annotations

import attrs

from tautolog_spec.language.formulas import (
    Formula,
    Iff,
    Implies,
    Junction,
    Not,
    Quantified,
    Sort,
    Variable,
    free_variables,
)
from tautolog_spec.language.models import Model
from tautolog_spec.language.relations import Update

Needs = dict[Variable, tuple[Sort, ...]]
"""For a variable in scope, the sorts of the universal variables that its choice depends on (itself, if it is one)."""


@attrs.frozen
class Alternation:
    """For every element of `source` one of `target` must exist, says `where`."""

    source: str
    target: str
    where: str

    def __str__(self) -> str:
        return f"{self.source} → {self.target} ({self.where})"


def alternations(model: Model) -> list[Alternation]:
    """All edges of the graph over everything that an obligation of the model may assume."""
    return list(dict.fromkeys([*_of_steps(model), *_of_the_beginning(model)]))


def cycles(model: Model) -> list[Alternation]:
    """The edges that lie on a cycle; empty means that every obligation is decidable.

    No obligation speaks of the initial state and of a step, so that a cycle through both would mean nothing.
    """
    return list(dict.fromkeys([*_on_cycles(_of_steps(model)), *_on_cycles(_of_the_beginning(model))]))


def _of_steps(model: Model) -> list[Alternation]:
    """What consecution and vacuity may assume."""
    found = _always(model)
    for invariant in model.invariants:
        found += _edges(invariant.formula, f"invariant {invariant.name}")
    for act in model.actions:
        found += _edges(act.guard, f"guard of {act.name}")
        for update in act.updates:
            found += _defined(update, f"update of {update.relation.name} in {act.name}")
    return found


def _of_the_beginning(model: Model) -> list[Alternation]:
    """What initiation may assume."""
    found = _always(model)
    for update in model.initial:
        found += _defined(update, f"initial state of {update.relation.name}")
    return found


def _always(model: Model) -> list[Alternation]:
    found: list[Alternation] = []
    for number, axiom in enumerate(model.axioms, 1):
        found += _edges(axiom, f"axiom {number}")
    for invariant in model.invariants:
        found += _edges(~invariant.formula, f"negation of invariant {invariant.name}")
    return found


def _defined(update: Update, where: str) -> list[Alternation]:
    """A relation's new value is said to be equivalent to the condition, so both it and its negation are assumed."""
    universal: Needs = {variable: (variable.sort,) for variable in update.ranging}
    return _edges(update.condition, where, universal) + _edges(~update.condition, where, universal)


def _on_cycles(edges: list[Alternation]) -> list[Alternation]:
    reach: dict[str, set[str]] = {}
    for edge in edges:
        reach.setdefault(edge.source, set()).add(edge.target)
    changed = True
    while changed:
        changed = False
        for source, goals in reach.items():
            further = set().union(*(reach.get(goal, set()) for goal in goals))
            if not further <= goals:
                reach[source] = goals | further
                changed = True
    return [edge for edge in edges if edge.source in reach.get(edge.target, set()) | {edge.target}]


def _edges(formula: Formula, where: str, needs: Needs | None = None) -> list[Alternation]:
    found: list[Alternation] = []
    _collect(formula, positive=True, needs=needs or {}, where=where, found=found)
    return found


def _collect(formula: Formula, *, positive: bool, needs: Needs, where: str, found: list[Alternation]) -> None:
    def go(part: Formula, *, same: bool = True, more: Needs | None = None) -> None:
        _collect(part, positive=positive is same, needs={**needs, **(more or {})}, where=where, found=found)

    match formula:
        case Not(body=body):
            go(body, same=False)
        case Junction(parts=parts):
            for part in parts:
                go(part)
        case Implies(left=left, right=right):
            go(left, same=False)
            go(right)
        case Iff(left=left, right=right):
            for side in (left, right):
                go(side)
                go(side, same=False)
        case Quantified(every=every, variables=variables, body=body):
            if every is positive:
                go(body, more={variable: (variable.sort,) for variable in variables})
                return
            all_needs = [sort for one in free_variables(formula) for sort in needs.get(one, ())]
            needed = tuple(dict.fromkeys(all_needs))
            found += [Alternation(sort.name, one.sort.name, where) for one in variables for sort in needed]
            go(body, more=dict.fromkeys(variables, needed))
