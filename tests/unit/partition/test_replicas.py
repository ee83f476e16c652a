from functools import partial

import pytest

from support.small_broker import START, SmallBroker, batch
from tautolog.core.controller.state import Topic
from tautolog.core.errors import ErrorCode
from tautolog.core.ports import Instant, StorageError
from tautolog.core.records.record import records
from tautolog.sim.disk import SimDisk

HOUR_MS = 3_600_000


def restarted(broker, *topics):
    """Another broker on the same disk, whose controller knows `topics` from the start."""
    return SmallBroker(broker.storage, topics=topics)


def test_partitions_are_found_by_topic_and_index():
    broker = SmallBroker()
    broker.controller.add("orders", 3)
    assert [partition.index for partition in broker.replicas.of_topic("orders")] == [0, 1, 2]
    assert broker.replicas.get("orders", 2) is broker.replicas.of_topic("orders")[2]
    assert broker.replicas.get("orders", 3) is broker.replicas.get("nobody", 0) is None
    assert broker.replicas.of_topic("nobody") == []


def test_an_empty_partition_writes_nothing():
    broker = SmallBroker()
    broker.controller.add("orders", 100)
    assert broker.storage.list("") == []


def test_a_restart_finds_what_was_appended():
    broker = SmallBroker()
    topic = broker.controller.add("orders", 2)
    broker.produce("orders", batch(3))
    again = restarted(broker, topic)
    partition = again.replicas.get("orders", 0)
    assert (partition.high_watermark, partition.log_end_offset, partition.topic_id) == (3, 3, topic.topic_id)
    assert again.produce("orders", batch()).base_offset == 3


def test_every_run_leads_under_the_epoch_it_is_given():
    broker = SmallBroker()
    topic = broker.controller.add("orders")
    broker.produce("orders", batch(3))
    topic.leader_epochs[0] = 1
    partition = restarted(broker, topic).replicas.get("orders", 0)
    assert partition.leader_epoch == 1
    assert partition.log.end_offset_for_epoch(0) == (0, 3)
    assert partition.log.end_offset_for_epoch(1) == (1, 3)


def test_configs_take_effect_on_the_next_append():
    broker = SmallBroker()
    broker.controller.add("orders", 2)
    broker.controller.change("orders", max_message_bytes=10)
    for index in (0, 1):
        assert broker.produce("orders", batch(), index=index).error_code == ErrorCode.MESSAGE_TOO_LARGE


class TestDeletion:
    def test_files_go_and_a_topic_of_the_same_name_begins_empty(self):
        broker = SmallBroker()
        broker.controller.add("orders", 2)
        broker.controller.add("others")
        for topic in ("orders", "others"):
            broker.produce(topic, batch())
        broker.controller.drop("orders")
        assert broker.storage.list("") == ["others-0/"]
        assert broker.produce("orders", batch()).error_code == ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
        broker.controller.add("orders")
        assert broker.produce("orders", batch()).base_offset == 0

    def test_no_power_cut_brings_the_records_back(self):
        broker = SmallBroker()
        broker.controller.add("orders")
        broker.produce("orders", batch(5))
        broker.storage.sync_all()
        broker.controller.drop("orders")
        broker.storage.power_cut()
        assert broker.storage.list("orders-0") == []

    def test_what_a_failing_disk_keeps_is_removed_before_the_name_is_used_again(self, monkeypatch):
        broker = SmallBroker()
        broker.controller.add("orders")
        broker.produce("orders", batch())

        def fails(_):
            raise StorageError("no such luck")

        with monkeypatch.context() as broken:
            broken.setattr(broker.storage, "remove", fails)
            broker.controller.drop("orders")
            assert "orders-0" in broker.reports()[0]
            with pytest.raises(StorageError):
                broker.controller.add("orders")
        broker.controller.add("orders")
        assert broker.produce("orders", batch()).base_offset == 0

    def test_a_folder_of_no_topic_is_moved_aside_and_kept(self):
        broker = SmallBroker()
        topic = broker.controller.add("orders", 2)
        broker.controller.add("gone-for-good")
        for name, index in (("orders", 0), ("orders", 1), ("gone-for-good", 0)):
            broker.produce(name, batch(), index=index)
        broker.storage.replace("__cluster_metadata-0/kept", b"")
        smaller = Topic("orders", topic.topic_id, 1, {}, internal=False, leader_epochs=[0])
        again = restarted(broker, smaller)
        names = ["__cluster_metadata-0/", "gone-for-good-0-stray/", "orders-0/", "orders-1-stray/"]
        assert again.storage.list("") == names
        assert len(again.reports()) == 2
        assert restarted(again, smaller).storage.list("") == names

    def test_a_second_folder_of_that_name_does_not_replace_the_first(self):
        broker = SmallBroker()
        for content in (b"1", b"2", b"3"):
            broker.storage.append("gone-0/x", content)
            broker = restarted(broker)
        assert broker.storage.list("") == ["gone-0-stray/", "gone-0-stray2/", "gone-0-stray3/"]
        kept = [bytes(broker.storage.read(f"{folder}x", 0, 1)) for folder in broker.storage.list("")]
        assert kept == [b"1", b"2", b"3"]


