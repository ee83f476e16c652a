"""One meaning: the naive evaluator, the folded and compiled explorer, and z3 agree on random formulas, states and actions.

`test_mistakes_are_noticed` shows, mistake by mistake, that these properties would see it.
"""

import attrs
from hypothesis import given, settings
from hypothesis import strategies as st

from support.differential import (
    compare_action,
    compare_action_with_solver,
    compare_changes,
    compare_counts,
    compare_formula,
    compare_formula_with_solver,
    compare_liveness,
    compare_proposition,
    compare_symmetry,
)
from support.small_models import actions, formulas, states, trees


@given(trees())
@settings(max_examples=400)
def test_folded_and_compiled_propositions_mean_what_they_say(tree):
    compare_proposition(tree)


@given(trees(), st.dictionaries(st.integers(0, 3), trees(), min_size=1))
@settings(max_examples=200)
def test_compiled_steps_change_what_they_say(guard, changes):
    compare_changes(guard, changes)


@given(formulas(), states())
@settings(max_examples=200)
def test_compiled_formulas_mean_what_they_say(formula, state):
    compare_formula(formula, state)


@given(actions(), states())
@settings(max_examples=200)
def test_compiled_actions_do_what_they_say(act, state):
    compare_action(act, state)


@given(formulas(), states())
@settings(max_examples=60)
def test_solver_reads_formulas_alike(formula, state):
    compare_formula_with_solver(formula, state)


@given(actions(), states())
@settings(max_examples=40)
def test_solver_takes_actions_alike(act, state):
    compare_action_with_solver(act, state)


@given(actions(), actions(), formulas(depth=2))
@settings(max_examples=30)
def test_fair_cycles_are_those_of_the_naive_graph(first, second, goal):
    compare_liveness(first, attrs.evolve(second, name="other"), goal)


def test_explorer_counts_what_the_evaluator_reaches():
    compare_counts()


def test_symmetry_counts_orbits():
    compare_symmetry()
