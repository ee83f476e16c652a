"""Every fast judge against the exhaustive one, on small random histories with crashes, repeated values and first states.

A share of the histories is correct by construction, the others have answers changed. What the fast judge says must be what
the exhaustive one says; an order it gives must be one; a witness must be broken, minimal and confirmed.
"""

import itertools
import os
import random

import pytest

from support import checker_histories
from support.checker_histories import FIRST, random_history
from tautolog_checkers.linearizability import logs, queues, registers, sets
from tautolog_checkers.linearizability.certificate import confirm, linearization
from tautolog_checkers.linearizability.configurations import search
from tautolog_checkers.linearizability.conflicts import Inapplicable
from tautolog_checkers.linearizability.exhaustive import linearizable
from tautolog_checkers.linearizability.greedy import greedy_order
from tautolog_checkers.linearizability.limits import Budget
from tautolog_checkers.linearizability.models import MODELS, adapt, load_model
from tautolog_checkers.linearizability.models.base import Model
from tautolog_checkers.linearizability.models.queue import EMPTY
from tautolog_checkers.linearizability.operations import FOREVER, UNKNOWN, Op
from tautolog_checkers.linearizability.orders import BUILDERS
from tautolog_checkers.linearizability.portfolio import decide
from tautolog_checkers.linearizability.witness import confirmed, minimal_witness

SEARCHED = 1000  # histories of each of ten models that the search decides in every run
EACH = 300  # histories of each of them for orders and witnesses
NIGHTLY = 11_000
POLYNOMIAL_EACH = 2000  # histories that each polynomial judge decides in every run; fifty times as many in the night
SHARES = (0, 0.15, 0.4)
POLYNOMIAL_NAMES = {"queue": queues.NAME, "log": logs.NAME, "set": sets.NAME, "register": registers.NAME}
POLYNOMIAL = {
    "queue": queues.check_queue,
    "log": logs.check_log,
    "set": sets.check_set,
    "register": registers.check_register,
}


def histories(name, model, count, salt=""):
    for seed in range(count):
        chance = random.Random(f"{name}{salt}{seed}")
        first = chance.choice(FIRST[name])
        ops = random_history(chance, name, first, crashes=chance.choice(SHARES))
        yield seed, [op for op in ops if op.known or not model.readonly(op)], first


def agree(name, count, salt=""):
    model = load_model(name)
    plain = bare(model)
    answers = {True: 0, False: 0}
    for seed, ops, first in histories(name, model, count, salt):
        truth = linearizable(model, ops, first)
        answers[truth] += 1
        assert (search(model, ops, first)[0] is None) is truth, (name, salt, seed, first, ops)
        assert decide(model, ops, first).broken is not truth, (name, salt, seed, first, ops)
        if seed % 4 == 0:
            assert (search(plain, ops, first)[0] is None) is truth, ("without hints", name, salt, seed, first, ops)
    return answers


def bare(model):
    """The same model with nothing but its `step`."""

    class Bare:
        initial = model.initial

        def step(self, state, op):
            return model.step(state, op)

    adapted = adapt(Bare())
    assert type(adapted) is Model
    return adapted


@pytest.mark.parametrize("name", MODELS)
def test_the_search_agrees_with_the_exhaustive_judge(name):
    answers = agree(name, SEARCHED)
    assert answers[True] > SEARCHED / 4
    assert answers[False] > SEARCHED / 100


@pytest.mark.parametrize("unknown", [False, True])
@pytest.mark.parametrize("name", ["register", "cas-register", "kv"])
def test_a_write_takes_effect_once_whatever_else_is_open(name, unknown):
    write, read = ("put", "get") if name == "kv" else ("write", "read")
    ops = [Op(0, write, "a", None, 0, 90), Op(1, write, "b", None, 1, 91)]
    ops += [Op(2, write, "c", UNKNOWN, 2, FOREVER)] * unknown
    seen = ["a", "b", "c", "a"]
    reads = [Op(3 + n, read, None, value, 10 + 2 * n, 11 + 2 * n) for n, value in enumerate(seen)]
    model = load_model(name)
    for count in range(len(seen) + 1):
        truth = count < (4 if unknown else 3)
        assert linearizable(model, ops + reads[:count]) is truth
        assert (search(model, ops + reads[:count])[0] is None) is truth


@pytest.mark.nightly
@pytest.mark.parametrize("name", MODELS)
def test_the_search_agrees_on_very_many(name):
    count = int(os.environ.get("TAUTOLOG_CHECKER_HISTORIES", NIGHTLY))
    answers = agree(name, count, "nightly")
    assert min(answers.values()) > count / 100, answers


