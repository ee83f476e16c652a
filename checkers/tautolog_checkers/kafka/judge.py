"""Runs every check over one history and says what a profile makes of it."""

from __future__ import annotations

import time
from types import ModuleType

from tautolog_checkers.history.events import History
from tautolog_checkers.kafka.checks import (
    aborted_read,
    anti_dependencies,
    consumed_twice,
    corrupt_payload,
    cycles,
    duplicate,
    inconsistent_offsets,
    internal_poll_order,
    internal_send_order,
    ledger,
    log_order,
    lost_write,
    ownership,
    phantom_read,
    poll_order,
    precommitted_read,
    send_order,
    sequences,
    stable_offset,
    torn_transaction,
    unexplained_hole,
    unseen,
)
from tautolog_checkers.kafka.evidence import Evidence
from tautolog_checkers.kafka.profiles import CLASSES, Profile
from tautolog_checkers.linearizability.limits import Budget, LimitReached
from tautolog_checkers.quiet import collector_paused
from tautolog_checkers.verdict import SYMPTOMS, Finding, Findings, Outcome, Verdict

CHECKS: tuple[ModuleType, ...] = (
    inconsistent_offsets,
    duplicate,
    lost_write,
    unseen,
    aborted_read,
    precommitted_read,
    poll_order,
    internal_poll_order,
    internal_send_order,
    send_order,
    cycles,
    phantom_read,
    corrupt_payload,
    unexplained_hole,
    log_order,
    torn_transaction,
    stable_offset,
    ownership,
    sequences,
    consumed_twice,
    ledger,
    anti_dependencies,
)
"""The promises, in the order in which they are looked at."""


def judge_kafka(
    history: History, profile: Profile | str | None = None, *, ww_edges: bool = False, budget: Budget | None = None
) -> Verdict:
    """Judge a send/poll/txn history.

    Args:
        history: the events.
        profile: which classes are forbidden; by default Jepsen's rules for such a history.
        ww_edges: whether cycles follow the order of writes within a partition, too.
        budget: limits of time and memory.

    Raises:
        HistoryError: a value of the wrong shape, unless the reader was lenient.
        ProfileError: there is no profile of that name.

    """
    began = time.perf_counter()
    findings = Findings()
    limit = ""
    with collector_paused():
        evidence = Evidence(history, profile, ww_edges=ww_edges)
        chosen = evidence.profile
        prepared = time.perf_counter()
        try:
            evidence.arrange()
            for check in CHECKS:
                if budget is not None:
                    budget.check()
                check.check(evidence, findings)
        except LimitReached as reached:
            limit = str(reached)
    decoded = evidence.decoded
    anomalies = {name: findings.counts[name] for name in CLASSES if name in findings.counts}
    forbidden = tuple(name for name in anomalies if name in chosen.forbidden)
    examples = {name: findings.examples[name] for name in anomalies}
    worst = min(forbidden, key=_severity, default=None)
    outcome, reason = _decide(worst, examples, decoded.operations, limit)
    witness = () if worst is None else examples[worst][0].operations
    innocent = Outcome.UNKNOWN if limit else Outcome.HOLDS  # behind a limit nobody looked for all there can be
    partitions = {}
    for key in sorted(evidence.partitions, key=lambda key: (type(key).__name__, key)):
        broken = findings.by_key.get(key, set()) & chosen.forbidden
        partitions[key] = Outcome.VIOLATED if broken else innocent
    return Verdict(
        outcome=outcome,
        reason=reason,
        model="kafka",
        algorithm="one pass per promise over sends and polls",
        profile=chosen.describe(anomalies),
        anomalies=anomalies,
        forbidden=forbidden,
        findings=examples,
        partitions=partitions,
        witness=witness,
        operations=decoded.operations,
        prepare_seconds=prepared - began,
        check_seconds=time.perf_counter() - prepared,
    )


def _severity(anomaly: str) -> int:
    """What a report opens with: what corrupts before what is merely missing."""
    return len(CLASSES) if anomaly in SYMPTOMS else CLASSES.index(anomaly)


def _decide(worst: str | None, examples: dict[str, list[Finding]], operations: int, limit: str) -> tuple[Outcome, str]:
    if not operations:
        return Outcome.UNKNOWN, "no operations"
    if worst is not None:
        return Outcome.VIOLATED, f"{worst}: {examples[worst][0].text}"
    if limit:
        return Outcome.UNKNOWN, limit
    return Outcome.HOLDS, "no forbidden anomaly"
