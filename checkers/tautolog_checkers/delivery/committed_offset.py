"""committed-offset-regression: a group resumed from a committed offset that a later acknowledged commit had already replaced.

The committed offset of a partition is a register: a lookup returns what some commit wrote, not after its own end and not if
another commit began after that one's end and was acknowledged before the lookup began. Commits with an unknown end may take
effect at any time. Counted per lookup and key.
"""

from __future__ import annotations

from tautolog_checkers.delivery.evidence import Commit, Evidence, Lookup
from tautolog_checkers.verdict import Findings

ANOMALY = "committed-offset-regression"


def check(evidence: Evidence, findings: Findings) -> None:
    """Every lookup against the commits of its group and key."""
    commits: dict[tuple[str, str], list[Commit]] = {}
    for commit in evidence.commits:
        commits.setdefault((commit.group, commit.key), []).append(commit)
    for lookup in evidence.lookups:
        written = commits.get((lookup.group, lookup.key), [])
        if not _explained(lookup, written):
            before = [commit for commit in written if commit.ok and commit.ret < lookup.call]
            operations = (*(commit.operation for commit in before[-1:]), lookup.operation)
            last = before[-1].offset if before else "nothing"
            findings.add(
                ANOMALY, lookup.key, operations, "group {} resumed {} at {}, though {} was committed before",
                lookup.group, lookup.key, lookup.offset, last,
            )  # fmt: skip


def _explained(lookup: Lookup, commits: list[Commit]) -> bool:
    settled = [commit.call for commit in commits if commit.ok and commit.ret < lookup.call]
    latest = max(settled, default=-1)
    if lookup.offset < 0:
        return not settled
    return any(
        commit.offset == lookup.offset and commit.call < lookup.ret and commit.ret >= latest for commit in commits
    )
