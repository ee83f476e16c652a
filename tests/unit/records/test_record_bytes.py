"""What `build` writes is to the byte what kafka-python and aiokafka write; what they write, `records` reads."""

import gzip

import pytest
from aiokafka.record.default_records import DefaultRecordBatchBuilder as AiokafkaBuilder
from kafka.record.default_records import DefaultRecordBatch
from kafka.record.default_records import DefaultRecordBatchBuilder as KafkaPythonBuilder

from support.logs import opaque, sealed
from tautolog.core.errors import ErrorCode
from tautolog.core.records.batch import check, parse
from tautolog.core.records.errors import RecordsError
from tautolog.core.records.record import Record, batch_records, build, records, spans

CASES = {
    "one": [Record(0, 1_700_000_000_000, b"key", b"value")],
    "nulls": [Record(0, 5, None, None), Record(1, 5, b"", b"")],
    "headers": [Record(0, 5, b"k", b"v", [("a", b"1"), ("a", None), ("", b""), ("ümlaut", b"\xff")])],
    "times out of order": [Record(0, 2**41, b"k", b"v"), Record(1, 3, b"k", b"v"), Record(2, 2**42, b"k", b"v")],
    "large": [Record(0, 5, b"k" * 200, b"v" * 70_000), Record(1, 6, b"", b"v" * 64)],
    "many": [Record(at, 5 + at, b"%d" % at, b"v" * at) for at in range(300)],
}
PRODUCER = {"producer_id": 7, "producer_epoch": 3, "base_sequence": 11}


def theirs(builder, entries, *, transactional=False, codec=0, **producer):
    producer = {"producer_id": -1, "producer_epoch": -1, "base_sequence": -1} | producer
    made = builder(2, codec, transactional, batch_size=1 << 20, **producer)
    for at, (_, timestamp, key, value, headers) in enumerate(entries):
        made.append(at, timestamp, key, value, headers)
    return bytes(made.build())


@pytest.mark.parametrize(("builder", "epoch"), [(KafkaPythonBuilder, 0), (AiokafkaBuilder, -1)])
@pytest.mark.parametrize("entries", CASES.values(), ids=CASES)
@pytest.mark.parametrize("fields", [{}, PRODUCER, PRODUCER | {"transactional": True}])
def test_the_same_bytes_as_other_producers(builder, epoch, entries, fields):
    assert bytes(build(entries, leader_epoch=epoch, **fields)) == theirs(builder, entries, **fields)


@pytest.mark.parametrize("entries", CASES.values(), ids=CASES)
def test_what_is_built_is_read(entries):
    data = build(entries)
    assert check(data, 0, parse(data))
    assert list(records(data)) == entries
    others = list(DefaultRecordBatch(bytes(data)))
    assert [(r.offset, r.timestamp, r.key, r.value, r.headers) for r in others] == entries


@pytest.mark.parametrize("make", [bytes, bytearray, memoryview])
def test_read_from_any_buffer_at_a_position(make):
    data = make(bytes(b"??" + build(CASES["headers"], base_offset=4)))
    assert list(batch_records(data, parse(data, 2))) == [CASES["headers"][0]._replace(offset=4)]


def test_pairs_take_the_batch_timestamp():
    assert list(records(build([(b"k", b"v"), (None, None)], timestamp=9, base_offset=3))) == [
        Record(3, 9, b"k", b"v"),
        Record(4, 9, None, None),
    ]


def test_append_time_counts_for_every_record():
    data = build([Record(0, 1, None, b"v"), Record(1, 2, None, b"w")], timestamp=50, log_append_time=True)
    assert [record.timestamp for record in records(data)] == [50, 50]


def test_a_batch_of_nothing_is_not_built():
    with pytest.raises(ValueError, match="at least one"):
        build([])


def test_compressed_records_stay_opaque():
    entries = [Record(at, 5, b"k", b"v" * 50) for at in range(10)]
    data = theirs(KafkaPythonBuilder, entries, codec=1)
    batch = parse(data)
    assert (batch.compression, batch.record_count, check(data, 0, batch)) == (1, 10, True)
    assert gzip.decompress(data[61:])
    with pytest.raises(RecordsError) as refusal:
        list(records(data))
    assert refusal.value.code is ErrorCode.UNSUPPORTED_COMPRESSION_TYPE
    with pytest.raises(RecordsError):
        list(spans(opaque(build(entries)), parse(opaque(build(entries)))))


def broken(change):
    data = build([Record(0, 5, b"key", b"value", [("h", b"x")]), Record(1, 5, b"key", b"value")])
    return sealed(change(data) or data)


def put(position, value):
    def change(data):
        data[position] = value

    return change


@pytest.mark.parametrize(
    "change",
    [
        put(61, 0x7E),  # the first record longer than it is
        put(61, 0x02),  # shorter
        put(61, 0x01),  # negative
        put(61, 0x00),  # empty
        put(64, 0x03),  # offset delta -2
        put(64, 0x7E),  # beyond the last offset delta
        put(65, 0x7E),  # a key past the record
        put(65, 0x03),  # a key of -2 bytes
        put(69, 0x7E),  # a value past the record
        put(69, 0x05),  # a value of -3 bytes
        put(75, 0x01),  # minus one headers
        put(75, 0x04),  # more headers than there are
        put(75, 0x00),  # fewer
        put(76, 0x03),  # a header without name
        put(76, 0x7E),  # a header's name past the record
        put(78, 0x7E),  # a header's value past the record
        put(78, 0x03),  # a header's value of -2 bytes
        put(60, 3),  # more records than there are
        put(60, 1),  # fewer
        put(57, 0xFF),  # minus many
        lambda data: data + b"\0",  # bytes left over
    ],
)
def test_records_that_do_not_fit(change):
    data = broken(change)
    data[8:12] = (len(data) - 12).to_bytes(4, "big")
    batch = parse(sealed(data))
    with pytest.raises(RecordsError):
        list(batch_records(data, batch))


def test_the_unbroken_one_is_fine():
    assert len(list(records(broken(put(63, 0))))) == 2


def test_header_names_that_are_no_text_are_replaced_as_kafka_does():
    data = build([Record(0, 5, None, b"v", [("h", b"x")])])
    at = data.index(b"\x02h") + 1
    data[at] = 0xFF
    assert next(records(sealed(data))).headers == [("�", b"x")]
