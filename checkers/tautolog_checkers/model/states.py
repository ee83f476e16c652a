"""States of finite instances, and the naive evaluator: what a formula means, said as plainly as possible.

Everything else (the solver's translation, the compiled explorer) is faster and is compared with this.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping

import attrs

from tautolog_spec.language.formulas import (
    AtMost,
    Equal,
    Formula,
    Holds,
    Iff,
    Implies,
    Junction,
    Not,
    Quantified,
    Sort,
    Switched,
    Truth,
    Variable,
)
from tautolog_spec.language.models import Action, Model
from tautolog_spec.language.relations import Kind, Relation, Update

Values = Mapping[Variable, int]
Tuple = tuple[int, ...]


@attrs.frozen
class State:
    """Which tuples stand in each relation; elements of a sort are 0, 1, … in its order.

    Attributes:
        sizes: of each sort, by name.
        facts: by name of the relation; a relation that is missing is empty.

    """

    sizes: Mapping[str, int]
    facts: Mapping[str, frozenset[Tuple]]

    def of(self, relation: Relation) -> frozenset[Tuple]:
        """The tuples of a relation."""
        return self.facts.get(relation.name, frozenset())


def tuples(sorts: tuple[Sort, ...], sizes: Mapping[str, int]) -> Iterator[Tuple]:
    """Every tuple of elements of these sorts, in order."""
    return itertools.product(*(range(sizes[sort.name]) for sort in sorts))


def holds(formula: Formula, state: State, values: Values | None = None) -> bool:
    """Whether a formula holds in a state, its free variables standing for `values`."""
    known = values or {}
    match formula:
        case Truth(value=value):
            return value
        case Holds(relation=relation, arguments=arguments):
            return tuple(known[one] for one in arguments) in state.of(relation)
        case Equal(left=left, right=right):
            return known[left] == known[right]
        case AtMost(left=left, right=right):
            return known[left] <= known[right]
        case Not(body=body):
            return not holds(body, state, known)
        case Junction(every=every, parts=parts):
            return (all if every else any)(holds(part, state, known) for part in parts)
        case Implies(left=left, right=right):
            return not holds(left, state, known) or holds(right, state, known)
        case Iff(left=left, right=right):
            return holds(left, state, known) is holds(right, state, known)
        case Quantified(every=every, variables=variables, body=body):
            choices = tuples(tuple(one.sort for one in variables), state.sizes)
            found = (holds(body, state, {**known, **dict(zip(variables, one, strict=True))}) for one in choices)
            return (all if every else any)(found)
        case Switched(fixed=fixed):
            return holds(fixed, state, known)
    raise AssertionError(type(formula))


def initial_state(model: Model, sizes: Mapping[str, int]) -> State:
    """The state that a finite instance begins in."""
    facts = dict(model.rigid_facts(sizes))
    return State(sizes, {**facts, **{u.relation.name: updated(u, State(sizes, facts), {}) for u in model.initial}})


def enabled(act: Action, state: State, values: Values) -> bool:
    """Whether an action may be taken, its parameters standing for `values`."""
    return all(holds(formula, state, values) for formula in act.requires)


def taken(act: Action, state: State, values: Values) -> State:
    """The state after an action."""
    after = {update.relation.name: updated(update, state, values) for update in act.updates}
    return State(state.sizes, {**state.facts, **after})


def updated(update: Update, state: State, values: Values) -> frozenset[Tuple]:
    """A relation after one update."""
    result = set(state.of(update.relation))
    becomes, stays = update.new_value()
    for choice in tuples(tuple(one.sort for one in update.ranging), state.sizes):
        known = {**values, **dict(zip(update.ranging, choice, strict=True))}
        place = tuple(known[one] for one in update.arguments)
        was = place in state.of(update.relation)
        if holds(becomes, state, known) or (was and holds(stays, state, known)):
            result.add(place)
        else:
            result.discard(place)
    return frozenset(result)


def without_choices(state: State, model: Model) -> State:
    """The state with the arbitrary relations forgotten, for comparison."""
    dropped = {one.name for one in model.relations if one.kind is Kind.CHOICE}
    return State(state.sizes, {name: rows for name, rows in state.facts.items() if name not in dropped and rows})
