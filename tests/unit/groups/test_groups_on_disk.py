"""Groups in a whole broker, over a simulated disk: what a restart, a power cut, compaction and a full disk leave of them."""

from __future__ import annotations

import pytest

from support.group_transcript import subscription
from support.whole_broker import PEER, WholeBroker, round_trip
from tautolog.core.errors import ErrorCode
from tautolog.core.messages.create_topics import CreatableTopic, CreateTopicsRequest
from tautolog.core.messages.delete_topics import DeleteTopicsRequest
from tautolog.core.messages.describe_groups import DescribeGroupsRequest
from tautolog.core.messages.find_coordinator import FindCoordinatorRequest
from tautolog.core.messages.heartbeat import HeartbeatRequest
from tautolog.core.messages.join_group import JoinGroupRequest, JoinGroupRequestProtocol
from tautolog.core.messages.offset_commit import (
    OffsetCommitRequest,
    OffsetCommitRequestPartition,
    OffsetCommitRequestTopic,
)
from tautolog.core.messages.offset_fetch import OffsetFetchRequest, OffsetFetchRequestGroup
from tautolog.core.messages.sync_group import SyncGroupRequest, SyncGroupRequestAssignment
from tautolog.core.node import Reply, Request
from tautolog.core.ports import Instant
from tautolog.sim.disk import SimDisk
from tautolog.wire import codec


class GroupBroker(WholeBroker):
    """A whole broker with the topics `t` and `u`, and a coordinator."""

    def __init__(self, disk=None, **settings):
        super().__init__(disk, offsets_topic_num_partitions=2, group_initial_rebalance_delay_ms=0, **settings)
        topics = [CreatableTopic("t", 2, 1), CreatableTopic("u", 1, 1)]
        self.ask(CreateTopicsRequest(topics), 7)
        (found,) = self.ask(FindCoordinatorRequest(coordinator_keys=["g"]), 6).coordinators
        assert (found.error_code, found.host, found.port) == (0, "here", 9092)

    def join(self, instance_id=None, version=9):
        """Become the only member of `g`; the answer, once time has brought it."""
        protocols = [JoinGroupRequestProtocol("range", subscription("t"))]
        body = JoinGroupRequest("g", 10_000, 20_000, "", instance_id, "consumer", protocols)
        body = round_trip(codec.request_codec(11, version), body)
        self.broker.receive(self.now(), PEER, Request(11, version, "app", body, "join"))
        while not (replies := [effect for effect in self.broker.outbox if isinstance(effect, Reply)]):
            self.wait(1)
        self.broker.outbox.clear()
        return round_trip(codec.response_codec(11, version), replies[0].message)

    def wait(self, milliseconds):
        """Let time pass."""
        end = self.monotonic_ms + milliseconds
        while (deadline := self.broker.next_wake()) is not None and deadline <= end:
            self.monotonic_ms = max(self.monotonic_ms, deadline)
            self.broker.wake(self.now())
        self.monotonic_ms = max(self.monotonic_ms, end)

    def commit(self, offset, topic="t", member=("", -1), group_id="g"):
        part = OffsetCommitRequestPartition(0, offset)
        topics = [OffsetCommitRequestTopic(topic, partitions=[part])]
        answer = self.ask(OffsetCommitRequest(group_id, member[1], member[0], None, -1, topics), 9)
        return answer.topics[0].partitions[0].error_code

    def seen(self):
        """All that can be asked about `g`."""
        (group,) = self.ask(DescribeGroupsRequest(["g"]), 6).groups
        (offsets,) = self.ask(OffsetFetchRequest(groups=[OffsetFetchRequestGroup("g", topics=None)]), 10).groups
        return group, offsets


def stable(broker, instance_id):
    """A Stable group with one member and an offset; the member's id."""
    joined = broker.join(instance_id, version=5 if instance_id else 3)
    given = [SyncGroupRequestAssignment(joined.member_id, b"all of t")]
    synced = broker.ask(SyncGroupRequest("g", 1, joined.member_id, instance_id, "consumer", "range", given), 5)
    assert (synced.error_code, synced.assignment) == (0, b"all of t")
    assert broker.commit(7, member=(joined.member_id, 1)) == 0
    return joined.member_id


