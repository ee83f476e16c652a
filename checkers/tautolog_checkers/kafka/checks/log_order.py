"""log-nonlinearizable: the log contradicts real time.

A send that was acknowledged before another one began must stand before it in the partition, and what a poll returned
must have been sent, or at least begun, before the poll ended. Counted per key and send.
"""

from __future__ import annotations

from tautolog_checkers.history.events import OK
from tautolog_checkers.kafka.evidence import Evidence
from tautolog_checkers.kafka.worker_events import NEVER
from tautolog_checkers.verdict import Findings

ANOMALY = "log-nonlinearizable"


def check(evidence: Evidence, findings: Findings) -> None:
    """Each send that stands behind one that began after it was acknowledged."""
    for key, log in evidence.partitions.items():
        latest, owner = -1, -1
        writers = log.writers
        for value in log.values:
            writer = writers.get(value)
            if writer is None:
                continue
            if writer.type == OK and writer.ret < latest and writer.ret != NEVER:
                findings.add(
                    ANOMALY, key, (owner, writer.index), "{} was acknowledged in {} before something in front of it was sent",
                    value, key,
                )  # fmt: skip
            if writer.call > latest:
                latest, owner = writer.call, writer.index
