"""Symmetry: states that differ by a permutation of an unordered sort behave alike, so one of them stands for all.

The representative is the smallest integer among the images. Permutations that would change a rigid relation are no
symmetries and are left out.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable

from tautolog_checkers.model.explore.ground import Ground
from tautolog_spec.language.formulas import LanguageError

CHUNK = 12
"""Bits that one table moves at once."""

MOST_PERMUTATIONS = 50_000
"""Renamings of elements (8! are fewer) beyond which bounds are refused: each new state is renamed by all of them."""

Permutation = dict[str, tuple[int, ...]]


def permutations(ground: Ground) -> list[Permutation]:
    """All permutations of the unordered sorts that keep the rigid relations, the identity left out."""
    names = [sort.name for sort in ground.model.sorts if not sort.ordered]
    number = math.prod(math.factorial(min(ground.sizes[name], 20)) for name in names)
    if number > MOST_PERMUTATIONS:
        raise LanguageError(f"{number} or more renamings are too many to tell states apart by: take smaller bounds")
    options = [list(itertools.permutations(range(ground.sizes[name]))) for name in names]
    identity = {name: tuple(range(size)) for name, size in ground.sizes.items()}
    found = []
    for picked in itertools.product(*options):
        moved = {**identity, **dict(zip(names, picked, strict=True))}
        if moved != identity and _keeps_rigid(ground, moved):
            found.append(moved)
    return found


def _keeps_rigid(ground: Ground, moved: Permutation) -> bool:
    for relation in ground.model.relations:
        rows = ground.rigid.get(relation.name)
        if rows is not None and {_image(relation.sorts, row, moved) for row in rows} != rows:
            return False
    return True


def _image(sorts: tuple[object, ...], row: tuple[int, ...], moved: Permutation) -> tuple[int, ...]:
    return tuple(moved[str(sort)][number] for sort, number in zip(sorts, row, strict=True))


def canonical(ground: Ground) -> Callable[[int], int]:
    """A function from a state to the representative of all its images."""
    sorts = {one.name: one.sorts for one in ground.model.relations}
    tables = []
    for moved in permutations(ground):
        target = [0] * len(ground.bits)
        for (name, place), bit in ground.bits.items():
            target[bit] = ground.bits[name, _image(sorts[name], place, moved)]
        tables.append(_chunks(target))

    def smallest(state: int) -> int:
        best = state
        for chunks in tables:
            image = 0
            for low, mask, table in chunks:
                image |= table[state >> low & mask]
            best = min(best, image)
        return best

    return smallest


def _chunks(target: list[int]) -> list[tuple[int, int, list[int]]]:
    found = []
    for low in range(0, len(target), CHUNK):
        bits = target[low : low + CHUNK]
        table = [0]
        for bit in bits:
            table += [entry | 1 << bit for entry in table]
        found.append((low, (1 << len(bits)) - 1, table))
    return found
