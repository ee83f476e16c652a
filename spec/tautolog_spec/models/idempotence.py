"""The idempotent producer in one partition: a batch is stored once and in order, however often and late it is sent (KIP-98).

A producer has an id and an epoch, and numbers its batches within the epoch from zero on: the *sequence*. The leader of the
partition remembers, for each producer id, the epoch and the last sequence that it appended. It takes the next one, and the
first one of a later epoch; what it has already it answers without storing it again; anything else it refuses. A message
is a fact that stays true, so a batch may come late, again, or never; and the answer may be lost.

A producer that gives a batch up (`delivery.timeout.ms`) leaves a gap that nothing can close, and so it needs a new epoch
(KIP-360). Then it numbers from zero again, and here lies the danger: a batch with a new number is a new batch to the leader.
So the producer first waits until every batch that it has sent is either answered or given up (KAFKA-14034). What it gave up
may be in the log or not, and may get there until the new epoch is seen; but never twice.

Sequences are not spelled out: within an epoch a batch's sequence is its distance from the epoch's first batch, so "the next
sequence" is "the next batch", and "sequence zero" is "the epoch's first batch". Here one producer writes to one partition,
since no partition and no producer id looks at another's; and the log is one log, since its replicas rebuild this state
from it. Kafka keeps the last five batches to answer a repetition with its offset; that is not needed to refuse it.

The proof: what the leader remembers is the end of the log (`last_is_last`), an epoch's
batches come after those of earlier epochs (`epochs_ascend`), and before its first one nothing is in doubt
(`nothing_in_doubt_before`).
"""

from __future__ import annotations

from tautolog_spec.fixes import Fix
from tautolog_spec.language import (
    FALSE,
    TRUE,
    Configuration,
    Formula,
    Model,
    Sometimes,
    Sort,
    Step,
    Update,
    Variable,
    action,
    auxiliary,
    exists,
    forall,
    relation,
    safety,
    when,
)

Batch = Sort("Batch", ordered=True)
Epoch = Sort("Epoch", ordered=True)
Offset = Sort("Offset", ordered=True)

epoch = relation("epoch", Epoch, meaning="the producer's epoch")
produced = relation("produced", Batch, meaning="the producer has sent the batch")
sent = relation("sent", Epoch, Batch, meaning="messages: the batch, numbered in this epoch")
first = relation("first", Epoch, Batch, meaning="the batch has sequence zero in the epoch")
answered = relation("answered", Batch, meaning="the producer knows that the batch is stored")
given_up = relation("given_up", Batch, meaning="the producer told its user that it does not know")
log = relation("log", Offset, Batch, meaning="the batch was appended at the offset")
used = relation("used", Offset, meaning="the offset is below the log end")
stored = relation("stored", Batch, meaning="the batch was appended")
known = relation("known", Epoch, meaning="the latest epoch that the leader has seen")
fenced = relation("fenced", Epoch, meaning="the leader has seen a later epoch")
last = relation("last", Batch, meaning="the last batch that the leader appended")

RELATIONS = (epoch, produced, sent, first, answered, given_up, log, used, stored, known, fenced, last)


def next_batch(earlier: Variable, later: Variable) -> Formula:
    """The next sequence, within an epoch."""
    return (earlier < later) & forall(Batch, lambda b: (earlier < b) >> (later <= b))


def log_end(offset: Variable) -> Formula:
    """The first offset that is free."""
    return ~used(offset) & forall(Offset, lambda o: (o < offset) >> used(o))


def in_doubt(batch: Variable) -> Formula:
    """The batch was sent, and the producer still hopes for an answer."""
    return produced(batch) & ~answered(batch) & ~given_up(batch)


def send_in(now: Variable, batch: Variable) -> tuple[Update, ...]:
    """A batch is sent with the next number of an epoch: with zero, if it is the epoch's first."""
    nothing_sent = forall(Batch, lambda b: ~sent(now, b))
    return sent.insert(now, batch), first.insert(now, batch, where=lambda: nothing_sent)


@action(Batch, Epoch)
def send(batch: Variable, now: Variable) -> Step:
    """The producer numbers its next batch and sends it."""
    return Step(
        requires=(epoch(now), ~produced(batch), forall(Batch, lambda b: (b < batch) >> produced(b))),
        updates=(produced.insert(batch), *send_in(now, batch)),
    )


@action(Batch)
def answer(batch: Variable) -> Step:
    """The producer hears that the batch is stored, now or long ago."""
    return Step(requires=(stored(batch), in_doubt(batch)), updates=(answered.insert(batch),))


