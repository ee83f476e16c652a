"""Deliberate mistakes in the engines, one at a time, and the comparison that goes red. The table of `MISTAKES` is the claim.

A mistake is a change of an engine's source text; the changed module takes the place of the real one wherever it was imported.
The comparisons are those of `test_interpreters_agree`, on random input as there.
"""

import sys
from pathlib import Path
from types import ModuleType

import attrs
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from support import differential
from support.small_models import actions, formulas, states, trees
from tautolog_checkers.model.explore import compiled, ground, liveness, propositions, search, symmetry
from tautolog_checkers.model.prove import translate

liveness_cases = st.tuples(actions(), actions().map(lambda one: attrs.evolve(one, name="other")), formulas(depth=2))
CASES = {
    "compare_changes": st.tuples(trees(), st.dictionaries(st.integers(0, 3), trees(), min_size=1)),
    "compare_proposition": st.tuples(trees()),
    "compare_formula": st.tuples(formulas(), states()),
    "compare_action": st.tuples(actions(), states()),
    "compare_formula_with_solver": st.tuples(formulas(), states()),
    "compare_action_with_solver": st.tuples(actions(), states()),
    "compare_liveness": liveness_cases,
    "compare_counts": st.just(()),
    "compare_symmetry": st.just(()),
}

MISTAKES = {
    "a quantifier loses its last instance": (
        ground,
        "places = tuples(tuple(one.sort for one in variables), self.sizes)",
        "places = list(tuples(tuple(one.sort for one in variables), self.sizes))[:-1]",
        "compare_formula",
    ),
    "at most is read as less than": (
        *(ground, "return values[left] <= values[right]", "return values[left] < values[right]"),
        "compare_formula",
    ),
    "an implication is lost where its premise is open": (
        ground,
        "return group((negate(premise), self._ground(right, values, choices)), every=False)",
        "return negate(premise)",
        "compare_formula",
    ),
    "only the first conjunct of a guard is kept": (
        ground,
        "guard = self.proposition(act.guard, values, choices)",
        "guard = self.proposition((act.requires or (act.guard,))[0], values, choices)",
        "compare_action",
    ),
    "an insertion forgets what was there": (
        *(ground, "after = group((Bit(bit), condition), every=False)", "after = condition"),
        "compare_action",
    ),
    "a removal inserts": (
        *(ground, "after = group((Bit(bit), negate(condition)), every=True)", "after = negate(condition)"),
        "compare_action",
    ),
    "a contradiction is not folded, and one mask swallows it": (
        propositions,
        "if isinstance(part, Negation) and part.part in flat:",
        "if False:",
        "compare_proposition",
    ),
    "a negated constant stays": (propositions, "return not one\n", "return one\n", "compare_formula"),
    "an equivalence forgets that both may be false": (
        propositions,
        "neither = group((negate(left), negate(right)), every=True)",
        "neither = group((negate(left), right), every=True)",
        "compare_formula",
    ),
    "joined implications become a disjunction": (
        propositions,
        "joined = group((premise, group(bodies, every=True)), every=False)",
        "joined = group((premise, group(bodies, every=False)), every=False)",
        "compare_proposition",
    ),
    "a mask of clear bits tests that all are clear": (
        propositions,
        'f"s & {zeros} != {zeros}"',
        'f"not s & {zeros}"',
        "compare_proposition",
    ),
    "copied bits move the wrong way": (
        *(compiled, 'f"s >> {far} & {mask}" if far > 0', 'f"s >> {-far} & {mask}" if far < 0'),
        "compare_changes",
    ),
    "every disjunction keeps its bit set": (
        compiled,
        "and not after.every and Bit(bit) in after.parts",
        "and not after.every",
        "compare_changes",
    ),
    "instances without the shared test are lost": (
        compiled,
        "outside = [item for item in items if shared not in item[0]]",
        "outside = []",
        "compare_action",
    ),
    "actions with the same guard are one": (
        compiled,
        "key = (act.name, one.guard, tuple(sorted(one.changes.items(), key=lambda item: item[0])))",
        "key = (act.name, one.guard, ())",
        "compare_action",
    ),
    "the last successor is not followed": (
        search,
        "for _, after in successors(state):",
        "for _, after in successors(state)[:-1]:",
        "compare_counts",
    ),
    "a renaming that changes a rigid relation counts as a symmetry": (
        symmetry,
        "if moved != identity and _keeps_rigid(ground, moved):",
        "if moved != identity:",
        "compare_symmetry",
    ),
    "a renaming moves only the first column": (
        symmetry,
        "tuple(moved[str(sort)][number] for sort, number in zip(sorts, row, strict=True))",
        "tuple(n if i else moved[str(s)][n] for i, (s, n) in enumerate(zip(sorts, row, strict=True)))",
        "compare_symmetry",
    ),
    "nobody is starved": (
        *(liveness, "if served == self.all_fair and (moves", "if (moves"),
        "compare_liveness",
    ),
    "a state at rest is no cycle": (
        *(liveness, "(moves or len(component) == 1)", "moves"),
        "compare_liveness",
    ),
    "the goal is looked for at the trigger alone": (
        *(liveness, "if after not in seen and not goal(after)", "if after not in seen"),
        "compare_liveness",
    ),
    "nested variables of one name are one": (
        *(translate, "self._bound += 1", "self._bound += 0"),
        "compare_formula_with_solver",
    ),
    "an order need not be antisymmetric": (
        translate,
        "z3.ForAll([a, b], z3.Implies(z3.And(at_most(a, b), at_most(b, a)), a == b)),",
        "z3.ForAll([a], at_most(a, a)),",
        "compare_formula_with_solver",
    ),
    "what an action leaves alone may change": (
        *(translate, "return self.move(act, step) + kept", "return self.move(act, step)"),
        "compare_action_with_solver",
    ),
    "an update reads the new state": (
        translate,
        "becomes = self._updated(update, places, was, terms, step)",
        "becomes = self._updated(update, places, was, terms, step + 1)",
        "compare_action_with_solver",
    ),
    "an update spills over its pattern": (
        *(translate, "matches.append(place == terms[argument])", "matches[:] = [place == terms[argument]]"),
        "compare_action_with_solver",
    ),
}
"""What is wrong: (module, text, text in its place, comparison that notices)."""


