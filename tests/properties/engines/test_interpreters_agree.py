"""One meaning: the naive evaluator, the folded and compiled explorer, and z3 agree on random formulas, states and actions.

Three deliberate mistakes, one in each engine's weak spot, show that these properties would see them.
"""

import itertools

import pytest
import z3
from hypothesis import given, settings

from support.small_models import RELATIONS, SIZES, TOKEN, A, B, F, P, actions, formulas, model, states
from tautolog_checkers.model.explore import compiled as compiling
from tautolog_checkers.model.explore import ground as grounding
from tautolog_checkers.model.explore import propositions, symmetry
from tautolog_checkers.model.explore.compiled import Compiled, predicate, step
from tautolog_checkers.model.explore.ground import Ground
from tautolog_checkers.model.explore.propositions import value
from tautolog_checkers.model.explore.search import explore
from tautolog_checkers.model.prove.translate import Translation
from tautolog_checkers.model.states import State, enabled, holds, initial_state, taken, tuples
from tautolog_spec.language import Variable, forall
from tautolog_spec.language.models import Action


def facts_about(translation, state, at):
    """The state, said to z3: the elements, their order, and every relation on every tuple."""
    elements = {
        name: [z3.Const(f"{name}{n}", sort) for n in range(SIZES[name])] for name, sort in translation.sorts.items()
    }
    found = []
    for name, sort in translation.sorts.items():
        x = z3.Const("x", sort)
        found += [z3.Distinct(elements[name]), z3.ForAll([x], z3.Or([x == one for one in elements[name]]))]
        if name in translation.orders:
            found += [translation.orders[name](a, b) for a, b in itertools.pairwise(elements[name])]
    for one in RELATIONS:
        for place in tuples(one.sorts, SIZES):
            term = translation.predicate(one, at)(*(elements[s.name][i] for s, i in zip(one.sorts, place, strict=True)))
            found.append(term if place in state.of(one) else z3.Not(term))
    return found, elements


def solver_says(translation, assertions):
    solver = z3.Solver(ctx=translation.context)
    solver.add(translation.background() + assertions)
    answer = solver.check()
    assert answer != z3.unknown
    return answer == z3.sat


def compare_formula(formula, state):
    ground = Ground(model(), SIZES)
    number = ground.encode(state)
    proposition = ground.proposition(formula)
    meant = holds(formula, state)
    assert value(proposition, number) is meant
    assert predicate(proposition)(number) is meant


def compare_action(act, state):
    ground = Ground(model(act), SIZES)
    number = ground.encode(state)
    steps = {tuple(one.event.values.values()): step(one, len(ground.bits)) for one in ground.instances(act)}
    meant = set()
    for numbers in itertools.product(range(SIZES["Animal"]), range(SIZES["Bench"])):
        values = dict(zip(act.parameters, numbers, strict=True))
        found = steps[numbers](number) if numbers in steps else None
        if enabled(act, state, values):
            meant.add(ground.encode(taken(act, state, values)))
            assert found == ground.encode(taken(act, state, values))
        else:
            assert found is None
    assert {after for _, after in Compiled(ground).successors(number)} == meant


@given(formulas(), states())
@settings(max_examples=300)
def test_compiled_formulas_mean_what_they_say(formula, state):
    compare_formula(formula, state)


@given(actions(), states())
@settings(max_examples=200)
def test_compiled_actions_do_what_they_say(act, state):
    compare_action(act, state)


@given(formulas(), states())
@settings(max_examples=60)
def test_solver_reads_formulas_alike(formula, state):
    translation = Translation(model())
    facts, _ = facts_about(translation, state, 0)
    assert solver_says(translation, [*facts, translation.formula(formula)]) is holds(formula, state)


@given(actions(), states())
@settings(max_examples=40)
def test_solver_takes_actions_alike(act, state):
    translation = Translation(model(act))
    facts, elements = facts_about(translation, state, 0)
    for numbers in ((0, 0), (1, 2)):
        values = dict(zip(act.parameters, numbers, strict=True))
        constants = translation.constants(act)
        chosen = [constants[one] == elements[one.sort.name][number] for one, number in values.items()]
        moves = [*facts, *chosen, *translation.transition(act)]
        assert solver_says(translation, moves) is enabled(act, state, values)
        if enabled(act, state, values):
            after, _ = facts_about(translation, taken(act, state, values), 1)
            assert solver_says(translation, [*moves, *after])


def reachable_by_hand(sizes):
    """The token model's states, by the naive evaluator alone."""
    key = lambda state: tuple(sorted((name, tuple(sorted(rows))) for name, rows in state.facts.items() if rows))  # noqa: E731
    first = initial_state(TOKEN, sizes)
    seen, frontier = {key(first): first}, [first]
    while frontier:
        state = frontier.pop()
        for act in TOKEN.without().actions:
            for number in range(sizes["Node"]):
                values = {act.parameters[0]: number}
                if enabled(act, state, values):
                    after = taken(act, state, values)
                    if key(after) not in seen:
                        seen[key(after)] = after
                        frontier.append(after)
    return seen


def test_explorer_counts_what_the_evaluator_reaches():
    assert explore(TOKEN, {"Node": 3}).distinct == len(reachable_by_hand({"Node": 3}))


def orbits(sizes):
    """How many classes of states there are under renaming nodes, counted with the evaluator's states."""
    found = set()
    for facts in reachable_by_hand(sizes):
        renamings = itertools.permutations(range(sizes["Node"]))
        images = [
            tuple((name, tuple(sorted((moved[n],) for (n,) in rows))) for name, rows in facts) for moved in renamings
        ]
        found.add(min(images))
    return len(found)


def test_symmetry_counts_orbits():
    assert explore(TOKEN, {"Node": 3}, symmetric=True).distinct == orbits({"Node": 3})


def test_a_lost_instance_of_a_quantifier_is_noticed(monkeypatch):
    monkeypatch.setattr(grounding, "tuples", lambda sorts, sizes: list(tuples(sorts, sizes))[:-1] or [()])
    with pytest.raises(AssertionError):
        compare_formula(forall(A, P), State(SIZES, {"p": frozenset({(0,)})}))


def test_a_contradiction_folded_into_one_mask_is_noticed(monkeypatch):
    def careless(parts, *, every):
        flat = {}
        for part in parts:
            if isinstance(part, bool):
                if part is not every:
                    return part
            elif isinstance(part, propositions.Group) and part.every is every:
                flat.update(dict.fromkeys(part.parts))
            else:
                flat[part] = None
        if not flat:
            return every
        return next(iter(flat)) if len(flat) == 1 else propositions.Group(every, tuple(flat))

    monkeypatch.setattr(grounding, "group", careless)
    monkeypatch.setattr(compiling, "group", careless)
    act = Action("act", (Variable("a", A), Variable("b", B)), (F() & ~F(),), (F.insert(),), "never")
    with pytest.raises(AssertionError):
        compare_action(act, State(SIZES, {"f": frozenset({()})}))


def test_a_symmetry_too_coarse_is_noticed(monkeypatch):
    real = symmetry._image
    monkeypatch.setattr(symmetry, "_image", lambda sorts, row, moved: row if row == (0,) else real(sorts, row, moved))
    assert explore(TOKEN, {"Node": 3}, symmetric=True).distinct != orbits({"Node": 3})
