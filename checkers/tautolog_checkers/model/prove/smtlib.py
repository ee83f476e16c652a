"""Every obligation as a self-contained SMT-LIB 2 file, so that a stranger can check the proof with another solver."""

from __future__ import annotations

import re
from pathlib import Path

from tautolog_checkers.model.prove.obligations import Obligation, Prover, obligations
from tautolog_spec.language.models import Model


def smtlib(prover: Prover, obligation: Obligation) -> str:
    """One obligation: declarations, assertions, and the answer that is expected."""
    text = prover.solver(obligation).to_smt2()
    body = re.sub(r"^;.*\n|^\(set-(?:info|logic|option).*\n", "", text, flags=re.MULTILINE)
    head = [
        f"; {prover.model.name}: {obligation}",
        "(set-logic UF)",
        f"(set-info :status {obligation.expected})",
    ]
    return "\n".join([*head, body.strip(), ""])


def write_smtlib(model: Model, folder: Path) -> int:
    """Write one file an obligation into a folder; return how many."""
    prover = Prover(model)
    folder.mkdir(parents=True, exist_ok=True)
    count = 0
    for number, obligation in enumerate(obligations(prover.model), 1):
        name = f"{prover.model.name}-{number:04}-{str(obligation).replace(' ', '-')}.smt2"
        (folder / name).write_text(smtlib(prover, obligation), encoding="utf-8")
        count = number
    return count
