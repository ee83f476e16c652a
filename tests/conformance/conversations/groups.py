"""The classic group protocol: joining, syncing, fencing, static members, leaving, describing."""

from __future__ import annotations

from typing import Any

from conformance.talk import Talk, conversation
from tautolog.core.messages.delete_groups import DeleteGroupsRequest
from tautolog.core.messages.describe_groups import DescribeGroupsRequest
from tautolog.core.messages.find_coordinator import FindCoordinatorRequest
from tautolog.core.messages.heartbeat import HeartbeatRequest
from tautolog.core.messages.join_group import JoinGroupRequest, JoinGroupRequestProtocol
from tautolog.core.messages.leave_group import LeaveGroupRequest, MemberIdentity
from tautolog.core.messages.list_groups import ListGroupsRequest
from tautolog.core.messages.sync_group import SyncGroupRequest, SyncGroupRequestAssignment

SESSION = 20000
NOTHING = b"\0\0" + b"\0\0\0\0" + b"\xff\xff\xff\xff"
SOMETHING = b"\0\0" + b"\0\0\0\1\0\1t" + b"\xff\xff\xff\xff"
"""Two subscriptions in the consumers' own format. Kafka reads them: bytes that are none make it stumble now and then."""
REBALANCE = 20000


def join_request(
    group: str,
    member: str = "",
    *,
    instance: str | None = None,
    kind: str = "consumer",
    protocols: tuple[str, ...] = ("range",),
    session: int = SESSION,
    data: bytes = NOTHING,
) -> JoinGroupRequest:
    """A JoinGroup request."""
    offered = [JoinGroupRequestProtocol(name, data) for name in protocols]
    return JoinGroupRequest(group, session, REBALANCE, member, instance, kind, offered, "to talk")


def ready(talk: Talk) -> None:
    """Wait until the coordinator answers: on a young broker the offsets topic has to come first."""
    find = FindCoordinatorRequest("probe", 0, ["probe"])
    talk.until(lambda: talk.quietly(find, 4, "setup"), lambda a: a.coordinators[0].error_code == 0)
    beat = HeartbeatRequest("probe", 1, "nobody", None)
    talk.until(lambda: talk.quietly(beat, 4, "setup"), lambda a: a.error_code not in {14, 15, 16})


def join(talk: Talk, group: str, who: str = "a", member: str = "", version: int = 9, **options: Any) -> Any:
    """Join and note the answer."""
    return talk.ask(join_request(group, member, **options), version, who)


def joined(talk: Talk, group: str, who: str = "a", **options: Any) -> tuple[str, int]:
    """Join as a dynamic member with the two steps of KIP-394; (member id, generation)."""
    first = talk.quietly(join_request(group, "", **options), 9, who)
    answer = talk.quietly(join_request(group, first.member_id, **options), 9, who) if first.error_code == 79 else first
    assert answer.error_code == 0, answer
    return answer.member_id, answer.generation_id


def sync_request(
    group: str,
    generation: int,
    member: str,
    assignments: dict[str, bytes] | None = None,
    *,
    instance: str | None = None,
    kind: str | None = "consumer",
    protocol: str | None = "range",
) -> SyncGroupRequest:
    """A SyncGroup request."""
    given = [SyncGroupRequestAssignment(m, a) for m, a in (assignments or {}).items()]
    return SyncGroupRequest(group, generation, member, instance, kind, protocol, given)


def sync(
    talk: Talk,
    group: str,
    generation: int,
    member: str,
    assignments: dict[str, bytes] | None = None,
    who: str = "a",
    version: int = 5,
    **options: Any,
) -> Any:
    """Sync and note the answer."""
    return talk.ask(sync_request(group, generation, member, assignments, **options), version, who)


def beat(
    talk: Talk, group: str, generation: int, member: str, who: str = "a", version: int = 4, instance: str | None = None
) -> Any:
    """Heartbeat and note the answer."""
    return talk.ask(HeartbeatRequest(group, generation, member, instance), version, who)


def leave(talk: Talk, group: str, *members: tuple[str, str | None], who: str = "a", version: int = 5) -> Any:
    """Leave and note the answer."""
    gone = [MemberIdentity(member, instance, "done") for member, instance in members]
    return talk.ask(LeaveGroupRequest(group, gone[0].member_id if gone else "", gone), version, who)


