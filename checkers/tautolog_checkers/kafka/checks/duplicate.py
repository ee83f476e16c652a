"""duplicate: one value stands at two or more offsets of one partition.

Counted per key and value. Reading one offset twice is no duplicate but a nonmonotonic poll.
"""

from __future__ import annotations

from typing import Any

from tautolog_checkers.kafka.evidence import Evidence
from tautolog_checkers.verdict import Findings

ANOMALY = "duplicate"


def check(evidence: Evidence, findings: Findings) -> None:
    """Every value that has several offsets."""
    for key, log in evidence.partitions.items():
        if not log.repeated:
            continue
        offsets: dict[Any, list[int]] = {}
        for offset in sorted(log.slots):
            for value in sorted(log.claimed(offset), key=repr):
                offsets.setdefault(value, []).append(offset)
        for value, places in offsets.items():
            if len(places) > 1:
                writer = log.writers.get(value)
                operations = () if writer is None else (writer.index,)
                findings.add(ANOMALY, key, operations, "{} stands at the offsets {} of {}", value, places, key)
