"""What takes long to find out about a model, kept as data beside its page: who misses each part, and what the proof leans on.

Findings belong to one text of a model, known by its fingerprint; when the text changes they are found anew
(`python -m tautolog_checkers.model.pages --findings`).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import attrs

from tautolog_checkers.model.mutation import Examiner, Fate, mutants
from tautolog_checkers.model.prove.cores import proof_graph
from tautolog_checkers.model.prove.obligations import Prover
from tautolog_spec.language.models import Model
from tautolog_spec.language.words import formula_text, update_text


@attrs.frozen
class Findings:
    """What was found about one text of a model.

    Attributes:
        fingerprint: of the text.
        fates: of every part.
        graph: for each invariant, which others its consecution leans on, and over which actions; empty if not proved.

    """

    fingerprint: str
    fates: tuple[Fate, ...]
    graph: Mapping[str, Mapping[str, tuple[str, ...]]]


def fingerprint(model: Model) -> str:
    """Of all that the findings depend on: the model's text without its prose and without its reasons."""
    whole = model.without()
    lines = [str(one) + one.kind.value for one in whole.relations]
    lines += [update_text(one) for one in whole.initial]
    lines += [formula_text(one) for one in whole.axioms]
    for act in whole.actions:
        lines += [
            act.name,
            *map(repr, act.parameters),
            *map(formula_text, act.requires),
            *map(update_text, act.updates),
        ]
    lines += [f"{one.name} {one.is_safety} {formula_text(one.formula)}" for one in whole.invariants]
    lines += [f"{one.name} {formula_text(one.formula)}" for one in whole.sometimes]
    lines += [f"{one.name} {one.trigger} {one.goal} {one.fair}" for one in whole.liveness]
    lines += [f"{sorted(one.bounds.items())} {one.distinct} {one.depth} {one.live}" for one in whole.configurations]
    lines += [str(whole.proved)]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]


def find(model: Model, progress: Callable[[Fate], None] | None = None) -> Findings:
    """Find out everything; minutes."""
    examiner = Examiner(model)
    fates = []
    for mutant in mutants(model):
        fates.append(examiner.fate(mutant))
        if progress is not None:
            progress(fates[-1])
    return Findings(fingerprint(model), tuple(fates), proof_graph(Prover(model)) if model.proved else {})


def save(findings: Findings, path: Path) -> None:
    """Write findings."""
    document = attrs.asdict(findings)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def load_findings(path: Path) -> Findings | None:
    """Read findings; None if there are none."""
    if not path.exists():
        return None
    document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    graph = {name: {other: tuple(acts) for other, acts in edges.items()} for name, edges in document["graph"].items()}
    return Findings(document["fingerprint"], tuple(Fate(**one) for one in document["fates"]), graph)
