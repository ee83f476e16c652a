"""The records of `__consumer_offsets`, held against bytes that Apache Kafka 4.3.0 wrote into its own log."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.group_transcript import subscription
from tautolog.core.groups.group import CommittedOffset, Group, GroupState
from tautolog.core.groups.journal import partition_of
from tautolog.core.groups.members import Member
from tautolog.core.groups.records import (
    GroupKey,
    OffsetKey,
    group_key,
    group_value,
    offset_key,
    offset_value,
    read_group,
    read_key,
    read_offset,
)
from tautolog.core.groups.subscription import topics_of
from tautolog.core.records.errors import RecordsError

TOPIC_ID = bytes.fromhex("301c71620ee74b6ab3e80194b31d923a")
WRITTEN_BY_KAFKA = {
    # what was committed: (key, value) in hex
    CommittedOffset(77, 5, "md", 1795525790053, None, TOPIC_ID): (
        "000100046b65657000017400000000",
        "0004000000000000004d00000005036d64000001a20dad4965010010301c71620ee74b6ab3e80194b31d923a",
    ),
    CommittedOffset(78, -1, "", 1795525790053, None, TOPIC_ID): (
        "000100046b65657000017400000001",
        "0004000000000000004effffffff01000001a20dad4965010010301c71620ee74b6ab3e80194b31d923a",
    ),
    CommittedOffset(5, -1, "md", 1795525789746, 1795525889746): (
        "0001000372657400017400000000",
        "0001000000000000000500026d64000001a20dad4832000001a20daeced2",
    ),
}
NEW_GROUP = "0003000000000000ffffffff000001a20dad483400000000"
EMPTIED_GROUP = "00030008636f6e73756d657200000002ffffffff000001a20dae33ca00000000"
MEMBER_ID = "k-2ea34e5d-191c-4908-8f29-9555985478b8"
STABLE_GROUP = (
    "00030008636f6e73756d657200000001000572616e676500266b2d32656133346535642d313931632d343930382d386632392d393535353938"
    "353437386238000001a20dad49600000000100266b2d32656133346535642d313931632d343930382d386632392d3935353539383534373862"
    "3800016b000161000a2f3132372e302e302e310000ea600000ea600000001000000000000200017400017500000000000000026b6b"
)


@pytest.mark.parametrize(("committed", "written"), WRITTEN_BY_KAFKA.items())
def test_offsets_are_written_and_read_as_kafka_writes_them(committed, written):
    key, value = map(bytes.fromhex, written)
    named = read_key(key)
    assert isinstance(named, OffsetKey)
    assert offset_key(*named) == key
    assert offset_value(committed) == value
    assert read_offset(memoryview(value)) == committed


def test_an_offset_without_a_topic_id_has_no_tagged_field():
    committed = CommittedOffset(1, 2, "x", 3)
    assert offset_value(committed).hex() == "00040000000000000001000000020278000000000000000300"
    assert read_offset(offset_value(committed)) == committed


@pytest.mark.parametrize(
    ("version", "rest", "expected"),
    [
        (0, "00000000000000070001610000000000000009", CommittedOffset(7, -1, "a", 9)),
        (1, "00000000000000070001610000000000000009ffffffffffffffff", CommittedOffset(7, -1, "a", 9)),
        (2, "00000000000000070001610000000000000009", CommittedOffset(7, -1, "a", 9)),
        (3, "0000000000000007000000040001610000000000000009", CommittedOffset(7, 4, "a", 9)),
        # a version of the future: with a tagged field that nobody here knows
        (5, "00000000000000070000000402610000000000000009010902beef", CommittedOffset(7, 4, "a", 9)),
    ],
)
def test_offsets_of_every_version_are_read(version, rest, expected):
    assert read_offset(struct.pack(">h", version) + bytes.fromhex(rest)) == expected


def member_of_kafka():
    return Member(
        MEMBER_ID,
        "k",
        client_id="a",
        client_host="/127.0.0.1",
        session_timeout_ms=60_000,
        rebalance_timeout_ms=60_000,
        protocols=[("range", b"\0\0\0\0\0\2\0\1t\0\1u\0\0\0\0"), ("rr", b"zz")],
    )


def test_groups_are_written_as_kafka_writes_them():
    group = Group("keep", 1795525789748)
    assert group_key("keep").hex() == "000200046b656570"
    assert group_value(group).hex() == NEW_GROUP

    group.add(member_of_kafka(), "consumer")
    group.generation = 1
    group.protocol_name = "range"
    group.state_since_ms = 1795525790048
    assert group_value(group, {MEMBER_ID: b"kk"}).hex() == STABLE_GROUP

    group.remove(MEMBER_ID)
    group.generation = 2
    group.protocol_name = None
    group.state_since_ms = 1795525850058
    assert group_value(group).hex() == EMPTIED_GROUP


def test_groups_of_kafka_are_read():
    group = read_group("keep", bytes.fromhex(STABLE_GROUP))
    assert (group.state, group.generation, group.protocol_name) == (GroupState.STABLE, 1, "range")
    assert (group.leader_id, group.static) == (MEMBER_ID, {"k": MEMBER_ID})
    member = group.members[MEMBER_ID]
    assert (member.client_id, member.client_host, member.assignment) == ("a", "/127.0.0.1", b"kk")
    assert (member.session_timeout_ms, member.rebalance_timeout_ms) == (60_000, 60_000)
    assert group.subscribed == {"t", "u"}
    assert group_value(group).hex() == STABLE_GROUP

    emptied = read_group("keep", bytes.fromhex(EMPTIED_GROUP))
    assert (emptied.state, emptied.generation, emptied.protocol_type) == (GroupState.EMPTY, 2, "consumer")
    assert (emptied.state_since_ms, emptied.is_subscribed("t")) == (1795525850058, False)

    new = read_group("keep", bytes.fromhex(NEW_GROUP))
    assert (new.state, new.generation, new.protocol_type) == (GroupState.EMPTY, 0, None)


@pytest.mark.parametrize("version", [0, 1, 2, 3, 4])
def test_groups_of_every_version_are_read(version):
    def text(value):
        raw = value.encode()
        return bytes([len(raw) + 1]) + raw if version >= 4 else struct.pack(">h", len(raw)) + raw

    def blob(raw):
        return bytes([len(raw) + 1]) + raw if version >= 4 else struct.pack(">i", len(raw)) + raw

    value = struct.pack(">h", version) + text("consumer") + struct.pack(">i", 3) + text("range") + text("m")
    value += struct.pack(">q", 99) if version >= 2 else b""
    value += b"\2" if version >= 4 else struct.pack(">i", 1)
    value += text("m") + (text("inst") if version >= 3 else b"") + text("c") + text("/h")
    value += (struct.pack(">i", 7) if version >= 1 else b"") + struct.pack(">i", 8) + blob(b"s") + blob(b"a")
    value += b"\0\0" if version >= 4 else b""
    group = read_group("g", value)
    member = group.members["m"]
    assert (group.generation, group.leader_id, group.state) == (3, "m", GroupState.STABLE)
    assert group.state_since_ms == (99 if version >= 2 else None)
    assert member.instance_id == ("inst" if version >= 3 else None)
    assert (member.rebalance_timeout_ms, member.session_timeout_ms) == (7 if version >= 1 else 8, 8)
    assert (member.metadata("range"), member.assignment) == (b"s", b"a")


def test_keys_of_other_group_protocols_are_passed_over():
    assert read_key(struct.pack(">h", 3) + b"whatever") is None
    assert read_key(group_key("größe")) == GroupKey("größe")


def test_what_is_cut_off_is_a_records_error():
    whole = bytes.fromhex(STABLE_GROUP)
    for length in range(len(whole)):
        with pytest.raises(RecordsError):
            read_group("keep", whole[:length])
    key, value = map(bytes.fromhex, WRITTEN_BY_KAFKA[CommittedOffset(77, 5, "md", 1795525790053, None, TOPIC_ID)])
    for length in range(len(value)):
        with pytest.raises(RecordsError):
            read_offset(value[:length])
    for length in range(len(key)):
        with pytest.raises(RecordsError):
            read_key(key[:length])


@given(st.binary(max_size=80), st.integers(0, 5))
def test_hostile_bytes_are_a_records_error_or_a_value(raw, version):
    for read in (read_key, read_offset, lambda value: read_group("g", value)):
        try:
            read(struct.pack(">h", version) + raw)
        except RecordsError:
            continue


@given(
    st.builds(
        CommittedOffset,
        st.integers(-(2**63), 2**63 - 1),
        st.integers(-1, 2**31 - 1),
        st.text(max_size=40),
        st.integers(0, 2**62),
        st.none(),
        st.binary(min_size=16, max_size=16),
    )
)
def test_offsets_come_back_as_they_went(committed):
    assert read_offset(offset_value(committed)) == committed


def test_a_group_lives_in_the_partition_that_java_computes():
    # String.hashCode, folded to 0 where its absolute value does not fit
    expected = {"": 0, "orders": 31, "order-processor": 23, "größe": 7, "polygenelubricants": 0, "\U0001f600": 49}
    assert {group_id: partition_of(group_id, 50) for group_id in expected} == expected


def test_subscriptions_that_cannot_be_read_say_nothing():
    whole = subscription("orders", "größe") + b"later versions say more here"
    assert topics_of(whole) == ["orders", "größe"]
    for length in range(len(subscription("orders", "größe"))):
        assert topics_of(whole[:length]) is None
    assert topics_of(b"\xff\xff" + whole[2:]) is None
    assert topics_of(b"\0\0\x7f\xff\xff\xff" + whole) is None
    assert topics_of(b"\0\0\0\0\0\1\0\2\xff\xfe\0\0\0\0") is None
