"""sequence-gap and sequence-duplicate: an idempotent producer's records do not follow each other in the log.

In the order of their offsets the sequence numbers of one producer and epoch in one partition must count up by one. Counted
per record; only where sends carry "producer-id", "epoch" and "sequence" and were told their offsets.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from tautolog_checkers.history.events import OK
from tautolog_checkers.kafka.evidence import Evidence
from tautolog_checkers.verdict import Findings

GAP = "sequence-gap"
DUPLICATE = "sequence-duplicate"


def check(evidence: Evidence, findings: Findings) -> None:
    """Each producer's records, partition by partition."""
    records: dict[tuple[Any, Any, Any], list[tuple[int, int, int]]] = {}
    for operation in evidence.decoded.transactions:
        extra = operation.event.extra
        if operation.type != OK or not extra or type(extra.get("sequence")) is not int:
            continue
        for key, pairs in operation.writes.items():
            for number, (offset, _) in enumerate(pairs):
                if offset is not None:
                    who = (key, extra.get("producer-id"), extra.get("epoch"))
                    records.setdefault(who, []).append((offset, extra["sequence"] + number, operation.index))
    for (key, producer, _), listed in records.items():
        listed.sort()
        for (_, before, one), (offset, after, other) in pairwise(listed):
            if after != before + 1:
                findings.add(
                    GAP if after > before + 1 else DUPLICATE, key, (one, other),
                    "at offset {} of {} producer {} has sequence {} after {}", offset, key, producer, after, before,
                )  # fmt: skip
