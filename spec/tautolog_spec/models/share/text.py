"""The share model's vocabulary and actions: one share-partition, its leader's memory, and what the share coordinator stores."""

from __future__ import annotations

from tautolog_spec.fixes import Fix
from tautolog_spec.language import (
    FALSE,
    Formula,
    Relation,
    Sort,
    Step,
    Update,
    Variable,
    action,
    exists,
    forall,
    ghost,
    only_with,
    only_without,
    relation,
    rigid,
    when,
)

Member = Sort("Member")
Offset = Sort("Offset", ordered=True)
Count = Sort("Count", ordered=True)
Epoch = Sort("Epoch", ordered=True)

allowed = rigid("allowed", Count, meaning="so many deliveries are within the limit")

leads = relation("leads", Epoch, meaning="the leader epoch of the share-partition's leader")
begun = relation("begun", Epoch, meaning="the leader epoch is not later than the leader's")
acquired = relation("acquired", Offset, Member, meaning="the record is Acquired, by this member")
acknowledged = relation("acknowledged", Offset, meaning="the record is Acknowledged, for the leader")
archived = relation("archived", Offset, meaning="the record is Archived, for the leader")
delivered = relation("delivered", Offset, Count, meaning="the delivery count is at least this")
settling = relation(
    "settling",
    Offset,
    Member,
    meaning="the member's acknowledgement is being written; if that fails, it holds the record again",
)
received = relation("received", Offset, Member, meaning="the member was given the record at some time")
timer = relation("timer", Offset, meaning="the timer of the record's acquisition lock runs")
timed_out = relation("timed_out", Offset, meaning="the lock ran out while an acknowledgement was being written")
below_start = relation("below_start", Offset, meaning="the record lies below the share-partition start offset")
below_end = relation("below_end", Offset, meaning="the record lies below the share-partition end offset")
gone = relation("gone", Offset, meaning="the record lies below the log start offset: it was deleted")

sent_accept = relation(
    "sent_accept", Epoch, Offset, meaning="a write of Acknowledged is under way from the leader of the epoch"
)
sent_reject = relation("sent_reject", Epoch, Offset, meaning="a write of Archived is under way")
sent_release = relation("sent_release", Epoch, Offset, meaning="a write of Available is under way")

fence = relation("fence", Epoch, meaning="the leader epoch that the share coordinator knows")
stored_acknowledged = relation("stored_acknowledged", Offset, meaning="stored as Acknowledged")
stored_archived = relation("stored_archived", Offset, meaning="stored as Archived")
stored_count = relation("stored_count", Offset, Count, meaning="the stored delivery count is at least this")
stored_start = relation("stored_start", Offset, meaning="the record lies below the stored start offset")
stored_end = relation("stored_end", Offset, meaning="the record lies below the last offset that was stored")

told = ghost("told", Offset, meaning="a member was told that its acknowledgement of the record is taken")
stale = ghost("stale", Offset, meaning="an acknowledgement was taken from a member that did not hold the record")
passed = ghost("passed", Offset, meaning="this leader's start offset was beyond the record once")
RELATIONS = (
    *(allowed, leads, begun, acquired, acknowledged, archived, delivered, settling, received, timer, timed_out),
    *(below_start, below_end, gone, sent_accept, sent_reject, sent_release),
    *(fence, stored_acknowledged, stored_archived, stored_count, stored_start, stored_end, told, stale, passed),
)


def held(record: Variable) -> Formula:
    """Some member has acquired the record."""
    return exists(Member, lambda m: acquired(record, m))


def settled(record: Variable) -> Formula:
    """No acknowledgement of the record is being written."""
    return forall(Member, lambda m: ~settling(record, m))


def available(record: Variable) -> Formula:
    """The record is in no other state."""
    return ~held(record) & ~acknowledged(record) & ~archived(record)


