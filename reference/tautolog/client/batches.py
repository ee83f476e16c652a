"""The producer's queues: records become batches, one lane of batches per partition, in the order in which they were sent.

A lane of an idempotent producer numbers its batches when they are first sent and keeps the number through every retry, so
the broker can tell a repetition from news. What is queued in a lane is always: numbered batches first, by sequence, then
batches that were never sent, then the one still open.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

Header: TypeAlias = tuple[str, bytes | None]


class Delivery(NamedTuple):
    """How one `send` ended.

    `outcome` uses the words of a history: `ok` (acknowledged; `offset` is its place, or -1 if the broker no longer knew),
    `fail` (surely not written), `info` (nobody can tell). `error` is a Kafka error code or 0; `reason` says it in words.
    """

    ticket: int
    topic: str
    partition: int
    outcome: str
    offset: int
    error: int
    reason: str


class Pending:
    """One record that waits."""

    __slots__ = ("deadline_ms", "headers", "key", "partition", "size", "ticket", "timestamp_ms", "topic", "value")

    def __init__(
        self,
        ticket: int,
        topic: str,
        partition: int | None,
        key: bytes | None,
        value: bytes | None,
        headers: Sequence[Header],
        timestamp_ms: int,
        deadline_ms: int,
    ) -> None:
        self.ticket = ticket
        self.topic = topic
        self.partition = partition
        self.key = key
        self.value = value
        self.headers = headers
        self.timestamp_ms = timestamp_ms
        self.deadline_ms = deadline_ms
        self.size = 24 + len(key or b"") + len(value or b"")
        for name, content in headers:
            self.size += len(name) + len(content or b"") + 4


class Batch:
    """Records that travel together."""

    __slots__ = (
        "attempts",
        "created_ms",
        "deadline_ms",
        "epoch",
        "maybe_written",
        "not_before_ms",
        "producer_id",
        "records",
        "sequence",
        "settled",
        "size",
    )

    def __init__(self, first: Pending, now_ms: int) -> None:
        self.records = [first]
        self.size = 61 + first.size
        self.created_ms = now_ms
        self.deadline_ms = first.deadline_ms
        self.not_before_ms = 0
        self.producer_id = -1
        self.epoch = -1
        self.sequence = -1
        self.attempts = 0
        self.maybe_written = False
        """Whether some attempt may have been appended by the broker without our knowing."""
        self.settled = False
        """Whether the application was told; an answer may still be outstanding."""

    def add(self, record: Pending) -> None:
        """Take one more record along."""
        self.records.append(record)
        self.size += record.size


class Lane:
    """Everything on its way to one partition."""

    __slots__ = (
        "epoch",
        "in_flight",
        "next_sequence",
        "open",
        "partition",
        "producer_id",
        "queue",
        "restart",
        "topic",
        "unresolved",
    )

    def __init__(self, topic: str, partition: int) -> None:
        self.topic = topic
        self.partition = partition
        self.queue: deque[Batch] = deque()
        self.open: Batch | None = None
        self.in_flight: list[Batch] = []
        self.producer_id = -1
        self.epoch = -1
        self.next_sequence = 0
        self.unresolved = False
        """A numbered batch was given up with its fate unknown: nothing new is numbered until the epoch is raised."""
        self.restart = False
        """The broker has lost our place: queued numbers are void, the next epoch starts at 0 with them."""

    def add(self, record: Pending, now_ms: int, batch_size: int) -> None:
        """Put a record at the end."""
        batch = self.open
        if batch is not None and batch.size + record.size > batch_size:
            self.seal()
            batch = None
        if batch is None:
            self.open = Batch(record, now_ms)
        else:
            batch.add(record)

    def seal(self) -> None:
        """Close the open batch: it is ready to be sent."""
        if self.open is not None:
            self.queue.append(self.open)
            self.open = None

    def put_back(self, batch: Batch) -> None:
        """Queue a sent batch again, at its place by sequence (without one: at the front)."""
        position = 0
        if batch.sequence >= 0:
            for queued in self.queue:
                if queued.sequence < 0 or queued.sequence > batch.sequence:
                    break
                position += 1
        self.queue.insert(position, batch)

    def numbered(self) -> bool:
        """Whether any batch with a number is still undecided."""
        return bool(self.in_flight) or any(batch.sequence >= 0 for batch in self.queue)

    def idle(self) -> bool:
        """Whether nothing is left to send or to hear about."""
        return not self.in_flight and not self.queue and self.open is None


def murmur2(data: bytes) -> int:
    """Kafka's hash of a key, unsigned: MurmurHash2 with Kafka's seed.

    A key goes to partition `(murmur2(key) & 0x7FFFFFFF) % partitions`.

    >>> murmur2(b"21")
    3321034988
    """
    mask = 0xFFFFFFFF
    length = len(data)
    state = (0x9747B28C ^ length) & mask
    whole = length & ~3
    for position in range(0, whole, 4):
        word = int.from_bytes(data[position : position + 4], "little") * 0x5BD1E995 & mask
        word = (word ^ (word >> 24)) * 0x5BD1E995 & mask
        state = (state * 0x5BD1E995 & mask) ^ word
    if length & 3:
        state = ((state ^ int.from_bytes(data[whole:], "little")) * 0x5BD1E995) & mask
    state = ((state ^ (state >> 13)) * 0x5BD1E995) & mask
    return state ^ (state >> 15)
