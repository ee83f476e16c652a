"""phantom-read: a value was polled that nobody ever tried to send.

Counted per key and value. At an offset that a send was told it is a corrupt-payload instead.
"""

from __future__ import annotations

from tautolog_checkers.kafka.evidence import Evidence
from tautolog_checkers.verdict import Findings

ANOMALY = "phantom-read"


def check(evidence: Evidence, findings: Findings) -> None:
    """Every polled value without a sender."""
    unexplained = {}
    for key, log in evidence.partitions.items():
        writers = log.writers
        corrupt = {
            value
            for values in log.conflicts.values()
            if any(other in writers for other in values)
            for value in values
            if value not in writers
        }
        phantoms = {value for value in log.first if value not in writers and value not in corrupt}
        phantoms.update(log.polled.difference(writers, corrupt))
        if phantoms:
            unexplained[key] = phantoms
    if not unexplained:
        return
    for reader in evidence.decoded.transactions:
        for key, (_, values) in reader.reads.items():
            wanted = unexplained.get(key, set())
            for value in values:
                if value in wanted:
                    wanted.discard(value)
                    findings.add(ANOMALY, key, (reader.index,), "{} was polled from {}, but nobody sent it", value, key)
