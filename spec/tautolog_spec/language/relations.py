"""Relations, and what an action does to them: insert, remove, assign, replace. All updates of a step read the old state."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from types import EllipsisType

import attrs

from tautolog_spec.language.formulas import FALSE, TRUE, Formula, Holds, LanguageError, Sort, Variable, bind, resolve


class Kind(Enum):
    """What a relation is for."""

    STATE = "state"
    GHOST = "ghost"
    """Written for the proof's sake; no guard and no other relation may read it."""
    RIGID = "rigid"
    """Never changes; what is known of it stands in the axioms."""
    CHOICE = "choice"
    """Anything, anew in every step: how an action picks a set."""


class Effect(Enum):
    """How an update changes the tuples that match its pattern."""

    INSERT = "insert"
    REMOVE = "remove"
    ASSIGN = "assign"


Pattern = Variable | EllipsisType


@attrs.frozen(eq=False)
class Update:
    """One relation's change in one step.

    Attributes:
        relation: what changes.
        effect: how.
        arguments: the tuples that are touched; those variables that are in `ranging` run over their sort.
        ranging: see `arguments`.
        condition: for insert and remove, which of the tuples; for assign, whether a tuple is in afterwards. Old state.
        switch: the fix that this update belongs to, if any.
        with_fix: whether it happens with that fix or without it.

    """

    relation: Relation
    effect: Effect
    arguments: tuple[Variable, ...]
    ranging: tuple[Variable, ...]
    condition: Formula
    switch: str | None = None
    with_fix: bool = True

    def new_value(self) -> tuple[Formula, Formula]:
        """For a tuple that matches: (becomes true if, stays if it was). new = first | (old & second)."""
        match self.effect:
            case Effect.INSERT:
                return self.condition, TRUE
            case Effect.REMOVE:
                return FALSE, ~self.condition
            case Effect.ASSIGN:
                return self.condition, FALSE

    def resolve(self, without: frozenset[str]) -> Update | None:
        """The update with every fix decided; None if it does not happen then."""
        if self.switch is not None and (self.switch not in without) is not self.with_fix:
            return None
        return attrs.evolve(self, condition=resolve(self.condition, without), switch=None, with_fix=True)


@attrs.frozen
class Relation:
    """Which elements stand in a relation, in a state.

    Attributes:
        name: as written in formulas and tables.
        sorts: of its arguments, in order.
        meaning: one sentence.
        kind: what it is for.

    """

    name: str
    sorts: tuple[Sort, ...]
    meaning: str
    kind: Kind = Kind.STATE

    def __call__(self, *arguments: Variable) -> Formula:
        """The formula that it holds for these."""
        if len(arguments) != len(self.sorts):
            raise LanguageError(f"{self} takes {len(self.sorts)} arguments and was given {len(arguments)}")
        for position, (argument, sort) in enumerate(zip(arguments, self.sorts, strict=True), 1):
            self._check(position, argument, sort)
        return Holds(self, arguments)

    def insert(self, *pattern: Pattern, where: Callable[..., Formula] | None = None) -> Update:
        """These tuples are in afterwards. `...` means every element, of which `where` may select."""
        return self._update(Effect.INSERT, pattern, where)

    def remove(self, *pattern: Pattern, where: Callable[..., Formula] | None = None) -> Update:
        """These tuples are out afterwards."""
        return self._update(Effect.REMOVE, pattern, where)

    def assign(self, *pattern: Pattern, to: Callable[..., Formula]) -> Update:
        """Of the tuples that match, exactly those are in afterwards for which `to` holds now."""
        return self._update(Effect.ASSIGN, pattern, to)

    def replace(self, *arguments: Variable) -> Update:
        """Read as a function of all but the last argument: that is its only value afterwards."""
        *key, value = arguments
        return self._update(Effect.ASSIGN, (*key, ...), lambda now: now == value)

    def _update(self, effect: Effect, pattern: tuple[Pattern, ...], where: Callable[..., Formula] | None) -> Update:
        if len(pattern) != len(self.sorts):
            raise LanguageError(f"{self}.{effect.value} takes {len(self.sorts)} arguments and was given {len(pattern)}")
        open_sorts = tuple(sort for given, sort in zip(pattern, self.sorts, strict=True) if given is ...)
        if where is None:
            ranging = tuple(Variable(f"any{number}", sort) for number, sort in enumerate(open_sorts))
            condition: Formula = TRUE
        else:
            ranging, condition = bind(open_sorts, where, f"{self}.{effect.value}")
        rest = iter(ranging)
        arguments = []
        for position, (given, sort) in enumerate(zip(pattern, self.sorts, strict=True), 1):
            argument = next(rest) if isinstance(given, EllipsisType) else given
            self._check(position, argument, sort)
            arguments.append(argument)
        return Update(self, effect, tuple(arguments), ranging, condition)

    def _check(self, position: int, argument: object, sort: Sort) -> None:
        if not isinstance(argument, Variable):
            raise LanguageError(f"{self}: argument {position} is {argument!r}, which is no variable")
        if argument.sort != sort:
            raise LanguageError(f"{self}: argument {position} is `{argument!r}`, where {sort} is wanted")

    def __str__(self) -> str:
        return f"{self.name}({', '.join(map(str, self.sorts))})"


def relation(name: str, *sorts: Sort, meaning: str) -> Relation:
    """A relation of the state."""
    return Relation(name, sorts, meaning)


def ghost(name: str, *sorts: Sort, meaning: str) -> Relation:
    """A relation that only the proof reads."""
    return Relation(name, sorts, meaning, Kind.GHOST)


def rigid(name: str, *sorts: Sort, meaning: str) -> Relation:
    """A relation that never changes."""
    return Relation(name, sorts, meaning, Kind.RIGID)


def choice(name: str, *sorts: Sort, meaning: str) -> Relation:
    """A relation that is arbitrary in every step."""
    return Relation(name, sorts, meaning, Kind.CHOICE)


def only_with(switch: str, update: Update) -> Update:
    """The update happens with the fix only."""
    return attrs.evolve(update, switch=str(switch), with_fix=True)


def only_without(switch: str, update: Update) -> Update:
    """The update happens without the fix only."""
    return attrs.evolve(update, switch=str(switch), with_fix=False)