@action(Batch)
def give_up(batch: Variable) -> Step:
    """The producer waits no longer (`delivery.timeout.ms`), and tells its user so."""
    return Step(requires=(in_doubt(batch),), updates=(given_up.insert(batch),))


@action(Epoch, Epoch)
def bump_epoch(now: Variable, later: Variable) -> Step:
    """The producer moves on to a new epoch (KIP-360), once nothing is in doubt."""
    return Step(
        requires=(
            epoch(now),
            now < later,
            when(Fix.KAFKA_14034_DRAIN, forall(Batch, lambda b: ~in_doubt(b))),
        ),
        updates=(epoch.assign(..., to=lambda e: e == later),),
    )


@action(Batch, Epoch, only_without=Fix.KAFKA_14034_DRAIN)
def number_anew(batch: Variable, now: Variable) -> Step:
    """The first batch that is in doubt since an earlier epoch gets a number of the present one, and is sent again."""
    waits = in_doubt(batch) & ~sent(now, batch)
    none_before = forall(Batch, lambda b: (b < batch) >> (~in_doubt(b) | sent(now, b)))
    return Step(requires=(epoch(now), waits, none_before), updates=send_in(now, batch))


def append(batch: Variable, now: Variable, offset: Variable) -> tuple[Update, ...]:
    """The leader appends, and remembers."""
    return (
        log.insert(offset, batch),
        used.insert(offset),
        stored.insert(batch),
        known.assign(..., to=lambda e: e == now),
        fenced.assign(..., to=lambda e: e < now),
        last.assign(..., to=lambda b: b == batch),
    )


@action(Batch, Epoch, Offset)
def append_first(batch: Variable, now: Variable, offset: Variable) -> Step:
    """The leader takes a batch of an epoch that is new to it: only with sequence zero."""
    return Step(
        requires=(
            sent(now, batch),
            ~known(now),
            when(Fix.KIP_98_PRODUCER_EPOCH_FENCE, ~fenced(now)),
            when(Fix.KAFKA_15591_FIRST_SEQUENCE, first(now, batch)),
            log_end(offset),
        ),
        updates=append(batch, now, offset),
    )


@action(Batch, Batch, Epoch, Offset)
def append_next(batch: Variable, previous: Variable, now: Variable, offset: Variable) -> Step:
    """The leader takes the next batch of the epoch that it knows; what it has, or what leaves a gap, it does not take."""
    return Step(
        requires=(
            sent(now, batch),
            known(now),
            last(previous),
            when(Fix.KIP_98_SEQUENCE_NUMBERS, next_batch(previous, batch)),
            log_end(offset),
        ),
        updates=append(batch, now, offset),
    )


@action(only_without=Fix.KAFKA_7190_KEEP_STATE)
def expire() -> Step:
    """Retention deletes the producer's last record, and what the leader remembered of it."""
    nothing = {"to": lambda _: FALSE}
    return Step(
        requires=(TRUE,),
        updates=(known.assign(..., **nothing), fenced.assign(..., **nothing), last.assign(..., **nothing)),
    )


ACTIONS = (send, answer, give_up, bump_epoch, number_anew, append_first, append_next, expire)

PROMISES = (
    safety(
        "no_duplicate",
        forall(Batch, Offset, Offset, lambda b, o, n: (log(o, b) & log(n, b)) >> (o == n)),
        meaning="A batch is appended once.",
        source="KIP-98",
    ),
    safety(
        "in_order",
        forall(Batch, Batch, Offset, Offset, lambda b, c, o, n: (log(o, b) & log(n, c) & (b < c)) >> (o < n)),
        meaning="Batches are appended in the order in which they were produced.",
        source="KIP-98",
    ),
    safety(
        "no_gap",
        forall(Batch, Batch, lambda b, c: (stored(c) & (b < c)) >> (stored(b) | given_up(b))),
        meaning="Nothing is missing before a batch, but what the producer has given up.",
        source="KIP-98",
    ),
    safety(
        "answered_is_stored",
        forall(Batch, lambda b: answered(b) >> (stored(b) & ~given_up(b))),
        meaning="What is acknowledged is in the log.",
        source="KIP-98",
    ),
)

