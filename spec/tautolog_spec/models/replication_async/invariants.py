"""Why the asynchronous model keeps its promises: those of the synchronous one, and what it says about records in flight."""

from __future__ import annotations

from tautolog_spec.language import Invariant, auxiliary, exists, forall, safety
from tautolog_spec.models.replication import invariants as synchronous
from tautolog_spec.models.replication.text import Epoch, Offset, Replica
from tautolog_spec.models.replication_async.text import (
    PartitionEpoch,
    at,
    before,
    begun,
    commitment,
    configuration,
    current,
    epoch_leader,
    follows,
    isr,
    issued,
    latest,
    leader,
    leader_isr,
    leads,
    learned,
    left,
    log,
    maximal_isr,
    proposal,
    proposed,
    record_epoch,
    record_isr,
    record_leader,
)


def same(*names: str) -> tuple[Invariant, ...]:
    """Invariants of the synchronous model that hold here word for word."""
    known = {one.name: one for one in synchronous.INVARIANTS}
    return tuple(known[name] for name in names)


PROMISES: tuple[Invariant, ...] = (
    *synchronous.PROMISES,
    safety(
        "maximal_isr_covers",
        forall(Replica, Epoch, Replica, lambda n, e, r: (leads(n, e) & configuration(e, r)) >> maximal_isr(n, r)),
        meaning="A leader counts every replica that the controller may elect from.",
        source="KIP-497",
    ),
)

EPOCHS: tuple[Invariant, ...] = (
    *same("one_epoch", "left_earlier", "left_only_earlier", "left_downward", "begun_downward", "latest_is_last"),
    *same("latest_begun", "begun_has_latest", "at_begun", "left_begun", "latest_not_left", "follows_in_epoch"),
    auxiliary(
        "elected_begun",
        forall(Epoch, Replica, lambda e, r: epoch_leader(e, r) >> begun(e)),
        meaning="Only begun epochs have leaders.",
    ),
    auxiliary(
        "one_elected",
        forall(Epoch, Replica, Replica, lambda e, r, n: (epoch_leader(e, r) & epoch_leader(e, n)) >> (r == n)),
        meaning="An epoch has at most one leader.",
    ),
    auxiliary(
        "elected_is_leader",
        forall(Epoch, Replica, lambda e, r: latest(e) >> epoch_leader(e, r).iff(leader(r))),
        meaning="The controller's leader was elected in its latest epoch.",
    ),
    auxiliary(
        "follows_elected",
        forall(Replica, Replica, Epoch, lambda r, n, e: (follows(r, n) & at(r, e)) >> epoch_leader(e, n)),
        meaning="A replica follows the leader of its epoch.",
    ),
    auxiliary(
        "elected_knows",
        forall(Replica, Epoch, lambda r, e: (epoch_leader(e, r) & at(r, e)) >> follows(r, r)),
        meaning="The leader of an epoch, once in it, leads.",
    ),
    *same("leader_entered"),
)

