"""The classic group model's vocabulary and actions."""

from __future__ import annotations

from tautolog_spec.fixes import Fix
from tautolog_spec.language import (
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
    only_with,
    only_without,
    relation,
    when,
)

Member = Sort("Member")
Generation = Sort("Generation", ordered=True)
Partition = Sort("Partition")
Offset = Sort("Offset", ordered=True)

member = relation("member", Member, meaning="the coordinator counts the member as one of the group")
joined = relation("joined", Member, meaning="the member takes part in the rebalance that is under way")
claims = relation("claims", Member, Partition, meaning="what the member, when it joined, said that it owns")
rebalancing = relation("rebalancing", meaning="a rebalance is under way")
newcomer = relation("newcomer", meaning="somebody has joined afresh since the last rebalance ended")
generation = relation("generation", Generation, meaning="the coordinator's generation")
begun = relation("begun", Generation, meaning="the generation is not later than the coordinator's")
named = relation("named", Generation, Member, meaning="the member takes part in the generation")
assigned = relation("assigned", Generation, Member, Partition, meaning="whose the partition is in the generation")
committed = relation("committed", Partition, Offset, meaning="the offset is below the committed offset")
settled = relation("settled", meaning="from now on nobody joins, leaves or falls silent")

at = relation("at", Member, Generation, meaning="the generation that the member believes in")
owns = relation("owns", Member, Partition, meaning="the member believes that the partition is its own")
position = relation("position", Member, Partition, Offset, meaning="the offset is below the member's position")
done = relation("done", Member, Partition, Offset, meaning="the member has nothing left to do up to the offset")
must_rejoin = relation("must_rejoin", Member, meaning="the member gave partitions up, and others wait for them")
asked = relation(
    "asked",
    *(Member, Generation, Partition, Offset),
    meaning="requests on their way: the member, in the generation, commits what it has done, the offset being the last",
)
written = relation("written", Partition, Offset, meaning="the offset is below the partition's high watermark")
chosen = choice("chosen", Member, Partition, meaning="what the assignor decides")

processed = ghost("processed", Partition, Offset, meaning="somebody has processed the record")
reached = ghost(
    "reached", Partition, Offset, meaning="the committed offset was beyond the offset, and the group not empty since"
)
overwritten = ghost(
    "overwritten", Partition, meaning="a commit was accepted from somebody whose the partition was not at that moment"
)
RELATIONS = (
    *(member, joined, claims, rebalancing, newcomer, generation, begun, named, assigned, committed, settled),
    *(at, owns, position, done, must_rejoin, asked, written, chosen, processed, reached, overwritten),
)


@action(Partition, Offset)
def write(partition: Variable, offset: Variable) -> Step:
    """A producer's record is appended and committed. The group has subscribed before the first of them."""
    earlier = forall(Offset, lambda o: (o < offset) >> written(partition, o))
    return Step(requires=(earlier,), updates=(written.insert(partition, offset),))


@action(Member)
def join(joining: Variable) -> Step:
    """Somebody joins under a new member id: for the first time, after a restart, or when it hears that it was expelled.

    It has dropped all partitions that it ever had, and nobody answers for the requests under its former id.
    """
    lost = Fix.REJOIN_DROPS_PARTITIONS
    return Step(
        requires=(~settled(), ~member(joining)),
        updates=(
            member.insert(joining),
            joined.insert(joining),
            rebalancing.insert(),
            newcomer.insert(),
            only_with(lost, owns.remove(joining, ...)),
            only_without(lost, claims.insert(joining, ..., where=lambda p: owns(joining, p))),
            must_rejoin.remove(joining),
            asked.remove(joining, ..., ..., ...),
        ),
    )


def wants_to_rejoin(known: Variable) -> tuple[Formula, ...]:
    """A heartbeat told the member of a rebalance, or it gave partitions up for which there must be one."""
    return member(known), ~joined(known), rebalancing() | must_rejoin(known)


def rejoins(known: Variable) -> tuple[Update, ...]:
    """A member of the group joins its next rebalance."""
    return joined.insert(known), rebalancing.insert(), must_rejoin.remove(known)


@action(Member)
def rejoin_eagerly(known: Variable) -> Step:
    """A member gives up all that it owns and joins the rebalance."""
    return Step(requires=wants_to_rejoin(known), updates=(*rejoins(known), owns.remove(known, ...)))


@action(Member)
def rejoin(known: Variable) -> Step:
    """A member joins the rebalance and says what it owns and goes on consuming (KIP-429)."""
    claim = claims.assign(known, ..., to=lambda p: owns(known, p))
    return Step(requires=wants_to_rejoin(known), updates=(*rejoins(known), claim))