def rebalancing(talk: Talk, group: str, generation: int, member: str, who: str = "a") -> None:
    """Wait until the group is preparing a rebalance: somebody else's join has arrived."""
    ask = HeartbeatRequest(group, generation, member, None)
    talk.until(lambda: talk.quietly(ask, 4, who), lambda a: a.error_code == 27)


def describe(talk: Talk, *groups: str, version: int = 6) -> Any:
    """Describe and note the answer."""
    return talk.ask(DescribeGroupsRequest(list(groups), False), version)


def stable(talk: Talk, group: str, who: str = "a", **options: Any) -> tuple[str, int]:
    """A group of one, assigned; (member id, generation)."""
    member, generation = joined(talk, group, who, **options)
    protocol = options.get("protocols", ("range",))[0]
    answer = talk.quietly(sync_request(group, generation, member, {member: b"work"}, protocol=protocol), 5, who)
    assert answer.error_code == 0, answer
    return member, generation


@conversation
def coordinator_found(talk: Talk) -> None:
    """FindCoordinator in every version; several keys; odd keys and types."""
    ready(talk)
    group = talk.group()
    for version in range(7):
        talk.ask(FindCoordinatorRequest(group, 0, [group, group + "-2"] if version > 3 else []), version)
    talk.ask(FindCoordinatorRequest("", 0, [""]), 4)
    talk.ask(FindCoordinatorRequest("x", 5, ["x"]), 4)
    talk.ask(FindCoordinatorRequest("x", 5, ["x"]), 2)


@conversation
def join_first_asks_for_an_id(talk: Talk) -> None:
    """From version 4 a member is told its id first; before, it joins at once."""
    ready(talk)
    group = talk.group()
    first = join(talk, group)
    second = join(talk, group, member=first.member_id)
    sync(talk, group, second.generation_id, second.member_id, {second.member_id: b"all of it"})
    beat(talk, group, second.generation_id, second.member_id)
    describe(talk, group)
    leave(talk, group, (second.member_id, None))
    describe(talk, group)
    join(talk, talk.group("old"), who="b", version=3)


@conversation
def join_each_version(talk: Talk) -> None:
    """A group of one in every version."""
    ready(talk)
    for version in range(10):
        group = talk.group(f"v{version}")
        first = join(talk, group, version=version, who=f"c{version}")
        member = first.member_id
        if first.error_code:
            first = join(talk, group, version=version, member=member, who=f"c{version}")
        sync(talk, group, first.generation_id, member, {member: b"x"}, version=min(version, 5), who=f"c{version}")
        beat(talk, group, first.generation_id, member, version=min(version, 4), who=f"c{version}")
        leave(talk, group, (member, None), version=min(version, 5), who=f"c{version}")


@conversation
def join_refused(talk: Talk) -> None:
    """Bad session timeouts, no group id, unknown member, no protocols, no protocol type."""
    ready(talk)
    group = talk.group()
    join(talk, group, session=5999)
    join(talk, group, session=1_800_001)
    join(talk, "")
    join(talk, group, member="never-seen")
    join(talk, group, protocols=())
    join(talk, group, kind="")
    join(talk, group, member="never-seen", version=3)


@conversation
def join_inconsistent(talk: Talk) -> None:
    """Who shares no protocol with the group, or is of another type, does not come in."""
    ready(talk)
    group = talk.group()
    stable(talk, group)
    join(talk, group, "b", protocols=("sticky",))
    join(talk, group, "b", kind="connect")


@conversation
def two_members_rebalance(talk: Talk) -> None:
    """The second member's join waits until the first comes back; both learn the new generation."""
    ready(talk)
    group = talk.group()
    one, generation = stable(talk, group)
    two = talk.quietly(join_request(group), 9, "b").member_id
    talk.send(join_request(group, two), 9, "b")
    talk.silent("b", 0.2)
    beat(talk, group, generation, one)
    sync(talk, group, generation, one)
    again = join(talk, group, "a", one)
    talk.receive("b")
    talk.send(sync_request(group, again.generation_id, two), 5, "b")
    talk.silent("b", 0.2)
    sync(talk, group, again.generation_id, one, {one: b"first", two: b"second"})
    talk.receive("b")
    describe(talk, group)
    leave(talk, group, (two, None), who="b")
    beat(talk, group, again.generation_id, one)


