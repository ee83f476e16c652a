"""inconsistent-offsets: two different values were claimed for one offset of one partition.

Counted per key and offset. Claims are polls, and sends that surely took effect.
"""

from __future__ import annotations

from tautolog_checkers.kafka.evidence import Evidence
from tautolog_checkers.verdict import Findings

ANOMALY = "inconsistent-offsets"


def check(evidence: Evidence, findings: Findings) -> None:
    """Every offset that has several values."""
    claimants = evidence.claimants()
    for key, log in evidence.partitions.items():
        for offset in sorted(log.conflicts):
            values = sorted(log.conflicts[offset], key=repr)
            named = (
                " and ".join(map(repr, values))
                if len(values) < 4
                else f"{len(values)} values: {values[0]!r}, {values[1]!r}, …"
            )
            operations = tuple(claimants[key, offset, value] for value in values)
            findings.add(ANOMALY, key, operations, "offset {} of {} holds {}", offset, key, named)
