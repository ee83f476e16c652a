"""committed-unread: a group committed past a record that none of its members had been given.

Such a record is lost for the group: whoever resumes, resumes behind it. Counted per key and offset. Judged only if the last
read reached the end of every partition, as it says which records there are.
"""

from __future__ import annotations

from tautolog_checkers.delivery.evidence import Evidence
from tautolog_checkers.verdict import Findings

ANOMALY = "committed-unread"


def check(evidence: Evidence, findings: Findings) -> None:
    """Each commit, against what the group had polled when it began."""
    if not evidence.final_complete:
        return
    seen: dict[tuple[str, str], set[int]] = {}
    steps: list[tuple[int, int, tuple[str, str], list[int], int]] = []
    for operation, read in evidence.polls:
        group = evidence.group_of.get(operation.invoked.process)
        if group is not None:
            at = operation.ret if operation.ret is not None else operation.call
            steps += [
                (at, 0, (group, key), [offset for offset, _ in pairs], operation.index) for key, pairs in read.items()
            ]
    steps += [
        (commit.call, 1, (commit.group, commit.key), [commit.offset], commit.operation) for commit in evidence.commits
    ]
    left = {place: sorted(log) for place, log in evidence.final.items()}
    frontier: dict[tuple[str, str], int] = {}
    for _, kind, place, offsets, index in sorted(steps):
        polled = seen.setdefault(place, set())
        if kind == 0:
            polled.update(offsets)
            continue
        log = left.get(place[1], [])
        position = frontier.get(place, 0)
        while position < len(log) and log[position] < offsets[0]:
            if log[position] not in polled:
                findings.add(
                    ANOMALY, place[1], (index,), "group {} committed {} of {}, but no member was given offset {}",
                    place[0], offsets[0], place[1], log[position],
                )  # fmt: skip
            position += 1
        frontier[place] = max(position, frontier.get(place, 0))
