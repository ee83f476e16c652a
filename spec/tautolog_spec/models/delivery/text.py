"""The delivery model's vocabulary, its ladder of designs, and its actions."""

from __future__ import annotations

from tautolog_spec.fixes import Fix
from tautolog_spec.language import (
    FALSE,
    TRUE,
    Formula,
    Sort,
    Step,
    Variable,
    action,
    exists,
    forall,
    ghost,
    only_without,
    relation,
    when,
)

Worker = Sort("Worker")
Offset = Sort("Offset", ordered=True)
Attempt = Sort("Attempt", ordered=True)

committed = relation("committed", Offset, meaning="the record lies below the group's committed offset")
working = relation("working", Worker, meaning="the worker runs and takes the partition for its own, rightly or not")
passed = relation("passed", Worker, Offset, meaning="the worker's position is beyond the record")
works = relation("works", Worker, Offset, Attempt, meaning="the worker is at the record, in this attempt")
done = relation("done", Worker, Offset, meaning="the worker has done with the record all but to move on")
used = relation("used", Offset, Attempt, meaning="attempts at the record have been numbered up to this one")
key = relation("key", Offset, meaning="the record's deduplication key is set")
lease = relation("lease", Offset, Attempt, meaning="this attempt holds the lease on the record's key")
effect = relation("effect", Offset, meaning="the sink has the record's effect")
token = relation("token", Offset, Attempt, meaning="the sink has taken an effect of the record from this attempt")
dead = relation("dead", Offset, meaning="the record is among the dead letters, for good")
buffered = relation(
    "buffered", Worker, Offset, meaning="the worker's producer was given a dead letter and may yet lose it"
)
postponed = relation("postponed", Offset, meaning="the record is in the retry topic")

twice = ghost("twice", Offset, meaning="the record's effect was applied more than once")
late = ghost("late", Offset, meaning="an attempt applied the effect after a later attempt had")
overtook = ghost("overtook", Offset, meaning="the record's effect came while an earlier record had no outcome")
RELATIONS = (
    *(committed, working, passed, works, done, used, key, lease, effect, token, dead, buffered, postponed),
    *(twice, late, overtook),
)

LADDER = (
    Fix.DEDUP_KEY_AFTER_EFFECT,
    Fix.DEDUP_LEASE,
    Fix.DEDUP_FENCING_TOKEN,
    Fix.DEDUP_KEY_IN_SINK,
    Fix.DEDUP_INBOX,
)
"""Each rung is a protection that stands on those before it: without one, those after it are of no use and are not there."""


def from_rung(rung: Fix, formula: Formula, below: Formula = FALSE) -> Formula:
    """What holds of the designs that have this rung and so all before it, and what of the others."""
    for one in reversed(LADDER[: LADDER.index(rung) + 1]):
        formula = when(one, formula, below)
    return formula


def leases() -> Formula:
    """In this design a worker leases the key while it is at the record, and the key is in a store of its own."""
    return from_rung(Fix.DEDUP_LEASE, from_rung(Fix.DEDUP_KEY_IN_SINK, FALSE, TRUE))


def current(worker: Variable, record: Variable) -> Formula:
    """The record is the next one for the worker."""
    before = forall(Offset, lambda o: (o < record) >> passed(worker, o))
    return working(worker) & ~passed(worker, record) & before


def has_outcome(record: Variable) -> Formula:
    """The record was processed, or is a dead letter."""
    return effect(record) | dead(record)


@action(Worker)
def start(worker: Variable) -> Step:
    """A worker is given the partition and reads on from the committed offset. Whoever had it before may not know yet."""
    return Step(
        requires=(~working(worker),),
        updates=(working.insert(worker), passed.assign(worker, ..., to=committed)),
    )


@action(Worker)
def crash(worker: Variable) -> Step:
    """A worker dies, or learns that the partition is another's, and forgets all that it has not handed to somebody else."""
    return Step(
        requires=(working(worker),),
        updates=(
            working.remove(worker),
            passed.remove(worker, ...),
            works.remove(worker, ..., ...),
            done.remove(worker, ...),
            only_without(Fix.DEAD_LETTER_ACKNOWLEDGED, buffered.remove(worker, ...)),
        ),
    )


@action(Worker, Offset)
def skip(worker: Variable, record: Variable) -> Step:
    """The worker finds the record's key set, takes it for done, and moves on."""
    idle = forall(Attempt, lambda t: ~works(worker, record, t))
    return Step(
        requires=(current(worker, record), idle, key(record)),
        updates=(passed.insert(worker, record),),
    )


@action(Worker, Offset, Attempt)
def begin(worker: Variable, record: Variable, attempt: Variable) -> Step:
    """The worker turns to its next record. Where the key is in a store, it looks there first, and leases or sets the key."""
    free = forall(Attempt, lambda t: ~lease(record, t))
    return Step(
        requires=(
            current(worker, record),
            forall(Attempt, lambda t: ~works(worker, record, t)),
            ~used(record, attempt),
            from_rung(Fix.DEDUP_KEY_IN_SINK, TRUE, ~key(record)),
            leases() >> free,
        ),
        updates=(
            works.insert(worker, record, attempt),
            used.insert(record, ..., where=lambda t: t <= attempt),
            lease.assign(record, attempt, to=leases),
            only_without(Fix.DEDUP_KEY_AFTER_EFFECT, key.insert(record)),
        ),
    )


@action(Offset, Attempt)
def expire(record: Variable, attempt: Variable) -> Step:
    """The lease of a record's key runs out, whether or not its holder still works."""
    return Step(requires=(leases(), lease(record, attempt)), updates=(lease.remove(record, attempt),))


