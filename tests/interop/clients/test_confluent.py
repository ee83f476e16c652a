"""confluent-kafka (librdkafka) as anybody installs it."""

from __future__ import annotations

import time

import pytest
from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, ConfigResource, NewPartitions, NewTopic

QUIET = {"log_level": 0}


def produce(broker, topic, count, **options):
    offsets, problems = [], []

    def done(error, message):
        (problems if error else offsets).append(error or message.offset())

    producer = Producer({"bootstrap.servers": broker.bootstrap, **QUIET, **options})
    for i in range(count):
        producer.produce(topic, b"v%d" % i, key=b"k", partition=0, on_delivery=done)
    assert producer.flush(20) == 0
    assert problems == []
    return offsets


def consume(broker, topic, count, group, seconds=20.0, **options):
    consumer = Consumer(
        {"bootstrap.servers": broker.bootstrap, "group.id": group, "auto.offset.reset": "earliest", **QUIET, **options}
    )
    consumer.subscribe([topic])
    found, deadline = [], time.monotonic() + seconds
    while len(found) < count and time.monotonic() < deadline:
        message = consumer.poll(0.2)
        if message is not None:
            assert message.error() is None
            found.append(message)
    consumer.close()
    return found


@pytest.fixture
def admin(broker):
    return AdminClient({"bootstrap.servers": broker.bootstrap, **QUIET})


def make_topic(admin, name, partitions=1, config=None):
    admin.create_topics([NewTopic(name, partitions, 1, config=config or {})])[name].result(10)
    return name


@pytest.mark.parametrize("acks", ["0", "1", "all"])
def test_acks(broker, admin, acks):
    topic = make_topic(admin, f"ck-acks-{acks}")
    produce(broker, topic, 20, acks=acks)
    assert [m.value() for m in consume(broker, topic, 20, f"ck-acks-{acks}")] == [b"v%d" % i for i in range(20)]


@pytest.mark.parametrize("codec", ["none", "gzip", "snappy", "lz4", "zstd"])
def test_compressions(broker, admin, codec):
    topic = make_topic(admin, f"ck-codec-{codec}")
    produce(broker, topic, 100, **{"compression.type": codec, "linger.ms": 50})
    assert [m.offset() for m in consume(broker, topic, 100, f"ck-codec-{codec}")] == list(range(100))


def test_idempotent(broker, admin):
    topic = make_topic(admin, "ck-idempotent")
    assert produce(broker, topic, 500, **{"enable.idempotence": True}) == list(range(500))


@pytest.mark.parametrize("strategy", ["range", "cooperative-sticky"])
def test_two_members_eager_and_cooperative(broker, admin, strategy):
    topic, group = make_topic(admin, f"ck-{strategy}", 4), f"ck-{strategy}"
    options = {
        "bootstrap.servers": broker.bootstrap,
        "group.id": group,
        "auto.offset.reset": "earliest",
        "partition.assignment.strategy": strategy,
        "heartbeat.interval.ms": 200,
        "session.timeout.ms": 6000,
        **QUIET,
    }
    consumers = [Consumer(options), Consumer(options)]
    for consumer in consumers:
        consumer.subscribe([topic])
    deadline = time.monotonic() + 30
    owned = []
    while time.monotonic() < deadline:
        for consumer in consumers:
            consumer.poll(0.05)
        owned = [sorted(tp.partition for tp in consumer.assignment()) for consumer in consumers]
        if sorted(owned[0] + owned[1]) == [0, 1, 2, 3] and all(owned):
            break
    for consumer in consumers:
        consumer.close()
    assert sorted(owned[0] + owned[1]) == [0, 1, 2, 3]
    assert [len(o) for o in owned] == [2, 2]


def test_static_member_keeps_its_partitions(broker, admin):
    topic = make_topic(admin, "ck-static", 2)
    produce(broker, topic, 5)
    options = {"group.instance.id": "one", "session.timeout.ms": 10000}
    assert len(consume(broker, topic, 5, "ck-static", **options)) == 5
    assert consume(broker, topic, 1, "ck-static", seconds=2, **options) == []


def test_offsets_for_times_and_watermarks(broker, admin):
    topic = make_topic(admin, "ck-times")
    producer = Producer({"bootstrap.servers": broker.bootstrap, **QUIET})
    for i in range(10):
        producer.produce(topic, b"x", timestamp=1_700_000_000_000 + 1000 * i, partition=0)
    producer.flush(10)
    consumer = Consumer({"bootstrap.servers": broker.bootstrap, "group.id": "ck-times", **QUIET})
    assert consumer.get_watermark_offsets(TopicPartition(topic, 0), timeout=10) == (0, 10)
    (found,) = consumer.offsets_for_times([TopicPartition(topic, 0, 1_700_000_003_500)], timeout=10)
    assert found.offset == 4
    consumer.close()


def test_admin(broker, admin):
    topic = make_topic(admin, "ck-admin", 2, {"retention.ms": "1000"})
    admin.create_partitions([NewPartitions(topic, 3)])[topic].result(10)
    assert len(admin.list_topics(timeout=10).topics[topic].partitions) == 3
    resource = ConfigResource(ConfigResource.Type.TOPIC, topic)
    configs = admin.describe_configs([resource])[resource].result(10)
    assert configs["retention.ms"].value == "1000"
    assert configs["retention.bytes"].is_default
    with pytest.raises(KafkaException) as refused:
        make_topic(admin, topic)
    assert refused.value.args[0].code() == KafkaError.TOPIC_ALREADY_EXISTS
    with pytest.raises(KafkaException) as refused:
        make_topic(admin, "ck-bad", 1, {"no.such": "1"})
    assert refused.value.args[0].code() == KafkaError.INVALID_CONFIG
    admin.delete_topics([topic])[topic].result(10)
    assert topic not in admin.list_topics(timeout=10).topics


def test_record_too_large(broker, admin):
    topic = make_topic(admin, "ck-large", 1, {"max.message.bytes": "1000"})
    errors = []
    producer = Producer({"bootstrap.servers": broker.bootstrap, **QUIET})
    producer.produce(topic, b"x" * 2000, on_delivery=lambda error, _: errors.append(error.code()))
    producer.flush(10)
    assert errors == [KafkaError.MSG_SIZE_TOO_LARGE]


def test_groups_are_listed_and_deleted(broker, admin):
    topic = make_topic(admin, "ck-groups")
    produce(broker, topic, 3)
    consume(broker, topic, 3, "ck-groups")
    listed = admin.list_consumer_groups().result(10).valid
    assert any(group.group_id == "ck-groups" for group in listed)
    admin.delete_consumer_groups(["ck-groups"])["ck-groups"].result(10)
    assert all(group.group_id != "ck-groups" for group in admin.list_consumer_groups().result(10).valid)
