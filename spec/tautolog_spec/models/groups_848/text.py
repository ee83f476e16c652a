"""The vocabulary and actions of a group with the consumer protocol of KIP-848."""

from __future__ import annotations

from tautolog_spec.fixes import Fix
from tautolog_spec.language import (
    TRUE,
    Formula,
    Sort,
    Step,
    Update,
    Variable,
    action,
    choice,
    exists,
    forall,
    ghost,
    relation,
    when,
)

Member = Sort("Member")
Epoch = Sort("Epoch", ordered=True)
Partition = Sort("Partition")
Offset = Sort("Offset", ordered=True)

member = relation("member", Member, meaning="the coordinator counts the member as one of the group")
group_epoch = relation("group_epoch", Epoch, meaning="the last change of the membership or of a subscription")
begun = relation("begun", Epoch, meaning="the epoch is not later than the group epoch")
target_epoch = relation("target_epoch", Epoch, meaning="the assignment epoch: the group epoch that the target is for")
target = relation("target", Member, Partition, meaning="the target assignment")
member_epoch = relation("member_epoch", Member, Epoch, meaning="the member's epoch, as the coordinator knows it")
given = relation("given", Member, Partition, meaning="the member was given the partition and has not released it")
since = relation("since", Member, Partition, Epoch, meaning="the epoch in which it was given")
revoking = relation("revoking", Member, Partition, meaning="of those, the member was asked to give it up")
occupied = relation("occupied", Partition, meaning="the coordinator's books have the partition down as somebody's")
committed = relation("committed", Partition, Offset, meaning="the offset is below the committed offset")
settled = relation("settled", meaning="from now on nobody joins, leaves or falls silent")

told = relation("told", Member, Partition, meaning="the member's partitions in the coordinator's last answer to it")
told_epoch = relation("told_epoch", Member, Epoch, meaning="the member epoch in the coordinator's last answer to it")
at = relation("at", Member, Epoch, meaning="the member's epoch, as the member knows it")
owns = relation("owns", Member, Partition, meaning="the member believes that the partition is its own")
done = relation("done", Member, Partition, Offset, meaning="the member has nothing left to do up to the offset")
asked = relation(
    "asked",
    *(Member, Epoch, Partition, Offset),
    meaning="requests on their way: the member, in the epoch, commits what it has done, the offset being the last",
)
chosen = choice("chosen", Member, Partition, meaning="what the assignor decides")

processed = ghost("processed", Partition, Offset, meaning="somebody has processed the record")
reached = ghost("reached", Partition, Offset, meaning="the committed offset was once beyond the offset")
overwritten = ghost(
    "overwritten", Partition, meaning="a commit was accepted from somebody whose the partition was not at that moment"
)
RELATIONS = (
    *(member, group_epoch, begun, target_epoch, target, member_epoch, given, since, revoking, occupied, committed),
    *(settled, told, told_epoch, at, owns, done, asked, chosen, processed, reached, overwritten),
)


def bump(new: Variable) -> tuple[Formula, tuple[Update, ...]]:
    """The membership changes, and with it the group epoch."""
    comes_next = forall(Epoch, lambda e: begun(e).iff(e < new))
    return comes_next, (group_epoch.assign(..., to=lambda e: e == new), begun.insert(new))


def forgotten(gone: Variable) -> tuple[Update, ...]:
    """What was the member's at the coordinator is free."""
    return (
        member.remove(gone),
        member_epoch.remove(gone, ...),
        given.remove(gone, ...),
        since.remove(gone, ..., ...),
        revoking.remove(gone, ...),
        target.remove(gone, ...),
        occupied.remove(..., where=lambda p: given(gone, p)),
    )


def dropped(stopping: Variable) -> tuple[Update, ...]:
    """The member drops all that it owns, and what it was told."""
    return owns.remove(stopping, ...), told.remove(stopping, ...), told_epoch.remove(stopping, ...)


@action(Member, Epoch)
def join(joining: Variable, new: Variable) -> Step:
    """A heartbeat with epoch 0: somebody is new, or was fenced; it has dropped its partitions. It keeps its member id."""
    comes_next, bumped = bump(new)
    return Step(
        requires=(~settled(), ~member(joining), comes_next),
        updates=(member.insert(joining), *bumped, *dropped(joining), at.remove(joining, ...)),
    )


