"""Share groups: what the delivery limit limits, and what a leader change forgets."""

import attrs
import pytest

from tautolog_checkers.model.explore.search import explore
from tautolog_spec.fixes import Fix
from tautolog_spec.language import forall, safety
from tautolog_spec.models.share import MODEL
from tautolog_spec.models.share.text import Member, Offset, received

TO_ONE_MEMBER_ONLY = safety(
    "to_one_member_only",
    forall(Offset, Member, Member, lambda o, m, n: (received(o, m) & received(o, n)) >> (m == n)),
    meaning="No two members are ever given the same record.",
    source="nowhere: it is not promised",
)


@pytest.mark.parametrize(("epochs", "steps"), [(1, 0), (2, 3)])
def test_the_limit_is_one_of_counts_and_a_leader_change_forgets_the_deliveries_under_way(epochs, steps):
    """With a limit of one delivery, a second member is given the record only if the first one's leader went."""
    whom = attrs.evolve(MODEL.without(Fix.SHARE_ACKNOWLEDGED_BY_HOLDER), invariants=(TO_ONE_MEMBER_ONLY,))
    found = explore(whom, {"Member": 2, "Offset": 1, "Limit": 1, "Epoch": epochs})
    events = [event.action for event, _ in found.trace.steps] if found.trace else []
    assert len(events) == steps
    assert events in ([], ["acquire", "change_leader", "acquire"])
