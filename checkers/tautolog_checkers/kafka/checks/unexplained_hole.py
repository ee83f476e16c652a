"""unexplained-hole: offsets between known records that nothing explains.

Offsets are also taken by records whose outcome or offset is unknown, by records of failed transactions, and by the marker
that ends each transaction. What is left over is counted, per key and offset that is too many.
"""

from __future__ import annotations

from tautolog_checkers.history.events import FAIL
from tautolog_checkers.kafka.evidence import Evidence
from tautolog_checkers.verdict import Findings

ANOMALY = "unexplained-hole"


def check(evidence: Evidence, findings: Findings) -> None:
    """More missing offsets than there are explanations."""
    holes = {
        key: log.offsets[-1] - log.offsets[0] + 1 - len(log.offsets)
        for key, log in evidence.partitions.items()
        if log.offsets
    }
    holes = {key: missing for key, missing in holes.items() if missing}
    if not holes:
        return
    explained = dict.fromkeys(holes, 0)
    for operation in evidence.decoded.transactions:
        for key, pairs in operation.writes.items():
            if key in holes:
                position = evidence.partitions[key].position
                if operation.f == "txn":
                    explained[key] += 1
                if operation.type != FAIL or operation.f == "txn":
                    explained[key] += sum(value not in position for _, value in pairs)
    for key, missing in holes.items():
        for _ in range(min(1000, missing - explained[key])):
            findings.add(
                ANOMALY, key, (), "{} offsets of {} are missing, {} of them explained", missing, key, explained[key]
            )
