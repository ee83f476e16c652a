"""broker-failed and unconverged: the system did not live, or did not come to rest when it was left alone.

* broker-failed: a broker stopped by itself; a node that meets its own bug stops loudly.
* unconverged: after the faults had ended and nothing new was sent, something was still open when patience ran out.

Counted per note that says so.
"""

from __future__ import annotations

from tautolog_checkers.delivery.evidence import Evidence
from tautolog_checkers.verdict import Findings

FAILED, UNCONVERGED = "broker-failed", "unconverged"


def check(evidence: Evidence, findings: Findings) -> None:
    """The notes of the run."""
    for note in evidence.notes:
        if note.f == "failed":
            findings.add(FAILED, None, (note.index,), "{} stopped by itself: {}", note.process, note.value)
        elif note.f == "quiet" and not note.value["converged"]:
            findings.add(UNCONVERGED, None, (note.index,), "when all was quiet: {}", "; ".join(note.value["waiting"]))
