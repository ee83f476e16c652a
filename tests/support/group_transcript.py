"""Transcripts of a group's life: a line per event, below it, indented, what the coordinator answered.

    join a                                    a client joins; it keeps the member id it is given for its next request
      a: MEMBER_ID_REQUIRED
    join a
    wait 3000
      3000 a: joined 1 range leader a of a    generation, protocol, leader, and the members if it is told

Events: config NAME=VALUE · topic NAME=PARTITIONS · drop TOPIC · find · join C · sync C [C=ASSIGNMENT…] · beat C ·
leave C… · commit C|- TOPIC/PARTITION=OFFSET… · offsets · forget TOPIC/PARTITION… · delete G… · groups · describe ·
wait MS · restart · disk full|ok · written. Options are `name=value` for the names in `OPTIONS`; the group is `g` unless told.
"""

from __future__ import annotations

import struct
import sys
from pathlib import Path

from support.group_world import GroupWorld
from tautolog.core.errors import ErrorCode
from tautolog.core.groups.records import GroupKey, read_key
from tautolog.core.messages.delete_groups import DeleteGroupsRequest
from tautolog.core.messages.describe_groups import DescribeGroupsRequest
from tautolog.core.messages.find_coordinator import FindCoordinatorRequest
from tautolog.core.messages.heartbeat import HeartbeatRequest, HeartbeatResponse
from tautolog.core.messages.join_group import JoinGroupRequest, JoinGroupRequestProtocol, JoinGroupResponse
from tautolog.core.messages.leave_group import LeaveGroupRequest, MemberIdentity
from tautolog.core.messages.list_groups import ListGroupsRequest
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
from tautolog.core.messages.sync_group import SyncGroupRequest, SyncGroupRequestAssignment, SyncGroupResponse

OPTIONS = {
    "as",
    "generation",
    "group",
    "metadata",
    "protocol",
    "protocols",
    "rebalance",
    "retention",
    "session",
    "states",
    "static",
    "topics",
    "type",
    "types",
    "version",
}


def subscription(*topics):
    """The consumer protocol's metadata for these topics, version 0."""
    names = b"".join(struct.pack(">h", len(topic.encode())) + topic.encode() for topic in topics)
    return struct.pack(">hi", 0, len(topics)) + names + struct.pack(">i", -1)


def said(code):
    return "ok" if code == 0 else ErrorCode(code).name


class Client:
    def __init__(self):
        self.member_id = ""
        self.generation = -1
        self.instance_id = None


