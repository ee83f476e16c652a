"""What a worker may promise, and what the proofs of the designs lean on. No design keeps all of it but the inbox."""

from __future__ import annotations

from tautolog_spec.language import Invariant, auxiliary, forall, safety
from tautolog_spec.models.delivery.text import (
    Attempt,
    Offset,
    Worker,
    committed,
    dead,
    done,
    effect,
    has_outcome,
    key,
    late,
    lease,
    overtook,
    passed,
    postponed,
    token,
    twice,
    used,
    working,
    works,
)

PROMISES: tuple[Invariant, ...] = (
    safety(
        "at_least_once",
        forall(Offset, lambda o: committed(o) >> (has_outcome(o) | postponed(o))),
        meaning="What lies below the committed offset was processed, or is a dead letter.",
        source="Kafka documentation, message delivery semantics",
    ),
    safety(
        "no_late_effect",
        forall(Offset, lambda o: ~late(o)),
        meaning="A worker that lost its lease changes nothing after the next holder did.",
        source="Kleppmann 2016, How to do distributed locking",
    ),
    safety(
        "effect_at_most_once",
        forall(Offset, lambda o: ~twice(o)),
        meaning="No record's effect is applied a second time.",
        source="Helland 2012, Idempotence is not a medical condition",
    ),
    safety(
        "dead_letter_xor_effect",
        forall(Offset, lambda o: ~(effect(o) & dead(o))),
        meaning="No record is both processed and a dead letter, so that whoever repairs a dead letter does not do it twice.",
        source="this project; dead letters: Hohpe and Woolf 2003, Dead Letter Channel",
    ),
    safety(
        "in_order",
        forall(Offset, lambda o: ~overtook(o)),
        meaning="No record takes effect while an earlier one of its partition has neither taken effect nor died.",
        source="Kafka documentation, order within a partition",
    ),
)

IN_TURN: tuple[Invariant, ...] = (
    auxiliary(
        "committed_downward",
        forall(Offset, Offset, lambda o, p: (committed(p) & (o < p)) >> committed(o)),
        meaning="The records below the committed offset are all up to some offset.",
    ),
    auxiliary(
        "passed_downward",
        forall(Worker, Offset, Offset, lambda w, o, p: (passed(w, p) & (o < p)) >> passed(w, o)),
        meaning="The records below a worker's position are all up to some offset.",
    ),
    auxiliary(
        "attempt_of_working",
        forall(Worker, Offset, Attempt, lambda w, o, t: works(w, o, t) >> working(w)),
        meaning="Only a worker that runs is at a record.",
    ),
    auxiliary(
        "done_of_working",
        forall(Worker, Offset, lambda w, o: done(w, o) >> working(w)),
        meaning="Only a worker that runs is about to move on.",
    ),
    auxiliary(
        "one_record_at_a_time",
        forall(Worker, Offset, Offset, Attempt, lambda w, o, p, t: (works(w, p, t) & (o < p)) >> passed(w, o)),
        meaning="A worker is at its next record, and at no other.",
    ),
    auxiliary(
        "done_with_current",
        forall(Worker, Offset, Offset, lambda w, o, p: (done(w, p) & (o < p)) >> passed(w, o)),
        meaning="A worker is about to move on from its next record, and from no other.",
    ),
)
"""Why a worker takes one record after the other."""

TOKENS: tuple[Invariant, ...] = (
    auxiliary(
        "token_of_effect",
        forall(Offset, Attempt, lambda o, t: token(o, t) >> effect(o)),
        meaning="The sink knows tokens of effects only.",
    ),
)

