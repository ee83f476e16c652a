"""kafka-python as anybody installs it: produce, consume, groups, admin, errors."""

from __future__ import annotations

import threading
import time

import pytest
from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType, KafkaAdminClient, MemberToRemove, NewPartitions, NewTopic
from kafka.errors import (
    CommitFailedError,
    IllegalGenerationError,
    MessageSizeTooLargeError,
    TopicAlreadyExistsError,
    UnknownMemberIdError,
    UnknownTopicOrPartitionError,
)
from kafka.structs import OffsetAndMetadata


@pytest.fixture
def admin(broker):
    client = KafkaAdminClient(bootstrap_servers=broker.bootstrap)
    yield client
    client.close()


def make_topic(admin, name, partitions=1, **configs):
    admin.create_topics(
        [NewTopic(name, partitions, 1, topic_configs={k.replace("_", "."): v for k, v in configs.items()})]
    )
    return name


def fill(broker, topic, count, partition=0, **options):
    producer = KafkaProducer(bootstrap_servers=broker.bootstrap, **options)
    futures = [producer.send(topic, b"v%d" % i, key=b"k%d" % (i % 7), partition=partition) for i in range(count)]
    producer.flush(20)
    producer.close()
    return [future.get(5).offset for future in futures]


def read(broker, topic, count, seconds=20.0, **options):
    consumer = KafkaConsumer(topic, bootstrap_servers=broker.bootstrap, auto_offset_reset="earliest", **options)
    found = []
    deadline = time.monotonic() + seconds
    while len(found) < count and time.monotonic() < deadline:
        for records in consumer.poll(timeout_ms=200).values():
            found += records
    consumer.close()
    return found


@pytest.mark.parametrize("acks", [0, 1, "all"])
def test_acks(broker, admin, acks):
    topic = make_topic(admin, f"kp-acks-{acks}")
    fill(broker, topic, 20, acks=acks, enable_idempotence=False)
    assert [record.value for record in read(broker, topic, 20)] == [b"v%d" % i for i in range(20)]


@pytest.mark.parametrize("codec", [None, "gzip", "snappy", "lz4", "zstd"])
def test_compressions(broker, admin, codec):
    topic = make_topic(admin, f"kp-codec-{codec}")
    fill(broker, topic, 50, compression_type=codec, linger_ms=20)
    records = read(broker, topic, 50)
    assert [record.offset for record in records] == list(range(50))
    assert [record.value for record in records] == [b"v%d" % i for i in range(50)]


def test_idempotent_offsets_are_dense(broker, admin):
    topic = make_topic(admin, "kp-idempotent")
    assert fill(broker, topic, 200, enable_idempotence=True) == list(range(200))


def test_assign_seek_and_times(broker, admin):
    topic = make_topic(admin, "kp-times")
    producer = KafkaProducer(bootstrap_servers=broker.bootstrap)
    for i in range(10):
        producer.send(topic, b"%d" % i, timestamp_ms=1_700_000_000_000 + i * 1000, partition=0)
        producer.flush(5)
    producer.close()
    part = TopicPartition(topic, 0)
    consumer = KafkaConsumer(bootstrap_servers=broker.bootstrap)
    consumer.assign([part])
    assert consumer.beginning_offsets([part]) == {part: 0}
    assert consumer.end_offsets([part]) == {part: 10}
    found = consumer.offsets_for_times({part: 1_700_000_004_500})[part]
    assert (found.offset, found.timestamp) == (5, 1_700_000_005_000)
    assert consumer.offsets_for_times({part: 1_800_000_000_000}) == {part: None}
    consumer.seek(part, found.offset)
    records = []
    while len(records) < 5:
        records += [r for batch in consumer.poll(timeout_ms=200).values() for r in batch]
    assert [r.offset for r in records] == [5, 6, 7, 8, 9]
    consumer.close()


def test_commit_and_resume(broker, admin):
    topic = make_topic(admin, "kp-resume")
    fill(broker, topic, 10)
    first = KafkaConsumer(
        topic,
        bootstrap_servers=broker.bootstrap,
        group_id="kp-resume",
        enable_auto_commit=False,
        auto_offset_reset="earliest",
    )
    seen = []
    while len(seen) < 10:
        seen += [r.offset for batch in first.poll(timeout_ms=200, max_records=4).values() for r in batch]
        if len(seen) == 4:
            first.commit()
    first.close()
    assert [r.offset for r in read(broker, topic, 6, group_id="kp-resume")] == [4, 5, 6, 7, 8, 9]


