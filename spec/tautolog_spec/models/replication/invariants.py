"""Why the replication model keeps its promises: five of them, and what their proof leans on."""

from __future__ import annotations

from tautolog_spec.language import Invariant, auxiliary, exists, forall, safety
from tautolog_spec.models.replication.text import (
    Epoch,
    Offset,
    Replica,
    abandoned,
    at,
    before,
    begun,
    below_hw,
    commitment,
    configuration,
    follows,
    has,
    isr,
    latest,
    leader,
    leader_isr,
    leads,
    left,
    log,
    sent_isr,
    sent_leader,
)

PROMISES: tuple[Invariant, ...] = (
    safety(
        "commits_agree",
        forall(
            Offset,
            *(Epoch, Epoch, Epoch, Epoch),
            lambda o, e, c, x, d: (commitment(o, e, c) & commitment(o, x, d)) >> (e == x),
        ),
        meaning="Two commitments at one offset are of the same record, so whatever was read once is read again.",
        source="KIP-320",
    ),
    safety(
        "isr_is_complete",
        forall(Offset, Epoch, Epoch, Replica, lambda o, e, c, r: (commitment(o, e, c) & isr(r)) >> log(r, o, e)),
        meaning="Every member of the ISR, and so every replica that may be elected, has every committed record.",
        source="KIP-320",
    ),
    safety(
        "leader_is_complete",
        forall(
            Offset,
            *(Epoch, Epoch, Epoch),
            Replica,
            lambda o, e, c, d, r: (commitment(o, e, c) & leads(r, d) & (c <= d)) >> log(r, o, e),
        ),
        meaning="Every leader has every record that was committed in its own epoch or earlier.",
        source="Ongaro and Ousterhout 2014, leader completeness",
    ),
    safety(
        "high_watermark_is_safe",
        forall(
            Replica,
            Offset,
            Epoch,
            lambda r, o, e: (below_hw(r, o) & log(r, o, e)) >> exists(Epoch, lambda c: commitment(o, e, c)),
        ),
        meaning="What lies below any replica's high watermark was committed.",
        source="KIP-101",
    ),
    safety(
        "logs_match",
        forall(
            *(Replica, Replica, Offset, Epoch, Offset, Epoch),
            lambda r, n, o, e, p, x: (log(r, o, e) & log(n, o, e) & (p <= o) & log(r, p, x)) >> log(n, p, x),
        ),
        meaning="Two logs that have a record in common have all earlier records in common.",
        source="Ongaro and Ousterhout 2014, log matching",
    ),
    safety(
        "one_leader_per_epoch",
        forall(Epoch, Replica, Replica, lambda e, r, n: (leads(r, e) & leads(n, e)) >> (r == n)),
        meaning="No two replicas lead in the same epoch.",
        source="KIP-101",
    ),
)

