"""The museum: each switch breaks the promise that its exhibit names, in as many steps, and the proof where it says."""

from pathlib import Path

import attrs
import pytest

from tautolog_checkers.model.explore.liveness import check_liveness
from tautolog_checkers.model.explore.search import explore
from tautolog_checkers.model.prove.obligations import Prover, obligations
from tautolog_spec.bugs import MUSEUM, Fix, bug
from tautolog_spec.models import MODULES, load

SHOWN = [pytest.param(one, id=str(one.fix), marks=pytest.mark.nightly if one.nightly else ()) for one in MUSEUM]


@pytest.mark.parametrize("bug", SHOWN)
def test_without_the_fix_the_promise_breaks_in_the_stated_number_of_steps(bug):
    broken = load(bug.model).without(bug.fix)
    for promise in broken.liveness:
        if promise.name == bug.promise:
            found = check_liveness(broken, bug.bounds, promise)
            assert found.verdict == "violated"
            assert len(found.cycle.way) + len(found.cycle.around) == bug.steps
            return
    promised = tuple(one for one in broken.invariants if one.name == bug.promise)  # others may break as soon
    found = explore(attrs.evolve(broken, invariants=promised), bug.bounds)
    assert (found.verdict, found.broken, len(found.trace or ())) == ("violated", bug.promise, bug.steps)


@pytest.mark.parametrize("bug", [one for one in MUSEUM if one.obligation], ids=lambda one: str(one.fix))
def test_without_the_fix_the_proof_fails_at_the_stated_obligation(bug):
    prover = Prover(load(bug.proof or bug.model).without(bug.fix))
    obligation = next(one for one in obligations(prover.model) if str(one) == bug.obligation)
    found = prover.check(obligation)
    assert found.answer == "sat"
    assert found.counterexample is not None


UNPROVED = ("QUORUM_NO_EPOCH_RESUME", "QUORUM_CHANGE_AFTER_OWN_COMMIT")
"""Exhibits of models that are not proved, in instances that are no configuration and small enough for every run."""


@pytest.mark.parametrize("name", UNPROVED)
def test_with_the_fix_the_instance_of_the_exhibit_holds(name):
    exhibit = bug(name)
    assert not load(exhibit.model).proved
    assert explore(load(exhibit.model), exhibit.bounds).verdict == "holds"


def test_every_switch_of_every_model_is_exhibited_once():
    switches = {switch for name in MODULES for switch in load(name).switches}
    assert sorted(one.fix for one in MUSEUM) == sorted(switches) == sorted(Fix)
    assert all(one.fix in load(one.model).switches for one in MUSEUM)


def test_switches_have_the_names_that_model_broker_and_simulator_share():
    """What others call by name is not renamed unseen."""
    named = (
        *("KIP_101_TRUNCATE_BY_EPOCH", "KIP_279_EPOCH_LOOKUP", "KIP_320_FENCED_TRUNCATION"),
        *("KIP_320_FENCED_HIGH_WATERMARK", "ISR_AFTER_EPOCH_START", "ISR_MAXIMALITY", "ALTER_PARTITION_EPOCH"),
        *("KIP_966_LAST_REPLICA_STANDING", "KIP_903_BROKER_EPOCH", "CONSUMER_POSITION_CHECK"),
        *("QUORUM_NO_EPOCH_RESUME", "QUORUM_COMMIT_OWN_EPOCH", "QUORUM_UP_TO_DATE_VOTE", "QUORUM_VOTE_PERSISTED"),
        *("QUORUM_VOTER_DIRECTORY_ID", "GROUP_GENERATION_FENCE", "OFFSET_COMMIT_ORDER"),
    )
    assert [name for name in named if bug(name) is None] == []


def test_the_readme_counts_the_exhibits():
    readme = Path(__file__).parents[3] / "README.md"
    assert f" {len(MUSEUM)} historical bugs" in readme.read_text(encoding="utf-8")


def test_no_two_switches_are_told_apart_by_an_ending():
    """A name that begins another's would be typed for it."""
    assert [(one, other) for one in Fix for other in Fix if other != one and other.startswith(one)] == []
