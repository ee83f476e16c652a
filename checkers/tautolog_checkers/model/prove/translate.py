"""Formulas, actions and axioms in z3's terms. Sorts are uninterpreted; orders are axiomatised relations.

Relation `log` at step k of a bounded run is the predicate `log@k`. A proof by induction needs no `log@1` if the action
leaves `log` alone: the state after it is then spoken of with `log@0`, which spares the solver the frame.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import z3

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
    Switched,
    Truth,
    Variable,
)
from tautolog_spec.language.models import Action, Model
from tautolog_spec.language.relations import Kind, Relation, Update

Terms = dict[Variable, Any]
Moment = int | Mapping[str, int]
"""A step; or for each relation the step of its predicate, 0 where it is not named."""


class Translation:
    """One z3 context with the vocabulary of one model."""

    def __init__(self, model: Model) -> None:
        self.model = model.without()
        self.context = z3.Context()
        self.sorts = {sort.name: z3.DeclareSort(sort.name, self.context) for sort in model.sorts}
        self.orders = {
            sort.name: z3.Function(f"{sort.name}.le", *[self.sorts[sort.name]] * 2, z3.BoolSort(self.context))
            for sort in model.sorts
            if sort.ordered
        }
        self._relations: dict[tuple[str, int], Any] = {}
        self._bound = 0

    def predicate(self, relation: Relation, moment: Moment) -> Any:
        """The relation at a moment, as a z3 function."""
        step = moment if isinstance(moment, int) else moment.get(relation.name, 0)
        step = 0 if relation.kind is Kind.RIGID else step
        key = (relation.name, step)
        if key not in self._relations:
            domain = [self.sorts[sort.name] for sort in relation.sorts]
            name = relation.name if relation.kind is Kind.RIGID else f"{relation.name}@{step}"
            self._relations[key] = z3.Function(name, *domain, z3.BoolSort(self.context))
        return self._relations[key]

    def constants(self, act: Action, step: int = 0) -> Terms:
        """The constants that stand for an action's parameters in the step that leaves state `step`."""
        return {one: z3.Const(f"{act.name}.{one.name}@{step}", self.sorts[one.sort.name]) for one in act.parameters}

    def formula(self, formula: Formula, step: Moment = 0, terms: Terms | None = None) -> Any:
        """The formula about the state at a moment."""
        known = terms or {}
        match formula:
            case Truth(value=value):
                return z3.BoolVal(value, self.context)
            case Holds(relation=relation, arguments=arguments):
                return self.predicate(relation, step)(*(known[one] for one in arguments))
            case Equal(left=left, right=right):
                return known[left] == known[right]
            case AtMost(left=left, right=right):
                return self.orders[left.sort.name](known[left], known[right])
            case Not(body=body):
                return z3.Not(self.formula(body, step, known))
            case Junction(every=every, parts=parts):
                return (z3.And if every else z3.Or)([self.formula(part, step, known) for part in parts])
            case Implies(left=left, right=right):
                return z3.Implies(self.formula(left, step, known), self.formula(right, step, known))
            case Iff(left=left, right=right):
                return self.formula(left, step, known) == self.formula(right, step, known)
            case Quantified(every=every, variables=variables, body=body):
                fresh = [self._fresh(one) for one in variables]
                inside = self.formula(body, step, {**known, **dict(zip(variables, fresh, strict=True))})
                return (z3.ForAll if every else z3.Exists)(fresh, inside)
            case Switched(fixed=fixed):
                return self.formula(fixed, step, known)
        raise AssertionError(type(formula))

    def _fresh(self, variable: Variable) -> Any:
        self._bound += 1
        return z3.Const(f"{variable.name}_{self._bound}", self.sorts[variable.sort.name])

    def order_axioms(self) -> list[Any]:
        """Each ordered sort is totally ordered."""
        found = []
        for name, at_most in self.orders.items():
            a, b, c = (z3.Const(letter, self.sorts[name]) for letter in "abc")
            found += [
                z3.ForAll([a], at_most(a, a)),
                z3.ForAll([a, b, c], z3.Implies(z3.And(at_most(a, b), at_most(b, c)), at_most(a, c))),
                z3.ForAll([a, b], z3.Implies(z3.And(at_most(a, b), at_most(b, a)), a == b)),
                z3.ForAll([a, b], z3.Or(at_most(a, b), at_most(b, a))),
            ]
        return found

    def background(self) -> list[Any]:
        """What every obligation assumes: orders and axioms."""
        return self.order_axioms() + [self.formula(axiom) for axiom in self.model.axioms]

    def initial(self) -> list[Any]:
        """The initial state, relation by relation, at step 0."""
        given = {update.relation.name: update for update in self.model.initial}
        found = []
        for relation in self.model.relations:
            if relation.kind in {Kind.RIGID, Kind.CHOICE}:
                continue
            places = self._places(relation)
            value = z3.BoolVal(False, self.context)  # noqa: FBT003  # z3's signature
            if relation.name in given:
                update = given[relation.name]
                value = self.formula(update.condition, 0, dict(zip(update.ranging, places, strict=True)))
            found.append(_forall(places, self.predicate(relation, 0)(*places) == value))
        return found

    def transition(self, act: Action, step: int = 0) -> list[Any]:
        """One action between the states at `step` and `step + 1`: its guard, and every relation afterwards."""
        kept = [
            _forall(places, self.predicate(relation, step + 1)(*places) == self.predicate(relation, step)(*places))
            for relation in self.model.relations
            if relation.kind not in {Kind.RIGID, Kind.CHOICE} and relation.name not in changed(act)
            for places in [self._places(relation)]
        ]
        return self.move(act, step) + kept

    def move(self, act: Action, step: int = 0) -> list[Any]:
        """An action's guard, and the relations that it changes afterwards; of the others nothing is said."""
        terms = self.constants(act, step)
        found = [self.formula(formula, step, terms) for formula in act.requires]
        for update in act.updates:
            places = self._places(update.relation)
            was = self.predicate(update.relation, step)(*places)
            becomes = self._updated(update, places, was, terms, step)
            found.append(_forall(places, self.predicate(update.relation, step + 1)(*places) == becomes))
        return found

    def _updated(self, update: Update, places: list[Any], was: Any, terms: Terms, step: int) -> Any:
        known = dict(terms)
        matches = []
        for argument, place in zip(update.arguments, places, strict=True):
            if any(argument is one for one in update.ranging):
                known[argument] = place
            else:
                matches.append(place == terms[argument])
        becomes, stays = (self.formula(formula, step, known) for formula in update.new_value())
        match = z3.And(matches) if matches else z3.BoolVal(True, self.context)  # noqa: FBT003  # z3's signature
        return z3.simplify(z3.Or(z3.And(match, becomes), z3.And(was, z3.Or(z3.Not(match), stays))))

    def _places(self, relation: Relation) -> list[Any]:
        return [z3.Const(f"x{number}", self.sorts[sort.name]) for number, sort in enumerate(relation.sorts)]


def changed(act: Action) -> dict[str, int]:
    """The moment after an action that leaves step 0: the relations that it changes are at step 1."""
    return {update.relation.name: 1 for update in act.updates}


def _forall(places: list[Any], body: Any) -> Any:
    return z3.ForAll(places, body) if places else body
