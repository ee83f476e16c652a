"""A group under arbitrary clients: what must hold whoever says what, and when.

The clients here follow no protocol: they join, sync, heartbeat, leave and commit in any order, with ids and generations of
their own, of others and of the past; time passes, the broker restarts, the disk fills. What is checked from outside: one
leader and one set of members a generation, each member given what its leader assigned and nothing else, no commit of a past
generation, offsets as last acknowledged, no request without an answer. From inside: the bookkeeping of the state machine.
At the end well-behaved clients come to a Stable group, and silence to an Empty one.
"""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from support.group_transcript import subscription
from support.group_world import GroupWorld
from tautolog.core.errors import ErrorCode
from tautolog.core.groups.group import GroupState
from tautolog.core.messages.heartbeat import HeartbeatRequest
from tautolog.core.messages.join_group import JoinGroupRequest, JoinGroupRequestProtocol
from tautolog.core.messages.leave_group import LeaveGroupRequest, MemberIdentity
from tautolog.core.messages.offset_commit import (
    OffsetCommitRequest,
    OffsetCommitRequestPartition,
    OffsetCommitRequestTopic,
)
from tautolog.core.messages.offset_delete import (
    OffsetDeleteRequest,
    OffsetDeleteRequestPartition,
    OffsetDeleteRequestTopic,
)
from tautolog.core.messages.offset_fetch import OffsetFetchRequest, OffsetFetchRequestGroup
from tautolog.core.messages.sync_group import SyncGroupRequest, SyncGroupRequestAssignment

CLIENTS = ("a", "b", "c", "d", "e")
STATIC = {"d": "id", "e": "ie"}
SESSION_MS = 10_000
REBALANCE_MS = 15_000
SETTLED = {GroupState.STABLE, GroupState.EMPTY}
NEW = {
    "state": GroupState.EMPTY,
    "generation": 0,
    "protocol": (None, None),
    "leader": None,
    "since": None,
    "static": {},
    "subscribed": None,
    "members": {},
    "offsets": {},
}
"""A group as it is first written, before its first member is let in."""
names = st.sampled_from(CLIENTS)
protocol_lists = st.sampled_from([("range",), ("range", "sticky"), ("sticky", "range"), ("roundrobin",)])
subscriptions = st.sampled_from([("t",), ("t", "u"), ("u",)])


class Client:
    """What one client remembers: the id it was given, the last generation it joined and whom it led there."""

    def __init__(self, name):
        self.name = name
        self.instance_id = STATIC.get(name)
        self.forget()

    def forget(self):
        self.member_id = ""
        self.generation = -1
        self.protocol = None
        self.leads = None
        self.assigned = False


