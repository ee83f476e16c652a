"""The mutation score of a model: who misses each conjunct of each guard, and each update, when it is gone.

    python -m tautolog_checkers.model.mutation MODEL [ACTION]

A mutant is the model, all fixes in, without one conjunct of one guard or without one update, ghosts included. Who misses it
is asked in this order, and the first answer counts:

- proof: some consecution obligation of that action has a counterexample (the models that are proved);
- promise: some configuration of the model, or the bounds of one of its exhibits, has a state in which a promise is broken;
- lemma: the same of an auxiliary invariant;
- liveness: a configuration whose liveness is checked has a fair run that breaks a promise;
- sometimes: what must be possible never happens in a configuration in which it did;
- count: the promises survive, but a configuration has other states than it says;
- museum: the mutant's action is just what it is without one of the fixes, and the museum shows what that led to.

Before anything is explored, a proved model is asked whether the part is implied: the conjunct follows from the others and the
invariants, or the update never changes anything, without bounds; the fate then names what it follows from. Of a model that is
explored and not proved the same is asked last, of every state of its configurations. A part that is neither missed nor implied
is redundant, and the model must say why it stands there (`Model.redundant`).
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping

import attrs
import z3

from tautolog_checkers.model.explore.liveness import check_liveness
from tautolog_checkers.model.explore.search import Exploration, explore
from tautolog_checkers.model.prove.cores import core, invariants_before
from tautolog_checkers.model.prove.obligations import Obligation, Prover
from tautolog_checkers.model.prove.translate import changed
from tautolog_spec.bugs import MUSEUM
from tautolog_spec.language.formulas import Formula, Holds, Junction, Not, Quantified, Truth, Variable, both
from tautolog_spec.language.models import Action, Configuration, Model, safety
from tautolog_spec.language.relations import Kind, Update
from tautolog_spec.language.words import formula_text, update_text

TIMEOUT_MS = 5_000
"""For one query about a mutant; what takes longer is left to the explorer."""
MORE = 4
"""A mutant with so many times the states of the original is given up: it differs."""


@attrs.frozen(eq=False)
class Mutant:
    """A model without one of its parts.

    Attributes:
        part: the part that is gone, in words: `fetch requires at(follower, epoch)`, `fetch updates log`.
        text: all of the model but that.
        act: the action without it.
        gone: the conjunct or the update.

    """

    part: str
    text: Model
    act: Action
    gone: Formula | Update


@attrs.frozen
class Fate:
    """Who misses a part.

    Attributes:
        part: which.
        by: proof, promise, lemma, liveness, sometimes, count, museum; or implied; or empty if nobody does.
        what: the obligation, the promise, the counts, or what implies it.
        steps: of the shortest trace, where there is one.
        bounds: of the instance in which it was seen.

    """

    part: str
    by: str = ""
    what: str = ""
    steps: int = 0
    bounds: Mapping[str, int] = attrs.field(factory=dict)


def conjuncts(act: Action) -> tuple[Formula, ...]:
    """The conjuncts of a guard, those that are always true left out."""
    guard = act.guard
    parts = guard.parts if isinstance(guard, Junction) and guard.every else (guard,)
    return tuple(one for one in parts if not (isinstance(one, Truth) and one.value))


def mutants(model: Model) -> Iterator[Mutant]:
    """The model without each of its parts in turn, in the order of its text."""
    whole = model.without()
    for act in whole.actions:
        asked = conjuncts(act)
        for number, formula in enumerate(asked):
            less = attrs.evolve(act, requires=asked[:number] + asked[number + 1 :])
            yield Mutant(f"{act.name} requires {formula_text(formula)}", _with(whole, less), less, formula)
        for number, update in enumerate(act.updates):
            less = attrs.evolve(act, updates=act.updates[:number] + act.updates[number + 1 :])
            yield Mutant(f"{act.name} updates {update.relation.name}", _with(whole, less), less, update)


def _with(model: Model, act: Action) -> Model:
    return attrs.evolve(model, actions=tuple(act if one.name == act.name else one for one in model.actions))


class Examiner:
    """One model, and who may miss its parts."""

    def __init__(self, model: Model, timeout_ms: int = TIMEOUT_MS) -> None:
        self.model = model
        self.prover = Prover(model, timeout_ms) if model.proved else None
        daily = (one for one in model.configurations if not one.nightly)
        self.configurations = sorted(daily, key=lambda one: one.distinct)
        self._invariants = {one.name: one.formula for one in model.without().invariants}
        self._explored: dict[tuple[str, str, bool], Exploration] = {}
        known = [dict(one.bounds) for one in self.configurations]
        shown = [dict(one.bounds) for one in MUSEUM if one.model == model.name and not one.nightly]
        self.exhibits = [one for number, one in enumerate(shown) if one not in known + shown[:number]]

    def fate(self, mutant: Mutant) -> Fate:
        """Who misses the part of a mutant first."""
        self._explored.clear()
        ways = (
            *(self.by_proof, self.implied, self.by_exploration, self.by_exhibits, self.by_count, self.by_museum),
            self.implied_where_explored,
        )
        return next((found for way in ways if (found := way(mutant)) is not None), Fate(mutant.part))

    def refutes(self, mutant: Mutant, invariant: str) -> bool:
        """Whether the mutant's action has a counterexample to the consecution of an invariant."""
        assert self.prover is not None
        translation = self.prover.translation
        solver = z3.Solver(ctx=translation.context)
        solver.set("timeout", self.prover.timeout_ms)
        solver.add(self.prover.assumptions() + translation.move(mutant.act))
        solver.add(translation.formula(Not(self._invariants[invariant]), changed(mutant.act)))
        return bool(solver.check() == z3.sat)

    def by_proof(self, mutant: Mutant) -> Fate | None:
        """The first consecution obligation of the action that fails."""
        if self.prover is None:
            return None
        for one in self.model.invariants:
            if self.refutes(mutant, one.name):
                return Fate(mutant.part, "proof", str(Obligation("consecution", mutant.act.name, one.name)))
        return None

    def by_exploration(self, mutant: Mutant) -> Fate | None:
        """The first configuration in which something is broken, or never happens any more."""
        for one in self.configurations:
            found = self.broken(mutant, one.bounds, symmetric=one.symmetric, limit=one.distinct * MORE)
            if found is not None:
                return found
        for one in self.configurations:
            found = self._starved(mutant, one) or self._never(mutant, one)
            if found is not None:
                return found
        return None

    def by_exhibits(self, mutant: Mutant) -> Fate | None:
        """The same in the instances that show the model's bugs."""
        most = max((one.distinct for one in self.configurations), default=50_000) * MORE
        for bounds in self.exhibits:
            found = self.broken(mutant, bounds, symmetric=False, limit=most)
            if found is not None:
                return found
        return None

    def _explore(
        self, mutant: Mutant, bounds: Mapping[str, int], *, symmetric: bool, limit: int, only_safety: bool = True
    ) -> Exploration:
        key = (mutant.part, str(sorted(bounds.items())), only_safety)
        if key not in self._explored:
            found = explore(mutant.text, bounds, symmetric=symmetric, limit=limit, only_safety=only_safety)
            self._explored[key] = found
        return self._explored[key]

    def broken(self, mutant: Mutant, bounds: Mapping[str, int], *, symmetric: bool, limit: int) -> Fate | None:
        """A promise, or else a lemma, that a finite instance of the mutant breaks."""
        for by in ("promise", "lemma"):
            found = self._explore(mutant, bounds, symmetric=symmetric, limit=limit, only_safety=by == "promise")
            if found.trace is not None:
                return Fate(mutant.part, by, found.broken, len(found.trace), bounds)
            if all(one.is_safety for one in mutant.text.invariants):
                break
        return None

    def _starved(self, mutant: Mutant, one: Configuration) -> Fate | None:
        for promise in mutant.text.liveness if one.live else ():
            found = check_liveness(mutant.text, one.bounds, promise, limit=one.distinct * MORE)
            if found.cycle is not None:
                steps = len(found.cycle.way) + len(found.cycle.around)
                return Fate(mutant.part, "liveness", promise.name, steps, one.bounds)
        return None

    def _never(self, mutant: Mutant, one: Configuration) -> Fate | None:
        found = self._explore(mutant, one.bounds, symmetric=one.symmetric, limit=one.distinct * MORE)
        if found.never:
            return Fate(mutant.part, "sometimes", found.never[0], bounds=one.bounds)
        return None

    def by_count(self, mutant: Mutant) -> Fate | None:
        """The first configuration that has other states than it says."""
        for one in self.configurations:
            found = self._explore(mutant, one.bounds, symmetric=one.symmetric, limit=one.distinct * MORE)
            if (found.distinct, found.depth) != (one.distinct, one.depth):
                more = "" if found.verdict == "holds" else "more than "
                what = (
                    f"{one.distinct:,} states, depth {one.depth}, become {more}{found.distinct:,}, depth {found.depth}"
                )
                return Fate(mutant.part, "count", what, bounds=one.bounds)
        return None

    def implied(self, mutant: Mutant) -> Fate | None:
        """What a conjunct follows from, or why an update changes nothing; where the model is proved."""
        if self.prover is None:
            return None
        translation = self.prover.translation
        terms = translation.constants(mutant.act)
        named = {formula_text(one): translation.formula(one, 0, terms) for one in conjuncts(mutant.act)}
        gone = _change(mutant.gone) if isinstance(mutant.gone, Update) else Not(mutant.gone)
        assumed = {**named, **invariants_before(self.prover)}
        found = core(self.prover, assumed, [*translation.background(), translation.formula(gone, 0, terms)])
        return None if found is None else Fate(mutant.part, "implied", ", ".join(f"`{one}`" for one in found))

    def implied_where_explored(self, mutant: Mutant) -> Fate | None:
        """The same for a model that is not proved, in every state of its configurations."""
        if self.model.proved or any(one.kind is Kind.CHOICE for one in self.model.relations):
            return None
        rest = both(*(one for one in conjuncts(mutant.act) if one is not mutant.gone))
        needless = Not(_change(mutant.gone)) if isinstance(mutant.gone, Update) else mutant.gone
        follows = forall_of(mutant.act.parameters, rest >> needless)
        asked = attrs.evolve(
            self.model.without(), invariants=(safety("implied", follows, meaning=mutant.part, source="mutation"),)
        )
        for one in self.configurations:
            if explore(asked, one.bounds, symmetric=one.symmetric, limit=one.distinct + 1).verdict != "holds":
                return None
        widest = self.configurations[-1].bounds
        return Fate(mutant.part, "implied", "the rest in every state", bounds=widest)

    def by_museum(self, mutant: Mutant) -> Fate | None:
        """The exhibit of a fix without which the action is the mutant's."""
        for bug in MUSEUM:
            if bug.model != self.model.name:
                continue
            found = [one for one in self.model.without(bug.fix).actions if one.name == mutant.act.name]
            if found and _texts(found[0]) == _texts(mutant.act):
                return Fate(mutant.part, "museum", f"{bug.fix}: {bug.promise}", bug.steps, dict(bug.bounds))
        return None


