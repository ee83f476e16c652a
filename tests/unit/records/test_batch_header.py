"""The batch header: every field, what is refused and with which of Kafka's errors, what the broker writes into it."""

import pytest

from support.logs import sealed
from tautolog.core.errors import ErrorCode
from tautolog.core.records.batch import assign, batches, check, parse, stamp
from tautolog.core.records.errors import RecordsError
from tautolog.core.records.record import Record, build, records

RECORDS = [
    Record(0, 1000, b"k", b"v"),
    Record(1, 1007, None, b"w"),
    Record(2, 1003, b"k", None, [("h", b"x"), ("n", None)]),
]


def made(**fields):
    return build(RECORDS, **fields)


def test_every_field():
    data = made(base_offset=40, leader_epoch=3, producer_id=9, producer_epoch=2, base_sequence=5, transactional=True)
    batch = parse(data)
    assert (batch.position, batch.base_offset, batch.size, batch.leader_epoch, batch.magic) == (0, 40, len(data), 3, 2)
    assert (batch.last_offset_delta, batch.last_offset, batch.next_offset, batch.record_count) == (2, 42, 43, 3)
    assert (batch.base_timestamp, batch.max_timestamp) == (1000, 1007)
    assert (batch.producer_id, batch.producer_epoch, batch.base_sequence, batch.last_sequence) == (9, 2, 5, 7)
    assert (batch.compression, batch.is_transactional, batch.is_control, batch.log_append_time) == (
        0,
        True,
        False,
        False,
    )
    assert batch.delete_horizon_ms is None
    assert check(data, 0, batch)


def test_sequences_wrap_around():
    assert parse(made(producer_id=1, producer_epoch=0, base_sequence=2**31 - 2)).last_sequence == 0
    assert parse(made()).last_sequence == -1


@pytest.mark.parametrize("make", [bytes, bytearray, memoryview])
def test_at_a_position_in_any_buffer(make):
    data = make(bytes(b"before" + made() + made(base_offset=3)))
    first, second = batches(data, 6)
    assert (first.position, second.position) == (6, 6 + first.size)
    assert check(data, 6, first)
    assert check(data, second.position, second)
    assert not check(data, 6, second) or first.crc == second.crc


@pytest.mark.parametrize("position", [21, 22, 60, 61, -1])
def test_a_changed_byte_fails_the_checksum(position):
    data = made()
    data[position] ^= 1
    assert not check(data, 0, parse(data))


@pytest.mark.parametrize(
    ("change", "code", "says"),
    [
        (lambda data: data[:0], ErrorCode.INVALID_RECORD, "too few"),
        (lambda data: data[:16], ErrorCode.INVALID_RECORD, "too few"),
        (lambda data: data[:60], ErrorCode.INVALID_RECORD, "has only 60"),
        (lambda data: data[:-1], ErrorCode.INVALID_RECORD, "has only"),
        (lambda data: data[:16] + b"\0" + data[17:], ErrorCode.INVALID_RECORD, "v0 is not supported"),
        (lambda data: data[:16] + b"\1" + data[17:20], ErrorCode.INVALID_RECORD, "v1 is not supported"),
        (lambda data: data[:16] + b"\3" + data[17:], ErrorCode.CORRUPT_MESSAGE, "magic 3"),
        (lambda data: data[:16] + b"\xff" + data[17:], ErrorCode.CORRUPT_MESSAGE, "magic 255"),
        (lambda data: data[:8] + b"\0\0\0\x30" + data[12:], ErrorCode.CORRUPT_MESSAGE, "smaller than its header"),
        (lambda data: data[:8] + b"\xff\xff\xff\xff" + data[12:], ErrorCode.CORRUPT_MESSAGE, "smaller than its header"),
        (lambda data: data[:8] + b"\x7f\xff\xff\xff" + data[12:], ErrorCode.INVALID_RECORD, "has only"),
    ],
)
def test_what_is_no_batch(change, code, says):
    with pytest.raises(RecordsError, match=says) as refusal:
        parse(change(made()))
    assert refusal.value.code is code


def test_offset_and_epoch_are_assigned_without_the_checksum():
    data = bytearray(b"??") + made()
    batch = parse(data, 2)
    assign(data, batch, 2**40, 7)
    again = parse(data, 2)
    assert (again.base_offset, again.leader_epoch) == (batch.base_offset, batch.leader_epoch) == (2**40, 7)
    assert check(data, 2, again)
    assert [record.offset for record in records(memoryview(data)[2:])] == [2**40, 2**40 + 1, 2**40 + 2]


@pytest.mark.parametrize("append_time", [True, False])
def test_a_time_is_stamped_with_its_checksum(append_time):
    data = bytearray(b"??") + made() + made()
    batch = parse(data, 2)
    stamp(data, batch, 5000, log_append_time=append_time)
    again = parse(data, 2)
    assert (again.max_timestamp, again.log_append_time, again.crc) == (5000, append_time, batch.crc)
    assert check(data, 2, again)
    assert check(data, 2 + again.size, parse(data, 2 + again.size))
    expected = [5000] * 3 if append_time else [1000, 1007, 1003]
    assert [record.timestamp for record in records(data[2 : 2 + again.size])] == expected


def test_the_delete_horizon_is_the_base_timestamp():
    data = made()
    data[22] |= 0x40
    assert parse(sealed(data)).delete_horizon_ms == 1000


def test_repr_names_the_fields():
    assert "base_offset=3" in repr(parse(made(base_offset=3)))
