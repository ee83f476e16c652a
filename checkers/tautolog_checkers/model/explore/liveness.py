"""Liveness: a promise is broken if a run stays for ever where its goal does not hold, while nobody is starved.

The states without the goal that are reachable from a trigger, with the steps between them, are split into strongly
connected components. Weak fairness: in a run that stays in a component for ever, each fair action is taken again and again,
or is again and again not enabled. A component in which that is possible for all fair actions is a counterexample. Staying
in one state for ever (nobody does anything) counts too: it is fair if no fair action is enabled there.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping

import attrs

from tautolog_checkers.graph.components import components
from tautolog_checkers.model.explore.compiled import Compiled
from tautolog_checkers.model.explore.ground import Ground
from tautolog_checkers.model.explore.search import LIMIT, Search, retrace
from tautolog_checkers.model.tables import Trace
from tautolog_spec.language.models import Liveness, Model


@attrs.frozen
class Cycle:
    """A run that breaks a promise: the way there, and a cycle that goes on for ever (of no steps: it rests)."""

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


Edges = list[list[tuple[int, int]]]
"""For each state (numbered), its steps: (number of the instance, number of the state after it)."""


def check_liveness(model: Model, bounds: Mapping[str, int], promise: Liveness, limit: int = LIMIT) -> Answer:
    """Search all of a finite instance for a fair run that breaks a promise."""
    compiled = Compiled(Ground(model, model.sizes(bounds)))
    search = Search(compiled, None)
    if search.run(lambda _: True, None, limit)[0] == "unknown":
        return Answer(promise.name, "unknown", len(search.parents))
    goal, trigger = compiled.predicate(promise.goal), compiled.predicate(promise.trigger)
    states, entries = _without_goal(compiled, search, goal, trigger)
    numbers = {state: number for number, state in enumerate(states)}
    edges: Edges = [
        [(label, numbers[after]) for label, after in compiled.successors(state) if after in numbers] for state in states
    ]
    found = _fair_component(compiled, states, edges, promise.fair)
    if found is None:
        return Answer(promise.name, "holds", len(search.parents))
    return Answer(
        promise.name, "violated", len(search.parents), _cycle(compiled, search, states, entries, edges, found, promise)
    )


def _without_goal(
    compiled: Compiled, search: Search, goal: object, trigger: object
) -> tuple[list[int], dict[int, int]]:
    """The states that a run may visit after a trigger before the goal, and where each was reached from."""
    assert callable(goal)
    assert callable(trigger)
    entries = {state: state for state in search.parents if trigger(state) and not goal(state)}
    states = list(entries)
    for state in states:  # grows while it is read
        for _, after in compiled.successors(state):
            if after not in entries and not goal(after):
                entries[after] = state
                states.append(after)
    return states, entries


def _fair_component(compiled: Compiled, states: list[int], edges: Edges, fair: tuple[str, ...]) -> list[int] | None:
    for component in components([[after for _, after in steps] for steps in edges]):
        inside = set(component)
        taken = {
            compiled.instances[label].event.action for n in component for label, after in edges[n] if after in inside
        }
        rests = len(component) == 1 and not taken
        needed = [name for name in fair if name not in taken]
        if all(_sometimes_disabled(compiled, states, component, name) for name in needed) and (taken or rests):
            return component
    return None


def _sometimes_disabled(compiled: Compiled, states: list[int], component: list[int], name: str) -> bool:
    def enabled(state: int) -> bool:
        return any(compiled.instances[label].event.action == name for label, _ in compiled.successors(state))

    return any(not enabled(states[number]) for number in component)


def _cycle(
    compiled: Compiled,
    search: Search,
    states: list[int],
    entries: dict[int, int],
    edges: Edges,
    component: list[int],
    promise: Liveness,
) -> Cycle:
    """The way into a component, and a walk through all of it."""
    start = component[0]
    way = [states[start]]
    while entries[way[-1]] != way[-1]:
        way.append(entries[way[-1]])
    path = [*search.path(way[-1])[:-1], *way[::-1]]
    around = [start]
    inside = set(component)
    for goal in [*component[1:], start]:
        around += _shortest(edges, inside, around[-1], goal)
    return Cycle(promise.name, retrace(compiled, path), retrace_from(compiled, [states[n] for n in around]))


def _shortest(edges: Edges, inside: set[int], start: int, goal: int) -> list[int]:
    """The numbers after `start` on a shortest way to `goal` within a component."""
    parents: dict[int, int] = {}
    frontier = [start]
    while goal not in parents and frontier:
        reached = []
        for number in frontier:
            for _, after in edges[number]:
                if after in inside and after not in parents:
                    parents[after] = number
                    reached.append(after)
        frontier = reached
    if goal not in parents:
        return []  # a single state that rests
    way = [goal]
    while parents[way[-1]] != start:
        way.append(parents[way[-1]])
    return way[::-1]


def retrace_from(compiled: Compiled, path: list[int]) -> Trace:
    """The events between states that follow each other, beginning anywhere."""
    steps = []
    for before, after in itertools.pairwise(path):
        label = next(number for number, state in compiled.successors(before) if state == after)
        steps.append((compiled.instances[label].event, compiled.ground.decode(after)))
    return Trace(compiled.ground.decode(path[0]), tuple(steps))
