"""two-owners, zombie-write, zombie-commit and committed-offset-regression: what fencing must prevent.

* two-owners: two processes were assigned one partition in one generation of one group. Per group, generation and key.
* zombie-write: a send succeeded that began after one of a higher epoch of the same producer had succeeded. Per send.
* zombie-commit: a commit succeeded that began after a commit or an assignment of a later generation of its group had
  succeeded. Per commit.
* committed-offset-regression: a group was told a lower committed offset than was committed before it asked, by a commit
  that nothing overlapped or followed. Per operation and key.
"""

from __future__ import annotations

from typing import Any

from tautolog_checkers.history.events import OK
from tautolog_checkers.kafka.evidence import Evidence
from tautolog_checkers.kafka.worker_events import Told
from tautolog_checkers.verdict import Findings

OWNERS = "two-owners"
WRITE = "zombie-write"
COMMIT = "zombie-commit"
BACK = "committed-offset-regression"


def check(evidence: Evidence, findings: Findings) -> None:
    """Groups first, producers after."""
    told = [entry for entry in evidence.decoded.told if entry.type == OK]
    if told:
        _owners(told, findings)
        _commits(told, findings)
        _committed(told, findings)
    _writes(evidence, findings)


def _owners(told: list[Told], findings: Findings) -> None:
    owners: dict[tuple[Any, Any, Any], Told] = {}
    for entry in told:
        if entry.f == "assigned":
            for key, _ in entry.entries:
                first = owners.setdefault((entry.group, entry.generation, key), entry)
                if first.process != entry.process:
                    findings.add(
                        OWNERS, key, (first.index, entry.index), "processes {} and {} both own {} in generation {}",
                        first.process, entry.process, key, entry.generation,
                    )  # fmt: skip


def _commits(told: list[Told], findings: Findings) -> None:
    newest: dict[Any, list[tuple[int, int, int]]] = {}
    for entry in sorted(told, key=lambda entry: entry.ret):
        if entry.generation is None or entry.f not in {"commit", "assigned"}:
            continue
        steps = newest.setdefault(entry.group, [])
        later = [step for step in steps if step[0] < entry.call and step[1] > entry.generation]
        if entry.f == "commit" and later:
            findings.add(
                COMMIT, None, (later[0][2], entry.index), "generation {} committed after generation {} had begun",
                entry.generation, later[0][1],
            )  # fmt: skip
        if not steps or entry.generation > steps[-1][1]:
            steps.append((entry.ret, entry.generation, entry.index))


def _committed(told: list[Told], findings: Findings) -> None:
    commits: dict[tuple[Any, Any], list[tuple[Told, int]]] = {}
    for entry in told:
        if entry.f == "commit":
            for key, offset in entry.entries:
                commits.setdefault((entry.group, key), []).append((entry, offset or 0))
    for entry in told:
        if entry.f != "committed":
            continue
        for key, offset in entry.entries:
            known = commits.get((entry.group, key), [])
            before = [(commit, value) for commit, value in known if commit.ret < entry.call]
            if not before or offset is None:
                continue
            last, value = max(before, key=lambda pair: pair[0].ret)
            possible = {v for commit, v in known if commit.ret >= last.call and commit.call < entry.ret}
            if offset < value and offset not in possible:
                findings.add(
                    BACK, key, (last.index, entry.index), "{} was committed for {}, and {} was told", value, key, offset
                )


def _writes(evidence: Evidence, findings: Findings) -> None:
    newest: dict[Any, list[tuple[int, int, int]]] = {}
    for operation in evidence.decoded.transactions:
        extra = operation.event.extra
        if operation.type != OK or not operation.writes or not extra or "epoch" not in extra:
            continue
        producer, epoch = extra.get("producer-id", extra.get("transactional-id")), extra["epoch"]
        steps = newest.setdefault(producer, [])
        later = [step for step in steps if step[0] < operation.call and step[1] > epoch]
        if later:
            findings.add(
                WRITE, None, (later[0][2], operation.index), "epoch {} of producer {} wrote after epoch {} had",
                epoch, producer, later[0][1],
            )  # fmt: skip
        if not steps or epoch > steps[-1][1]:
            steps.append((operation.ret, epoch, operation.index))