@pytest.mark.parametrize("instance_id", [None, "place"])
def test_a_restart_brings_members_and_offsets_back(instance_id):
    broker = GroupBroker()
    member_id = stable(broker, instance_id)
    before = broker.seen()
    assert before[0].group_state == "Stable"
    broker.restart()
    assert broker.seen() == before
    assert broker.ask(HeartbeatRequest("g", 1, member_id, instance_id), 4).error_code == 0
    broker.wait(9_990)
    assert broker.seen()[0].group_state == "Stable"
    broker.wait(20)
    assert broker.seen()[0].group_state == "Empty"
    assert broker.seen()[1] == before[1]
    broker.restart()
    assert broker.seen()[0].group_state == "Empty"


def test_what_was_synced_survives_a_power_cut():
    disk = SimDisk()
    broker = GroupBroker(disk)
    stable(broker, None)
    disk.sync_all()
    before = broker.seen()
    broker.commit(8)
    disk.power_cut()
    broker.restart()
    assert broker.seen() == before


def test_compaction_keeps_the_last_of_everything():
    broker = GroupBroker(log_cleaner_backoff_ms=1000)
    for partition in broker.broker.replicas.of_topic("__consumer_offsets"):
        partition.log.config = partition.log.config._replace(segment_bytes=4096, min_cleanable_dirty_ratio=0.01)
    stable(broker, None)
    broker.wait(10_010)
    for offset in range(300):
        assert broker.commit(offset) == 0
        assert broker.commit(offset, "u") == 0
    before = broker.seen()
    sizes = [partition.log.size_bytes for partition in broker.broker.replicas.of_topic("__consumer_offsets")]
    broker.wait(60_000)
    smaller = [partition.log.size_bytes for partition in broker.broker.replicas.of_topic("__consumer_offsets")]
    assert sum(smaller) < sum(sizes) / 3
    broker.restart()
    assert broker.seen() == before


def test_offsets_go_with_their_topic():
    broker = GroupBroker()
    broker.commit(1)
    broker.commit(2, "u")
    broker.ask(DeleteTopicsRequest(topic_names=["t"]), 5)
    for _ in range(2):
        (topic,) = broker.seen()[1].topics
        assert topic.partitions[0].committed_offset == 2
        broker.restart()


def test_without_its_topic_there_is_no_group_until_somebody_looks_for_it():
    broker = GroupBroker()
    stable(broker, None)
    broker.ask(DeleteTopicsRequest(topic_names=["__consumer_offsets"]), 5)
    for _ in range(2):
        assert broker.seen()[0].error_code == ErrorCode.NOT_COORDINATOR
        assert broker.commit(1) == ErrorCode.NOT_COORDINATOR
        broker.restart()
    broker.ask(FindCoordinatorRequest("g"), 3)
    assert broker.seen()[0].error_code == ErrorCode.GROUP_ID_NOT_FOUND


def test_a_full_disk_refuses_commits_and_nothing_else():
    broker = GroupBroker()
    member_id = stable(broker, None)
    before = broker.seen()
    broker.disk.full = True
    assert broker.commit(8, member=(member_id, 1)) == ErrorCode.COORDINATOR_NOT_AVAILABLE
    assert broker.commit(8, group_id="h") == ErrorCode.COORDINATOR_NOT_AVAILABLE
    assert broker.seen() == before
    assert broker.ask(HeartbeatRequest("g", 1, member_id), 4).error_code == 0
    assert len([line for line in broker.reports if "cannot be written" in line]) == 1
    broker.disk.full = False
    assert broker.commit(9, member=(member_id, 1)) == 0
    after = broker.seen()
    broker.restart()
    assert broker.seen() == after


def test_the_wall_clock_decides_what_expires():
    broker = GroupBroker(offsets_retention_minutes=1, offsets_retention_check_interval_ms=1000)
    broker.commit(1)
    broker.wait(59_000)
    assert broker.seen()[1].topics
    broker.wait(2_500)
    assert not broker.seen()[1].topics
    assert broker.seen()[0].error_code == ErrorCode.GROUP_ID_NOT_FOUND

    broker.commit(1)
    now = broker.now()
    broker.broker.wake(Instant(now.monotonic_ms + 1000, now.wall_ms + 60_000))
    assert not broker.seen()[1].topics
