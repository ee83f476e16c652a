import pytest

from support.small_broker import SmallBroker, batch, found
from tautolog.core.errors import ErrorCode
from tautolog.core.node import Peer
from tautolog.core.ports import StorageError
from tautolog.core.records.batch import parse

SIZE = len(batch())


@pytest.fixture
def broker():
    broker = SmallBroker()
    broker.controller.add("orders", 3)
    for index, count in ((0, 3), (1, 1)):
        for _ in range(count):
            assert broker.produce("orders", batch(), index=index).error_code == 0
    return broker


def offsets(data):
    position, first = 0, []
    while position < len(data.records):
        header = parse(data.records, position)
        first.append(header.base_offset)
        position += header.size
    return first


def only(answer):
    return answer.responses[0].partitions[0]


def test_every_answer_tells_high_watermark_and_log_start_offset(broker):
    answer = broker.fetch([("orders", 0, 1), ("orders", 2, 0)])
    assert found(answer) == {("orders", 0): (0, 3, 2 * SIZE), ("orders", 2): (0, 0, 0)}
    data = only(answer)
    assert (data.last_stable_offset, data.log_start_offset, data.preferred_read_replica) == (3, 0, -1)
    assert offsets(data) == [1, 2]


def test_aborted_transactions_are_listed_for_who_reads_committed(broker):
    assert only(broker.fetch([("orders", 0, 0)])).aborted_transactions is None
    assert only(broker.fetch([("orders", 0, 0)], isolation_level=1)).aborted_transactions == []