def put_in_place(monkeypatch, module, old, new):
    """Run the module's changed source, and let all who imported something from the module see the changed thing."""
    source = Path(module.__file__).read_text(encoding="utf-8")
    assert source.count(old) >= 1, "the engine changed; change the mistake, too"
    broken = ModuleType(module.__name__)
    broken.__file__ = module.__file__
    with monkeypatch.context() as while_running:
        while_running.setitem(sys.modules, module.__name__, broken)
        exec(compile(source.replace(old, new), module.__file__, "exec"), broken.__dict__)
    replaced = {
        id(value): getattr(broken, name)
        for name, value in vars(module).items()
        if getattr(value, "__module__", "") == module.__name__
    }
    for name, place in list(sys.modules.items()):
        if name.startswith("tautolog_checkers.model") or place is differential:
            for attribute, value in list(vars(place).items()):
                if id(value) in replaced and getattr(value, "__module__", "") == module.__name__:
                    monkeypatch.setattr(place, attribute, replaced[id(value)])


def notices(comparison):
    """Whether a comparison fails on some random input."""

    @given(CASES[comparison])
    @settings(max_examples=400, phases=[Phase.generate], database=None, derandomize=True)
    def all_agree(case):
        getattr(differential, comparison)(*case)

    try:
        all_agree()
    except Exception:  # noqa: BLE001  # an engine that falls over is noticed, too
        return True
    return False


@pytest.mark.parametrize("mistake", MISTAKES)
def test_the_mistake_is_noticed(mistake, monkeypatch):
    module, old, new, comparison = MISTAKES[mistake]
    put_in_place(monkeypatch, module, old, new)
    assert notices(comparison)


@pytest.mark.parametrize("comparison", ["compare_counts", "compare_symmetry"])
def test_without_a_mistake_nothing_is_noticed(comparison, monkeypatch):
    put_in_place(monkeypatch, search, "successors", "successors")
    assert not notices(comparison)
