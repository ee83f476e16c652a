"""Limits reach what never asks for them; orders of effect are confirmed whoever made them, and a wrong one is refused."""

import itertools
import json
import signal

import pytest

from tautolog_checkers import check_history
from tautolog_checkers.files import Options, check_file
from tautolog_checkers.history.events import Event, History
from tautolog_checkers.linearizability import judge
from tautolog_checkers.linearizability.limits import Budget, LimitReached
from tautolog_checkers.linearizability.models import load_model
from tautolog_checkers.linearizability.operations import Op
from tautolog_checkers.linearizability.portfolio import decide
from tautolog_checkers.linearizability.replay import carry_out
from tautolog_checkers.linearizability.subjects import subjects
from tautolog_checkers.linearizability.witness import minimal_witness


def events(*rows):
    """(process, type, f, value), one after the other."""
    return [
        {"index": index, "process": process, "type": kind, "f": f, "value": value}
        for index, (process, kind, f, value) in enumerate(rows)
    ]


def operations(*rows):
    """(f, asked, told), one after the other by one process."""
    return events(
        *((0, kind, f, value) for f, *values in rows for kind, value in zip(("invoke", "ok"), values, strict=True))
    )


@pytest.mark.parametrize("budget", [Budget(seconds=0.01), Budget(megabytes=1)])
def test_what_never_asks_is_interrupted(budget):
    with pytest.raises(LimitReached), budget.enforced():
        for _ in itertools.count():
            pass
    assert signal.getsignal(signal.SIGALRM) is signal.SIG_DFL
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


def test_somebody_elses_timer_is_left_alone(monkeypatch):
    before = signal.signal(signal.SIGALRM, signal.SIG_IGN)
    try:
        with Budget(seconds=60).enforced():
            assert signal.getsignal(signal.SIGALRM) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGALRM, before)


def test_a_file_larger_than_the_memory_is_not_begun(tmp_path):
    file = tmp_path / "h.jsonl"
    file.write_text("".join(json.dumps(event) + "\n" for event in operations(("write", 1, 1), ("read", None, 1))))
    assert check_file(file, Options(limit_mb=4000)).verdict.holds
    verdict = check_file(file, Options(limit_mb=1)).verdict
    assert (str(verdict.outcome), verdict.reason) == ("unknown", "the limit of 1 MB would be reached")


def test_what_was_decided_before_the_limit_stays(monkeypatch):
    listed = operations(("put", "a", "a"), ("get", None, "a"))
    for event in listed:
        event["key"] = "x"
    listed += [dict(event, index=event["index"] + 10, key="y") for event in listed]
    real = judge._judge

    def reached(model, ops, initial, budget):
        if ops[0].index >= 10:
            raise LimitReached("the limit of 1 s was reached")
        return real(model, ops, initial, budget)

    monkeypatch.setattr(judge, "_judge", reached)
    verdict = check_history(listed)
    assert {key: str(outcome) for key, outcome in verdict.partitions.items()} == {"x": "holds", "y": "unknown"}
    assert str(verdict.outcome) == "unknown"


def test_a_hard_key_does_not_keep_easy_ones_waiting(monkeypatch):
    listed = [dict(event, key=key) for key in "xy" for event in operations(("write", 1, 1), ("read", None, 1))]
    listed = [dict(event, index=index, process=event["key"]) for index, event in enumerate(listed)]
    real = judge._judge

    def hard(model, ops, initial, budget):
        if ops[0].index == 0:
            raise LimitReached("the limit was reached")
        return real(model, ops, initial, budget)

    monkeypatch.setattr(judge, "_judge", hard)
    verdict = check_history(listed, budget=Budget(seconds=60))
    assert {key: str(outcome) for key, outcome in verdict.partitions.items()} == {"x": "unknown", "y": "holds"}
    verdict = check_history(listed)
    assert {key: str(outcome) for key, outcome in verdict.partitions.items()} == {"x": "unknown", "y": "unknown"}


@pytest.mark.parametrize(("value", "outcome"), [(1, "unknown"), (2, "violated")])
def test_no_partition_holds_behind_a_limit(value, outcome):
    class Spent(Budget):
        """A budget that is spent when the second promise is about to be looked at."""

        looks = 0

        def check(self):
            self.looks += 1
            if self.looks > 1:
                raise LimitReached("the limit of 1 s was reached")

    sent = [("send", [["send", key, 1]], [["send", key, [0, 1]]]) for key in "xy"]
    polled = [("poll", [["poll"]], [["poll", {"x": [[0, value]], "y": [[0, 1]]}]])]
    listed = operations(*sent, *polled)
    verdict = check_history(listed, budget=Spent())
    assert {key: str(told) for key, told in verdict.partitions.items()} == {"x": outcome, "y": "unknown"}
    assert str(verdict.outcome) == outcome