def polynomial_agrees(name, count, salt, monkeypatch):
    """A polynomial judge on `count` histories that it decides; how many of them hold, and how many do not."""
    model = load_model(name)
    applicable = {True: 0, False: 0}
    if name == "set":
        monkeypatch.setitem(checker_histories.ACTS, "set", (checker_histories.ACTS["set"][0], ["add", "add", "read"]))
    for seed in itertools.count():
        chance = random.Random(f"{name}{salt}{seed}")
        monkeypatch.setattr(checker_histories, "VALUES", chance.choice([3, 8, 30]))
        first = chance.choice(FIRST[name])
        ops = random_history(chance, name, first, crashes=chance.choice(SHARES))
        ops = [op for op in ops if op.known or not model.readonly(op)]
        answer = POLYNOMIAL[name](ops, first)
        if answer is None:
            order = list(BUILDERS[POLYNOMIAL_NAMES[name]](ops, first))
            assert confirm(model, order, ops, first) == "", (name, salt, seed, first, order, ops)
        if not isinstance(answer, Inapplicable):
            truth = linearizable(model, ops, first)
            applicable[truth] += 1
            assert (answer is None) is truth, (name, salt, seed, first, answer, ops)
            if sum(applicable.values()) == count:
                return applicable
    raise AssertionError


@pytest.mark.parametrize("name", POLYNOMIAL)
def test_polynomial_judges_agree(name, monkeypatch):
    applicable = polynomial_agrees(name, POLYNOMIAL_EACH, "", monkeypatch)
    assert min(applicable.values()) > POLYNOMIAL_EACH / 30, applicable


@pytest.mark.nightly
@pytest.mark.parametrize("name", POLYNOMIAL)
def test_polynomial_judges_agree_on_very_many(name, monkeypatch):
    applicable = polynomial_agrees(name, 50 * POLYNOMIAL_EACH, "nightly", monkeypatch)
    assert min(applicable.values()) > 50 * POLYNOMIAL_EACH / 30, applicable


@pytest.mark.parametrize("late", [False, True])
def test_a_queue_is_empty_between_two_neighbouring_instants(late):
    """The dequeue of one value begins right before the enqueue of the next one returns; `late`: right after it."""
    begins, returns = (5, 4) if late else (4, 5)
    ops = [
        Op(0, "enqueue", 1, None, 0, 1), Op(1, "enqueue", 2, None, 2, returns), Op(2, "dequeue", None, EMPTY, 3, 7),
        Op(3, "dequeue", None, 1, begins, 6),
    ]  # fmt: skip
    answer = queues.check_queue(ops)
    assert (answer is None) is linearizable(load_model("queue"), ops) is not late


@pytest.mark.parametrize("name", MODELS)
def test_an_order_is_found_and_confirmed_wherever_there_is_one(name):
    model = load_model(name)
    for seed, ops, first in histories(name, model, EACH // 2, "order"):
        order = linearization(model, ops, first)
        greedy = greedy_order(model, ops, first, 10_000)
        if linearizable(model, ops, first):
            assert confirm(model, order, ops, first) == "", (name, seed)
            assert confirm(model, greedy, ops, first) == "", (name, seed)
        else:
            assert order is None
            assert greedy is None


@pytest.mark.parametrize("name", MODELS)
def test_witnesses_are_broken_minimal_and_confirmed(name):
    model = load_model(name)
    for seed, ops, first in histories(name, model, EACH, "witness"):
        decision = decide(model, ops, first)
        if not decision.broken:
            continue
        found = minimal_witness(
            model, ops, first, culprit=decision.culprit, conflict=decision.conflict, budget=Budget()
        )
        kept = frozenset(op.index for op in found)
        assert not linearizable(model, forgetful(model, ops, kept), first), (name, seed, found)
        for index in kept:
            assert linearizable(model, forgetful(model, ops, kept - {index}), first), (name, seed, index, found)
        assert confirmed(model, ops, first, found), (name, seed)


def forgetful(model, ops, kept):
    """The history in which only some operations keep their answers, by the definition and nothing else."""
    listed = [op if op.index in kept else op.forget() for op in ops]
    return [op for op in listed if op.known or not model.readonly(op)]


def test_confirm_tells_what_is_wrong_with_an_order():
    model = load_model("register")
    ops = next(ops for _, ops, _ in histories("register", model, 99) if len(ops) > 4 and linearizable(model, ops))
    order = linearization(model, ops)
    assert "missing" in confirm(model, [op for op in order if op is not next(o for o in order if o.known)], ops)
    assert "twice" in confirm(model, [*order, order[0]], ops)
    assert confirm(model, order[::-1], ops) != ""
