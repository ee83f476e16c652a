"""unexplained-hole: offsets between known records that nothing explains.

Offsets are also taken by records whose outcome or offset is unknown, by records of transactions that failed, and by the
marker that ends each transaction. Each can fill one hole, and only if it began before something behind the hole was known to
be there. What stays open is counted, per key and offset. A hole's cost does not depend on its width.
"""

from __future__ import annotations

from typing import Any

from tautolog_checkers.history.events import FAIL
from tautolog_checkers.kafka.evidence import Evidence
from tautolog_checkers.kafka.logs import Log
from tautolog_checkers.kafka.worker_events import NEVER
from tautolog_checkers.verdict import Findings

ANOMALY = "unexplained-hole"


def check(evidence: Evidence, findings: Findings) -> None:
    """Each hole against what may have filled it, those first that were closed off first."""
    wide = {
        key: log
        for key, log in evidence.partitions.items()
        if log.offsets and log.offsets[-1] - log.offsets[0] + 1 > len(log.offsets)
    }
    if not wide:
        return
    fillers = _fillers(evidence, wide)
    known = known_by(evidence, wide)
    for key, log in wide.items():
        calls = sorted(fillers[key])
        used = 0
        for place in range(1, len(log.offsets)):
            first = log.offsets[place - 1] + 1
            width = log.offsets[place] - first
            if not width:
                continue
            closed = known[key][place]
            able = 0
            while able < width and used < len(calls) and calls[used] < closed:
                used += 1
                able += 1
            if able < width:
                behind = log.writers.get(log.values[place])
                missing = (
                    f"{width - able} of the offsets {first} to {first + width - 1}" if width > 1 else f"offset {first}"
                )
                findings.add(
                    ANOMALY, key, () if behind is None else (behind.index,), "{} of {} missing, and nothing explains that",
                    missing, f"{key} {'is' if width == 1 else 'are'}", times=width - able,
                )  # fmt: skip


def known_by(evidence: Evidence, logs: dict[Any, Log]) -> dict[Any, list[int]]:
    """Key -> for each place the position in the history by which that place, or one behind it, was known to be taken."""
    known = {key: [NEVER] * len(log.values) for key, log in logs.items()}
    for operation in evidence.decoded.transactions:
        at = operation.ret
        for key, pairs in operation.writes.items():
            if key in known and operation.type != FAIL:
                position = logs[key].position
                _note(known[key], (position.get(value) for _, value in pairs), at)
        for key, (_, values) in operation.reads.items():
            if key in known:
                span = operation.spans.get(key)
                position = logs[key].position
                _note(known[key], (span[1],) if span is not None else map(position.get, values), at)
    for times in known.values():
        for place in range(len(times) - 2, -1, -1):
            times[place] = min(times[place], times[place + 1])
    return known


def _note(known: list[int], places: Any, at: int) -> None:
    for place in places:
        if place is not None and at < known[place]:
            known[place] = at


def _fillers(evidence: Evidence, wide: dict[Any, Log]) -> dict[Any, list[int]]:
    """Key -> when each thing began that takes an offset and has no known place."""
    transactional = evidence.profile.transactional or any(
        operation.f == "txn" and operation.writes for operation in evidence.decoded.transactions
    )
    calls: dict[Any, list[int]] = {key: [] for key in wide}
    for operation in evidence.decoded.transactions:
        for key, pairs in operation.writes.items():
            if key in wide:
                position = wide[key].position
                lost = sum(value not in position for _, value in pairs)
                markers = int(transactional)
                taken = lost if operation.type != FAIL or transactional else 0
                calls[key].extend([operation.call] * (taken + markers))
    return calls
