"""Bytes that claim to be records: each is read or refused with `RecordsError`, and nothing is read outside its batch."""

from hypothesis import example, given
from hypothesis import strategies as st

from support.logs import sealed
from tautolog.core.records.batch import HEADER_SIZE, batches, check, parse
from tautolog.core.records.errors import RecordsError
from tautolog.core.records.record import Record, batch_records, build, records
from tautolog.core.records.varint import read_compact_bytes, read_compact_string, read_unsigned, read_varint

MODEL = build([Record(0, at, b"key", b"value" * at, [("h", b"x"), ("n", None)]) for at in range(4)])
CHANGES = st.lists(st.tuples(st.integers(0, len(MODEL) - 1), st.integers(0, 255)), min_size=1, max_size=6)
INSIDE = st.lists(st.tuples(st.integers(21, len(MODEL) - 1), st.integers(0, 255)), min_size=1, max_size=4)


def changed(changes):
    data = bytearray(MODEL)
    for position, value in changes:
        data[position] = value
    return data


def fits(record, data):
    size = len(record.key or b"") + len(record.value or b"")
    return size + sum(len(name.encode()) // 3 + len(value or b"") for name, value in record.headers) <= len(data)


@given(st.binary(max_size=200))
@example(bytes(61))
@example(bytes(16) + b"\2" + bytes(60))
def test_any_bytes(data):
    for read in (lambda: list(records(data)), lambda: list(batches(data)), lambda: parse(data)):
        try:
            read()
        except RecordsError:
            continue


@given(CHANGES, st.integers(0, len(MODEL)))
def test_a_damaged_batch_is_refused_or_fails_its_checksum(changes, length):
    data = changed(changes)[:length]
    try:
        batch = parse(data)
    except RecordsError:
        return
    assert batch.size <= len(data)
    if data[21:] != MODEL[21:]:
        assert not check(data, 0, batch)


@given(INSIDE)
def test_records_stay_inside_their_batch(changes):
    """The checksum is made right again: a peer may well send such bytes on purpose. What follows must not be seen."""
    secret = b"SECRET" * 20
    data = sealed(changed(changes)) + secret
    batch = parse(data)
    try:
        found = list(batch_records(data, batch))
    except RecordsError:
        return
    assert len(found) == batch.record_count <= batch.size - HEADER_SIZE
    assert [record.offset for record in found] == sorted({record.offset for record in found})
    for record in found:
        assert fits(record, data)
        assert b"SECRET" not in (record.value or b"") + (record.key or b"")


@given(st.binary(max_size=30), st.integers(0, 30))
def test_fields(data, position):
    for read in (read_unsigned, read_varint, read_compact_bytes, read_compact_string):
        try:
            value, end = read(data, position)
        except RecordsError:
            continue
        assert position < end <= len(data)
        if isinstance(value, bytes):
            assert value == data[end - len(value) : end]
