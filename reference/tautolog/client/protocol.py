"""What members of a consumer group tell each other, in Kafka's ConsumerProtocol bytes: subscriptions and assignments.

Brokers pass these through unread, so any Kafka client can share a group with ours. Versions 0 to 3 are read and written:
owned partitions come with 1, the generation with 2, the rack with 3. What a newer version adds behind is left alone, as the
protocol demands. Bytes that end too early raise `ProtocolError`.
"""

from __future__ import annotations

import struct
from typing import NamedTuple, TypeAlias

from tautolog.core.errors import ProtocolError
from tautolog.core.messages._base import Buffer

TopicPartition: TypeAlias = tuple[str, int]


class Subscription(NamedTuple):
    """What one member wants, and what it holds: `generation` says from when, -1 if it never held anything."""

    topics: list[str]
    user_data: bytes | None = None
    owned: list[TopicPartition] = []  # noqa: RUF012  # never changed
    generation: int = -1
    rack: str | None = None


def write_subscription(subscription: Subscription, version: int = 3) -> bytes:
    """The metadata that goes into JoinGroup."""
    out = bytearray(struct.pack(">hi", version, len(subscription.topics)))
    for topic in subscription.topics:
        _write_string(out, topic)
    _write_bytes(out, subscription.user_data)
    if version >= 1:
        _write_partitions(out, subscription.owned)
    if version >= 2:
        out += struct.pack(">i", subscription.generation)
    if version >= 3:
        _write_string(out, subscription.rack)
    return bytes(out)


def read_subscription(data: Buffer) -> Subscription:
    """A member's metadata, of any version."""
    reader = _Reader(data)
    version = reader.int16()
    topics = [reader.string() or "" for _ in range(reader.count())]
    user_data = reader.bytes()
    owned = reader.partitions() if version >= 1 else []
    generation = reader.int32() if version >= 2 else -1
    rack = reader.string() if version >= 3 else None
    return Subscription(topics, user_data, owned, generation, rack)


def write_assignment(partitions: list[TopicPartition], version: int = 3, user_data: bytes | None = None) -> bytes:
    """What the leader gives one member."""
    out = bytearray(struct.pack(">h", version))
    _write_partitions(out, partitions)
    _write_bytes(out, user_data)
    return bytes(out)


def read_assignment(data: Buffer) -> list[TopicPartition]:
    """What one member was given; nothing at all where there are no bytes."""
    if not len(data):
        return []
    reader = _Reader(data)
    reader.int16()
    return reader.partitions()


def _write_string(out: bytearray, text: str | None) -> None:
    if text is None:
        out += b"\xff\xff"
    else:
        raw = text.encode()
        out += struct.pack(">h", len(raw)) + raw


def _write_bytes(out: bytearray, data: bytes | None) -> None:
    if data is None:
        out += b"\xff\xff\xff\xff"
    else:
        out += struct.pack(">i", len(data)) + data


def _write_partitions(out: bytearray, partitions: list[TopicPartition]) -> None:
    by_topic: dict[str, list[int]] = {}
    for topic, partition in partitions:
        by_topic.setdefault(topic, []).append(partition)
    out += struct.pack(">i", len(by_topic))
    for topic, numbers in by_topic.items():
        _write_string(out, topic)
        out += struct.pack(f">i{len(numbers)}i", len(numbers), *numbers)


class _Reader:
    """A cursor that never leaves its bytes."""

    __slots__ = ("_data", "_position")

    def __init__(self, data: Buffer) -> None:
        self._data = bytes(data)
        self._position = 0

    def _take(self, length: int) -> bytes:
        start, end = self._position, self._position + length
        if length < 0 or end > len(self._data):
            raise ProtocolError(f"a member's metadata ends at byte {len(self._data)}, {end} were announced")
        self._position = end
        return self._data[start:end]

    def int16(self) -> int:
        return int.from_bytes(self._take(2), "big", signed=True)

    def int32(self) -> int:
        return int.from_bytes(self._take(4), "big", signed=True)

    def count(self) -> int:
        count = self.int32()
        if not 0 <= count <= len(self._data):
            raise ProtocolError(f"a member's metadata announces {count} elements in {len(self._data)} bytes")
        return count

    def string(self) -> str | None:
        length = self.int16()
        return None if length < 0 else self._take(length).decode(errors="replace")

    def bytes(self) -> bytes | None:
        length = self.int32()
        return None if length < 0 else self._take(length)

    def partitions(self) -> list[TopicPartition]:
        found = []
        for _ in range(self.count()):
            topic = self.string() or ""
            found += [(topic, self.int32()) for _ in range(self.count())]
        return found
