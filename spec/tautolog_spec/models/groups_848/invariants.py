"""Why a group with the consumer protocol keeps its promises."""

from __future__ import annotations

from tautolog_spec.language import Invariant, auxiliary, exists, forall, safety
from tautolog_spec.models.groups_848.text import (
    Epoch,
    Member,
    Offset,
    Partition,
    asked,
    at,
    begun,
    committed,
    done,
    given,
    group_epoch,
    member,
    member_epoch,
    occupied,
    overwritten,
    owns,
    processed,
    reached,
    revoking,
    since,
    target,
    target_epoch,
    told,
    told_epoch,
)

PROMISES: tuple[Invariant, ...] = (
    safety(
        "released_before_given",
        forall(Partition, Member, Member, lambda p, m, n: (given(m, p) & given(n, p)) >> (m == n)),
        meaning="A partition is never given to a member before its former owner has released it or was fenced.",
        source="KIP-848",
    ),
    safety(
        "one_owner",
        forall(
            *(Partition, Member, Member),
            lambda p, m, n: (member(m) & member(n) & owns(m, p) & owns(n, p)) >> (m == n),
        ),
        meaning="Of those whom the coordinator counts as members no two believe at one time that a partition is theirs.",
        source="KIP-848",
    ),
    safety(
        "no_zombie_commits",
        forall(Partition, lambda p: ~overwritten(p)),
        meaning="A commit is accepted only from the member whose the partition is.",
        source="KIP-848, KIP-1251",
    ),
    safety(
        "at_least_once",
        forall(Partition, Offset, lambda p, o: committed(p, o) >> processed(p, o)),
        meaning="The committed offset never passes a record that nobody has processed.",
        source="KafkaConsumer, offsets and consumer position",
    ),
    safety(
        "offsets_never_go_back",
        forall(Partition, Offset, lambda p, o: reached(p, o) >> committed(p, o)),
        meaning="A committed offset moves forward only.",
        source="KIP-1251",
    ),
)

EPOCHS: tuple[Invariant, ...] = (
    auxiliary(
        "begun_up_to_current",
        forall(Epoch, Epoch, lambda e, x: group_epoch(e) >> begun(x).iff(x <= e)),
        meaning="The epochs that have begun are those up to the group epoch.",
    ),
    auxiliary(
        "target_begun",
        forall(Epoch, lambda e: target_epoch(e) >> begun(e)),
        meaning="The assignment epoch is not ahead of the group epoch.",
    ),
    auxiliary(
        "one_target_epoch",
        forall(Epoch, Epoch, lambda e, x: (target_epoch(e) & target_epoch(x)) >> (e == x)),
        meaning="There is one assignment epoch.",
    ),
    auxiliary(
        "target_epoch_known",
        exists(Member, Epoch, told_epoch) >> exists(Epoch, target_epoch),
        meaning="Nobody was told of an epoch before there was a target assignment.",
    ),
    auxiliary(
        "told_up_to_target",
        forall(Member, Epoch, Epoch, lambda m, e, t: (told_epoch(m, e) & target_epoch(t)) >> (e <= t)),
        meaning="No answer names an epoch after the assignment epoch.",
    ),
    auxiliary(
        "told_once",
        forall(Member, Epoch, Epoch, lambda m, e, x: (told_epoch(m, e) & told_epoch(m, x)) >> (e == x)),
        meaning="The last answer names one epoch.",
    ),
    auxiliary(
        "told_member_epoch",
        forall(Member, Epoch, lambda m, e: member(m) >> member_epoch(m, e).iff(told_epoch(m, e))),
        meaning="A member was told the epoch that the coordinator knows.",
    ),
    auxiliary(
        "epoch_of_member",
        forall(Member, Epoch, lambda m, e: member_epoch(m, e) >> member(m)),
        meaning="The coordinator knows epochs of members only.",
    ),
    auxiliary(
        "at_not_ahead",
        forall(Member, Epoch, Epoch, lambda m, e, x: (at(m, e) & told_epoch(m, x)) >> (e <= x)),
        meaning="Nobody is ahead of what it was told.",
    ),
    auxiliary(
        "owner_told",
        forall(Member, lambda m: exists(Partition, lambda p: owns(m, p)) >> exists(Epoch, lambda e: told_epoch(m, e))),
        meaning="Whoever owns anything was told an epoch.",
    ),
)