RECORDS: tuple[Invariant, ...] = (
    auxiliary(
        "issued_downward",
        forall(PartitionEpoch, PartitionEpoch, lambda p, q: (issued(p) & (q <= p)) >> issued(q)),
        meaning="The partition epochs that were issued are all up to some partition epoch.",
    ),
    auxiliary(
        "current_is_last",
        forall(PartitionEpoch, PartitionEpoch, lambda p, q: (current(p) & issued(q)) >> (q <= p)),
        meaning="No partition epoch after the current one was issued.",
    ),
    auxiliary(
        "current_issued",
        forall(PartitionEpoch, lambda p: current(p) >> issued(p)),
        meaning="The current one was issued.",
    ),
    auxiliary(
        "issued_has_current",
        exists(PartitionEpoch, issued) >> exists(PartitionEpoch, current),
        meaning="If any was issued, one is current.",
    ),
    auxiliary(
        "record_one_epoch",
        forall(PartitionEpoch, Epoch, Epoch, lambda p, e, x: (record_epoch(p, e) & record_epoch(p, x)) >> (e == x)),
        meaning="A record carries one leader epoch.",
    ),
    auxiliary(
        "record_epoch_begun",
        forall(PartitionEpoch, Epoch, lambda p, e: record_epoch(p, e) >> (begun(e) & issued(p))),
        meaning="Records carry begun epochs, under issued partition epochs.",
    ),
    auxiliary(
        "record_members_issued",
        forall(PartitionEpoch, Replica, lambda p, r: (record_isr(p, r) | record_leader(p, r)) >> issued(p)),
        meaning="Records are under issued partition epochs.",
    ),
    auxiliary(
        "record_leader_elected",
        forall(
            *(PartitionEpoch, Epoch, Replica),
            lambda p, e, r: (record_epoch(p, e) & record_leader(p, r)) >> epoch_leader(e, r),
        ),
        meaning="The leader in a record is that of its leader epoch.",
    ),
    auxiliary(
        "record_has_its_leader",
        forall(
            *(PartitionEpoch, Epoch, Replica),
            lambda p, e, r: (record_epoch(p, e) & epoch_leader(e, r)) >> record_isr(p, r),
        ),
        meaning="The ISR in a record has the leader of its leader epoch.",
    ),
    auxiliary(
        "current_record_latest",
        forall(PartitionEpoch, Epoch, lambda p, e: (record_epoch(p, e) & current(p)) >> latest(e)),
        meaning="The current record is of the latest leader epoch.",
    ),
    auxiliary(
        "current_record_isr",
        forall(PartitionEpoch, Replica, lambda p, r: current(p) >> record_isr(p, r).iff(isr(r))),
        meaning="The current record has the controller's ISR.",
    ),
    auxiliary(
        "record_epochs_ascend",
        forall(
            *(PartitionEpoch, PartitionEpoch, Epoch, Epoch),
            lambda p, q, e, x: (record_epoch(p, e) & record_epoch(q, x) & (p < q)) >> (e <= x),
        ),
        meaning="Leader epochs never fall along the records.",
    ),
)

LEADERS: tuple[Invariant, ...] = (
    auxiliary(
        "learned_one",
        forall(*(Replica, PartitionEpoch, PartitionEpoch), lambda n, p, q: (learned(n, p) & learned(n, q)) >> (p == q)),
        meaning="A leader works with one record.",
    ),
    auxiliary(
        "learned_own_epoch",
        forall(*(Replica, Epoch, PartitionEpoch), lambda n, e, p: (leads(n, e) & learned(n, p)) >> record_epoch(p, e)),
        meaning="A leader works with a record of its own leader epoch.",
    ),
    auxiliary(
        "learned_isr",
        forall(
            *(Replica, Epoch, PartitionEpoch, Replica),
            lambda n, e, p, r: (leads(n, e) & learned(n, p)) >> leader_isr(n, r).iff(record_isr(p, r)),
        ),
        meaning="A leader works with the ISR of its record.",
    ),
    auxiliary(
        "learned_some",
        forall(Replica, lambda n: follows(n, n) >> exists(PartitionEpoch, lambda p: learned(n, p))),
        meaning="A leader works with some record.",
    ),
    auxiliary(
        "maximal_isr_contains",
        forall(Replica, Replica, lambda n, r: (follows(n, n) & leader_isr(n, r)) >> maximal_isr(n, r)),
        meaning="The maximal ISR contains the ISR.",
    ),
    auxiliary(
        "idle_isr",
        forall(
            *(Replica, Epoch, PartitionEpoch, Replica),
            lambda n, e, p, r: (
                (leads(n, e) & learned(n, p) & ~proposed(e, p)) >> maximal_isr(n, r).iff(leader_isr(n, r))
            ),
        ),
        meaning="With nothing proposed the maximal ISR is the ISR.",
    ),
)

