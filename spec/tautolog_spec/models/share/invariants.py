"""What a share group promises, and what the proof leans on."""

from __future__ import annotations

from tautolog_spec.language import Invariant, auxiliary, exists, forall, safety
from tautolog_spec.models.share.text import (
    Count,
    Epoch,
    Member,
    Offset,
    acknowledged,
    acquired,
    allowed,
    archived,
    available,
    begun,
    below_end,
    below_start,
    delivered,
    exhausted,
    fence,
    gone,
    leads,
    passed,
    sent,
    sent_accept,
    sent_reject,
    sent_release,
    settled,
    settling,
    stale,
    stored_acknowledged,
    stored_archived,
    stored_count,
    stored_end,
    stored_start,
    timed_out,
    timer,
    told,
)

PROMISES: tuple[Invariant, ...] = (
    safety(
        "one_holder",
        forall(Offset, Member, Member, lambda o, m, n: (acquired(o, m) & acquired(o, n)) >> (m == n)),
        meaning="A record is acquired by at most one member at a time.",
        source="KIP-932",
    ),
    safety(
        "acknowledged_is_final",
        forall(Offset, Member, lambda o, m: told(o) >> ~acquired(o, m)),
        meaning="A record whose acknowledgement was taken is never delivered again.",
        source="KIP-932",
    ),
    safety(
        "late_acknowledgement_is_refused",
        forall(Offset, lambda o: ~stale(o)),
        meaning="Nobody but the holder of a record settles it; a former holder's acknowledgement is refused.",
        source="KIP-932",
    ),
    safety(
        "within_delivery_limit",
        forall(Offset, Count, lambda o, c: delivered(o, c) >> allowed(c)),
        meaning="No delivery count is beyond the limit.",
        source="KIP-932",
    ),
    safety(
        "start_passes_finished",
        forall(Offset, lambda o: below_start(o) >> (acknowledged(o) | archived(o) | gone(o))),
        meaning="What lies below the start offset is acknowledged, archived or deleted.",
        source="KIP-932",
    ),
    safety(
        "start_never_falls",
        forall(Offset, lambda o: passed(o) >> below_start(o)),
        meaning="A leader never sets the start offset back.",
        source="KIP-932",
    ),
    safety(
        "start_before_end",
        forall(Offset, lambda o: below_start(o) >> below_end(o)),
        meaning="The start offset is not beyond the end offset.",
        source="KIP-932",
    ),
)

LEADERS: tuple[Invariant, ...] = (
    auxiliary(
        "one_leader",
        forall(Epoch, Epoch, lambda e, x: (leads(e) & leads(x)) >> (e == x)),
        meaning="There is one leader at a time.",
    ),
    auxiliary("leader_begun", forall(Epoch, lambda e: leads(e) >> begun(e)), meaning="The leader's epoch has begun."),
    auxiliary(
        "leader_is_last",
        forall(Epoch, Epoch, lambda e, x: (leads(e) & begun(x)) >> (x <= e)),
        meaning="No later epoch than the leader's has begun.",
    ),
    auxiliary(
        "begun_downward",
        forall(Epoch, Epoch, lambda e, x: (begun(e) & (x < e)) >> begun(x)),
        meaning="The epochs that have begun are all up to some epoch.",
    ),
    auxiliary(
        "fence_is_leader",
        forall(Epoch, lambda e: leads(e).iff(fence(e))),
        meaning="The share coordinator knows the leader's epoch.",
    ),
    auxiliary(
        "sent_begun",
        forall(Epoch, Offset, lambda e, o: sent(e, o) >> begun(e)),
        meaning="Writes come from leaders of begun epochs.",
    ),
    auxiliary(
        "begun_has_leader",
        exists(Epoch, begun) >> exists(Epoch, leads),
        meaning="If any epoch has begun, there is a leader.",
    ),
)

