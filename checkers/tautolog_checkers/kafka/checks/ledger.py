"""What a worker owes: every acknowledged record handled, in order, and not more often than promised.

Judged where the history has `process` operations.

* unprocessed: an acknowledged record was neither processed nor put in the dead-letter topic. Per key and offset.
* processed-and-dead-lettered: it was both. Per key and offset.
* effect-applied-twice: one effect on the outside world was applied more than once. Per effect.
* duplicates-beyond-window: more records were processed again than may have been in flight at the crashes and rebalances
  of the history. Counted: how many too many.
* order-per-key: a record was processed for the first time after a later one of its order key. Per record.
* consumed-twice: a group processed one record twice, and committed past it before the second time. Per key and offset.
"""

from __future__ import annotations

from typing import Any

from tautolog_checkers.history.events import OK
from tautolog_checkers.kafka.evidence import Evidence
from tautolog_checkers.kafka.worker_events import Told
from tautolog_checkers.verdict import Findings

UNPROCESSED = "unprocessed"
BOTH = "processed-and-dead-lettered"
EFFECT = "effect-applied-twice"
WINDOW = "duplicates-beyond-window"
ORDER = "order-per-key"
CONSUMED = "consumed-twice"

Place = tuple[Any, int | None]


def check(evidence: Evidence, findings: Findings) -> None:
    """All of it, where a worker tells what it did."""
    told = [entry for entry in evidence.decoded.told if entry.type == OK]
    processed: dict[Place, list[Told]] = {}
    buried: dict[Place, list[Told]] = {}
    for entry in told:
        if entry.f in {"process", "dead-letter"}:
            target = processed if entry.f == "process" else buried
            for place in entry.entries:
                target.setdefault(place, []).append(entry)
    _effects(told, findings)
    if not processed:
        return
    _owed(evidence, processed, buried, findings)
    _order(told, findings)
    _twice(told, processed, findings)
    _window(evidence, processed, findings)


def _owed(
    evidence: Evidence, processed: dict[Place, list[Told]], buried: dict[Place, list[Told]], findings: Findings
) -> None:
    topics = {key for key, _ in processed} | {key for key, _ in buried}
    for operation in evidence.decoded.transactions:
        if operation.type != OK:
            continue
        for key, pairs in operation.writes.items():
            for offset, value in pairs if key in topics else ():
                if offset is not None and (key, offset) not in processed and (key, offset) not in buried:
                    findings.add(
                        UNPROCESSED, key, (operation.index,), "{} at offset {} of {} was acknowledged and never handled",
                        value, offset, key,
                    )  # fmt: skip
    for place, entries in buried.items():
        if place in processed:
            findings.add(
                BOTH, place[0], (processed[place][0].index, entries[0].index),
                "offset {} of {} was processed and dead-lettered", place[1], place[0],
            )  # fmt: skip


def _effects(told: list[Told], findings: Findings) -> None:
    applied: dict[Any, list[int]] = {}
    for entry in told:
        if entry.f == "effect":
            applied.setdefault(entry.entries[0][0], []).append(entry.index)
    for effect, indexes in applied.items():
        if len(indexes) > 1:
            findings.add(EFFECT, None, tuple(indexes), "effect {} was applied {} times", effect, len(indexes))


def _order(told: list[Told], findings: Findings) -> None:
    last: dict[Any, tuple[int, int]] = {}
    seen: set[Any] = set()
    for entry in sorted((entry for entry in told if entry.f == "process"), key=lambda entry: entry.call):
        key, offset = entry.entries[0]
        if entry.order_key is None or offset is None or (entry.group, key, offset) in seen:
            continue
        seen.add((entry.group, key, offset))
        lane = (entry.group, key, entry.order_key)
        before = last.get(lane)
        if before is not None and offset < before[0]:
            findings.add(
                ORDER, key, (before[1], entry.index), "offset {} of {} was processed after {}, which has the same key",
                offset, key, before[0],
            )  # fmt: skip
        else:
            last[lane] = (offset, entry.index)


def _twice(told: list[Told], processed: dict[Place, list[Told]], findings: Findings) -> None:
    commits: dict[Any, list[tuple[int, int]]] = {}
    for entry in told:
        if entry.f == "commit":
            for key, offset in entry.entries:
                commits.setdefault((entry.group, key), []).append((entry.ret, offset or 0))
    for (key, offset), entries in processed.items():
        if offset is None or len(entries) < 2:
            continue
        first, *again = sorted(entries, key=lambda entry: entry.call)
        for entry in again:
            past = commits.get((entry.group, key), ())
            if entry.group == first.group and any(ret < entry.call and to > offset for ret, to in past):
                findings.add(
                    CONSUMED, key, (first.index, entry.index), "offset {} of {} was committed and then processed again",
                    offset, key,
                )  # fmt: skip
                break


def _window(evidence: Evidence, processed: dict[Place, list[Told]], findings: Findings) -> None:
    again = sum(len(entries) - 1 for entries in processed.values())
    window = evidence.in_flight
    if window is None or not again:
        return
    allowed = window * evidence.interruptions
    for _ in range(min(1000, again - allowed)):
        findings.add(
            WINDOW, None, (), "{} records were processed again, and {} can have been in flight", again, allowed
        )
