"""lost-write: a record that surely was written was skipped by every reader, although some reader got past it.

For each partition the furthest place that a successful operation read is known; whatever surely was written at or below
it must have been read, too. Where a value stands at several offsets its first place bounds what was read, and its last
place is where it must have been read. Counted per key and value. A value that nobody sent is no lost write.
"""

from __future__ import annotations

from typing import Any

from tautolog_checkers.kafka.evidence import Evidence
from tautolog_checkers.kafka.logs import Log
from tautolog_checkers.verdict import Findings

ANOMALY = "lost-write"


def check(evidence: Evidence, findings: Findings) -> None:
    """Every record below what was read that nobody read."""
    for key, log in evidence.partitions.items():
        polled = log.polled
        if not polled:
            continue
        bound = furthest(log)
        unread = [value for value, place in log.last.items() if place <= bound and value not in polled]
        for value in sorted(unread, key=log.last.__getitem__):
            writer = log.writers.get(value)
            if writer is not None and evidence.logs.took_effect(writer):
                findings.add(
                    ANOMALY, key, (writer.index,), "{} was written to {} below {}, which was read", value, key,
                    log.values[bound],
                )  # fmt: skip


def furthest(log: Log) -> int:
    """The greatest place below which everything should have been read; -1 where no place is known."""
    first: dict[Any, int] = log.first
    return max((place for value, place in first.items() if value in log.polled), default=-1)
