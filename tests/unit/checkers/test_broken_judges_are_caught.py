"""Judges broken on purpose: each must disagree with the exhaustive one on the histories that the property tests use."""

import random

import pytest

from support import checker_histories
from support.checker_histories import random_history
from tautolog_checkers.linearizability import configurations, logs, queues, registers, sets
from tautolog_checkers.linearizability.configurations import Search, search
from tautolog_checkers.linearizability.conflicts import Inapplicable
from tautolog_checkers.linearizability.exhaustive import linearizable
from tautolog_checkers.linearizability.models import load_model
from tautolog_checkers.linearizability.models.key_value import KeyValue
from tautolog_checkers.linearizability.models.queue import Queue
from tautolog_checkers.linearizability.models.register import CasRegister, Register
from tautolog_checkers.linearizability.portfolio import POLYNOMIAL


def disagrees(name, model=None, judge=None, most=6000, crashes=None, count=9):
    truth_model = load_model(name)
    judge = judge or (lambda ops: search(model or truth_model, ops)[0] is None)
    for seed in range(most):
        chance = random.Random(f"{name}{seed}")
        ops = random_history(
            chance, name, truth_model.initial, most=count, crashes=crashes or chance.choice((0, 0.15, 0.4))
        )
        ops = [op for op in ops if op.known or not truth_model.readonly(op)]
        if judge(ops) is not linearizable(truth_model, ops):
            return True
    return False


class WritesReadOnly(Register):
    def readonly(self, op):
        return True


class CasIsBlind(CasRegister):
    def blind(self, op):
        return op.f != "read"


class AppendsAreBlind(KeyValue):
    def blind(self, op):
        return op.f != "get"


class ForgetsTooEarly(CasRegister):
    def observed(self, ops):
        return super().observed([op for op in ops if op.f == "read"])


class ForgetsFailures(CasRegister):
    def step(self, state, op):
        return state if op.result is False else super().step(state, op)


class TakesAnything(Queue):
    def step(self, state, op):
        if op.f == "dequeue" and op.result in state:
            return tuple(value for value in state if value != op.result)
        return super().step(state, op)


@pytest.mark.parametrize(
    ("name", "model"),
    [
        ("register", WritesReadOnly()),
        ("cas-register", CasIsBlind()),
        ("kv", AppendsAreBlind()),
        ("cas-register", ForgetsTooEarly()),
        ("cas-register", ForgetsFailures()),
        ("queue", TakesAnything()),
    ],
)
def test_a_wrong_model_or_hint_is_caught(name, model):
    assert disagrees(name, model)


def test_hiding_writes_for_good_is_caught(monkeypatch):
    original = Search._close

    def close(self, bit, now, origins):
        passed = original(self, bit, now, origins)
        return {(s, d, u | (d & self._writes), p) for s, d, u, p in passed}

    monkeypatch.setattr(Search, "_close", close)
    assert disagrees("register")


def test_unlimited_unknown_operations_are_caught(monkeypatch):
    original = Search._add_unknown

    def add(self, op, row):
        original(self, op, row)
        self._kinds[op.f, op.argument][1] += 1

    monkeypatch.setattr(Search, "_add_unknown", add)
    assert disagrees("counter")


def test_a_wrong_dominance_is_caught(monkeypatch):
    def greediest(self, configurations):
        best = {}
        for *key, spent in configurations:
            best[tuple(key)] = max(best.get(tuple(key), 0), spent)
        return {(*key, spent) for key, spent in best.items()}

    monkeypatch.setattr(Search, "_undominated", greediest)
    assert disagrees("cas-register", crashes=0.6, count=12) or disagrees("counter", crashes=0.6, count=12)


def test_a_search_that_returns_too_early_is_caught(monkeypatch):
    def timeline(ops):
        return sorted(
            [(op.call, False, op) for op in ops] + [(op.ret, True, op) for op in ops if op.known and op.ret % 5],
            key=lambda event: event[0],
        )

    monkeypatch.setattr(configurations, "timeline", timeline)
    assert disagrees("register")


def test_a_queue_without_its_order_is_caught(monkeypatch):
    monkeypatch.setattr(queues, "_order", lambda *_: None)
    monkeypatch.setattr(checker_histories, "VALUES", 40)

    def judge(ops):
        answer = queues.check_queue(ops)
        return answer is None if not isinstance(answer, queues.Inapplicable) else linearizable(Queue(), ops)

    assert disagrees("queue", judge=judge)


@pytest.mark.parametrize(
    ("name", "where", "part"),
    [
        ("queue", queues, "_twice"),
        ("queue", queues, "_left_behind"),
        ("queue", queues, "_empties"),
        ("log", logs, "_lengths"),
        ("log", logs._Book, "_agree"),
        ("log", logs._Book, "explain"),
        ("log", logs._Book, "fill"),
        ("set", sets, "in_order"),
        ("set", sets, "_apart"),
        ("register", registers, "_clash"),
    ],
)
def test_a_polynomial_judge_without_one_of_its_conditions_is_caught(name, where, part, monkeypatch):
    monkeypatch.setattr(where, part, lambda *_: None)
    if name == "set":
        monkeypatch.setitem(checker_histories.ACTS, "set", (checker_histories.ACTS["set"][0], ["add", "add", "read"]))
    if name != "log":
        monkeypatch.setattr(checker_histories, "VALUES", 30)
    check = POLYNOMIAL[type(load_model(name))][1]
    model = load_model(name)

    def judge(ops):
        answer = check(ops, model.initial)
        return linearizable(model, ops) if isinstance(answer, Inapplicable) else answer is None

    assert disagrees(name, judge=judge)


def test_the_judges_as_they_are_do_not_disagree():
    assert not disagrees("cas-register", most=500)
    assert not disagrees("queue", most=500)