EPOCHS: tuple[Invariant, ...] = (
    auxiliary(
        "one_epoch",
        forall(Replica, Epoch, Epoch, lambda r, e, x: (at(r, e) & at(r, x)) >> (e == x)),
        meaning="A replica is in one epoch at a time.",
    ),
    auxiliary(
        "left_earlier",
        forall(Replica, Epoch, Epoch, lambda r, e, x: (at(r, e) & (x < e)) >> left(r, x)),
        meaning="A replica has left all epochs before its own.",
    ),
    auxiliary(
        "left_only_earlier",
        forall(Replica, Epoch, Epoch, lambda r, e, x: (at(r, e) & left(r, x)) >> (x < e)),
        meaning="A replica has left only epochs before its own.",
    ),
    auxiliary(
        "left_downward",
        forall(Replica, Epoch, Epoch, lambda r, e, x: (left(r, e) & (x < e)) >> left(r, x)),
        meaning="Whoever left an epoch left all before it.",
    ),
    auxiliary(
        "begun_downward",
        forall(Epoch, Epoch, lambda e, x: (begun(e) & (x <= e)) >> begun(x)),
        meaning="The epochs that have begun are all up to some epoch.",
    ),
    auxiliary(
        "latest_is_last",
        forall(Epoch, Epoch, lambda e, x: (latest(e) & begun(x)) >> (x <= e)),
        meaning="No epoch after the latest has begun.",
    ),
    auxiliary("latest_begun", forall(Epoch, lambda e: latest(e) >> begun(e)), meaning="The latest epoch has begun."),
    auxiliary(
        "begun_has_latest",
        exists(Epoch, begun) >> exists(Epoch, latest),
        meaning="If any epoch has begun, one is the latest.",
    ),
    auxiliary(
        "at_begun", forall(Replica, Epoch, lambda r, e: at(r, e) >> begun(e)), meaning="Replicas are in begun epochs."
    ),
    auxiliary(
        "left_begun",
        forall(Replica, Epoch, lambda r, e: left(r, e) >> begun(e)),
        meaning="Replicas left begun epochs only.",
    ),
    auxiliary(
        "latest_not_left",
        forall(Replica, Epoch, lambda r, e: left(r, e) >> ~latest(e)),
        meaning="Nobody is beyond the controller's latest epoch.",
    ),
    auxiliary(
        "sent_begun",
        forall(Epoch, Replica, lambda e, r: (sent_leader(e, r) | sent_isr(e, r)) >> begun(e)),
        meaning="Messages are about begun epochs.",
    ),
    auxiliary(
        "one_leader_sent",
        forall(Epoch, Replica, Replica, lambda e, r, n: (sent_leader(e, r) & sent_leader(e, n)) >> (r == n)),
        meaning="An epoch has at most one leader.",
    ),
    auxiliary(
        "sent_is_leader",
        forall(Epoch, Replica, lambda e, r: latest(e) >> sent_leader(e, r).iff(leader(r))),
        meaning="The latest message says what the controller believes.",
    ),
    auxiliary(
        "follows_sent",
        forall(Replica, Replica, Epoch, lambda r, n, e: (follows(r, n) & at(r, e)) >> sent_leader(e, n)),
        meaning="A replica follows the leader of its epoch.",
    ),
    auxiliary(
        "follows_in_epoch",
        forall(Replica, Replica, lambda r, n: follows(r, n) >> exists(Epoch, lambda e: at(r, e))),
        meaning="A replica that follows is in some epoch.",
    ),
    auxiliary(
        "leader_knows",
        forall(Replica, Epoch, lambda r, e: (sent_leader(e, r) & at(r, e)) >> follows(r, r)),
        meaning="The leader of an epoch, once in it, leads.",
    ),
    auxiliary(
        "leader_entered",
        forall(Replica, Replica, Epoch, lambda r, n, e: (follows(r, n) & at(r, e)) >> (at(n, e) | left(n, e))),
        meaning="A leader that somebody follows has reached the follower's epoch.",
    ),
)

CONFIGURATIONS: tuple[Invariant, ...] = (
    auxiliary(
        "configuration_begun",
        forall(Epoch, Replica, lambda e, r: configuration(e, r) >> begun(e)),
        meaning="Only begun epochs have an ISR.",
    ),
    auxiliary(
        "configuration_current",
        forall(Epoch, Replica, lambda e, r: latest(e) >> configuration(e, r).iff(isr(r))),
        meaning="The latest epoch's ISR is the controller's.",
    ),
    auxiliary(
        "configuration_has_leader",
        forall(Epoch, Replica, lambda e, r: sent_leader(e, r) >> configuration(e, r)),
        meaning="A leader is in its epoch's ISR.",
    ),
    auxiliary(
        "configuration_local",
        forall(Replica, Epoch, Replica, lambda n, e, r: leads(n, e) >> configuration(e, r).iff(leader_isr(n, r))),
        meaning="A leader works with its epoch's ISR.",
    ),
    auxiliary(
        "configuration_sent",
        forall(
            *(Epoch, Replica, Replica),
            lambda e, n, r: (sent_leader(e, n) & before(n, e)) >> configuration(e, r).iff(sent_isr(e, r)),
        ),
        meaning="Until its leader takes office, an epoch's ISR is the one that it began with.",
    ),
    auxiliary(
        "nested",
        forall(
            *(Epoch, Epoch, Replica),
            lambda e, x, r: ((e < x) & begun(x) & configuration(x, r) & ~configuration(e, r)) >> abandoned(e),
        ),
        meaning="A later ISR is part of an earlier one, unless a member of the earlier one has moved on.",
    ),
    auxiliary(
        "abandoned_by_member",
        forall(Epoch, lambda e: abandoned(e) >> exists(Replica, lambda r: configuration(e, r) & left(r, e))),
        meaning="An abandoned epoch was left by a member of its ISR.",
    ),
    auxiliary(
        "member_abandons",
        forall(Epoch, Replica, lambda e, r: (configuration(e, r) & left(r, e)) >> abandoned(e)),
        meaning="A member that leaves abandons the epoch.",
    ),
)

