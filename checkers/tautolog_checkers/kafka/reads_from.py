"""Cycles of reads alone, told without building the graph of all of them.

Most histories have none, which `surely_in_order` sees in one pass: it hands along, place by place, the latest beginning among
all operations that a record depends on, each sender before its readers. Where it meets a sender that waits for itself, an
operation that ended before something it depends on began, or a value whose place is unknown, it does not know, and the slower
ways below tell. A cycle of wr edges passes only through operations that both sent and polled, so only these become nodes. Whether a realtime
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
from tautolog_checkers.kafka.worker_events import NEVER

UNSETTLED = NEVER + 1
"""Stands at the places of records whose sender polled something itself and has not been looked at."""


def surely_in_order(evidence: Evidence) -> bool:
    """Whether there is surely no cycle of wr, process and realtime edges; False where that is not known."""
    begun = _beginnings(evidence)
    for transaction in evidence.decoded.transactions:
        reads = transaction.reads
        if not reads:
            continue
        if not transaction.writes and len(reads) == len(transaction.spans):  # most of them, and nobody waits for them
            most = max([max(begun[key][first : last + 1]) for key, (first, last) in transaction.spans.items()])
            if most <= transaction.ret:
                continue
        waiting = [transaction]
        while waiting:
            known, sender = _settle(evidence, begun, waiting[-1])
            if not known or any(sender is other for other in waiting):
                return False
            if sender is None:
                waiting.pop()
            else:
                waiting.append(sender)
    return True


def _beginnings(evidence: Evidence) -> dict[Any, list[int]]:
    """Key -> for each place the call of its sender, as far as that settles it; -1 where nobody sent it."""
    begun = {key: [-1] * len(log.values) for key, log in evidence.partitions.items()}
    for writer in evidence.decoded.transactions:
        if writer.writes:
            _place(evidence, begun, writer, UNSETTLED if writer.reads else writer.call)
    return begun


def _place(evidence: Evidence, begun: dict[Any, list[int]], writer: Transaction, beginning: int) -> None:
    for key, pairs in writer.writes.items():
        log = evidence.partitions[key]
        for _, value in pairs:
            place = log.position.get(value)
            if place is not None and log.writers[value] is writer:
                begun[key][place] = beginning


def _settle(evidence: Evidence, begun: dict[Any, list[int]], reader: Transaction) -> tuple[bool, Transaction | None]:
    """Whether all is well as far as is known, and a sender that has to be settled before, if there is one."""
    latest = reader.call
    for key, (_, values) in reader.reads.items():
        span = reader.spans.get(key)
        if span is not None:
            known = begun[key][span[0] : span[1] + 1]
        else:
            log = evidence.partitions[key]
            if any(value not in log.position and value in log.writers for value in values):
                return False, None
            known = [begun[key][log.position[value]] for value in values if value in log.position] or [-1]
        most = max(known)
        if most == UNSETTLED:
            log = evidence.partitions[key]
            places = [place for place in map(log.position.get, values) if place is not None]
            return True, next(log.writers[log.values[place]] for place in places if begun[key][place] == most)
        latest = max(latest, most)
    if reader.type == OK and latest > reader.ret:
        return False, None
    if reader.writes:
        _place(evidence, begun, reader, latest)
    return True, None


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
