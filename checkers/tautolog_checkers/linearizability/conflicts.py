"""What a polynomial algorithm answers: that it cannot tell, that the history holds, or a conflict."""

from __future__ import annotations

from typing import TypeAlias

import attrs

from tautolog_checkers.linearizability.operations import Op


@attrs.frozen
class Conflict:
    """Why no order exists: in words, and by which operations."""

    reason: str
    ops: tuple[Op, ...]


@attrs.frozen
class Inapplicable:
    """The algorithm does not apply: what it needs is not so."""

    reason: str


Answer: TypeAlias = Conflict | Inapplicable | None
"""None: there is an order."""
