"""G0 and G1c, with their process and realtime variants: transactions that must each come before the other.

* G0: a cycle of write order alone (ww). Normal in Kafka, where the writes of transactions interleave.
* G1c: a cycle with at least one transaction that polled what another sent (wr).
* -process: a cycle that also needs the order of one process; -realtime: one that also needs that an operation had
  succeeded before another began. Reported where the plain class is not found.

Counted by presence. Each comes with a shortest cycle and the reason of every edge.

How: the plain classes are strongly connected components. For the variants no realtime edge is ever built: if the
dependencies alone are free of cycles, there is a cycle through realtime edges exactly if some successful operation ended
before one of its ancestors began, so the latest beginning among the ancestors is handed along the dependencies.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

from tautolog_checkers.graph.components import components
from tautolog_checkers.graph.cycles import shortest_cycle, shortest_path
from tautolog_checkers.history.events import OK
from tautolog_checkers.kafka.dependencies import Dependencies, Edges
from tautolog_checkers.kafka.evidence import Evidence
from tautolog_checkers.kafka.reads_from import plain_read_cycle, read_too_early
from tautolog_checkers.verdict import Findings

G0, G1C = "G0", "G1c"
PROCESS, REALTIME = "-process", "-realtime"


def check(evidence: Evidence, findings: Findings) -> None:
    """All classes of cycles over ww and wr edges."""
    graph = Dependencies(evidence)
    if not evidence.ww_edges:
        cycle = plain_read_cycle(evidence, graph)
        if cycle is not None:
            _report(graph, findings, G1C, cycle)
            return
        if not read_too_early(evidence, graph):
            return
    if evidence.ww_edges:
        _search(graph, findings, graph.ww, G0)
        both = [wr + ww if wr and ww else wr or ww for wr, ww in zip(graph.wr, graph.ww, strict=True)]
        _search(graph, findings, both, G1C)
    else:
        _search(graph, findings, graph.wr, G1C)


def _search(graph: Dependencies, findings: Findings, edges: Edges, anomaly: str) -> None:
    """One class and its variants, in the graph of `edges`; G1c needs a wr edge on its cycle."""
    wanted = graph.wr if anomaly == G1C else edges
    order = components(edges)
    cycle = _plain(order, edges, wanted)
    if cycle is not None:
        _report(graph, findings, anomaly, cycle)
        return
    cycle = _realtime(graph, order, edges, wanted)
    if cycle is None:
        return
    _report(graph, findings, anomaly + REALTIME, cycle)
    process = graph.process_order()
    joined = [list({*one, *other}) if other else one for one, other in zip(edges, process, strict=True)]
    cycle = _plain(components(joined), joined, wanted)
    if cycle is not None:
        _report(graph, findings, anomaly + PROCESS, cycle)


def _plain(order: Iterable[list[int]], edges: Edges, wanted: Edges) -> list[int] | None:
    """A shortest cycle through some wanted edge, or None."""
    best: list[int] | None = None
    for component in order:
        if len(component) < 2:
            continue
        inside = set(component)
        if wanted is edges:
            found = shortest_cycle(edges.__getitem__, component)
            if found is not None and (best is None or len(found) < len(best)):
                best = found
            continue
        for source in component:
            for target in wanted[source]:
                if target in inside and (best is None or len(best) > 3):
                    limit = None if best is None else len(best) - 3
                    back = shortest_path(edges.__getitem__, target, source, limit)
                    if back is not None:
                        best = [source, *back]
    return best


def _realtime(graph: Dependencies, order: list[list[int]], edges: Edges, wanted: Edges) -> list[int] | None:
    """A cycle of dependencies closed by one realtime edge, or None.

    `begun[node]` is the latest (position, ancestor) over ancestors by any edges, `through[node]` over those whose path
    has a wanted edge.
    """
    transactions = graph.transactions
    calls = [transaction.call for transaction in transactions]
    begun = [(call, number) for number, call in enumerate(calls)]
    through = [(-1, -1)] * len(calls) if wanted is not edges else begun
    late: list[int] = []
    for component in reversed(order):
        if len(component) > 1:
            latest, latest_through = max(begun[node] for node in component), max(through[node] for node in component)
            for node in component:
                begun[node], through[node] = latest, latest_through
        for node in component:
            latest, latest_through = begun[node], through[node]
            if latest_through[0] > transactions[node].ret and transactions[node].type == OK:
                late.append(node)
            for after in edges[node]:
                begun[after] = max(begun[after], latest)
                through[after] = max(through[after], latest_through)
            if through is not begun:
                for after in wanted[node]:
                    through[after] = max(through[after], latest)
    best: list[int] | None = None
    for node in late[:64]:
        ancestor = through[node][1]
        path = shortest_path(edges.__getitem__, ancestor, node)
        if path is not None and (best is None or len(path) < len(best) - 1):
            best = [*path, ancestor]
    return best


def _report(graph: Dependencies, findings: Findings, anomaly: str, cycle: list[int]) -> None:
    steps = [graph.reason(source, target) for source, target in pairwise(cycle)]
    operations = tuple(graph.transactions[node].index for node in cycle[:-1])
    findings.add(anomaly, None, operations, "{}", "; ".join(steps))
