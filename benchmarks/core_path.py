"""The broker's own share of a request: `Broker.receive` on messages in memory, over a disk that only remembers.

    python -m benchmarks.core_path [--seconds 1] [--profile PRODUCE-1]

No socket, no codec, no file: what is left is what the core costs. One line a case, by CPU time, so
that a busy machine does not matter much: requests/s, MB/s, microseconds a request.
"""

from __future__ import annotations

import argparse
import cProfile
import pstats
import time
from collections.abc import Callable

from tautolog.core.broker import Broker
from tautolog.core.messages.fetch import FetchPartition, FetchRequest, FetchTopic
from tautolog.core.messages.produce import PartitionProduceData, ProduceRequest, TopicProduceData
from tautolog.core.node import Peer, Reply, Request
from tautolog.core.ports import Instant, StorageError
from tautolog.core.records.record import Record, build

NOW = Instant(1_000, 1_700_000_000_000)
PEER = Peer(1, "/127.0.0.1")
KEEP = 64 << 20
BATCH_BYTES = 61


class Memory:
    """A `Storage` that keeps the last megabytes of each file, so that a long run needs no more memory than a short one."""

    def __init__(self):
        self.files = {}

    def append(self, path, data):
        file = self.files.setdefault(path, [0, bytearray()])
        at = file[0]
        file[0] += len(data)
        if len(file[1]) + len(data) <= KEEP:
            file[1] += data
        return at

    def read(self, path, position, length):
        if path not in self.files:
            raise StorageError(path)
        size, kept = self.files[path]
        if position + length > len(kept) and position < size:
            position %= max(1, len(kept) - length)
        return memoryview(kept)[position : position + length]

    def size(self, path):
        return self.files[path][0] if path in self.files else 0

    def truncate(self, path, length):
        self.files[path] = [length, self.files[path][1][:length]]

    def replace(self, path, data):
        self.files[path] = [len(data), bytearray(data)]

    def remove(self, path):
        self.files.pop(path, None)

    def rename(self, path, target):
        self.files[target] = self.files.pop(path)

    def list(self, folder):
        prefix = f"{folder}/" if folder else ""
        names = (path.removeprefix(prefix).partition("/") for path in self.files if path.startswith(prefix))
        return sorted({name + slash for name, slash, _ in names})

    def sync(self, path):
        pass

    def sync_all(self):
        pass


class Chance:
    def __init__(self):
        self.given = 0

    def below(self, bound):
        self.given += 1
        return self.given % bound

    def uuid(self):
        self.given += 1
        return self.given.to_bytes(16, "big")


def broker(partitions: int) -> Broker:
    made = Broker(Memory(), Chance(), cluster_id="benchmark-of-the-core-")
    made.start(NOW)
    made.controller.create_topic("orders", partitions, {})
    return made


def produce(count: int, size: int, partitions: int = 1, **producer: int) -> tuple[Callable[[], object], int]:
    """A function that sends one request, and the bytes of records in it."""
    subject = broker(partitions)
    batch = build([Record(0, NOW.wall_ms, None, b"v" * size) for _ in range(count)], **producer)
    template, data = bytes(batch), [bytearray(batch) for _ in range(partitions)]
    sequence = 0

    def send():
        nonlocal sequence
        for buffer in data:
            buffer[:BATCH_BYTES] = template[:BATCH_BYTES]  # as a fresh receive buffer would be
        parts = [PartitionProduceData(index, memoryview(buffer)) for index, buffer in enumerate(data)]
        body = ProduceRequest(None, 1, 30_000, [TopicProduceData("orders", bytes(16), parts)])
        sequence += 1
        subject.receive(NOW, PEER, Request(0, 9, "benchmark", body, sequence))
        (reply,) = subject.outbox
        assert isinstance(reply, Reply)
        assert reply.message.responses[0].partition_responses[0].error_code == 0
        subject.outbox.clear()

    return send, len(template) * partitions


