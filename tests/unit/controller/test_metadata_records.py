"""The records of the metadata log are Kafka's to the byte; the hex below was written by Apache Kafka 4.3.0."""

import pytest

from tautolog.core.controller.records import (
    ConfigRecord,
    FeatureLevelRecord,
    PartitionChangeRecord,
    PartitionRecord,
    ProducerIdsRecord,
    RemoveTopicRecord,
    TopicRecord,
    decode,
    encode,
)
from tautolog.core.records.errors import RecordsError

TOPIC_ID = bytes.fromhex("d2d73faa0a6b45d0a4ec4093422bef69")

WRITTEN_BY_KAFKA = [
    ("010c00116d657461646174612e76657273696f6e001e00", FeatureLevelRecord("metadata.version", 30)),
    (
        "0104000401146d696e2e696e73796e632e7265706c69636173023200",
        ConfigRecord(4, "", "min.insync.replicas", "2"),
    ),
    ("0102000670726f6265d2d73faa0a6b45d0a4ec4093422bef6900", TopicRecord("probe", TOPIC_ID)),
    ("0109002b57232c48854f34a6211199f4e02e6500", RemoveTopicRecord(bytes.fromhex("2b57232c48854f34a6211199f4e02e65"))),
]

ALL = [
    *(record for _, record in WRITTEN_BY_KAFKA),
    PartitionRecord(7, TOPIC_ID, [1, 2], [2], 2, 3, 4),
    PartitionChangeRecord(7, TOPIC_ID, 2),
    ConfigRecord(2, "orders", "retention.ms", None),
    ConfigRecord(32, "grün", "x", "" * 3),
    ProducerIdsRecord(1, 5, 2**40),
]


@pytest.mark.parametrize(("text", "record"), WRITTEN_BY_KAFKA, ids=lambda value: type(value).__name__)
def test_kafkas_bytes(text, record):
    assert encode(record).hex() == text
    assert decode(bytes.fromhex(text)) == record


def test_a_partition_of_kafkas_is_read_with_its_directory_and_eligible_replicas_skipped():
    text = (
        "01030200000000d2d73faa0a6b45d0a4ec4093422bef69020000000102000000010101000000010000000000000000"
        "02686b0761a8639193df3f6367f1c47bf100"
    )
    assert decode(bytes.fromhex(text)) == PartitionRecord(0, TOPIC_ID, [1], [1], 1, 0, 0)
    with_tags = text[:-2] + "02" + "010100" + "020101"
    assert decode(bytes.fromhex(with_tags)) == PartitionRecord(0, TOPIC_ID, [1], [1], 1, 0, 0)


def test_a_change_of_leader_of_kafkas_is_read_with_its_other_fields_skipped():
    text = "010502000000008151522989fe493e8546cb83b356fd8a040001010104ffffffff0605020000000107050200000001"
    assert decode(bytes.fromhex(text)) == PartitionChangeRecord(
        0, bytes.fromhex("8151522989fe493e8546cb83b356fd8a"), -1
    )


@pytest.mark.parametrize("record", ALL, ids=lambda value: type(value).__name__)
def test_what_is_written_is_read(record):
    assert decode(encode(record)) == record


@pytest.mark.parametrize("record", ALL, ids=lambda value: type(value).__name__)
def test_what_is_cut_short_is_refused(record):
    data = encode(record)
    for length in range(len(data)):
        with pytest.raises(RecordsError):
            decode(data[:length])


@pytest.mark.parametrize("text", ["0201000000", "01630000", "01020100", "", "01"])
def test_what_is_not_known_is_refused_not_guessed(text):
    with pytest.raises(RecordsError):
        decode(bytes.fromhex(text))


def test_a_record_without_a_value_is_refused():
    with pytest.raises(RecordsError):
        decode(None)
