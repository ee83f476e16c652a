"""Actions, invariants and models: a transition system as data, checked when it is written down.

A state is a set of tuples for each relation. Initially all relations are empty but for what `initial` says. An action is
enabled for some parameters if all of `requires` holds; then all of `updates` happen at once, each reading the old state.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping

import attrs

from tautolog_spec.language.formulas import (
    Formula,
    Holds,
    LanguageError,
    Quantified,
    Sort,
    Truth,
    Variable,
    both,
    free_variables,
    relations_in,
    resolve,
    switches_in,
    walk,
)
from tautolog_spec.language.relations import Effect, Kind, Relation, Update

Sizes = Mapping[str, int]
"""How many elements each sort has, by name of the sort."""
Facts = Mapping[str, frozenset[tuple[int, ...]]]
"""Which tuples of elements (numbered from 0) stand in each relation, by name of the relation."""


@attrs.frozen
class Step:
    """What an action asks of the state, one conjunct a line, and what it does to it, one relation a line."""

    requires: tuple[Formula, ...] = ()
    updates: tuple[Update, ...] = ()

    def __attrs_post_init__(self) -> None:
        """Refuse what is no tuple of such parts; a single one easily loses its comma."""
        given: tuple[tuple[str, object, type], ...] = (
            ("requires", self.requires, Formula),
            ("updates", self.updates, Update),
        )
        for name, parts, kind in given:
            if not isinstance(parts, tuple) or not all(isinstance(part, kind) for part in parts):
                wanted = f"a tuple of {kind.__name__}s is wanted, of one alone (…,)"
                raise LanguageError(f"a step's {name} are {parts!r}: {wanted}")


@attrs.frozen(eq=False)
class Action:
    """One atomic step of somebody.

    Attributes:
        name: a verb.
        parameters: what it is done by and to.
        requires: the guard, conjunct by conjunct.
        updates: what changes, at most one update for a relation.
        meaning: sentences.
        switch: the fix that this action belongs to, if any.
        with_fix: whether the action exists with that fix or without it.

    """

    name: str
    parameters: tuple[Variable, ...]
    requires: tuple[Formula, ...]
    updates: tuple[Update, ...]
    meaning: str
    switch: str | None = None
    with_fix: bool = True

    @property
    def guard(self) -> Formula:
        """All of `requires`."""
        return both(*self.requires)

    def formulas(self) -> tuple[Formula, ...]:
        """Every formula in it."""
        return (*self.requires, *(update.condition for update in self.updates))

    def resolve(self, without: frozenset[str]) -> Action | None:
        """The action with every fix decided; None if it does not exist then, or asks for what is plainly false."""
        if self.switch is not None and (self.switch not in without) is not self.with_fix:
            return None
        requires = tuple(resolve(formula, without) for formula in self.requires)
        if any(isinstance(formula, Truth) and not formula.value for formula in requires):
            return None
        updates = [update.resolve(without) for update in self.updates]
        return attrs.evolve(
            self,
            requires=requires,
            updates=tuple(update for update in updates if update is not None),
            switch=None,
            with_fix=True,
        )


def action(
    *sorts: Sort, only_with: str | None = None, only_without: str | None = None
) -> Callable[[Callable[..., Step]], Action]:
    """Make an action of a function from parameters to a `Step`; its name and docstring are the action's."""

    def make(function: Callable[..., Step]) -> Action:
        name = function.__name__
        names = list(inspect.signature(function).parameters)
        if len(names) != len(sorts):
            raise LanguageError(
                f"action {name} takes ({', '.join(names)}), and the sorts are {', '.join(map(str, sorts)) or 'none'}"
            )
        parameters = tuple(Variable(given, sort) for given, sort in zip(names, sorts, strict=True))
        step = function(*parameters)
        if not isinstance(step, Step):
            raise LanguageError(f"action {name} returns {step!r}, where a Step is wanted")
        meaning = inspect.cleandoc(function.__doc__ or "")
        if not meaning:
            raise LanguageError(f"action {name} has no docstring: say who does what, and why")
        switch = only_with or only_without
        return Action(
            name,
            parameters,
            step.requires,
            step.updates,
            meaning,
            str(switch) if switch else None,
            with_fix=only_without is None,
        )

    return make


@attrs.frozen(eq=False)
class Invariant:
    """What holds in every reachable state.

    Attributes:
        name: as obligations and verdicts call it.
        formula: closed.
        meaning: one sentence.
        source: the KIP or paper that it comes from.
        is_safety: a promise to users; otherwise it only helps the proof.

    """

    name: str
    formula: Formula
    meaning: str
    source: str
    is_safety: bool


