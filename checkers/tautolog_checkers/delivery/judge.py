"""Runs every check of this package over one history and says what came of it."""

from __future__ import annotations

from types import ModuleType

from tautolog_checkers.delivery import committed_offset, committed_unread, fencing, rest, vanished
from tautolog_checkers.delivery.evidence import Evidence
from tautolog_checkers.history.events import History
from tautolog_checkers.verdict import SYMPTOMS, Findings, Outcome, Verdict

CHECKS: tuple[ModuleType, ...] = (rest, vanished, committed_offset, committed_unread, fencing)
"""The promises, in the order in which they are looked at."""

CLASSES = (
    rest.FAILED,
    rest.UNCONVERGED,
    vanished.ANOMALY,
    committed_offset.ANOMALY,
    committed_unread.ANOMALY,
    fencing.OLD,
    fencing.DOUBLE,
)
"""Every class, in the order in which reports list them."""


def judge_delivery(history: History, *, allowed: frozenset[str] = frozenset()) -> Verdict:
    """Judge a run that ends with a last read of everything; without one the verdict is at best unknown.

    Args:
        history: the events.
        allowed: classes that are counted and do not make the verdict.

    """
    evidence = Evidence(history)
    findings = Findings()
    for check in CHECKS:
        check.check(evidence, findings)
    anomalies = {name: findings.counts[name] for name in CLASSES if name in findings.counts}
    forbidden = tuple(name for name in anomalies if name not in allowed)
    outcome, reason = Outcome.HOLDS, "no forbidden anomaly"
    witness: tuple[int, ...] = ()
    if forbidden:
        worst = min(forbidden, key=lambda name: name in SYMPTOMS)
        first = findings.examples[worst][0]
        outcome, reason, witness = Outcome.VIOLATED, f"{worst}: {first.text}", first.operations
    elif not evidence.final_complete:
        outcome, reason = Outcome.UNKNOWN, "the run ended before everything was read once more"
    return Verdict(
        outcome=outcome,
        reason=reason,
        model="delivery",
        algorithm="one pass per promise over operations and notes",
        profile="delivery" + (f" (allows {', '.join(sorted(allowed))})" if allowed else ""),
        anomalies=anomalies,
        forbidden=forbidden,
        findings={name: findings.examples[name] for name in anomalies},
        witness=witness,
        operations=len(evidence.operations),
    )
