"""G-single and G2: cycles through reads that missed a write.

An operation that polled up to some value must come before the sender of the value right behind it (rw). A cycle with one
such edge is G-single; where there are cycles with such edges, but none with a single one, it is G2. Kafka promises neither
to be absent: two consumers may well see two partitions in opposite orders. Counted by presence, per strongly connected
component. Where a profile does not forbid them, they are looked for in histories of up to `MOST` operations, and a component
is searched for a cycle with a single rw edge no longer than `PATIENCE` steps.
"""

from __future__ import annotations

from itertools import pairwise

from tautolog_checkers.graph.components import components
from tautolog_checkers.graph.cycles import shortest_path
from tautolog_checkers.history.events import OK
from tautolog_checkers.kafka.dependencies import Dependencies, Edges
from tautolog_checkers.kafka.evidence import Evidence
from tautolog_checkers.verdict import Findings

SINGLE, SEVERAL = "G-single", "G2"
MOST = 20_000
PATIENCE = 2_000_000


def check(evidence: Evidence, findings: Findings) -> None:
    """Cycles over wr, ww (where asked for) and rw edges."""
    forbidden = not evidence.profile.forbidden.isdisjoint((SINGLE, SEVERAL))
    if len(evidence.decoded.transactions) > MOST and not forbidden:
        return
    graph = Dependencies(evidence)
    missed = missed_writes(evidence, graph)
    other = [wr + ww for wr, ww in zip(graph.wr, graph.ww, strict=True)]
    every = [one + two for one, two in zip(other, missed, strict=True)]
    shortest: dict[str, list[int]] = {}
    for component in components(every):
        if len(component) > 1:
            anomaly, cycle = SINGLE, _single(component, missed, other, None if forbidden else PATIENCE)
            if cycle is None:
                anomaly, cycle = SEVERAL, _several(component, missed, every)
            if cycle is not None and (anomaly not in shortest or len(cycle) < len(shortest[anomaly])):
                shortest[anomaly] = cycle
    for anomaly in sorted(shortest):
        _report(graph, findings, anomaly, shortest[anomaly])


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


def _single(component: list[int], missed: Edges, other: Edges, patience: int | None) -> list[int] | None:
    """A shortest cycle with one rw edge inside a component, its first node named at both ends, or None.

    For each sender that was missed one search says how far every node lies behind it without rw edges; patience counts the
    edges that were followed.
    """
    inside = set(component)
    missing: dict[int, list[int]] = {}
    for reader in component:
        for writer in missed[reader]:
            if writer in inside:
                missing.setdefault(writer, []).append(reader)
    best: list[int] | None = None
    steps = 0
    for writer, readers in missing.items():
        before, layer, wanted = {writer: writer}, [writer], set(readers)
        depth = 2
        while layer and (best is None or depth + 1 < len(best)):
            following = []
            for node in layer:
                steps += len(other[node])
                for after in other[node]:
                    if after in inside and after not in before:
                        before[after] = node
                        following.append(after)
            hit = next((node for node in following if node in wanted), None)
            depth += 1
            if hit is not None:
                best = [hit]
                while best[-1] != writer:
                    best.append(before[best[-1]])
                best = [hit, *reversed(best)]
                break
            layer = following
        if (best is not None and len(best) == 3) or (patience is not None and steps > patience):
            break
    return best


def _several(component: list[int], missed: Edges, every: Edges) -> list[int] | None:
    """A shortest cycle through some rw edge of a component that has one inside, or None."""
    inside = set(component)
    best: list[int] | None = None
    for reader in component:
        for writer in missed[reader]:
            if writer in inside and (best is None or len(best) > 4):
                limit = None if best is None else len(best) - 3
                path = shortest_path(lambda node: [n for n in every[node] if n in inside], writer, reader, limit)
                if path is not None:
                    best = [reader, *path]
    return best


def _report(graph: Dependencies, findings: Findings, anomaly: str, cycle: list[int]) -> None:
    """Both searches begin at a read that missed a write."""
    others = ("wr", "ww") if anomaly == SINGLE else ("wr", "ww", "rw")
    steps = [
        graph.reason(source, target, others if number else ("rw",))
        for number, (source, target) in enumerate(pairwise(cycle))
    ]
    operations = tuple(graph.transactions[node].index for node in cycle[:-1])
    findings.add(anomaly, None, operations, "{}", "; ".join(steps))
