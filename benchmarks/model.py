"""The engines on the models: proofs, states a second, trace events a second.

    .venv/bin/python benchmarks/model.py

One process, one line a figure, with its target where it has one.
"""

import time

from tautolog_checkers.model.conform.traces import emit, parse_trace
from tautolog_checkers.model.conform.validate import Validator
from tautolog_checkers.model.explore.search import explore
from tautolog_checkers.model.explore.walk import random_walk
from tautolog_checkers.model.prove.obligations import prove
from tautolog_spec.models import MODULES, load

WALKS, STEPS = 20, 80


def main():
    total = 0.0
    for name in MODULES:
        if load(name).proved:
            proof = prove(load(name))
            total += proof.seconds
            print(
                f"prove {name}: {len(proof.results)} obligations, {len(proof.failed)} failed, "
                f"{proof.seconds:.1f} s, worst {proof.worst:.2f} s"
            )
    print(f"prove all: {total:.1f} s (target: < 120 s)")
    for epochs in (1, 2):
        bounds = {"Replica": 3, "LogSize": 2, "MaxRecords": 2, "MaxLeaderEpoch": epochs}
        found = explore(load("kip-320"), bounds)
        rate = found.distinct / found.seconds
        print(f"explore kip-320, {epochs + 1} epochs: {found.distinct:,} states, {rate:,.0f}/s (target: 60,000/s)")
    bounds = {"Replica": 3, "Epoch": 3, "Offset": 3}
    model = load("replication")
    walks = [random_walk(model, bounds, steps=STEPS, seed=seed) for seed in range(WALKS)]
    traces = [parse_trace(emit("replication", bounds, walk, states=True)) for walk in walks]
    begun = time.perf_counter()
    events = 0
    validator = Validator(model, bounds)
    for trace in traces:
        validator.states = {validator.ground.initial}
        verdict = validator.run(trace)
        assert verdict.verdict == "holds"
        events += verdict.events
    seconds = time.perf_counter() - begun
    print(f"conform replication: {events} events, {events / seconds:,.0f}/s (target: 500/s)")


if __name__ == "__main__":
    main()