def exhausted(record: Variable) -> Formula:
    """The record was delivered as often as is allowed."""
    return forall(Count, lambda c: allowed(c) >> delivered(record, c))


def sent(epoch: Variable, record: Variable) -> Formula:
    """Some write of the record's state is under way from the leader of the epoch."""
    return sent_accept(epoch, record) | sent_reject(epoch, record) | sent_release(epoch, record)


def unfenced(epoch: Variable) -> Formula:
    """The share coordinator knows of no later leader epoch."""
    return forall(Epoch, lambda e: fence(e) >> (e <= epoch))


@action(Member, Offset, Count)
def acquire(member: Variable, record: Variable, count: Variable) -> Step:
    """A member fetches; the leader gives it an available record, counts one delivery more and starts the lock's timer."""
    return Step(
        requires=(
            available(record),
            when(Fix.KAFKA_18084_ACQUIRE_WHEN_SETTLED, settled(record)),
            ~below_start(record),
            below_end(record) | forall(Offset, lambda o: (o < record) >> below_end(o)),
            ~delivered(record, count),
            forall(Count, lambda c: (c < count) >> delivered(record, c)),
        ),
        updates=(
            acquired.insert(record, member),
            delivered.insert(record, count),
            timer.insert(record),
            below_end.insert(record),
            only_without(Fix.SHARE_ACKNOWLEDGED_BY_HOLDER, received.insert(record, member)),
        ),
    )


def answers(member: Variable, record: Variable, epoch: Variable) -> tuple[Formula, ...]:
    """A member's acknowledgement reaches the leader, which takes it from the holder of the record and refuses all others."""
    somebody_holds = held(record) & received(record, member)
    return (leads(epoch), when(Fix.SHARE_ACKNOWLEDGED_BY_HOLDER, acquired(record, member), somebody_holds))


def writes(member: Variable, record: Variable) -> tuple[Update, ...]:
    """The leader changes its memory at once and remembers whom to give the record back to, should the write fail."""
    return (
        acquired.remove(record, ...),
        settling.insert(record, member),
        stale.assign(record, to=lambda: stale(record) | ~acquired(record, member)),
    )


@action(Member, Offset, Epoch)
def accept(member: Variable, record: Variable, epoch: Variable) -> Step:
    """The member has processed the record."""
    return Step(
        requires=answers(member, record, epoch),
        updates=(*writes(member, record), acknowledged.insert(record), sent_accept.insert(epoch, record)),
    )


@action(Member, Offset, Epoch)
def reject(member: Variable, record: Variable, epoch: Variable) -> Step:
    """The member will never be able to process the record."""
    return Step(
        requires=answers(member, record, epoch),
        updates=(*writes(member, record), archived.insert(record), sent_reject.insert(epoch, record)),
    )


@action(Member, Offset, Epoch)
def release(member: Variable, record: Variable, epoch: Variable) -> Step:
    """The member gives the record back: it is available again, or archived if that was the last delivery."""
    return Step(
        requires=answers(member, record, epoch),
        updates=(
            *writes(member, record),
            archived.assign(record, to=lambda: exhausted(record)),
            sent_reject.assign(epoch, record, to=lambda: exhausted(record)),
            sent_release.assign(epoch, record, to=lambda: ~exhausted(record)),
        ),
    )


def stored(epoch: Variable, record: Variable) -> tuple[Update, ...]:
    """The share coordinator takes a write."""
    return (
        stored_acknowledged.assign(record, to=lambda: sent_accept(epoch, record)),
        stored_archived.assign(record, to=lambda: sent_reject(epoch, record)),
        stored_count.insert(record, ..., where=lambda c: delivered(record, c) & leads(epoch)),
        stored_end.insert(..., where=lambda o: below_end(o) & leads(epoch)),
        sent_accept.remove(epoch, record),
        sent_reject.remove(epoch, record),
        sent_release.remove(epoch, record),
        only_without(Fix.KAFKA_17796_READ_FENCES, fence.replace(epoch)),
    )


