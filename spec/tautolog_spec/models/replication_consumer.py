"""A consumer that reads a replicated log while leaders change, and logs are cut back under it.

With clean elections nothing that a consumer may read is ever cut off. With unclean ones it is: somebody is elected who lacks
committed records, writes others at their offsets, and everybody follows. A consumer knows the offset to read next, and that
offset may well exist again; then it goes on, has read what is no more, and has skipped what stands there now. So here anybody
may be elected, at any time, and the consumer may read whatever a leader has: there is no ISR and no high watermark, since
the promise needs neither.

The consumer protects itself as a follower does (KIP-320). It remembers the leader epoch of the last record that it read. When
its metadata names a later leader, it asks that leader where the two histories part, before it reads on; what lies beyond it
takes back, and says so (`LogTruncationException`). And each of its requests carries the leader epoch that it knows, so that
a replica which has not heard of that epoch yet, or has gone on to another, does not answer.

Then the consumer's history is like a log of its own, one that log matching holds for: whoever has a record that the consumer
has read has before it exactly what the consumer has read before it. The proof is the proof of log matching, said again.

What is left out: a consumer that starts again, which is the same one, since Kafka keeps the leader epoch with a committed
offset; and records that are deleted for their age, where the reset policy decides.
"""

from __future__ import annotations

from tautolog_spec.fixes import Fix
from tautolog_spec.language import (
    Configuration,
    Formula,
    Invariant,
    Model,
    Sometimes,
    Step,
    Update,
    Variable,
    action,
    auxiliary,
    exists,
    forall,
    ghost,
    relation,
    safety,
    when,
)
from tautolog_spec.models.replication import text as data
from tautolog_spec.models.replication.invariants import INVARIANTS as REPLICATION
from tautolog_spec.models.replication.text import Epoch, Offset, Replica

log, has, at, left, follows, sent_leader = data.log, data.has, data.at, data.left, data.follows, data.sent_leader
leads, before, log_end = data.leads, data.before, data.log_end

read = relation("read", Offset, Epoch, meaning="the consumer has read the record of this epoch at the offset")
passed = relation("passed", Offset, meaning="the offset is below the consumer's position")
knows = relation("knows", Epoch, meaning="the leader epoch in the consumer's metadata")
validated = relation("validated", Epoch, meaning="the leader epoch in which the consumer's position was last compared")
under = ghost("under", Offset, Epoch, meaning="the leader epoch in which the consumer has read what is at the offset")
repeated = ghost("repeated", Offset, Epoch, meaning="the consumer has taken back what the leader that it asked has")


@action(Epoch, Replica)
def elect(epoch: Variable, chosen: Variable) -> Step:
    """Somebody is elected, whatever it has."""
    return Step(
        requires=(forall(Replica, lambda r: ~sent_leader(epoch, r)),), updates=(sent_leader.insert(epoch, chosen),)
    )


def enter(replica: Variable, epoch: Variable, leader: Variable) -> tuple[Update, ...]:
    """A replica moves on to a later epoch and its leader."""
    return (
        at.replace(replica, epoch),
        left.insert(replica, ..., where=lambda e: e < epoch),
        follows.replace(replica, leader),
    )


@action(Replica, Epoch)
def become_leader(replica: Variable, epoch: Variable) -> Step:
    """A replica learns that it leads a later epoch."""
    return Step(requires=(sent_leader(epoch, replica), before(replica, epoch)), updates=enter(replica, epoch, replica))


def begins_to_follow(follower: Variable, source: Variable, epoch: Variable) -> tuple[Formula, ...]:
    """A replica learns of a later epoch, whose leader has learned of it already."""
    return (leads(source, epoch), before(follower, epoch))


@action(Replica, Replica, Epoch, Offset, Epoch)
def become_follower(follower: Variable, source: Variable, epoch: Variable, last: Variable, written: Variable) -> Step:
    """A replica begins to follow, and drops all after the last record that it has in common with the leader."""
    nothing_later = forall(Offset, Epoch, lambda o, e: (last < o) >> ~(log(follower, o, e) & log(source, o, e)))
    return Step(
        requires=(
            *begins_to_follow(follower, source, epoch),
            log(follower, last, written),
            log(source, last, written),
            nothing_later,
        ),
        updates=(
            *enter(follower, epoch, source),
            log.remove(follower, ..., ..., where=lambda o, _: last < o),
            has.remove(follower, ..., where=lambda o: last < o),
        ),
    )


@action(Replica, Replica, Epoch)
def become_follower_afresh(follower: Variable, source: Variable, epoch: Variable) -> Step:
    """The same, when the two logs have nothing in common: the follower begins with an empty log."""
    return Step(
        requires=(
            *begins_to_follow(follower, source, epoch),
            ~exists(Offset, Epoch, lambda o, e: log(follower, o, e) & log(source, o, e)),
        ),
        updates=(*enter(follower, epoch, source), log.remove(follower, ..., ...), has.remove(follower, ...)),
    )


