"""Whatever records are built into a batch come out again, here and at kafka-python, and the bytes are theirs."""

from hypothesis import given
from hypothesis import strategies as st
from kafka.record.default_records import DefaultRecordBatch, DefaultRecordBatchBuilder

from tautolog.core.records.batch import batches, check, parse
from tautolog.core.records.control import ControlType, EndMarker, build_end_marker, read_end_marker
from tautolog.core.records.record import Record, build, records
from tautolog.core.records.varint import read_unsigned, read_varint, varint_size, write_unsigned, write_varint

INT64 = st.integers(-(2**63), 2**63 - 1)
TIMES = st.integers(-1, 2**48) | st.integers(0, 50)
FIELD = st.none() | st.binary(max_size=300)
HEADERS = st.lists(st.tuples(st.text(max_size=5), st.none() | st.binary(max_size=80)), max_size=3)
ENTRIES = st.lists(st.builds(Record, st.just(0), TIMES, FIELD, FIELD, HEADERS), min_size=1, max_size=8)


@given(ENTRIES, st.integers(0, 2**40), st.booleans())
def test_records(entries, base_offset, transactional):
    producer = {"producer_id": 5, "producer_epoch": 1, "base_sequence": 2**31 - 3} if transactional else {}
    data = build(entries, base_offset=base_offset, transactional=transactional, leader_epoch=0, **producer)
    expected = [entry._replace(offset=base_offset + at) for at, entry in enumerate(entries)]
    assert list(records(data)) == expected
    batch = parse(data)
    assert check(data, 0, batch)
    assert batch.max_timestamp == max(entry.timestamp for entry in entries)
    assert list(DefaultRecordBatch(bytes(data)))[-1].value == entries[-1].value
    builder = DefaultRecordBatchBuilder(2, 0, transactional, *(producer.values() or (-1, -1, -1)), 1 << 20)
    for at, entry in enumerate(entries):
        builder.append(at, *entry[1:])
    assert bytes(builder.build())[8:] == bytes(data)[8:]


@given(st.lists(ENTRIES, max_size=4))
def test_batches_behind_each_other(groups):
    data, offset = bytearray(), 0
    for entries in groups:
        data += build(entries, base_offset=offset)
        offset += len(entries)
    assert [record.offset for record in records(data)] == list(range(offset))
    assert sum(batch.size for batch in batches(data)) == len(data)


@given(INT64)
def test_zigzag(value):
    out = bytearray(b"x")
    write_varint(out, value)
    assert read_varint(out, 1) == (value, len(out))
    assert varint_size(value) == len(out) - 1


@given(st.integers(0, 2**64 - 1))
def test_unsigned(value):
    out = bytearray(b"x")
    write_unsigned(out, value)
    assert read_unsigned(out, 1) == (value, len(out))


@given(st.sampled_from(ControlType), st.integers(-(2**31), 2**31 - 1))
def test_markers(kind, epoch):
    data = build_end_marker(EndMarker(kind, epoch), timestamp=1, producer_id=2, producer_epoch=3)
    assert read_end_marker(next(records(data))) == EndMarker(kind, epoch)
