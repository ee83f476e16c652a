"""The records of `__consumer_offsets`, in Kafka's own formats, so that Kafka's tools read our log and we read Kafka's.

A key begins with a 16-bit type: 1 an offset, 2 a classic group; other types belong to group protocols that are not served
and are passed over. A value begins with its version; no value is a tombstone. Offsets are written in version 4, which is
flexible and carries the topic id, or in version 1 where the client set an expiry; groups in version 3. Every version from
0 on is read; a later one than 4 as 4, since such may only add tagged fields (KIP-915).

This module decides bytes only: what a record means for the state is decided by `coordinator`.
"""

from __future__ import annotations

from struct import Struct
from typing import Final, NamedTuple

from tautolog.core.groups.group import CommittedOffset, Group, GroupState
from tautolog.core.groups.members import Member
from tautolog.core.messages._base import ZERO_UUID, Buffer
from tautolog.core.records.errors import RecordsError
from tautolog.core.records.varint import read_compact_bytes, read_compact_string, read_unsigned, write_compact_string

MAX_STRING: Final = 32767
"""The longest string that most of these records can hold, in bytes of UTF-8."""

_INT16: Final = Struct(">h")
_INT32: Final = Struct(">i")
_INT64: Final = Struct(">q")
_OFFSET: Final = Struct(">hqi")
_OFFSET_TYPE: Final = b"\0\1"
_GROUP_TYPE: Final = b"\0\2"
_TOPIC_ID_TAG: Final = b"\1\0\20"  # one tagged field: tag 0, sixteen bytes


class OffsetKey(NamedTuple):
    """The key of one committed offset."""

    group_id: str
    topic: str
    partition: int


class GroupKey(NamedTuple):
    """The key of one classic group."""

    group_id: str


def too_long(text: str) -> bool:
    """Whether a string does not fit into a record."""
    return len(text) > MAX_STRING // 3 and len(text.encode()) > MAX_STRING


def _string(text: str) -> bytes:
    raw = text.encode()
    return _INT16.pack(len(raw)) + raw


def _nullable(text: str | None) -> bytes:
    return b"\xff\xff" if text is None else _string(text)


def _bytes(raw: bytes) -> bytes:
    return _INT32.pack(len(raw)) + raw


def offset_key(group_id: str, topic: str, partition: int) -> bytes:
    """The key under which a committed offset is kept."""
    return _OFFSET_TYPE + _string(group_id) + _string(topic) + _INT32.pack(partition)


def group_key(group_id: str) -> bytes:
    """The key under which a classic group is kept."""
    return _GROUP_TYPE + _string(group_id)


def offset_value(committed: CommittedOffset) -> bytes:
    """The value that keeps a committed offset."""
    if committed.expires_ms is not None:
        stamps = _INT64.pack(committed.timestamp_ms) + _INT64.pack(committed.expires_ms)
        return _INT16.pack(1) + _INT64.pack(committed.offset) + _string(committed.metadata) + stamps
    out = bytearray(_OFFSET.pack(4, committed.offset, committed.leader_epoch))
    write_compact_string(out, committed.metadata)
    out += _INT64.pack(committed.timestamp_ms)
    if committed.topic_id == ZERO_UUID:
        out.append(0)
    else:
        out += _TOPIC_ID_TAG
        out += committed.topic_id
    return bytes(out)


def group_value(group: Group, assignments: dict[str, bytes] | None = None) -> bytes:
    """The value that keeps a group with its members; `assignments` are those about to be given, by member id."""
    parts = [
        _INT16.pack(3),
        _string(group.protocol_type or ""),
        _INT32.pack(group.generation),
        _nullable(group.protocol_name),
        _nullable(group.leader_id),
        _INT64.pack(-1 if group.state_since_ms is None else group.state_since_ms),
        _INT32.pack(len(group.members)),
    ]
    for member in group.members.values():
        assignment = member.assignment if assignments is None else assignments.get(member.member_id, b"")
        parts += (
            _string(member.member_id),
            _nullable(member.instance_id),
            _string(member.client_id),
            _string(member.client_host),
            _INT32.pack(member.rebalance_timeout_ms),
            _INT32.pack(member.session_timeout_ms),
            _bytes(member.metadata(group.protocol_name)),
            _bytes(assignment),
        )
    return b"".join(parts)


def read_key(raw: Buffer) -> OffsetKey | GroupKey | None:
    """The key of a record; None for one that belongs to another group protocol. Raises `RecordsError`."""
    reader = _Reader(raw)
    kind = reader.int16()
    if kind in {0, 1}:
        return OffsetKey(reader.string(), reader.string(), reader.int32())
    return GroupKey(reader.string()) if kind == 2 else None


