"""What is measured: one row is one load, the same for every broker that speaks Kafka's protocol.

A load takes a topic of its own, which is deleted after it. `seconds` bounds it; the topics that are only read are filled
once a broker.
"""

from __future__ import annotations

import asyncio
import itertools
import statistics
import time
from collections.abc import Callable
from typing import Any, NamedTuple

from benchmarks import librdkafka, raw
from benchmarks.peers import Peer

_names = itertools.count(1)


class Row(NamedTuple):
    """`target` is the least ratio of ours to Apache Kafka's (the greatest, where less is better); None: only shown.

    `most` is an absolute bound on ours.
    """

    name: str
    title: str
    unit: str
    measure: Callable[[Peer, float], float]
    target: float | None = None
    most: float | None = None
    less_is_better: bool = False


def _topic(peer: Peer) -> str:
    name = f"bench-{next(_names)}"
    raw.create_topic(peer.bootstrap, name)
    return name


def _produce(
    size: int, batch: int, unit: float, in_flight: str = "1000000", linger: str = "5"
) -> Callable[[Peer, float], float]:
    settings = {
        "acks": "1",
        "batch.size": str(batch),
        "batch.num.messages": "1" if batch == 1 else "100000",
        "message.max.bytes": "1048588",
        "linger.ms": linger,
        "max.in.flight.requests.per.connection": in_flight,
    }
    ahead = 20_000 if batch == 1 else max(20_000, 32 * batch // size)

    def measure(peer: Peer, seconds: float) -> float:
        topic = _topic(peer)
        sent, took = librdkafka.produce(
            peer.bootstrap, topic, size=size, seconds=seconds, ahead=ahead, settings=settings
        )
        raw.delete_topic(peer.bootstrap, topic)
        return sent / took * unit

    return measure


def _latency(share: float) -> Callable[[Peer, float], float]:
    def measure(peer: Peer, seconds: float) -> float:
        times = _latencies(peer, seconds)
        return times[int(len(times) * share)]

    return measure


_taken: dict[tuple[str, int], list[float]] = {}
_turn = itertools.count()


def _latencies(peer: Peer, seconds: float) -> list[float]:
    """Both percentiles of a round come from one series: the second row to ask finds it made."""
    found = _taken.pop((peer.name, 0), None)
    if found is not None:
        return found
    topic = _topic(peer)
    times = raw.latency(peer.bootstrap, topic, int(2000 * seconds))
    raw.delete_topic(peer.bootstrap, topic)
    _taken[peer.name, 0] = times
    return times


_filled: dict[tuple[str, int], tuple[str, int]] = {}
_FILL = {1000: 300_000, 100: 1_500_000}
"""Records of a topic that is read, for each second of the load."""


def _consume(size: int, unit: float) -> Callable[[Peer, float], float]:
    def measure(peer: Peer, seconds: float) -> float:
        found = _filled.get((peer.bootstrap, size))
        if found is None:
            count = int(_FILL[size] * max(seconds, 0.5))
            found = _filled[peer.bootstrap, size] = _topic(peer), count
            settings = {"batch.size": "1000000", "batch.num.messages": "100000", "linger.ms": "5"}
            librdkafka.produce(
                peer.bootstrap, found[0], size=size, seconds=0, ahead=100_000, settings=settings, count=count
            )
        topic, count = found
        took = librdkafka.consume(peer.bootstrap, topic, count=count, settings={"fetch.wait.max.ms": "10"})
        return count / took * unit

    return measure


def fill(bootstrap: str) -> None:
    """A hundred thousand records of 1 KB."""
    raw.create_topic(bootstrap, "filled")
    librdkafka.produce(bootstrap, "filled", size=1000, seconds=0, ahead=100_000, settings={}, count=100_000)


def _pipelined(peer: Peer, seconds: float) -> float:
    topic = _topic(peer)
    rate = raw.pipelined(peer.bootstrap, topic, seconds, 100)
    raw.delete_topic(peer.bootstrap, topic)
    return rate


def _aiokafka(peer: Peer, seconds: float) -> float:
    topic = _topic(peer)
    rate = asyncio.run(_aiokafka_load(peer.bootstrap, topic, seconds))
    raw.delete_topic(peer.bootstrap, topic)
    return rate


async def _aiokafka_load(bootstrap: str, topic: str, seconds: float) -> float:
    """Records of 100 bytes in batches made by hand, as many as are answered: the client's own loop is most of the cost."""
    from aiokafka import AIOKafkaProducer

    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all", max_batch_size=131_072)
    await producer.start()
    value = bytes(100)
    done = 0
    try:
        began = time.perf_counter()
        waiting: set[Any] = set()
        while time.perf_counter() - began < seconds:
            batch = producer.create_batch()
            count = 0
            while batch.append(key=None, value=value, timestamp=None) is not None:
                count += 1
            batch.close()
            waiting.add(await producer.send_batch(batch, topic, partition=0))
            done += count
            if len(waiting) >= 5:
                _, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        await asyncio.gather(*waiting)
        return done / (time.perf_counter() - began)
    finally:
        await producer.stop()


ROWS = [
    Row("produce-1mb", "produce 1 KB records in 1 MB batches, acks=1", "MB/s", _produce(1000, 1_000_000, 1e-3), 1.2),
    Row("produce-16kb", "produce 1 KB records in 16 KB batches", "MB/s", _produce(1000, 16_384, 1e-3), 3.0),
    Row("produce-100b", "produce 100 B records, 256 KB batches", "M records/s", _produce(100, 262_144, 1e-6), 1.0),
    Row(
        "single",
        "one record a request, 100 requests in flight, acks=1",
        "k requests/s",
        _produce(100, 1, 1e-3, in_flight="100", linger="0"),
        3.0,
    ),
    Row("single-raw", "the same from one raw socket", "k requests/s", lambda p, s: _pipelined(p, s) / 1000),
    Row("latency-p50", "one at a time, acks=all, p50", "ms", _latency(0.5), 1.5, less_is_better=True),
    Row("latency-p99", "one at a time, acks=all, p99", "ms", _latency(0.99), 1.0, less_is_better=True),
    Row("consume-1kb", "consume 1 KB records", "MB/s", _consume(1000, 1e-3), 0.9),
    Row("consume-100b", "consume 100 B records", "M records/s", _consume(100, 1e-6), 0.9),
    Row("aiokafka", "aiokafka, acks=all", "k records/s", lambda p, s: _aiokafka(p, s) / 1000, 0.9),
]


def median(values: list[float]) -> float:
    return statistics.median(values)
