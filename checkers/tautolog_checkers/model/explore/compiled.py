"""Compilation: one Python function from a state to all its successors, and one for each property.

Instances of actions that share a bit which must be set stand under one test of it, recursively; bits that are copied over
the same distance move in one shift.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from tautolog_checkers.model.explore.ground import Ground, Instance, too_large, work
from tautolog_checkers.model.explore.propositions import Bit, Group, Open, Proposition, code, conjuncts, group
from tautolog_spec.language.formulas import Formula

DEEPEST = 24
"""Levels of nested tests; Python's parser allows 100 levels of indentation."""

MOST_WORK = 20_000_000
"""Visits to parts of formulas while grounding (a minute of it), beyond which bounds are refused."""

Successors = Callable[[int], list[tuple[int, int]]]
Predicate = Callable[[int], bool]
Item = tuple[tuple[Open, ...], int, str]


class Compiled:
    """A finite instance, compiled.

    Attributes:
        ground: the instance.
        instances: what the numbers of `successors` mean.
        successors: from a state to the list of (number of instance, next state).

    """

    def __init__(self, ground: Ground) -> None:
        self.ground = ground
        if work(ground.model, ground.sizes) > MOST_WORK:
            raise too_large(ground.model, ground.sizes)
        self.instances: list[Instance] = []
        seen: set[tuple[str, Proposition, tuple[tuple[int, Proposition], ...]]] = set()
        for act in ground.model.actions:
            for one in ground.instances(act):
                key = (act.name, one.guard, tuple(sorted(one.changes.items(), key=lambda item: item[0])))
                if key not in seen:  # choices that make no difference
                    seen.add(key)
                    self.instances.append(one)
        full = (1 << len(ground.bits)) - 1
        items = [
            (conjuncts(one.guard), number, next_state(one.changes, full)) for number, one in enumerate(self.instances)
        ]
        lines = ["def successors(s):", " out = []", " add = out.append", *_tree(items, 1), " return out"]
        self.successors: Successors = _function("successors", "\n".join(lines))

    def predicate(self, formula: Formula) -> Predicate:
        """A closed formula as a function of a state."""
        return predicate(self.ground.proposition(formula))

    def conjunction(self, formulas: Iterable[Formula]) -> Predicate:
        """All of the formulas as one function of a state."""
        return predicate(group([self.ground.proposition(one) for one in formulas], every=True))

    def step(self, number: int) -> Callable[[int], int | None]:
        """One instance as a function from a state to the next one, None where it is not enabled."""
        return step(self.instances[number], len(self.ground.bits))


def predicate(one: Proposition) -> Predicate:
    """A proposition as a function of a state."""
    holds: Predicate = _function("holds", f"def holds(s): return bool({code(one)})")
    return holds


def step(instance: Instance, bits: int) -> Callable[[int], int | None]:
    """An instance as a function from a state to the next one, None where it is not enabled."""
    after = next_state(instance.changes, (1 << bits) - 1)
    taken: Callable[[int], int | None] = _function(
        "step", f"def step(s): return {after} if {code(instance.guard)} else None"
    )
    return taken


def _function(name: str, source: str) -> Any:
    """The function has the type of its template."""
    space: dict[str, Any] = {}
    exec(compile(source, f"<{name}>", "exec"), space)  # noqa: S102  # the source is made here, of numbers only
    return space[name]


def next_state(changes: Mapping[int, Proposition], full: int) -> str:
    """The state after an action as an expression over the state `s` before."""
    keep, fixed = full, 0
    shifts: dict[int, int] = {}
    conditional: list[tuple[int, Proposition]] = []
    for bit, after in changes.items():
        wanted: Proposition = after
        if isinstance(after, Group) and not after.every and Bit(bit) in after.parts:
            wanted = group((part for part in after.parts if part != Bit(bit)), every=False)  # it stays set if it was
        else:
            keep &= ~(1 << bit)
        if wanted is True:
            fixed |= 1 << bit
        elif isinstance(wanted, Bit):
            shifts[wanted.number - bit] = shifts.get(wanted.number - bit, 0) | 1 << bit
        elif wanted is not False:
            conditional.append((bit, wanted))
    terms = ["s" if keep == full else f"s & {keep}"]
    terms += [str(fixed)] if fixed else []
    terms += [f"s >> {far} & {mask}" if far > 0 else f"s << {-far} & {mask}" for far, mask in shifts.items()]
    terms += [f"({1 << bit} if {code(one)} else 0)" for bit, one in conditional]
    return " | ".join(terms)


def _tree(items: Sequence[Item], depth: int) -> list[str]:
    """Tests and additions, sharing what can be shared."""
    counts = Counter(part for parts, _, _ in items for part in parts if isinstance(part, Bit))
    if depth >= DEEPEST or not counts or counts.most_common(1)[0][1] < 2:
        return [line for item in items for line in _leaf(item, depth)]
    shared = min(counts, key=lambda part: (-counts[part], part))
    inside = [(tuple(p for p in parts if p != shared), n, text) for parts, n, text in items if shared in parts]
    outside = [item for item in items if shared not in item[0]]
    lines = [f"{' ' * depth}if s & {1 << shared.number}:", *_tree(inside, depth + 1)]
    return lines + (_tree(outside, depth) if outside else [])


def _leaf(item: Item, depth: int) -> list[str]:
    parts, number, text = item
    indent = " " * depth
    if not parts:
        return [f"{indent}add(({number}, {text}))"]
    return [f"{indent}if {code(group(parts, every=True))}:", f"{indent} add(({number}, {text}))"]
