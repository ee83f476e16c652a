"""nonmonotonic-send: what a process sent in a later operation stands before what it sent in an earlier one.

Compared are the last record that the process's previous operation sent to the partition, and the first one of this
operation; failed operations are passed over. Assigning or subscribing keeps only the partitions that stay, as with
polls; who closes or crashes begins anew. Records of others in between are no anomaly. Counted per operation and key.
"""

from __future__ import annotations

from typing import Any

from tautolog_checkers.history.events import FAIL
from tautolog_checkers.kafka.evidence import Evidence
from tautolog_checkers.kafka.transactions import Transaction
from tautolog_checkers.verdict import Findings

ANOMALY = "nonmonotonic-send"


def check(evidence: Evidence, findings: Findings) -> None:
    """Each process's sends, one after the other."""
    logs = evidence.partitions
    last: dict[Any, dict[Any, tuple[Any, int | None, int]]] = {}
    for step in evidence.decoded.steps:
        if step.type == FAIL:
            continue
        if not isinstance(step, Transaction):
            if step.process in last and not step.sends_on:
                mine = last[step.process]
                last[step.process] = {key: before for key, before in mine.items() if step.keeps(key)}
            continue
        if not step.writes:
            continue
        known = last.get(step.process)
        mine = known if known is not None else last.setdefault(step.process, {})
        for key, pairs in step.writes.items():
            position = logs[key].position
            first = place = position.get(pairs[0][1])
            if len(pairs) > 1:
                place = position.get(pairs[-1][1])
            before = mine.get(key)
            if before is not None and before[1] is not None and first is not None and first <= before[1]:
                findings.add(
                    ANOMALY, key, (before[2], step.index), "process {} sent {} to {} after {}, but it stands before",
                    step.process, pairs[0][1], key, before[0],
                )  # fmt: skip
            mine[key] = (pairs[-1][1], place, step.index)