def fetch(max_bytes: int, *, session: bool, partitions: int = 1) -> tuple[Callable[[], object], int]:
    """A function that fetches once from somewhere in the log, and the bytes of records that one answer has."""
    subject = broker(partitions)
    data = build([Record(0, NOW.wall_ms, None, b"v" * 1000) for _ in range(16)])
    for index in range(partitions):
        for _ in range(256):
            subject.replicas.get("orders", index).append(bytes(data), NOW)
    offset, epoch, session_id, bytes_read = 0, 0, 0, 0

    def ask():
        nonlocal offset, epoch, session_id, bytes_read
        offset = (offset + 16) % 2048
        named = [FetchPartition(index, 0, offset, -1, -1, max_bytes) for index in range(partitions)]
        body = FetchRequest(None, -1, max_wait_ms=500, min_bytes=1, max_bytes=max_bytes * partitions)
        body.topics = [FetchTopic("orders", bytes(16), named)]
        if session:
            body.session_id, body.session_epoch = session_id, epoch
            epoch += 1
        subject.receive(NOW, PEER, Request(1, 12, "benchmark", body, 0))
        (reply,) = subject.outbox
        session_id = reply.message.session_id
        bytes_read = sum(len(part.records) for part in reply.message.responses[0].partitions)
        subject.outbox.clear()

    ask()
    return ask, bytes_read


def tail() -> tuple[Callable[[], object], int]:
    """A fetch at the end that waits, and the record that wakes it: two requests, two answers."""
    send, size = produce(1, 1000)
    subject = send.__closure__[[*send.__code__.co_freevars].index("subject")].cell_contents

    def both():
        body = FetchRequest(None, -1, max_wait_ms=500, min_bytes=1, max_bytes=1 << 20)
        end = subject.replicas.partitions["orders", 0].high_watermark
        body.topics = [FetchTopic("orders", bytes(16), [FetchPartition(0, 0, end, -1, -1, 1 << 20)])]
        subject.receive(NOW, PEER, Request(1, 12, "benchmark", body, -1))
        part = [PartitionProduceData(0, bytes(one))]
        body = ProduceRequest(None, 1, 30_000, [TopicProduceData("orders", bytes(16), part)])
        subject.receive(NOW, PEER, Request(0, 9, "benchmark", body, 0))
        assert len(subject.outbox) == 2
        subject.outbox.clear()

    one = build([Record(0, NOW.wall_ms, None, b"v" * 1000)])
    return both, size


CASES = {
    "produce 1 x 100 B": lambda: produce(1, 100),
    "produce 1 x 1 KB": lambda: produce(1, 1000),
    "produce 16 x 1 KB": lambda: produce(16, 1000),
    "produce 1000 x 1 KB": lambda: produce(1000, 1000),
    "produce 2600 x 100 B": lambda: produce(2600, 100),
    "produce 1 KB to each of 16 partitions": lambda: produce(1, 1000, 16),
    "fetch 16 KB": lambda: fetch(17_000, session=False),
    "fetch 1 MB": lambda: fetch(1 << 20, session=False),
    "fetch 16 KB in a session": lambda: fetch(17_000, session=True),
    "fetch 16 KB of 16 partitions": lambda: fetch(17_000, session=False, partitions=16),
    "waiting fetch and the record that wakes it": tail,
}


def run(name: str, seconds: float) -> None:
    step, size = CASES[name]()
    for _ in range(20):
        step()
    done, start = 0, time.process_time()
    while (spent := time.process_time() - start) < seconds:
        for _ in range(10):
            step()
        done += 10
    print(f"{name:45} {done / spent:9,.0f}/s {done * size / spent / 1e6:9,.0f} MB/s {spent / done * 1e6:8.1f} us")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=0.5, help="per case")
    parser.add_argument("--only", default="", help="cases whose name contains this")
    parser.add_argument("--profile", action="store_true", help="where the time goes, case by case")
    options = parser.parse_args()
    for name in (name for name in CASES if options.only in name):
        run(name, options.seconds)
        if options.profile:
            step, _ = CASES[name]()
            with cProfile.Profile() as profile:
                for _ in range(3000):
                    step()
            pstats.Stats(profile).sort_stats("tottime").print_stats(18)


if __name__ == "__main__":
    main()