class Transcript:
    """Plays events in a `GroupWorld` and writes down what comes back."""

    def __init__(self):
        self.world = GroupWorld().ready()
        self.clients: dict[str, Client] = {}
        self.names: dict[str, str] = {}
        self.waiting: dict[int, str] = {}
        self.lines: list[str] = []

    def play(self, text):
        """The same text with the answers as they are now; comments and empty lines stay."""
        for line in text.splitlines():
            if line.startswith(" "):
                continue
            self.lines.append(line)
            if event := line.partition("#")[0].split():
                self._play(*event)
                self._late("")
        return "\n".join(self.lines) + "\n"

    def _play(self, verb, *words):
        options = {name: value for name, _, value in (word.partition("=") for word in words) if name in OPTIONS}
        words = [word for word in words if word.partition("=")[0] not in OPTIONS]
        getattr(self, verb)(words, options)

    def say(self, text):
        self.lines.append(f"  {text}")

    def _late(self, when):
        replies = self.world.drain()
        for reply in replies:  # the leader is told of members before they are told themselves
            if isinstance(reply.message, JoinGroupResponse) and not reply.message.error_code:
                self.names[reply.message.member_id] = self.waiting[reply.token]
        for reply in replies:
            self._answered(self.waiting.pop(reply.token), reply.message, when)

    def client(self, name):
        return self.clients.setdefault(name, Client())

    def name(self, member_id):
        return self.names.get(member_id, member_id)

    def _identity(self, name, options):
        client = self.client(name)
        if "as" in options:
            other = options["as"]
            return self.clients[other].member_id if other in self.clients else other
        return client.member_id

    def _ask(self, name, api, version, body):
        answer = self.world.ask(api, version, body, client=name)
        if isinstance(answer, int):
            self.waiting[answer] = name
        else:
            self._answered(name, answer)

    def _answered(self, name, answer, when=""):
        prefix = f"{when} {name}:".lstrip()
        if isinstance(answer, JoinGroupResponse):
            self._joined(prefix, name, answer)
        elif isinstance(answer, SyncGroupResponse):
            given = f"assigned {bytes(answer.assignment).decode() or '-'}"
            self.say(f"{prefix} {given if answer.error_code == 0 else said(answer.error_code)}")
        elif isinstance(answer, HeartbeatResponse):
            self.say(f"{prefix} {said(answer.error_code)}")
        else:
            for topic in answer.topics:
                for part in topic.partitions:
                    self.say(f"{prefix} {topic.name}/{part.partition_index} {said(part.error_code)}")

    def _joined(self, prefix, name, answer):
        client = self.client(name)
        if answer.error_code in {0, ErrorCode.MEMBER_ID_REQUIRED}:
            client.member_id = answer.member_id
            self.names[answer.member_id] = name
        if answer.error_code:
            self.say(f"{prefix} {said(answer.error_code)}")
            return
        client.generation = answer.generation_id
        members = " ".join(sorted(self.name(member.member_id) for member in answer.members))
        told = f" of {members}" if members else ""
        skip = " (assigns nothing)" if answer.skip_assignment else ""
        leader = self.name(answer.leader)
        self.say(f"{prefix} joined {answer.generation_id} {answer.protocol_name} leader {leader}{told}{skip}")

    # -- events

    def config(self, words, _):
        assert not self.clients, "config comes first"
        settings = dict(word.split("=") for word in words)
        self.world = GroupWorld({**self.world.settings, **settings}).ready()

    def topic(self, words, _):
        for word in words:
            name, partitions = word.split("=")
            self.world.controller.make(name, int(partitions))

    def drop(self, words, _):
        for name in words:
            self.world.controller.drop(name)
            self.world.groups.topic_deleted(name)

    def find(self, words, options):
        version = int(options.get("version", 6))
        kind = int(options.get("type", 0))
        answer = self.world.ask("find_coordinator", version, FindCoordinatorRequest("", kind, [*words]))
        for found in answer.coordinators:
            self.say(f"{found.key}: {said(found.error_code)} broker {found.node_id}")

    def join(self, words, options):
        (name,) = words
        client = self.client(name)
        client.instance_id = options.get("static", client.instance_id)
        topics = options.get("topics", "t").split("+")
        protocols = [
            JoinGroupRequestProtocol(protocol, subscription(*topics))
            for protocol in options.get("protocols", "range").split("+")
            if protocol != "-"
        ]
        body = JoinGroupRequest(
            options.get("group", "g"),
            int(options.get("session", 10_000)),
            int(options.get("rebalance", 20_000)),
            self._identity(name, options),
            client.instance_id,
            options.get("type", "consumer"),
            protocols,
        )
        self._ask(name, "join_group", int(options.get("version", 9)), body)

    def sync(self, words, options):
        name, *given = words
        client = self.client(name)
        assignments = []
        for word in given:
            to, _, assignment = word.partition("=")
            member_id = self.clients[to].member_id if to in self.clients else to
            assignments.append(SyncGroupRequestAssignment(member_id, assignment.encode()))
        body = SyncGroupRequest(
            options.get("group", "g"),
            int(options.get("generation", client.generation)),
            self._identity(name, options),
            client.instance_id,
            options.get("type", "consumer"),
            options.get("protocol", "range"),
            assignments,
        )
        self._ask(name, "sync_group", int(options.get("version", 5)), body)

    def beat(self, words, options):
        (name,) = words
        client = self.client(name)
        generation = int(options.get("generation", client.generation))
        body = HeartbeatRequest(
            options.get("group", "g"), generation, self._identity(name, options), client.instance_id
        )
        self._ask(name, "heartbeat", 4, body)

    def leave(self, words, options):
        version = int(options.get("version", 5))
        leavers = [MemberIdentity(self.client(name).member_id, self.client(name).instance_id) for name in words]
        if "static" in options:
            leavers.append(MemberIdentity("", options["static"]))
        body = LeaveGroupRequest(options.get("group", "g"), leavers[0].member_id, leavers)
        answer = self.world.ask("leave_group", version, body)
        self.say(f"left: {said(answer.error_code)}")
        for member in answer.members:
            who = self.name(member.member_id) or member.group_instance_id
            self.say(f"{who}: {said(member.error_code)}")

    def commit(self, words, options):
        name, *positions = words
        topics: dict[str, OffsetCommitRequestTopic] = {}
        for position in positions:
            where, _, offset = position.partition("=")
            topic, _, index = where.partition("/")
            part = OffsetCommitRequestPartition(int(index), int(offset), -1, options.get("metadata", ""))
            topics.setdefault(topic, OffsetCommitRequestTopic(topic)).partitions.append(part)
        client = self.client(name)
        member_id = "" if name == "-" else self._identity(name, options)
        generation = int(options.get("generation", client.generation))
        version = int(options.get("version", 4 if "retention" in options else 9))
        body = OffsetCommitRequest(
            options.get("group", "g"),
            generation,
            member_id,
            client.instance_id,
            int(options.get("retention", -1)),
            list(topics.values()),
        )
        self._ask(name, "offset_commit", version, body)

    def offsets(self, _, options):
        body = OffsetFetchRequest(groups=[OffsetFetchRequestGroup(options.get("group", "g"), topics=None)])
        (group,) = self.world.ask("offset_fetch", 9, body).groups
        if group.error_code:
            self.say(said(group.error_code))
        found = [
            f"{topic.name}/{part.partition_index}={part.committed_offset}"
            for topic in group.topics
            for part in topic.partitions
        ]
        self.say(" ".join(sorted(found)) or "none")

    def forget(self, words, options):
        topics: dict[str, OffsetDeleteRequestTopic] = {}
        for where in words:
            topic, _, index = where.partition("/")
            part = OffsetDeleteRequestPartition(int(index))
            topics.setdefault(topic, OffsetDeleteRequestTopic(topic)).partitions.append(part)
        body = OffsetDeleteRequest(options.get("group", "g"), list(topics.values()))
        answer = self.world.ask("offset_delete", 0, body)
        self.say(f"forgotten: {said(answer.error_code)}")
        self._answered("group", answer)

    def delete(self, words, _):
        for result in self.world.ask("delete_groups", 2, DeleteGroupsRequest(list(words))).results:
            self.say(f"{result.group_id}: {said(result.error_code)}")

    def groups(self, _, options):
        filters = [options[name].split("+") if name in options else [] for name in ("states", "types")]
        answer = self.world.ask("list_groups", 5, ListGroupsRequest(*filters))
        for group in answer.groups:
            self.say(f"{group.group_id}: {group.group_state} {group.protocol_type or '-'} {group.group_type}")
        if not answer.groups:
            self.say("none")

    def describe(self, _, options):
        body = DescribeGroupsRequest([options.get("group", "g")])
        (group,) = self.world.ask("describe_groups", 5, body).groups
        protocol = f" {group.protocol_data}" if group.protocol_data else ""
        state = said(group.error_code) if group.error_code else group.group_state
        members = " ".join(
            f"{self.name(member.member_id)}={bytes(member.member_assignment).decode() or '-'}"
            for member in group.members
        )
        self.say(f"{state}{protocol}{': ' + members if members else ''}")

    def wait(self, words, _):
        began = self.world.now.monotonic_ms
        for moment in self.world.wait(int(words[0])):
            self._late(str(moment - began))

    def restart(self, _, __):
        self.waiting.clear()
        self.world.restart()

    def disk(self, words, _):
        self.world.disk_full = "full" in words
        self.world.unreadable = "unreadable" in words

    def reports(self, _, __):
        for line in self.world.reports:
            self.say(f"{line.level}: {line.text}")
        self.world.reports.clear()

    def written(self, _, __):
        """How many records of groups and of offsets, tombstones apart, were written since the last time."""
        records, seen = self.world.records(), getattr(self.world, "seen", 0)
        self.world.seen = len(records)
        kinds = {"groups": 0, "offsets": 0, "tombstones": 0}
        for record in records[seen:]:
            kind = "groups" if isinstance(read_key(record.key), GroupKey) else "offsets"
            kinds["tombstones" if record.value is None else kind] += 1
        self.say(" ".join(f"{kind} {count}" for kind, count in kinds.items() if count) or "nothing")


def main():
    """Write the answers into the files named on the command line."""
    for name in sys.argv[1:]:
        file = Path(name)
        file.write_text(Transcript().play(file.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
