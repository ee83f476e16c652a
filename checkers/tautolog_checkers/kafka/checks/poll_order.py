"""poll-skip and nonmonotonic-poll: between two operations a process jumped ahead in a partition, or back.

A process's next poll of a partition should begin right behind the last record of its last successful operation there:
further ahead, past records known to exist, is a poll-skip; at it or before it, a nonmonotonic poll. An operation that
failed or is unknown is compared, too, but does not move the process on. Assigning or subscribing keeps only the
partitions that stay; who seeks reads on elsewhere, who unsubscribes, closes or crashes begins anew. A poll that returned
nothing changes nothing. Counted per operation and key.
"""

from __future__ import annotations

from typing import Any

from tautolog_checkers.history.events import FAIL, OK
from tautolog_checkers.kafka.evidence import Evidence
from tautolog_checkers.kafka.transactions import Transaction
from tautolog_checkers.verdict import Findings

SKIP = "poll-skip"
BACK = "nonmonotonic-poll"


def check(evidence: Evidence, findings: Findings) -> None:
    """Each process's polls, one after the other."""
    logs = evidence.partitions
    last: dict[Any, dict[Any, tuple[Any, int | None, int]]] = {}
    for step in evidence.decoded.steps:
        if not isinstance(step, Transaction):
            if step.type != FAIL and step.process in last:
                kept = () if step.rewinds else last[step.process].items()
                last[step.process] = {key: before for key, before in kept if step.keeps(key)}
            continue
        if not step.reads:
            continue
        mine = last.get(step.process)
        if mine is None:
            mine = last[step.process] = {}
        for key, (_, values) in step.reads.items():
            span: tuple[int | None, int | None] | None = step.spans.get(key)
            if span is None:
                position = logs[key].position
                span = position.get(values[0]), position.get(values[-1])
            first = span[0]
            before = mine.get(key)
            if before is not None and first is not None and before[1] is not None and first != before[1] + 1:
                findings.add(
                    SKIP if first > before[1] else BACK, key, (before[2], step.index), "process {} polled {} of {} after {}",
                    step.process, values[0], key, before[0],
                )  # fmt: skip
            if step.type == OK:
                mine[key] = (values[-1], span[1], step.index)