class Membership(RuleBasedStateMachine):
    @initialize(
        size=st.sampled_from([2, 3, 100]), delay=st.sampled_from([0, 3000]), founders=st.lists(names, unique=True)
    )
    def begin(self, size, delay, founders):
        limits = {
            "group.max.size": str(size),
            "group.initial.rebalance.delay.ms": str(delay),
            "offsets.retention.check.interval.ms": str(10**9),  # a group that expires begins its generations anew
        }
        self.size = size
        self.world = GroupWorld(limits).ready()
        self.clients = {name: Client(name) for name in CLIENTS}
        self.waiting = {}
        self.offsets = {}
        self.told = 0  # the latest generation that anybody was told it is in
        self.leaders = {}  # generation to its leader
        self.gathered = {}  # generation to the members its leader was told
        self.assigned = {}  # generation to what its leader assigned, once that was accepted
        self.trying = {}  # what a leader asks to assign, until it is answered
        self.settled = None
        self.saved = True
        self.offset = 0
        for _ in range(6):
            self.follow(founders, 1000)

    def teardown(self):
        if hasattr(self, "world"):
            self.world.disk_full = False
            self.behave()
            self.fall_silent()

    # -- the rules

    @rule(
        name=names, protocols=protocol_lists, topics=subscriptions, version=st.sampled_from([3, 9]), anew=st.booleans()
    )
    def join(self, name, protocols, topics, version, anew):
        client = self.clients[name]
        if anew:
            client.forget()
        self._join(client, protocols, topics, 9 if client.instance_id else version)

    @rule(name=names, past=st.booleans(), other=names)
    def sync(self, name, past, other):
        self._sync(self.clients[name], self.clients[name].generation - past, self.clients[other].member_id)

    @rule(name=names, past=st.booleans())
    def heartbeat(self, name, past):
        self._heartbeat(self.clients[name], self.clients[name].generation - past)

    @rule(name=names)
    def leave(self, name):
        client = self.clients[name]
        body = LeaveGroupRequest("g", "", [MemberIdentity(client.member_id, client.instance_id)])
        self.world.ask("leave_group", 5, body)
        self._settle()

    @rule(name=names, past=st.sampled_from([0, 0, 0, 1, 2]), simple=st.sampled_from([False, False, False, True]))
    def commit(self, name, past, simple):
        client = self.clients[name]
        generation = -1 if simple else client.generation - past
        member_id, instance_id = ("", None) if simple else (client.member_id, client.instance_id)
        self.offset += 1
        part = OffsetCommitRequestPartition(0, self.offset)
        topics = [OffsetCommitRequestTopic("t", partitions=[part])]
        answer = self.world.ask(
            "offset_commit", 9, OffsetCommitRequest("g", generation, member_id, instance_id, -1, topics)
        )
        if answer.topics[0].partitions[0].error_code == 0:
            assert not self.world.disk_full
            assert generation < 0 or generation >= self.told, "a commit of a past generation was taken"
            assert self.group.state is not GroupState.COMPLETING_REBALANCE, "nothing is assigned yet"
            self.offsets["t", 0] = self.offset
        self._settle()

    @rule()
    def forget(self):
        body = OffsetDeleteRequest("g", [OffsetDeleteRequestTopic("t", [OffsetDeleteRequestPartition(0)])])
        answer = self.world.ask("offset_delete", 0, body)
        if answer.topics and answer.topics[0].partitions[0].error_code == 0:
            self.offsets.clear()
        self._settle()

    @rule(milliseconds=st.sampled_from([1, 100, 500, 3000, 5000, 9999, 20_000]))
    def wait(self, milliseconds):
        for _ in self.world.wait(milliseconds):
            self._settle()

    @rule(followers=st.lists(names, min_size=1, unique=True), milliseconds=st.sampled_from([0, 100, 1000, 3000]))
    def follow(self, followers, milliseconds):
        for name in followers:
            self._follow(self.clients[name])
        self.wait(milliseconds)

    @rule(times=st.integers(1, 3))
    def fill_the_disk(self, times):
        """There is no room until so many writes have been refused."""
        self.world.disk_full = True
        self.world.refused = -times

    @precondition(lambda self: self.saved and not self.world.disk_full and self.world.now.monotonic_ms)
    @rule()
    def restart(self):
        self.world.restart()  # the monotonic clock starts anew; once in the same moment is enough
        self.waiting.clear()
        self.trying.clear()
        # of a simple group without offsets nothing is written
        nothing = (None, NEW)
        found = self._snapshot()
        assert found == self.settled or (found in nothing and self.settled in nothing), "a restart loses or makes up"
        # generations that were told and not assigned were never written: their numbers may come again
        generation = self.settled["generation"] if self.settled else 0
        self.told = generation
        for memory in (self.leaders, self.gathered, self.assigned):
            for later in [number for number in memory if number > generation]:
                del memory[later]
        if self.group and self.group.state is not GroupState.STABLE:
            self.assigned.pop(generation, None)

    # -- requests and their answers

    def _follow(self, client):
        """What a client does that follows the protocol: join until it is in, fetch its assignment, heartbeat."""
        if any(waits is client for _, waits, _ in self.waiting.values()):
            return
        if client.generation < 0 or self._heartbeat(client, client.generation):
            gone = client.generation >= 0 and self.group is None
            if gone or (client.generation >= 0 and self.group.check_member(client.member_id, client.instance_id)):
                client.forget()
            self._join(client, ("range",), ("t",), 9)
        elif not client.assigned:
            self._sync(client, client.generation, client.member_id)

    def _join(self, client, protocols, topics, version):
        offers = [JoinGroupRequestProtocol(protocol, subscription(*topics)) for protocol in protocols]
        body = JoinGroupRequest("g", SESSION_MS, REBALANCE_MS, client.member_id, client.instance_id, "consumer", offers)
        self._ask("join_group", version, body, client)

    def _sync(self, client, generation, other_id):
        given = [
            SyncGroupRequestAssignment(member_id, f"{generation}:{member_id}".encode())
            for member_id in dict.fromkeys(client.leads or (client.member_id, other_id))
        ]
        group = self.group
        completing = group is not None and group.state is GroupState.COMPLETING_REBALANCE
        if completing and client.member_id == group.leader_id and generation == group.generation:
            self.trying[generation] = {each.member_id: bytes(each.assignment) for each in given}
        body = SyncGroupRequest(
            "g", generation, client.member_id, client.instance_id, "consumer", client.protocol or "range", given
        )
        self._ask("sync_group", 5, body, client)

    def _heartbeat(self, client, generation):
        body = HeartbeatRequest("g", generation, client.member_id, client.instance_id)
        answer = self.world.ask("heartbeat", 4, body)
        if answer.error_code == 0:
            assert generation == self.told
        self._settle()
        return answer.error_code

    def _ask(self, api, version, body, client):
        answer = self.world.ask(api, version, body, client=client.name)
        if isinstance(answer, int):
            self.waiting[answer] = (api, client, body.member_id)
        else:
            self._answered(api, client, body.member_id, answer)
        self._settle()

    def _settle(self):
        """Take in the late answers, and remember the last state that was written."""
        self._take_in()
        self.world.disk_full = self.world.disk_full and self.world.refused < 0

    def _take_in(self):
        for reply in self.world.drain():
            self._answered(*self.waiting.pop(reply.token), reply.message)
        if self.group is None:
            return
        if self.settled is None:
            self.settled = NEW | {"offsets": self._snapshot()["offsets"]}
        if self.group.state in SETTLED and self._snapshot() != self.settled:
            if not self._same_but_for_offsets():
                self.saved = not self.world.disk_full
                assert self.saved or self.group.state is GroupState.EMPTY, "assigned without having been written"
            self.settled = self._snapshot()

    def _same_but_for_offsets(self):
        old, new = dict(self.settled or {}), self._snapshot()
        return {**old, "offsets": None} == {**new, "offsets": None}

    def _answered(self, api, client, member_id, answer):
        if api == "join_group":
            self._joined(client, answer)
        elif answer.error_code == 0:
            self._synced(client, member_id, bytes(answer.assignment))

    def _joined(self, client, answer):
        if answer.error_code == ErrorCode.MEMBER_ID_REQUIRED:
            client.member_id = answer.member_id
        if answer.error_code:
            return
        generation = answer.generation_id
        assert generation >= self.told, "generations only rise"
        self.told = generation
        leader = self.leaders.setdefault(generation, answer.leader)
        if client.instance_id is None:
            assert leader == answer.leader, "one leader a generation"
        else:
            self.leaders[generation] = answer.leader  # a static leader that restarted has another id
        client.member_id = answer.member_id
        client.generation = generation
        client.protocol = answer.protocol_name
        client.assigned = False
        client.leads = None
        if answer.members and not answer.skip_assignment:
            client.leads = [member.member_id for member in answer.members]
            assert answer.leader == answer.member_id
            assert answer.member_id in client.leads
            gathered = self.gathered.setdefault(generation, client.leads)
            assert gathered == client.leads, "one set of members a generation"

    def _synced(self, client, member_id, assignment):
        group = self.group
        member = group.members[member_id]
        if group.generation in self.trying:
            self.assigned[group.generation] = self.trying.pop(group.generation)
        assert member.assignment == assignment
        if client.instance_id is None:
            expected = self.assigned[group.generation].get(member_id, b"")
            assert assignment == expected, "a member was given what nobody assigned to it"
        client.assigned = client.assigned or client.member_id == member_id

    # -- what must hold

    @property
    def group(self):
        return self.world.groups.groups.get("g") if hasattr(self, "world") else None

    def _snapshot(self):
        group = self.group
        if group is None:
            return None
        return {
            "state": group.state,
            "generation": group.generation,
            "protocol": (group.protocol_type, group.protocol_name),
            "leader": group.leader_id,
            "since": group.state_since_ms if group.state is GroupState.EMPTY and group.protocol_type else None,
            "static": dict(group.static),
            "subscribed": group.subscribed,
            "members": {
                member.member_id: (
                    member.instance_id,
                    member.client_id,
                    member.client_host,
                    member.session_timeout_ms,
                    member.rebalance_timeout_ms,
                    member.metadata(group.protocol_name),
                    member.assignment,
                )
                for member in group.members.values()
            },
            "offsets": {topic: dict(partitions) for topic, partitions in group.offsets.items()},
        }

    @invariant()
    def offsets_are_those_acknowledged_last(self):
        if not hasattr(self, "world"):
            return
        body = OffsetFetchRequest(groups=[OffsetFetchRequestGroup("g", topics=None)])
        (group,) = self.world.ask("offset_fetch", 9, body).groups
        found = {
            (topic.name, part.partition_index): part.committed_offset
            for topic in group.topics
            for part in topic.partitions
        }
        assert found == self.offsets
        if self.settled is not None and self.group is not None:
            self.settled["offsets"] = self._snapshot()["offsets"]

    @invariant()
    def no_request_is_lost(self):
        group = self.group
        if group is not None:
            parked = [wait for member in group.members.values() for wait in (member.join, member.sync) if wait]
            assert sorted(self.waiting) == sorted(wait.token for wait in parked)

    @invariant()
    def the_books_are_in_order(self):
        group = self.group
        if group is None:
            return
        members = group.members.values()
        assert (group.leader_id in group.members) == bool(group.members)
        assert group.static == {m.instance_id: m.member_id for m in members if m.instance_id is not None}
        supporters = {}
        for member in members:
            for name, _ in member.protocols:
                supporters[name] = supporters.get(name, 0) + 1
        assert group.supporters == supporters
        assert not group.pending_joins.keys() & group.members.keys()
        assert group.pending_syncs.keys() <= group.members.keys()
        state = group.state
        assert bool(group.members) or state in {GroupState.EMPTY, GroupState.PREPARING_REBALANCE}
        assert not group.members or state is not GroupState.EMPTY
        assert state is GroupState.PREPARING_REBALANCE or not any(member.join for member in members)
        assert state is GroupState.COMPLETING_REBALANCE or not any(member.sync for member in members)
        assert not group.pending_syncs or state in {GroupState.COMPLETING_REBALANCE, GroupState.STABLE}

    @invariant()
    def every_wait_has_an_end(self):
        group = self.group
        if group is None:
            return
        assert (group.join_timer is not None) == (group.state is GroupState.PREPARING_REBALANCE)
        assert (group.sync_timer is not None) == bool(group.pending_syncs)
        for member in group.members.values():
            assert member.excused() or member.session_timer is not None

    @invariant()
    def somebody_was_asked_to_assign(self):
        if self.group is not None and self.group.state in {GroupState.COMPLETING_REBALANCE, GroupState.STABLE}:
            assert self.group.generation in self.gathered

    @invariant()
    def the_group_is_not_larger_than_allowed(self):
        """Static members keep their place while they are away, as in Kafka, so these may be too many."""
        if self.group is not None and self.group.state in {GroupState.COMPLETING_REBALANCE, GroupState.STABLE}:
            assert len(self.group.members) - len(self.group.static) <= self.size

    # -- how it must end

    def behave(self):
        """Clients that follow the protocol come to a Stable group with all of them in it, as far as there is room."""
        wanted = [self.clients[name] for name in CLIENTS[: self.size]]
        for client in self.clients.values():
            body = LeaveGroupRequest("g", "", [MemberIdentity(client.member_id, client.instance_id)])
            self.world.ask("leave_group", 5, body)
            client.forget()
        for _ in self.world.wait(400_000):
            self._settle()
        for _ in range(40):
            for client in wanted:
                self._follow(client)
            for _ in self.world.wait(1000):
                self._settle()
        assert self.group.state is GroupState.STABLE
        assert {client.member_id for client in wanted} == set(self.group.members)
        assert all(client.assigned for client in wanted)

    def fall_silent(self):
        """With nobody heard of, the group is Empty in the end, and nothing of it waits or ticks."""
        for _ in self.world.wait(400_000):
            self._settle()
        assert self.group.state is GroupState.EMPTY
        assert not self.waiting
        assert not self.group.pending_joins


Membership.TestCase.settings = settings(max_examples=200, stateful_step_count=40)
TestMembership = Membership.TestCase
