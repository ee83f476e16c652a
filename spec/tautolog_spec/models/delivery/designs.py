"""The designs of a worker, each a rung of the ladder, and what becomes of each promise in it."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from tautolog_spec.fixes import Fix
from tautolog_spec.language import Invariant, Model
from tautolog_spec.models.delivery import MODEL
from tautolog_spec.models.delivery.invariants import (
    EFFECT_HAS_KEY,
    IN_TURN,
    KEY_BEFORE,
    OUTCOME_HAS_KEY,
    OUTCOMES,
    PROMISES,
    TOKENS,
)

BOUNDS = {"Worker": 2, "Offset": 2, "Attempt": 2}
"""Of the instance in which shortest traces are looked for."""


@attrs.frozen
class Design:
    """One way to write a worker.

    Attributes:
        name: as people call it.
        lacks: the rung that it lacks first; None for the whole ladder.
        meaning: what the worker does with a record, in a sentence.
        breaks: the promises that it does not keep -> how many steps the shortest trace takes that shows it. All others
            are proved without any bound.
        leans_on: auxiliary invariants for the proof of those.

    """

    name: str
    lacks: Fix | None
    meaning: str
    breaks: Mapping[str, int]
    leans_on: tuple[Invariant, ...]

    @property
    def keeps(self) -> tuple[Invariant, ...]:
        """The promises that are proved."""
        return tuple(one for one in PROMISES if one.name not in self.breaks)

    def model(self) -> Model:
        """The delivery model as this design has it, with what it keeps and no other promise."""
        model = MODEL.without(self.lacks) if self.lacks else MODEL.without()
        return attrs.evolve(model, invariants=(*self.keeps, *self.leans_on))

    def broken(self, promise: str) -> Model:
        """The same, with one promise and nothing else."""
        return attrs.evolve(self.model(), invariants=tuple(one for one in PROMISES if one.name == promise))


DESIGNS: tuple[Design, ...] = (
    Design(
        "key before",
        Fix.DEDUP_KEY_AFTER_EFFECT,
        "Set the key if it is not there (`SETNX`), process, commit; skip what has a key.",
        {"at_least_once": 5, "in_order": 6},
        (*KEY_BEFORE, *TOKENS),
    ),
    Design(
        "key after",
        Fix.DEDUP_LEASE,
        "Look for the key, process, set the key, commit.",
        {"no_late_effect": 6, "effect_at_most_once": 6, "dead_letter_xor_effect": 6},
        (*IN_TURN, *OUTCOMES),
    ),
    Design(
        "lease",
        Fix.DEDUP_FENCING_TOKEN,
        "Look for the key, take a lock that expires (a lease), process, set the key, give it back, commit.",
        {"no_late_effect": 7, "effect_at_most_once": 7, "dead_letter_xor_effect": 7},
        (*IN_TURN, *OUTCOMES),
    ),
    Design(
        "lease with fence",
        Fix.DEDUP_KEY_IN_SINK,
        "The same, and the sink refuses an effect whose token is older than one that it has taken.",
        {"effect_at_most_once": 7, "dead_letter_xor_effect": 7},
        (*IN_TURN, *OUTCOMES),
    ),
    Design(
        "idempotent sink",
        Fix.DEDUP_INBOX,
        "The sink keeps the key in the transaction of the effect and takes no effect twice; dead letters go to their topic.",
        {"dead_letter_xor_effect": 6},
        (*IN_TURN, *OUTCOMES, *EFFECT_HAS_KEY, *TOKENS),
    ),
    Design(
        "inbox in one transaction",
        None,
        "The sink keeps one outcome for each record, effect or dead letter, in one transaction with it.",
        {},
        (*IN_TURN, *OUTCOMES, *OUTCOME_HAS_KEY, *TOKENS),
    ),
)
"""From the bottom of the ladder to its top."""
