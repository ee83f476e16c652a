"""G0 and G1c, with their process and realtime variants: transactions that must each come before the other.

* G0: a cycle of write order alone (ww). Normal in Kafka, where the writes of transactions interleave.
* G1c: a cycle with at least one transaction that polled what another sent (wr).
* -process: a cycle that also needs the order of one process; -realtime: one that also needs that an operation had
  succeeded before another began. Reported where it is no plain one: in a strongly connected component without such.

Counted by presence. Each comes with a shortest cycle and the reason of every edge.

How: the plain classes are strongly connected components. Whether realtime edges close any cycle is told without building
them: if the dependencies alone are free of cycles, there is one exactly if some successful operation ended before one of its
ancestors began, so the latest beginning among the ancestors is handed along the dependencies. Only where there is one, the
realtime edges are built, as one thread through the beginnings in their order, and those of processes as one thread each.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from itertools import pairwise
from typing import Any

from tautolog_checkers.graph.components import components
from tautolog_checkers.graph.cycles import shortest_cycle, shortest_path
from tautolog_checkers.history.events import OK
from tautolog_checkers.kafka.dependencies import Dependencies, Edges
from tautolog_checkers.kafka.evidence import Evidence
from tautolog_checkers.kafka.reads_from import plain_read_cycle, read_too_early, surely_in_order
from tautolog_checkers.kafka.transactions import Transaction
from tautolog_checkers.verdict import Findings

G0, G1C = "G0", "G1c"
PROCESS, REALTIME = "-process", "-realtime"
LOOKED_AT = 64
"""How many edges of one component a shortest cycle through realtime edges is looked for from."""


def check(evidence: Evidence, findings: Findings) -> None:
    """All classes of cycles over ww and wr edges."""
    if not evidence.ww_edges:
        if surely_in_order(evidence):
            return
        graph = Dependencies(evidence)
        if plain_read_cycle(evidence, graph) is not None or read_too_early(evidence, graph):
            _search(graph, findings, graph.wr, G1C)
        return
    graph = Dependencies(evidence)
    _search(graph, findings, graph.ww, G0)
    both = [wr + ww if wr and ww else wr or ww for wr, ww in zip(graph.wr, graph.ww, strict=True)]
    _search(graph, findings, both, G1C)


def _search(graph: Dependencies, findings: Findings, edges: Edges, anomaly: str) -> None:
    """One class and its variants, in the graph of `edges`; G1c needs a wr edge on its cycle."""
    wanted = graph.wr if anomaly == G1C else edges
    order = components(edges)
    plain = _cyclic(order, wanted)
    cycle = _shortest(plain, edges, wanted)
    if cycle is not None:
        _report(graph, findings, anomaly, cycle)
    elif not _closed_by_time(graph.transactions, order, edges):
        return
    broken = {node for component in plain for node in component}
    woven = _Woven(edges, [_real_time(graph.transactions)])
    late = _cyclic(woven.components(), wanted)
    if not late:  # then process order closes none, either: it is part of real time
        return
    _report_woven(graph, findings, anomaly + REALTIME, woven, late, broken, wanted)
    woven = _Woven(edges, _processes(graph.transactions))
    mixed = _cyclic(woven.components(), wanted)
    _report_woven(graph, findings, anomaly + PROCESS, woven, mixed, broken, wanted)


def _report_woven(
    graph: Dependencies,
    findings: Findings,
    anomaly: str,
    woven: _Woven,
    cyclic: list[list[int]],
    broken: set[int],
    wanted: Edges,
) -> None:
    """A variant, where a component has no plain cycle."""
    cycle = woven.shortest([component for component in cyclic if broken.isdisjoint(component)], wanted)
    if cycle is not None:
        _report(graph, findings, anomaly, cycle)


def _cyclic(order: Iterable[list[int]], wanted: Edges) -> list[list[int]]:
    """The components that have a wanted edge inside: it lies on a cycle."""
    found = []
    for component in order:
        if len(component) > 1:
            inside = set(component)
            if any(target in inside for source in component for target in wanted[source]):
                found.append(component)
    return found


def _shortest(cyclic: list[list[int]], edges: Edges, wanted: Edges) -> list[int] | None:
    """A shortest cycle through some wanted edge, or None."""
    best: list[int] | None = None
    for component in cyclic:
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


def _closed_by_time(transactions: list[Transaction], order: list[list[int]], edges: Edges) -> bool:
    """Whether some successful operation ended before one of its ancestors began.

    `order` has every component after those that it leads into.
    """
    begun = [transaction.call for transaction in transactions]
    for component in reversed(order):
        latest = max([begun[node] for node in component])
        for node in component:
            if latest > transactions[node].ret and transactions[node].type == OK:
                return True
            for after in edges[node]:
                begun[after] = max(begun[after], latest)
    return False


Thread = list[tuple[int, list[int]]]
"""An order of operations: each with those that lead to it, and so to everything behind it on the thread."""


def _real_time(transactions: list[Transaction]) -> Thread:
    """The operations in the order of their beginnings, each with the successful ones that ended last before it."""
    begun = sorted(range(len(transactions)), key=lambda number: transactions[number].call)
    ended = sorted(range(len(transactions)), key=lambda number: transactions[number].ret)
    thread: Thread = [(number, []) for number in begun]
    knot = 0
    for number in ended:
        while knot < len(thread) and transactions[begun[knot]].call < transactions[number].ret:
            knot += 1
        if knot < len(thread) and transactions[number].type == OK:
            thread[knot][1].append(number)
    return thread


def _processes(transactions: list[Transaction]) -> list[Thread]:
    """The successful operations of each process, each with the one before."""
    threads: dict[Any, Thread] = {}
    for number, transaction in enumerate(transactions):
        if transaction.type == OK:
            thread = threads.setdefault(transaction.process, [])
            thread.append((number, [thread[-1][0]] if thread else []))
    return list(threads.values())


class _Woven:
    """Dependencies and orders of time in one graph whose size stays linear.

    Behind the operations come the knots of the threads, one for each operation on them: what leads to an operation leads
    to its knot, and a knot to its operation and to the next knot.
    """

    def __init__(self, edges: Edges, threads: list[Thread]) -> None:
        self._size = len(edges)
        self._successors: Edges = [list(targets) for targets in edges]
        for thread in threads:
            for number, before in thread:
                knot = len(self._successors)
                self._successors.append([number, knot + 1])
                for source in before:
                    self._successors[source].append(knot)
            if thread:
                self._successors[-1].pop()

    def components(self) -> list[list[int]]:
        """The strongly connected components, their operations only."""
        return [[node for node in component if node < self._size] for component in components(self._successors)]

    def shortest(self, cyclic: list[list[int]], wanted: Edges) -> list[int] | None:
        """A shortest cycle through one of the first wanted edges, its first node named at both ends."""
        best: list[int] | None = None
        for component in cyclic:
            inside = set(component)
            through = [(source, target) for source in component for target in wanted[source] if target in inside]
            for source, target in through[:LOOKED_AT]:
                back = self._path(target, source, len(best) - 2 if best is not None else None)
                if back is not None:
                    best = [source, *back]
        return best

    def _path(self, start: int, goal: int, most: int | None) -> list[int] | None:
        """A path of the fewest operations, fewer than `most`: knots cost nothing."""
        cost, before = {start: 1}, {start: start}
        line = deque([start])
        while line:
            node = line.popleft()
            if node == goal:
                path = [goal]
                while path[-1] != start:
                    path.append(before[path[-1]])
                return [node for node in reversed(path) if node < self._size]
            for after in self._successors[node]:
                spent = cost[node] + (after < self._size)
                if spent < cost.get(after, 1 << 60) and (most is None or spent <= most):
                    cost[after], before[after] = spent, node
                    if after < self._size:
                        line.append(after)
                    else:
                        line.appendleft(after)
        return None


def _report(graph: Dependencies, findings: Findings, anomaly: str, cycle: list[int]) -> None:
    kinds = (("wr", "ww") if anomaly.startswith(G1C) else ("ww",)) + (("time",) if "-" in anomaly else ())
    steps = [graph.reason(source, target, kinds) for source, target in pairwise(cycle)]
    operations = tuple(graph.transactions[node].index for node in cycle[:-1])
    findings.add(anomaly, None, operations, "{}", "; ".join(steps))
