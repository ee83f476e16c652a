"""What is known of one bug. It names models, promises and obligations; it never imports them."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from tautolog_spec.fixes import Fix


@attrs.frozen
class Bug:
    """A historical bug, and the shortest way to see it.

    Attributes:
        fix: the switch; without it the bug is back.
        title: a headline.
        story: what happened, in a few sentences, to somebody who knows Kafka but not this corner of it.
        reported: where it was told: KIP, Jira issue, paper, post-mortem; with an address where there is one.
        model: in which it is shown.
        promise: the safety invariant or liveness promise of that model which breaks.
        bounds: of the smallest instance in which it breaks, by name of a sort or of a bound.
        steps: of the shortest trace, exactly. For a broken liveness promise: the steps to the cycle and once around it.
        obligation: the one that fails, as `consecution commit leader_completeness`; empty where the model is not proved.
        proof: the proved model whose obligation that is, where it is not `model`.
        nightly: whether finding the trace takes too long for every test run.

    """

    fix: Fix
    title: str
    story: str
    reported: str
    model: str
    promise: str
    bounds: Mapping[str, int]
    steps: int
    obligation: str = ""
    proof: str = ""
    nightly: bool = False

    @property
    def failing(self) -> str:
        """The obligation, and whose it is, where it is another model's."""
        return f"{self.obligation} (of {self.proof})" if self.proof else self.obligation