def safety(name: str, formula: Formula, *, meaning: str, source: str) -> Invariant:
    """A promise."""
    return Invariant(name, formula, meaning, source, is_safety=True)


def auxiliary(name: str, formula: Formula, *, meaning: str, source: str = "this proof") -> Invariant:
    """What the proof of a promise leans on."""
    return Invariant(name, formula, meaning, source, is_safety=False)


@attrs.frozen(eq=False)
class Sometimes:
    """What must be possible: a model in which it never happens is too strict to mean anything."""

    name: str
    formula: Formula
    meaning: str


@attrs.frozen(eq=False)
class Liveness:
    """From every reachable state where `trigger` holds, `goal` comes to hold, if the `fair` actions are not starved.

    Attributes:
        name: as verdicts call it.
        trigger: when the promise is made.
        goal: what comes.
        fair: names of actions; each is weakly fair: not enabled for ever without being taken.
        meaning: one sentence.
        source: the KIP or paper that it comes from.

    """

    name: str
    trigger: Formula
    goal: Formula
    fair: tuple[str, ...]
    meaning: str
    source: str


@attrs.frozen
class Bound:
    """A published name for the size of a sort: the sort has `value + extra` elements; and how large it may be."""

    name: str
    sort: Sort
    extra: int = 0
    least: int = 1
    most: int = 10_000


@attrs.frozen
class Configuration:
    """A finite instance that the tests explore, and what it must count.

    Attributes:
        bounds: by name of a sort or of a `Bound`.
        distinct: states, exactly.
        depth: levels of breadth-first search, the initial state being level 1, as TLC counts.
        symmetric: whether states that differ by a permutation of an unordered sort count once.
        live: whether the model's liveness promises are checked in it, too.
        nightly: whether it is too large for every test run.

    """

    bounds: Mapping[str, int]
    distinct: int
    depth: int
    symmetric: bool = False
    live: bool = False
    nightly: bool = False


