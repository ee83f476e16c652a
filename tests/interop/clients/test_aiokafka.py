"""aiokafka as anybody installs it."""

from __future__ import annotations

import asyncio

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic


async def make_topic(broker, name, partitions=1):
    admin = AIOKafkaAdminClient(bootstrap_servers=broker.bootstrap)
    await admin.start()
    await admin.create_topics([NewTopic(name, partitions, 1)])
    await admin.close()
    return name


async def produce(broker, topic, count, **options):
    producer = AIOKafkaProducer(bootstrap_servers=broker.bootstrap, **options)
    await producer.start()
    try:
        futures = [await producer.send(topic, b"v%d" % i, partition=0) for i in range(count)]
        await producer.flush()
        return [(await future).offset if options.get("acks") != 0 else None for future in futures]
    finally:
        await producer.stop()


async def consume(broker, topic, count, **options):
    consumer = AIOKafkaConsumer(topic, bootstrap_servers=broker.bootstrap, auto_offset_reset="earliest", **options)
    await consumer.start()
    try:
        return [await asyncio.wait_for(consumer.getone(), 20) for _ in range(count)]
    finally:
        await consumer.stop()


@pytest.mark.parametrize("acks", [0, 1, "all"])
def test_acks(broker, acks):
    async def story():
        topic = await make_topic(broker, f"aio-acks-{acks}")
        await produce(broker, topic, 20, acks=acks)
        return [record.value for record in await consume(broker, topic, 20)]

    assert asyncio.run(story()) == [b"v%d" % i for i in range(20)]


@pytest.mark.parametrize("codec", [None, "gzip", "snappy", "lz4", "zstd"])
def test_compressions(broker, codec):
    async def story():
        topic = await make_topic(broker, f"aio-codec-{codec}")
        await produce(broker, topic, 50, compression_type=codec, linger_ms=20)
        return [record.offset for record in await consume(broker, topic, 50)]

    assert asyncio.run(story()) == list(range(50))


def test_idempotent(broker):
    async def story():
        topic = await make_topic(broker, "aio-idempotent")
        return await produce(broker, topic, 100, enable_idempotence=True)

    assert asyncio.run(story()) == list(range(100))


def test_group_commits_and_resumes(broker):
    async def story():
        topic = await make_topic(broker, "aio-group")
        await produce(broker, topic, 10)
        consumer = AIOKafkaConsumer(
            topic,
            bootstrap_servers=broker.bootstrap,
            group_id="aio-group",
            enable_auto_commit=False,
            auto_offset_reset="earliest",
        )
        await consumer.start()
        for _ in range(4):
            await asyncio.wait_for(consumer.getone(), 20)
        await consumer.commit({TopicPartition(topic, 0): 4})
        await consumer.stop()
        return [record.offset for record in await consume(broker, topic, 6, group_id="aio-group")]

    assert asyncio.run(story()) == [4, 5, 6, 7, 8, 9]


def test_seek_by_time(broker):
    async def story():
        topic = await make_topic(broker, "aio-times")
        producer = AIOKafkaProducer(bootstrap_servers=broker.bootstrap)
        await producer.start()
        for i in range(5):
            await producer.send_and_wait(topic, b"x", partition=0, timestamp_ms=1_700_000_000_000 + i * 10)
        await producer.stop()
        consumer = AIOKafkaConsumer(bootstrap_servers=broker.bootstrap)
        await consumer.start()
        part = TopicPartition(topic, 0)
        consumer.assign([part])
        found = await consumer.offsets_for_times({part: 1_700_000_000_015})
        consumer.seek(part, found[part].offset)
        record = await asyncio.wait_for(consumer.getone(), 20)
        await consumer.stop()
        return found[part].offset, record.offset

    assert asyncio.run(story()) == (2, 2)


def test_three_members_rebalance(broker):
    async def story():
        topic = await make_topic(broker, "aio-three", 6)
        consumers = [
            AIOKafkaConsumer(
                topic,
                bootstrap_servers=broker.bootstrap,
                group_id="aio-three",
                heartbeat_interval_ms=200,
                session_timeout_ms=6000,
            )
            for _ in range(3)
        ]
        for consumer in consumers:
            await consumer.start()
        try:
            async with asyncio.timeout(30):
                while True:
                    owned = [sorted(tp.partition for tp in consumer.assignment()) for consumer in consumers]
                    if sorted(part for parts in owned for part in parts) == list(range(6)) and all(owned):
                        return [len(o) for o in owned]
                    await asyncio.wait([asyncio.ensure_future(c.getmany(timeout_ms=50)) for c in consumers])
        finally:
            for consumer in consumers:
                await consumer.stop()

    assert asyncio.run(story()) == [2, 2, 2]
