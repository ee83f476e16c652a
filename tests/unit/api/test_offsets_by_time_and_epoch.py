import pytest

from support.small_broker import START, SmallBroker, batch
from tautolog.core.errors import ErrorCode
from tautolog.core.messages.list_offsets import ListOffsetsPartition, ListOffsetsRequest, ListOffsetsTopic
from tautolog.core.messages.offset_for_leader_epoch import (
    OffsetForLeaderEpochRequest,
    OffsetForLeaderPartition,
    OffsetForLeaderTopic,
)
from tautolog.core.ports import StorageError

T = START.wall_ms


@pytest.fixture
def broker():
    broker = SmallBroker()
    broker.controller.add("orders", leader_epoch=2)
    broker.controller.add("empty")
    broker.produce("orders", batch(stamps=[T + 10, T + 20, T + 15]))
    broker.produce("orders", batch(stamps=[T]))
    broker.produce("orders", batch(stamps=[T + 30]))
    return broker


def look_up(broker, timestamp, *, topic="orders", index=0, epoch=-1, version=11, isolation=0):
    wanted = [ListOffsetsTopic(topic, [ListOffsetsPartition(index, epoch, timestamp)])]
    answer = broker.ask("list_offsets", ListOffsetsRequest(-1, isolation, wanted), version)
    data = answer.topics[0].partitions[0]
    return data.error_code, data.timestamp, data.offset, data.leader_epoch


@pytest.mark.parametrize(
    ("timestamp", "expected"),
    [
        (-1, (0, -1, 5, 2)),
        (-2, (0, -1, 0, 2)),
        (-3, (0, T + 30, 4, 2)),
        (-4, (0, -1, 0, 2)),
        (-5, (0, -1, -1, -1)),
        (-6, (0, -1, -1, -1)),
        (-7, (ErrorCode.UNSUPPORTED_VERSION, -1, -1, -1)),
        (0, (0, T + 10, 0, 2)),
        (T, (0, T + 10, 0, 2)),
        (T + 10, (0, T + 10, 0, 2)),
        (T + 11, (0, T + 20, 1, 2)),
        (T + 20, (0, T + 20, 1, 2)),
        (T + 21, (0, T + 30, 4, 2)),
        (T + 31, (0, -1, -1, -1)),
    ],
)
def test_a_time_and_the_special_times_stand_for_an_offset(broker, timestamp, expected):
    assert look_up(broker, timestamp) == expected


@pytest.mark.parametrize(
    ("timestamp", "expected"), [(-1, (0, -1, 0, 0)), (-2, (0, -1, 0, 0)), (-3, (0, -1, -1, -1)), (T, (0, -1, -1, -1))]
)
def test_an_empty_partition_begins_and_ends_at_0(broker, timestamp, expected):
    assert look_up(broker, timestamp, topic="empty") == expected


@pytest.mark.parametrize(("timestamp", "since"), [(-1, 1), (-3, 7), (-4, 8), (-5, 9), (-6, 11), (T, 1)])
def test_each_special_time_came_with_a_version(broker, timestamp, since):
    for version in range(1, 12):
        error, *_ = look_up(broker, timestamp, version=version)
        assert error == (0 if version >= since else ErrorCode.UNSUPPORTED_VERSION)


def test_the_start_is_where_records_were_deleted_to(broker):
    broker.replicas.get("orders", 0).delete_records(2)
    assert look_up(broker, -2) == (0, -1, 2, 2)
    assert look_up(broker, T + 11) == (0, T + 15, 2, 2)
    broker.replicas.get("orders", 0).delete_records(5)
    assert look_up(broker, T + 11) == (0, -1, -1, -1)


def test_nothing_above_the_high_watermark_is_found(broker):
    broker.replicas.get("orders", 0).high_watermark = 4
    assert look_up(broker, -1) == (0, -1, 4, 2)
    assert look_up(broker, T + 21) == (0, -1, -1, -1)


def test_unknown_partitions_epochs_and_disks_are_errors(broker, monkeypatch):
    unknown = ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
    assert look_up(broker, -1, topic="nobody")[0] == look_up(broker, -1, index=3)[0] == unknown
    assert look_up(broker, -1, epoch=1)[0] == ErrorCode.FENCED_LEADER_EPOCH
    assert look_up(broker, -1, epoch=3)[0] == ErrorCode.UNKNOWN_LEADER_EPOCH

    def fails(_):
        raise StorageError("no such luck")

    monkeypatch.setattr(broker.replicas.get("orders", 0).log, "lookup_timestamp", fails)
    assert look_up(broker, T)[0] == ErrorCode.KAFKA_STORAGE_ERROR


def test_a_partition_named_twice_is_an_invalid_request(broker):
    twice = [ListOffsetsTopic("orders", [ListOffsetsPartition(0, -1, t)]) for t in (-1, -2)]
    others = [ListOffsetsTopic("empty", [ListOffsetsPartition(0, -1, -1)])]
    answer = broker.ask("list_offsets", ListOffsetsRequest(-1, 0, [*twice, *others]), 8)
    assert {topic.name: [p.error_code for p in topic.partitions] for topic in answer.topics} == {
        "orders": [ErrorCode.INVALID_REQUEST],
        "empty": [0],
    }


def end_of(broker, epoch, *, topic="orders", index=0, current=-1):
    wanted = [OffsetForLeaderTopic(topic, [OffsetForLeaderPartition(index, current, epoch)])]
    data = broker.ask("offset_for_leader_epoch", OffsetForLeaderEpochRequest(-1, wanted), 4).topics[0].partitions[0]
    return data.error_code, data.leader_epoch, data.end_offset


def test_an_epoch_ends_where_the_next_one_begins(broker):
    partition = broker.replicas.get("orders", 0)
    partition.leader_epoch = 5
    broker.produce("orders", batch())
    assert end_of(broker, 2) == (0, 2, 5)
    assert end_of(broker, 4) == (0, 2, 5)
    assert end_of(broker, 5) == (0, 5, 6)
    assert end_of(broker, 6) == (0, -1, -1)
    assert end_of(broker, -1) == (0, -1, -1)


def test_an_empty_log_ends_its_epoch_at_0(broker):
    assert end_of(broker, 0, topic="empty") == (0, 0, 0)


def test_who_asks_for_an_epoch_must_know_the_leaders(broker):
    assert end_of(broker, 2, current=1)[0] == ErrorCode.FENCED_LEADER_EPOCH
    assert end_of(broker, 2, current=3)[0] == ErrorCode.UNKNOWN_LEADER_EPOCH
    assert end_of(broker, 2, topic="nobody")[0] == end_of(broker, 2, index=1)[0] == ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