@action(Epoch, Offset)
def store(epoch: Variable, record: Variable) -> Step:
    """The share coordinator takes a write of a leader that it does not know to be deposed, and the member is told."""
    return Step(
        requires=(sent(epoch, record), unfenced(epoch)),
        updates=(
            *stored(epoch, record),
            settling.remove(record, ..., where=lambda _: leads(epoch)),
            timer.assign(record, to=lambda: timer(record) & ~leads(epoch)),
            timed_out.assign(record, to=lambda: timed_out(record) & ~leads(epoch)),
            told.assign(record, to=lambda: told(record) | sent_accept(epoch, record)),
        ),
    )


def rolled_back(record: Variable) -> tuple[Update, ...]:
    """The record is its former holder's again, or, if the lock has run out by now, nobody's."""
    spent = when(Fix.KAFKA_19476_LIMIT_AFTER_TIMEOUT, exhausted(record), FALSE)
    return (
        acknowledged.remove(record),
        archived.assign(record, to=lambda: timed_out(record) & (spent | below_start(record))),
        acquired.insert(record, ..., where=lambda m: settling(record, m) & ~timed_out(record)),
        settling.remove(record, ...),
        timed_out.remove(record),
    )


@action(Epoch, Offset)
def fail(epoch: Variable, record: Variable) -> Step:
    """The leader's write fails before the share coordinator has taken it."""
    return Step(
        requires=(leads(epoch), sent(epoch, record)),
        updates=(
            *rolled_back(record),
            sent_accept.remove(epoch, record),
            sent_reject.remove(epoch, record),
            sent_release.remove(epoch, record),
        ),
    )


@action(Epoch, Offset)
def lose_answer(epoch: Variable, record: Variable) -> Step:
    """The share coordinator takes the write, but the leader never hears of it and takes it for failed."""
    return Step(
        requires=(leads(epoch), sent(epoch, record)),
        updates=(*rolled_back(record), *stored(epoch, record)),
    )


@action(Offset)
def expire(record: Variable) -> Step:
    """The lock's timer runs out: the record is available again, or archived after its last delivery.

    While an acknowledgement is being written, the leader notes it only, for the case that the write fails.
    """
    lost = held(record) & (exhausted(record) | below_start(record))
    return Step(
        requires=(timer(record),),
        updates=(
            timer.remove(record),
            acquired.remove(record, ...),
            archived.assign(record, to=lambda: archived(record) | lost),
            only_with(
                Fix.KAFKA_19476_TIMEOUT_NOTED,
                timed_out.assign(record, to=lambda: timed_out(record) | ~settled(record)),
            ),
        ),
    )


@action(Offset, only_without=Fix.KAFKA_19476_TIMER_CANCELLED)
def expire_late(record: Variable) -> Step:
    """A timer that was cancelled when the acknowledgement was taken runs all the same, and nobody looks at the state."""
    return Step(requires=(acknowledged(record), settled(record)), updates=(acknowledged.remove(record),))


def released(record: Variable, last: Formula) -> tuple[Update, ...]:
    """Nobody holds the record any more, and it is archived if that was its last delivery."""
    return (
        timer.remove(record),
        acquired.remove(record, ...),
        archived.assign(record, to=lambda: last | below_start(record)),
    )


@action(Member, Offset, only_with=Fix.KAFKA_19972_SESSION_COUNTS)
def end_session(member: Variable, record: Variable) -> Step:
    """A member goes, and what it holds is released, record by record. A session that holds nothing may end unseen."""
    return Step(requires=(acquired(record, member),), updates=released(record, exhausted(record)))


@action(Member, Offset, Count, only_without=Fix.KAFKA_19972_SESSION_COUNTS)
def end_session_uncounted(member: Variable, record: Variable, last: Variable) -> Step:
    """The same, and its deliveries do not count."""
    return Step(
        requires=(
            acquired(record, member),
            delivered(record, last),
            forall(Count, lambda c: (last < c) >> ~delivered(record, c)),
        ),
        updates=(*released(record, FALSE), delivered.remove(record, last)),
    )


