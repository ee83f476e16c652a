"""What the page draws, as plain lists of small numbers: same history and verdict, same scene.

Positions are those of events in the history, so the horizontal axis is the order in which things happened, and no clock
appears. Columns are delta-coded, because a page of 100,000 operations has to stay small.
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
from tautolog_checkers.report.words import abridged, shortened, tell, text_of
from tautolog_checkers.verdict import Verdict

LABELS = 1_200_000
"""Bytes spent on the texts of operations; each gets its share, those that show an anomaly get what they need."""

VALUES = 900_000
"""Bytes spent on the values in partitions; where there are more, only those near an anomaly are told."""

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
    processes.sort(key=lambda process: (isinstance(process, str), process))
    functions = list(dict.fromkeys(operation.invoked.f for operation in operations))
    shown = {index for examples in verdict.findings.values() for finding in examples for index in finding.operations}
    shown.update(verdict.witness, verdict.supporting)
    rows = {process: row for row, process in enumerate(processes)}
    kinds = {f: kind for kind, f in enumerate(functions)}
    calls = [operation.call for operation in operations]
    scene: dict[str, Any] = {
        "size": len(history.events),
        "processes": [str(process) for process in processes],
        "functions": functions,
        "call": _deltas(calls),
        "length": [-1 if operation.ret is None else operation.ret - operation.call for operation in operations],
        "process": [rows[operation.invoked.process] for operation in operations],
        "type": [TYPES.index(operation.type) for operation in operations],
        "function": [kinds[operation.invoked.f] for operation in operations],
        "classes": [
            {
                "name": name,
                "count": verdict.anomalies[name],
                "forbidden": name in verdict.forbidden,
                "findings": [
                    [
                        abridged(finding.text),
                        None if finding.key is None else str(finding.key),
                        _numbers(finding.operations, number),
                    ]
                    for finding in examples
                ],
            }
            for name, examples in verdict.findings.items()
        ],
        "witness": _numbers(verdict.witness, number),
        "supporting": _numbers(verdict.supporting, number),
        "order": _numbers(verdict.certificate, number),
        "illegal": _numbers((int(name) for line in verdict.stuck for name in NAMED.findall(line)), number),
        **_lanes(history),
    }
    if [operation.index for operation in operations] != calls:
        scene["index"] = _deltas([operation.index for operation in operations])
    evidence = _evidence(history, verdict)
    partitions = {} if evidence is None else _partitions(evidence, number)
    if evidence is not None and partitions:
        scene["keys"] = [str(key) for key in partitions]
        scene["partitions"] = list(partitions.values())
        scene["claims"] = _claims(evidence, list(partitions), number, shown)
    elif len(verdict.partitions) > 1:
        names = [str(key) for key in verdict.partitions]
        places = {name: place for place, name in enumerate(names)}
        scene["keys"] = names
        scene["key"] = [places.get(str((operation.invoked.extra or {}).get("key")), -1) for operation in operations]
    scene["labels"] = _labels(operations, shown, few=bool(partitions))
    return scene


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
    for position, event in enumerate(history.events):
        if isinstance(event.process, str) and not is_client(event.process):
            lane = names.setdefault(event.process, len(names))
            text = event.f if event.value is None else f"{event.f} {shortened(text_of(event.value), 80)}"
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
        labels[str(number)] = tell(operation, 400 if important else share)
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


def _partitions(evidence: Evidence, number: dict[int, int]) -> dict[Any, dict[str, Any]]:
    """Each partition of a send/poll/txn history: who sent and polled which offsets, and what stands there."""
    runs: dict[Any, list[tuple[int, int, int, int]]] = {key: [] for key in evidence.partitions}
    for transaction in evidence.decoded.transactions:
        _runs(transaction, number[transaction.index], evidence, runs)
    size = sum(len(log.slots) for log in evidence.partitions.values())
    limit = VALUES // max(1, size)
    partitions = {}
    for key in sorted(runs, key=lambda key: (type(key).__name__, key)):
        log = evidence.partitions[key]
        lines = sorted(runs[key])
        partitions[key] = {
            "operation": _deltas([line[0] for line in lines]),
            "kind": [line[1] for line in lines],
            "offset": _deltas([line[2] for line in lines]),
            "count": [line[3] for line in lines],
            "offsets": _spans(sorted(log.slots)),
            "values": _values(log, limit),
        }
    return partitions


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
    """The values in the order of their offsets, each in at most `limit` bytes; none where that is too little."""
    if limit < 6:
        return []
    return [
        value if type(value) is int else shortened(text_of(value), max(4, min(40, limit - 3))) for value in log.values
    ]
