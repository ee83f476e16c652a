"""log-nonlinearizable: the log contradicts real time.

A partition is one log that only grows at its end. So nothing can be sent to a place that was taken, or had something behind
it, before the send began: acknowledged by then, or polled by then by an operation that had ended. Counted per key and send.
"""

from __future__ import annotations

from typing import Any

from tautolog_checkers.history.events import FAIL, OK
from tautolog_checkers.kafka.evidence import Evidence
from tautolog_checkers.kafka.transactions import Transaction
from tautolog_checkers.kafka.worker_events import NEVER
from tautolog_checkers.verdict import Findings

ANOMALY = "log-nonlinearizable"


def check(evidence: Evidence, findings: Findings) -> None:
    """Each send, against the earliest sign that its place was taken or passed."""
    polled = _polled(evidence)
    for key, log in evidence.partitions.items():
        writers, ended = log.writers, polled[key]
        earliest = NEVER
        late: list[tuple[Transaction, int, Any]] = []
        for place in range(len(log.values) - 1, -1, -1):
            value = log.values[place]
            earliest = min(earliest, ended[place])
            writer = writers.get(value)
            if writer is None:
                continue
            if writer.call > earliest and writer.type != FAIL and log.position[value] == place:
                late.append((writer, earliest, value))
            if writer.ret < earliest and writer.type == OK and log.position[value] == place:
                earliest = writer.ret
        ends = {operation.ret: operation.index for operation in evidence.decoded.transactions} if late else {}
        for writer, sign, value in sorted(late, key=lambda entry: entry[0].call):
            other = ends[sign]
            findings.add(
                ANOMALY, key, (other, writer.index), "{} was sent to {} after its place, or one behind it, was known to be taken",
                value, key,
            )  # fmt: skip


def _polled(evidence: Evidence) -> dict[object, list[int]]:
    """Key -> for each place when the first poll ended whose last record stands there."""
    ended = {key: [NEVER] * len(log.values) for key, log in evidence.partitions.items()}
    for reader in evidence.decoded.transactions:
        if reader.ret == NEVER:
            continue
        for key, (_, values) in reader.reads.items():
            span = reader.spans.get(key)
            if span is not None:
                place = span[1]
            else:
                place = max((evidence.partitions[key].position.get(value, -1) for value in values), default=-1)
            if place >= 0 and reader.ret < ended[key][place]:
                ended[key][place] = reader.ret
    return ended
