"""The end of a transaction as a control record: Kafka's bytes, both ways."""

import pytest
from kafka.record.default_records import DefaultRecordBatch

from tautolog.core.records.batch import parse
from tautolog.core.records.control import ControlType, EndMarker, build_end_marker, read_end_marker
from tautolog.core.records.errors import RecordsError
from tautolog.core.records.record import Record, records


@pytest.mark.parametrize("kind", ControlType)
def test_round_trip(kind):
    data = build_end_marker(EndMarker(kind, 12), timestamp=5, producer_id=7, producer_epoch=3)
    batch = parse(data)
    assert (batch.is_control, batch.is_transactional, batch.producer_id, batch.base_sequence) == (True, True, 7, -1)
    record = next(records(data))
    assert record.key == bytes([0, 0, 0, kind])
    assert record.value == b"\0\0" + (12).to_bytes(4, "big")
    assert read_end_marker(record) == EndMarker(kind, 12)
    theirs = next(iter(DefaultRecordBatch(bytes(data))))
    assert (theirs.abort, theirs.commit) == (kind is ControlType.ABORT, kind is ControlType.COMMIT)


def test_what_a_later_version_says_is_left_alone():
    assert read_end_marker(Record(0, 0, b"\0\0\0\x09", b"")) is None
    assert read_end_marker(Record(0, 0, b"\0\x01\0\x01more", b"\0\x01\0\0\0\x05more")) == EndMarker(
        ControlType.COMMIT, 5
    )


@pytest.mark.parametrize(
    ("key", "value"),
    [(None, b""), (b"\0\0", b""), (b"\xff\xff\0\0", b"\0" * 6), (b"\0\0\0\0", b"\0"), (b"\0\0\0\1", None)],
)
def test_no_control_record(key, value):
    with pytest.raises(RecordsError):
        read_end_marker(Record(0, 0, key, value))