def _texts(act: Action) -> tuple[list[str], list[str]]:
    return [formula_text(one) for one in conjuncts(act)], [update_text(one) for one in act.updates]


def _change(update: Update) -> Formula:
    """The update changes something."""
    was = Holds(update.relation, update.arguments)
    becomes, stays = update.new_value()
    changes = Not((becomes | (was & stays)).iff(was))
    return Quantified(False, update.ranging, changes) if update.ranging else changes  # noqa: FBT003  # some tuple


def forall_of(variables: tuple[Variable, ...], body: Formula) -> Formula:
    """The body holds for all elements that the variables may stand for."""
    return Quantified(True, variables, body) if variables else body  # noqa: FBT003  # every tuple


def words(fate: Fate, redundant: Mapping[str, str]) -> str:
    """A fate in one line."""
    bounds = " ".join(f"{name}={number}" for name, number in fate.bounds.items())
    match fate.by:
        case "proof" | "implied":
            return f"{fate.by}: {fate.what}" + (f" ({bounds})" if bounds else "")
        case "":
            return f"redundant: {redundant[fate.part]}" if fate.part in redundant else "NOBODY MISSES IT"
        case "sometimes" | "count":
            return f"{fate.by}: {fate.what} ({bounds})"
        case _:
            return f"{fate.by}: {fate.what} in {fate.steps} steps ({bounds})"


def main(arguments: list[str]) -> int:
    """Print the fate of every part of a model, or of one of its actions; 1 if nobody misses one and nothing says why."""
    from tautolog_spec.models import load  # noqa: PLC0415  # models are loaded when one is asked for

    model = load(arguments[0])
    examiner = Examiner(model)
    lost = 0
    for mutant in mutants(model):
        if arguments[1:] and mutant.act.name not in arguments[1:]:
            continue
        fate = examiner.fate(mutant)
        lost += not fate.by and fate.part not in model.redundant
        print(f"{fate.part}\n    {words(fate, model.redundant)}", flush=True)  # noqa: T201  # its output is the product
    return int(bool(lost))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
