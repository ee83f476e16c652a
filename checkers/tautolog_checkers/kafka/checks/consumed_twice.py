"""consumed-twice: a group was done with a record, and got it again.

What a group is done with, it has committed past. A record is consumed by being processed, in histories that tell of it;
otherwise by being polled by a process that subscribed. It is consumed twice if

* it was consumed again by an operation that began when every offset that can have been committed was beyond it, or
* two successful transactions of the group polled it: a transaction that polls while subscribed commits what it polled. Under
  a transactional profile a `poll` is one, too, unless the group tells what it processes or commits.

Where a process sought, it asked for what it got, and is not judged before it subscribes again. Counted per group, key and
offset.
"""

from __future__ import annotations

from typing import Any

from tautolog_checkers.history.events import FAIL, INFO, OK
from tautolog_checkers.history.values import freeze
from tautolog_checkers.kafka.checks.ownership import Committed, commits_of
from tautolog_checkers.kafka.evidence import Evidence
from tautolog_checkers.kafka.transactions import Transaction
from tautolog_checkers.kafka.worker_events import Told
from tautolog_checkers.verdict import Findings

ANOMALY = "consumed-twice"

Place = tuple[Any, Any]
"""Group and key."""

NOWHERE: frozenset[Any] = frozenset()


def check(evidence: Evidence, findings: Findings) -> None:
    """Group by group: what was processed, or else what was polled."""
    told = evidence.decoded.told
    processed = [entry for entry in told if entry.f == "process" and entry.type == OK]
    if processed:
        _processed(told, processed, findings)
    elif evidence.decoded.subscribes or any("group" in (t.extra or ()) for t in evidence.decoded.transactions):
        _polled(evidence, findings)


def _processed(told: list[Told], processed: list[Told], findings: Findings) -> None:
    registers = {place: Committed(commits) for place, commits in commits_of(told).items()}
    first: dict[tuple[Any, Any, int], Told] = {}
    reported: set[tuple[Any, Any, int]] = set()
    for entry in sorted(processed, key=lambda entry: entry.call):
        (key, offset), *_ = entry.entries
        record = (entry.group, key, offset or 0)
        before = first.setdefault(record, entry)
        if before is entry or record in reported:
            continue
        if _done(registers.get((entry.group, key)), entry.call, record[2]):
            reported.add(record)
            findings.add(
                ANOMALY, key, (before.index, entry.index), "offset {} of {} was committed and then processed again",
                offset, key,
            )  # fmt: skip


def _done(register: Committed | None, call: int, offset: int) -> bool:
    """Whether whoever began at `call` can only have found this offset committed past."""
    if register is None:
        return False
    last, possible = register.at(call, call)
    return last is not None and min(possible) > offset


class _Consumed:
    """What a group got of one partition. Pieces that follow each other cost nothing but their bounds."""

    __slots__ = ("_end", "_pieces", "_places", "reported")

    def __init__(self) -> None:
        self._end = -1
        self._pieces: list[tuple[range, Transaction]] = []
        self._places: dict[int, Transaction] | None = None
        self.reported: set[int] = set()

    def take(self, places: range | list[int], reader: Transaction) -> list[tuple[int, Transaction]]:
        """Note places, and return those that had been taken, each with its first reader."""
        if self._places is None:
            if isinstance(places, range) and places[0] > self._end:
                self._pieces.append((places, reader))
                self._end = places[-1]
                return []
            self._places = {place: who for piece, who in self._pieces for place in piece}
        again = []
        for place in places:
            before = self._places.setdefault(place, reader)
            if before is not reader:
                again.append((place, before))
        return again


def _polled(evidence: Evidence, findings: Findings) -> None:
    readers = [entry for entry in group_readers(evidence) if entry[0].type == OK]
    commits: dict[Place, list[tuple[Any, int]]] = commits_of(evidence.decoded.told)
    telling = tells_of_work(evidence)
    for reader, group, _ in readers:
        if commits_polled(evidence, reader, tells=group in telling):
            for key, (offsets, _) in reader.reads.items():
                beyond = max((offset for offset in offsets if offset is not None), default=-1) + 1
                commits.setdefault((group, key), []).append((reader, beyond))
    for listed in commits.values():
        listed.sort(key=lambda entry: entry[0].ret)
    registers: dict[Place, Committed] = {}
    consumed: dict[Place, _Consumed] = {}
    for reader, group, sought in readers:
        for key, (_, values) in reader.reads.items():
            if sought is None or key in sought:
                continue
            log, span = evidence.partitions[key], reader.spans.get(key)
            places: range | list[int]
            if span is not None:
                places = range(span[0], span[1] + 1)
            else:
                places = list(dict.fromkeys(log.position[value] for value in values if value in log.position))
            taken = consumed.setdefault((group, key), _Consumed())
            for place, before in taken.take(places, reader) if places else ():
                if (group, key) not in registers and (group, key) in commits:
                    registers[group, key] = Committed(commits[group, key])
                both = all(commits_polled(evidence, one, tells=group in telling) for one in (reader, before))
                offset = log.offsets[place]
                if place in taken.reported or not (both or _done(registers.get((group, key)), reader.call, offset)):
                    continue
                taken.reported.add(place)
                findings.add(
                    ANOMALY, key, (before.index, reader.index), "offset {} of {} was consumed {}", offset, key,
                    "by two transactions" if both else "again after it had been committed",
                )  # fmt: skip


def tells_of_work(evidence: Evidence) -> set[Any]:
    """The groups that tell what they process or commit."""
    return {entry.group for entry in evidence.decoded.told if entry.f in {"commit", "process", "dead-letter"}}


def commits_polled(evidence: Evidence, reader: Transaction, *, tells: bool) -> bool:
    """Whether what an operation polled was committed with it; a group that tells what it commits does so by itself."""
    return reader.f == "txn" or (evidence.profile.transactional and not tells)


def group_readers(evidence: Evidence) -> list[tuple[Transaction, Any, frozenset[Any] | None]]:
    """The operations that polled for a group, or may have, in the order of their beginnings.

    Each with its group and the keys in which its process had sought, None for all: it asked for what it got there.
    """
    groups: dict[Any, Any] = {}
    sought: dict[Any, frozenset[Any] | None] = {}
    readers = []
    for step in evidence.decoded.steps:
        process = step.process
        if isinstance(step, Transaction):
            if (step.type == OK and step.reads) or (step.type == INFO and step.f != "send"):
                if step.extra and "group" in step.extra:
                    readers.append((step, freeze(step.extra["group"]), sought.get(process, NOWHERE)))
                elif process in groups:
                    readers.append((step, groups[process], sought.get(process, NOWHERE)))
        elif step.type != FAIL:
            if step.f == "seek":
                before = sought.get(process, NOWHERE)
                sought[process] = None if step.keys is None or before is None else before | step.keys
                continue
            sought.pop(process, None)
            if step.f == "subscribe":
                groups[process] = step.group
            else:
                groups.pop(process, None)
    readers.sort(key=lambda entry: entry[0].call)
    return readers
