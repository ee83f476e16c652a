"""What each version of a group request says and leaves out, and what is refused before any group is asked."""

from __future__ import annotations

import pytest

from support.group_transcript import subscription
from support.group_world import GroupWorld
from tautolog.core.controller.names import OFFSETS_TOPIC
from tautolog.core.errors import ErrorCode
from tautolog.core.groups.records import group_key, offset_key
from tautolog.core.messages.delete_groups import DeleteGroupsRequest
from tautolog.core.messages.describe_groups import DescribeGroupsRequest
from tautolog.core.messages.find_coordinator import FindCoordinatorRequest
from tautolog.core.messages.heartbeat import HeartbeatRequest
from tautolog.core.messages.join_group import JoinGroupRequest, JoinGroupRequestProtocol
from tautolog.core.messages.leave_group import LeaveGroupRequest, MemberIdentity
from tautolog.core.messages.list_groups import ListGroupsRequest
from tautolog.core.messages.offset_commit import (
    OffsetCommitRequest,
    OffsetCommitRequestPartition,
    OffsetCommitRequestTopic,
)
from tautolog.core.messages.offset_fetch import (
    OffsetFetchRequest,
    OffsetFetchRequestGroup,
    OffsetFetchRequestTopic,
    OffsetFetchRequestTopics,
)
from tautolog.core.messages.sync_group import SyncGroupRequest, SyncGroupRequestAssignment

LONG = "x" * 32_768
RANGE = [JoinGroupRequestProtocol("range", subscription("t"))]


@pytest.fixture
def world():
    return GroupWorld().ready()


def pass_time(world, milliseconds):
    for _ in world.wait(milliseconds):
        pass


def join(group_id="g", member_id="", instance_id=None, **fields):
    body = JoinGroupRequest(group_id, 10_000, 20_000, member_id, instance_id, "consumer", RANGE)
    for name, value in fields.items():
        setattr(body, name, value)
    return body


def commit(offset, name="t", topic_id=bytes(16), index=0, group_id="g", metadata=""):
    part = OffsetCommitRequestPartition(index, offset, 3, metadata)
    return OffsetCommitRequest(group_id, topics=[OffsetCommitRequestTopic(name, topic_id, [part])])


def fetch(*topics, group_id="g"):
    return OffsetFetchRequest(groups=[OffsetFetchRequestGroup(group_id, topics=list(topics))])


# -- JoinGroup


@pytest.mark.parametrize(("version", "none"), [(0, ""), (6, ""), (7, None), (9, None)])
def test_a_refused_join_has_no_protocol_in_the_way_of_its_version(world, version, none):
    answer = world.ask("join_group", version, join(session_timeout_ms=1))
    assert (answer.error_code, answer.protocol_name) == (ErrorCode.INVALID_SESSION_TIMEOUT, none)
    answer = world.ask("join_group", version, join(session_timeout_ms=1_800_001, member_id="m"))
    assert (answer.error_code, answer.member_id) == (ErrorCode.INVALID_SESSION_TIMEOUT, "m")


@pytest.mark.parametrize(("group_id", "member_id"), [("", ""), (LONG, "m")])
def test_a_group_cannot_be_joined_under_every_name(world, group_id, member_id):
    answer = world.ask("join_group", 9, join(group_id, member_id))
    assert (answer.error_code, answer.member_id) == (ErrorCode.INVALID_GROUP_ID, member_id)


@pytest.mark.parametrize(
    "fields",
    [
        {"group_instance_id": LONG},
        {"protocol_type": LONG},
        {"protocols": [JoinGroupRequestProtocol(LONG, b"")]},
        {"group_instance_id": "ß" * 16_380},
    ],
)
def test_what_no_record_could_hold_is_refused(world, fields):
    assert world.ask("join_group", 9, join(**fields)).error_code == ErrorCode.INVALID_REQUEST
    assert world.records() == []


def test_version_0_knows_one_timeout(world):
    world.ask("join_group", 0, join(session_timeout_ms=7000))
    (member,) = world.groups.groups["g"].members.values()
    assert (member.session_timeout_ms, member.rebalance_timeout_ms) == (7000, 7000)


