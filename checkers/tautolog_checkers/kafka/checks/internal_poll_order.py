"""int-poll-skip and int-nonmonotonic-poll: within one operation, two neighbouring records of a partition do not follow.

The later of two neighbours should stand right behind the earlier one: further ahead, past records known to exist, is an
int-poll-skip; at it or before it, an int-nonmonotonic-poll. Partitions that were rebalanced during the operation are
left out. Counted per neighbouring pair, whatever became of the operation.
"""

from __future__ import annotations

from tautolog_checkers.kafka.evidence import Evidence
from tautolog_checkers.verdict import Findings

SKIP = "int-poll-skip"
BACK = "int-nonmonotonic-poll"


def check(evidence: Evidence, findings: Findings) -> None:
    """Each pair of neighbours."""
    logs = evidence.partitions
    for operation in evidence.decoded.transactions:
        for key, (_, values) in operation.reads.items():
            if len(values) < 2 or key in operation.spans or key in operation.rebalanced:
                continue
            places = list(map(logs[key].position.get, values))
            for number in range(1, len(places)):
                old, new = places[number - 1], places[number]
                if old is not None and new is not None and new != old + 1:
                    findings.add(
                        SKIP if new > old else BACK, key, (operation.index,), "one operation polled {} of {} after {}",
                        values[number], key, values[number - 1],
                    )  # fmt: skip
