"""sequence-gap and sequence-duplicate: an idempotent producer's records do not follow each other in the log.

In the order of their offsets the sequences of one producer and epoch in one partition must count up by one; after the
greatest 32-bit number they begin again with 0.

* sequence-gap: a record follows with another sequence than the next one, and what is missing in between was not sent by an
  operation of unknown outcome or a transaction that was aborted, whose records may stand there.
* sequence-duplicate: a sequence that the partition had already.

Counted per record; only where sends carry "producer-id" (or "transactional-id"), "epoch" and "sequence" and were told their
offsets.
"""

from __future__ import annotations

from typing import Any

from tautolog_checkers.history.events import FAIL, OK
from tautolog_checkers.kafka.evidence import Evidence
from tautolog_checkers.kafka.transactions import key_name
from tautolog_checkers.kafka.worker_events import producer_of
from tautolog_checkers.verdict import Findings

GAP = "sequence-gap"
DUPLICATE = "sequence-duplicate"
WRAP = 1 << 31

Producer = tuple[Any, Any, Any]
"""Key, producer id and epoch."""


def check(evidence: Evidence, findings: Findings) -> None:
    """Each producer's records, partition by partition."""
    records: dict[Producer, list[tuple[int, int, int]]] = {}
    unknown: dict[Producer, set[int]] = {}
    for operation in evidence.decoded.transactions:
        extra = operation.extra
        if not extra or "sequence" not in extra:
            continue
        if operation.type == FAIL and operation.f != "txn" and not evidence.profile.transactional:
            continue
        producer, epoch = producer_of(extra)
        for key, pairs in operation.writes.items() if producer is not None else ():
            first = _first(extra["sequence"], key)
            who = (key, producer, epoch)
            for number, (offset, value) in enumerate(pairs if first is not None else ()):
                sequence = (first + number) % WRAP  # type: ignore[operator]  # not None here
                known = operation.type == OK or value in evidence.partitions[key].position
                if offset is not None and known and operation.type != FAIL:
                    records.setdefault(who, []).append((offset, sequence, operation.index))
                else:
                    unknown.setdefault(who, set()).add(sequence)
    for who, listed in records.items():
        _follow(who, sorted(listed), unknown.get(who, set()), findings)


def _first(told: Any, key: Any) -> int | None:
    """The sequence of the first record for a key: one number for all keys, or {key: sequence}."""
    if isinstance(told, dict):
        told = next((first for name, first in told.items() if key_name(name) == key), None)
    return told if type(told) is int and told >= 0 else None


def _follow(who: Producer, listed: list[tuple[int, int, int]], unknown: set[int], findings: Findings) -> None:
    key, producer, _ = who
    seen: set[int] = set()
    before, one = -1, -1
    for offset, sequence, other in listed:
        if sequence in seen:
            findings.add(
                DUPLICATE, key, (one, other), "at offset {} of {} producer {} has sequence {} again", offset, key, producer,
                sequence,
            )  # fmt: skip
            continue
        if seen and not _excused(before, sequence, unknown):
            findings.add(
                GAP, key, (one, other), "at offset {} of {} producer {} has sequence {} after {}", offset, key, producer,
                sequence, before,
            )  # fmt: skip
        seen.add(sequence)
        before, one = sequence, other


def _excused(before: int, after: int, unknown: set[int]) -> bool:
    """Whether every sequence between two neighbours may belong to a record of unknown outcome."""
    missing = (after - before - 1) % WRAP
    return missing <= len(unknown) and all((before + 1 + step) % WRAP in unknown for step in range(missing))