def test_a_member_is_named_after_its_client_or_its_place(world):
    uuid = "00000000-0000-0000-0000-00000000000{}"
    answer = world.ask("join_group", 9, join(), client=None)
    assert answer.member_id == f"-{uuid.format(4)}"
    answer = world.ask("join_group", 9, join(), client="app")
    assert answer.member_id == f"app-{uuid.format(5)}"
    world.ask("join_group", 9, join("h", instance_id="place"), client="app", host="/10.0.0.7")
    (member,) = world.groups.groups["h"].members.values()
    assert (member.member_id, member.client_id, member.client_host) == (f"place-{uuid.format(6)}", "app", "/10.0.0.7")


def test_metadata_is_copied_out_of_the_request(world):
    raw = bytearray(subscription("t"))
    protocols = [JoinGroupRequestProtocol("range", memoryview(raw))]
    token = world.ask("join_group", 3, join(protocols=protocols))
    raw[:] = bytes(len(raw))
    pass_time(world, 3000)
    (reply,) = world.drain()
    assert reply.token == token
    assert reply.message.members[0].metadata == subscription("t")
    assignment = bytearray(b"yours")
    given = [SyncGroupRequestAssignment(reply.message.member_id, memoryview(assignment))]
    body = SyncGroupRequest("g", 1, reply.message.member_id, None, "consumer", "range", given)
    assert world.ask("sync_group", 5, body).assignment == b"yours"
    assignment[:] = bytes(5)
    assert world.ask("sync_group", 5, body).assignment == b"yours"


def test_a_reserved_id_is_not_for_a_static_member(world):
    member_id = world.ask("join_group", 9, join()).member_id
    answer = world.ask("join_group", 9, join(member_id=member_id, instance_id="place"))
    assert answer.error_code == ErrorCode.UNKNOWN_MEMBER_ID


# -- SyncGroup, Heartbeat, LeaveGroup


@pytest.mark.parametrize(("protocol_type", "name"), [(None, "range"), ("consumer", None), (None, None)])
def test_sync_5_without_protocol_is_refused_before_anything_else(world, protocol_type, name):
    world.controller.drop(OFFSETS_TOPIC)
    body = SyncGroupRequest("", 1, "m", None, protocol_type, name)
    assert world.ask("sync_group", 5, body).error_code == ErrorCode.INCONSISTENT_GROUP_PROTOCOL
    assert world.ask("sync_group", 4, body).error_code == ErrorCode.INVALID_GROUP_ID


def test_members_of_no_group_are_unknown(world):
    assert world.ask("heartbeat", 4, HeartbeatRequest("g", 1, "m")).error_code == ErrorCode.UNKNOWN_MEMBER_ID
    assert world.ask("heartbeat", 4, HeartbeatRequest("", 1, "m")).error_code == ErrorCode.INVALID_GROUP_ID
    body = SyncGroupRequest("g", 1, "m", None, "consumer", "range")
    assert world.ask("sync_group", 5, body).error_code == ErrorCode.UNKNOWN_MEMBER_ID
    leavers = [MemberIdentity("m"), MemberIdentity("", "place")]
    assert world.ask("leave_group", 2, LeaveGroupRequest("g", "m")).error_code == ErrorCode.UNKNOWN_MEMBER_ID
    answer = world.ask("leave_group", 5, LeaveGroupRequest("g", "", leavers))
    assert (answer.error_code, [member.error_code for member in answer.members]) == (
        ErrorCode.NONE,
        [ErrorCode.UNKNOWN_MEMBER_ID] * 2,
    )
    assert world.ask("leave_group", 5, LeaveGroupRequest("g", "", [])).members == []
    assert world.ask("leave_group", 5, LeaveGroupRequest("", "", leavers)).error_code == ErrorCode.INVALID_GROUP_ID
    assert world.ask("leave_group", 0, LeaveGroupRequest("", "m")).error_code == ErrorCode.INVALID_GROUP_ID


# -- offsets


def test_offsets_are_committed_and_fetched_by_topic_id(world):
    topic_id, other = world.controller.topics["t"].topic_id, b"\1" * 16
    body = commit(5, name="", topic_id=topic_id)
    body.topics += commit(6, name="", topic_id=other).topics + commit(7, name="", topic_id=topic_id, index=9).topics
    answer = world.ask("offset_commit", 10, body)
    assert [(topic.topic_id, topic.partitions[0].error_code) for topic in answer.topics] == [
        (topic_id, ErrorCode.NONE),
        (other, ErrorCode.UNKNOWN_TOPIC_ID),
        (topic_id, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION),
    ]
    asked = [OffsetFetchRequestTopics("", topic_id, [0, 1]), OffsetFetchRequestTopics("", other, [0])]
    (group,) = world.ask("offset_fetch", 10, fetch(*asked)).groups
    assert [
        (topic.topic_id, part.partition_index, part.committed_offset, part.committed_leader_epoch, part.error_code)
        for topic in group.topics
        for part in topic.partitions
    ] == [
        (topic_id, 0, 5, 3, ErrorCode.NONE),
        (topic_id, 1, -1, -1, ErrorCode.NONE),
        (other, 0, -1, -1, ErrorCode.UNKNOWN_TOPIC_ID),
    ]


