"""Transactions: what each version of the protocol promises is proved, or has a shortest trace; nobody leans on luck."""

import attrs
import pytest
import z3

from tautolog_checkers.model.explore.liveness import check_liveness
from tautolog_checkers.model.explore.search import explore
from tautolog_checkers.model.prove.obligations import Prover, obligations
from tautolog_spec.language.lint import cycles
from tautolog_spec.models import load

VERSION_1 = ("KIP_890_EPOCH_BUMP", "KIP_890_VERIFICATION")
VERIFIED_1 = ("KIP_890_EPOCH_BUMP",)
BOUNDS = {"Producer": 1, "Transaction": 2, "Partition": 1, "Epoch": 3, "Offset": 2}
TWO_PARTITIONS = {**BOUNDS, "Partition": 2, "Offset": 1}

KEPT = 0
TABLE = [
    ("no_hanging_transaction", BOUNDS, 7, KEPT),
    ("no_aborted_read", BOUNDS, 13, 13),
    ("committed_is_whole", BOUNDS, 14, 14),
    ("one_outcome", TWO_PARTITIONS, 18, 18),
    ("zombie_is_fenced", BOUNDS, KEPT, KEPT),
    ("stable_is_decided", BOUNDS, KEPT, KEPT),
    ("decided_once", BOUNDS, KEPT, KEPT),
]
"""A promise of version 2, and after how many steps version 1 breaks it, without verification and with it."""


def steps_to_break(without, promise, bounds):
    broken = load("transactions").without(*without)
    promised = tuple(one for one in broken.invariants if one.name == promise)
    found = explore(attrs.evolve(broken, invariants=promised, sometimes=()), bounds)
    assert found.verdict in {"holds", "violated"}
    return len(found.trace or ())


def test_the_table_names_every_promise():
    promises = [one.name for one in load("transactions").invariants if one.is_safety]
    assert [name for name, *_ in TABLE] == promises


@pytest.mark.parametrize(
    ("promise", "bounds", "first", "verified"),
    [pytest.param(*row, id=row[0], marks=pytest.mark.nightly if row[1] is TWO_PARTITIONS else ()) for row in TABLE],
)
def test_what_version_1_does_not_promise(promise, bounds, first, verified):
    assert steps_to_break(VERSION_1, promise, bounds) == first
    assert steps_to_break(VERIFIED_1, promise, bounds) == verified


def test_what_version_1_with_verification_promises_is_proved():
    kept = [name for name, _, _, verified in TABLE if verified == KEPT]
    assert [one.name for one in load("transactions-1").invariants if one.is_safety] == kept


def test_nothing_that_hangs_is_ever_ended():
    """The liveness promise breaks one step after the safety promise: the coordinator has completed, and rests."""
    broken = load("transactions-1").without("KIP_890_VERIFICATION")
    promise = next(one for one in broken.liveness if one.name == "nothing_hangs")
    found = check_liveness(broken, {**BOUNDS, "Transaction": 1, "Epoch": 2, "Offset": 1}, promise)
    assert (found.verdict, len(found.cycle.way), len(found.cycle.around)) == ("violated", 8, 0)
    assert [event.action for event, _ in found.cycle.way.steps][-2:] == ["append", "complete"]


def test_verification_is_needed_although_epochs_are_bumped():
    """What the epochs guard, a partition forgets: then only the coordinator knows that a batch is late."""
    broken = load("transactions").without("KIP_890_VERIFICATION")
    found = explore(broken, BOUNDS)
    assert (found.broken, len(found.trace)) == ("no_hanging_transaction", 7)
    assert [event.action for event, _ in found.trace.steps][-2:] == ["forget", "append"]
    remembers = attrs.evolve(broken, actions=tuple(one for one in broken.actions if one.name != "forget"))
    assert explore(remembers, BOUNDS).verdict == "holds"


def test_every_obligation_about_a_step_is_decidable():
    """That an epoch is the first of all, which the initial state says, is the only alternation in a cycle."""
    for name in ("idempotence", "transactions", "transactions-1"):
        assert all(edge.where.startswith("initial state of ") for edge in cycles(load(name)))


@pytest.mark.parametrize(
    ("lemma", "then"),
    [
        ("one_in_an_epoch", "consecution add_partition one_in_play"),
        ("one_in_play", "consecution append open_is_known"),
        ("later_marker_is_present", "consecution write_commit no_aborted_read"),
        ("marker_seen_nothing_verified", "consecution finish_commit verified_is_added"),
    ],
)
def test_the_proof_leans_on_what_the_essay_says(lemma, then):
    """Without the lemma some other invariant does not follow any more."""
    model = load("transactions")
    less = attrs.evolve(model, invariants=tuple(one for one in model.invariants if one.name != lemma))
    obligation = next(one for one in obligations(less) if str(one) == then)
    assert Prover(model).check(obligation).answer == "unsat"
    assert Prover(less).solver(obligation).check() == z3.sat
