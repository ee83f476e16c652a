"""Consumer groups: the same bounds that show a bug keep the promise with the fix; groups converge where no record is written."""

import pytest

from tautolog_checkers.model.explore.liveness import check_liveness
from tautolog_checkers.model.explore.search import explore
from tautolog_spec.exhibits.groups import EXHIBITS
from tautolog_spec.fixes import Fix
from tautolog_spec.language.lint import cycles
from tautolog_spec.models import load

WIDE = {Fix.STICKY_ASSIGNMENT, Fix.KIP_1251_ASSIGNMENT_EPOCH}
"""Exhibits whose bounds take seconds to search to the end, though the bug is found at once."""
SHOWN = [pytest.param(one, id=str(one.fix), marks=pytest.mark.nightly if one.fix in WIDE else ()) for one in EXHIBITS]


@pytest.mark.parametrize("bug", SHOWN)
def test_with_the_fix_the_bounds_of_the_exhibit_keep_every_promise(bug):
    fixed = load(bug.model).without()
    promises = [one for one in fixed.liveness if one.name == bug.promise]
    if promises:
        assert check_liveness(fixed, bug.bounds, promises[0]).verdict == "holds"
    else:
        assert explore(fixed, bug.bounds).verdict == "holds"


def test_an_action_that_a_fix_brought_is_not_waited_for_without_it():
    assert "expel_late" in load("groups").liveness[0].fair
    assert "expel_late" not in load("groups").without("REBALANCE_TIMEOUT").liveness[0].fair


@pytest.mark.parametrize("name", ["groups", "groups-848"])
def test_every_obligation_is_decidable(name):
    assert cycles(load(name)) == []