def test_every_version_fetches_the_same(world):
    world.ask("offset_commit", 9, commit(5, metadata="note"))
    for version in range(1, 8):
        asked = OffsetFetchRequest("g", [OffsetFetchRequestTopic("t", [0, 1]), OffsetFetchRequestTopic("nope", [0])])
        answer = world.ask("offset_fetch", version, asked)
        found = [
            (topic.name, part.partition_index, part.committed_offset)
            for topic in answer.topics
            for part in topic.partitions
        ]
        assert found == [("t", 0, 5), ("t", 1, -1), ("nope", 0, -1)]
        assert answer.topics[0].partitions[0].metadata == "note"
    for version in range(2, 8):
        (topic,) = world.ask("offset_fetch", version, OffsetFetchRequest("g", None)).topics
        assert (topic.name, topic.partitions[0].committed_offset) == ("t", 5)
    for version in (8, 9):
        body = fetch(OffsetFetchRequestTopics("t", partition_indexes=[0]))
        body.groups += [OffsetFetchRequestGroup("h", topics=None), OffsetFetchRequestGroup("g", topics=None)]
        groups = world.ask("offset_fetch", version, body).groups
        assert [[topic.partitions[0].committed_offset for topic in group.topics] for group in groups] == [[5], [], [5]]
    (group,) = world.ask(
        "offset_fetch", 10, OffsetFetchRequest(groups=[OffsetFetchRequestGroup("g", topics=None)])
    ).groups
    assert [topic.topic_id for topic in group.topics] == [world.controller.topics["t"].topic_id]


def test_without_a_coordinator_every_version_says_so_in_its_way(world):
    world.controller.drop(OFFSETS_TOPIC)
    one = OffsetFetchRequest("g", [OffsetFetchRequestTopic("t", [0])])
    (topic,) = world.ask("offset_fetch", 1, one).topics
    assert topic.partitions[0].error_code == ErrorCode.NOT_COORDINATOR
    for version in (2, 7):
        assert world.ask("offset_fetch", version, one).error_code == ErrorCode.NOT_COORDINATOR
    (group,) = world.ask("offset_fetch", 8, fetch()).groups
    assert group.error_code == ErrorCode.NOT_COORDINATOR
    assert world.ask("offset_commit", 9, commit(1)).topics[0].partitions[0].error_code == ErrorCode.NOT_COORDINATOR
    assert world.ask("list_groups", 5, ListGroupsRequest()).groups == []


def test_an_offset_of_an_earlier_topic_of_that_name_is_not_given_out(world):
    world.ask("offset_commit", 9, commit(5))
    world.disk_full = True  # so that its offsets cannot be forgotten with the topic
    world.controller.drop("t")
    world.groups.topic_deleted("t")
    world.disk_full = False
    asked = fetch(OffsetFetchRequestTopics("t", partition_indexes=[0]))
    assert world.ask("offset_fetch", 9, asked).groups[0].topics[0].partitions[0].committed_offset == 5
    world.controller.make("t", 1)
    assert world.ask("offset_fetch", 9, asked).groups[0].topics[0].partitions[0].committed_offset == -1


def test_a_commit_of_nothing_known_asks_no_group(world):
    body = commit(5, name="nope")
    body.generation_id_or_member_epoch = 7
    (topic,) = world.ask("offset_commit", 9, body).topics
    assert topic.partitions[0].error_code == ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
    assert world.ask("offset_commit", 9, OffsetCommitRequest("g", 7, "m")).topics == []


@pytest.mark.parametrize(
    ("metadata", "error"),
    [
        ("x" * 4096, ErrorCode.NONE),
        ("ß" * 4096, ErrorCode.NONE),
        ("\U0001f600" * 2048, ErrorCode.NONE),
        ("x" * 4097, ErrorCode.OFFSET_METADATA_TOO_LARGE),
        ("\U0001f600" * 2049, ErrorCode.OFFSET_METADATA_TOO_LARGE),
    ],
)
def test_a_note_is_measured_as_java_measures_it(world, metadata, error):
    answer = world.ask("offset_commit", 9, commit(1, metadata=metadata))
    assert answer.topics[0].partitions[0].error_code == error


