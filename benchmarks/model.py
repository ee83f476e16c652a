"""The engines on the models: proofs, states a second, trace events a second.

    .venv/bin/python -m benchmarks.model

One process, CPU seconds, one line a figure, with its target where it has one.
"""

import time

from tautolog_checkers.model.conform.traces import emit, parse_trace
from tautolog_checkers.model.conform.validate import Validator
from tautolog_checkers.model.explore.compiled import Compiled
from tautolog_checkers.model.explore.ground import Ground
from tautolog_checkers.model.explore.search import explore
from tautolog_checkers.model.explore.walk import random_walk
from tautolog_checkers.model.prove.obligations import prove
from tautolog_spec.models import MODULES, load

WALKS, STEPS = 20, 80


def proofs():
    total = 0.0
    asked = failed = 0
    for name in MODULES:
        if load(name).proved:
            begun = time.process_time()
            proof = prove(load(name))
            seconds = time.process_time() - begun
            total += seconds
            asked += len(proof.results)
            failed += len(proof.failed)
            print(
                f"prove {name}: {len(proof.results)} obligations, {len(proof.failed)} failed, "
                f"{seconds:.1f} s, worst {proof.worst:.2f} s"
            )
    print(f"prove all: {asked} obligations, {failed} failed, {total:.1f} s of one core (target: < 120 s on two)")


def states():
    for epochs in (1, 2):
        bounds = {"Replica": 3, "LogSize": 2, "MaxRecords": 2, "MaxLeaderEpoch": epochs}
        model = load("kip-320")
        begun = time.process_time()
        Compiled(Ground(model, model.sizes(bounds)))
        compiled = time.process_time()
        found = explore(model, bounds)
        rate = found.distinct / (time.process_time() - compiled - (compiled - begun))
        print(f"explore kip-320, {epochs + 1} epochs: {found.distinct:,} states, {rate:,.0f}/s (target: 60,000/s)")


def events():
    for name in MODULES:
        model = load(name)
        known = sorted(model.configurations, key=lambda one: one.distinct)
        bounds = dict(known[0].bounds) if known else dict.fromkeys(model.bound_names(), 2)
        walks = [random_walk(model, bounds, steps=STEPS, seed=seed) for seed in range(WALKS)]
        traces = [parse_trace(emit(name, bounds, walk, states=True)) for walk in walks]
        begun = time.process_time()
        accepted = 0
        validator = Validator(model, bounds)
        for trace in traces:
            validator.states = {validator.ground.initial}
            verdict = validator.run(trace)
            assert verdict.verdict == "holds"
            accepted += verdict.events
        seconds = time.process_time() - begun
        print(f"conform {name}: {accepted} events, {accepted / seconds:,.0f}/s (target: 500/s)")


if __name__ == "__main__":
    states()
    events()
    proofs()