@conversation
def leader_rejoins(talk: Talk) -> None:
    """The leader's join always starts a rebalance; a follower's without change does not."""
    ready(talk)
    group = talk.group()
    one, generation = stable(talk, group)
    two = talk.quietly(join_request(group), 9, "b").member_id
    talk.send(join_request(group, two), 9, "b")
    rebalancing(talk, group, generation, one)
    again = talk.quietly(join_request(group, one), 9, "a")
    talk["b"].receive()
    talk.send(sync_request(group, again.generation_id, two), 5, "b")
    talk.quietly(sync_request(group, again.generation_id, one, {one: b"1", two: b"2"}), 5, "a")
    talk.receive("b")
    join(talk, group, "b", two)
    beat(talk, group, again.generation_id, one)
    talk.send(join_request(group, two, data=SOMETHING), 9, "b")
    talk.silent("b", 0.2)
    beat(talk, group, again.generation_id, one)
    join(talk, group, "a", one)
    talk.receive("b")


@conversation
def protocol_by_votes(talk: Talk) -> None:
    """The protocol that all know and most prefer."""
    ready(talk)
    group = talk.group()
    one, generation = stable(talk, group, protocols=("range", "sticky", "x"))
    two = talk.quietly(join_request(group, protocols=("sticky", "range")), 9, "b").member_id
    talk.send(join_request(group, two, protocols=("sticky", "range")), 9, "b")
    rebalancing(talk, group, generation, one)
    join(talk, group, "a", one, protocols=("sticky", "range", "x"))
    talk.receive("b")


@conversation
def heartbeats_refused(talk: Talk) -> None:
    """Wrong generation, unknown member, unknown group, no group; before the sync."""
    ready(talk)
    group = talk.group()
    member, generation = joined(talk, group)
    beat(talk, group, generation, member)
    talk.quietly(sync_request(group, generation, member, {member: b"x"}), 5)
    beat(talk, group, generation - 1, member)
    beat(talk, group, generation + 1, member)
    beat(talk, group, generation, "somebody")
    beat(talk, talk.group("unknown"), generation, member)
    beat(talk, "", generation, member)


@conversation
def syncs_refused(talk: Talk) -> None:
    """Wrong generation, unknown member, wrong protocol or type, unknown group; twice; without assignments."""
    ready(talk)
    group = talk.group()
    member, generation = joined(talk, group)
    sync(talk, group, generation + 1, member)
    sync(talk, group, generation, "somebody")
    sync(talk, group, generation, member, protocol="sticky")
    sync(talk, group, generation, member, kind="connect")
    sync(talk, group, generation, member, kind=None, protocol=None)
    sync(talk, talk.group("unknown"), generation, member)
    sync(talk, "", generation, member)
    sync(talk, group, generation, member)
    sync(talk, group, generation, member, {member: b"late"})


@conversation
def leave_forms(talk: Talk) -> None:
    """Leaving alone, unknown, twice, several at once, from an unknown group."""
    ready(talk)
    group = talk.group()
    member, _ = stable(talk, group)
    leave(talk, group, ("somebody", None))
    leave(talk, group, (member, None), ("somebody", None))
    leave(talk, group, (member, None))
    leave(talk, talk.group("unknown"), ("somebody", None))
    leave(talk, talk.group("unknown"), ("somebody", None), version=2)
    leave(talk, "", ("somebody", None))
    leave(talk, group, version=4)


@conversation
def static_member_returns(talk: Talk) -> None:
    """A static member that comes back gets a new id, no rebalance; the old id is fenced."""
    ready(talk)
    group = talk.group()
    first = join(talk, group, instance="i1")
    sync(talk, group, first.generation_id, first.member_id, {first.member_id: b"work"}, instance="i1")
    again = join(talk, group, "b", instance="i1")
    sync(talk, group, again.generation_id, again.member_id, who="b", instance="i1")
    beat(talk, group, again.generation_id, first.member_id, instance="i1")
    beat(talk, group, again.generation_id, again.member_id, "b", instance="i1")
    sync(talk, group, again.generation_id, first.member_id, instance="i1")
    join(talk, group, member=first.member_id, instance="i1")
    beat(talk, group, again.generation_id, again.member_id, "b", instance="i2")
    describe(talk, group)


