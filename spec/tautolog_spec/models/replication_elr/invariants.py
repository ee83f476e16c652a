"""Why no eligible replica ever lacks a committed record: what the asynchronous model says, and what restarts add to it."""

from __future__ import annotations

from tautolog_spec.language import Invariant, auxiliary, exists, forall, safety
from tautolog_spec.models.replication import invariants as synchronous
from tautolog_spec.models.replication.text import Epoch, Offset, Replica
from tautolog_spec.models.replication_async import invariants as asynchronous
from tautolog_spec.models.replication_async.text import PartitionEpoch
from tautolog_spec.models.replication_elr.text import (
    BrokerEpoch,
    Group,
    at,
    before,
    commitment,
    configuration,
    current,
    elr,
    epoch_leader,
    fenced,
    held_by,
    incarnation,
    isr,
    issued,
    lapsed,
    latest,
    leader,
    leads,
    learned,
    left,
    log,
    lost,
    maximal_isr,
    member,
    proposal,
    proposed,
    record_elr,
    record_epoch,
    record_isr,
    used,
    vouched,
)


def same(*names: str) -> tuple[Invariant, ...]:
    """Invariants of the two other replication models that hold here word for word."""
    known = {one.name: one for one in (*synchronous.INVARIANTS, *asynchronous.INVARIANTS)}
    return tuple(known[name] for name in names)


def all_but(group: tuple[Invariant, ...], *names: str) -> tuple[Invariant, ...]:
    """A chapter of the asynchronous model, without what is said differently here."""
    assert set(names) <= {one.name for one in group}
    return tuple(one for one in group if one.name not in names)


PROMISES: tuple[Invariant, ...] = (
    safety(
        "eligible_are_complete",
        forall(
            *(Offset, Epoch, Epoch, Replica),
            lambda o, e, c, r: (commitment(o, e, c) & (isr(r) | elr(r))) >> log(r, o, e),
        ),
        meaning="Every member of ISR and ELR, and so every replica that may be elected, has every committed record.",
        source="KIP-966",
    ),
    *same("commits_agree", "leader_is_complete", "high_watermark_is_safe", "logs_match", "one_leader_per_epoch"),
    safety(
        "committed_to_min_isr",
        forall(
            *(Offset, Epoch, Epoch),
            lambda o, e, c: commitment(o, e, c) >> exists(Group, lambda g: held_by(o, c, g)),
        ),
        meaning="What is committed was held by as many replicas as min.insync.replicas asks for.",
        source="KIP-966",
    ),
    safety(
        "commits_survive",
        forall(
            *(Offset, Epoch, Epoch, Group, Replica),
            lambda o, e, c, g, r: (commitment(o, e, c) & held_by(o, c, g) & member(g, r)) >> (log(r, o, e) | lost(r)),
        ),
        meaning="A committed record stays with all who held it when it was committed, but for those that lost some of "
        "their log: with min ISR of n it survives n - 1 lossy restarts.",
        source="KIP-966",
    ),
    safety(
        "isr_is_alive",
        forall(Replica, Replica, lambda r, n: (isr(r) & isr(n) & fenced(r)) >> (r == n)),
        meaning="No member of the ISR is taken for dead, unless it is the only one.",
        source="KIP-841",
    ),
)

CONTROLLER: tuple[Invariant, ...] = (
    auxiliary(
        "isr_unfenced",
        forall(Replica, lambda r: isr(r) >> ~fenced(r)),
        meaning="No member of the ISR is taken for dead.",
    ),
    auxiliary(
        "leader_unfenced",
        forall(Replica, lambda r: leader(r) >> ~fenced(r)),
        meaning="The leader is not taken for dead.",
    ),
    auxiliary("leader_in_isr", forall(Replica, lambda r: leader(r) >> isr(r)), meaning="The leader is in the ISR."),
    auxiliary(
        "incarnation_used",
        forall(Replica, BrokerEpoch, lambda r, b: incarnation(r, b) >> used(b)),
        meaning="Brokers are registered under broker epochs that were given out.",
    ),
    auxiliary(
        "eligible_outside_isr",
        forall(Replica, lambda r: elr(r) >> ~isr(r)),
        meaning="ISR and ELR have nobody in common.",
    ),
    auxiliary(
        "vouched_used",
        forall(
            *(Epoch, PartitionEpoch, Replica, BrokerEpoch),
            lambda e, p, r, b: vouched(e, p, r, b) >> (proposed(e, p) & used(b)),
        ),
        meaning="Requests carry broker epochs that were given out.",
    ),
    auxiliary(
        "current_record_eligible",
        forall(PartitionEpoch, Replica, lambda p, r: current(p) >> record_elr(p, r).iff(elr(r))),
        meaning="The current record has the controller's ELR.",
    ),
    auxiliary(
        "record_eligible_issued",
        forall(PartitionEpoch, Replica, lambda p, r: record_elr(p, r) >> issued(p)),
        meaning="Records are under issued partition epochs.",
    ),
    auxiliary(
        "record_eligible_below_min_isr",
        forall(
            *(PartitionEpoch, Replica, Group),
            lambda p, n, g: record_elr(p, n) >> exists(Replica, lambda r: member(g, r) & ~record_isr(p, r)),
        ),
        meaning="Nobody is eligible beside an ISR that meets min ISR.",
        source="KIP-966",
    ),
    auxiliary(
        "eligible_below_min_isr",
        forall(Replica, Group, lambda n, g: elr(n) >> exists(Replica, lambda r: member(g, r) & ~isr(r))),
        meaning="The same of the controller's state.",
        source="KIP-966",
    ),
)