PARTITIONS: tuple[Invariant, ...] = (
    auxiliary(
        "given_to_members",
        forall(Member, Partition, lambda m, p: given(m, p) >> (member(m) & occupied(p))),
        meaning="What was given is a member's, and stands in the books.",
    ),
    auxiliary(
        "given_in_epoch",
        forall(
            Member, lambda m: exists(Partition, lambda p: given(m, p)) >> exists(Epoch, lambda e: member_epoch(m, e))
        ),
        meaning="Nothing is given to a member without an epoch.",
    ),
    auxiliary(
        "revoking_given",
        forall(Member, Partition, lambda m, p: revoking(m, p) >> given(m, p)),
        meaning="Only what was given is revoked.",
    ),
    auxiliary(
        "told_given",
        forall(Member, Partition, lambda m, p: member(m) >> told(m, p).iff(given(m, p) & ~revoking(m, p))),
        meaning="A member was told what it was given and need not give up.",
    ),
    auxiliary(
        "owner_given",
        forall(Member, Partition, lambda m, p: (member(m) & owns(m, p)) >> given(m, p)),
        meaning="What a member owns was given to it.",
    ),
    auxiliary(
        "one_target",
        forall(Member, Partition, lambda m, p: target(m, p) >> member(m)),
        meaning="The target names members only.",
    ),
    auxiliary(
        "reconciled_has_target_only",
        forall(
            *(Member, Epoch, Partition),
            lambda m, e, p: (member_epoch(m, e) & target_epoch(e) & given(m, p)) >> (target(m, p) & ~revoking(m, p)),
        ),
        meaning="A member in the assignment epoch has nothing that the target does not give it.",
    ),
    auxiliary(
        "since_given",
        forall(Member, Partition, Epoch, lambda m, p, e: since(m, p, e) >> given(m, p)),
        meaning="Assignment epochs are of what was given.",
    ),
    auxiliary(
        "one_since",
        forall(Member, Partition, Epoch, Epoch, lambda m, p, e, x: (since(m, p, e) & since(m, p, x)) >> (e == x)),
        meaning="A partition was given in one epoch.",
    ),
)

OFFSETS: tuple[Invariant, ...] = (
    auxiliary(
        "request_up_to_target",
        forall(
            *(Member, Epoch, Partition, Offset, Epoch),
            lambda m, e, p, o, t: (asked(m, e, p, o) & target_epoch(t)) >> (e <= t),
        ),
        meaning="No request names an epoch after the assignment epoch.",
    ),
    auxiliary(
        "request_has_target",
        exists(*(Member, Epoch, Partition, Offset), asked) >> exists(Epoch, target_epoch),
        meaning="Nobody asked for anything before there was a target assignment.",
    ),
    auxiliary(
        "request_not_ahead",
        forall(
            *(Member, Epoch, Partition, Offset, Epoch),
            lambda m, e, p, o, x: (asked(m, e, p, o) & told_epoch(m, x)) >> (e <= x),
        ),
        meaning="A member's requests name no epoch after the one it was told.",
    ),
    auxiliary(
        "target_request_given",
        forall(
            *(Member, Epoch, Partition, Offset),
            lambda m, e, p, o: (asked(m, e, p, o) & target_epoch(e) & target(m, p)) >> given(m, p),
        ),
        meaning="A request in the assignment epoch for a partition of the member's target is about one that it has.",
    ),
    auxiliary(
        "untaken_has_no_request",
        forall(
            *(Member, Epoch, Partition, Offset, Epoch),
            lambda m, e, p, o, a: (asked(m, e, p, o) & told(m, p) & ~owns(m, p) & since(m, p, a)) >> (e < a),
        ),
        meaning="Requests for a partition that was given and not taken yet are from an earlier tenure, and name an earlier "
        "epoch.",
    ),
    auxiliary(
        "request_processed",
        forall(
            *(Member, Epoch, Partition, Offset, Offset),
            lambda m, e, p, o, x: (asked(m, e, p, o) & (x <= o)) >> processed(p, x),
        ),
        meaning="Requests are about records that were processed.",
    ),
    auxiliary(
        "done_processed",
        forall(Member, Partition, Offset, lambda m, p, o: done(m, p, o) >> processed(p, o)),
        meaning="What nobody has left to do was processed.",
    ),
    auxiliary(
        "done_downward",
        forall(Member, Partition, Offset, Offset, lambda m, p, o, x: (done(m, p, o) & (x <= o)) >> done(m, p, x)),
        meaning="Records are done in order.",
    ),
    auxiliary(
        "committed_downward",
        forall(Partition, Offset, Offset, lambda p, o, x: (committed(p, o) & (x <= o)) >> committed(p, x)),
        meaning="There is one committed offset.",
    ),
    auxiliary(
        "owner_has_done_committed",
        forall(
            *(Member, Partition, Offset),
            lambda m, p, o: (member(m) & owns(m, p) & committed(p, o)) >> done(m, p, o),
        ),
        meaning="Nothing is committed beyond what the owner has done.",
    ),
    auxiliary(
        "owner_has_done_requested",
        forall(
            *(Member, Epoch, Partition, Offset, Epoch),
            lambda m, e, p, o, a: (asked(m, e, p, o) & since(m, p, a) & (a <= e) & owns(m, p)) >> done(m, p, o),
        ),
        meaning="An owner has asked, since it was given the partition, for no more than it has done.",
    ),
    auxiliary(
        "request_advances",
        forall(
            *(Member, Epoch, Partition, Offset, Epoch, Offset),
            lambda m, e, p, o, a, x: (asked(m, e, p, o) & since(m, p, a) & (a <= e) & committed(p, x)) >> (x <= o),
        ),
        meaning="A request of the present tenure never moves the committed offset back.",
    ),
)

INVARIANTS = (*PROMISES, *EPOCHS, *PARTITIONS, *OFFSETS)