@action(Replica, Replica, Epoch, Offset, Epoch)
def fetch(follower: Variable, source: Variable, epoch: Variable, offset: Variable, written: Variable) -> Step:
    """A follower copies the leader's next record, in the leader's epoch."""
    return Step(
        requires=(
            follows(follower, source),
            leads(source, epoch),
            at(follower, epoch),
            log(source, offset, written),
            log_end(follower, offset),
        ),
        updates=(log.insert(follower, offset, written), has.insert(follower, offset)),
    )


@action(Epoch, Replica)
def refresh(epoch: Variable, named: Variable) -> Step:
    """The consumer's metadata name the leader of a later epoch."""
    return Step(
        requires=(sent_leader(epoch, named), forall(Epoch, lambda e: knows(e) >> (e < epoch))),
        updates=(knows.assign(..., to=lambda e: e == epoch),),
    )


def answers(source: Variable, epoch: Variable) -> tuple[Formula, ...]:
    """The consumer asks whom its metadata name; that one takes itself for the leader, in the very epoch of the request."""
    fence = when(Fix.CONSUMER_FENCED_FETCH, at(source, epoch))
    return (knows(epoch), sent_leader(epoch, source), follows(source, source), fence)


@action(Replica, Epoch, Offset, Epoch)
def validate(source: Variable, epoch: Variable, last: Variable, written: Variable) -> Step:
    """The consumer learns up to where it has read what the leader has, and takes back the rest."""
    nothing_later = forall(Offset, Epoch, lambda o, e: (last < o) >> ~(read(o, e) & log(source, o, e)))
    return Step(
        requires=(*answers(source, epoch), read(last, written), log(source, last, written), nothing_later),
        updates=(
            validated.assign(..., to=lambda e: e == epoch),
            read.remove(..., ..., where=lambda o, _: last < o),
            passed.remove(..., where=lambda o: last < o),
            under.remove(..., ..., where=lambda o, _: last < o),
            repeated.insert(..., ..., where=lambda o, e: (last < o) & read(o, e) & log(source, o, e)),
        ),
    )


@action(Replica, Epoch)
def validate_afresh(source: Variable, epoch: Variable) -> Step:
    """The same, when it has read nothing that the leader has: it begins anew."""
    nothing = forall(Offset, Epoch, lambda o, e: ~(read(o, e) & log(source, o, e)))
    return Step(
        requires=(*answers(source, epoch), nothing),
        updates=(
            validated.assign(..., to=lambda e: e == epoch),
            read.remove(..., ...),
            passed.remove(...),
            under.remove(..., ...),
            repeated.insert(..., ..., where=lambda o, e: read(o, e) & log(source, o, e)),
        ),
    )


@action(Replica, Epoch, Offset, Epoch)
def consume(source: Variable, epoch: Variable, offset: Variable, written: Variable) -> Step:
    """The consumer reads the leader's record at its position, once the position was compared with that leader's log."""
    position = ~passed(offset) & forall(Offset, lambda o: (o < offset) >> passed(o))
    return Step(
        requires=(
            *answers(source, epoch),
            when(Fix.CONSUMER_POSITION_CHECK, validated(epoch)),
            position,
            log(source, offset, written),
        ),
        updates=(read.insert(offset, written), passed.insert(offset), under.insert(offset, epoch)),
    )


def same(*names: str) -> tuple[Invariant, ...]:
    """Invariants of the replication model that hold here word for word."""
    known = {one.name: one for one in REPLICATION}
    return tuple(known[name] for name in names)


PROMISES = (
    safety(
        "nothing_skipped",
        forall(
            *(Replica, Offset, Epoch, Offset, Epoch),
            lambda r, o, e, p, x: (read(o, e) & log(r, o, e) & (p <= o)) >> read(p, x).iff(log(r, p, x)),
        ),
        meaning="Whoever has a record that the consumer has read has before it exactly what the consumer has read before.",
        source="KIP-320",
    ),
    safety(
        "nothing_read_again",
        forall(Offset, Epoch, lambda o, e: ~repeated(o, e)),
        meaning="A consumer takes nothing back that the leader which it asked has.",
        source="KIP-320",
    ),
    *same("logs_match"),
)

