"""The codec beside kio and kafka-python: the same bytes, alternating rounds, medians.

    .venv/bin/python benchmarks/wire.py

Each line is one message in one version; the bodies only, for the others do not take frames apart in the same way. The last
column of each pair of lines is how many times faster ours is.
"""

import io
import statistics
import time
import warnings

from tautolog.core.messages.fetch import (
    FetchableTopicResponse,
    FetchPartition,
    FetchRequest,
    FetchResponse,
    FetchTopic,
    PartitionData,
)
from tautolog.core.messages.metadata import (
    MetadataResponse,
    MetadataResponseBroker,
    MetadataResponsePartition,
    MetadataResponseTopic,
)
from tautolog.core.messages.produce import (
    PartitionProduceData,
    PartitionProduceResponse,
    ProduceRequest,
    ProduceResponse,
    TopicProduceData,
    TopicProduceResponse,
)
from tautolog.wire import codec

ROUNDS = 7
SECONDS = 0.06


def messages():
    """(name, key, version, kind, message): what a busy broker reads and writes."""
    records = bytes(1000)
    topic = bytes(range(16))
    metadata = MetadataResponse(
        brokers=[MetadataResponseBroker(n, f"host-{n}", 9092) for n in range(3)],
        cluster_id="a cluster",
        topics=[
            MetadataResponseTopic(
                0,
                f"topic-{t}",
                topic,
                partitions=[MetadataResponsePartition(0, p, 0, 3, [0, 1, 2], [0, 1, 2], []) for p in range(10)],
            )
            for t in range(10)
        ],
    )
    answer = ProduceResponse(
        [TopicProduceResponse("orders", topic, [PartitionProduceResponse(0, 0, 42, log_start_offset=0)])]
    )
    asked = [FetchPartition(p, 3, 1000, log_start_offset=0, partition_max_bytes=1 << 20) for p in range(10)]
    found = [PartitionData(p, 0, 1000, 1000, 0, aborted_transactions=None, records=records) for p in range(10)]
    request = ProduceRequest(None, -1, 30_000, [TopicProduceData("orders", topic, [PartitionProduceData(0, records)])])
    for version in (7, 9, 13):
        yield "Produce, one batch", 0, version, "request", request
        yield "Produce, one batch", 0, version, "response", answer
    yield "Fetch, 10 partitions", 1, 12, "request", FetchRequest(topics=[FetchTopic("orders", topic, asked)])
    yield (
        "Fetch, 10 partitions",
        1,
        12,
        "response",
        FetchResponse(responses=[FetchableTopicResponse("orders", topic, found)]),
    )
    yield "Metadata, 10 topics of 10", 3, 12, "response", metadata


def ours(key, version, kind, encoded):
    found = (codec.request_codec if kind == "request" else codec.response_codec)(key, version)
    view = memoryview(encoded)
    message, _ = found.read(view, 0)
    return lambda: found.read(view, 0), lambda: found.write(message, bytearray())


def kio(key, version, kind, encoded):
    from kio.index import load_request_schema, load_response_schema
    from kio.serial import entity_reader, entity_writer

    entity = (load_request_schema if kind == "request" else load_response_schema)(key, version)
    read, write = entity_reader(entity), entity_writer(entity)
    value, _ = read(encoded, 0)
    return lambda: read(encoded, 0), lambda: write(io.BytesIO(), value)


def kafka_python(key, version, kind, encoded):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from kafka.protocol import consumer, metadata, producer

    name = {0: "Produce", 1: "Fetch", 3: "Metadata"}[key] + kind.capitalize()
    cls = next(getattr(module, name) for module in (consumer, metadata, producer) if hasattr(module, name))
    value = cls.decode(encoded, version=version)
    value._header = None  # noqa: SLF001  # its decoded messages lack the attribute that its encoder reads
    return lambda: cls.decode(encoded, version=version), lambda: value.encode(version=version)


def microseconds(call):
    """The time of one call, from as many as fit into one round."""
    count, spent = 0, 0.0
    begin = time.perf_counter()
    while spent < SECONDS:
        for _ in range(20):
            call()
        count += 20
        spent = time.perf_counter() - begin
    return spent / count * 1e6


def main():
    """Print the table."""
    print(f"{'microseconds a message':44}{'ours':>9}{'kio':>9}{'kafka-python':>14}   ours is faster by")
    for name, key, version, kind, message in messages():
        load = codec.request_codec if kind == "request" else codec.response_codec
        encoded = b"".join(load(key, version).write(message, bytearray()))
        peers = [peer(key, version, kind, encoded) for peer in (ours, kio, kafka_python)]
        for index, verb in enumerate(("decode", "encode")):
            rounds = [[microseconds(peer[index]) for peer in peers] for _ in range(ROUNDS)]
            mine, native, python = (statistics.median(column) for column in zip(*rounds, strict=True))
            title = f"{verb} {name}, {kind} {version}"
            print(f"{title:44}{mine:9.2f}{native:9.2f}{python:14.2f}   {native / mine:4.1f}x {python / mine:5.1f}x")


if __name__ == "__main__":
    main()