@action(Offset)
def save(record: Variable) -> Step:
    """The leader has the state of a record stored that nobody holds, as it does after a lock has run out."""
    return Step(
        requires=(~held(record), settled(record), below_end(record)),
        updates=(
            stored_acknowledged.assign(record, to=lambda: acknowledged(record)),
            stored_archived.assign(record, to=lambda: archived(record)),
            stored_count.assign(record, ..., to=lambda c: delivered(record, c)),
            stored_end.insert(..., where=below_end),
        ),
    )


@action(Offset)
def advance(record: Variable) -> Step:
    """The start offset moves past a record that is acknowledged or archived, and written as such."""
    return Step(
        requires=(
            forall(Offset, lambda o: (o < record) >> below_start(o)),
            acknowledged(record) | archived(record),
            when(Fix.KAFKA_19436_START_AFTER_WRITE, settled(record)),
        ),
        updates=(below_start.insert(record), passed.insert(record)),
    )


def finished(record: Variable, now: Relation, before: Relation) -> Formula:
    """Below the start offset what is now, above it what was stored before."""
    return (below_start(record) & now(record)) | (~below_start(record) & before(record))


@action()
def save_start() -> Step:
    """The start offset is stored, and with it what became of the records below it."""
    return Step(
        requires=(),
        updates=(
            stored_start.insert(..., where=below_start),
            stored_acknowledged.assign(..., to=lambda o: finished(o, acknowledged, stored_acknowledged)),
            stored_archived.assign(..., to=lambda o: finished(o, archived, stored_archived)),
            stored_end.insert(..., where=below_end),
        ),
    )


@action(Offset)
def delete_records(record: Variable) -> Step:
    """The log start offset moves past a record, and the start offset with it; what is available below it is archived."""
    return Step(
        requires=(~gone(record),),
        updates=(
            gone.insert(..., where=lambda o: o <= record),
            below_start.insert(..., where=lambda o: o <= record),
            below_end.insert(..., where=lambda o: o <= record),
            passed.insert(..., where=lambda o: o <= record),
            archived.insert(..., where=lambda o: (o <= record) & available(o) & settled(o)),
        ),
    )


@action(Offset, only_without=Fix.KAFKA_19859_START_NEVER_BACK)
def set_start(record: Variable) -> Step:
    """The start offset becomes the one after the last acknowledged record, even if that lies below it."""
    return Step(
        requires=(below_start(record), acknowledged(record), settled(record)),
        updates=(below_start.assign(..., to=lambda o: o <= record),),
    )


@action(Epoch)
def change_leader(epoch: Variable) -> Step:
    """A new leader reads what is stored and begins with that. Who held what is forgotten; the locks are gone."""
    return Step(
        requires=(~begun(epoch),),
        updates=(
            leads.replace(epoch),
            begun.insert(..., where=lambda e: e <= epoch),
            only_with(Fix.KAFKA_17796_READ_FENCES, fence.replace(epoch)),
            acquired.remove(..., ...),
            settling.remove(..., ...),
            timer.remove(...),
            timed_out.remove(...),
            acknowledged.assign(..., to=stored_acknowledged),
            archived.assign(..., to=stored_archived),
            delivered.assign(..., ..., to=stored_count),
            below_start.assign(..., to=lambda o: stored_start(o) | gone(o)),
            below_end.assign(..., to=lambda o: stored_end(o) | gone(o)),
            passed.assign(..., to=lambda o: stored_start(o) | gone(o)),
        ),
    )


ACTIONS = (
    *(acquire, accept, reject, release, store, fail, lose_answer, expire, expire_late, end_session),
    *(end_session_uncounted, save, advance, save_start, delete_records, set_start, change_leader),
)
