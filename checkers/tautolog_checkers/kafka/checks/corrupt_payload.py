"""corrupt-payload: at an offset that a send was told, a poll found a value that nobody ever sent.

A phantom at an offset of its own is a phantom-read instead. Counted per key and offset.
"""

from __future__ import annotations

from tautolog_checkers.kafka.evidence import Evidence
from tautolog_checkers.verdict import Findings

ANOMALY = "corrupt-payload"


def check(evidence: Evidence, findings: Findings) -> None:
    """Every divided offset of which one value was sent and another one by nobody."""
    claimants = evidence.claimants()
    for key, log in evidence.partitions.items():
        for offset, values in sorted(log.conflicts.items()):
            sent = [value for value in values if value in log.writers]
            strange = sorted((value for value in values if value not in log.writers), key=repr)
            if sent and strange:
                writer = log.writers[min(sent, key=repr)]
                findings.add(
                    ANOMALY, key, (writer.index, claimants[key, offset, strange[0]]), "offset {} of {} was polled as {}, which nobody sent", offset, key,
                    strange[0],
                )  # fmt: skip