PROPOSALS: tuple[Invariant, ...] = (
    auxiliary(
        "proposer_entered",
        forall(
            *(Epoch, PartitionEpoch, Replica),
            lambda e, p, n: (proposed(e, p) & epoch_leader(e, n)) >> (at(n, e) | left(n, e)),
        ),
        meaning="Who proposed in an epoch has reached it.",
    ),
    auxiliary(
        "proposer_elected",
        forall(Epoch, PartitionEpoch, lambda e, p: proposed(e, p) >> exists(Replica, lambda n: epoch_leader(e, n))),
        meaning="Proposals are made by the leader of their epoch.",
    ),
    auxiliary(
        "proposal_not_ahead",
        forall(
            *(Epoch, PartitionEpoch, Replica, PartitionEpoch),
            lambda e, p, n, q: (proposed(e, p) & epoch_leader(e, n) & at(n, e) & learned(n, q)) >> (p <= q),
        ),
        meaning="A leader has proposed only on top of records that it had learned.",
    ),
    auxiliary(
        "proposal_on_record",
        forall(Epoch, PartitionEpoch, lambda e, p: proposed(e, p) >> record_epoch(p, e)),
        meaning="Proposals are on top of records of their own epoch.",
    ),
    auxiliary(
        "proposal_was_made",
        forall(Epoch, PartitionEpoch, Replica, lambda e, p, r: proposal(e, p, r) >> proposed(e, p)),
        meaning="Only proposals have proposed members.",
    ),
    auxiliary(
        "proposal_has_leader",
        forall(
            *(Epoch, PartitionEpoch, Replica),
            lambda e, p, n: (proposed(e, p) & epoch_leader(e, n)) >> proposal(e, p, n),
        ),
        meaning="A leader never proposes to leave.",
    ),
    auxiliary(
        "proposal_is_counted",
        forall(
            *(Epoch, PartitionEpoch, Replica, Replica),
            lambda e, p, n, r: (proposal(e, p, r) & epoch_leader(e, n) & at(n, e) & learned(n, p)) >> maximal_isr(n, r),
        ),
        meaning="While a proposal is under way its members are counted.",
    ),
    auxiliary(
        "proposal_holds_commitments",
        forall(
            *(Epoch, PartitionEpoch, Offset, Epoch, Epoch, Replica),
            lambda e, p, o, x, c, r: (proposal(e, p, r) & latest(e) & current(p) & commitment(o, x, c)) >> log(r, o, x),
        ),
        meaning="The members of a proposal that may be accepted hold all that was committed.",
    ),
    auxiliary(
        "proposal_reached_commitments",
        forall(
            *(Epoch, PartitionEpoch, Offset, Epoch, Epoch, Replica),
            lambda e, p, o, x, c, r: (
                (proposal(e, p, r) & latest(e) & current(p) & commitment(o, x, c)) >> (at(r, c) | left(r, c))
            ),
        ),
        meaning="They have reached the epochs of those commitments.",
    ),
)

CONFIGURATIONS: tuple[Invariant, ...] = (
    *same("configuration_begun", "configuration_current"),
    auxiliary(
        "configuration_has_elected",
        forall(Epoch, Replica, lambda e, r: epoch_leader(e, r) >> configuration(e, r)),
        meaning="A leader is in its epoch's ISR.",
    ),
    auxiliary(
        "configuration_beyond_record",
        forall(
            *(PartitionEpoch, Epoch, Replica, Replica),
            lambda p, e, n, r: (
                (record_epoch(p, e) & epoch_leader(e, n) & configuration(e, r) & ~record_isr(p, r)) >> ~before(n, e)
            ),
        ),
        meaning="An epoch's ISR grows beyond its records only after its leader took office.",
    ),
    auxiliary(
        "configuration_beyond_learned",
        forall(
            *(PartitionEpoch, Epoch, Replica, Replica, PartitionEpoch),
            lambda p, e, n, r, q: (
                (
                    record_epoch(p, e)
                    & epoch_leader(e, n)
                    & configuration(e, r)
                    & ~record_isr(p, r)
                    & at(n, e)
                    & learned(n, q)
                )
                >> (p <= q)
            ),
        ),
        meaning="What the leader has yet to learn does not take away from the epoch's ISR.",
    ),
    *same("nested", "abandoned_by_member", "member_abandons"),
)

LOGS: tuple[Invariant, ...] = (
    *same("one_record", "record_below_end", "no_gaps", "high_watermark_in_log", "high_watermark_downward"),
    *same("record_epoch_reached", "epochs_ascend", "follower_has_prefix", "logs_match_both_ways"),
    *same("leader_has_own_records"),
    auxiliary(
        "record_has_elected",
        forall(
            *(Replica, Replica, Offset, Epoch),
            lambda r, n, o, e: (log(r, o, e) & epoch_leader(e, n)) >> (at(n, e) | left(n, e)),
        ),
        meaning="Where there is a record of an epoch, its leader has reached that epoch.",
    ),
)

INVARIANTS = (
    *PROMISES,
    *EPOCHS,
    *RECORDS,
    *LEADERS,
    *PROPOSALS,
    *CONFIGURATIONS,
    *LOGS,
    *synchronous.COMMITMENTS,
)