def expelled(gone: Variable) -> tuple[Update, ...]:
    """The coordinator counts somebody as one of the group no longer; the others must rebalance."""
    return member.remove(gone), joined.remove(gone), claims.remove(gone, ...), rebalancing.insert()


@action(Member, Generation)
def leave(leaving: Variable, now: Variable) -> Step:
    """A member of the generation gives up all that it owns and leaves."""
    return Step(
        requires=(~settled(), member(leaving), generation(now), at(leaving, now)),
        updates=(*expelled(leaving), owns.remove(leaving, ...)),
    )


@action(Member)
def expire(silent: Variable) -> Step:
    """The coordinator has had no heartbeat for the session timeout. The member need not know, and lives on as a zombie."""
    return Step(requires=(~settled(), member(silent)), updates=expelled(silent))


@action(Member, only_with=Fix.REBALANCE_TIMEOUT)
def expel_late(late: Variable) -> Step:
    """A member that heartbeats but does not rejoin within the rebalance timeout is expelled (KIP-62)."""
    return Step(requires=wants_to_rejoin(late), updates=expelled(late))


def assignment_is_sound() -> tuple[Formula, ...]:
    """What the assignor promises: members only, one owner each, nobody's claim given away, nothing forgotten, stickiness."""
    none_forgotten = forall(Partition, lambda p: exists(Member, lambda m: chosen(m, p) | claims(m, p)))
    given_away = forall(Member, Member, Partition, lambda m, n, p: (claims(m, p) & chosen(n, p)) >> (m == n))
    sticky = newcomer() | forall(Member, Partition, lambda m, p: claims(m, p) >> chosen(m, p))
    return (
        forall(Member, Partition, lambda m, p: chosen(m, p) >> member(m)),
        forall(Member, Member, Partition, lambda m, n, p: (chosen(m, p) & chosen(n, p)) >> (m == n)),
        when(Fix.REVOKE_BEFORE_ASSIGN, given_away),
        none_forgotten,
        when(Fix.STICKY_ASSIGNMENT, sticky),
    )


@action(Generation, Member)
def complete(new: Variable, witness: Variable) -> Step:
    """All members have joined: a generation begins, and the group's leader says whose each partition is in it."""
    return Step(
        requires=(
            rebalancing(),
            member(witness),
            forall(Generation, lambda g: begun(g).iff(g < new)),
            forall(Member, lambda m: member(m) >> joined(m)),
            *assignment_is_sound(),
        ),
        updates=(
            generation.assign(..., to=lambda g: g == new),
            begun.insert(new),
            named.insert(new, ..., where=member),
            assigned.insert(new, ..., ..., where=chosen),
            joined.remove(...),
            claims.remove(..., ...),
            rebalancing.remove(),
            newcomer.remove(),
        ),
    )


def start(partition: Variable, offset: Variable) -> Formula:
    """The offset is below the one that a new owner starts from: the committed offset, or what the reset policy says."""
    none = forall(Offset, lambda o: ~committed(partition, o))
    latest = committed(partition, offset) | (none & written(partition, offset))
    return when(Fix.OFFSET_RESET_NEW_PARTITIONS, committed(partition, offset), latest)


@action(Member, Generation)
def sync(learning: Variable, new: Variable) -> Step:
    """A member learns its partitions in the latest generation that it takes part in, by an answer that may come late.

    It goes on with those that it kept, starts others from their committed offset, and drops the rest.
    """

    def goes_on(so_far: Formula, p: Variable, o: Variable) -> Formula:
        kept = owns(learning, p) & so_far
        return assigned(new, learning, p) & (kept | (~owns(learning, p) & start(p, o)))

    gives_up = exists(Partition, lambda p: owns(learning, p) & ~assigned(new, learning, p))
    return Step(
        requires=(
            named(new, learning),
            forall(Generation, lambda g: named(g, learning) >> (g <= new)),
            forall(Generation, lambda g: at(learning, g) >> (g < new)),
            ~joined(learning),
        ),
        updates=(
            at.replace(learning, new),
            owns.assign(learning, ..., to=lambda p: assigned(new, learning, p)),
            position.assign(learning, ..., ..., to=lambda p, o: goes_on(position(learning, p, o), p, o)),
            done.assign(learning, ..., ..., to=lambda p, o: goes_on(done(learning, p, o), p, o)),
            must_rejoin.insert(learning, where=lambda: gives_up),
        ),
    )


