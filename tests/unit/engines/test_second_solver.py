"""cvc5 reads the obligations' files and agrees, wherever it decides. Skipped where it is not installed."""

import pytest

from support.small_models import TOKEN
from tautolog_checkers.model.prove import second
from tautolog_checkers.model.prove.obligations import Obligation, Prover
from tautolog_checkers.model.prove.second import answer, counts, second_opinion
from tautolog_checkers.model.prove.smtlib import smtlib
from tautolog_spec.models import MODULES, load

pytest.importorskip("cvc5", reason="the second solver is not installed: pip install cvc5")

PROVED = [name for name in MODULES if load(name).proved]


def test_it_agrees_about_the_token():
    assert counts(second_opinion(TOKEN)) == {"agrees": 7, "undecided": 0, "disagrees": 0}


def test_it_finds_the_same_bug():
    prover = Prover(TOKEN.without("ONE_HOLDER"))
    assert answer(smtlib(prover, Obligation("consecution", "grant", "exclusive"))) == "sat"
    found = second_opinion(TOKEN.without("ONE_HOLDER"))
    assert list(map(str, found["disagrees"])) == ["consecution grant exclusive"]


def test_a_wrong_word_would_be_noticed(monkeypatch):
    monkeypatch.setattr(
        second, "smtlib", lambda *_: "(set-logic UF)\n(declare-const p Bool)\n(assert p)\n(check-sat)\n"
    )
    assert counts(second_opinion(TOKEN)) == {"agrees": 3, "undecided": 0, "disagrees": 4}


@pytest.mark.nightly
@pytest.mark.parametrize("name", PROVED)
def test_it_agrees_about_every_obligation_that_it_decides(name):
    found = second_opinion(load(name))
    assert list(map(str, found["disagrees"])) == []
    assert len(found["agrees"]) > len(found["undecided"])
