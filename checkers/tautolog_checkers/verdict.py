"""Verdicts and what stands behind them. A verdict is a lattice: violated > unknown > holds; the worst one wins.

`unknown` (a limit reached, nothing to judge) never passes for `holds`. A verdict that is `violated` names the classes of
anomaly that decided it and shows examples; counts include the classes that the profile allows.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum
from typing import Any

import attrs

EXAMPLES = 64
"""How many findings of one class are kept with words and operations; all are counted."""


SYMPTOMS = frozenset({"unseen", "unconverged"})
"""Classes that say that something is missing, not what went wrong: no report opens with them if there is another one."""


class Outcome(IntEnum):
    """The three verdicts, ordered so that `max` joins them."""

    HOLDS = 0
    UNKNOWN = 1
    VIOLATED = 2

    def __str__(self) -> str:
        return self.name.lower()


def worst(outcomes: Iterable[Outcome]) -> Outcome:
    """The join: violated if any is, else unknown if any is, else holds."""
    return max(outcomes, default=Outcome.HOLDS)


@attrs.frozen
class Finding:
    """One occurrence of an anomaly: its class, where it happened, the operations that show it, and a sentence."""

    anomaly: str
    key: Any
    operations: tuple[int, ...]
    text: str


class Findings:
    """All occurrences, counted; the first `EXAMPLES` of each class kept in words."""

    __slots__ = ("by_key", "counts", "examples")

    def __init__(self) -> None:
        self.counts: dict[str, int] = {}
        self.examples: dict[str, list[Finding]] = {}
        self.by_key: dict[Any, set[str]] = {}

    def add(
        self, anomaly: str, key: Any, operations: tuple[int, ...], text: str, *values: object, times: int = 1
    ) -> None:
        """Count one occurrence, or several that one sentence tells.

        Args:
            anomaly: the class.
            key: where; None if it belongs to no single key.
            operations: the invocation indexes that show it.
            text: a format string for `values`; only put together for the examples that are kept.
            values: what stands in the braces.
            times: how many occurrences these are.

        """
        self.counts[anomaly] = self.counts.get(anomaly, 0) + times
        if key is not None:
            classes = self.by_key.get(key)
            if classes is None:
                self.by_key[key] = {anomaly}
            else:
                classes.add(anomaly)
        examples = self.examples.get(anomaly)
        if examples is None:
            examples = self.examples[anomaly] = []
        if len(examples) < EXAMPLES:
            examples.append(Finding(anomaly, key, tuple(dict.fromkeys(operations)), text.format(*values)))


@attrs.frozen(kw_only=True)
class Verdict:
    """What a judge says of one history.

    Attributes:
        outcome: holds, unknown or violated.
        reason: one sentence: what decided it.
        model: the model or the kind of history that was judged.
        algorithm: how, in the words of the reference.
        profile: the name of the profile, with what it allows; empty for linearizability.
        anomalies: class -> how often, allowed classes included.
        forbidden: the classes among them that make the verdict.
        findings: examples of each class, in words.
        partitions: key -> verdict.
        witness: invocation indexes that suffice to show the violation.
        supporting: invocation indexes that the witness leans on without needing their answers.
        certificate: for `holds`, where it was asked for: invocation indexes in an order of effect.
        stuck: where a search ended: the states left, and the next steps that they do not allow, in words.
        operations: how many operations were judged.
        prepare_seconds, check_seconds, witness_seconds: what reading the operations out of the events cost, what the
            judgement and what the witness.

    """

    outcome: Outcome
    reason: str = ""
    model: str = ""
    algorithm: str = ""
    profile: str = ""
    anomalies: dict[str, int] = attrs.field(factory=dict)
    forbidden: tuple[str, ...] = ()
    findings: dict[str, list[Finding]] = attrs.field(factory=dict)
    partitions: dict[Any, Outcome] = attrs.field(factory=dict)
    witness: tuple[int, ...] = ()
    supporting: tuple[int, ...] = ()
    certificate: tuple[int, ...] = ()
    stuck: tuple[str, ...] = ()
    operations: int = 0
    prepare_seconds: float = 0.0
    check_seconds: float = 0.0
    witness_seconds: float = 0.0

    @property
    def holds(self) -> bool:
        """Whether the history is proved to keep what was promised."""
        return self.outcome is Outcome.HOLDS

    @property
    def exit_code(self) -> int:
        """0 holds, 1 violated, 2 unknown."""
        return (0, 2, 1)[self.outcome]

    def as_json(self) -> dict[str, Any]:
        """The fields of the `--json` document, without those that belong to the file."""
        return {
            "verdict": str(self.outcome),
            "reason": self.reason,
            "model": self.model,
            "algorithm": self.algorithm,
            "profile": self.profile,
            "anomalies": dict(self.anomalies),
            "forbidden": list(self.forbidden),
            "partitions": _by_name(self.partitions),
            "witness": list(self.witness),
            "supporting": list(self.supporting),
            "certificate": list(self.certificate),
            "operations": self.operations,
            "check_seconds": round(self.check_seconds, 6),
            "witness_seconds": round(self.witness_seconds, 6),
        }


def joined(first: Verdict, *others: Verdict) -> Verdict:
    """Several judges' verdicts of one history as one: the worst decides, and what all of them found stands in it.

    Where several are equally bad, the last of them that shows more than a symptom is asked for the reason and the witness.
    """
    verdicts = (first, *others)
    outcome = worst(verdict.outcome for verdict in verdicts)
    guilty = [verdict for verdict in reversed(verdicts) if verdict.outcome is outcome]
    decided = min(guilty, key=lambda verdict: broken_class(verdict) in SYMPTOMS)
    anomalies: dict[str, int] = {}
    findings: dict[str, list[Finding]] = {}
    for verdict in verdicts:
        for name, count in verdict.anomalies.items():
            if count > anomalies.get(name, 0):
                anomalies[name], findings[name] = count, verdict.findings.get(name, [])
    forbidden = dict.fromkeys(name for verdict in verdicts for name in verdict.forbidden)
    return attrs.evolve(
        first,
        outcome=outcome,
        reason=decided.reason,
        algorithm="; ".join(verdict.algorithm for verdict in verdicts),
        profile="; ".join(verdict.profile for verdict in verdicts if verdict.profile),
        anomalies=anomalies,
        forbidden=tuple(forbidden),
        findings=findings,
        witness=decided.witness,
        check_seconds=sum(verdict.check_seconds for verdict in verdicts),
    )


def broken_class(verdict: Verdict) -> str | None:
    """The class that a violated verdict opens with; None for any other verdict."""
    if verdict.outcome is not Outcome.VIOLATED:
        return None
    named = (name for name in verdict.forbidden if verdict.reason.startswith(f"{name}: "))
    return next(named, next(iter(verdict.forbidden), "nonlinearizable"))


def _by_name(partitions: dict[Any, Outcome]) -> dict[str, str]:
    """The verdicts as JSON has them; of keys that are written alike (`1` and `"1"`) the worst."""
    named: dict[str, Outcome] = {}
    for key, outcome in partitions.items():
        name = _name(key)
        named[name] = max(outcome, named.get(name, outcome))
    return {name: str(outcome) for name, outcome in named.items()}


def _name(key: Any) -> str:
    return key if isinstance(key, str) else "" if key is None else str(key)