@pytest.mark.parametrize(
    ("limits", "sizes"),
    [
        ({}, [3, 1]),
        ({"max_bytes": 10}, [1, 0]),
        ({"max_bytes": 0}, [1, 0]),
        ({"max_bytes": -1}, [1, 0]),
        ({"max_bytes": 2 * SIZE}, [2, 0]),
        ({"max_bytes": 2 * SIZE - 1}, [1, 0]),
        ({"max_bytes": 4 * SIZE}, [3, 1]),
        ({"max_bytes": 4 * SIZE - 1}, [3, 0]),
    ],
)
def test_the_answer_holds_whole_batches_up_to_max_bytes_and_at_least_one(broker, limits, sizes):
    answer = broker.fetch([("orders", 0, 0), ("orders", 1, 0)], **limits)
    assert [size // SIZE for _, _, size in found(answer).values()] == sizes


def test_each_partition_has_its_own_limit_but_the_first_with_records(broker):
    small = {"partition_max_bytes": 5}
    answer = broker.fetch([("orders", 2, 0, small), ("orders", 0, 0, small), ("orders", 1, 0, small)])
    assert [size // SIZE for _, _, size in found(answer).values()] == [0, 1, 0]


def test_the_broker_limits_what_one_answer_holds():
    broker = SmallBroker(settings={"fetch.max.bytes": "1024"})
    broker.controller.add("orders")
    for _ in range(3):
        broker.produce("orders", batch(size=500))
    assert len(offsets(only(broker.fetch([("orders", 0, 0)])))) == 1


@pytest.mark.parametrize("offset", [-1, 4, 99])
def test_an_offset_outside_the_log_is_answered_at_once(broker, offset):
    answer = broker.fetch([("orders", 2, 0), ("orders", 0, offset)], max_wait_ms=500)
    data = answer.responses[0].partitions[1]
    assert data.error_code == ErrorCode.OFFSET_OUT_OF_RANGE
    assert (data.high_watermark, data.log_start_offset, data.aborted_transactions) == (-1, -1, None)


def test_below_the_log_start_offset_is_out_of_range(broker):
    broker.replicas.get("orders", 0).delete_records(2)
    assert only(broker.fetch([("orders", 0, 1)])).error_code == ErrorCode.OFFSET_OUT_OF_RANGE
    assert offsets(only(broker.fetch([("orders", 0, 2)]))) == [2]


def test_a_fetch_at_the_end_waits_for_one_batch(broker):
    assert broker.fetch([("orders", 0, 3)], max_wait_ms=500, token="a") is None
    broker.wait(100)
    assert broker.answers() == []
    broker.produce("orders", batch())
    ((token, answer),) = broker.answers()
    assert token == "a"
    assert offsets(only(answer)) == [3]
    broker.wait(1000)
    assert broker.answers() == []


def test_a_fetch_waits_no_longer_than_it_says(broker):
    assert broker.fetch([("orders", 0, 3)], max_wait_ms=500, token="a") is None
    broker.wait(499)
    assert broker.answers() == []
    broker.wait(1)
    ((_, answer),) = broker.answers()
    assert found(answer) == {("orders", 0): (0, 3, 0)}


def test_a_fetch_waits_for_min_bytes_over_all_its_partitions(broker):
    wanted = [("orders", 0, 3), ("orders", 1, 0), ("orders", 2, 0)]
    assert broker.fetch(wanted, min_bytes=3 * SIZE, max_wait_ms=500, token="a") is None
    broker.produce("orders", batch(), index=2)
    assert broker.answers() == []
    broker.produce("orders", batch())
    ((_, answer),) = broker.answers()
    assert [size // SIZE for _, _, size in found(answer).values()] == [1, 1, 1]


def test_what_a_partition_may_not_answer_does_not_count_for_min_bytes(broker):
    limited = ("orders", 0, 3, {"partition_max_bytes": SIZE})
    assert broker.fetch([limited, ("orders", 2, 0)], min_bytes=2 * SIZE, max_wait_ms=500) is None
    broker.produce("orders", batch())
    broker.produce("orders", batch())
    assert broker.answers() == []
    broker.produce("orders", batch(), index=2)
    assert len(broker.answers()) == 1


def test_min_bytes_that_are_there_or_not_asked_for_are_not_waited_for(broker):
    assert broker.fetch([("orders", 0, 0)], min_bytes=3 * SIZE, max_wait_ms=500) is not None
    assert broker.fetch([("orders", 0, 3)], min_bytes=0, max_wait_ms=500) is not None
    assert broker.fetch([("orders", 0, 3)], max_wait_ms=0) is not None
    assert broker.fetch([("orders", 0, 3)], max_wait_ms=-1) is not None
    assert broker.fetch([], max_wait_ms=500) is not None
    assert broker.fetch([("orders", 0, 0)], min_bytes=4 * SIZE, max_wait_ms=500) is None


def test_a_partition_that_does_not_exist_ends_no_wait_but_alone_it_is_answered(broker):
    answer = broker.fetch([("nobody", 0, 0), ("orders", 7, 0)], max_wait_ms=500)
    assert [error for error, _, _ in found(answer).values()] == [ErrorCode.UNKNOWN_TOPIC_OR_PARTITION] * 2
    assert only(answer).aborted_transactions == []
    assert broker.fetch([("nobody", 0, 0), ("orders", 0, 3)], max_wait_ms=500) is None
    broker.wait(500)
    ((_, answer),) = broker.answers()
    assert list(found(answer)) == [("orders", 0), ("nobody", 0)]


def test_a_topic_deleted_meanwhile_ends_the_wait(broker):
    assert broker.fetch([("orders", 0, 3)], max_wait_ms=500, token="a") is None
    broker.controller.drop("orders")
    ((_, answer),) = broker.answers()
    assert only(answer).error_code == ErrorCode.UNKNOWN_TOPIC_OR_PARTITION


def test_nothing_is_answered_to_a_connection_that_is_gone(broker):
    assert broker.fetch([("orders", 0, 3)], max_wait_ms=500, token="a", connection=1) is None
    assert broker.fetch([("orders", 0, 3)], max_wait_ms=500, token="b", connection=2) is None
    broker.fetches.forget(Peer(1, "/127.0.0.1"))
    broker.produce("orders", batch())
    broker.wait(1000)
    assert [token for token, _ in broker.answers()] == ["b"]


def test_what_many_wait_for_is_read_once(broker, monkeypatch):
    for token in range(5):
        assert broker.fetch([("orders", 0, 3)], max_wait_ms=500, token=token) is None
    assert broker.fetch([("orders", 0, 3, {"partition_max_bytes": 1})], max_wait_ms=500, token="small") is None
    log = broker.replicas.get("orders", 0).log
    read, reads = log.read, []

    def counted(*where, **how):
        reads.append(where)
        return read(*where, **how)

    monkeypatch.setattr(log, "read", counted)
    broker.produce("orders", batch())
    assert [offsets(only(answer)) for _, answer in broker.answers()] == [[3]] * 6
    assert len(reads) == 2
    assert broker.fetch([("orders", 0, 3)]) is not None
    assert len(reads) == 3


def test_no_records_are_held_while_waiting(broker):
    assert broker.fetch([("orders", 0, 0)], min_bytes=1000, max_wait_ms=500) is None
    (waiting,) = broker.replicas.get("orders", 0).waiting
    assert waiting.fetch.found == []


def test_nobody_waits_for_more_than_max_bytes(broker):
    assert broker.fetch([("orders", 0, 0)], min_bytes=10**6, max_bytes=2 * SIZE, max_wait_ms=500) is not None


def test_nothing_is_left_behind_when_the_waiting_is_over(broker):
    for token in range(20):
        assert broker.fetch([("orders", 0, 3), ("orders", 1, 1)], max_wait_ms=500, token=token) is None
    broker.produce("orders", batch())
    assert [token for token, _ in broker.answers()] == list(range(20))
    assert not any(partition.waiting for partition in broker.replicas.partitions.values())
    assert not broker.fetches._waiting


def test_the_clients_leader_epoch_is_checked():
    broker = SmallBroker()
    topic_id = broker.controller.add("orders", leader_epoch=3).topic_id
    for epoch, error in ((-1, 0), (3, 0), (2, ErrorCode.FENCED_LEADER_EPOCH), (4, ErrorCode.UNKNOWN_LEADER_EPOCH)):
        answer = broker.fetch([("orders", 0, 0, {"current_leader_epoch": epoch})])
        assert only(answer).error_code == error
    answer = broker.fetch([(topic_id, 0, 0, {"current_leader_epoch": 2})], version=16)
    assert (only(answer).current_leader.leader_id, only(answer).current_leader.leader_epoch) == (7, 3)
    (endpoint,) = answer.node_endpoints
    assert (endpoint.node_id, endpoint.host, endpoint.port) == (7, "broker.example", 9092)


def test_a_follower_is_refused(broker):
    topic_id = broker.controller.topics["orders"].topic_id
    known = {"current_leader_epoch": 0}
    assert only(broker.fetch([("orders", 0, 0)], replica_id=5)).error_code == ErrorCode.NOT_LEADER_OR_FOLLOWER
    assert only(broker.fetch([("orders", 0, 0)], replica_id=7)).error_code == ErrorCode.NOT_LEADER_OR_FOLLOWER
    assert only(broker.fetch([("orders", 0, 0, known)], replica_id=5)).error_code == ErrorCode.UNKNOWN_LEADER_EPOCH
    answer = broker.fetch([(topic_id, 0, 0)], replica_id=5, version=16)
    assert (only(answer).error_code, only(answer).current_leader.leader_id) == (ErrorCode.NOT_LEADER_OR_FOLLOWER, 7)
    assert len(answer.node_endpoints) == 1
    assert broker.fetch([(topic_id, 0, 0)], replica_id=5, version=14).node_endpoints == []
    assert only(broker.fetch([("orders", 0, 0)], replica_id=-2)).error_code == 0


def test_a_log_that_diverged_is_told_where(broker):
    def ask(epoch, offset):
        return broker.fetch([("orders", 0, offset, {"last_fetched_epoch": epoch})], max_wait_ms=500)

    assert offsets(only(ask(0, 2))) == [2]
    diverged = only(ask(0, 4))
    assert (diverged.diverging_epoch.epoch, diverged.diverging_epoch.end_offset) == (0, 3)
    assert (diverged.error_code, len(diverged.records), diverged.high_watermark) == (0, 0, 3)
    assert only(ask(1, 3)).error_code == ErrorCode.OFFSET_OUT_OF_RANGE
    assert ask(0, 3) is None
    assert broker.fetch([("orders", 2, 0, {"last_fetched_epoch": 0})], max_wait_ms=500) is None


def test_an_epoch_that_this_log_never_had_diverged_where_the_one_before_it_ended(broker):
    partition = broker.replicas.get("orders", 0)
    partition.leader_epoch = 5
    broker.produce("orders", batch(2))
    data = only(broker.fetch([("orders", 0, 3, {"last_fetched_epoch": 2})]))
    assert (data.diverging_epoch.epoch, data.diverging_epoch.end_offset) == (0, 3)
    partition.delete_records(2)
    gone = only(broker.fetch([("orders", 0, 1, {"last_fetched_epoch": 2})]))
    assert gone.error_code == ErrorCode.OFFSET_OUT_OF_RANGE


def test_topic_ids_from_version_13(broker):
    topic_id = broker.controller.topics["orders"].topic_id
    unknown = (123).to_bytes(16, "big")
    answer = broker.fetch([(topic_id, 0, 2), (topic_id, 9, 0), (unknown, 0, 0)], version=13)
    assert {key: error for key, (error, _, _) in found(answer).items()} == {
        ("orders", 0): 0,
        ("orders", 9): ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
        (unknown, 0): ErrorCode.UNKNOWN_TOPIC_ID,
    }
    assert [topic.topic_id for topic in answer.responses] == [topic_id, unknown]


def test_a_partition_named_twice_is_answered_once(broker):
    assert offsets(only(broker.fetch([("orders", 0, 0), ("orders", 0, 2)]))) == [2]


def test_an_unreadable_disk_is_a_storage_error_that_old_clients_understand(broker, monkeypatch):
    def fails(*_, **__):
        raise StorageError("no such luck")

    monkeypatch.setattr(broker.replicas.get("orders", 0).log, "read", fails)
    answer = broker.fetch([("orders", 0, 0), ("orders", 1, 0)])
    assert [error for error, _, _ in found(answer).values()] == [ErrorCode.KAFKA_STORAGE_ERROR, 0]
    assert "orders-0" in broker.reports()[0]
    assert only(broker.fetch([("orders", 0, 0)], version=5)).error_code == ErrorCode.NOT_LEADER_OR_FOLLOWER