@attrs.frozen(eq=False)
class Model:
    """A transition system with its promises.

    Attributes:
        name: as commands call it.
        title: one line.
        essay: what it is about, in paragraphs.
        relations: all of them.
        axioms: what is known of the rigid relations, and of no others.
        initial: updates of the empty state; what they read is rigid.
        actions: who may do what.
        invariants: what they keep.
        sometimes: what must be possible.
        liveness: what must come.
        configurations: the finite instances that tests explore.
        bounds: names for sizes.
        frame: for a model with rigid relations, the sizes of further sorts and the facts of those relations, given sizes.
        redundant: parts that nothing would miss, and why they stand there all the same. A part is called
            `ACTION requires CONJUNCT`, the conjunct as the model's page prints it, or `ACTION updates RELATION`.
        proved: whether all invariants together are inductive (and safety holds without any bound).

    """

    name: str
    title: str
    essay: str
    relations: tuple[Relation, ...]
    initial: tuple[Update, ...]
    actions: tuple[Action, ...]
    invariants: tuple[Invariant, ...]
    axioms: tuple[Formula, ...] = ()
    sometimes: tuple[Sometimes, ...] = ()
    liveness: tuple[Liveness, ...] = ()
    configurations: tuple[Configuration, ...] = ()
    bounds: tuple[Bound, ...] = ()
    frame: Callable[[Sizes], tuple[Sizes, Facts]] | None = None
    redundant: Mapping[str, str] = attrs.field(factory=dict)
    proved: bool = False

    def __attrs_post_init__(self) -> None:
        """Refuse a model that does not make sense."""
        check(self)

    @property
    def sorts(self) -> tuple[Sort, ...]:
        """Every sort, in order of appearance, those included that are only ever quantified over."""
        found = [sort for one in self.relations for sort in one.sorts]
        found += [parameter.sort for act in self.actions for parameter in act.parameters]
        for formula in self.formulas():
            bound = (one.variables for one in walk(formula) if isinstance(one, Quantified))
            found += [variable.sort for variables in bound for variable in variables]
        return tuple(dict.fromkeys(found))

    def formulas(self) -> Iterator[Formula]:
        """Every formula in it."""
        yield from self.axioms
        yield from (update.condition for update in self.initial)
        for act in self.actions:
            yield from act.formulas()
        yield from (one.formula for one in self.invariants)
        yield from (one.formula for one in self.sometimes)
        for promise in self.liveness:
            yield from (promise.trigger, promise.goal)

    @property
    def switches(self) -> tuple[str, ...]:
        """The fixes that the model knows, sorted."""
        found: set[str] = set()
        for act in self.actions:
            found |= {switch for switch in (act.switch, *(one.switch for one in act.updates)) if switch is not None}
            for formula in act.formulas():
                found |= switches_in(formula)
        return tuple(sorted(found))

    def without(self, *switches: str) -> Model:
        """The model with these fixes taken out and all others in."""
        unknown = sorted(set(map(str, switches)) - set(self.switches))
        if unknown:
            known = ", ".join(self.switches) or "none"
            raise LanguageError(f"model {self.name} has no fix {', '.join(unknown)}; it has {known}")
        off = frozenset(map(str, switches))
        actions = tuple(act for act in (one.resolve(off) for one in self.actions) if act is not None)
        left = {act.name for act in actions}  # nobody can be fair to an action that there is not
        liveness = [attrs.evolve(one, fair=tuple(name for name in one.fair if name in left)) for one in self.liveness]
        return attrs.evolve(self, actions=actions, liveness=tuple(liveness))

    def action(self, name: str) -> Action:
        """The action of that name."""
        for act in self.actions:
            if act.name == name:
                return act
        raise LanguageError(f"model {self.name} has no action {name}; it has {', '.join(a.name for a in self.actions)}")

    def promise(self, name: str) -> Invariant | Liveness:
        """The invariant or liveness promise of that name."""
        every: tuple[Invariant | Liveness, ...] = (*self.invariants, *self.liveness)
        for one in every:
            if one.name == name:
                return one
        raise LanguageError(f"model {self.name} promises no {name}; it has {', '.join(one.name for one in every)}")

    def sizes(self, bounds: Mapping[str, int]) -> dict[str, int]:
        """Sizes of all sorts from bounds by name of a sort or of a `Bound`."""
        named = {bound.name: bound for bound in self.bounds}
        derived = {bound.sort.name for bound in self.bounds}
        for sort in self.sorts:
            if sort.name not in derived:
                named[sort.name] = Bound(sort.name, sort)
        sizes = {}
        for name, value in bounds.items():
            if name not in named:
                raise LanguageError(f"model {self.name} has no bound {name}; it has {', '.join(self.bound_names())}")
            if value < named[name].least:
                raise LanguageError(f"bound {name} is {value}, and at least {named[name].least} is wanted")
            if value > named[name].most:
                raise LanguageError(f"bound {name} is {value}, and at most {named[name].most} is possible")
            sizes[named[name].sort.name] = value + named[name].extra
        missing = [name for name in self.bound_names() if named[name].sort.name not in sizes]
        if missing:
            raise LanguageError(f"model {self.name} also needs a bound for {', '.join(missing)}")
        if self.frame is not None:
            sizes.update(self.frame(sizes)[0])
        return sizes

    def bound_names(self) -> list[str]:
        """The names that `sizes` asks for."""
        given = {bound.sort.name for bound in self.bounds}
        known = [sort.name for sort in self.sorts if sort.name not in given]
        if self.frame is not None:
            computed = self.frame({sort.name: 1 for sort in self.sorts})[0]
            known = [name for name in known if name not in computed]
        return [name for name in known if name not in given] + [bound.name for bound in self.bounds]

    def rigid_facts(self, sizes: Sizes) -> Facts:
        """What the rigid relations hold of, in a finite instance."""
        return self.frame(sizes)[1] if self.frame is not None else {}


def check(model: Model) -> None:
    """Refuse a model that does not make sense, with a sentence that names the part."""
    _check_names(model)
    declared = {one.name: one for one in model.relations}
    formulas = [(f"invariant {one.name}", one.formula) for one in model.invariants]
    formulas += [(f"sometimes {one.name}", one.formula) for one in model.sometimes]
    formulas += [(f"liveness {one.name}", both(one.trigger, one.goal)) for one in model.liveness]
    for where, formula in formulas:
        _check_formula(where, formula, (), declared)
        _only(where, formula, set(Kind) - {Kind.CHOICE}, "what is chosen anew in every step is part of no state")
    for number, axiom in enumerate(model.axioms, 1):
        _check_formula(f"axiom {number}", axiom, (), declared)
        _only(
            f"axiom {number}",
            axiom,
            {Kind.RIGID},
            "of what changes, an axiom would take for granted what must be proved",
        )
    _check_initial(model, declared)
    for act in model.actions:
        _check_action(act, declared)
    _check_sorts(model)
    for one in model.liveness:
        for name in one.fair:
            model.action(name)


