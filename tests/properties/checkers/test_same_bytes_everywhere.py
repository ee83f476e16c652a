"""Same input, same bytes: verdicts, pages, traces and proof files do not depend on how Python hashes."""

import os
import subprocess
import sys

JUDGED = """
import random
from support.checker_histories import random_history
from support.kafka_histories import correct_history, mutated
from tautolog_checkers import check_history
from tautolog_checkers.history.events import as_history
from tautolog_checkers.linearizability.judge import describe
from tautolog_checkers.linearizability.models import MODELS, load_model
from tautolog_checkers.linearizability.portfolio import decide
from tautolog_checkers.report.page import render_page

def worded(value):
    # the same with texts for numbers: of these Python hashes depend on nothing
    if isinstance(value, list) and len(value) == 2 and all(isinstance(one, int) for one in value):
        return [value[0], f"value {value[1]}"]
    if isinstance(value, list) and len(value) == 3 and value[0] == "send" and isinstance(value[2], int):
        return ["send", value[1], f"value {value[2]}"]
    if isinstance(value, dict):
        return {key: worded(one) for key, one in value.items()}
    return [worded(one) for one in value] if isinstance(value, list) else value


def at_one_offset():
    told = [("send", [["send", "x", one]], [["send", "x", [0, one]]]) for one in "abcdef"]
    told += [("send", [["send", "x", "z"]], [["send", "x", [1, "z"]]]), ("poll", [["poll"]], [["poll", {"x": [[1, "z"]]}]])]
    for f, *values in told:
        yield from ({"process": 0, "type": kind, "f": f, "value": one} for kind, one in zip(("invoke", "ok"), values))


def histories():
    yield at_one_offset()
    for seed in range(400):
        chance = random.Random(f"sends {seed}")
        events = mutated(chance, correct_history(chance))
        yield ({**event, "value": worded(event["value"])} for event in events)


for seed, events in enumerate(histories()):
    history = as_history(events)
    verdict = check_history(history, "forbid=G-single+G2+fractured-read", ww_edges=True)
    told = {name: value for name, value in verdict.as_json().items() if "seconds" not in name}
    print(seed, told, [str(one) for found in verdict.findings.values() for one in found])
    if seed % 20 == 0:
        print(render_page(history, verdict))
for name in MODELS:
    model = load_model(name)
    for seed in range(60):
        ops = random_history(random.Random(f"{name}{seed}"), name, model.initial, crashes=0.2)
        found = decide(model, [op for op in ops if op.known or not model.readonly(op)], model.initial)
        print(name, seed, found.algorithm, found.culprit and describe(found.culprit), found.conflict, found.stuck)
"""

MODELLED = """
from tautolog_checkers.model.conform.traces import emit
from tautolog_checkers.model.essay import essay
from tautolog_checkers.model.explore.liveness import check_liveness
from tautolog_checkers.model.explore.search import explore
from tautolog_checkers.model.explore.walk import random_walk
from tautolog_checkers.model.picture import picture
from tautolog_checkers.model.prove.obligations import Prover, obligations
from tautolog_checkers.model.prove.smtlib import smtlib
from tautolog_checkers.model.tables import cycle_lines, trace_lines
from tautolog_spec.bugs import MUSEUM
from tautolog_spec.models import load

BOUNDS = load("share").configurations[0].bounds
for bug in MUSEUM:
    if bug.fix in {"SHARE_ACKNOWLEDGED_BY_HOLDER", "ISR_MAXIMALITY", "DEDUP_LEASE", "KIP_966_UNCLEAN_SHUTDOWN"}:
        broken = load(bug.model).without(bug.fix)
        found = explore(broken, bug.bounds)
        print(found.broken, trace_lines(broken, found.trace), emit(bug.model, bug.bounds, found.trace, states=True))
        print(picture(broken, found.trace, found.broken))
        prover = Prover(broken)
        failing = next(one for one in obligations(prover.model) if str(one) == bug.obligation)
        print(smtlib(prover, failing), prover.check(failing).lines)
    elif bug.fix == "KAFKA_19476_TIMER_CANCELLED":
        broken = load(bug.model).without(bug.fix)
        for promise in broken.liveness:
            cycle = check_liveness(broken, bug.bounds, promise).cycle
            print(cycle and cycle_lines(broken, cycle.way, cycle.around))
print(essay(load("groups"), None), emit("share", BOUNDS, random_walk(load("share"), BOUNDS, steps=40, seed=1), states=True))
"""


def said(script, seed):
    environment = {**os.environ, "PYTHONHASHSEED": str(seed)}
    environment["PYTHONPATH"] = os.pathsep.join(sys.path)
    run = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr[-2000:]
    return run.stdout.splitlines()


def test_judges():
    assert said(JUDGED, 1) == said(JUDGED, 4242)


def test_engines():
    assert said(MODELLED, 1) == said(MODELLED, 4242)
