"""G-single and G2: cycles through reads that missed a write.

An operation that polled up to some value must come before the sender of the value right behind it (rw). A cycle with one
such edge is G-single, one with several and none with one is G2. Kafka promises neither to be absent: two consumers may well
see two partitions in opposite orders. Counted by presence, in histories of up to `MOST` operations.
"""

from __future__ import annotations

from itertools import pairwise

from tautolog_checkers.graph.components import components
from tautolog_checkers.graph.cycles import shortest_cycle, shortest_path
from tautolog_checkers.history.events import OK
from tautolog_checkers.kafka.dependencies import Dependencies, Edges
from tautolog_checkers.kafka.evidence import Evidence
from tautolog_checkers.verdict import Findings

SINGLE, SEVERAL = "G-single", "G2"
MOST = 20_000
SEARCHES = 2_000
"""How many edges of one component are looked at for a cycle through it alone."""


def check(evidence: Evidence, findings: Findings) -> None:
    """Cycles over wr, ww (where asked for) and rw edges."""
    graph = Dependencies(evidence)
    if len(graph.transactions) > MOST:
        return
    missed = missed_writes(evidence, graph)
    other = [wr + ww for wr, ww in zip(graph.wr, graph.ww, strict=True)]
    every = [one + two for one, two in zip(other, missed, strict=True)]
    for component in components(every):
        if len(component) > 1:
            _search(graph, findings, component, missed, other, every)


def missed_writes(evidence: Evidence, graph: Dependencies) -> Edges:
    """From each successful reader to the senders of what stands right behind what it polled last."""
    numbers = {transaction.index: number for number, transaction in enumerate(graph.transactions)}
    edges: Edges = [[] for _ in graph.transactions]
    for number, reader in enumerate(graph.transactions):
        if reader.type != OK:
            continue
        for key, (_, values) in reader.reads.items():
            log = evidence.partitions[key]
            place = log.position.get(values[-1])
            if place is not None and place + 1 < len(log.values):
                writer = log.writers.get(log.values[place + 1])
                if writer is not None and writer is not reader:
                    edges[number].append(numbers[writer.index])
    return edges


def _search(
    graph: Dependencies, findings: Findings, component: list[int], missed: Edges, other: Edges, every: Edges
) -> None:
    inside = set(component)
    searches = 0
    for reader in component:
        for writer in missed[reader]:
            searches += 1
            if writer in inside and searches <= SEARCHES:
                path = shortest_path(lambda node: [n for n in other[node] if n in inside], writer, reader)
                if path is not None:
                    _report(graph, findings, SINGLE, [reader, *path])
                    return
    cycle = shortest_cycle(every.__getitem__, component[:SEARCHES])
    if cycle is not None and sum(b in missed[a] for a, b in pairwise(cycle)) > 1:
        _report(graph, findings, SEVERAL, cycle)


def _report(graph: Dependencies, findings: Findings, anomaly: str, cycle: list[int]) -> None:
    steps = []
    for source, target in pairwise(cycle):
        reason = graph.reason(source, target)
        if "(" not in reason:
            names = graph.transactions[source].index, graph.transactions[target].index
            reason = f"{names[0]} polled up to right before what {names[1]} sent (rw)"
        steps.append(reason)
    operations = tuple(graph.transactions[node].index for node in cycle[:-1])
    findings.add(anomaly, None, operations, "{}", "; ".join(steps))