@action(Member, Member, Generation)
def take_over(new: Variable, old: Variable, now: Variable) -> Step:
    """A process starts with the `group.instance.id` of a member: it gets that member's place, and no rebalance (KIP-345)."""
    return Step(
        requires=(~settled(), ~rebalancing(), member(old), ~member(new), generation(now)),
        updates=(
            member.assign(..., to=lambda m: (m == new) | (member(m) & (m != old))),
            named.assign(now, ..., to=lambda m: (m == new) | (named(now, m) & (m != old))),
            assigned.assign(
                now,
                ...,
                ...,
                to=lambda m, p: ((m == new) & assigned(now, old, p)) | (assigned(now, m, p) & (m != old) & (m != new)),
            ),
            at.remove(new, ...),
            owns.remove(new, ...),
            must_rejoin.remove(new),
            asked.remove(new, ..., ..., ...),
        ),
    )


@action(Member, Partition, Offset)
def poll(owner: Variable, partition: Variable, offset: Variable) -> Step:
    """A member fetches the record at its position and hands it to the application."""
    earlier = forall(Offset, lambda o: (o < offset) >> position(owner, partition, o))
    return Step(
        requires=(
            owns(owner, partition),
            written(partition, offset),
            ~position(owner, partition, offset),
            earlier,
        ),
        updates=(position.insert(owner, partition, offset),),
    )


@action(Member, Partition, Offset)
def process(owner: Variable, partition: Variable, offset: Variable) -> Step:
    """The application has processed the first of the records that it has."""
    earlier = forall(Offset, lambda o: (o < offset) >> done(owner, partition, o))
    return Step(
        requires=(
            owns(owner, partition),
            position(owner, partition, offset),
            ~done(owner, partition, offset),
            earlier,
        ),
        updates=(done.insert(owner, partition, offset), processed.insert(partition, offset)),
    )


def last(owner: Variable, partition: Variable, offset: Variable) -> Formula:
    """The offset is the last that the owner has done: what a commit may speak of."""
    is_done = done(owner, partition, offset) & forall(Offset, lambda o: (offset < o) >> ~done(owner, partition, o))
    polled = forall(Offset, lambda o: (offset < o) >> ~position(owner, partition, o))
    return when(Fix.COMMIT_AFTER_PROCESSING, is_done, position(owner, partition, offset) & polled)


@action(Member, Generation, Partition, Offset)
def ask_to_commit(owner: Variable, now: Variable, partition: Variable, offset: Variable) -> Step:
    """A member asks the coordinator, under its generation, to commit what it has done."""
    return Step(
        requires=(at(owner, now), owns(owner, partition), last(owner, partition, offset)),
        updates=(asked.insert(owner, now, partition, offset),),
    )


@action(Member, Generation, Partition, Offset)
def commit(owner: Variable, of: Variable, partition: Variable, offset: Variable) -> Step:
    """The coordinator reads a request of a member's, in the member's generation, and the offset is committed.

    A connection keeps the order of its requests, and one that failed is not sent again after a later one.
    """
    own = exists(Generation, lambda g: generation(g) & assigned(g, owner, partition))
    overtaken = asked.remove(owner, of, partition, ..., where=lambda o: o < offset)
    return Step(
        requires=(
            asked(owner, of, partition, offset),
            when(Fix.GROUP_GENERATION_FENCE, generation(of)),
            when(Fix.STATIC_MEMBER_FENCE, member(owner)),
        ),
        updates=(
            committed.assign(partition, ..., to=lambda o: o <= offset),
            only_with(Fix.OFFSET_COMMIT_ORDER, overtaken),
            reached.insert(partition, ..., where=lambda o: o <= offset),
            overwritten.insert(partition, where=lambda: ~own),
        ),
    )


@action(Partition)
def expire_offset(partition: Variable) -> Step:
    """The retention time of a committed offset is over, and nobody is in the group (KIP-211)."""
    empty = forall(Member, lambda m: ~member(m))
    return Step(
        requires=(when(Fix.KIP_211_ACTIVE_GROUP_OFFSETS, empty),),
        updates=(committed.remove(partition, ...), reached.remove(partition, ..., where=lambda _: empty)),
    )


@action()
def settle() -> Step:
    """The membership stops changing, but for members that are late."""
    return Step(requires=(~settled(),), updates=(settled.insert(),))


ACTIONS = (
    *(write, join, rejoin_eagerly, rejoin, leave, expire, expel_late, complete, sync, take_over),
    *(poll, process, ask_to_commit, commit, expire_offset, settle),
)