@pytest.mark.parametrize("members", [2, 3])
def test_members_share_the_partitions(broker, admin, members):
    topic = make_topic(admin, f"kp-members-{members}", 6)
    for part in range(6):
        fill(broker, topic, 10, part)
    stop, seen, owned = threading.Event(), set(), {}
    everything = {(part, offset) for part in range(6) for offset in range(10)}

    def run(number):
        consumer = KafkaConsumer(
            bootstrap_servers=broker.bootstrap,
            group_id=f"kp-members-{members}",
            auto_offset_reset="earliest",
            heartbeat_interval_ms=200,
        )
        consumer.partitions_for_topic(
            topic
        )  # a leader that does not know them assigns nothing, and may miss the next sync
        consumer.subscribe([topic])
        while not stop.is_set():
            for part, records in consumer.poll(timeout_ms=100).items():
                seen.update((part.partition, r.offset) for r in records)
            owned[number] = {tp.partition for tp in consumer.assignment()}
        consumer.close()

    threads = [threading.Thread(target=run, args=(n,)) for n in range(members)]
    for thread in threads:
        thread.start()
    deadline, shares = time.monotonic() + 25, []
    pause = threading.Event()
    while time.monotonic() < deadline:
        shares = [sorted(parts) for parts in list(owned.values())]  # before anybody leaves, which moves them again
        whole = sorted(p for share in shares for p in share) == list(range(6))
        if whole and len(shares) == members and all(shares) and seen == everything:
            break
        pause.wait(0.05)
    stop.set()
    for thread in threads:
        thread.join(10)
    assert sorted(p for share in shares for p in share) == list(range(6))
    assert [len(share) for share in shares] == [6 // members] * members
    assert seen == everything


def test_a_commit_of_an_old_generation_is_refused(broker, admin):
    topic = make_topic(admin, "kp-zombie", 2)
    fill(broker, topic, 5)
    one = KafkaConsumer(
        topic,
        bootstrap_servers=broker.bootstrap,
        group_id="kp-zombie",
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        session_timeout_ms=6000,
        max_poll_interval_ms=6000,
    )
    while not one.poll(timeout_ms=200):
        pass
    members = admin.describe_groups(["kp-zombie"])["kp-zombie"]["members"]
    admin.remove_group_members("kp-zombie", [MemberToRemove(member_id=members[0]["member_id"])])
    with pytest.raises((CommitFailedError, UnknownMemberIdError, IllegalGenerationError)):
        one.commit({TopicPartition(topic, 0): OffsetAndMetadata(3, "", -1)})
    one.close()


def test_admin(broker, admin):
    topic = make_topic(admin, "kp-admin", 2, retention_ms="60000")
    assert topic in admin.list_topics()
    with pytest.raises(TopicAlreadyExistsError):
        make_topic(admin, topic)
    admin.create_partitions({topic: NewPartitions(4)})
    described = admin.describe_topics([topic])
    assert len(described[0]["partitions"]) == 4
    configs = admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, topic)])
    assert "60000" in str(configs)
    admin.delete_topics([topic])
    assert topic not in admin.list_topics()
    with pytest.raises(UnknownTopicOrPartitionError):
        admin.delete_topics([topic])


def test_record_too_large(broker, admin):
    topic = make_topic(admin, "kp-large", max_message_bytes="1000")
    producer = KafkaProducer(bootstrap_servers=broker.bootstrap)
    with pytest.raises(MessageSizeTooLargeError):
        producer.send(topic, b"x" * 2000).get(10)
    producer.close()


def test_topics_create_themselves(broker):
    assert fill(broker, "kp-auto", 3) == [0, 1, 2]


def test_a_broker_killed_in_the_middle_loses_nothing_acknowledged(serve):
    running = serve(settings={"group.initial.rebalance.delay.ms": "0"})
    producer = KafkaProducer(bootstrap_servers=running.bootstrap, reconnect_backoff_max_ms=200, linger_ms=2)
    before = [producer.send("survivor", b"%d" % i, partition=0) for i in range(500)]
    producer.flush(10)
    running.kill()
    running.restart()
    after = [producer.send("survivor", b"%d" % i, partition=0) for i in range(500, 600)]
    producer.flush(20)
    acknowledged = [f.get(1).offset for f in before + after]
    producer.close()
    records = read(running, "survivor", 600)
    assert acknowledged == list(range(600))
    assert [int(r.value) for r in records] == list(range(600))
