"""Exploration: exact counts, shortest traces, symmetry, liveness."""

import pytest

from support.small_models import TOKEN
from tautolog_checkers.model.explore.liveness import check_liveness
from tautolog_checkers.model.explore.search import explore
from tautolog_checkers.model.explore.walk import random_walk
from tautolog_checkers.model.states import enabled, holds, taken, without_choices
from tautolog_checkers.model.tables import trace_lines
from tautolog_spec.language import Sometimes, forall
from tautolog_spec.models import MODULES, load

KIP_320 = {"Replica": 3, "LogSize": 2, "MaxRecords": 2, "MaxLeaderEpoch": 1}

CONFIGURATIONS = [
    pytest.param(name, one, marks=pytest.mark.nightly if one.nightly else ())
    for name in MODULES
    for one in load(name).configurations
]


def test_the_published_count():
    """TLC counts 39,619 distinct states and depth 22 for the published specification of KIP-320."""
    found = explore(load("kip-320"), KIP_320)
    assert (found.verdict, found.distinct, found.depth) == ("holds", 39_619, 22)


@pytest.mark.parametrize(("name", "configuration"), CONFIGURATIONS, ids=lambda one: getattr(one, "bounds", one))
def test_every_configuration_counts_what_it_says(name, configuration):
    model = load(name)
    found = explore(model, configuration.bounds, symmetric=configuration.symmetric, only_safety=model.proved)
    assert (found.verdict, found.distinct, found.depth) == ("holds", configuration.distinct, configuration.depth)
    assert found.never == ()
    for promise in model.liveness if configuration.live else ():
        assert check_liveness(model, configuration.bounds, promise).verdict == "holds"


THREE_EPOCHS = {**KIP_320, "MaxLeaderEpoch": 2}
ALSO_THERE = [
    ("kip-320", "KIP_101_TRUNCATE_BY_EPOCH", KIP_320, 11, "become_follower"),
    ("kip-320", "ISR_AFTER_EPOCH_START", KIP_320, 11, "expand_isr"),
    ("kip-320", "KIP_320_FENCED_TRUNCATION", THREE_EPOCHS, 13, "raise_high_watermark"),
    ("kip-320", "KIP_320_FENCED_HIGH_WATERMARK", THREE_EPOCHS, 12, "become_follower"),
    ("groups", "COMMIT_AFTER_PROCESSING", {"Member": 1, "Generation": 1, "Partition": 1, "Offset": 1}, 7, "commit"),
]
"""Bugs whose exhibit shows them in another model."""


@pytest.mark.parametrize(("name", "fix", "bounds", "length", "last"), ALSO_THERE)
def test_without_a_fix_a_trace_of_the_stated_length_is_found(name, fix, bounds, length, last):
    found = explore(load(name).without(fix), bounds)
    assert found.verdict == "violated"
    assert len(found.trace) == length
    assert found.trace.steps[-1][0].action == last
    confirm(load(name).without(fix), found.trace, found.broken)


def confirm(broken, trace, invariant):
    """The naive evaluator walks the trace and sees the promise break at its end, and only there."""
    formula = next(one.formula for one in broken.invariants if one.name == invariant)
    state = trace.first
    for event, after in trace.steps:
        assert holds(formula, state)
        act = broken.action(event.action)
        values = {one: event.values[one.name] for one in act.parameters}
        chosen = {name: frozenset(rows) for name, rows in event.chosen.items()}
        before = type(state)(state.sizes, {**state.facts, **chosen})
        assert enabled(act, before, values)
        state = without_choices(taken(act, before, values), broken)
        assert state == without_choices(after, broken)
    assert not holds(formula, state)


@pytest.mark.nightly
def test_the_published_count_one_size_up():
    found = explore(load("kip-320"), {**KIP_320, "MaxLeaderEpoch": 2})
    assert (found.verdict, found.distinct, found.depth) == ("holds", 737_794, 26)


def test_the_shortest_trace_is_shown_as_a_table():
    found = explore(TOKEN.without("ONE_HOLDER"), {"Node": 2})
    assert trace_lines(TOKEN, found.trace) == [
        "  0  initially",
        "  1  ask(node=node0)",
        "       waiting: +node0",
        "  2  ask(node=node1)",
        "       waiting: +node1",
        "  3  grant(node=node0)",
        "       holder: +node0",
        "       waiting: -node0",
        "  4  grant(node=node1)",
        "       holder: +node1",
        "       waiting: -node1",
    ]


def test_a_trace_with_symmetry_is_a_run():
    broken = TOKEN.without("ONE_HOLDER")
    found = explore(broken, {"Node": 3}, symmetric=True)
    assert len(found.trace) == 4
    confirm(broken, found.trace, "exclusive")


def test_a_limit_is_unknown():
    assert explore(TOKEN, {"Node": 3}, limit=5).verdict == "unknown"


def test_what_never_happens_is_said():
    import attrs

    never = Sometimes("all_at_once", forall(TOKEN.sorts[0], TOKEN.relations[0]), "all hold it")
    found = explore(attrs.evolve(TOKEN, sometimes=(never,)), {"Node": 2})
    assert found.never == ("all_at_once",)


def test_liveness_holds_with_fairness():
    assert check_liveness(TOKEN, {"Node": 2}, TOKEN.liveness[0]).verdict == "holds"


def test_liveness_fails_on_a_fair_cycle():
    found = check_liveness(TOKEN, {"Node": 2}, TOKEN.liveness[1])
    assert found.verdict == "violated"
    assert found.cycle.around.first == (
        found.cycle.way.steps[-1][1] if found.cycle.way.steps else found.cycle.way.first
    )
    if found.cycle.around.steps:
        assert found.cycle.around.steps[-1][1] == found.cycle.around.first


def test_without_fairness_nothing_is_promised():
    import attrs

    unfair = attrs.evolve(TOKEN.liveness[0], fair=())
    assert check_liveness(TOKEN, {"Node": 2}, unfair).verdict == "violated"


def test_walks_repeat_themselves():
    one, other = (random_walk(TOKEN, {"Node": 3}, steps=30, seed=7) for _ in range(2))
    assert one == other
    assert len(one) == 30