@conversation
def static_member_returns_in_old_version(talk: Talk) -> None:
    """Before version 9 a returning static leader is told another leader's name so that it does not assign."""
    ready(talk)
    group = talk.group()
    first = join(talk, group, instance="i1", version=7)
    sync(talk, group, first.generation_id, first.member_id, {first.member_id: b"work"}, instance="i1", version=4)
    again = join(talk, group, "b", instance="i1", version=7)
    sync(talk, group, again.generation_id, again.member_id, who="b", instance="i1", version=4)


@conversation
def static_follower_with_another_subscription(talk: Talk) -> None:
    """It returns with other metadata under the same protocol: no rebalance."""
    ready(talk)
    group = talk.group()
    one, generation = stable(talk, group)
    talk.send(join_request(group, instance="s"), 9, "b")
    rebalancing(talk, group, generation, one)
    again = talk.quietly(join_request(group, one), 9, "a")
    two = talk["b"].receive().member_id
    talk.send(sync_request(group, again.generation_id, two, instance="s"), 5, "b")
    talk.quietly(sync_request(group, again.generation_id, one, {one: b"1", two: b"2"}), 5, "a")
    talk.receive("b")
    join(talk, group, "c", instance="s", data=SOMETHING)
    beat(talk, group, again.generation_id, one)


@conversation
def static_member_leaves_by_instance(talk: Talk) -> None:
    """An administrator removes a static member by its instance id."""
    ready(talk)
    group = talk.group()
    first = join(talk, group, instance="i1")
    sync(talk, group, first.generation_id, first.member_id, {first.member_id: b"x"}, instance="i1")
    leave(talk, group, ("", "nobody"))
    leave(talk, group, ("wrong-member", "i1"))
    leave(talk, group, ("", "i1"))
    describe(talk, group)


@conversation
def session_expires(talk: Talk) -> None:
    """A member that is silent for its session is out; the group becomes empty."""
    ready(talk)
    group = talk.group()
    member, generation = stable(talk, group, session=6000)
    want = DescribeGroupsRequest([group], False)
    talk.until(lambda: talk.quietly(want, 5, "setup"), lambda a: a.groups[0].group_state == "Empty")
    beat(talk, group, generation, member)
    describe(talk, group)


@conversation
def groups_listed(talk: Talk) -> None:
    """ListGroups in every version, filtered by state and type, whatever the case."""
    ready(talk)
    group = talk.group()
    stable(talk, group)

    def ours(version: int, states: list[str], types: list[str]) -> None:
        answer = talk.quietly(ListGroupsRequest(states, types), version)
        talk.note(f"v{version} {states} {types} error", answer.error_code)
        talk.note("groups", [g for g in answer.groups if g.group_id == group])

    for version in range(6):
        ours(version, [], [])
    for states in (["Stable"], ["STABLE"], ["Empty"], ["nonsense"], ["Empty", "stable"]):
        ours(4, states, [])
    for types in (["classic"], ["Classic"], ["consumer"], ["nonsense"]):
        ours(5, [], types)


@conversation
def groups_described(talk: Talk) -> None:
    """Known and unknown, in every version."""
    ready(talk)
    group = talk.group()
    stable(talk, group)
    for version in range(7):
        describe(talk, group, talk.group("unknown"), version=version)
    describe(talk, "")
    describe(talk, version=5)


@conversation
def groups_deleted(talk: Talk) -> None:
    """A group with members is not deleted, an empty one is, an unknown one is not found."""
    ready(talk)
    group = talk.group()
    member, _ = stable(talk, group)
    for version in range(3):
        talk.ask(DeleteGroupsRequest([group, talk.group("unknown")]), version)
    leave(talk, group, (member, None))
    talk.ask(DeleteGroupsRequest([group]), 2)
    describe(talk, group)
    talk.ask(DeleteGroupsRequest([group]), 2)
    talk.ask(DeleteGroupsRequest([""]), 2)
    talk.ask(DeleteGroupsRequest([]), 2)
