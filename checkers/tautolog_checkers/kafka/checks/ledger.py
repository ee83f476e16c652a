"""What a worker owes: every acknowledged record handled, in order, and not more often than promised.

Judged where the history tells what was processed or dead-lettered, or where the profile says that a worker owes it; then what
a group's transactions polled is processed, unless the group tells what it processes.

* unprocessed: an acknowledged record was neither processed nor put in the dead-letter topic, not even perhaps. Per group, key and offset, for
  every key that the group was assigned, that one of its processes polled, or of which it handled anything.
* processed-and-dead-lettered: it was both. Per group, key and offset.
* effect-applied-twice: one effect on the outside world was applied more than once. Per effect.
* duplicates-beyond-window: more records were processed again than may have been in flight. Each crash, fault and new
  assignment excuses as many as the declared window, of those that were processed before it and again after it. Counted: how
  many too many.
* order-per-key: a record was processed for the first time after a later one of its order key had been. What overlaps, or may
  have been processed before, is in order. Per record.
"""

from __future__ import annotations

import heapq
from itertools import pairwise
from typing import Any

from tautolog_checkers.history.events import INFO, INVOKE, OK, is_client
from tautolog_checkers.kafka.checks.consumed_twice import commits_polled, group_readers, tells_of_work
from tautolog_checkers.kafka.evidence import Evidence
from tautolog_checkers.kafka.worker_events import Told
from tautolog_checkers.verdict import Findings

UNPROCESSED = "unprocessed"
BOTH = "processed-and-dead-lettered"
EFFECT = "effect-applied-twice"
WINDOW = "duplicates-beyond-window"
ORDER = "order-per-key"

Record = tuple[Any, Any, int | None]
"""Group, key and offset."""


def check(evidence: Evidence, findings: Findings) -> None:
    """All of it, where a worker tells what it did."""
    told = [entry for entry in evidence.decoded.told if entry.type == OK]
    perhaps = [entry for entry in evidence.decoded.told if entry.type == INFO and entry.f in {"process", "dead-letter"}]
    processed: dict[Record, list[Told]] = {}
    buried: dict[Record, list[Told]] = {}
    for entry in told:
        if entry.f in {"process", "dead-letter"}:
            target = processed if entry.f == "process" else buried
            for key, offset in entry.entries:
                target.setdefault((entry.group, key, offset), []).append(entry)
    _effects(told, findings)
    if processed or buried or evidence.profile.owes:
        handled = {*processed, *buried, *((entry.group, *place) for entry in perhaps for place in entry.entries)}
        consumed, blind = _in_transactions(evidence) if evidence.profile.owes else (set(), set())
        debts = {group: keys for group, keys in _debts(evidence, told).items() if group not in blind}
        _owed(evidence, debts, handled | consumed, findings)
        for record in buried:
            if record in processed:
                findings.add(
                    BOTH, record[1], (processed[record][0].index, buried[record][0].index),
                    "offset {} of {} was processed and dead-lettered", record[2], record[1],
                )  # fmt: skip
        _order([entry for entry in (*told, *perhaps) if entry.f == "process"], findings)
        _window(evidence, processed, findings)


def _owed(evidence: Evidence, debts: dict[Any, dict[Any, None]], handled: set[Record], findings: Findings) -> None:
    acknowledged = _acknowledged(evidence, {key for keys in debts.values() for key in keys})
    for group, keys in debts.items():
        for key in keys:
            for offset, value, index in acknowledged.get(key, ()):
                if (group, key, offset) not in handled:
                    findings.add(
                        UNPROCESSED, key, (index,), "{} at offset {} of {} was acknowledged and never handled{}", value,
                        offset, key, "" if group is None else f" by {group}",
                    )  # fmt: skip


def _in_transactions(evidence: Evidence) -> tuple[set[Record], set[Any]]:
    """What transactions consumed, or perhaps, of groups that do not tell what they process; and groups of which nobody knows.

    Who commits what it polled has processed it. Of a transaction of unknown outcome that does not tell what it polled
    nobody knows what it processed.
    """
    works = {entry.group for entry in evidence.decoded.told if entry.f in {"process", "dead-letter"}}
    telling = tells_of_work(evidence)
    records: set[Record] = set()
    blind: set[Any] = set()
    for reader, group, _ in group_readers(evidence):
        if group in works or not commits_polled(evidence, reader, tells=group in telling):
            continue
        if not reader.reads:
            blind.add(group)
        for key, (offsets, _) in reader.reads.items():
            records.update((group, key, offset) for offset in offsets)
    return records, blind


