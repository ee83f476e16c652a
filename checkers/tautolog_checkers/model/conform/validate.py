"""Trace validation: the set of states that the model may be in, event by event; the first impossible event explained.

What was not logged is searched: missing parameters, arbitrary sets, hidden events, and the order of events of different
nodes at the same time. A trace is rejected at the first line after which no state is left.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping

import attrs

from tautolog_checkers.model.conform.traces import Logged, Recording, Seen
from tautolog_checkers.model.explore.compiled import step
from tautolog_checkers.model.explore.ground import Ground, Instance, picks
from tautolog_checkers.model.states import Tuple, holds
from tautolog_spec.language.formulas import LanguageError, Variable
from tautolog_spec.language.models import Action, Model
from tautolog_spec.language.relations import Kind
from tautolog_spec.language.words import formula_text

MOST_STATES = 100_000
"""Possible states after which validation gives up with the verdict `unknown`."""

ASKED = 100
"""So many of the possible states are asked why an event is not possible; an explanation needs no more."""

Step = Callable[[int], int | None]


class _TooManyError(Exception):
    """There are more possible states than `MOST_STATES`."""


@attrs.frozen
class Conformance:
    """Whether a trace is a behaviour of the model.

    Attributes:
        verdict: holds, violated, or unknown (too many possible states).
        events: how many lines were accepted.
        line: of the first impossible event; 0 if there is none.
        reason: why it is impossible, in words.
        states: how many states the model may be in at the end.

    """

    verdict: str
    events: int
    line: int = 0
    reason: str = ""
    states: int = 0


class Validator:
    """A finite instance of a model, and the states that it may be in.

    Args:
        model: with the fixes that are taken for granted.
        bounds: of the instance.
        absent: actions that the model's text has and these fixes do not let happen, each with the reason.

    """

    def __init__(self, model: Model, bounds: Mapping[str, int], absent: Mapping[str, str] | None = None) -> None:
        self.absent = absent or {}
        self.ground = Ground(model, model.sizes(bounds))
        self.model = self.ground.model
        self.states = {self.ground.initial}
        self._steps: dict[tuple[str, tuple[tuple[str, int], ...]], list[tuple[Instance, Step]]] = {}

    def run(self, recording: Recording) -> Conformance:
        """Validate a whole recording."""
        for one in recording.events:
            try:
                self._understood(one)
            except LanguageError as error:
                raise LanguageError(f"line {one.line}: {error}") from error
        accepted = 0
        for batch in _batches(recording.events):
            try:
                reached = self._through(batch)
            except _TooManyError:
                return Conformance("unknown", accepted, reason=f"more than {MOST_STATES} states are possible")
            furthest = max(reached, key=sum)
            if sum(furthest) < len(batch):
                return self._rejected(batch, furthest, reached[furthest], accepted)
            self.states = reached[furthest]
            accepted += len(batch)
        return Conformance("holds", accepted, states=len(self.states))

    def _through(self, batch: tuple[Logged, ...]) -> dict[tuple[int, ...], set[int]]:
        """The states after so many events of each node, in whichever order the nodes took turns."""
        lanes = _lanes(batch)
        reached = {tuple(0 for _ in lanes): self.states}
        for _ in batch:
            level: dict[tuple[int, ...], set[int]] = {}
            for place, states in reached.items():
                for lane, (events, done) in enumerate(zip(lanes, place, strict=True)):
                    after = self._after(events[done], states) if done < len(events) else set()
                    if after:
                        there = (*place[:lane], done + 1, *place[lane + 1 :])
                        level.setdefault(there, set()).update(after)
            if sum(map(len, level.values())) > MOST_STATES:
                raise _TooManyError
            if not level:
                break
            reached = level
        return reached

    def _after(self, one: Logged, states: set[int]) -> set[int]:
        if not one.actions:
            return self._hidden(one.hidden, states)
        reached = self._reached(one, states)
        return {state for state in reached if all(self._sees(seen, state) for seen in one.seen)}

    def _reached(self, one: Logged, states: set[int]) -> set[int]:
        found = set()
        for name in self._possible(one):
            for instance, taken in self._instances(name, one.values):
                if _as_logged(instance.event.chosen, one):
                    found |= {after for state in states if (after := taken(state)) is not None}
        return found

    def _possible(self, one: Logged) -> list[str]:
        return [name for name in one.actions if name not in self.absent]

    def _hidden(self, most: int, states: set[int]) -> set[int]:
        everything = [taken for act in self.model.actions for _, taken in self._instances(act.name, {})]
        found, frontier = set(states), set(states)
        for _ in range(most):
            reached = {after for taken in everything for state in frontier if (after := taken(state)) is not None}
            frontier = reached - found
            found |= frontier
            if len(found) > MOST_STATES:
                raise _TooManyError
            if not frontier:
                break
        return found

    def _instances(self, name: str, values: Mapping[str, int]) -> list[tuple[Instance, Step]]:
        key = (name, tuple(sorted(values.items())))
        if key not in self._steps:
            act = self.model.action(name)
            self._check(act, values)
            bits = len(self.ground.bits)
            self._steps[key] = [(one, step(one, bits)) for one in self.ground.instances(act, values)]
        return self._steps[key]

    def _check(self, act: Action, values: Mapping[str, int]) -> None:
        sorts = {one.name: one.sort.name for one in act.parameters}
        for name, number in values.items():
            if name not in sorts:
                raise LanguageError(f"action {act.name} has no parameter {name}; it has {', '.join(sorts)}")
            if not 0 <= number < self.ground.sizes[sorts[name]]:
                size = self.ground.sizes[sorts[name]]
                raise LanguageError(f"action {act.name}: {name} is {number}, and there are {size} of {sorts[name]}")

    def _understood(self, one: Logged) -> None:
        """Refuse a line that speaks of what the model does not have."""
        for name in self._possible(one):
            self._check(self.model.action(name), one.values)
        known = {relation.name: relation for relation in self.model.relations}
        given = [(seen.relation, row, True) for seen in one.seen for row in seen.rows]
        given += [(seen.relation, seen.of, False) for seen in one.seen]
        given += [(name, row, True) for name, rows in one.chosen.items() for row in rows]
        for name in dict.fromkeys((*(seen.relation for seen in one.seen), *one.chosen)):
            if name not in known:
                raise LanguageError(f"model {self.model.name} has no relation {name}; it has {', '.join(known)}")
        for seen in one.seen:
            if known[seen.relation].kind is Kind.CHOICE:
                raise LanguageError(f"{seen.relation} is chosen anew in every step, and part of no state")
        picked = {each.name for name in self._possible(one) for each in picks(self.model.action(name))}
        for name in one.chosen if len(self._possible(one)) == len(one.actions) else ():
            if name not in picked:
                what = f"{' or '.join(one.actions)} picks {', '.join(sorted(picked)) or 'no set'}"
                raise LanguageError(f"{name} was not chosen: {what}")
        for name, row, whole in given:
            sorts = known[name].sorts
            fits = all(0 <= n < self.ground.sizes[sort.name] for n, sort in zip(row, sorts, strict=False))
            if not fits or (len(row) != len(sorts) if whole else len(row) > len(sorts)):
                columns = ", ".join(f"{self.ground.sizes[sort.name]} of {sort}" for sort in sorts) or "no columns"
                raise LanguageError(f"{list(row)} is no row of {known[name]} ({columns})")

    def _sees(self, seen: Seen, state: int) -> bool:
        rigid = self.ground.rigid.get(seen.relation)
        if rigid is not None:
            return {row for row in rigid if row[: len(seen.of)] == seen.of} == seen.rows
        for (name, place), bit in self.ground.bits.items():
            relevant = name == seen.relation and place[: len(seen.of)] == seen.of
            if relevant and bool(state >> bit & 1) is not (place in seen.rows):
                return False
        return True

    def _rejected(
        self, batch: tuple[Logged, ...], place: tuple[int, ...], states: set[int], accepted: int
    ) -> Conformance:
        """Name the line, and the conjunct or the observation that fails in every possible state.

        Of simultaneous events, those that come first in an order that gets as far as any are accepted.
        """
        lanes = _lanes(batch)
        waiting = [events[done] for events, done in zip(lanes, place, strict=True) if done < len(events)]
        one = min(waiting, key=lambda event: event.line)
        reason = self._why(one, states)
        if len(lanes) > 1:
            reason += f", and no order of the lines of time {one.time} gets further"
        return Conformance("violated", accepted + sum(place), one.line, reason, len(states))

    def _why(self, one: Logged, states: set[int]) -> str:
        reached = self._reached(one, states)
        if reached:
            for seen in one.seen:
                if not any(self._sees(seen, state) for state in reached):
                    where = f" of {list(seen.of)}" if seen.of else ""
                    return f"after {' or '.join(one.actions)}, {seen.relation}{where} cannot be {sorted(seen.rows)}"
            return f"what was seen after {' or '.join(one.actions)} cannot hold all at once"
        reasons = [f"{name} is not possible, {self.absent[name]}" for name in one.actions if name in self.absent]
        reasons += [self._blocked(self.model.action(name), one, states) for name in self._possible(one)]
        return "; ".join(reasons)

    def _blocked(self, act: Action, one: Logged, states: set[int]) -> str:
        """The first conjunct that is false, for the choice of what was not logged that gets furthest."""
        best = -1
        for number in sorted(states)[:ASKED]:
            state = self.ground.decode(number)
            for values, picked in itertools.product(self._values(act, one.values), self.ground.choices(act)):
                if _as_logged(picked, one):
                    there = attrs.evolve(state, facts={**state.facts, **picked})
                    false = (n for n, formula in enumerate(act.requires) if not holds(formula, there, values))
                    best = max(best, next(false))
        shown = ", ".join(f"{name}={number}" for name, number in one.values.items())
        return f"{act.name}({shown}) is not enabled: {formula_text(act.requires[best])} does not hold"

    def _values(self, act: Action, given: Mapping[str, int]) -> Iterator[dict[Variable, int]]:
        sizes = self.ground.sizes
        ranges = [(given[one.name],) if one.name in given else range(sizes[one.sort.name]) for one in act.parameters]
        for numbers in itertools.product(*ranges):
            yield dict(zip(act.parameters, numbers, strict=True))


def _batches(events: tuple[Logged, ...]) -> Iterator[tuple[Logged, ...]]:
    """Events in order; those with one and the same time together."""
    for time, lines in itertools.groupby(events, key=lambda one: one.time):
        batch = tuple(lines)
        if time is None:
            yield from ((one,) for one in batch)
        else:
            yield batch


def _lanes(batch: tuple[Logged, ...]) -> list[tuple[Logged, ...]]:
    """Simultaneous events, node by node."""
    nodes = dict.fromkeys(one.node for one in batch)
    return [tuple(one for one in batch if one.node == node) for node in nodes]


def _as_logged(picked: Mapping[str, Iterable[Tuple]], one: Logged) -> bool:
    """Whether the sets that an action picks are those that were logged, as far as they were."""
    return all(frozenset(picked.get(name, ())) == rows for name, rows in one.chosen.items())


def absent_actions(whole: Model, model: Model) -> dict[str, str]:
    """The actions of a whole text that a choice of its fixes does not have, each with the reason."""
    there = {act.name for act in model.actions}
    return {
        act.name: f"the model has it only {'with' if act.with_fix else 'without'} {act.switch}"
        for act in whole.actions
        if act.switch is not None and act.name not in there
    }