RECORDS: tuple[Invariant, ...] = (
    auxiliary(
        "acquired_is_open",
        forall(Offset, Member, lambda o, m: acquired(o, m) >> ~(acknowledged(o) | archived(o))),
        meaning="An acquired record is in no other state.",
    ),
    auxiliary(
        "one_outcome",
        forall(Offset, lambda o: ~(acknowledged(o) & archived(o))),
        meaning="A record is not both acknowledged and archived.",
    ),
    auxiliary(
        "settling_is_released",
        forall(Offset, Member, Member, lambda o, m, n: settling(o, m) >> ~acquired(o, n)),
        meaning="While an acknowledgement is being written nobody holds the record.",
    ),
    auxiliary(
        "one_settles",
        forall(Offset, Member, Member, lambda o, m, n: (settling(o, m) & settling(o, n)) >> (m == n)),
        meaning="One acknowledgement of a record is being written at a time.",
    ),
    auxiliary(
        "sent_settles",
        forall(Epoch, Offset, lambda e, o: (sent(e, o) & leads(e)) >> ~settled(o)),
        meaning="What the leader has sent and not heard of is not settled.",
    ),
    auxiliary(
        "one_write",
        forall(
            *(Epoch, Offset),
            lambda e, o: (
                ~(
                    (sent_accept(e, o) & (sent_reject(e, o) | sent_release(e, o)))
                    | (sent_reject(e, o) & sent_release(e, o))
                )
            ),
        ),
        meaning="A leader writes one state of a record at a time.",
    ),
    auxiliary(
        "write_of_acknowledged",
        forall(Epoch, Offset, lambda e, o: (sent_accept(e, o) & leads(e)) >> acknowledged(o)),
        meaning="The leader writes Acknowledged for what it has as acknowledged.",
    ),
    auxiliary(
        "write_of_archived",
        forall(Epoch, Offset, lambda e, o: (sent_reject(e, o) & leads(e)) >> archived(o)),
        meaning="It writes Archived for what it has as archived.",
    ),
    auxiliary(
        "write_of_available",
        forall(Epoch, Offset, lambda e, o: (sent_release(e, o) & leads(e)) >> ~(acknowledged(o) | exhausted(o))),
        meaning="It writes Available only for what has a delivery left.",
    ),
    auxiliary(
        "timed_out_settles",
        forall(Offset, lambda o: timed_out(o) >> ~settled(o)),
        meaning="A lock is noted to have run out only while an acknowledgement is being written.",
    ),
    auxiliary(
        "timed_out_once",
        forall(Offset, lambda o: ~(timed_out(o) & timer(o))),
        meaning="A lock that has run out has no timer.",
    ),
    auxiliary(
        "acquired_has_timer",
        forall(Offset, Member, lambda o, m: acquired(o, m) >> timer(o)),
        meaning="The timer runs while a record is held, so that it is not held for ever.",
    ),
    auxiliary(
        "settling_has_timer",
        forall(Offset, Member, lambda o, m: settling(o, m) >> (timer(o) | timed_out(o))),
        meaning="It runs on while an acknowledgement is being written.",
    ),
    auxiliary(
        "counts_downward",
        forall(Offset, Count, Count, lambda o, c, x: (delivered(o, c) & (x < c)) >> delivered(o, x)),
        meaning="Deliveries are counted one by one.",
    ),
    auxiliary(
        "available_within_limit",
        forall(Offset, lambda o: (available(o) & settled(o) & ~below_start(o)) >> ~exhausted(o)),
        meaning="A record that may be given out has a delivery left.",
    ),
    auxiliary(
        "in_flight_below_end",
        forall(Offset, Member, lambda o, m: (acquired(o, m) | settling(o, m)) >> below_end(o)),
        meaning="Records in flight lie below the end offset.",
    ),
    auxiliary(
        "finished_below_end",
        forall(Offset, lambda o: (acknowledged(o) | archived(o)) >> below_end(o)),
        meaning="So do those that are finished.",
    ),
    auxiliary(
        "end_downward",
        forall(Offset, Offset, lambda o, p: (below_end(p) & (o < p)) >> below_end(o)),
        meaning="The records below the end offset are all up to some offset.",
    ),
    auxiliary(
        "start_downward",
        forall(Offset, Offset, lambda o, p: (below_start(p) & (o < p)) >> below_start(o)),
        meaning="So are those below the start offset.",
    ),
    auxiliary(
        "gone_downward",
        forall(Offset, Offset, lambda o, p: (gone(p) & (o < p)) >> gone(o)),
        meaning="So are those below the log start offset.",
    ),
    auxiliary(
        "gone_below_start", forall(Offset, lambda o: gone(o) >> below_start(o)), meaning="Deleted records are passed."
    ),
    auxiliary(
        "start_is_settled",
        forall(Offset, Member, lambda o, m: (below_start(o) & ~gone(o)) >> ~(acquired(o, m) | settling(o, m))),
        meaning="Nothing is in flight below the start offset but deleted records.",
    ),
)

