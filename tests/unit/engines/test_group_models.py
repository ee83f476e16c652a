"""Consumer groups: the same bounds that show a bug keep the promise with the fix; groups converge where no record is written."""

import attrs
import pytest

from tautolog_checkers.model.explore.liveness import check_liveness
from tautolog_checkers.model.explore.search import explore
from tautolog_spec.exhibits.groups import EXHIBITS
from tautolog_spec.fixes import Fix
from tautolog_spec.language.lint import cycles
from tautolog_spec.models import load

SHOWN = [pytest.param(one, id=str(one.fix), marks=pytest.mark.nightly if one.nightly else ()) for one in EXHIBITS]


@pytest.mark.parametrize("bug", SHOWN)
def test_with_the_fix_the_bounds_of_the_exhibit_keep_every_promise(bug):
    fixed = load(bug.model).without()
    promises = [one for one in fixed.liveness if one.name == bug.promise]
    if promises:
        assert check_liveness(fixed, bug.bounds, promises[0]).verdict == "holds"
    else:
        assert explore(fixed, bug.bounds).verdict == "holds"


def test_equal_epochs_are_not_enough_even_if_nobody_leaves():
    """A second revocation frees a partition while its former owner is still in the epoch in which it owned it."""
    broken = load("groups-848").without(Fix.KIP_1251_ASSIGNMENT_EPOCH)
    staying = [one for one in broken.actions if one.name not in {"leave", "expire"}]
    found = explore(attrs.evolve(broken, actions=staying), {"Member": 2, "Epoch": 3, "Partition": 2, "Offset": 1})
    assert (found.broken, len(found.trace)) == ("no_zombie_commits", 14)
    assert [event.action for event, _ in found.trace.steps].count("ask_to_revoke") == 2


def test_an_action_that_a_fix_brought_is_not_waited_for_without_it():
    assert "expel_late" in load("groups").liveness[0].fair
    assert "expel_late" not in load("groups").without("REBALANCE_TIMEOUT").liveness[0].fair


@pytest.mark.parametrize("name", ["groups", "groups-848"])
def test_every_obligation_is_decidable(name):
    assert cycles(load(name)) == []
