"""The records of the metadata log, in Kafka's own format (KIP-631): what they say and how they are written.

A record's value is a frame version, the record's type, its version, and its fields, the flexible encoding throughout.
Types, versions and field order are those of `org.apache.kafka.common.metadata` 4.3.0; only the types that this broker
writes are here. Tagged fields that it does not know are skipped, a type that it does not know is a `RecordsError`: a
newer Tautolog wrote it, and guessing would lose metadata.
"""

from __future__ import annotations

from struct import Struct
from typing import Final, NamedTuple, TypeAlias

from tautolog.core.messages._base import ZERO_UUID, Buffer
from tautolog.core.records.errors import RecordsError
from tautolog.core.records.varint import read_compact_string, read_unsigned, write_compact_string, write_unsigned

_FRAME_VERSION: Final = 1
_INT8: Final = Struct(">b")
_INT16: Final = Struct(">h")
_INT32: Final = Struct(">i")
_INT64: Final = Struct(">q")

DIRECTORY_UNASSIGNED: Final = ZERO_UUID


class TopicRecord(NamedTuple):
    """A topic exists; its partitions follow."""

    name: str
    topic_id: bytes


class PartitionRecord(NamedTuple):
    """A partition exists, with these replicas and this leader."""

    partition_id: int
    topic_id: bytes
    replicas: list[int]
    isr: list[int]
    leader: int
    leader_epoch: int
    partition_epoch: int


class PartitionChangeRecord(NamedTuple):
    """A partition has a new leader, or the same one anew: either way its leader epoch goes up by one."""

    partition_id: int
    topic_id: bytes
    leader: int


class ConfigRecord(NamedTuple):
    """A configuration of a resource is set; None takes it away."""

    resource_type: int
    resource_name: str
    name: str
    value: str | None


class RemoveTopicRecord(NamedTuple):
    """A topic and its partitions are gone."""

    topic_id: bytes


class FeatureLevelRecord(NamedTuple):
    """A feature of the cluster is at this level."""

    name: str
    level: int


class ProducerIdsRecord(NamedTuple):
    """Producer ids below `next_producer_id` have been given to a broker, in blocks."""

    broker_id: int
    broker_epoch: int
    next_producer_id: int


MetadataRecord: TypeAlias = (
    TopicRecord
    | PartitionRecord
    | PartitionChangeRecord
    | ConfigRecord
    | RemoveTopicRecord
    | FeatureLevelRecord
    | ProducerIdsRecord
)


class _Writer:
    """The fields of one record, as bytes."""

    __slots__ = ("out",)

    def __init__(self, kind: int, version: int) -> None:
        self.out = bytearray()
        for number in (_FRAME_VERSION, kind, version):
            write_unsigned(self.out, number)

    def string(self, value: str | None) -> None:
        write_compact_string(self.out, value)

    def ints(self, values: list[int]) -> None:
        write_unsigned(self.out, len(values) + 1)
        for value in values:
            self.out += _INT32.pack(value)

    def pack(self, field: Struct, value: int) -> None:
        self.out += field.pack(value)


def encode(record: MetadataRecord) -> bytes:
    """The value of the record that says it."""
    if isinstance(record, TopicRecord):
        w = _Writer(2, 0)
        w.string(record.name)
        w.out += record.topic_id
    elif isinstance(record, PartitionRecord):
        w = _Writer(3, 2)
        w.pack(_INT32, record.partition_id)
        w.out += record.topic_id
        w.ints(record.replicas)
        w.ints(record.isr)
        w.ints([])  # removing
        w.ints([])  # adding
        for value in (record.leader, record.leader_epoch, record.partition_epoch):
            w.pack(_INT32, value)
        write_unsigned(w.out, len(record.replicas) + 1)
        w.out += DIRECTORY_UNASSIGNED * len(record.replicas)
    elif isinstance(record, PartitionChangeRecord):
        w = _Writer(5, 2)
        w.pack(_INT32, record.partition_id)
        w.out += record.topic_id
        w.out += b"\x01\x01\x04"  # one tagged field: tag 1, four bytes
        w.pack(_INT32, record.leader)
        return bytes(w.out)
    elif isinstance(record, ConfigRecord):
        w = _Writer(4, 0)
        w.pack(_INT8, record.resource_type)
        for text in (record.resource_name, record.name, record.value):
            w.string(text)
    elif isinstance(record, RemoveTopicRecord):
        w = _Writer(9, 0)
        w.out += record.topic_id
    elif isinstance(record, FeatureLevelRecord):
        w = _Writer(12, 0)
        w.string(record.name)
        w.pack(_INT16, record.level)
    else:
        w = _Writer(15, 0)
        w.pack(_INT32, record.broker_id)
        w.pack(_INT64, record.broker_epoch)
        w.pack(_INT64, record.next_producer_id)
    w.out.append(0)  # no tagged fields
    return bytes(w.out)


