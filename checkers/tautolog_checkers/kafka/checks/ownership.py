"""two-owners, zombie-write, zombie-commit and committed-offset-regression: what fencing must prevent.

* two-owners: two members were assigned one partition in one generation of one group. Per group, generation and key.
* zombie-write: a send succeeded that began after a send or a commit of a higher epoch of the same producer had. Per send.
* zombie-commit: a commit succeeded that began after a commit or an assignment of a later generation of its group had
  succeeded, or after a send or a commit of a higher epoch of its producer had. Per commit.
* committed-offset-regression: a group was told a lower committed offset than was committed before it asked, by a commit
  that nothing overlapped or followed. Per operation and key.
"""

from __future__ import annotations

from bisect import bisect_left
from itertools import accumulate
from typing import Any

from tautolog_checkers.history.events import FAIL, OK
from tautolog_checkers.kafka.evidence import Evidence
from tautolog_checkers.kafka.transactions import Transaction
from tautolog_checkers.kafka.worker_events import NEVER, Told, producer_of
from tautolog_checkers.verdict import Findings

OWNERS = "two-owners"
WRITE = "zombie-write"
COMMIT = "zombie-commit"
BACK = "committed-offset-regression"


def check(evidence: Evidence, findings: Findings) -> None:
    """Groups first, producers after."""
    told = [entry for entry in evidence.decoded.told if entry.type == OK]
    zombies: set[int] = set()
    if told:
        _owners(told, findings)
        _commits(told, zombies, findings)
        _committed(evidence.decoded.told, findings)
    _epochs(evidence, told, zombies, findings)


def _owners(told: list[Told], findings: Findings) -> None:
    owners: dict[tuple[Any, Any, Any], Told] = {}
    reported: set[tuple[Any, Any, Any]] = set()
    for entry in told:
        if entry.f != "assigned" or entry.generation is None:
            continue
        for key, _ in entry.entries:
            place = (entry.group, entry.generation, key)
            first = owners.setdefault(place, entry)
            if first.member != entry.member and place not in reported:
                reported.add(place)
                findings.add(
                    OWNERS, key, (first.index, entry.index), "{} and {} both own {} in generation {}",
                    first.member, entry.member, key, entry.generation,
                )  # fmt: skip


class Newest:
    """The newest generation or epoch known at each position, group by group or producer by producer."""

    __slots__ = ("_steps",)

    def __init__(self) -> None:
        self._steps: dict[Any, list[tuple[int, int, int]]] = {}

    def before(self, whose: Any, call: int, number: int) -> tuple[int, int] | None:
        """The newest number that was known before `call`, if it is greater than `number`, and who told it."""
        steps = self._steps.get(whose, [])
        place = bisect_left(steps, (call,)) - 1
        return (steps[place][1], steps[place][2]) if place >= 0 and steps[place][1] > number else None

    def note(self, whose: Any, ret: int, number: int, index: int) -> None:
        """Something of this number ended; to be told in the order of the ends."""
        steps = self._steps.setdefault(whose, [])
        if not steps or number > steps[-1][1]:
            steps.append((ret, number, index))


def _commits(told: list[Told], zombies: set[int], findings: Findings) -> None:
    newest = Newest()
    for entry in sorted(told, key=lambda entry: entry.ret):
        if entry.generation is None or entry.f not in {"commit", "assigned"}:
            continue
        later = newest.before(entry.group, entry.call, entry.generation)
        if entry.f == "commit" and later is not None:
            zombies.add(entry.index)
            findings.add(
                COMMIT, None, (later[1], entry.index), "generation {} committed after generation {} had begun",
                entry.generation, later[0],
            )  # fmt: skip
        newest.note(entry.group, entry.ret, entry.generation, entry.index)


def _committed(told: list[Told], findings: Findings) -> None:
    registers = {place: Committed(commits) for place, commits in commits_of(told).items()}
    for entry in told:
        if entry.f != "committed" or entry.type != OK:
            continue
        for key, offset in entry.entries:
            register = registers.get((entry.group, key))
            last, possible = (None, set()) if register is None else register.at(entry.call, entry.ret)
            if last is not None and offset is not None and offset < last[1] and offset not in possible:
                findings.add(
                    BACK, key, (last[0].index, entry.index), "{} was committed for {}, and {} was told", last[1], key, offset
                )  # fmt: skip


class Committed:
    """The committed offset of one group and key: a register that commits write and lookups read.

    Args:
        commits: those that did not fail, each with its offset, in the order of their ends.

    """

    __slots__ = ("_begun", "_commits", "_earliest", "_ends")

    def __init__(self, commits: list[tuple[Any, int]]) -> None:
        self._commits = commits
        self._ends = [commit.ret if commit.type == OK else NEVER for commit, _ in commits]
        self._begun = list(accumulate((commit.call for commit, _ in commits), max))
        self._earliest = list(accumulate((commit.call for commit, _ in reversed(commits)), min))[::-1]

    def at(self, call: int, ret: int) -> tuple[tuple[Any, int] | None, set[int]]:
        """The last commit that surely preceded an operation from `call` to `ret`, and every offset that it may have found."""
        settled = bisect_left(self._ends, call)
        place = bisect_left(self._ends, self._begun[settled - 1]) if settled else 0
        possible = set()
        while place < len(self._commits) and self._earliest[place] < ret:
            commit, offset = self._commits[place]
            if commit.call < ret:
                possible.add(offset)
            place += 1
        return (self._commits[settled - 1] if settled else None), possible


def commits_of(told: list[Told]) -> dict[tuple[Any, Any], list[tuple[Any, int]]]:
    """(Group, key) -> the commits that did not fail, in the order of their ends, unknown ones last."""
    commits: dict[tuple[Any, Any], list[tuple[Any, int]]] = {}
    for entry in sorted(told, key=lambda entry: entry.ret):
        if entry.f == "commit" and entry.type != FAIL:
            for key, offset in entry.entries:
                commits.setdefault((entry.group, key), []).append((entry, -1 if offset is None else offset))
    return commits


def _epochs(evidence: Evidence, told: list[Told], zombies: set[int], findings: Findings) -> None:
    steps: list[tuple[int, Any, int, Told | Transaction]] = []
    for operation in evidence.decoded.transactions:
        if operation.extra and operation.type == OK and operation.writes:
            producer, epoch = producer_of(operation.extra)
            if producer is not None and epoch is not None:
                steps.append((operation.ret, producer, epoch, operation))
    steps += [
        (entry.ret, entry.producer, entry.epoch, entry)
        for entry in told
        if entry.f == "commit" and entry.producer is not None and entry.epoch is not None
    ]
    newest = Newest()
    for ret, producer, epoch, step in sorted(steps, key=lambda entry: entry[0]):
        later = newest.before(producer, step.call, epoch)
        commits = isinstance(step, Told)
        if later is not None and step.index not in zombies:
            findings.add(
                COMMIT if commits else WRITE, None, (later[1], step.index), "epoch {} of producer {} {} after epoch {} had",
                epoch, producer, "committed" if commits else "wrote", later[0],
            )  # fmt: skip
        newest.note(producer, ret, epoch, step.index)