LEMMAS = (
    auxiliary(
        "one_epoch",
        forall(Epoch, Epoch, lambda e, d: (epoch(e) & epoch(d)) >> (e == d)),
        meaning="The producer is in one epoch.",
    ),
    auxiliary(
        "sent_by_now",
        forall(Epoch, Epoch, Batch, lambda e, d, b: (epoch(e) & sent(d, b)) >> (d <= e)),
        meaning="Nothing was sent in a later epoch than the present one.",
    ),
    auxiliary(
        "sent_is_produced",
        forall(Epoch, Batch, lambda e, b: sent(e, b) >> produced(b)),
        meaning="What was sent was produced.",
    ),
    auxiliary(
        "produced_was_sent",
        forall(Batch, lambda b: produced(b) >> exists(Epoch, lambda e: sent(e, b))),
        meaning="What was produced was sent in some epoch.",
    ),
    auxiliary(
        "produced_in_order",
        forall(Batch, Batch, lambda b, c: (produced(c) & (b < c)) >> produced(b)),
        meaning="Batches are produced one after the other.",
    ),
    auxiliary(
        "epochs_ascend",
        forall(*(Batch, Batch, Epoch, Epoch), lambda b, c, e, d: (sent(e, b) & sent(d, c) & (e < d)) >> (b < c)),
        meaning="Later epochs have later batches; no batch is numbered twice.",
        source="KAFKA-14034",
    ),
    auxiliary(
        "nothing_in_doubt_before",
        forall(Epoch, Batch, Batch, lambda e, b, c: (first(e, b) & (c < b)) >> (answered(c) | given_up(c))),
        meaning="An epoch begins when nothing is in doubt.",
        source="KAFKA-14034",
    ),
    auxiliary(
        "in_doubt_is_present",
        forall(Epoch, Batch, lambda e, b: (epoch(e) & in_doubt(b)) >> sent(e, b)),
        meaning="What is in doubt was sent in the present epoch.",
        source="KAFKA-14034",
    ),
    auxiliary(
        "stored_is_produced",
        forall(Batch, Offset, lambda b, o: (stored(b) >> produced(b)) & (log(o, b) >> (stored(b) & used(o)))),
        meaning="The log has what was produced.",
    ),
    auxiliary(
        "stored_is_in_log",
        forall(Batch, lambda b: stored(b) >> exists(Offset, lambda o: log(o, b))),
        meaning="What is stored has an offset.",
    ),
    auxiliary(
        "used_downward",
        forall(Offset, Offset, lambda o, n: (used(n) & (o < n)) >> used(o)),
        meaning="Offsets have no gaps.",
    ),
    auxiliary(
        "stored_is_known",
        forall(Epoch, Batch, lambda e, b: (stored(b) & sent(e, b)) >> (known(e) | fenced(e))),
        meaning="The leader has seen the epochs of what it appended.",
    ),
    auxiliary(
        "known_fences",
        forall(Epoch, Epoch, lambda e, d: (known(e) >> fenced(d).iff(d < e)) & ((fenced(e) & (d < e)) >> fenced(d))),
        meaning="The leader fences exactly what is earlier than the epoch that it knows.",
    ),
    auxiliary(
        "last_is_last",
        forall(Batch, Batch, lambda b, c: last(b) >> (stored(b) & (stored(c) >> (c <= b)))),
        meaning="What the leader remembers is the last batch in the log.",
    ),
)

MODEL = Model(
    name="idempotence",
    title="The idempotent producer",
    essay=__doc__ or "",
    relations=RELATIONS,
    initial=(epoch.assign(..., to=lambda e: forall(Epoch, lambda d: e <= d)),),
    actions=ACTIONS,
    invariants=(*PROMISES, *LEMMAS),
    sometimes=(
        Sometimes(
            "goes_on", exists(Epoch, Batch, lambda e, b: fenced(e) & sent(e, b) & stored(b)), "stored in two epochs"
        ),
        Sometimes("unsure", exists(Batch, lambda b: given_up(b) & stored(b)), "a batch that was given up is stored"),
        Sometimes(
            "gap",
            exists(Batch, Batch, lambda b, c: given_up(b) & ~stored(b) & stored(c) & (b < c)),
            "a batch that was given up is missing",
        ),
    ),
    configurations=(Configuration({"Batch": 3, "Epoch": 3, "Offset": 3}, distinct=762, depth=12),),
    redundant={
        "answer requires ¬answered(batch)": "to hear it again changes nothing",
        "give_up requires ¬given_up(batch)": "to give up again changes nothing",
        "append_next requires known(now)": "what comes right after the last batch is the next one of its epoch, or the "
        "first one of a later epoch, and may be taken; Kafka compares sequences, which mean something in one epoch only",
    },
    proved=True,
)
