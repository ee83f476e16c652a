"""Every obligation as a self-contained SMT-LIB 2 file, so that a stranger can check the proof with another solver.

A file is named after its model and obligation alone, so that it keeps its name when the model grows.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from tautolog_checkers.model.prove.obligations import Obligation, Prover, obligations
from tautolog_spec.language.models import Model


def smtlib(prover: Prover, obligation: Obligation, answer: str = "") -> str:
    """One obligation: declarations, assertions, and the answer: the one that proves it, unless another is known."""
    text = prover.solver(obligation).to_smt2()
    body = re.sub(r"^;.*\n|^\(set-(?:info|logic|option).*\n", "", text, flags=re.MULTILINE)
    head = [
        f"; {prover.model.name}: {obligation}",
        "(set-logic UF)",
        f"(set-info :status {answer or obligation.expected})",
    ]
    return "\n".join([*head, body.strip(), ""])


def file_name(model: Model, obligation: Obligation) -> str:
    """`replication-consecution-fetch-logs_match.smt2`."""
    return f"{model.name}-{str(obligation).replace(' ', '-')}.smt2"


def write_smtlib(model: Model, folder: Path, answers: Mapping[Obligation, str] | None = None) -> int:
    """Write one file an obligation into a folder; return how many.

    Args:
        model: whose obligations.
        folder: made where there is none.
        answers: what our solver said, where that is known: an obligation that fails must not be said to hold.

    """
    prover = Prover(model)
    folder.mkdir(parents=True, exist_ok=True)
    asked = list(obligations(prover.model))
    for obligation in asked:
        text = smtlib(prover, obligation, (answers or {}).get(obligation, ""))
        (folder / file_name(prover.model, obligation)).write_text(text, encoding="utf-8")
    return len(asked)
