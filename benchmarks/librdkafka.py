"""Load from librdkafka's C library, as it lies in the confluent-kafka wheel, driven through ctypes.

Python only counts: records enter a thousand at a call from one shared buffer, and a consumer is left to fill its own queue,
whose length is looked at. So what is measured is the broker and the C client.
"""

from __future__ import annotations

import ctypes
import time
from pathlib import Path
from typing import Any

PRODUCER, CONSUMER = 0, 1
NO_CONSUMER_CLOSE = 8
CHUNK = 1000
SETTINGS = {
    "queue.buffering.max.messages": "10000000",
    "queue.buffering.max.kbytes": "2097151",
    "delivery.report.only.error": "true",
    "socket.nagle.disable": "true",
    "log_level": "0",
    "topic.metadata.refresh.interval.ms": "-1",
}


class Record(ctypes.Structure):
    """rd_kafka_message_t."""

    _fields_ = (
        ("err", ctypes.c_int),
        ("topic", ctypes.c_void_p),
        ("partition", ctypes.c_int32),
        ("payload", ctypes.c_void_p),
        ("size", ctypes.c_size_t),
        ("key", ctypes.c_void_p),
        ("key_size", ctypes.c_size_t),
        ("offset", ctypes.c_int64),
        ("private", ctypes.c_void_p),
    )


def _load() -> Any:
    import confluent_kafka  # loads what the library itself needs

    package = Path(confluent_kafka.__file__).parent
    found = sorted([*package.parent.glob("confluent_kafka.libs/librdkafka*"), *package.glob(".dylibs/librdkafka*")])
    library = ctypes.CDLL(str(found[0]) if found else "librdkafka.so.1")
    pointer, text, number = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int
    for name, result, arguments in (
        ("conf_new", pointer, []),
        ("conf_set", number, [pointer, text, text, text, ctypes.c_size_t]),
        ("new", pointer, [number, pointer, text, ctypes.c_size_t]),
        ("topic_new", pointer, [pointer, text, pointer]),
        ("topic_destroy", None, [pointer]),
        ("produce_batch", number, [pointer, ctypes.c_int32, number, ctypes.POINTER(Record), number]),
        ("outq_len", number, [pointer]),
        ("destroy_flags", None, [pointer, number]),
        ("queue_new", pointer, [pointer]),
        ("queue_destroy", None, [pointer]),
        ("queue_length", ctypes.c_size_t, [pointer]),
        ("consume_start_queue", number, [pointer, ctypes.c_int32, ctypes.c_int64, pointer]),
        ("consume_stop", number, [pointer, ctypes.c_int32]),
    ):
        function = getattr(library, f"rd_kafka_{name}")
        function.restype, function.argtypes = result, arguments
    return library


_library: Any = None


def library() -> Any:
    """The library, loaded once; `OSError` or `ImportError` where there is none."""
    global _library  # noqa: PLW0603  # loaded once a process
    if _library is None:
        _library = _load()
    return _library


class Client:
    """One handle and one topic."""

    def __init__(self, kind: int, bootstrap: str, topic: str, settings: dict[str, str]) -> None:
        self.lib = library()
        conf = self.lib.rd_kafka_conf_new()
        error = ctypes.create_string_buffer(512)
        wanted = {"bootstrap.servers": bootstrap, **settings}
        if kind == PRODUCER:
            wanted = SETTINGS | wanted
        for name, value in wanted.items():
            if self.lib.rd_kafka_conf_set(conf, name.encode(), value.encode(), error, 512):
                raise ValueError(error.value.decode())
        self.handle = self.lib.rd_kafka_new(kind, conf, error, 512)
        if not self.handle:
            raise ValueError(error.value.decode())
        self.topic = self.lib.rd_kafka_topic_new(self.handle, topic.encode(), None)

    def close(self) -> None:
        self.lib.rd_kafka_topic_destroy(self.topic)
        self.lib.rd_kafka_destroy_flags(self.handle, NO_CONSUMER_CLOSE)


def produce(
    bootstrap: str,
    topic: str,
    *,
    size: int,
    seconds: float,
    ahead: int,
    settings: dict[str, str],
    count: int | None = None,
) -> tuple[int, float]:
    """Produce records of `size` bytes for so many seconds (or `count` of them); how many, and the seconds to the last answer.

    At most `ahead` records wait in the client at a time.
    """
    client = Client(PRODUCER, bootstrap, topic, settings)
    lib = client.lib
    payload = ctypes.create_string_buffer((bytes(range(33, 97)) * (size // 64 + 1))[:size], size)
    records = (Record * CHUNK)()
    for record in records:
        record.payload = ctypes.cast(payload, ctypes.c_void_p)
        record.size = size
    _warm(client, records)
    sent = 0
    began = time.perf_counter()
    deadline = began + seconds
    while (sent < count) if count is not None else (time.perf_counter() < deadline):
        if lib.rd_kafka_outq_len(client.handle) > ahead - CHUNK:
            time.sleep(0.0005)
            continue
        sent += lib.rd_kafka_produce_batch(client.topic, 0, 0, records, CHUNK)
    _drain(client)
    took = time.perf_counter() - began
    client.close()
    return sent, took


def _warm(client: Client, records: Any) -> None:
    """One record, so that the connection and the metadata are there before the clock starts."""
    client.lib.rd_kafka_produce_batch(client.topic, 0, 0, records, 1)
    _drain(client)


def _drain(client: Client) -> None:
    deadline = time.perf_counter() + 60
    while client.lib.rd_kafka_outq_len(client.handle):
        if time.perf_counter() > deadline:
            raise TimeoutError("the broker did not answer for 60 s")
        time.sleep(0.0005)


def consume(bootstrap: str, topic: str, *, count: int, settings: dict[str, str]) -> float:
    """The seconds from the first record to the `count`th: fetched, checked and taken apart in the client's own queue."""
    everything = {
        "queued.min.messages": "10000000",
        "queued.max.messages.kbytes": "2097151",
        "log_level": "0",
        **settings,
    }
    client = Client(CONSUMER, bootstrap, topic, everything)
    lib = client.lib
    queue = lib.rd_kafka_queue_new(client.handle)
    if lib.rd_kafka_consume_start_queue(client.topic, 0, 0, queue):
        raise OSError("the consumer did not start")
    length = lib.rd_kafka_queue_length
    deadline = time.perf_counter() + 60
    while not length(queue):
        time.sleep(0.0002)
        if time.perf_counter() > deadline:
            raise TimeoutError("nothing came for 60 s")
    began = time.perf_counter()
    first = length(queue)
    while length(queue) < count:
        time.sleep(0.0005)
        if time.perf_counter() > deadline:
            raise TimeoutError("the records did not come in 60 s")
    took = time.perf_counter() - began
    got = length(queue)
    lib.rd_kafka_consume_stop(client.topic, 0)
    lib.rd_kafka_queue_destroy(queue)
    client.close()
    return took * count / (got - first)