TIDY: tuple[Invariant, ...] = (
    auxiliary(
        "no_leases",
        forall(Offset, Attempt, lambda o, t: ~lease(o, t)),
        meaning="Whose sink keeps the keys needs no lease.",
    ),
    auxiliary(
        "position_of_working",
        forall(Worker, Offset, lambda w, o: passed(w, o) >> working(w)),
        meaning="Only a worker that runs has a position.",
    ),
    auxiliary(
        "not_yet_passed",
        forall(Worker, Offset, Attempt, lambda w, o, t: works(w, o, t) >> ~passed(w, o)),
        meaning="A worker is not at a record that lies below its position.",
    ),
    auxiliary(
        "one_attempt",
        forall(Worker, Offset, Attempt, Attempt, lambda w, o, t, u: (works(w, o, t) & works(w, o, u)) >> (t == u)),
        meaning="A worker makes one attempt at a time.",
    ),
    auxiliary(
        "attempts_numbered",
        forall(Worker, Offset, Attempt, lambda w, o, t: works(w, o, t) >> used(o, t)),
        meaning="Every attempt has taken its number.",
    ),
    auxiliary(
        "numbers_downward",
        forall(Offset, Attempt, Attempt, lambda o, t, u: (used(o, u) & (t < u)) >> used(o, t)),
        meaning="Attempts are numbered upwards.",
    ),
    auxiliary(
        "own_number",
        forall(Worker, Worker, Offset, Attempt, lambda w, x, o, t: (works(w, o, t) & works(x, o, t)) >> (w == x)),
        meaning="No two attempts at a record have one number.",
    ),
)
"""What no promise leans on, and what says that workers and attempts are what their names say."""

OUTCOMES: tuple[Invariant, ...] = (
    auxiliary(
        "nothing_postponed",
        forall(Offset, lambda o: ~postponed(o)),
        meaning="Records are tried again where they are.",
    ),
    auxiliary(
        "passed_with_outcome",
        forall(Worker, Offset, lambda w, o: passed(w, o) >> has_outcome(o)),
        meaning="A worker moves past a record only when its outcome is sure.",
    ),
    auxiliary(
        "done_with_outcome",
        forall(Worker, Offset, lambda w, o: done(w, o) >> has_outcome(o)),
        meaning="A worker has done with a record only when its outcome is sure.",
    ),
    auxiliary(
        "key_with_outcome",
        forall(Offset, lambda o: key(o) >> has_outcome(o)),
        meaning="A key is set only when the record's outcome is sure.",
    ),
)
"""What a design needs that loses nothing."""

EFFECT_HAS_KEY: tuple[Invariant, ...] = (
    auxiliary(
        "effect_has_key",
        forall(Offset, lambda o: effect(o) >> key(o)),
        meaning="With an effect, the sink keeps the key.",
    ),
)
OUTCOME_HAS_KEY: tuple[Invariant, ...] = (
    *EFFECT_HAS_KEY,
    auxiliary(
        "dead_letter_has_key", forall(Offset, lambda o: dead(o) >> key(o)), meaning="With a dead letter, it does, too."
    ),
)

KEY_BEFORE: tuple[Invariant, ...] = (
    *OUTCOME_HAS_KEY,
    auxiliary(
        "attempt_has_key",
        forall(Worker, Offset, Attempt, lambda w, o, t: works(w, o, t) >> key(o)),
        meaning="Whoever is at a record has set its key.",
    ),
    auxiliary(
        "one_worker",
        forall(
            *(Worker, Worker, Offset, Attempt, Attempt),
            lambda w, x, o, t, u: (works(w, o, t) & works(x, o, u)) >> (w == x),
        ),
        meaning="Only one worker ever sets a key, and only that one is at the record.",
    ),
    auxiliary(
        "open_without_outcome",
        forall(Worker, Offset, Attempt, lambda w, o, t: (works(w, o, t) & ~done(w, o)) >> ~has_outcome(o)),
        meaning="While it is at it, the record has no outcome.",
    ),
)
"""What the design needs that sets the key first."""

INVARIANTS = (*PROMISES, *IN_TURN, *OUTCOMES, *OUTCOME_HAS_KEY, *TOKENS, *TIDY)
"""What the inbox keeps."""
