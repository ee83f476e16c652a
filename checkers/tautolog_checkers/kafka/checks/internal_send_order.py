"""int-send-skip and int-nonmonotonic-send: within one operation, two neighbouring sends to a partition do not follow.

Right behind each other is what a batch gives; records of others in between are an int-send-skip (normal for
transactions), a later send at or before an earlier one an int-nonmonotonic-send. Counted per neighbouring pair,
whatever became of the operation.
"""

from __future__ import annotations

from tautolog_checkers.kafka.evidence import Evidence
from tautolog_checkers.verdict import Findings

SKIP = "int-send-skip"
BACK = "int-nonmonotonic-send"


def check(evidence: Evidence, findings: Findings) -> None:
    """Each pair of neighbours."""
    logs = evidence.partitions
    for operation in evidence.decoded.transactions:
        for key, pairs in operation.writes.items():
            if len(pairs) < 2:
                continue
            position = logs[key].position
            places = [position.get(value) for _, value in pairs]
            for number in range(1, len(places)):
                old, new = places[number - 1], places[number]
                if old is not None and new is not None and new != old + 1:
                    findings.add(
                        SKIP if new > old else BACK, key, (operation.index,), "one operation sent {} to {} after {}",
                        pairs[number][1], key, pairs[number - 1][1],
                    )  # fmt: skip
