"""read-beyond-lso and high-watermark-regression: what a partition's own marks forbid.

* read-beyond-lso: a poll returned a record at or above the last stable offset that came with it.
* high-watermark-regression: an operation was told a lower high watermark than one that had ended before it began.

Counted per operation and key; only where the operations carry these marks.
"""

from __future__ import annotations

from typing import Any

from tautolog_checkers.kafka.evidence import Evidence
from tautolog_checkers.kafka.worker_events import NEVER
from tautolog_checkers.verdict import Findings

BEYOND = "read-beyond-lso"
BACK = "high-watermark-regression"


def check(evidence: Evidence, findings: Findings) -> None:
    """Each operation that carries a mark."""
    seen: dict[Any, list[tuple[int, int, int]]] = {}
    for operation in evidence.decoded.transactions:
        extra = operation.event.extra
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
            if operation.ret != NEVER:
                seen.setdefault(key, []).append((operation.ret, mark, operation.index))
                earlier = [entry for entry in seen[key][:-1] if entry[0] < operation.call and entry[1] > mark]
                if earlier:
                    findings.add(
                        BACK, key, (earlier[-1][2], operation.index), "the high watermark of {} went back from {} to {}",
                        key, earlier[-1][1], mark,
                    )  # fmt: skip
                highest = max(entry[1] for entry in seen[key])
                seen[key] = [entry for entry in seen[key][-64:] if entry[1] <= highest]


def _marks(value: Any) -> list[tuple[Any, int]]:
    """{key: offset} as pairs, names that read as numbers as such."""
    if not isinstance(value, dict):
        return []
    return [(int(key) if isinstance(key, str) and key.isdecimal() else key, mark) for key, mark in value.items()]