class _Reader:
    """The fields of one record, taken in order; whatever is cut short is a `RecordsError`."""

    __slots__ = ("buffer", "position")

    def __init__(self, buffer: Buffer) -> None:
        self.buffer = memoryview(buffer)
        self.position = 0

    def unsigned(self) -> int:
        value, self.position = read_unsigned(self.buffer, self.position)
        return value

    def take(self, length: int) -> bytes:
        start, self.position = self.position, self.position + length
        if self.position > len(self.buffer):
            raise RecordsError("a metadata record is cut short")
        return bytes(self.buffer[start : self.position])

    def unpack(self, field: Struct) -> int:
        value: int = field.unpack(self.take(field.size))[0]
        return value

    def string(self) -> str:
        value = self.nullable_string()
        if value is None:
            raise RecordsError("a metadata record has no string where one must be")
        return value

    def nullable_string(self) -> str | None:
        value, self.position = read_compact_string(self.buffer, self.position)
        return value

    def ints(self) -> list[int]:
        count = self.unsigned() - 1
        if count * _INT32.size > len(self.buffer) - self.position:
            raise RecordsError("a metadata record is cut short")
        return [self.unpack(_INT32) for _ in range(count)]

    def tagged(self) -> dict[int, bytes]:
        found: dict[int, bytes] = {}
        for _ in range(self.unsigned()):
            tag = self.unsigned()
            found[tag] = self.take(self.unsigned())
        return found


def decode(value: Buffer | None) -> MetadataRecord:
    """The record that `value` says, or `RecordsError`."""
    if value is None:
        raise RecordsError("a metadata record has no value")
    r = _Reader(value)
    frame, kind, version = r.unsigned(), r.unsigned(), r.unsigned()
    if frame != _FRAME_VERSION:
        raise RecordsError(f"metadata frame version {frame} is not known here")
    record: MetadataRecord
    if (kind, version) == (2, 0):
        record = TopicRecord(r.string(), r.take(16))
    elif kind == 3 and version <= 2:
        record = _partition(r)
    elif kind == 5 and version <= 2:
        partition_id, topic_id = r.unpack(_INT32), r.take(16)
        leader = r.tagged().get(1)
        if leader is None:
            raise RecordsError("a change of a partition names no leader")
        return PartitionChangeRecord(partition_id, topic_id, _Reader(leader).unpack(_INT32))
    elif (kind, version) == (4, 0):
        record = ConfigRecord(r.unpack(_INT8), r.string(), r.string(), r.nullable_string())
    elif (kind, version) == (9, 0):
        record = RemoveTopicRecord(r.take(16))
    elif (kind, version) == (12, 0):
        record = FeatureLevelRecord(r.string(), r.unpack(_INT16))
    elif (kind, version) == (15, 0):
        record = ProducerIdsRecord(r.unpack(_INT32), r.unpack(_INT64), r.unpack(_INT64))
    else:
        raise RecordsError(f"metadata record type {kind} version {version} is not known here")
    r.tagged()
    return record


def _partition(r: _Reader) -> PartitionRecord:
    partition_id, topic_id, replicas, isr = r.unpack(_INT32), r.take(16), r.ints(), r.ints()
    r.ints()
    r.ints()
    return_value = PartitionRecord(
        partition_id, topic_id, replicas, isr, r.unpack(_INT32), r.unpack(_INT32), r.unpack(_INT32)
    )
    r.take(16 * max(r.unsigned() - 1, 0))
    return return_value
