"""G1a (aborted read): a successful operation polled a value whose send surely failed.

Counted per value and reading operation.
"""

from __future__ import annotations

from tautolog_checkers.history.events import OK
from tautolog_checkers.kafka.evidence import Evidence
from tautolog_checkers.verdict import Findings

ANOMALY = "G1a"


def check(evidence: Evidence, findings: Findings) -> None:
    """Every read of a failed write."""
    failed = {key: log.failed for key, log in evidence.partitions.items() if log.failed}
    if not failed:
        return
    for reader in evidence.decoded.transactions:
        if reader.type != OK:
            continue
        for key, (_, values) in reader.reads.items():
            if key not in failed:
                continue
            writers = evidence.partitions[key].writers
            for value in dict.fromkeys(value for value in values if value in failed[key]):
                writer = writers[value]
                findings.add(
                    ANOMALY, key, (writer.index, reader.index), "{} was polled from {}, but its send failed", value, key
                )