@action(Member, Epoch)
def leave(leaving: Variable, new: Variable) -> Step:
    """A heartbeat with epoch -1: a member has given up all that it owned and leaves."""
    comes_next, bumped = bump(new)
    return Step(
        requires=(~settled(), member(leaving), comes_next),
        updates=(*forgotten(leaving), *bumped, *dropped(leaving)),
    )


@action(Member, Epoch)
def expire(silent: Variable, new: Variable) -> Step:
    """The session timeout is over, or the one for a revocation. The member need not know, and lives on as a zombie."""
    comes_next, bumped = bump(new)
    return Step(requires=(~settled(), member(silent), comes_next), updates=(*forgotten(silent), *bumped))


@action(Epoch)
def resubscribe(new: Variable) -> Step:
    """A member's subscription or the partitions of a topic change: the target must be computed anew."""
    comes_next, bumped = bump(new)
    return Step(requires=(~settled(), comes_next), updates=bumped)


@action(Epoch)
def assign(now: Variable) -> Step:
    """The coordinator computes the target assignment for the group epoch: every partition to one member."""
    return Step(
        requires=(
            group_epoch(now),
            ~target_epoch(now),
            forall(Member, Partition, lambda m, p: chosen(m, p) >> member(m)),
            forall(Member, Member, Partition, lambda m, n, p: (chosen(m, p) & chosen(n, p)) >> (m == n)),
            forall(Partition, lambda p: exists(Member, lambda m: chosen(m, p))),
        ),
        updates=(
            target.assign(..., ..., to=chosen),
            target_epoch.assign(..., to=lambda e: e == now),
        ),
    )


def heartbeat(known: Variable) -> Formula:
    """The coordinator accepts a heartbeat: the epoch is the one it knows (a new member has none)."""
    return forall(Epoch, lambda e: at(known, e).iff(member_epoch(known, e)))


@action(Member, Partition)
def ask_to_revoke(known: Variable, lost: Variable) -> Step:
    """A heartbeat of a member that owns what the target no longer gives it: it is asked to give that up, in its epoch.

    What it was asked for before, and has given up, is free from now on (KAFKA-19974: the member epoch does not move).
    """
    return Step(
        requires=(
            heartbeat(known),
            forall(Partition, lambda p: owns(known, p) >> ~revoking(known, p)),
            owns(known, lost),
            ~target(known, lost),
        ),
        updates=(
            given.remove(known, ..., where=lambda p: revoking(known, p)),
            since.remove(known, ..., ..., where=lambda p, _: revoking(known, p)),
            occupied.remove(..., where=lambda p: revoking(known, p)),
            revoking.assign(known, ..., to=lambda p: given(known, p) & ~revoking(known, p) & ~target(known, p)),
            told.assign(known, ..., to=lambda p: given(known, p) & ~revoking(known, p) & target(known, p)),
        ),
    )


def free_for(known: Variable, partition: Variable) -> Formula:
    """The partition may be given to the member: it is its own, or nobody's."""
    return given(known, partition) | when(Fix.KIP_848_WITHHOLD_UNRELEASED, ~occupied(partition))


@action(Member, Epoch)
def advance(known: Variable, now: Variable) -> Step:
    """A heartbeat of a member that owns nothing but what the target gives it: it moves to the assignment epoch.

    It gets of its target what is free. The rest is still with others, and comes in the same epoch when they released it.
    """

    def gets(p: Variable) -> Formula:
        return target(known, p) & free_for(known, p)

    def keeps(p: Variable) -> Formula:
        return target(known, p) & given(known, p) & ~revoking(known, p)

    more = exists(Partition, lambda p: gets(p) & ~keeps(p))
    return Step(
        requires=(
            member(known),
            heartbeat(known),
            target_epoch(now),
            forall(Partition, lambda p: owns(known, p) >> (target(known, p) & ~revoking(known, p))),
            ~member_epoch(known, now) | more,
        ),
        updates=(
            given.assign(known, ..., to=gets),
            since.assign(
                known, ..., ..., to=lambda p, e: (keeps(p) & since(known, p, e)) | (gets(p) & ~keeps(p) & (e == now))
            ),
            revoking.remove(known, ...),
            occupied.assign(
                ...,
                to=lambda p: (
                    (occupied(p) & ~given(known, p))
                    | (gets(p) & when(Fix.KAFKA_16147_PARTITION_EPOCH, TRUE, ~revoking(known, p)))
                ),
            ),
            member_epoch.replace(known, now),
            told.assign(known, ..., to=gets),
            told_epoch.replace(known, now),
        ),
    )