PROPOSALS: tuple[Invariant, ...] = (
    *all_but(asynchronous.PROPOSALS, "proposal_holds_commitments"),
    auxiliary(
        "proposal_members",
        forall(
            *(Epoch, PartitionEpoch, Replica),
            lambda e, p, r: (
                proposal(e, p, r) >> (record_isr(p, r) | exists(BrokerEpoch, lambda b: vouched(e, p, r, b)))
            ),
        ),
        meaning="A proposed member was in the ISR before, or the request names its broker epoch.",
        source="KIP-903",
    ),
    auxiliary(
        "proposal_holds_commitments",
        forall(
            *(Epoch, PartitionEpoch, Offset, Epoch, Epoch, Replica),
            lambda e, p, o, x, c, r: (
                (proposal(e, p, r) & latest(e) & current(p) & commitment(o, x, c))
                >> (log(r, o, x) | exists(BrokerEpoch, lambda b: vouched(e, p, r, b) & ~incarnation(r, b)))
            ),
        ),
        meaning="The members of a proposal that may be accepted hold all that was committed, or have restarted since.",
        source="KIP-903",
    ),
)

CONFIGURATIONS: tuple[Invariant, ...] = (
    *same("configuration_begun", "configuration_has_elected", "nested", "abandoned_by_member", "member_abandons"),
    auxiliary(
        "configuration_eligible",
        forall(Epoch, Replica, lambda e, r: latest(e) >> configuration(e, r).iff(isr(r) | elr(r))),
        meaning="The latest epoch's configuration is the controller's ISR and ELR.",
    ),
    auxiliary(
        "configuration_beyond_eligible",
        forall(
            *(PartitionEpoch, Epoch, Replica, Replica),
            lambda p, e, n, r: (
                (record_epoch(p, e) & epoch_leader(e, n) & configuration(e, r) & ~record_isr(p, r) & ~record_elr(p, r))
                >> ~before(n, e)
            ),
        ),
        meaning="An epoch's configuration grows beyond its records only after its leader took office.",
    ),
    auxiliary(
        "configuration_beyond_learned",
        forall(
            *(PartitionEpoch, Epoch, Replica, Replica, PartitionEpoch),
            lambda p, e, n, r, q: (
                (
                    record_epoch(p, e)
                    & configuration(e, r)
                    & ~record_isr(p, r)
                    & ~record_elr(p, r)
                    & leads(n, e)
                    & learned(n, q)
                )
                >> (p <= q)
            ),
        ),
        meaning="What the leader has yet to learn does not take away from the epoch's configuration.",
    ),
    auxiliary(
        "maximal_isr_covers_eligible",
        forall(
            *(Replica, Epoch, PartitionEpoch, Replica),
            lambda n, e, p, r: (
                (leads(n, e) & learned(n, p) & configuration(e, r)) >> (maximal_isr(n, r) | record_elr(p, r))
            ),
        ),
        meaning="A leader counts all who may be elected, but for those who are eligible because it may not commit.",
        source="KIP-966",
    ),
    auxiliary(
        "lapsed_left",
        forall(Replica, Epoch, lambda r, e: lapsed(r, e) >> left(r, e)),
        meaning="Who lost some of its log has left the epochs before.",
    ),
)

COMMITMENTS: tuple[Invariant, ...] = (
    *all_but(synchronous.COMMITMENTS, "commitment_held", "commitment_has_member"),
    auxiliary(
        "commitment_has_leader",
        forall(
            *(Offset, Epoch, Epoch),
            lambda o, e, c: commitment(o, e, c) >> exists(Replica, lambda n: epoch_leader(c, n)),
        ),
        meaning="The leader of an epoch commits in it.",
    ),
    auxiliary(
        "commitment_held",
        forall(
            *(Offset, Epoch, Epoch, Epoch, Replica),
            lambda o, e, c, d, r: (
                (commitment(o, e, c) & (c <= d) & configuration(d, r)) >> (log(r, o, e) | lapsed(r, d))
            ),
        ),
        meaning="Who may be elected, in the committing epoch or later, holds the record; unless it lost it after the epoch.",
    ),
    auxiliary(
        "group_reached",
        forall(
            *(Offset, Epoch, Group, Replica),
            lambda o, c, g, r: (held_by(o, c, g) & member(g, r)) >> (at(r, c) | left(r, c)),
        ),
        meaning="Who held a record when it was committed has reached the committing epoch.",
    ),
    auxiliary(
        "group_committed",
        forall(
            *(Offset, Epoch, Group),
            lambda o, c, g: held_by(o, c, g) >> exists(Epoch, lambda e: commitment(o, e, c)),
        ),
        meaning="A group is noted when something is committed.",
    ),
)

INVARIANTS = (
    *PROMISES,
    *asynchronous.EPOCHS,
    *asynchronous.RECORDS,
    *CONTROLLER,
    *asynchronous.LEADERS,
    *PROPOSALS,
    *CONFIGURATIONS,
    *asynchronous.LOGS,
    *COMMITMENTS,
)
