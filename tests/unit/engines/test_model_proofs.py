"""Proofs: complete with the fixes, refuted without them at the named action; counterexamples are small and confirmed."""

import subprocess
import sys

import pytest

from support.small_models import TOKEN, F, P, model
from tautolog_checkers.model.prove.bounded import shortest_violation
from tautolog_checkers.model.prove.obligations import Obligation, Prover, obligations, prove
from tautolog_checkers.model.prove.smtlib import smtlib, write_smtlib
from tautolog_checkers.model.states import holds
from tautolog_checkers.model.tables import Trace
from tautolog_spec.language import FALSE, Step, action, auxiliary, forall
from tautolog_spec.models import MODULES, load

PROVED = [name for name in MODULES if load(name).proved]


@pytest.mark.parametrize("name", PROVED)
def test_every_obligation_is_proved(name):
    proof = prove(load(name))
    assert [str(one.obligation) for one in proof.failed] == []
    found = load(name).without()
    assert len(proof.results) == len(found.invariants) * (len(found.actions) + 1) + len(found.actions)


@pytest.mark.parametrize(
    ("name", "fix", "at"),
    [
        ("replication", "KIP_101_TRUNCATE_BY_EPOCH", {"become_follower", "become_follower_afresh"}),
        ("replication", "KIP_320_FENCED_TRUNCATION", {"become_follower", "become_follower_afresh"}),
        ("replication", "KIP_320_FENCED_HIGH_WATERMARK", {"commit"}),
        ("replication", "ISR_AFTER_EPOCH_START", {"expand_isr"}),
        ("replication-async", "ISR_MAXIMALITY", {"propose_expansion"}),
        ("replication-async", "ALTER_PARTITION_EPOCH", {"accept"}),
        ("replication-async", "ISR_AFTER_EPOCH_START", {"propose_expansion"}),
    ],
)
def test_without_a_fix_the_proof_fails_where_it_should(name, fix, at):
    broken = load(name).without(fix)
    prover = Prover(broken)
    asked = [one for one in obligations(prover.model) if one.action in at and one.kind == "consecution"]
    failed = [result for one in asked if not (result := prover.check(one)).proved]
    assert failed
    assert all(one.counterexample for one in failed)


def test_a_counterexample_is_small_and_real():
    proof = prove(TOKEN.without("ONE_HOLDER"))
    assert [str(one.obligation) for one in proof.failed] == ["consecution grant exclusive"]
    found = proof.failed[0].counterexample
    assert found.trace.first.sizes == {"Node": 2}
    assert proof.refuted
    lines = found.lines(Prover(TOKEN.without("ONE_HOLDER")).translation)
    assert any(line.startswith("step:   grant(node=node") for line in lines)
    assert any(line.startswith("after:  holder: +node") for line in lines)


def test_a_counterexample_does_not_depend_on_what_was_asked_before():
    broken = load("share").without("SHARE_ACKNOWLEDGED_BY_HOLDER")
    failing = Obligation("consecution", "reject", "late_acknowledgement_is_refused")
    busy = Prover(broken)
    for one in obligations(busy.model):
        if one.action in {"", "reject"} and one != failing:
            busy.check(one)
    assert busy.check(failing).lines == Prover(broken).check(failing).lines


def test_an_initial_state_may_be_the_counterexample():
    found = prove(model(invariants=(auxiliary("wrong", F(), meaning="m"),))).failed
    assert [str(one.obligation) for one in found] == ["initiation wrong"]
    assert not holds(F(), found[0].counterexample.trace.first)


def test_an_action_that_can_never_happen_is_a_failure():
    @action()
    def never():
        """Impossible."""
        return Step(requires=(F(), ~F()), updates=(F.insert(),))

    proof = prove(model(never, invariants=(auxiliary("all", forall(P.sorts[0], lambda x: ~P(x)), meaning="m"),)))
    assert [str(one.obligation) for one in proof.failed] == ["vacuity never"]


def test_invariants_that_exclude_each_other_are_noticed():
    @action()
    def noop():
        """Nothing."""
        return Step()

    proof = prove(model(noop, invariants=(auxiliary("absurd", FALSE, meaning="m"),)))
    assert "vacuity noop" in {str(one.obligation) for one in proof.failed}


def test_unknown_is_a_failure(monkeypatch):
    import z3

    monkeypatch.setattr(z3.Solver, "check", lambda *_: z3.unknown)
    proof = prove(TOKEN)
    assert len(proof.failed) == len(proof.results)
    assert not proof.refuted


def test_bounded_search_finds_the_shortest_way():
    broken = TOKEN.without("ONE_HOLDER")
    found = shortest_violation(broken, broken.invariants[0], 5)
    assert isinstance(found, Trace)
    assert [event.action for event, _ in found.steps] == ["ask", "ask", "grant", "grant"] or len(found) == 4
    assert shortest_violation(TOKEN, TOKEN.invariants[0], 4) == "unsat"


def test_smtlib_files_stand_alone(tmp_path):
    prover = Prover(TOKEN)
    text = smtlib(prover, Obligation("consecution", "grant", "exclusive"))
    assert "(set-info :status unsat)" in text
    assert text.strip().endswith("(check-sat)")
    assert "(set-info :status sat)" in smtlib(prover, Obligation("vacuity", "grant"))
    assert write_smtlib(TOKEN, tmp_path) == len(list(tmp_path.glob("*.smt2"))) == 7
    script = (
        "import sys, z3\n"
        "for name in sys.argv[1:]:\n"
        " s = z3.Solver(); s.from_file(name)\n"
        " assert f':status {s.check()})' in open(name).read(), name\n"
    )
    subprocess.run([sys.executable, "-c", script, *map(str, tmp_path.glob("*.smt2"))], check=True)
