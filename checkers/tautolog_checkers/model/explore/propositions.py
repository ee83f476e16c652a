"""Propositions over the bits of a state: what is left of a formula when its variables are given. Folded when built.

A proposition is a bool, a literal (bit `number`), a negation, or a conjunction or disjunction of distinct parts none of
which is the negation of another.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple


class Bit(NamedTuple):
    """The bit of that number is set."""

    number: int


class Negation(NamedTuple):
    """The part is false."""

    part: Bit | Group


class Group(NamedTuple):
    """All parts are true (`every`), or at least one."""

    every: bool
    parts: tuple[Bit | Negation | Group, ...]


Open = Bit | Negation | Group
Proposition = bool | Open


def negate(one: Proposition) -> Proposition:
    """The opposite."""
    if isinstance(one, bool):
        return not one
    return one.part if isinstance(one, Negation) else Negation(one)


def group(parts: Iterable[Proposition], *, every: bool) -> Proposition:
    """All of the parts (`every`), or at least one of them; constants, repetitions and contradictions are folded."""
    flat: dict[Open, None] = {}
    for part in parts:
        if isinstance(part, bool):
            if part is not every:
                return part
        elif isinstance(part, Group) and part.every is every:
            flat.update(dict.fromkeys(part.parts))
        else:
            flat[part] = None
    for part in flat:
        if isinstance(part, Negation) and part.part in flat:
            return not every
    if not flat:
        return every
    return next(iter(flat)) if len(flat) == 1 else Group(every, tuple(flat))


def same(left: Proposition, right: Proposition) -> Proposition:
    """Both true or both false."""
    if isinstance(left, bool):
        return right if left else negate(right)
    if isinstance(right, bool):
        return left if right else negate(left)
    if left == right:
        return True
    neither = group((negate(left), negate(right)), every=True)
    return group((group((left, right), every=True), neither), every=False)


def conjuncts(one: Proposition) -> tuple[Open, ...]:
    """The parts that must all be true; a constant has none."""
    if isinstance(one, bool):
        return ()
    return one.parts if isinstance(one, Group) and one.every else (one,)


def value(one: Proposition, state: int) -> bool:
    """Whether it is true of a state."""
    match one:
        case bool():
            return one
        case Bit(number=number):
            return bool(state >> number & 1)
        case Negation(part=part):
            return not value(part, state)
        case Group(every=every, parts=parts):
            return (all if every else any)(value(part, state) for part in parts)


def code(one: Proposition) -> str:
    """A Python expression over the integer `s`, true if the proposition is."""
    match one:
        case bool():
            return "1" if one else "0"
        case Bit(number=number):
            return f"s & {1 << number}"
        case Negation(part=part):
            return f"not {_inside(part)}"
        case Group(every=True):
            return _all_code(one.parts)
        case Group():
            return _any_code(one.parts)


def _inside(one: Open) -> str:
    return f"({code(one)})" if isinstance(one, Group) else code(one)


def masks(parts: Iterable[Open]) -> tuple[int, int, list[Open]]:
    """Literals as masks (bits wanted set, bits wanted clear), and the rest."""
    ones = zeros = 0
    rest: list[Open] = []
    for part in parts:
        if isinstance(part, Bit):
            ones |= 1 << part.number
        elif isinstance(part, Negation) and isinstance(part.part, Bit):
            zeros |= 1 << part.part.number
        else:
            rest.append(part)
    return ones, zeros, rest


def _all_code(parts: Iterable[Open]) -> str:
    ones, zeros, rest = masks(parts)
    found = []
    if ones or zeros:
        bits = ones | zeros
        simple = ones == bits and bits.bit_count() == 1
        found.append(f"s & {bits}" if simple else f"not s & {bits}" if not ones else f"s & {bits} == {ones}")
    found += [f"({text})" for text in _factored(rest)]
    return " and ".join(found)


def _factored(parts: list[Open]) -> list[str]:
    """Conjuncts as code; implications from the same bit are joined: (¬a ∨ x) ∧ (¬a ∨ y) is ¬a ∨ (x ∧ y)."""
    premises: dict[Open, list[Open]] = {}
    for part in parts:
        for one in part.parts if isinstance(part, Group) and not part.every else ():
            if isinstance(one, Negation) and isinstance(one.part, Bit):
                premises.setdefault(one, []).append(part)
    if not premises:
        return sorted(map(code, parts), key=len)
    premise, shared = max(premises.items(), key=lambda item: len(item[1]))
    if len(shared) < 2:
        return sorted(map(code, parts), key=len)
    bodies = [
        group((one for one in part.parts if one != premise), every=False) for part in shared if isinstance(part, Group)
    ]
    joined = group((premise, group(bodies, every=True)), every=False)
    return [*_factored([part for part in parts if part not in shared]), code(joined)]


def _any_code(parts: Iterable[Open]) -> str:
    ones, zeros, rest = masks(parts)
    found = []
    if ones:
        found.append(f"s & {ones}")
    if zeros:
        found.append(f"not s & {zeros}" if zeros.bit_count() == 1 else f"s & {zeros} != {zeros}")
    return " or ".join(found + [f"({code(part)})" for part in rest])
