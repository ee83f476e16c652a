"""precommitted-read: an operation polled a record that it sent itself.

Legal in most databases; in Kafka what a transaction sends is visible to nobody, itself included, before it commits.
Counted per operation, whatever became of it.
"""

from __future__ import annotations

from tautolog_checkers.kafka.evidence import Evidence
from tautolog_checkers.verdict import Findings

ANOMALY = "precommitted-read"


def check(evidence: Evidence, findings: Findings) -> None:
    """Every operation that read what it wrote."""
    for operation in evidence.decoded.transactions:
        reads = operation.reads
        if not reads:
            continue
        for key, pairs in operation.writes.items():
            if key not in reads:
                continue
            read = set(reads[key][1])
            own = [value for _, value in pairs if value in read]
            if own:
                findings.add(ANOMALY, key, (operation.index,), "{} was polled from {} by its own sender", own[0], key)
                break
