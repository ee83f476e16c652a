import pytest

from support.small_broker import START, SmallBroker, batch
from tautolog.core.errors import ErrorCode
from tautolog.core.messages.delete_records import DeleteRecordsPartition, DeleteRecordsRequest, DeleteRecordsTopic
from tautolog.core.messages.describe_log_dirs import DescribableLogDirTopic, DescribeLogDirsRequest
from tautolog.core.messages.describe_producers import DescribeProducersRequest, TopicRequest
from tautolog.core.messages.init_producer_id import InitProducerIdRequest
from tautolog.core.ports import StorageError


@pytest.fixture
def broker():
    broker = SmallBroker()
    broker.controller.add("orders", 2)
    for _ in range(5):
        broker.produce("orders", batch())
    return broker


def delete(broker, before, topic="orders", index=0):
    body = DeleteRecordsRequest([DeleteRecordsTopic(topic, [DeleteRecordsPartition(index, before)])])
    data = broker.ask("delete_records", body, 2).topics[0].partitions[0]
    return data.error_code, data.low_watermark


class TestDeleteRecords:
    def test_the_log_start_offset_rises_and_never_falls(self, broker):
        assert [delete(broker, offset) for offset in (0, 2, 1, 5)] == [(0, 0), (0, 2), (0, 2), (0, 5)]

    def test_minus_one_is_the_high_watermark(self, broker):
        assert delete(broker, -1) == (0, 5)
        assert delete(broker, -1, index=1) == (0, 0)

    @pytest.mark.parametrize("offset", [6, 99, -2])
    def test_outside_the_log_there_is_nothing_to_delete(self, broker, offset):
        assert delete(broker, offset) == (ErrorCode.OFFSET_OUT_OF_RANGE, -1)

    def test_only_a_policy_that_deletes_allows_it(self, broker):
        broker.controller.change("orders", cleanup_policy=("compact",))
        assert delete(broker, 1) == (ErrorCode.POLICY_VIOLATION, -1)
        broker.controller.change("orders", cleanup_policy=("compact", "delete"))
        assert delete(broker, 1) == (0, 1)

    def test_unknown_and_internal_partitions_refuse(self, broker):
        broker.controller.add("__consumer_offsets")
        assert delete(broker, 0, index=2) == delete(broker, 0, "nobody") == (ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, -1)
        assert delete(broker, 0, "__consumer_offsets") == (ErrorCode.INVALID_TOPIC_EXCEPTION, -1)

    def test_a_failing_disk_is_a_storage_error(self, broker, monkeypatch):
        def fails(_):
            raise StorageError("no such luck")

        monkeypatch.setattr(broker.replicas.get("orders", 0).log, "delete_before", fails)
        assert delete(broker, 1) == (ErrorCode.KAFKA_STORAGE_ERROR, -1)


class TestDescribeProducers:
    def describe(self, broker, topic, *indexes):
        answer = broker.ask("describe_producers", DescribeProducersRequest([TopicRequest(topic, list(indexes))]), 0)
        return answer.topics[0].partitions

    def test_who_writes_with_a_producer_id_is_known(self, broker):
        broker.produce("orders", batch(producer_id=8, producer_epoch=3, base_sequence=0))
        broker.produce("orders", batch(2, producer_id=8, producer_epoch=3, base_sequence=1))
        described, empty = self.describe(broker, "orders", 0, 1)
        (state,) = described.active_producers
        assert (state.producer_id, state.producer_epoch, state.last_sequence) == (8, 3, 2)
        assert (state.last_timestamp, state.coordinator_epoch, state.current_txn_start_offset) == (
            START.wall_ms,
            -1,
            -1,
        )
        assert (empty.error_code, empty.active_producers) == (0, [])

    def test_unknown_and_impossible_topics_are_told_apart(self, broker):
        (unknown,) = self.describe(broker, "orders", 2)
        assert (unknown.error_code, unknown.error_message) == (ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, None)
        (nobody,) = self.describe(broker, "nobody", 0)
        assert nobody.error_code == ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
        assert nobody.error_message
        (impossible,) = self.describe(broker, "b@d", 0)
        assert impossible.error_code == ErrorCode.INVALID_TOPIC_EXCEPTION
        assert "b@d" in impossible.error_message


class TestInitProducerId:
    def ask(self, broker, transactional_id=None, producer_id=-1, epoch=-1, timeout=60_000, version=5):
        body = InitProducerIdRequest(transactional_id, timeout, producer_id, epoch)
        answer = broker.ask("init_producer_id", body, version)
        return answer.error_code, answer.producer_id, answer.producer_epoch

    def test_every_request_gets_an_id_of_its_own(self, broker):
        assert [self.ask(broker, version=version) for version in range(6)] == [(0, number, 0) for number in range(6)]

    def test_an_id_and_epoch_that_are_brought_along_are_not_used(self, broker):
        assert self.ask(broker, producer_id=4000, epoch=3) == (0, 0, 0)
        assert self.ask(broker, producer_id=4000, epoch=32767) == (0, 1, 0)

    def test_one_without_the_other_is_an_invalid_request(self, broker):
        assert self.ask(broker, producer_id=5) == self.ask(broker, epoch=5) == (ErrorCode.INVALID_REQUEST, -1, -1)

    def test_transactional_ids_are_refused_for_good(self, broker):
        assert self.ask(broker, "mine") == (ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED, -1, -1)
        assert self.ask(broker, "") == (ErrorCode.INVALID_REQUEST, -1, -1)
        for timeout in (0, -1, 900_001):
            assert self.ask(broker, "mine", timeout=timeout) == (ErrorCode.INVALID_TRANSACTION_TIMEOUT, -1, -1)
        assert self.ask(broker, timeout=0)[0] == 0

    def test_a_disk_that_keeps_no_id_gives_none(self, broker, monkeypatch):
        monkeypatch.setattr(broker.controller, "next_producer_id", lambda: ErrorCode.KAFKA_STORAGE_ERROR)
        assert self.ask(broker) == (ErrorCode.KAFKA_STORAGE_ERROR, -1, -1)


class TestDescribeLogDirs:
    def describe(self, broker, topics):
        answer = broker.ask("describe_log_dirs", DescribeLogDirsRequest(topics), 4)
        (directory,) = answer.results
        assert (answer.error_code, directory.error_code) == (0, 0)
        return directory

    def test_null_asks_for_all_and_sizes_are_the_logs(self, broker):
        directory = self.describe(broker, None)
        assert (directory.log_dir, directory.total_bytes) == ("/tmp/kafka-logs", -1)
        (topic,) = directory.topics
        assert topic.name == "orders"
        described = [(p.partition_index, p.partition_size, p.offset_lag, p.is_future_key) for p in topic.partitions]
        assert described == [(0, 5 * len(batch()), 0, False), (1, 0, 0, False)]

    def test_only_what_is_named_and_here_is_described(self, broker):
        named = [DescribableLogDirTopic("orders", [1, 9, 1]), DescribableLogDirTopic("nobody", [0])]
        (topic,) = self.describe(broker, named).topics
        assert [p.partition_index for p in topic.partitions] == [1]
        assert self.describe(broker, []).topics == []

    def test_the_directory_goes_by_its_configured_name(self):
        broker = SmallBroker(settings={"log.dirs": "/somewhere"})
        assert self.describe(broker, None).log_dir == "/somewhere"
