"""unseen: a record was acknowledged and no successful operation ever polled it.

Counted per key and value. Only what was acknowledged can be unseen: a polled value whose send has no known outcome, or a
partition that was never sent to, adds nothing.
"""

from __future__ import annotations

from tautolog_checkers.kafka.evidence import Evidence
from tautolog_checkers.verdict import Findings

ANOMALY = "unseen"


def check(evidence: Evidence, findings: Findings) -> None:
    """Every acknowledged record that nobody read."""
    for key, log in evidence.partitions.items():
        unread = log.acknowledged - log.polled
        sent = [(writer.index, value) for value, writer in log.writers.items() if value in unread] if unread else []
        for index, value in sorted(sent, key=lambda entry: entry[0]):
            findings.add(ANOMALY, key, (index,), "{} was acknowledged in {} and never polled", value, key)
