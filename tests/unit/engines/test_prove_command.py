"""`prove` in several processes, its warning, its files and its bounded search."""

import json

import pytest
from click.testing import CliRunner

from support.small_models import TOKEN, A, B, Q, model
from tautolog.cli.main import tautolog
from tautolog_checkers.model.prove.obligations import prove, prove_in_parallel
from tautolog_spec import models
from tautolog_spec.language import auxiliary, exists, forall


def run(*arguments):
    result = CliRunner().invoke(tautolog, [str(one) for one in arguments], standalone_mode=False)
    return (result.exception or result.return_value), result.stdout, result.stderr


@pytest.fixture
def token(monkeypatch):
    """The token model as the only one."""
    monkeypatch.setattr(models, "MODULES", {"token": "token"})
    monkeypatch.setattr(models, "load", lambda _: TOKEN)


@pytest.mark.parametrize("switches", [(), ("ONE_HOLDER",)])
def test_several_processes_find_what_one_finds(switches):
    seen = []
    one = prove(TOKEN.without(*switches))
    two = prove_in_parallel(TOKEN.without(*switches), jobs=2, progress=seen.append)
    assert [(r.obligation, r.answer, r.lines) for r in two.results] == [
        (r.obligation, r.answer, r.lines) for r in one.results
    ]
    assert tuple(seen) == two.results


def test_an_alternation_cycle_is_warned_of_before_the_proof(monkeypatch):
    some = auxiliary("some", forall(A, lambda x: exists(B, lambda y: Q(x, y))), meaning="m")
    back = auxiliary("back", forall(B, lambda y: exists(A, lambda x: Q(x, y))), meaning="m")
    wandering = model(invariants=(some, back), proved=True)
    monkeypatch.setattr(models, "MODULES", {"small": "small"})
    monkeypatch.setattr(models, "load", lambda _: wandering)
    code, output, errors = run("prove", "--json", "--jobs", "1")
    assert code == 1
    assert errors == (
        "small: quantifiers alternate in a cycle (Animal → Bench and Bench → Animal; invariant some), "
        "so a query may stay unknown\n"
    )
    assert json.loads(output)["models"][0]["failures"]


def test_no_warning_without_a_cycle(token):
    code, output, errors = run("prove", "--json")
    (one,) = json.loads(output)["models"]
    assert (code, errors) == (0, "")
    assert set(one) == {"name", "obligations", "proved", "failed", "seconds"}


def test_files_are_named_after_their_obligations(token, tmp_path):
    assert run("prove", "--smtlib", tmp_path)[0] == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "token-consecution-ask-exclusive.smt2",
        "token-consecution-grant-exclusive.smt2",
        "token-consecution-release-exclusive.smt2",
        "token-initiation-exclusive.smt2",
        "token-vacuity-ask.smt2",
        "token-vacuity-grant.smt2",
        "token-vacuity-release.smt2",
    ]


def test_bounded_search_from_the_initial_state(token):
    assert run("prove", "token", "--bounded", "4")[:2] == (0, "token\texclusive\tholds\t-\n")
    code, output, _ = run("prove", "token", "--bounded", "4", "--without", "ONE_HOLDER")
    assert code == 1
    assert "token\texclusive\tviolated\t4\n" in output
    assert "broken: One holder at most." in output
    code, output, _ = run("prove", "token", "--bounded", "3", "--without", "ONE_HOLDER", "--json")
    assert (code, json.loads(output)["promises"][0]["verdict"]) == (0, "holds")


def test_bounded_search_wants_a_model(token):
    error = run("prove", "--bounded", "4")[0]
    assert error.exit_code == 64
    assert "wants a model" in error.message
