"""Breadth-first search: every reachable state of a finite instance once, exact counts, shortest traces.

Depth counts levels as TLC does: the initial state is level 1. A trace of n steps ends at level n + 1.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence

import attrs

from tautolog_checkers.model.explore.compiled import Compiled
from tautolog_checkers.model.explore.ground import Ground
from tautolog_checkers.model.explore.symmetry import canonical
from tautolog_checkers.model.tables import Trace
from tautolog_spec.language.formulas import Formula
from tautolog_spec.language.models import Liveness, Model

LIMIT = 20_000_000
"""States after which a search gives up with the verdict `unknown`."""


@attrs.frozen
class Exploration:
    """What a search found.

    Attributes:
        verdict: holds, violated or unknown (the limit was reached).
        distinct: states.
        depth: levels.
        seconds: of the search; grounding and compiling come before.
        compile_seconds: of grounding and compiling.
        broken: the invariant that fails, or the liveness promise that is not kept, if there is one.
        trace: a shortest way there; for liveness, to the cycle.
        cycle: for liveness, what then goes on for ever.
        seen: the `sometimes` properties that were seen to happen.
        never: those that were not, in a search that saw everything.

    """

    model: str
    verdict: str
    distinct: int
    depth: int
    seconds: float
    compile_seconds: float = 0.0
    broken: str = ""
    trace: Trace | None = None
    cycle: Trace | None = None
    seen: tuple[str, ...] = ()
    never: tuple[str, ...] = ()


@attrs.define
class Search:
    """One search under way: the level it has reached, and where each state was first reached from."""

    compiled: Compiled
    representative: Callable[[int], int] | None
    parents: dict[int, int] = attrs.field(factory=dict)
    depth: int = 1

    def run(self, good: Callable[[int], bool], visit: Callable[[int], None] | None, limit: int) -> tuple[str, int]:
        """Level by level until a state is not `good` (violated, and which), all is seen (holds) or the limit is reached."""
        successors = self.compiled.successors
        representative = self.representative
        first = self.compiled.ground.initial
        if representative is not None:
            first = representative(first)
        parents = self.parents
        parents[first] = first
        if visit is not None:
            visit(first)
        if not good(first):
            return "violated", first
        frontier = [first]
        while frontier:
            reached: list[int] = []
            add = reached.append
            for state in frontier:
                for _, after in successors(state):
                    one = after if representative is None else representative(after)
                    if one in parents:
                        continue
                    parents[one] = state
                    if not good(one):
                        self.depth += 1
                        return "violated", one
                    add(one)
            if visit is not None:
                for state in reached:
                    visit(state)
            if len(parents) > limit:
                return "unknown", first
            frontier = reached
            self.depth += bool(reached)
        return "holds", first

    def path(self, state: int) -> list[int]:
        """The states on the way to a state, the initial one first."""
        found = [state]
        while self.parents[found[-1]] != found[-1]:
            found.append(self.parents[found[-1]])
        return found[::-1]

    def trace(self, state: int) -> Trace:
        """The way to a state, as events. With symmetry the states of the path are renamed along the way."""
        return retrace(self.compiled, self.path(state), self.representative)


def retrace(compiled: Compiled, path: list[int], representative: Callable[[int], int] | None = None) -> Trace:
    """The events between states that follow each other, up to symmetry."""
    same = representative or (lambda state: state)
    now = compiled.ground.initial
    steps = []
    for wanted in path[1:]:
        number, now = next((n, after) for n, after in compiled.successors(now) if same(after) == wanted)
        steps.append((compiled.instances[number].event, compiled.ground.decode(now)))
    return Trace(compiled.ground.decode(compiled.ground.initial), tuple(steps))


def explore(
    model: Model,
    bounds: Mapping[str, int],
    *,
    symmetric: bool = False,
    limit: int = LIMIT,
    only_safety: bool = True,
    goals: Mapping[str, Formula] | None = None,
) -> Exploration:
    """Search a finite instance for a state in which an invariant fails.

    Args:
        model: fixes decided, or all on.
        bounds: by name of a sort or of a bound of the model.
        symmetric: whether states that differ by a permutation of an unordered sort count once.
        limit: states after which to give up.
        only_safety: whether to check the promises alone, or the auxiliary invariants as well.
        goals: other formulas to hold everywhere, instead of the invariants.

    """
    begun = time.perf_counter()
    compiled = Compiled(Ground(model, model.sizes(bounds)))
    model = compiled.ground.model
    kept = {one.name: one.formula for one in model.invariants if one.is_safety or not only_safety}
    wanted = dict(goals) if goals is not None else kept
    good = compiled.conjunction(wanted.values())
    waiting = {one.name: compiled.predicate(one.formula) for one in model.sometimes}
    asked = tuple(waiting)

    def look(state: int) -> None:
        for name in [name for name, happens in waiting.items() if happens(state)]:
            del waiting[name]

    search = Search(compiled, canonical(compiled.ground) if symmetric else None)
    ready = time.perf_counter()
    verdict, state = search.run(good, look if waiting else None, limit)
    found = Exploration(
        model=model.name,
        verdict=verdict,
        distinct=len(search.parents),
        depth=search.depth,
        seconds=time.perf_counter() - ready,
        compile_seconds=ready - begun,
        seen=tuple(name for name in asked if name not in waiting),
        never=tuple(waiting) if verdict == "holds" else (),
    )
    if verdict != "violated":
        return found
    broken = next(name for name, formula in wanted.items() if not compiled.predicate(formula)(state))
    return attrs.evolve(found, broken=broken, trace=search.trace(state))


def with_liveness(
    found: Exploration,
    model: Model,
    bounds: Mapping[str, int],
    *,
    promises: Sequence[Liveness] | None = None,
    limit: int = LIMIT,
) -> Exploration:
    """What a search found, and whether the model keeps its liveness promises in the same instance, without symmetry."""
    from tautolog_checkers.model.explore.liveness import check_all  # noqa: PLC0415  # liveness is made of searches

    asked = model.liveness if promises is None else promises
    if found.verdict != "holds" or not asked:
        return found
    begun = time.perf_counter()
    answers = check_all(model.without(), bounds, asked, limit)
    found = attrs.evolve(found, seconds=found.seconds + time.perf_counter() - begun)
    for answer in answers:
        if answer.cycle is not None:
            way, around = answer.cycle.way, answer.cycle.around
            return attrs.evolve(found, verdict="violated", broken=answer.promise, trace=way, cycle=around)
    if any(answer.verdict == "unknown" for answer in answers):
        return attrs.evolve(found, verdict="unknown")
    return found