def _debts(evidence: Evidence, told: list[Told]) -> dict[Any, dict[Any, None]]:
    """Group -> the keys of which it owes every record, in the order in which they came up."""
    handles = {entry.group for entry in told if entry.f in {"process", "dead-letter"}}
    debts: dict[Any, dict[Any, None]] = {
        group: {} for group in dict.fromkeys(entry.group for entry in told) if group in handles
    }
    group_of: dict[Any, Any] = {}
    for entry in told:
        if entry.f in {"process", "dead-letter", "assigned"}:
            if evidence.profile.owes or entry.group in handles:
                debts.setdefault(entry.group, {}).update((key, None) for key, _ in entry.entries)
            group_of[entry.process] = entry.group
    for step in evidence.decoded.steps:
        if getattr(step, "f", "") == "subscribe":
            group_of.setdefault(step.process, step.group)  # type: ignore[union-attr]  # only an Assignment subscribes
    for operation in evidence.decoded.transactions:
        if operation.reads and operation.process in group_of:
            group = group_of[operation.process]
            if evidence.profile.owes or group in handles:
                debts.setdefault(group, {}).update(dict.fromkeys(operation.reads))
    return debts


def _acknowledged(evidence: Evidence, keys: set[Any]) -> dict[Any, list[tuple[int, Any, int]]]:
    """Key -> (offset, value, operation) of every acknowledged record whose offset is known."""
    acknowledged: dict[Any, list[tuple[int, Any, int]]] = {}
    for operation in evidence.decoded.transactions:
        for key, pairs in operation.writes.items() if operation.type == OK else ():
            if key not in keys:
                continue
            log = evidence.partitions[key]
            for told, value in pairs:
                place = log.position.get(value)
                offset = told if told is not None else None if place is None else log.offsets[place]
                if offset is not None:
                    acknowledged.setdefault(key, []).append((offset, value, operation.index))
    return acknowledged


def _effects(told: list[Told], findings: Findings) -> None:
    applied: dict[Any, list[int]] = {}
    for entry in told:
        if entry.f == "effect":
            applied.setdefault(entry.entries[0][0], []).append(entry.index)
    for effect, indexes in applied.items():
        if len(indexes) > 1:
            findings.add(EFFECT, None, tuple(indexes), "effect {} was applied {} times", effect, len(indexes))


def _order(entries: list[Told], findings: Findings) -> None:
    """Each record's first processing, known or possible, against what had surely been processed before it began."""
    last: dict[Any, tuple[int, int]] = {}
    ended: list[tuple[int, int, int, Any]] = []  # when, offset, by whom, lane: what has begun and is not in `last` yet
    seen: set[Any] = set()
    for entry in sorted(entries, key=lambda entry: entry.call):
        key, offset = entry.entries[0]
        if entry.order_key is None or offset is None:
            continue
        while ended and ended[0][0] < entry.call:
            _, other, index, lane = heapq.heappop(ended)
            last[lane] = max(last.get(lane, (-1, -1)), (other, index))
        lane = (entry.group, key, entry.order_key)
        before = last.get(lane)
        first = (entry.group, key, offset) not in seen
        seen.add((entry.group, key, offset))
        if entry.type == INFO:
            continue
        if first and before is not None and offset < before[0]:
            findings.add(
                ORDER, key, (before[1], entry.index), "offset {} of {} was processed after {}, which has the same key",
                offset, key, before[0],
            )  # fmt: skip
        heapq.heappush(ended, (entry.ret, offset, entry.index, lane))


def _window(evidence: Evidence, processed: dict[Record, list[Told]], findings: Findings) -> None:
    window = evidence.profile.in_flight
    if window is None:
        return
    again = []
    for entries in processed.values():
        calls = sorted((entry.call, entry.index) for entry in entries)
        again += [(before[0], after[0], before[1], after[1]) for before, after in pairwise(calls)]
    unexcused = _unexcused(again, interruptions(evidence), window)
    if unexcused:
        findings.add(
            WINDOW, None, unexcused[0][2:], "{} records were processed again that cannot have been in flight, {} allowed",
            len(unexcused), window, times=len(unexcused),
        )  # fmt: skip


Again = tuple[int, int, int, int]
"""Processed when, again when, and by which two operations."""


def _unexcused(again: list[Again], breaks: list[int], window: int) -> list[Again]:
    """Which repetitions are left over when each break excuses `window` of those that it falls into."""
    waiting: list[tuple[int, Again]] = []
    ahead = sorted(again, reverse=True)
    left = []
    for at in [*breaks, None]:
        while ahead and (at is None or ahead[-1][0] < at):
            one = ahead.pop()
            heapq.heappush(waiting, (one[1], one))
        room = window
        while waiting and (at is None or room or waiting[0][0] <= at):
            _, one = heapq.heappop(waiting)
            if at is None or one[1] <= at:
                left.append(one)
            else:
                room -= 1
    return sorted(left)


def interruptions(evidence: Evidence) -> list[int]:
    """When something happened after which work may be done again: crashes, faults and new assignments."""
    return [
        position
        for position, event in enumerate(evidence.history.events)
        if (event.f in {"crash", "assigned"} and event.type != INVOKE) or not is_client(event.process)
    ]
