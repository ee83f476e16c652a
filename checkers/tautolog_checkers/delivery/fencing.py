"""zombie-commit and two-owners: a group did not keep its members apart.

* zombie-commit: a commit of an older generation was acknowledged, although it began after a member had been given its
  partitions in a newer one.
* two-owners: two members held one partition in one generation.

Counted per commit, and per generation and key.
"""

from __future__ import annotations

from typing import Any

from tautolog_checkers.delivery.evidence import Evidence
from tautolog_checkers.verdict import Findings

OLD, DOUBLE = "zombie-commit", "two-owners"


def check(evidence: Evidence, findings: Findings) -> None:
    """Every assignment and every commit that names its generation."""
    newest: dict[str, list[tuple[int, int, int]]] = {}
    holders: dict[tuple[str, int, str], tuple[Any, int]] = {}
    for operation in evidence.assigns:
        extra = operation.invoked.extra or {}
        if "generation" not in extra:
            continue
        group, generation, member = extra["group"], extra["generation"], extra.get("member")
        newest.setdefault(group, []).append((operation.call, generation, operation.index))
        for key in operation.invoked.value:
            holder, index = holders.setdefault((group, generation, key), (member, operation.index))
            if holder != member:
                findings.add(
                    DOUBLE, key, (index, operation.index), "in generation {} of group {} both {} and {} held {}",
                    generation, group, holder, member, key,
                )  # fmt: skip
    for commit in evidence.commits:
        if not commit.ok or commit.generation < 0:
            continue
        newer = [
            index
            for call, generation, index in newest.get(commit.group, ())
            if call < commit.call and generation > commit.generation
        ]
        if newer:
            findings.add(
                OLD, commit.key, (newer[0], commit.operation), "group {} took a commit of generation {} for {} after a newer one",
                commit.group, commit.generation, commit.key,
            )  # fmt: skip
