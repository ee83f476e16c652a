"""What the page draws, as plain lists of small numbers: same history and verdict, same scene.

Positions are those of events in the history, so the horizontal axis is the order in which things happened, and no clock
appears. Columns are delta-coded and packed, and texts share what room there is, because a page of 100,000 operations has
to stay small.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import pairwise
from typing import Any

from tautolog_checkers.history.events import INVOKE, History, is_client
from tautolog_checkers.history.operations import Operation, pair
from tautolog_checkers.history.problems import HistoryError, Problems
from tautolog_checkers.kafka.evidence import Evidence
from tautolog_checkers.kafka.logs import Log
from tautolog_checkers.kafka.transactions import Transaction
from tautolog_checkers.report.columns import packed
from tautolog_checkers.report.words import abridged, cut, shortened, tell, text_of
from tautolog_checkers.verdict import Verdict

LABELS = 1_200_000
"""Bytes spent on the texts of operations; each gets its share, those that show an anomaly get what they need."""

VALUES = 900_000
"""Bytes spent on the values in partitions."""

SHORTEST = 6
"""Bytes that a value has to get; where there is less for each, none is told."""

NAMES = 400_000
"""Bytes spent on the names of processes, and on those of keys."""

MARKS = 400_000
"""Bytes spent on what happened to the system."""

RUNS = 600_000
"""How many pieces of partitions are drawn; of more, only those of every second, third, … operation, and the anomalies."""

CLAIMS = 100
"""How many contested offsets are told of one operation."""

NAMED = re.compile(r"(?:^|: |; )([0-9]+) [a-z]")
"""How the sentences about illegal next steps name operations."""

TYPES = ("ok", "fail", "info")


def build_scene(history: History, verdict: Verdict) -> dict[str, Any]:
    """The scene of one judged history."""
    operations = operations_of(history)
    number = {operation.index: place for place, operation in enumerate(operations)}
    processes = list(dict.fromkeys(operation.invoked.process for operation in operations))
    processes.sort(key=_naturally)
    functions = list(dict.fromkeys(operation.invoked.f for operation in operations))
    shown = {index for examples in verdict.findings.values() for finding in examples for index in finding.operations}
    shown.update(verdict.witness, verdict.supporting)
    rows = {process: row for row, process in enumerate(processes)}
    kinds = {f: kind for kind, f in enumerate(functions)}
    calls = [operation.call for operation in operations]
    scene: dict[str, Any] = {
        "size": len(history.events),
        "processes": _names(processes),
        "functions": functions,
        "call": packed(_deltas(calls)),
        "length": packed(-1 if operation.ret is None else operation.ret - operation.call for operation in operations),
        "process": packed(rows[operation.invoked.process] for operation in operations),
        "type": packed(TYPES.index(operation.type) for operation in operations),
        "function": packed(kinds[operation.invoked.f] for operation in operations),
        "witness": _numbers(verdict.witness, number),
        "supporting": _numbers(verdict.supporting, number),
        "order": packed(_deltas(_numbers(verdict.certificate, number))),
        "illegal": _numbers((int(name) for line in verdict.stuck for name in NAMED.findall(line)), number),
        **_lanes(history),
    }
    if [operation.index for operation in operations] != calls:
        scene["index"] = packed(_deltas([operation.index for operation in operations]))
    evidence = _evidence(history, verdict)
    partitions, every = ({}, 1) if evidence is None else _partitions(evidence, number, shown)
    places: dict[str, int] = {}
    if evidence is not None and partitions:
        scene["keys"] = _names(list(partitions))
        scene["partitions"] = list(partitions.values())
        scene["every"] = every
        scene["claims"] = _claims(evidence, list(partitions), number, shown)
        places = {str(key): place for place, key in enumerate(partitions)}
    elif len(verdict.partitions) > 1:
        scene["keys"] = _names(list(verdict.partitions))
        places = {str(key): place for place, key in enumerate(verdict.partitions)}
        scene["key"] = packed(places.get(str((op.invoked.extra or {}).get("key")), -1) for op in operations)
    scene["labels"] = _labels(operations, shown, few=bool(partitions))
    scene["classes"] = _classes(verdict, number, places)
    return scene


def _classes(verdict: Verdict, number: dict[int, int], places: dict[str, int]) -> list[dict[str, Any]]:
    """The classes found, each with examples: the sentence, the place of its key among all keys, the operations."""
    return [
        {
            "name": name,
            "count": verdict.anomalies[name],
            "forbidden": name in verdict.forbidden,
            "findings": [
                [abridged(found.text), places.get(str(found.key), -1), _numbers(found.operations, number)]
                for found in examples
            ],
        }
        for name, examples in verdict.findings.items()
    ]


def _naturally(process: Any) -> tuple[Any, ...]:
    """Numbers by size, then names, in which numbers go by size, too."""
    if not isinstance(process, str):
        return 0, process
    return (
        1,
        [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d{1,18})", process)],
        process,
    )


def _names(names: list[Any]) -> list[str]:
    """Names for people, each with its share of the room."""
    share = max(12, min(200, NAMES // max(1, len(names))))
    return [cut(str(name), share) for name in names]


def operations_of(history: History) -> list[Operation]:
    """The operations in the order of their beginnings, also where the reader was strict: the page shows what was judged."""
    lenient = History(history.events, Problems(history.problems.file, lenient=True), history.format)
    return sorted(pair(lenient), key=lambda operation: operation.call)


def _numbers(indexes: Iterable[int], number: dict[int, int]) -> list[int]:
    return [number[index] for index in indexes if index in number]


def _deltas(values: list[int]) -> list[int]:
    return values[:1] + [after - before for before, after in pairwise(values)]


def _lanes(history: History) -> dict[str, Any]:
    """What was done to the system, and what its parts said of themselves."""
    names: dict[str, int] = {}
    marks = []
    count = sum(not is_client(event.process) for event in history.events)
    share = max(8, min(80, MARKS // max(1, count)))
    for position, event in enumerate(history.events):
        if isinstance(event.process, str) and not is_client(event.process):
            lane = names.setdefault(event.process, len(names))
            text = event.f if event.value is None else f"{event.f} {cut(text_of(event.value), share)}"
            marks.append([lane, position, ("→ " if event.type == INVOKE else "") + text])
    return {"lanes": list(names), "marks": marks}


def _labels(operations: list[Operation], shown: set[int], *, few: bool) -> dict[str, str]:
    """Number of an operation -> what it asked and was told. With `few`, the page can tell most of it from the grid."""
    share = max(12, min(120, LABELS // max(1, len(operations))))
    labels = {}
    for number, operation in enumerate(operations):
        important = operation.index in shown
        if few and not important and operation.invoked.f in {"send", "poll", "txn"} and len(operations) > 20_000:
            continue
        labels[str(number)] = tell(operation, 400) if important else cut(tell(operation, share), share)
    return labels


def _evidence(history: History, verdict: Verdict) -> Evidence | None:
    """What a send/poll/txn history proves of its partitions; None for any other."""
    if verdict.model != "kafka":
        return None
    try:
        return Evidence(History(history.events, Problems(lenient=True))).arrange()
    except HistoryError:
        return None


def _claims(evidence: Evidence, keys: list[Any], number: dict[int, int], shown: set[int]) -> dict[str, list[list[Any]]]:
    """Operation -> [partition, offset, value] where it said something else of an offset than others did."""
    claims: dict[str, list[list[Any]]] = {}
    for transaction in evidence.decoded.transactions if shown else ():
        if transaction.index not in shown:
            continue
        told = [(key, offset, value) for key, pairs in transaction.writes.items() for offset, value in pairs]
        told += [(key, *pair) for key, pairs in transaction.reads.items() for pair in zip(*pairs, strict=True)]
        own = [
            [keys.index(key), offset, value if type(value) is int else shortened(text_of(value), 40)]
            for key, offset, value in told
            if offset in evidence.partitions[key].conflicts
        ]
        if own:
            claims[str(number[transaction.index])] = own[:CLAIMS]
    return claims


def _partitions(evidence: Evidence, number: dict[int, int], shown: set[int]) -> tuple[dict[Any, dict[str, Any]], int]:
    """Each partition of a send/poll/txn history: who sent and polled which offsets, and what stands there.

    Where that is too much, only what each second, third, … operation did; which it is comes second.
    """
    runs: dict[Any, list[tuple[int, int, int, int]]] = {key: [] for key in evidence.partitions}
    for transaction in evidence.decoded.transactions:
        _runs(transaction, number[transaction.index], evidence, runs)
    size = sum(len(log.slots) for log in evidence.partitions.values())
    limit = VALUES // max(1, size)
    every = -(-sum(map(len, runs.values())) // RUNS) or 1
    kept = {number[index] for index in shown if index in number}
    partitions = {}
    for key in sorted(runs, key=lambda key: (type(key).__name__, key)):
        log = evidence.partitions[key]
        lines = sorted(line for line in runs[key] if line[0] % every == 0 or line[0] in kept)
        partitions[key] = {
            "operation": packed(_deltas([line[0] for line in lines])),
            "offset": packed(_deltas([line[2] for line in lines])),
            "run": packed(2 * line[3] + line[1] for line in lines),
            "offsets": _spans(sorted(log.slots)) if limit >= SHORTEST else [],
            "values": _values(log, limit) if limit >= SHORTEST else [],
        }
    return partitions, every


def _runs(
    transaction: Transaction, number: int, evidence: Evidence, runs: dict[Any, list[tuple[int, int, int, int]]]
) -> None:
    """The offsets of one operation as runs: (operation, 0 sent or 1 polled, first offset, how many)."""
    for key, pairs in transaction.writes.items():
        log = evidence.partitions[key]
        sent = [offset if offset is not None else _where(log, value) for offset, value in pairs]
        runs[key].extend((number, 0, first, many) for first, many in _spans([o for o in sent if o is not None]))
    for key, (offsets, _) in transaction.reads.items():
        polled = [offset for offset in offsets if offset is not None]
        runs[key].extend((number, 1, first, many) for first, many in _spans(polled))


def _where(log: Log, value: Any) -> int | None:
    """Where a value whose send did not tell its offset turned up, if it did."""
    place = log.position.get(value)
    return None if place is None else log.offsets[place]


def _spans(offsets: list[int]) -> list[tuple[int, int]]:
    """Neighbouring offsets, in the order given, as (first, how many)."""
    spans: list[tuple[int, int]] = []
    for offset in offsets:
        if spans and offset == spans[-1][0] + spans[-1][1]:
            spans[-1] = (spans[-1][0], spans[-1][1] + 1)
        else:
            spans.append((offset, 1))
    return spans


def _values(log: Log, limit: int) -> list[Any]:
    """The values in the order of their offsets, each in at most `limit` bytes."""
    return [value if type(value) is int else cut(text_of(value), max(4, min(40, limit - 3))) for value in log.values]