def _check_initial(model: Model, declared: Mapping[str, Relation]) -> None:
    names = [update.relation.name for update in model.initial]
    for update in model.initial:
        name = update.relation.name
        where = f"the initial state of {name}"
        if len(update.ranging) != len(update.arguments):
            raise LanguageError(f"{where} must be given with `...` for every argument")
        if update.relation.kind in {Kind.RIGID, Kind.CHOICE}:
            raise LanguageError(f"{where}: a {update.relation.kind.value} relation has none")
        if update.effect is Effect.REMOVE:
            raise LanguageError(f"{where}: nothing can be removed, the state is empty before")
        if names.count(name) > 1:
            raise LanguageError(f"{where} is given twice")
        if declared.get(name) != update.relation:
            raise LanguageError(f"{where}: the model does not list that relation")
        _check_formula(where, update.condition, update.ranging, declared)
        _only(where, update.condition, {Kind.RIGID}, "nothing else is known before the first state")


def _check_names(model: Model) -> None:
    promises = [one.name for one in model.invariants] + [one.name for one in model.liveness]
    for what, names in (
        ("relation", [one.name for one in model.relations]),
        ("action", [f"{one.name}{one.switch or ''}{one.with_fix}" for one in model.actions]),
        ("promise", promises),
        ("sometimes", [one.name for one in model.sometimes]),
    ):
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise LanguageError(f"model {model.name} has two of {what} {', '.join(twice)}")


def _check_sorts(model: Model) -> None:
    names = [sort.name for sort in model.sorts]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise LanguageError(f"model {model.name} has {', '.join(twice)} both ordered and not")


def _check_formula(where: str, formula: Formula, bound: tuple[Variable, ...], declared: Mapping[str, Relation]) -> None:
    loose = [variable for variable in free_variables(formula) if not any(variable is one for one in bound)]
    if loose:
        raise LanguageError(f"{where}: nothing binds {', '.join(repr(variable) for variable in loose)}")
    for one in walk(formula):
        if isinstance(one, Holds) and declared.get(one.relation.name) != one.relation:
            raise LanguageError(f"{where} speaks of {one.relation}, which the model does not list")
        if isinstance(one, Quantified) and not one.variables:
            raise LanguageError(f"{where}: a quantifier without variables")


def _only(where: str, formula: Formula, kinds: set[Kind], why: str) -> None:
    others = [
        f"the {one.kind.value} relation {name}" for name, one in relations_in(formula).items() if one.kind not in kinds
    ]
    if others:
        raise LanguageError(f"{where} reads {', '.join(others)}: {why}")


def _check_action(act: Action, declared: Mapping[str, Relation]) -> None:
    where = f"action {act.name}"
    for formula in act.requires:
        _check_formula(where, formula, act.parameters, declared)
        _no_ghosts(f"the guard of {where}", formula)
    for number, update in enumerate(act.updates):
        name = update.relation.name
        what = f"{where}, update of {name}"
        if declared.get(name) != update.relation:
            raise LanguageError(f"{what}: the model does not list that relation")
        if update.relation.kind in {Kind.RIGID, Kind.CHOICE}:
            raise LanguageError(f"{what}: a {update.relation.kind.value} relation cannot be updated")
        if any(_both_happen(update, other) for other in act.updates[:number]):
            raise LanguageError(f"{what}: there are two; join them, so that no order between them matters")
        known = (*act.parameters, *update.ranging)
        _check_formula(what, update.condition, known, declared)
        loose = [one for one in update.arguments if not any(one is other for other in known)]
        if loose:
            raise LanguageError(f"{what}: nothing binds {', '.join(repr(one) for one in loose)}")
        if update.relation.kind is not Kind.GHOST:
            _no_ghosts(what, update.condition)


def _both_happen(one: Update, other: Update) -> bool:
    """Whether two updates change one relation, and some choice of fixes has both."""
    exclusive = one.switch is not None and one.switch == other.switch and one.with_fix is not other.with_fix
    return one.relation.name == other.relation.name and not exclusive


def _no_ghosts(where: str, formula: Formula) -> None:
    _only(where, formula, set(Kind) - {Kind.GHOST}, "what the proof writes, the protocol cannot know")
