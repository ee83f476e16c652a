"""vanished: a record that was acknowledged, or that somebody read, is not where it was in the last read of everything.

Counted per key and offset (or value, where the acknowledgement named no offset). Judged only if the last read reached the
end of every partition.
"""

from __future__ import annotations

from typing import Any

from tautolog_checkers.delivery.evidence import Evidence
from tautolog_checkers.verdict import Findings

ANOMALY = "vanished"


def check(evidence: Evidence, findings: Findings) -> None:
    """Everything that was promised to stay."""
    if not evidence.final_complete:
        return
    promised: dict[tuple[str, int], tuple[int, Any, str]] = {}
    values = {key: set(log.values()) for key, log in evidence.final.items()}
    for operation in evidence.operations:
        completed = operation.completed
        if operation.invoked.f != "send" or completed is None or not operation.ok:
            continue
        for _, key, sent in completed.value:
            if isinstance(sent, list):
                promised[key, sent[0]] = (operation.index, sent[1], "acknowledged")
            elif sent not in values.get(key, ()):
                findings.add(ANOMALY, key, (operation.index,), "{} was acknowledged in {} and is gone", sent, key)
    for operation, read in evidence.polls:
        for key, pairs in read.items():
            for offset, value in pairs:
                promised.setdefault((key, offset), (operation.index, value, "read"))
    for (key, offset), (index, value, how) in promised.items():
        found = evidence.final.get(key, {}).get(offset)
        if found != value:
            now = "nothing" if found is None else found
            findings.add(
                ANOMALY, key, (index,), "{} was {} at offset {} of {}; the last read found {} there",
                value, how, offset, key, now,
            )  # fmt: skip