@action(Member, Partition)
def revoke(owner: Variable, lost: Variable) -> Step:
    """A member gives up a partition that the last answer does not name."""
    return Step(requires=(owns(owner, lost), ~told(owner, lost)), updates=(owns.remove(owner, lost),))


@action(Member, Epoch)
def take(learning: Variable, now: Variable) -> Step:
    """A member has given up what it must, learns its epoch and starts what is new to it from the committed offset."""
    new = exists(Partition, lambda p: told(learning, p) & ~owns(learning, p))

    def starts(p: Variable, o: Variable) -> Formula:
        return told(learning, p) & ((owns(learning, p) & done(learning, p, o)) | (~owns(learning, p) & committed(p, o)))

    return Step(
        requires=(
            told_epoch(learning, now),
            forall(Partition, lambda p: owns(learning, p) >> told(learning, p)),
            ~at(learning, now) | new,
        ),
        updates=(
            at.replace(learning, now),
            owns.assign(learning, ..., to=lambda p: told(learning, p)),
            done.assign(learning, ..., ..., to=starts),
        ),
    )


@action(Member, Partition, Offset)
def process(owner: Variable, partition: Variable, offset: Variable) -> Step:
    """A member has fetched the next record, and the application has processed it."""
    return Step(
        requires=(
            owns(owner, partition),
            ~done(owner, partition, offset),
            forall(Offset, lambda o: (o < offset) >> done(owner, partition, o)),
        ),
        updates=(done.insert(owner, partition, offset), processed.insert(partition, offset)),
    )


@action(Member, Epoch, Partition, Offset)
def ask_to_commit(owner: Variable, now: Variable, partition: Variable, offset: Variable) -> Step:
    """A member asks the coordinator, under its epoch, to commit what it has done."""
    return Step(
        requires=(
            at(owner, now),
            owns(owner, partition),
            done(owner, partition, offset),
            forall(Offset, lambda o: (offset < o) >> ~done(owner, partition, o)),
        ),
        updates=(asked.insert(owner, now, partition, offset),),
    )


def accepted(owner: Variable, of: Variable, partition: Variable) -> Formula:
    """The member has had the partition from an epoch that is not later than the request's; or, once: the epochs agree."""
    tenure = given(owner, partition) & exists(Epoch, lambda e: since(owner, partition, e) & (e <= of))
    exact = when(Fix.KIP_1251_ASSIGNMENT_EPOCH, tenure, member_epoch(owner, of))
    return when(Fix.MEMBER_EPOCH_FENCE, exact)


@action(Member, Epoch, Partition, Offset)
def commit(owner: Variable, of: Variable, partition: Variable, offset: Variable) -> Step:
    """The coordinator reads a request of a member's, and the offset is committed. What it overtook is never read."""
    return Step(
        requires=(asked(owner, of, partition, offset), member(owner), accepted(owner, of, partition)),
        updates=(
            committed.assign(partition, ..., to=lambda o: o <= offset),
            asked.remove(owner, ..., partition, ..., where=lambda _, o: o < offset),
            reached.insert(partition, ..., where=lambda o: o <= offset),
            overwritten.insert(partition, where=lambda: ~given(owner, partition)),
        ),
    )


@action()
def settle() -> Step:
    """The membership stops changing."""
    return Step(requires=(~settled(),), updates=(settled.insert(),))


ACTIONS = (
    *(join, leave, expire, resubscribe, assign, ask_to_revoke, advance, revoke, take),
    *(process, ask_to_commit, commit, settle),
)
