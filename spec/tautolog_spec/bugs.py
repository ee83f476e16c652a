"""The museum: historical bugs of replicated logs, each a named switch that models and broker carry under the same name.

With every fix in, proof and exploration pass. With one taken out, the stated promise is broken: the explorer finds a trace
of exactly the stated length, and, where the model is proved, the named obligation of the proof fails.
"""

from __future__ import annotations

from tautolog_spec.exhibits import delivery, groups, quorum, replication, share, transactions
from tautolog_spec.exhibits.bug import Bug
from tautolog_spec.fixes import Fix

__all__ = ["MUSEUM", "Bug", "Fix", "bug"]

MUSEUM: tuple[Bug, ...] = (
    *replication.EXHIBITS,
    *quorum.EXHIBITS,
    *groups.EXHIBITS,
    *share.EXHIBITS,
    *transactions.EXHIBITS,
    *delivery.EXHIBITS,
)
"""All of them, family by family, the oldest first."""


def bug(name: str) -> Bug | None:
    """The exhibit of a switch."""
    return next((one for one in MUSEUM if one.fix == name), None)
