"""Traces: what the model did is accepted, also with holes; what it cannot have done is rejected at the line, in words."""

import json

import pytest

from support.small_models import TOKEN
from tautolog_checkers.model.conform import validate
from tautolog_checkers.model.conform.traces import TraceError, emit, parse_trace
from tautolog_checkers.model.conform.validate import Validator
from tautolog_checkers.model.explore.search import explore
from tautolog_checkers.model.explore.walk import random_walk
from tautolog_spec.language import LanguageError
from tautolog_spec.models import load

BOUNDS = {"Replica": 3, "Epoch": 2, "Offset": 2}


def judge(model, lines):
    recording = parse_trace(lines)
    return Validator(model, recording.bounds).run(recording)


def token(*events):
    return [json.dumps({"model": "token", "bounds": {"Node": 2}}), *map(json.dumps, events)]


def do(action, node=None, **more):
    return {"action": action, "values": {} if node is None else {"node": node}, **more}


@pytest.mark.parametrize("seed", range(5))
def test_walks_of_the_model_conform(seed):
    model = load("replication")
    walk = random_walk(model, BOUNDS, steps=60, seed=seed)
    for states in (False, True):
        found = judge(model, emit("replication", BOUNDS, walk, states=states))
        assert (found.verdict, found.events, found.states) == ("holds", len(walk), 1)


def test_the_trace_of_a_bug_conforms_to_the_bug_and_not_to_the_fix():
    broken = load("replication").without("KIP_101_TRUNCATE_BY_EPOCH")
    bounds = {"Replica": 2, "Epoch": 2, "Offset": 1}
    trace = explore(broken, bounds).trace
    lines = emit("replication", bounds, trace, states=True)
    assert judge(broken, lines).verdict == "holds"
    found = judge(load("replication"), lines)
    assert (found.verdict, found.line) == ("violated", len(lines))
    assert "after become_follower, " in found.reason


def test_unlogged_parameters_are_searched():
    found = judge(TOKEN, token(do("ask"), do("grant"), do("release", state={"served": [[1]]})))
    assert (found.verdict, found.states) == ("holds", 1)


def test_one_of_several_actions_is_enough():
    assert judge(TOKEN, token({"action": ["grant", "ask"]}, do("grant", 0))).verdict == "holds"


def test_hidden_events_are_searched_up_to_their_number():
    assert judge(TOKEN, token({"hidden": 2}, do("release", 0))).verdict == "holds"
    assert judge(TOKEN, token({"hidden": 1}, do("release", 0))).line == 3


def test_no_hidden_events_are_none():
    assert judge(TOKEN, token({"hidden": 0}, do("ask", 0))).verdict == "holds"
    assert judge(TOKEN, token({"hidden": 0}, do("release", 0))).line == 3


def test_many_hidden_events_are_unknown_as_soon_as_too_many_states_are_possible(monkeypatch):
    monkeypatch.setattr(validate, "MOST_STATES", 5)
    found = judge(TOKEN, token(do("ask", 0), {"hidden": 10**9}))
    assert (found.verdict, found.events, found.reason) == ("unknown", 1, "more than 5 states are possible")


def test_the_coarsest_clock_is_no_trouble():
    """Many nodes in one tick: what matters is how far each has come, and not in which of the orders."""
    size = 12
    asked = [{**do("ask", n), "node": f"n{n}", "time": 1} for n in range(size)]
    model_and_bounds = json.dumps({"model": "token", "bounds": {"Node": size}})
    assert judge(TOKEN, [model_and_bounds, *map(json.dumps, asked)]).states == 1


def test_of_simultaneous_events_the_one_is_named_that_no_order_reaches():
    late = [{**do("grant", 0), "node": "hub", "time": 1}, {**do("ask", 0), "node": "client", "time": 1}]
    wrong = {**do("release", 1), "node": "other", "time": 1}
    found = judge(TOKEN, token(wrong, *late))
    assert (found.verdict, found.events, found.line) == ("violated", 2, 2)
    assert found.reason.startswith("release(node=1) is not enabled: holder(node) does not hold, and no order")


def test_sets_that_were_logged_take_part_in_the_reason():
    elect = {"action": "elect", "values": {"epoch": 0, "chosen": 1}}
    head = json.dumps({"model": "replication", "bounds": BOUNDS})
    found = judge(load("replication"), [head, json.dumps({**elect, "chosen": {"kept": [[0], [2]]}})])
    assert (found.verdict, found.line) == ("violated", 2)
    assert found.reason == "elect(epoch=0, chosen=1) is not enabled: kept(chosen) does not hold"
    with pytest.raises(LanguageError, match="line 2: kept is chosen anew in every step"):
        judge(load("replication"), [head, json.dumps({**elect, "state": {"kept": []}})])


def test_simultaneous_events_of_different_nodes_have_no_order():
    late = [{**do("grant", 0), "node": "hub", "time": 1}, {**do("ask", 0), "node": "client", "time": 1}]
    assert judge(TOKEN, token(*late)).verdict == "holds"
    same_node = [{**one, "node": "client"} for one in late]
    assert judge(TOKEN, token(*same_node)).verdict == "violated"


