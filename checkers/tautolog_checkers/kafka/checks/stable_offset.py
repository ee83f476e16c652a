"""read-beyond-lso and high-watermark-regression: what a partition's own marks forbid.

* read-beyond-lso: a poll returned a record at or above the last stable offset that came with it.
* high-watermark-regression: an operation was told a lower high watermark than one that had ended before it began.

Counted per operation and key; only where the operations carry these marks.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import Any

from tautolog_checkers.kafka.evidence import Evidence
from tautolog_checkers.kafka.transactions import key_name
from tautolog_checkers.kafka.worker_events import NEVER
from tautolog_checkers.verdict import Findings

BEYOND = "read-beyond-lso"
BACK = "high-watermark-regression"


def check(evidence: Evidence, findings: Findings) -> None:
    """Each operation that carries a mark, in the order in which they ended."""
    highest: dict[Any, list[tuple[int, int, int]]] = {}
    for operation in evidence.decoded.transactions:
        extra = operation.extra
        if not extra:
            continue
        for key, mark in _marks(extra.get("last-stable-offset")):
            above = [o for o in operation.reads.get(key, ((), ()))[0] if o is not None and o >= mark]
            if above:
                findings.add(
                    BEYOND, key, (operation.index,), "offset {} of {} was polled, and {} was the last stable offset",
                    above[0], key, mark,
                )  # fmt: skip
        for key, mark in _marks(extra.get("high-watermark")):
            if operation.ret == NEVER:
                continue
            steps = highest.setdefault(key, [])  # (when it was told, mark, by whom), each higher than the one before
            before = bisect_left(steps, (operation.call,)) - 1
            if before >= 0 and steps[before][1] > mark:
                findings.add(
                    BACK, key, (steps[before][2], operation.index), "the high watermark of {} went back from {} to {}",
                    key, steps[before][1], mark,
                )  # fmt: skip
            if not steps or mark > steps[-1][1]:
                steps.append((operation.ret, mark, operation.index))


def _marks(value: Any) -> list[tuple[Any, int]]:
    """{key: offset} as pairs, names that read as numbers as such; what is no such thing is left out."""
    if not isinstance(value, dict):
        return []
    return [(key_name(key), mark) for key, mark in value.items() if type(mark) is int]