def test_a_note_that_its_record_cannot_hold_is_refused():
    world = GroupWorld({"offset.metadata.max.bytes": "100000"}).ready()
    body = commit(1, metadata="x" * 40_000)
    assert world.ask("offset_commit", 9, body).topics[0].partitions[0].error_code == ErrorCode.NONE
    body.retention_time_ms = 1000
    answer = world.ask("offset_commit", 3, body)
    assert answer.topics[0].partitions[0].error_code == ErrorCode.OFFSET_METADATA_TOO_LARGE


def test_a_commit_larger_than_a_batch_may_be_is_refused_whole(world):
    world.controller.make("wide", 400)
    parts = [OffsetCommitRequestPartition(index, 1, -1, "x" * 4096) for index in range(400)]
    body = OffsetCommitRequest("g", topics=[OffsetCommitRequestTopic("wide", partitions=parts)])
    answer = world.ask("offset_commit", 9, body)
    assert {part.error_code for part in answer.topics[0].partitions} == {ErrorCode.UNKNOWN_SERVER_ERROR}
    assert world.records() == []
    assert world.groups.groups == {}


def test_a_group_id_that_no_record_could_hold_commits_nothing(world):
    answer = world.ask("offset_commit", 9, commit(1, group_id=LONG))
    assert answer.topics[0].partitions[0].error_code == ErrorCode.INVALID_GROUP_ID


# -- finding, describing, listing


def test_the_first_search_makes_the_topic():
    world = GroupWorld({"offsets.topic.num.partitions": "3"})
    (found,) = world.ask("find_coordinator", 4, FindCoordinatorRequest(coordinator_keys=["g"])).coordinators
    assert (found.key, found.node_id, found.host, found.port, found.error_code) == ("g", 1, "127.0.0.1", 9092, 0)
    assert world.controller.topics[OFFSETS_TOPIC].partitions == 3


def test_one_key_before_version_4(world):
    answer = world.ask("find_coordinator", 3, FindCoordinatorRequest("g"))
    assert (answer.error_code, answer.error_message, answer.node_id, answer.port) == (0, "NONE", 1, 9092)
    # version 0 knows no key types
    assert world.ask("find_coordinator", 0, FindCoordinatorRequest("g", 1)).error_code == ErrorCode.NONE


@pytest.mark.parametrize("key_type", [1, 2, 3, -1])
def test_nothing_but_groups_is_coordinated(world, key_type):
    answer = world.ask("find_coordinator", 3, FindCoordinatorRequest("g", key_type))
    assert (answer.error_code, answer.node_id, answer.host, answer.port) == (ErrorCode.INVALID_REQUEST, -1, "", -1)
    assert answer.error_message
    (found,) = world.ask("find_coordinator", 6, FindCoordinatorRequest("", key_type, ["g"])).coordinators
    assert (found.key, found.error_code, found.node_id) == ("g", ErrorCode.INVALID_REQUEST, -1)


def test_when_the_topic_cannot_be_made_there_is_no_coordinator(world):
    world.controller.drop(OFFSETS_TOPIC)
    world.controller.ensure_internal = lambda _: ErrorCode.KAFKA_STORAGE_ERROR
    answer = world.ask("find_coordinator", 3, FindCoordinatorRequest("g"))
    assert (answer.error_code, answer.node_id) == (ErrorCode.COORDINATOR_NOT_AVAILABLE, -1)


def test_a_group_that_is_not_there_is_dead_or_not_found(world):
    for version in range(6):
        (group,) = world.ask("describe_groups", version, DescribeGroupsRequest(["g"])).groups
        assert (group.error_code, group.group_state) == (ErrorCode.NONE, "Dead")
    (group,) = world.ask("describe_groups", 6, DescribeGroupsRequest(["g"], include_authorized_operations=True)).groups
    assert (group.error_code, group.error_message) == (ErrorCode.GROUP_ID_NOT_FOUND, "Group g not found.")
    assert group.authorized_operations == -(2**31)


def test_operations_are_told_when_asked_for(world):
    world.ask("offset_commit", 9, commit(1))
    (group,) = world.ask("describe_groups", 3, DescribeGroupsRequest(["g"], include_authorized_operations=True)).groups
    assert group.authorized_operations == 3400
    (group,) = world.ask("describe_groups", 3, DescribeGroupsRequest(["g"])).groups
    assert group.authorized_operations == -(2**31)