def test_part_of_a_relation_may_be_seen():
    seen = {"waiting": {"of": [0], "rows": []}}
    assert judge(TOKEN, token(do("ask", 1, state=seen))).verdict == "holds"
    assert judge(TOKEN, token(do("ask", 0, state=seen))).verdict == "violated"


@pytest.mark.parametrize(
    ("events", "line", "words"),
    [
        ([do("ask", 0), do("grant", 1)], 3, "grant(node=1) is not enabled: waiting(node) does not hold"),
        ([do("ask", 0), do("ask", 0)], 3, "ask(node=0) is not enabled: ¬waiting(node) does not hold"),
        ([do("ask", 0, state={"waiting": []})], 2, "after ask, waiting cannot be []"),
        ([do("ask", 0), do("ask", 1), do("grant", 0), do("grant", 1)], 5, "∀ n: Node. ¬holder(n) does not hold"),
        ([do("release")], 2, "release() is not enabled: holder(node) does not hold"),
    ],
)
def test_the_first_impossible_event_is_explained(events, line, words):
    found = judge(TOKEN, token(*events, do("ask", 1)))
    assert (found.verdict, found.line) == ("violated", line)
    assert words in found.reason


@pytest.mark.parametrize("seed", range(3))
def test_mutated_walks_are_rejected_at_the_mutated_step(seed):
    """A state that was recorded wrongly is found in its own line, wherever it stands."""
    model = load("replication")
    lines = emit("replication", BOUNDS, random_walk(model, BOUNDS, steps=25, seed=seed), states=True)
    for number in range(1, len(lines), 4):
        event = json.loads(lines[number])
        rows = event["state"].setdefault("has", [])
        event["state"]["has"] = [row for row in rows if row != [2, 1]] if [2, 1] in rows else [*rows, [2, 1]]
        found = judge(model, [*lines[:number], json.dumps(event), *lines[number + 1 :]])
        assert (found.verdict, found.line) == ("violated", number + 1)


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ([], "line 1: the first line is"),
        (["{"], "line 1: "),
        (["[]"], "a line is [], where an object is wanted"),
        (["[" * 100_000], "line 1: nested too deeply"),
        (['{"model": "token", "bounds": {"Node": "two"}}'], 'line 1: bound Node is "two", where a number is wanted'),
        (['{"model": "token", "bounds": 2}'], "line 1: bounds is 2"),
        (['{"model": "token", "bounds": {}, "bound": {}}'], "line 1: the first line is"),
        (['{"action": "ask"}', *token()], "line 1: the first line is"),
        (token({"values": {}}), "line 2: either action or hidden is wanted"),
        (token({"action": "ask", "hidden": 1}), "line 2: either action or hidden is wanted"),
        (token({"hidden": 1, "state": {"holder": []}}), "line 2: of hidden events nobody can say state"),
        (token({"hidden": -1}), "hidden is -1"),
        (token({"hidden": 1.5}), "hidden is 1.5, where a number is wanted"),
        (token({"hidden": float("inf")}), "hidden is Infinity"),
        (token({"action": []}), "action is []"),
        (token({"action": 3}), "action is 3, where a name"),
        (token({"action": "ask", "node": 3}), "node is 3, where a name is wanted"),
        (token({"action": "ask", "colour": 1}), "line 2: nobody knows colour; known are action, "),
        (token({"action": "ask", "values": {"node": "x"}}), 'line 2: node is "x", where a number is wanted'),
        (token({"action": "ask", "values": {"node": True}}), "node is true"),
        (token({"action": "ask", "values": [0]}), "values is [0], where an object"),
        (token({"action": "ask", "state": {"waiting": [0]}}), "a row of waiting is 0"),
        (token({"action": "ask", "state": {"waiting": {"of": ["0"], "rows": []}}}), 'an element of waiting is "0"'),
        (token({"action": "ask", "state": {"waiting": {"of": [0]}}}), "line 2: waiting is "),
        (token({"action": "ask", "state": {"waiting": {"of": [0], "rows": [[1]]}}}), "[1] does not begin with [0]"),
    ],
)
def test_unreadable_traces_are_refused(lines, words):
    with pytest.raises(TraceError) as error:
        parse_trace(lines)
    assert words in str(error.value)


@pytest.mark.parametrize(
    ("event", "words"),
    [
        (do("take", 0), "no action take"),
        (do("ask", 5), "node is 5, and there are 2 of Node"),
        ({"action": "ask", "values": {"knot": 1}}, "has no parameter knot; it has node"),
        (do("ask", 0, state={"waitin": []}), "has no relation waitin; it has holder, waiting, served"),
        (do("ask", 0, state={"waiting": [[7]]}), r"line 2: \[7\] is no row of waiting\(Node\) \(2 of Node\)"),
        (do("ask", 0, state={"waiting": [[0, 0]]}), "is no row of waiting"),
        (do("ask", 0, state={"waiting": {"of": [0, 0], "rows": []}}), "is no row of waiting"),
        (do("ask", 0, chosen={"kept": [[0]]}), "has no relation kept"),
        (do("ask", 0, chosen={"waiting": [[0]]}), "line 2: waiting was not chosen: ask picks no set"),
    ],
)
def test_events_that_no_model_knows_are_refused(event, words):
    with pytest.raises(LanguageError, match=words):
        judge(TOKEN, token(event))
