"""Random walks through a finite instance: traces that are behaviours of the model by construction."""

from __future__ import annotations

import random
from collections.abc import Mapping

from tautolog_checkers.model.explore.compiled import Compiled
from tautolog_checkers.model.explore.ground import Ground
from tautolog_checkers.model.tables import Trace
from tautolog_spec.language.models import Model


def random_walk(model: Model, bounds: Mapping[str, int], *, steps: int, seed: int) -> Trace:
    """A walk of at most so many steps; it ends where nothing is enabled. The same seed walks the same way."""
    compiled = Compiled(Ground(model, model.sizes(bounds)))
    chance = random.Random(seed)  # noqa: S311  # chance for tests
    state = compiled.ground.initial
    taken = []
    for _ in range(steps):
        options = compiled.successors(state)
        if not options:
            break
        by_action: dict[str, list[tuple[int, int]]] = {}
        for number, after in options:
            by_action.setdefault(compiled.instances[number].event.action, []).append((number, after))
        number, state = chance.choice(by_action[chance.choice(sorted(by_action))])
        taken.append((compiled.instances[number].event, compiled.ground.decode(state)))
    return Trace(compiled.ground.decode(compiled.ground.initial), tuple(taken))