def read_offset(raw: Buffer) -> CommittedOffset:
    """The committed offset that a value keeps. Raises `RecordsError`."""
    reader = _Reader(raw)
    version = reader.version()
    reader.flexible = version >= 4
    offset = reader.int64()
    leader_epoch = reader.int32() if version >= 3 else -1
    metadata = reader.string()
    timestamp_ms = reader.int64()
    expires_ms = reader.int64() if version == 1 else -1
    topic_id = reader.tagged().get(0, ZERO_UUID)
    return CommittedOffset(
        offset,
        leader_epoch,
        metadata,
        timestamp_ms,
        None if expires_ms < 0 else expires_ms,
        topic_id if len(topic_id) == 16 else ZERO_UUID,
    )


def read_group(group_id: str, raw: Buffer) -> Group:
    """The group that a value keeps: Stable if it has members, else Empty. Raises `RecordsError`."""
    reader = _Reader(raw)
    version = reader.version()
    reader.flexible = version >= 4
    protocol_type = reader.string()
    group = Group(group_id)
    group.generation = reader.int32()
    group.protocol_name = reader.nullable()
    leader_id = reader.nullable()
    since_ms = reader.int64() if version >= 2 else -1
    for _ in range(reader.count()):
        group.add(_read_member(reader, version, group.protocol_name), protocol_type)
    reader.tagged()
    group.protocol_type = protocol_type or None
    if group.members:
        group.state = GroupState.STABLE
        group.leader_id = leader_id if leader_id in group.members else group.leader_id
    group.state_since_ms = None if since_ms < 0 else since_ms
    group.learn_subscription()
    return group


def _read_member(reader: _Reader, version: int, protocol_name: str | None) -> Member:
    member_id = reader.string()
    instance_id = reader.nullable() if version >= 3 else None
    client_id, client_host = reader.string(), reader.string()
    rebalance_timeout_ms = reader.int32() if version >= 1 else -1
    session_timeout_ms = reader.int32()
    metadata, assignment = reader.blob(), reader.blob()
    reader.tagged()
    return Member(
        member_id,
        instance_id,
        client_id=client_id,
        client_host=client_host,
        session_timeout_ms=session_timeout_ms,
        rebalance_timeout_ms=session_timeout_ms if rebalance_timeout_ms < 0 else rebalance_timeout_ms,
        protocols=[(protocol_name or "", metadata)],
        assignment=assignment,
    )


class _Reader:
    """Walks over one key or value; whatever runs past the end is a `RecordsError`."""

    __slots__ = ("flexible", "position", "raw")

    def __init__(self, raw: Buffer) -> None:
        self.raw = bytes(raw)
        self.position = 0
        self.flexible = False

    def _take(self, length: int) -> bytes:
        end = self.position + length
        if length < 0 or end > len(self.raw):
            raise RecordsError("a group record ends too early")
        taken = self.raw[self.position : end]
        self.position = end
        return taken

    def int16(self) -> int:
        return int(_INT16.unpack(self._take(2))[0])

    def int32(self) -> int:
        return int(_INT32.unpack(self._take(4))[0])

    def int64(self) -> int:
        return int(_INT64.unpack(self._take(8))[0])

    def version(self) -> int:
        version = self.int16()
        if version < 0:
            raise RecordsError(f"a group record of version {version}")
        return version

    def nullable(self) -> str | None:
        if self.flexible:
            text, self.position = read_compact_string(self.raw, self.position)
            return text
        length = self.int16()
        if length < 0:
            return None
        try:
            return self._take(length).decode()
        except UnicodeDecodeError:
            raise RecordsError("a string is not UTF-8") from None

    def string(self) -> str:
        text = self.nullable()
        if text is None:
            raise RecordsError("a string is missing")
        return text

    def blob(self) -> bytes:
        if self.flexible:
            raw, self.position = read_compact_bytes(self.raw, self.position)
            return raw or b""
        return self._take(self.int32())

    def count(self) -> int:
        if not self.flexible:
            count = self.int32()
        else:
            count, self.position = read_unsigned(self.raw, self.position)
            count -= 1
        if count > len(self.raw) - self.position:
            raise RecordsError("a group record counts more members than it can hold")
        return max(count, 0)

    def tagged(self) -> dict[int, bytes]:
        fields: dict[int, bytes] = {}
        if not self.flexible:
            return fields
        count, self.position = read_unsigned(self.raw, self.position)
        for _ in range(count):
            tag, self.position = read_unsigned(self.raw, self.position)
            length, self.position = read_unsigned(self.raw, self.position)
            fields[tag] = self._take(length)
        return fields
