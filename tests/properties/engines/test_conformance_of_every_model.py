"""Every model: what it emits conforms, with holes and without; what it cannot have done is rejected at that very line."""

import json
import random

import pytest

from tautolog_checkers.model.conform.traces import emit, parse_trace
from tautolog_checkers.model.conform.validate import Validator
from tautolog_checkers.model.explore.compiled import Compiled
from tautolog_checkers.model.explore.ground import Ground
from tautolog_checkers.model.explore.walk import random_walk
from tautolog_spec.language.relations import Kind
from tautolog_spec.models import MODULES, load

STEPS, SEEDS = 12, (1, 2, 3)


def smallest(model):
    """The bounds of the model's smallest configuration, or two of everything."""
    if not model.configurations:
        return dict.fromkeys(model.bound_names(), 2)
    return dict(min(model.configurations, key=lambda one: (one.nightly, one.distinct)).bounds)


def with_holes(lines, chance):
    """The same trace as a poorer recorder would have written it; still a behaviour."""
    events = [json.loads(line) for line in lines]
    some = chance.randrange(1, len(events))
    forgotten = [dict(one) for one in events]
    for one in forgotten[1:]:
        one["values"] = {key: value for key, value in one["values"].items() if chance.random() < 0.7}
        one.pop("chosen", None)
    yield forgotten
    yield [*events[:some], {"hidden": 1}, *events[some + 1 :]]
    if len(events) > 2:
        first = chance.randrange(1, len(events) - 1)
        bare = [{key: value for key, value in one.items() if key != "state"} for one in events]
        late, early = ({**bare[first + n], "node": f"node-{n}", "time": 7} for n in (1, 0))
        yield [*bare[:first], late, early, *bare[first + 2 :]]


def judge(validator, lines):
    validator.states = {validator.ground.initial}
    return validator.run(parse_trace(lines))


def mutations(model, bounds, lines, chance):
    """One line changed in one way: another action, another parameter, another fact, or a line left out. (number, lines)."""
    number = chance.randrange(1, len(lines))
    event = json.loads(lines[number])
    sizes = model.sizes(bounds)

    def put(changed):
        return number, [*lines[:number], json.dumps(changed), *lines[number + 1 :]]

    kept = [one for one in model.relations if one.kind in {Kind.STATE, Kind.GHOST}]
    relation = chance.choice([one for one in kept if all(sizes[sort.name] for sort in one.sorts)])
    row = [chance.randrange(sizes[sort.name]) for sort in relation.sorts]
    rows = event["state"].get(relation.name, [])
    other = [one for one in rows if one != row] if row in rows else [*rows, row]
    yield put({**event, "state": {**event["state"], relation.name: other}})
    yield put({**event, "action": chance.choice([act.name for act in model.actions]), "values": {}, "chosen": {}})
    if event["values"]:
        name = chance.choice(sorted(event["values"]))
        sort = next(one.sort.name for one in model.action(event["action"]).parameters if one.name == name)
        yield put({**event, "values": {**event["values"], name: chance.randrange(sizes[sort])}})
    yield number, lines[:number] + lines[number + 1 :]


@pytest.mark.parametrize("name", MODULES)
def test_what_is_emitted_conforms_and_what_is_mutated_is_rejected_at_its_line(name):
    model = load(name).without()
    bounds = smallest(model)
    validator = Validator(model, bounds)
    steps = possible(model, bounds)
    rejected = 0
    for seed in SEEDS:
        chance = random.Random(seed)
        walk = random_walk(model, bounds, steps=STEPS, seed=seed)
        lines = emit(name, bounds, walk, states=True)
        assert judge(validator, lines).verdict == "holds"
        assert judge(validator, emit(name, bounds, walk)).verdict == "holds"
        for poorer in with_holes(lines, chance) if len(walk) else ():
            found = judge(validator, list(map(json.dumps, poorer)))
            assert (found.verdict, found.reason) == ("holds", "")
        for number, mutant in mutations(model, bounds, lines, chance) if len(walk) else ():
            found = judge(validator, mutant)
            wanted = first_impossible(validator.ground, steps, mutant)
            assert (found.verdict, found.line) == (("violated", wanted) if wanted else ("holds", 0)), mutant[number:]
            assert bool(found.reason) is bool(wanted)
            assert not wanted or wanted > number
            rejected += bool(wanted)
    assert rejected >= len(SEEDS)


def possible(model, bounds):
    """From a state to all events and states that follow, by the explorer and not by the validator."""
    compiled = Compiled(Ground(model, model.sizes(bounds)))

    def steps(state):
        return [(compiled.instances[label].event, after) for label, after in compiled.successors(state)]

    return steps


def first_impossible(ground, steps, lines):
    """The line at which nothing that the explorer can do fits; 0 if all fit."""
    kept = [one.name for one in ground.model.relations if one.kind in {Kind.STATE, Kind.GHOST}]
    states = {ground.initial}
    for number, line in enumerate(lines[1:], 2):
        event = json.loads(line)
        fitting = {
            after
            for state in states
            for one, after in steps(state)
            if one.action == event["action"] and all(one.values[key] == value for key, value in event["values"].items())
        }
        states = {state for state in fitting if agrees(ground.decode(state), event["state"], kept)}
        if not states:
            return number
    return 0


def agrees(state, seen, kept):
    return all(
        {tuple(row) for row in rows} == set(state.facts.get(name, ())) for name, rows in seen.items() if name in kept
    )
