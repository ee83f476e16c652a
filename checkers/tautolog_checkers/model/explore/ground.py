"""Grounding: an instance with so many elements of each sort, its states as integers, its actions with given parameters."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator, Mapping

import attrs

from tautolog_checkers.model.explore.propositions import Bit, Proposition, group, negate, same
from tautolog_checkers.model.states import State, Tuple, initial_state, tuples
from tautolog_checkers.model.tables import Event
from tautolog_spec.language.formulas import (
    AtMost,
    Equal,
    Formula,
    Holds,
    Iff,
    Implies,
    Junction,
    LanguageError,
    Not,
    Quantified,
    Sort,
    Switched,
    Truth,
    Variable,
    parts_of,
    relations_in,
)
from tautolog_spec.language.models import Action, Model
from tautolog_spec.language.relations import Effect, Kind, Relation, Update

MOST_BITS = 10_000
"""Bits of a state, beyond which bounds are refused."""

Values = dict[Variable, int]
Choices = Mapping[str, frozenset[Tuple]]


@attrs.frozen
class Instance:
    """An action with its parameters and choices given.

    Attributes:
        event: which.
        guard: when it can be taken; never False.
        changes: bits that may change, with their new values over the old state.

    """

    event: Event
    guard: Proposition
    changes: Mapping[int, Proposition]


class Ground:
    """A finite instance of a model.

    Attributes:
        model: every fix decided.
        sizes: how many elements each sort has.
        bits: the number of each tuple's bit, by (relation, tuple).
        initial: the initial state.

    """

    def __init__(self, model: Model, sizes: Mapping[str, int]) -> None:
        self.model = model.without()
        self.sizes = dict(sizes)
        self.rigid = self.model.rigid_facts(sizes)
        self.kinds = {one.name: one.kind for one in self.model.relations}
        kept = [one for one in self.model.relations if one.kind in {Kind.STATE, Kind.GHOST}]
        if sum(math.prod(self.sizes[sort.name] for sort in one.sorts) for one in kept) > MOST_BITS:
            raise too_large(self.model, self.sizes)
        places = ((one.name, place) for one in kept for place in tuples(one.sorts, self.sizes))
        self.bits: dict[tuple[str, Tuple], int] = {key: number for number, key in enumerate(places)}
        for number, axiom in enumerate(self.model.axioms, 1):
            if self.proposition(axiom) is not True:
                raise LanguageError(f"axiom {number} of {model.name} is false of the rigid relations of this instance")
        self.initial = self.encode(initial_state(self.model, self.sizes))

    def encode(self, state: State) -> int:
        """A state as an integer."""
        number = 0
        for name, rows in state.facts.items():
            for row in rows:
                bit = self.bits.get((name, row))
                number |= 0 if bit is None else 1 << bit
        return number

    def decode(self, number: int) -> State:
        """An integer as a state, rigid relations included."""
        facts: dict[str, set[Tuple]] = {}
        for (name, place), bit in self.bits.items():
            if number >> bit & 1:
                facts.setdefault(name, set()).add(place)
        return State(self.sizes, {**self.rigid, **{name: frozenset(rows) for name, rows in facts.items()}})

    def proposition(
        self, formula: Formula, values: Values | None = None, choices: Choices | None = None
    ) -> Proposition:
        """What is left of a formula when its free variables stand for `values`."""
        return self._ground(formula, values or {}, choices or {})

    def _ground(self, formula: Formula, values: Values, choices: Choices) -> Proposition:
        match formula:
            case Holds(relation=relation, arguments=arguments):
                place = tuple(values[one] for one in arguments)
                if relation.kind is Kind.RIGID:
                    return place in self.rigid.get(relation.name, ())
                if relation.kind is Kind.CHOICE:
                    return place in choices.get(relation.name, ())
                return Bit(self.bits[relation.name, place])
            case Junction(every=every, parts=parts):
                return self._joined([(part, values) for part in parts], choices, every=every)
            case Equal(left=left, right=right):
                return values[left] == values[right]
            case AtMost(left=left, right=right):
                return values[left] <= values[right]
            case Not(body=body):
                return negate(self._ground(body, values, choices))
            case Implies(left=left, right=right):
                premise = self._ground(left, values, choices)
                if premise is False:
                    return True
                return group((negate(premise), self._ground(right, values, choices)), every=False)
            case Quantified(every=every, variables=variables, body=body):
                places = tuples(tuple(one.sort for one in variables), self.sizes)
                inside = ((body, {**values, **dict(zip(variables, place, strict=True))}) for place in places)
                return self._joined(inside, choices, every=every)
            case Iff(left=left, right=right):
                return same(self._ground(left, values, choices), self._ground(right, values, choices))
            case Truth(value=value):
                return value
            case Switched(fixed=fixed):
                return self._ground(fixed, values, choices)
        raise AssertionError(type(formula))

    def _joined(
        self, parts: Iterator[tuple[Formula, Values]] | list[tuple[Formula, Values]], choices: Choices, *, every: bool
    ) -> Proposition:
        found = []
        for formula, values in parts:
            part = self._ground(formula, values, choices)
            if part is (not every):
                return part
            found.append(part)
        return group(found, every=every)

    def instances(self, act: Action, given: Mapping[str, int] | None = None) -> Iterator[Instance]:
        """An action with all parameters that are not `given` tried, and all choices; those that never apply left out."""
        known = given or {}
        ranges = [
            (known[one.name],) if one.name in known else range(self.sizes[one.sort.name]) for one in act.parameters
        ]
        for numbers in itertools.product(*ranges):
            values = dict(zip(act.parameters, numbers, strict=True))
            for choices in self.choices(act):
                guard = self.proposition(act.guard, values, choices)
                if guard is not False:
                    named = {one.name: number for one, number in zip(act.parameters, numbers, strict=True)}
                    event = Event(act.name, named, {name: tuple(sorted(rows)) for name, rows in choices.items()})
                    yield Instance(event, guard, self.changes(act, values, choices))

    def choices(self, act: Action) -> Iterator[dict[str, frozenset[Tuple]]]:
        """Every way to choose the arbitrary relations that an action reads."""
        chosen = picks(act)
        options = []
        for one in chosen:
            places = list(tuples(one.sorts, self.sizes))
            options.append(
                [frozenset(rows) for size in range(len(places) + 1) for rows in itertools.combinations(places, size)]
            )
        for picked in itertools.product(*options):
            yield dict(zip((one.name for one in chosen), picked, strict=True))

    def changes(self, act: Action, values: Values, choices: Choices) -> dict[int, Proposition]:
        """The new value of every bit that an action may change."""
        found: dict[int, Proposition] = {}
        for update in act.updates:
            found.update(self._updated(update, values, choices))
        return found

    def _updated(self, update: Update, values: Values, choices: Choices) -> Iterator[tuple[int, Proposition]]:
        for choice in tuples(tuple(one.sort for one in update.ranging), self.sizes):
            known = {**values, **dict(zip(update.ranging, choice, strict=True))}
            bit = self.bits[update.relation.name, tuple(known[one] for one in update.arguments)]
            condition = self._ground(update.condition, known, choices)
            after: Proposition
            if update.effect is Effect.INSERT:
                after = group((Bit(bit), condition), every=False)
            elif update.effect is Effect.REMOVE:
                after = group((Bit(bit), negate(condition)), every=True)
            else:
                after = condition
            if after != Bit(bit):
                yield bit, after


def work(model: Model, sizes: Mapping[str, int]) -> float:
    """How many parts of formulas are visited when every instance of every action is ground, at most."""

    def places(sorts: Iterable[Sort]) -> int:
        return math.prod(sizes[sort.name] for sort in sorts)

    def visits(formula: Formula) -> int:
        times = places(one.sort for one in formula.variables) if isinstance(formula, Quantified) else 1
        return 1 + times * sum(map(visits, parts_of(formula)))

    total = 0.0
    for act in model.actions:
        sets = sum(places(one.sorts) for one in picks(act))
        guard = sum(map(visits, act.requires))
        updates = sum(places(one.sort for one in each.ranging) * visits(each.condition) for each in act.updates)
        total += places(one.sort for one in act.parameters) * 2.0 ** min(sets, 1000) * (guard + updates)
    return total


def too_large(model: Model, sizes: Mapping[str, int]) -> LanguageError:
    """The sentence for bounds that nobody would wait for."""
    bounds = " ".join(f"{name}={size}" for name, size in sizes.items())
    return LanguageError(f"model {model.name} with {bounds} is too large for a search of states: take smaller bounds")


def picks(act: Action) -> list[Relation]:
    """The arbitrary relations that an action reads."""
    read = {name: one for formula in act.formulas() for name, one in relations_in(formula).items()}
    return [one for one in read.values() if one.kind is Kind.CHOICE]