LOGS: tuple[Invariant, ...] = (
    auxiliary(
        "one_record",
        forall(Replica, Offset, Epoch, Epoch, lambda r, o, e, x: (log(r, o, e) & log(r, o, x)) >> (e == x)),
        meaning="A log has one record at an offset.",
    ),
    auxiliary(
        "record_below_end",
        forall(Replica, Offset, Epoch, lambda r, o, e: log(r, o, e) >> has(r, o)),
        meaning="Records lie below the log end.",
    ),
    auxiliary(
        "no_gaps",
        forall(Replica, Offset, Offset, lambda r, o, p: (has(r, p) & (o < p)) >> has(r, o)),
        meaning="A log has no gaps.",
    ),
    auxiliary(
        "high_watermark_in_log",
        forall(Replica, Offset, lambda r, o: below_hw(r, o) >> has(r, o)),
        meaning="The high watermark is not beyond the log end.",
    ),
    auxiliary(
        "high_watermark_downward",
        forall(Replica, Offset, Offset, lambda r, o, p: (below_hw(r, p) & (o < p)) >> below_hw(r, o)),
        meaning="The offsets below the high watermark are all up to some offset.",
    ),
    auxiliary(
        "record_epoch_reached",
        forall(Replica, Offset, Epoch, lambda r, o, e: log(r, o, e) >> (at(r, e) | left(r, e))),
        meaning="A replica has reached the epochs of its records.",
    ),
    auxiliary(
        "epochs_ascend",
        forall(
            *(Replica, Offset, Offset, Epoch, Epoch),
            lambda r, o, p, e, x: (log(r, o, e) & log(r, p, x) & (o < p)) >> (e <= x),
        ),
        meaning="Epochs never fall along a log.",
    ),
    auxiliary(
        "follower_has_prefix",
        forall(
            *(Replica, Replica, Epoch, Offset, Epoch),
            lambda f, n, e, o, x: (
                (follows(f, n) & at(f, e) & at(n, e) & has(f, o)) >> (has(n, o) & log(f, o, x).iff(log(n, o, x)))
            ),
        ),
        meaning="A follower's log is a prefix of its leader's, while both are in one epoch.",
    ),
    auxiliary(
        "logs_match_both_ways",
        forall(
            *(Replica, Replica, Offset, Epoch, Offset, Epoch),
            lambda r, n, o, e, p, x: (log(r, o, e) & log(n, o, e) & (p <= o)) >> log(r, p, x).iff(log(n, p, x)),
        ),
        meaning="Log matching, as an equivalence.",
    ),
    auxiliary(
        "leader_has_own_records",
        forall(Replica, Replica, Offset, Epoch, lambda r, n, o, e: (log(r, o, e) & leads(n, e)) >> log(n, o, e)),
        meaning="A leader has all records of its own epoch.",
    ),
    auxiliary(
        "record_has_leader",
        forall(
            *(Replica, Replica, Offset, Epoch),
            lambda r, n, o, e: (log(r, o, e) & sent_leader(e, n)) >> (at(n, e) | left(n, e)),
        ),
        meaning="Where there is a record of an epoch, its leader has reached that epoch.",
    ),
)

COMMITMENTS: tuple[Invariant, ...] = (
    auxiliary(
        "commitment_later",
        forall(Offset, Epoch, Epoch, lambda o, e, c: commitment(o, e, c) >> ((e <= c) & begun(c))),
        meaning="A record is committed in its own epoch or a later one.",
    ),
    auxiliary(
        "commitment_held",
        forall(
            *(Offset, Epoch, Epoch, Epoch, Replica),
            lambda o, e, c, d, r: (commitment(o, e, c) & (c <= d) & configuration(d, r)) >> log(r, o, e),
        ),
        meaning="The ISR of every epoch from the committing one on holds the record.",
    ),
    auxiliary(
        "commitment_reached",
        forall(
            *(Offset, Epoch, Epoch, Epoch, Replica),
            lambda o, e, c, d, r: (commitment(o, e, c) & (c <= d) & configuration(d, r)) >> (at(r, c) | left(r, c)),
        ),
        meaning="The ISR of every epoch from the committing one on has reached the committing epoch.",
    ),
    auxiliary(
        "commitment_below_hw",
        forall(
            *(Offset, Epoch, Epoch, Replica),
            lambda o, e, c, n: (commitment(o, e, c) & leads(n, c)) >> below_hw(n, o),
        ),
        meaning="The committing leader's high watermark is beyond what it committed.",
    ),
    auxiliary(
        "commitment_has_member",
        forall(
            *(Offset, Epoch, Epoch),
            lambda o, e, c: commitment(o, e, c) >> exists(Replica, lambda r: configuration(c, r)),
        ),
        meaning="The committing ISR is not empty.",
    ),
)

INVARIANTS = (*PROMISES, *EPOCHS, *CONFIGURATIONS, *LOGS, *COMMITMENTS)
