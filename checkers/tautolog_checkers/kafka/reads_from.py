"""Cycles of reads alone, told without building the graph of all of them.

A cycle of wr edges passes only through operations that both sent and polled, so only these become nodes. Whether a realtime
edge closes a cycle is seen by handing along, value by value, the latest beginning among all operations that a value depends
on: a successful operation that ended before that closes one.
"""

from __future__ import annotations

from typing import Any

from tautolog_checkers.graph.components import components
from tautolog_checkers.graph.cycles import shortest_cycle
from tautolog_checkers.history.events import OK
from tautolog_checkers.kafka.dependencies import Dependencies
from tautolog_checkers.kafka.evidence import Evidence
from tautolog_checkers.kafka.transactions import Transaction


def plain_read_cycle(evidence: Evidence, graph: Dependencies) -> list[int] | None:
    """A shortest cycle of wr edges, as numbers of transactions; leaves the order of the others in `graph.mixed`."""
    mixed = [number for number, t in enumerate(graph.transactions) if t.reads and t.writes]
    sent: dict[Any, dict[Any, int]] = {}
    for place, number in enumerate(mixed):
        for key, pairs in graph.transactions[number].writes.items():
            values = sent.setdefault(key, {})
            writers = evidence.partitions[key].writers
            for _, value in pairs:
                if writers[value] is graph.transactions[number]:
                    values[value] = place
    edges: list[list[int]] = [[] for _ in mixed]
    for place, number in enumerate(mixed):
        sources: set[int | None] = set()
        for key, (_, values_read) in graph.transactions[number].reads.items():
            if key in sent:
                sources.update(map(sent[key].get, values_read))
        for source in sources:
            if source is not None and source != place:
                edges[source].append(place)
    order = components(edges)
    cyclic = [component for component in order if len(component) > 1]
    graph.mixed = [mixed[place] for component in reversed(order) for place in component]
    if not cyclic:
        return None
    found = [shortest_cycle(edges.__getitem__, component) for component in cyclic]
    best = min((cycle for cycle in found if cycle is not None), key=len)
    return [mixed[place] for place in best]


def read_too_early(evidence: Evidence, graph: Dependencies) -> bool:
    """Whether some successful operation ended before something began that it depends on.

    Takes it that there is no plain cycle, and that `graph.mixed` is in the order of dependency.
    """
    latest: dict[Any, dict[Any, int]] = {}
    for transaction in graph.transactions:
        if transaction.writes and not transaction.reads:
            _note(evidence, latest, transaction, transaction.call)
    late = False
    for number in graph.mixed:
        transaction = graph.transactions[number]
        begun = max(transaction.call, _latest(latest, transaction))
        late = late or (transaction.type == OK and begun > transaction.ret)
        _note(evidence, latest, transaction, begun)
    return late or any(
        reader.type == OK and not reader.writes and reader.reads and _latest(latest, reader) > reader.ret
        for reader in graph.transactions
    )


def _note(evidence: Evidence, latest: dict[Any, dict[Any, int]], writer: Transaction, begun: int) -> None:
    for key, pairs in writer.writes.items():
        values = latest.get(key)
        if values is None:
            values = latest[key] = {}
        writers = evidence.partitions[key].writers
        for _, value in pairs:
            if writers[value] is writer:
                values[value] = begun


def _latest(latest: dict[Any, dict[Any, int]], reader: Transaction) -> int:
    """The latest beginning behind anything that an operation polled; -1 where nothing is known."""
    most = -1
    for key, (_, values) in reader.reads.items():
        known = latest.get(key)
        if known is None:
            continue
        try:
            begun = max(map(known.__getitem__, values))
        except KeyError:  # a value that nobody sent
            begun = max((known.get(value, -1) for value in values), default=-1)
        most = max(most, begun)
    return most
