"""A second opinion: what cvc5 answers to an obligation's SMT-LIB text. It never sees the model, nor z3.

cvc5 is not needed for anything else (`pip install cvc5`). It may give up where z3 does not; that is undecided, and no
contradiction.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping
from importlib import import_module

from tautolog_checkers.model.prove.obligations import Obligation, Prover, obligations
from tautolog_checkers.model.prove.smtlib import smtlib
from tautolog_spec.language.models import Model

LIMIT_MS = 2_000


def answer(text: str, limit_ms: int = LIMIT_MS) -> str:
    """What cvc5 says of a script: sat, unsat or unknown. Where reasoning does not do, it looks for a finite model.

    It is not told what we expect: it would refuse to contradict.
    """
    found = "unknown"
    for finite in (True,) if ":status sat" in text else (False, True):
        found = _asked(re.sub(r"\(set-info :status .*\)", "", text), limit_ms, finite=finite)
        if found != "unknown":
            break
    return found


def _asked(text: str, limit_ms: int, *, finite: bool) -> str:
    cvc5 = import_module("cvc5")  # optional, and without types
    solver = cvc5.Solver()
    solver.setOption("tlimit-per", str(limit_ms))
    solver.setOption("finite-model-find", "true" if finite else "false")
    parser = cvc5.InputParser(solver)
    parser.setStringInput(cvc5.InputLanguage.SMT_LIB_2_6, text, "obligation")
    symbols = parser.getSymbolManager()
    found = "unknown"
    while not (command := parser.nextCommand()).isNull():
        said = str(command.invoke(solver, symbols)).strip()
        found = said if said in {"sat", "unsat"} else found
    return found


def second_opinion(
    model: Model, limit_ms: int = LIMIT_MS, choose: Callable[[int], bool] = lambda _: True
) -> Mapping[str, list[Obligation]]:
    """The obligations of a model by what cvc5 thinks of what we say of them: agrees, undecided, disagrees."""
    prover = Prover(model)
    found: dict[str, list[Obligation]] = {"agrees": [], "undecided": [], "disagrees": []}
    for number, obligation in enumerate(obligations(prover.model)):
        if choose(number):
            said = answer(smtlib(prover, obligation), limit_ms)
            word = "agrees" if said == obligation.expected else "undecided" if said == "unknown" else "disagrees"
            found[word].append(obligation)
    return found


def counts(opinion: Mapping[str, list[Obligation]]) -> Counter[str]:
    """How many of each."""
    return Counter({word: len(listed) for word, listed in opinion.items()})