def test_members_are_described_whole_only_while_the_group_is_stable(world):
    world.ask("join_group", 5, join(instance_id="place"), client="app", host="/10.0.0.7")
    pass_time(world, 3000)
    (reply,) = world.drain()
    member_id = reply.message.member_id

    def described():
        (group,) = world.ask("describe_groups", 4, DescribeGroupsRequest(["g"])).groups
        (member,) = group.members
        return (
            group.group_state,
            group.protocol_type,
            group.protocol_data,
            member.member_metadata,
            member.member_assignment,
        )

    assert described() == ("CompletingRebalance", "consumer", "", b"", b"")
    given = [SyncGroupRequestAssignment(member_id, b"all")]
    world.ask("sync_group", 5, SyncGroupRequest("g", 1, member_id, "place", "consumer", "range", given))
    assert described() == ("Stable", "consumer", "range", subscription("t"), b"all")
    world.ask("join_group", 3, join())
    (group,) = world.ask("describe_groups", 4, DescribeGroupsRequest(["g"])).groups
    assert [(member.member_metadata, member.member_assignment) for member in group.members] == [
        (b"", b"all"),
        (b"", b""),
    ]
    static = group.members[0]
    assert (static.group_instance_id, static.client_host) == ("place", "/10.0.0.7")


@pytest.mark.parametrize(
    ("states", "types", "found"),
    [
        ([], [], ["", "g"]),
        ([" eMPTY "], [], ["", "g"]),
        (["Stable"], [], []),
        (["Stable", "empty"], ["CLASSIC"], ["", "g"]),
        ([], ["consumer", "classic"], ["", "g"]),
        ([], ["consumer"], []),
        ([], [" classic "], []),
        (["nothing"], [], []),
    ],
)
def test_groups_are_listed_by_state_and_type(world, states, types, found):
    world.ask("offset_commit", 9, commit(1, group_id=""))
    world.ask("offset_commit", 9, commit(1))
    answer = world.ask("list_groups", 5, ListGroupsRequest(states, types))
    assert sorted(group.group_id for group in answer.groups) == found
    assert {(group.group_state, group.group_type) for group in answer.groups} <= {("Empty", "classic")}


def test_deleting_a_group_writes_tombstones_in_one_batch(world):
    world.ask("offset_commit", 9, commit(1))
    world.ask("offset_commit", 9, commit(2, index=1))
    before = len(world.records())
    (result,) = world.ask("delete_groups", 2, DeleteGroupsRequest(["g", "g"])).results
    assert result.error_code == ErrorCode.NONE
    written = world.records()[before:]
    assert [(record.key, record.value) for record in written] == [
        (offset_key("g", "t", 0), None),
        (offset_key("g", "t", 1), None),
        (group_key("g"), None),
    ]


def test_a_record_that_cannot_be_read_is_passed_over(world):
    world.ask("offset_commit", 9, commit(5))
    partition = next(partition for partition in world.partitions if partition.written)
    partition.append_internal(
        [(group_key("broken"), b"\0\3\0"), (b"\0\2", b""), (b"\0\3later", b"x"), (None, b"")], world.now
    )
    world.restart()
    assert list(world.groups.groups) == ["g"]
    assert [line.level for line in world.reports] == ["error", "error"]
    asked = fetch(OffsetFetchRequestTopics("t", partition_indexes=[0]))
    assert world.ask("offset_fetch", 9, asked).groups[0].topics[0].partitions[0].committed_offset == 5


def test_a_group_loaded_above_its_limit_rebalances(world):
    for _ in range(3):
        world.ask("join_group", 3, join())
    pass_time(world, 6000)
    leader, *followers = [reply.message for reply in world.drain()]
    for answer in followers:
        world.ask("sync_group", 5, SyncGroupRequest("g", 1, answer.member_id, None, "consumer", "range"))
    world.ask("sync_group", 5, SyncGroupRequest("g", 1, leader.member_id, None, "consumer", "range"))
    world.settings["group.max.size"] = "2"
    world.config = type(world.config)(world.settings)
    world.restart()
    body = HeartbeatRequest("g", 1, leader.member_id)
    assert world.ask("heartbeat", 4, body).error_code == ErrorCode.REBALANCE_IN_PROGRESS
