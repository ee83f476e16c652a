"""First-order formulas over relations, as data. They say what holds; they never compute it.

Variables stand for elements of sorts; there are no functions, so that a formula stays close to what a solver can decide.
Every constructor checks sorts at once and names the argument that is wrong. A formula refuses to be a Python truth value:
`a and b` or `x < y < z` would lose half of what was written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import attrs

if TYPE_CHECKING:
    from tautolog_spec.language.relations import Relation


class LanguageError(Exception):
    """A formula, an action or a model that does not make sense; the sentence names the part that is wrong."""


@attrs.frozen
class Sort:
    """A kind of things: replicas, epochs, offsets. Any number of them; totally ordered, or all alike.

    Attributes:
        name: in the singular, capitalised.
        ordered: whether `<` is meant; an unordered sort may be permuted (symmetry).

    """

    name: str
    ordered: bool = False

    def __str__(self) -> str:
        return self.name


class Formula:
    """What may hold in a state: `&`, `|`, `~`, `>>` (implies) and `iff` combine formulas."""

    __slots__ = ()

    def __and__(self, other: Formula) -> Formula:
        return both(self, other)

    def __or__(self, other: Formula) -> Formula:
        return either(self, other)

    def __invert__(self) -> Formula:
        return Not(_formula(self))

    def __rshift__(self, other: Formula) -> Formula:
        return Implies(_formula(self), _formula(other))

    def iff(self, other: Formula) -> Formula:
        """Both hold, or neither."""
        return Iff(_formula(self), _formula(other))

    def __bool__(self) -> bool:
        raise LanguageError(
            f"`{self}` is neither true nor false in Python: write & | ~ for and, or, not, "
            "and a chain such as x < y < z as two comparisons joined by &"
        )

    def __str__(self) -> str:
        from tautolog_spec.language.words import formula_text  # noqa: PLC0415  # words are about formulas

        return formula_text(self)


def _formula(value: object) -> Formula:
    if isinstance(value, Formula):
        return value
    raise LanguageError(
        f"a formula is wanted, and {value!r} is none (comparisons bind weaker than &: put them in parentheses)"
    )


@attrs.frozen(eq=False, repr=False, slots=True)
class Variable:
    """A name for some element of a sort. Two variables are the same only if they are the same object."""

    name: str
    sort: Sort

    def __eq__(self, other: object) -> Formula:  # type: ignore[override]  # `a == b` is a formula here
        return Equal(self, _like(self, other, "=="))

    def __ne__(self, other: object) -> Formula:  # type: ignore[override]  # same
        return Not(Equal(self, _like(self, other, "!=")))

    def __le__(self, other: Variable) -> Formula:
        return AtMost(self, _like(self, other, "<="))

    def __lt__(self, other: Variable) -> Formula:
        return Not(AtMost(_like(self, other, "<"), self))

    def __ge__(self, other: Variable) -> Formula:
        return AtMost(_like(self, other, ">="), self)

    def __gt__(self, other: Variable) -> Formula:
        return Not(AtMost(self, _like(self, other, ">")))

    __hash__ = object.__hash__

    def __str__(self) -> str:
        return self.name

    def __repr__(self) -> str:
        return f"{self.name}: {self.sort}"


def _like(left: Variable, right: object, sign: str) -> Variable:
    if not isinstance(right, Variable):
        raise LanguageError(f"`{left.name} {sign} …` compares {left!r} with {right!r}, which is no variable")
    if left.sort != right.sort:
        raise LanguageError(f"`{left.name} {sign} {right.name}` compares {left.sort} with {right.sort}")
    if sign not in {"==", "!="} and not left.sort.ordered:
        raise LanguageError(f"`{left.name} {sign} {right.name}`: {left.sort} is not ordered")
    return right


@attrs.frozen(eq=False, repr=False)
class Truth(Formula):
    """Always, or never."""

    value: bool


TRUE, FALSE = Truth(value=True), Truth(value=False)


@attrs.frozen(eq=False, repr=False)
class Holds(Formula):
    """A relation holds for some elements: `log(replica, offset, epoch)`."""

    relation: Relation
    arguments: tuple[Variable, ...]


@attrs.frozen(eq=False, repr=False)
class Equal(Formula):
    """Two variables stand for the same element."""

    left: Variable
    right: Variable


@attrs.frozen(eq=False, repr=False)
class AtMost(Formula):
    """`left <= right` in the order of their sort."""

    left: Variable
    right: Variable


@attrs.frozen(eq=False, repr=False)
class Not(Formula):
    """The body does not hold."""

    body: Formula


@attrs.frozen(eq=False, repr=False)
class Junction(Formula):
    """All of the parts hold (`every`), or at least one."""

    every: bool
    parts: tuple[Formula, ...]


@attrs.frozen(eq=False, repr=False)
class Implies(Formula):
    """If left holds, right does."""

    left: Formula
    right: Formula


@attrs.frozen(eq=False, repr=False)
class Iff(Formula):
    """Left holds exactly if right does."""

    left: Formula
    right: Formula


@attrs.frozen(eq=False, repr=False)
class Quantified(Formula):
    """The body holds for all elements (`every`), or for some."""

    every: bool
    variables: tuple[Variable, ...]
    body: Formula


@attrs.frozen(eq=False, repr=False)
class Switched(Formula):
    """What a fix changed: `fixed` holds the text with the fix, `broken` the text without it."""

    switch: str
    fixed: Formula
    broken: Formula


def both(*parts: Formula) -> Formula:
    """All of them; of none, true."""
    return _junction(every=True, parts=parts)


def either(*parts: Formula) -> Formula:
    """At least one of them; of none, false."""
    return _junction(every=False, parts=parts)


def _junction(*, every: bool, parts: tuple[Formula, ...]) -> Formula:
    flat: list[Formula] = []
    for part in map(_formula, parts):
        flat += part.parts if isinstance(part, Junction) and part.every is every else [part]
    if not flat:
        return TRUE if every else FALSE
    return flat[0] if len(flat) == 1 else Junction(every, tuple(flat))


def forall(*sorts_and_body: Sort | Callable[..., Formula]) -> Formula:
    """For all: `forall(Replica, Epoch, lambda r, e: at(r, e) >> past(e))`."""
    return _quantified(every=True, what=sorts_and_body)


def exists(*sorts_and_body: Sort | Callable[..., Formula]) -> Formula:
    """For some: `exists(Epoch, lambda e: at(r, e))`."""
    return _quantified(every=False, what=sorts_and_body)


def when(switch: str, fixed: Formula, broken: Formula = TRUE) -> Formula:
    """What holds with a fix, and what was there without it (nothing, unless said)."""
    return Switched(str(switch), _formula(fixed), _formula(broken))


def bind(sorts: tuple[Sort, ...], body: Callable[..., Any], what: str) -> tuple[tuple[Variable, ...], Any]:
    """Fresh variables named like the parameters of a function, and what it makes of them."""
    code = getattr(body, "__code__", None)  # a relation may stand for the function that applies it
    names = code.co_varnames[: code.co_argcount] if code else tuple(sort.name.lower() for sort in sorts)
    if len(names) != len(sorts):
        wanted = ", ".join(map(str, sorts)) or "none"
        raise LanguageError(f"{what}: its body takes ({', '.join(names)}), and the sorts are {wanted}")
    variables = tuple(Variable(name, sort) for name, sort in zip(names, sorts, strict=True))
    return variables, body(*variables)


def _quantified(*, every: bool, what: tuple[Sort | Callable[..., Formula], ...]) -> Formula:
    word = "forall" if every else "exists"
    *sorts, body = what
    if isinstance(body, Sort) or not all(isinstance(sort, Sort) for sort in sorts):
        raise LanguageError(f"{word}: first the sorts, then one function of as many variables")
    variables, formula = bind(tuple(sort for sort in sorts if isinstance(sort, Sort)), body, word)
    return Quantified(every, variables, _formula(formula)) if variables else _formula(formula)


def parts_of(formula: Formula) -> tuple[Formula, ...]:
    """The formulas directly inside a formula."""
    match formula:
        case Not(body=body) | Quantified(body=body):
            return (body,)
        case Junction(parts=parts):
            return parts
        case Implies(left=left, right=right) | Iff(left=left, right=right):
            return (left, right)
        case Switched(fixed=fixed, broken=broken):
            return (fixed, broken)
    return ()


def walk(formula: Formula) -> Iterator[Formula]:
    """A formula and all inside it, outermost first."""
    stack = [formula]
    while stack:
        one = stack.pop()
        yield one
        stack += reversed(parts_of(one))


def free_variables(formula: Formula) -> dict[Variable, None]:
    """The variables that nothing in the formula binds, in order of appearance."""
    match formula:
        case Holds(arguments=arguments):
            return dict.fromkeys(arguments)
        case Equal(left=left, right=right) | AtMost(left=left, right=right):
            return {left: None, right: None}
        case Quantified(variables=variables, body=body):
            bound = dict.fromkeys(variables)
            return {name: None for name in free_variables(body) if name not in bound}
    found: dict[Variable, None] = {}
    for part in parts_of(formula):
        found.update(free_variables(part))
    return found


def relations_in(formula: Formula) -> dict[str, Relation]:
    """The relations that a formula speaks of, by name."""
    return {one.relation.name: one.relation for one in walk(formula) if isinstance(one, Holds)}


def switches_in(formula: Formula) -> set[str]:
    """The fixes that a formula depends on."""
    return {one.switch for one in walk(formula) if isinstance(one, Switched)}


def resolve(formula: Formula, without: frozenset[str]) -> Formula:
    """The formula with every fix decided: those in `without` are off, the others on."""
    match formula:
        case Switched(switch=switch, fixed=fixed, broken=broken):
            return resolve(broken if switch in without else fixed, without)
        case Not(body=body):
            return Not(resolve(body, without))
        case Junction(every=every, parts=parts):
            return _junction(every=every, parts=tuple(resolve(part, without) for part in parts))
        case Implies(left=left, right=right):
            return Implies(resolve(left, without), resolve(right, without))
        case Iff(left=left, right=right):
            return Iff(resolve(left, without), resolve(right, without))
        case Quantified(every=every, variables=variables, body=body):
            return Quantified(every, variables, resolve(body, without))
    return formula