def at_work(worker: Variable, record: Variable, attempt: Variable) -> tuple[Formula, ...]:
    """The worker is at the record and has not come to an end of it."""
    return (works(worker, record, attempt), ~done(worker, record))


@action(Worker, Offset, Attempt)
def apply(worker: Variable, record: Variable, attempt: Variable) -> Step:
    """The record's effect reaches the sink, which takes it or, as its design has it, finds the key there or the token old."""
    later = exists(Attempt, lambda t: token(record, t) & (attempt < t))
    tokens_checked = from_rung(Fix.DEDUP_FENCING_TOKEN, from_rung(Fix.DEDUP_KEY_IN_SINK, FALSE, TRUE))
    taken = from_rung(Fix.DEDUP_KEY_IN_SINK, ~key(record), TRUE)
    earlier_open = exists(Offset, lambda o: (o < record) & ~has_outcome(o))
    return Step(
        requires=(*at_work(worker, record, attempt), tokens_checked >> ~later),
        updates=(
            done.insert(worker, record),
            effect.assign(record, to=lambda: effect(record) | taken),
            key.assign(record, to=lambda: key(record) | from_rung(Fix.DEDUP_KEY_IN_SINK, TRUE)),
            token.assign(record, attempt, to=lambda: token(record, attempt) | taken),
            twice.assign(record, to=lambda: twice(record) | (taken & effect(record))),
            late.assign(record, to=lambda: late(record) | (taken & later)),
            overtook.assign(record, to=lambda: overtook(record) | (taken & ~effect(record) & earlier_open)),
        ),
    )


@action(Worker, Offset, Attempt, only_with=Fix.DEAD_LETTER_ACKNOWLEDGED)
def bury(worker: Variable, record: Variable, attempt: Variable) -> Step:
    """The handler has failed for the last time: the record becomes a dead letter, and the worker waits until that is sure.

    In an inbox the outcome is decided in the sink's own transaction, and only if there is none yet; what publishes the
    dead letters reads them from there.
    """
    taken = from_rung(Fix.DEDUP_INBOX, ~key(record), TRUE)
    return Step(
        requires=at_work(worker, record, attempt),
        updates=(
            done.insert(worker, record),
            dead.assign(record, to=lambda: dead(record) | taken),
            key.assign(record, to=lambda: key(record) | from_rung(Fix.DEDUP_INBOX, TRUE)),
        ),
    )


@action(Worker, Offset, Attempt, only_without=Fix.DEAD_LETTER_ACKNOWLEDGED)
def post(worker: Variable, record: Variable, attempt: Variable) -> Step:
    """The worker hands the dead letter to its producer and does not wait."""
    return Step(
        requires=at_work(worker, record, attempt),
        updates=(done.insert(worker, record), buffered.insert(worker, record)),
    )


@action(Worker, Offset, only_without=Fix.DEAD_LETTER_ACKNOWLEDGED)
def land(worker: Variable, record: Variable) -> Step:
    """The producer's dead letter reaches its topic."""
    return Step(
        requires=(buffered(worker, record),),
        updates=(buffered.remove(worker, record), dead.insert(record)),
    )


@action(Worker, Offset, Attempt, only_without=Fix.DEAD_LETTER_ON_FAILURE)
def give_up(worker: Variable, record: Variable, attempt: Variable) -> Step:
    """The handler raises; the error is logged, and that is all."""
    return Step(requires=at_work(worker, record, attempt), updates=(done.insert(worker, record),))


@action(Worker, Offset, Attempt, only_without=Fix.RETRY_IN_PLACE)
def postpone(worker: Variable, record: Variable, attempt: Variable) -> Step:
    """The handler raises; the record goes to the retry topic, where somebody comes to it later."""
    return Step(
        requires=at_work(worker, record, attempt), updates=(done.insert(worker, record), postponed.insert(record))
    )


@action(Worker, Offset)
def finish(worker: Variable, record: Variable) -> Step:
    """The worker moves on. Where the key is in a store and not set before, it sets it now, and gives its lease back."""
    settles = from_rung(Fix.DEDUP_LEASE, from_rung(Fix.DEDUP_KEY_IN_SINK, FALSE, TRUE), when(LADDER[0], TRUE, FALSE))
    return Step(
        requires=(done(worker, record),),
        updates=(
            passed.insert(worker, record),
            works.remove(worker, record, ...),
            done.remove(worker, record),
            key.assign(record, to=lambda: key(record) | settles),
            lease.remove(record, ..., where=lambda t: works(worker, record, t)),
        ),
    )


@action(Worker)
def commit(worker: Variable) -> Step:
    """A worker commits its position; a zombie's commit counts, too, and may set the committed offset back."""
    return Step(requires=(working(worker),), updates=(committed.assign(..., to=lambda o: passed(worker, o)),))


@action(Worker, Offset, only_without=Fix.COMMIT_AFTER_PROCESSING)
def commit_on_receipt(worker: Variable, record: Variable) -> Step:
    """The worker, or its client behind its back, commits what was only received."""
    return Step(
        requires=(current(worker, record),),
        updates=(committed.assign(..., to=lambda o: passed(worker, o) | (o == record)),),
    )


@action(Offset, only_without=Fix.DEDUP_KEY_KEPT)
def forget(record: Variable) -> Step:
    """A key's time is over, and it is deleted."""
    return Step(requires=(key(record),), updates=(key.remove(record),))


ACTIONS = (
    *(start, crash, skip, begin, expire, apply, bury, post, land, give_up, postpone, finish, commit),
    *(commit_on_receipt, forget),
)