class TestFailingDisk:
    def test_records_are_refused_until_there_is_room_again(self, monkeypatch):
        broker = SmallBroker()
        broker.controller.add("orders")
        broker.produce("orders", batch())

        def fails(*_):
            raise StorageError("no room")

        with monkeypatch.context() as broken:
            broken.setattr(broker.storage, "append", fails)
            for _ in range(3):
                answer = broker.produce("orders", batch())
                assert (answer.error_code, answer.base_offset) == (ErrorCode.KAFKA_STORAGE_ERROR, -1)
            assert len(broker.reports()) == 1
            assert broker.fetch([("orders", 0, 0)]).responses[0].partitions[0].high_watermark == 1
            with pytest.raises(StorageError):
                broker.replicas.get("orders", 0).append_internal([(b"k", b"v")], broker.now)
        assert broker.produce("orders", batch()).base_offset == 1
        assert "again" in broker.reports()[0]

    def test_a_refused_sequence_is_not_remembered(self, monkeypatch):
        broker = SmallBroker()
        broker.controller.add("orders")

        def fails(*_):
            raise StorageError("no room")

        def data():
            return batch(producer_id=1, producer_epoch=0, base_sequence=0)

        with monkeypatch.context() as broken:
            broken.setattr(broker.storage, "append", fails)
            assert broker.produce("orders", data()).error_code == ErrorCode.KAFKA_STORAGE_ERROR
        assert broker.produce("orders", data()).base_offset == 0


def test_the_brokers_own_records_wake_fetches_too():
    broker = SmallBroker()
    broker.controller.add("orders")
    partition = broker.replicas.get("orders", 0)
    assert broker.fetch([("orders", 0, 0)], max_wait_ms=500, token="it") is None
    assert partition.append_internal([(b"a", b"1"), (b"b", None)], broker.now) == 0
    ((_, answer),) = broker.answers()
    found = list(records(answer.responses[0].partitions[0].records))
    assert [(record.offset, record.key, record.value) for record in found] == [(0, b"a", b"1"), (1, b"b", None)]
    assert found[0].timestamp == START.wall_ms