STORED: tuple[Invariant, ...] = (
    auxiliary(
        "told_is_acknowledged",
        forall(Offset, lambda o: told(o) >> (acknowledged(o) & stored_acknowledged(o))),
        meaning="What a member was told is known to the leader, and stored.",
    ),
    auxiliary(
        "told_is_settled",
        forall(Offset, Member, lambda o, m: told(o) >> ~settling(o, m)),
        meaning="What a member was told is not being written any more.",
    ),
    auxiliary(
        "stored_one_outcome",
        forall(Offset, lambda o: ~(stored_acknowledged(o) & stored_archived(o))),
        meaning="A record is not stored as both.",
    ),
    auxiliary(
        "stored_counts_allowed",
        forall(Offset, Count, lambda o, c: stored_count(o, c) >> allowed(c)),
        meaning="No stored delivery count is beyond the limit.",
    ),
    auxiliary(
        "stored_counts_downward",
        forall(Offset, Count, Count, lambda o, c, x: (stored_count(o, c) & (x < c)) >> stored_count(o, x)),
        meaning="Stored counts are counts.",
    ),
    auxiliary(
        "stored_counts_behind",
        forall(Offset, Count, lambda o, c: stored_count(o, c) >> delivered(o, c)),
        meaning="No stored count is beyond the leader's.",
    ),
    auxiliary(
        "stored_within_limit",
        forall(
            Offset,
            lambda o: (
                ~(stored_acknowledged(o) | stored_archived(o) | stored_start(o) | gone(o))
                >> exists(Count, lambda c: allowed(c) & ~stored_count(o, c))
            ),
        ),
        meaning="A record that is stored as available has a delivery left.",
    ),
    auxiliary(
        "stored_start_passes_finished",
        forall(Offset, lambda o: stored_start(o) >> (stored_acknowledged(o) | stored_archived(o) | gone(o))),
        meaning="What lies below the stored start offset is stored as finished, or deleted.",
    ),
    auxiliary(
        "stored_start_behind",
        forall(Offset, lambda o: stored_start(o) >> below_start(o)),
        meaning="The stored start offset is not beyond the leader's.",
    ),
    auxiliary(
        "stored_start_downward",
        forall(Offset, Offset, lambda o, p: (stored_start(p) & (o < p)) >> stored_start(o)),
        meaning="The records below the stored start offset are all up to some offset.",
    ),
    auxiliary(
        "stored_end_downward",
        forall(Offset, Offset, lambda o, p: (stored_end(p) & (o < p)) >> stored_end(o)),
        meaning="So are those below the stored end offset.",
    ),
    auxiliary(
        "stored_end_behind",
        forall(Offset, lambda o: stored_end(o) >> below_end(o)),
        meaning="The stored end offset is not beyond the leader's.",
    ),
    auxiliary(
        "stored_finished_before_end",
        forall(Offset, lambda o: (stored_acknowledged(o) | stored_archived(o)) >> stored_end(o)),
        meaning="What is stored as finished lies below the stored end offset.",
    ),
    auxiliary(
        "stored_start_before_end",
        forall(Offset, lambda o: stored_start(o) >> stored_end(o)),
        meaning="The stored start offset is not beyond the stored end offset.",
    ),
)

INVARIANTS = (*PROMISES, *LEADERS, *RECORDS, *STORED)
