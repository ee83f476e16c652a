"""Liveness: a promise is broken if a run stays for ever where its goal does not hold, while nobody is starved.

The states without the goal that are reachable from a trigger, with the steps between them, are split into strongly
connected components. Weak fairness: in a run that stays in a component for ever, each fair action is taken again and again,
or is again and again not enabled. A component in which that is possible for all fair actions is a counterexample. Staying
in one state for ever (nobody does anything) counts too: it is fair if no fair action is enabled there.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence

import attrs

from tautolog_checkers.graph.components import components
from tautolog_checkers.model.explore.compiled import Compiled, Predicate
from tautolog_checkers.model.explore.ground import Ground
from tautolog_checkers.model.explore.search import LIMIT, Search
from tautolog_checkers.model.tables import Trace
from tautolog_spec.language.models import Liveness, Model


@attrs.frozen
class Cycle:
    """A run that breaks a promise: the way there, and a cycle that goes on for ever (of no steps: everything rests).

    Together they are as short as they can be, if the component that the run stays in is no larger than `EXACT`.
    """

    promise: str
    way: Trace
    around: Trace


@attrs.frozen
class Answer:
    """Whether a liveness promise is kept in an instance, and how it is broken."""

    promise: str
    verdict: str
    distinct: int
    cycle: Cycle | None = None


EXACT, STARTS = 2_000, 50
"""Up to so many states of a component every one is tried as the beginning of the cycle; in a larger one, the nearest few."""

Edges = list[list[tuple[int, int]]]
"""For each state (numbered), its steps: (number of the instance, number of the state after it)."""


def check_liveness(model: Model, bounds: Mapping[str, int], promise: Liveness, limit: int = LIMIT) -> Answer:
    """Search all of a finite instance for a fair run that breaks a promise."""
    return check_all(model, bounds, (promise,), limit)[0]


def check_all(
    model: Model, bounds: Mapping[str, int], promises: Sequence[Liveness], limit: int = LIMIT
) -> tuple[Answer, ...]:
    """The same for several promises, with one search."""
    compiled = Compiled(Ground(model, model.sizes(bounds)))
    search = Search(compiled, None)
    if search.run(lambda _: True, None, limit)[0] == "unknown":
        return tuple(Answer(one.name, "unknown", len(search.parents)) for one in promises)
    return tuple(_check(compiled, search, one) for one in promises)


def _check(compiled: Compiled, search: Search, promise: Liveness) -> Answer:
    region = _Region(compiled, search, promise)
    lassos = [region.lasso(component) for component in region.fair_components()]
    if not lassos:
        return Answer(promise.name, "holds", len(search.parents))
    return Answer(
        promise.name, "violated", len(search.parents), min(lassos, key=lambda one: len(one.way) + len(one.around))
    )


class _Region:
    """The states that a run may visit after a trigger and before the goal, numbered from the nearest on.

    Attributes:
        states: by number.
        way: for each state the number of the state that it was reached from, or None where the promise is made.
        far: for each state how many steps it is from the initial state, by that way.
        edges: the steps between them.
        idle: for each state the fair actions (bit by bit) that are not enabled.

    """

    def __init__(self, compiled: Compiled, search: Search, promise: Liveness) -> None:
        self.compiled, self.search, self.promise = compiled, search, promise
        self.bits = {name: 1 << number for number, name in enumerate(promise.fair)}
        self.all_fair = (1 << len(promise.fair)) - 1
        self.states: list[int] = []
        self.way: list[int | None] = []
        self.far: list[int] = []
        goal = compiled.predicate(promise.goal)
        self._visit(goal)
        numbers = {state: number for number, state in enumerate(self.states)}
        self.edges: Edges = []
        self.idle: list[int] = []
        for state in self.states:
            steps = compiled.successors(state)
            enabled = {self._fair(label) for label, _ in steps}
            self.edges.append([(label, numbers[after]) for label, after in steps if after in numbers])
            self.idle.append(self.all_fair & ~sum(enabled))

    def _fair(self, label: int) -> int:
        return self.bits.get(self.compiled.instances[label].event.action, 0)

    def _visit(self, goal: Predicate) -> None:
        """Level by level: a state is entered by the shortest way on which the goal stays away once the promise is made."""
        trigger = self.compiled.predicate(self.promise.trigger)
        depth: dict[int, int] = {}
        entries: dict[int, list[int]] = {}
        for state, parent in self.search.parents.items():  # breadth first, so that parents come before
            depth[state] = depth[parent] + 1 if parent != state else 0
            if trigger(state) and not goal(state):
                entries.setdefault(depth[state], []).append(state)
        seen: set[int] = set()
        level, reached = 0, list[tuple[int, int | None]]()
        last = max(entries, default=-1)
        while reached or level <= last:
            fresh = len(self.states)
            for state, source in [*((one, None) for one in entries.get(level, ())), *reached]:
                if state not in seen:
                    seen.add(state)
                    self.states.append(state)
                    self.way.append(source)
                    self.far.append(level)
            reached = [
                (after, number)
                for number in range(fresh, len(self.states))
                for _, after in self.compiled.successors(self.states[number])
                if after not in seen and not goal(after)
            ]
            level += 1

    def fair_components(self) -> Iterable[list[int]]:
        """Where a run may stay for ever and starve nobody."""
        for component in components([[after for _, after in steps] for steps in self.edges]):
            inside = set(component)
            served, moves = 0, False
            for number in component:
                served |= self.idle[number]
                for label, after in self.edges[number]:
                    if after in inside:
                        served |= self._fair(label)
                        moves = True
            if served == self.all_fair and (moves or len(component) == 1):
                yield component

    def lasso(self, component: list[int]) -> Cycle:
        """A short way into a component and a fair cycle in it."""
        inside = set(component)
        starts = sorted(component)  # numbers grow with the distance
        best: tuple[int, int, list[tuple[int, int]]] | None = None
        for start in starts if len(starts) <= EXACT else starts[:STARTS]:
            if best is not None and self.far[start] >= best[0]:
                break
            most = None if best is None else best[0] - self.far[start]
            around = self._around(start, inside, most)
            if around is not None and (best is None or self.far[start] + len(around) < best[0]):
                best = (self.far[start] + len(around), start, around)
        assert best is not None
        _, start, around = best
        return Cycle(self.promise.name, self._trace_to(start), self._trace(self.states[start], around))

    def _around(self, start: int, inside: set[int], most: int | None) -> list[tuple[int, int]] | None:
        """A shortest cycle (steps as instance and state) that serves every fair action; None if `most` steps do not do."""
        if self.idle[start] == self.all_fair:
            return []
        first = (start, self.idle[start])
        parents: dict[tuple[int, int], tuple[tuple[int, int], int]] = {}
        frontier, length = [first], 0
        while frontier and (most is None or length < most):
            length += 1
            reached = []
            for place in frontier:
                number, served = place
                for label, after in self.edges[number]:
                    there = (after, served | self._fair(label) | self.idle[after])
                    if after in inside and there not in parents:
                        parents[there] = (place, label)
                        if there == (start, self.all_fair):
                            return self._unwound(parents, first, there)
                        reached.append(there)
            frontier = reached
        return None

    def _unwound(
        self,
        parents: Mapping[tuple[int, int], tuple[tuple[int, int], int]],
        first: tuple[int, int],
        last: tuple[int, int],
    ) -> list[tuple[int, int]]:
        found = []
        place = last
        while True:
            before, label = parents[place]
            found.append((label, self.states[place[0]]))
            place = before
            if place == first:
                return found[::-1]

    def _trace_to(self, start: int) -> Trace:
        numbers = [start]
        while (before := self.way[numbers[-1]]) is not None:
            numbers.append(before)
        path = [self.states[number] for number in numbers][::-1]
        path = [*self.search.path(path[0])[:-1], *path]
        steps = []
        for before, wanted in itertools.pairwise(path):
            label = next(number for number, after in self.compiled.successors(before) if after == wanted)
            steps.append((label, wanted))
        return self._trace(path[0], steps)

    def _trace(self, first: int, steps: list[tuple[int, int]]) -> Trace:
        decode, instances = self.compiled.ground.decode, self.compiled.instances
        return Trace(decode(first), tuple((instances[label].event, decode(state)) for label, state in steps))