class TestUpkeep:
    def test_old_segments_go_at_the_checks_of_retention(self):
        broker = SmallBroker()
        broker.controller.add("orders", retention_ms=HOUR_MS, segment_bytes=len(batch()))
        for _ in range(3):
            broker.produce("orders", batch())
        broker.wait(HOUR_MS - 300_000)
        assert broker.replicas.get("orders", 0).log_start_offset == 0
        broker.wait(600_000)
        assert broker.replicas.get("orders", 0).log_start_offset > 0
        assert broker.fetch([("orders", 0, 0)]).responses[0].partitions[0].error_code == ErrorCode.OFFSET_OUT_OF_RANGE

    def test_compacted_topics_lose_the_values_that_were_replaced(self):
        broker = SmallBroker(settings={"log.cleaner.backoff.ms": "1000"})
        broker.controller.add("names", cleanup_policy=("compact",), segment_bytes=200, min_cleanable_dirty_ratio=0.0)
        for _ in range(20):
            broker.produce("names", batch(key=b"same"))
        partition = broker.replicas.get("names", 0)
        before = partition.log.size_bytes
        broker.wait(5_000)
        assert partition.log.size_bytes < before
        assert partition.log_end_offset == 20

    def test_compaction_goes_on_in_slices_between_which_requests_are_served(self, monkeypatch):
        broker = SmallBroker(settings={"log.cleaner.backoff.ms": "1000"})
        broker.controller.add("names", 2, cleanup_policy=("compact",))
        slices = []

        def compact(index, *_):
            slices.append((broker.now.monotonic_ms - START.monotonic_ms, index))
            return index == 0 and len(slices) < 4

        for index, partition in enumerate(broker.replicas.of_topic("names")):
            monkeypatch.setattr(partition.log, "compact", partial(compact, index))
        broker.wait(1100)
        assert slices == [(1000, 0), (1000, 1), (1010, 0), (1020, 0)]
        broker.wait(920)
        assert slices[4:] == [(2020, 0), (2020, 1)]

    def test_without_a_cleaner_nothing_is_compacted(self):
        broker = SmallBroker(settings={"log.cleaner.backoff.ms": "1000", "log.cleaner.enable": "false"})
        broker.controller.add("names", cleanup_policy=("compact",), segment_bytes=200, min_cleanable_dirty_ratio=0.0)
        for _ in range(20):
            broker.produce("names", batch(key=b"same"))
        before = broker.replicas.get("names", 0).log.size_bytes
        broker.wait(5_000)
        assert broker.replicas.get("names", 0).log.size_bytes == before

    def test_a_log_with_much_to_scan_gets_a_checkpoint(self, monkeypatch):
        monkeypatch.setattr("tautolog.core.partition.replicas.CHECKPOINT_BYTES", 100)
        broker = SmallBroker()
        broker.controller.add("orders", 3)
        for index in (0, 1):
            broker.produce("orders", batch(size=100), index=index)
        broker.wait(61_000)
        assert [partition.log.unflushed_bytes for partition in broker.replicas.of_topic("orders")] == [0, 0, 0]

    def test_a_failing_disk_stops_no_upkeep(self, monkeypatch):
        monkeypatch.setattr("tautolog.core.partition.replicas.CHECKPOINT_BYTES", 100)
        broker = SmallBroker(settings={"log.cleaner.backoff.ms": "1000"})
        broker.controller.add("orders", retention_ms=1000, segment_bytes=len(batch()))
        broker.controller.add("names", cleanup_policy=("compact",), segment_bytes=200, min_cleanable_dirty_ratio=0.0)
        for _ in range(20):
            broker.produce("orders", batch())
            broker.produce("names", batch(key=b"same"))

        def fails(*_):
            raise StorageError("no such luck")

        with monkeypatch.context() as broken:
            for name in ("remove", "sync", "replace", "append"):
                broken.setattr(broker.storage, name, fails)
            broker.wait(400_000)
        assert {report.partition(":")[0].partition(" ")[0] for report in broker.reports()} >= {"orders-0", "names-0"}
        size = broker.replicas.get("names", 0).log.size_bytes
        broker.wait(400_000)
        assert broker.replicas.get("orders", 0).log_start_offset > 0
        assert broker.replicas.get("names", 0).log.size_bytes < size

    def test_a_clean_stop_leaves_nothing_to_scan(self):
        broker = SmallBroker()
        topic = broker.controller.add("orders")
        broker.produce("orders", batch(3))
        broker.replicas.close()
        broker.storage.power_cut()
        partition = restarted(broker, topic).replicas.get("orders", 0)
        assert (partition.log.unflushed_bytes, partition.high_watermark) == (0, 3)


def test_what_was_never_synced_may_be_lost_and_its_offsets_are_given_out_again():
    disk = SimDisk()
    broker = SmallBroker(disk)
    topic = broker.controller.add("orders")
    broker.produce("orders", batch(2))
    disk.sync_all()
    broker.produce("orders", batch(2))
    disk.power_cut()
    topic.leader_epochs[0] = 1
    again = restarted(broker, topic)
    base = again.produce("orders", batch()).base_offset
    assert base in {2, 4}
    assert again.replicas.get("orders", 0).log.end_offset_for_epoch(0) == (0, base)


def test_time_of_day_may_step_back():
    broker = SmallBroker()
    broker.controller.add("orders", message_timestamp_type="LogAppendTime")
    broker.produce("orders", batch())
    broker.now = Instant(broker.now.monotonic_ms + 1, START.wall_ms - HOUR_MS)
    answer = broker.produce("orders", batch())
    assert (answer.base_offset, answer.log_append_time_ms) == (1, START.wall_ms - HOUR_MS)