AUXILIARY = (
    *same("one_epoch", "left_earlier", "left_only_earlier", "left_downward", "one_leader_sent", "follows_sent"),
    *same("leader_knows", "leader_entered", "one_record", "record_below_end", "no_gaps"),
    *same("record_epoch_reached", "follower_has_prefix", "logs_match_both_ways", "leader_has_own_records"),
    *same("record_has_leader"),
    auxiliary(
        "below_end_record",
        forall(Replica, Offset, lambda r, o: has(r, o) >> exists(Epoch, lambda e: log(r, o, e))),
        meaning="There is a record at every offset below the log end.",
    ),
    auxiliary(
        "read_passed",
        forall(Offset, Epoch, lambda o, e: read(o, e) >> passed(o)),
        meaning="What was read lies below the position.",
    ),
    auxiliary(
        "one_record_read",
        forall(Offset, Epoch, Epoch, lambda o, e, x: (read(o, e) & read(o, x)) >> (e == x)),
        meaning="One record was read at an offset.",
    ),
    auxiliary(
        "passed_downward",
        forall(Offset, Offset, lambda o, p: (passed(p) & (o < p)) >> passed(o)),
        meaning="The offsets below the position are all up to some offset.",
    ),
    auxiliary(
        "one_known",
        forall(Epoch, Epoch, lambda e, x: (knows(e) & knows(x)) >> (e == x)),
        meaning="Metadata name one epoch.",
    ),
    auxiliary(
        "one_validated",
        forall(Epoch, Epoch, lambda e, x: (validated(e) & validated(x)) >> (e == x)),
        meaning="A position is compared in one epoch.",
    ),
    auxiliary(
        "at_elected",
        forall(Replica, Epoch, lambda r, e: at(r, e) >> exists(Replica, lambda n: sent_leader(e, n))),
        meaning="Replicas are in epochs that have a leader.",
    ),
    auxiliary(
        "record_elected",
        forall(Replica, Offset, Epoch, lambda r, o, e: log(r, o, e) >> exists(Replica, lambda n: sent_leader(e, n))),
        meaning="Records are of epochs that have a leader.",
    ),
    auxiliary(
        "read_elected",
        forall(Offset, Epoch, lambda o, e: read(o, e) >> exists(Replica, lambda n: sent_leader(e, n))),
        meaning="Records that were read are of epochs that have a leader.",
    ),
    auxiliary(
        "validated_elected",
        forall(Epoch, lambda e: validated(e) >> exists(Replica, lambda n: sent_leader(e, n))),
        meaning="Positions are compared in epochs that have a leader.",
    ),
    auxiliary(
        "read_has_leader",
        forall(Offset, Epoch, Replica, lambda o, e, n: (read(o, e) & sent_leader(e, n)) >> (at(n, e) | left(n, e))),
        meaning="Where a record of an epoch was read, its leader has reached that epoch.",
    ),
    auxiliary(
        "leader_has_what_was_read",
        forall(Offset, Epoch, Replica, lambda o, e, n: (read(o, e) & leads(n, e)) >> log(n, o, e)),
        meaning="A leader has all records of its own epoch that were read.",
    ),
    auxiliary(
        "validated_by_leader",
        forall(Epoch, Replica, lambda e, n: (validated(e) & sent_leader(e, n)) >> (at(n, e) | left(n, e))),
        meaning="A leader that has compared a position has reached its epoch.",
    ),
    auxiliary(
        "validated_prefix",
        forall(
            *(Epoch, Replica, Offset, Epoch),
            lambda e, n, o, x: (validated(e) & leads(n, e) & passed(o)) >> (has(n, o) & read(o, x).iff(log(n, o, x))),
        ),
        meaning="While the leader that compared the position leads, what was read is a prefix of its log.",
    ),
)

AGAIN = "whoever is in the epoch already would do the same again, and change nothing"
REDUNDANT = {
    "become_leader requires ¬at(replica, epoch)": AGAIN,
    "become_follower requires ¬at(follower, epoch)": AGAIN,
    "become_follower_afresh requires ¬at(follower, epoch)": AGAIN,
    "fetch requires ¬has(follower, offset)": "a follower would copy what it has, since its log is a prefix",
    "consume requires ¬passed(offset)": "the consumer would read what it has read, since that is a prefix",
    "consume requires knows(epoch)": "the epoch that the position was compared in says whom to ask; without the comparison "
    "only the metadata do",
}

MODEL = Model(
    name="replication-consumer",
    title="A consumer, unclean elections and the check of its position",
    essay=__doc__ or "",
    relations=(log, has, at, left, follows, sent_leader, read, passed, knows, validated, under, repeated),
    initial=(),
    actions=(
        *(elect, become_leader, data.write, become_follower, become_follower_afresh, fetch),
        *(refresh, validate, validate_afresh, consume),
    ),
    invariants=(*PROMISES, *AUXILIARY),
    sometimes=(
        Sometimes(
            "truncated",
            exists(*(Replica, Offset, Epoch, Epoch), lambda r, o, e, x: read(o, e) & log(r, o, x) & (e != x)),
            "somebody has another record than the one that the consumer read",
        ),
        Sometimes(
            "reads_on",
            exists(*(Offset, Offset, Epoch, Epoch), lambda o, p, e, x: under(o, e) & under(p, x) & (e != x)),
            "the consumer goes on under a later leader",
        ),
    ),
    configurations=(
        Configuration({"Replica": 2, "Epoch": 2, "Offset": 2}, distinct=1_631, depth=17),
        Configuration({"Replica": 2, "Epoch": 3, "Offset": 2}, distinct=20_293, depth=22),
    ),
    redundant=REDUNDANT,
    proved=True,
)