def test_a_verdict_stays_where_the_limit_is_reached_behind_it(monkeypatch):
    def reached(*_):
        raise LimitReached("the limit of 1 s was reached")

    monkeypatch.setattr(judge, "confirm", reached)
    verdict = check_history(HOLDING["queue"], certificate=True)
    assert (str(verdict.outcome), verdict.certificate) == ("holds", ())
    monkeypatch.setattr(judge, "supporting", reached)
    verdict = check_history(operations(("write", 1, 1), ("read", None, 2)))
    assert (str(verdict.outcome), verdict.witness) == ("violated", (2,))


def test_the_search_for_a_witness_asks_whatever_algorithm_decides():
    listed = operations(("enqueue", 1, 1), ("enqueue", 2, 2), ("dequeue", None, 2), ("dequeue", None, 1))
    model = load_model("queue")
    objects, _ = subjects(History([Event(**event) for event in listed]), model)
    conflict = decide(model, objects[None], ()).conflict
    assert conflict is not None
    with pytest.raises(LimitReached):
        minimal_witness(model, objects[None], (), culprit=None, conflict=conflict, budget=Budget(seconds=-1))


HOLDING = {
    "queue": operations(("enqueue", 1, 1), ("dequeue", None, 1), ("dequeue", None, None), ("enqueue", 2, 2)),
    "log": operations(("append", 7, [0, 7]), ("read", {"from": 0}, {"from": 0, "values": [7], "end": True})),
    "set": operations(("add", 1, 1), ("read", None, [1]), ("add", 2, 2)),
    "register": operations(("read", None, None), ("write", 1, 1), ("read", None, 1)),
    "counter": operations(("add", 1, 1), ("read", None, 1)),
}


@pytest.mark.parametrize("model", HOLDING)
def test_every_algorithm_gives_an_order(model):
    verdict = check_history(HOLDING[model], model=model, certificate=True)
    assert verdict.certificate == tuple(event["index"] for event in HOLDING[model] if event["type"] == "invoke")


def test_unknown_operations_without_effect_are_left_out():
    listed = events(
        (0, "invoke", "append", "a"), (1, "invoke", "append", "b"), (2, "invoke", "read", {"from": 0}),
        (2, "ok", "read", {"from": 0, "values": ["b"], "end": True}),
    )  # fmt: skip
    assert check_history(listed, model="log", certificate=True).certificate == (1, 2)


@pytest.mark.parametrize("model", ["queue", "log", "set", "register"])
def test_a_wrong_order_is_refused(model, monkeypatch):
    for name, build in list(judge.BUILDERS.items()):
        monkeypatch.setitem(judge.BUILDERS, name, lambda ops, initial, build=build: list(build(ops, initial))[::-1])
    with pytest.raises(AssertionError, match="does not confirm"):
        check_history(HOLDING[model], model=model, certificate=True)


@pytest.mark.parametrize("model", ["queue", "stack", "log", "set"])
def test_objects_that_change_in_place_do_what_the_models_do(model):
    made = load_model(model)
    acts = {
        "queue": [("enqueue", 1, None), ("enqueue", 2, None), ("dequeue", None, 1), ("dequeue", None, 2), ("dequeue", None, ("empty",))],
        "stack": [("push", 1, None), ("push", 2, None), ("pop", None, 2), ("pop", None, 1), ("pop", None, ("empty",))],
        "log": [("append", 5, 0), ("append", 6, 1), ("read", 0, ((5,), False)), ("read", 0, ((5,), True)), ("read", 1, ((6,), True))],
        "set": [("add", 1, None), ("add", 2, None), ("remove", 1, None), ("read", None, frozenset({2})), ("read", None, frozenset({1}))],
    }[model]  # fmt: skip
    for chosen in itertools.product(acts, repeat=4):
        act, state = carry_out(made, made.initial), made.initial
        for number, (f, argument, result) in enumerate(chosen):
            op = Op(number, f, argument, result, number, number)
            after = made.step(state, op)
            allowed = act(op)
            assert allowed is (repr(after) != "ILLEGAL"), chosen
            if not allowed:
                break
            state = after
