"""Bytes that claim to be records: each is read or refused with `RecordsError`, and nothing is read outside its batch."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from support.logs import sealed
from tautolog.core.records.batch import HEADER_SIZE, batches, check, parse
from tautolog.core.records.errors import RecordsError
from tautolog.core.records.record import Record, batch_records, build, records, spans
from tautolog.core.records.varint import read_compact_bytes, read_compact_string, read_unsigned, read_varint

MODEL = build([Record(0, at, b"key", b"value" * at, [("h", b"x"), ("n", None)]) for at in range(4)])
LENGTHS = [
    at for span in spans(MODEL, parse(MODEL)) for at in (span.start, span.tail, span.key_end, span.headers_at - 1)
]
"""Where a record says how long something is, or how many there are."""
CHANGES = st.lists(st.tuples(st.integers(0, len(MODEL) - 1), st.integers(0, 255)), min_size=1, max_size=6)
INSIDE = st.lists(
    st.tuples(st.sampled_from(LENGTHS) | st.integers(57, len(MODEL) - 1), st.integers(0, 40) | st.integers(0, 255)),
    min_size=1,
    max_size=3,
)


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


@settings(max_examples=400)
@given(INSIDE, st.sampled_from([b"", b"SECRET" * 20]))
def test_records_stay_inside_their_batch(changes, behind):
    """The checksum is made right again: a peer may well send such bytes on purpose. What follows must not be seen."""
    batch = parse(sealed(changed(changes)))
    data = changed(changes) + behind
    found = []
    try:
        for record in batch_records(data, batch):
            found.append(record)
            assert fits(record, MODEL)
            assert b"SECRET" not in (record.value or b"") + (record.key or b"")
    except RecordsError:
        return
    assert len(found) == batch.record_count <= batch.size - HEADER_SIZE
    assert [record.offset for record in found] == sorted({record.offset for record in found})


@given(st.integers(1, 40), st.binary(max_size=10), st.binary(max_size=20))
def test_a_record_cannot_reach_behind_its_batch(reach, key, value):
    """Its own length and that of its value agree on a longer record, whose last byte, no headers, lies behind the batch."""
    data = build([(key, value)])
    span = next(spans(data, parse(data)))
    data[span.start] += 2 * reach
    data[span.value_start - 1] += 2 * reach
    with pytest.raises(RecordsError):
        list(batch_records(sealed(data) + bytes(100), parse(data)))


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
