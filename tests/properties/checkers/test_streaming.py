"""The stream says at every event what the batch says of that beginning; kept and taken up anywhere, it goes on alike."""

import json
import random

import pytest

from support.checker_histories import random_history
from tautolog_checkers import Outcome
from tautolog_checkers.history.events import Event
from tautolog_checkers.linearizability.exhaustive import linearizable
from tautolog_checkers.linearizability.models import MODELS, load_model
from tautolog_checkers.linearizability.models.base import ShapeError
from tautolog_checkers.linearizability.models.queue import EMPTY
from tautolog_checkers.linearizability.operations import FOREVER
from tautolog_checkers.linearizability.stream import Stream


def as_events(name, ops):
    """Operations as events; each has a process of its own."""
    listed = []
    for op in ops:
        asked, told = values(name, op)
        listed.append((op.call, Event(op.index * 2, op.index, "invoke", op.f, asked, None, extra(name))))
        if op.ret != FOREVER:
            listed.append((op.ret, completion(name, op, told)))
    return [event for _, event in sorted(listed, key=lambda entry: entry[0])]


def extra(name):
    return {"key": "k"} if name == "kv" else None


def completion(name, op, told):
    if op.f == "cas" and op.result is False:
        return Event(op.index * 2 + 1, op.index, "fail", "cas", list(op.argument), None, {"failed": "observed"})
    return Event(op.index * 2 + 1, op.index, "ok", op.f, told, None, extra(name))


def values(name, op):
    if name == "multi-register":
        known = op.known
        return [list(step) for step in op.argument], [list(step) for step in op.result] if known else None
    if op.f == "cas":
        return list(op.argument), list(op.argument)
    if name == "log":
        if op.f == "append":
            return op.argument, [op.result, op.argument]
        told = {"from": op.argument, "values": list(op.result[0]), "end": op.result[1]} if op.known else None
        return {"from": op.argument}, told
    if not op.known:
        return op.argument, None
    told = None if op.result == EMPTY else sorted(op.result) if isinstance(op.result, frozenset) else op.result
    return op.argument, op.argument if told is None and op.argument is not None else told


@pytest.mark.parametrize("name", MODELS)
def test_every_beginning_is_judged_as_in_batch(name):
    model = load_model(name)
    violated = 0
    for seed in range(120):
        chance = random.Random(f"{name}stream{seed}")
        ops = random_history(chance, name, model.initial, crashes=chance.choice((0, 0.2)), most=8)
        stream = Stream(model)
        keep_at = chance.randrange(2 * len(ops) + 1)
        for number, event in enumerate(as_events(name, ops)):
            if number == keep_at:
                stream = Stream.resume(model, json.loads(json.dumps(stream.checkpoint())))
            told = stream.feed(event)
            past = [op for op in ops if op.call <= clock(ops, number)]
            past = [op if op.ret <= clock(ops, number) else op.forget() for op in past]
            past = [op for op in past if op.known or not model.readonly(op)]
            truth = linearizable(model, past)
            assert (told is Outcome.HOLDS) is truth, (name, seed, number, ops)
            if not truth:
                violated += 1
                break
    assert violated or name == "mutex"


@pytest.mark.parametrize(
    ("begun", "ended", "words"),
    [
        (None, "read", "an invocation by process 0"),
        ("write", "read", "the completion of 'write'"),
        ("frob", None, "one of read, write"),
    ],
)
def test_what_the_batch_refuses_the_stream_refuses(begun, ended, words):
    stream = Stream(load_model("register"))
    *listed, last = [Event(n, 0, kind, f, 1) for n, (kind, f) in enumerate([("invoke", begun), ("ok", ended)]) if f]
    for event in listed:
        stream.feed(event)
    with pytest.raises(ShapeError, match=words):
        stream.feed(last)


@pytest.mark.parametrize(("ended", "holds"), [("fail", False), ("info", True), (None, True)])
def test_what_failed_did_not_happen_and_what_is_unknown_may_have(ended, holds):
    stream = Stream(load_model("register"))
    listed = [Event(0, 0, "invoke", "write", 1), Event(1, 0, ended, "write", 1), Event(2, 1, "invoke", "read", None)]
    for event in [event for event in listed if event.type]:
        stream.feed(event)
    assert (stream.feed(Event(3, 1, "ok", "read", 1)) is Outcome.HOLDS) is holds


def test_an_index_that_is_in_use_is_refused():
    stream = Stream(load_model("register"))
    stream.feed(Event(0, 0, "invoke", "write", 1))
    with pytest.raises(ShapeError, match="an index that no event before has"):
        stream.feed(Event(0, 1, "invoke", "write", 2))


@pytest.mark.parametrize(
    "value", [None, 1.5, True, [1, {"a": [2]}], (1, 2), frozenset({1, (2,)}), {1: {"x": 2}}, {"1": 2}]
)
def test_every_value_that_a_reader_gives_survives_a_checkpoint(value):
    model = load_model("register")
    stream = Stream(model, 0)
    stream.feed(Event(0, 0, "invoke", "write", value))
    stream.feed(Event(1, 1, "invoke", "read", None))
    stream = Stream.resume(model, json.loads(json.dumps(stream.checkpoint())))
    assert stream.feed(Event(2, 0, "ok", "write", value)) is Outcome.HOLDS
    assert stream.feed(Event(3, 1, "ok", "read", value)) is Outcome.HOLDS
    stream.feed(Event(4, 1, "invoke", "read", None))
    assert stream.feed(Event(5, 1, "ok", "read", 7)) is Outcome.VIOLATED


def clock(ops, number):
    """The instant of an event, counted over calls and returns."""
    return sorted([op.call for op in ops] + [op.ret for op in ops if op.ret != FOREVER])[number]
