import pytest

from support.small_broker import START, SmallBroker, batch
from tautolog.core.errors import ErrorCode
from tautolog.core.messages.produce import PartitionProduceData, ProduceRequest, TopicProduceData
from tautolog.core.records.batch import HEADER, parse
from tautolog.core.records.crc32c import crc32c
from tautolog.core.records.record import Record, build


@pytest.fixture
def broker():
    broker = SmallBroker()
    broker.controller.add("orders", 2)
    return broker


def patched(data, *, checksum=True, **fields):
    """`data` with fields of its header changed, and a checksum that fits."""
    names = [
        "base_offset", "length", "leader_epoch", "magic", "crc", "attributes", "last_offset_delta", "base_timestamp",
        "max_timestamp", "producer_id", "producer_epoch", "base_sequence", "record_count",
    ]  # fmt: skip
    values = dict(zip(names, HEADER.unpack_from(data), strict=True)) | fields
    HEADER.pack_into(data, 0, *values.values())
    if checksum:
        data[17:21] = crc32c(data[21:]).to_bytes(4, "big")
    return data


def test_records_get_consecutive_offsets_and_the_leader_epoch():
    broker = SmallBroker()
    broker.controller.add("orders", leader_epoch=4)
    assert broker.produce("orders", batch(3)).base_offset == 0
    answer = broker.produce("orders", batch())
    assert (answer.error_code, answer.base_offset, answer.log_start_offset, answer.log_append_time_ms) == (0, 3, 0, -1)
    partition = broker.replicas.get("orders", 0)
    assert (partition.high_watermark, partition.log_end_offset) == (4, 4)
    records = broker.fetch([("orders", 0, 0)]).responses[0].partitions[0].records
    stored = parse(records)
    assert (stored.base_offset, stored.leader_epoch, stored.record_count) == (0, 4, 3)


def test_a_buffer_that_cannot_be_written_to_is_left_alone(broker):
    sent = bytes(batch())
    broker.produce("orders", batch())
    assert broker.produce("orders", sent).base_offset == 1
    assert parse(sent).base_offset == 0


REFUSED_AT_THE_DOOR = {
    "null": (None, ErrorCode.INVALID_RECORD),
    "empty": (b"", ErrorCode.INVALID_RECORD),
    "ten bytes": (bytes(10), ErrorCode.INVALID_RECORD),
    "zeros": (bytes(70), ErrorCode.CORRUPT_MESSAGE),
    "up to the magic": (batch()[:16], ErrorCode.INVALID_RECORD),
    "cut off": (batch()[:40], ErrorCode.INVALID_RECORD),
    "longer than it is": (patched(batch(), length=200), ErrorCode.INVALID_RECORD),
    "shorter than its header": (patched(batch(), length=48), ErrorCode.CORRUPT_MESSAGE),
    "length below all sense": (patched(batch(), length=13), ErrorCode.CORRUPT_MESSAGE),
    "negative length": (patched(batch(), length=-1), ErrorCode.CORRUPT_MESSAGE),
    "magic 0": (patched(batch(), magic=0), ErrorCode.INVALID_RECORD),
    "magic 1": (patched(batch(), magic=1), ErrorCode.INVALID_RECORD),
    "magic 3": (patched(batch(), magic=3), ErrorCode.CORRUPT_MESSAGE),
    "two batches": (batch() + batch(), ErrorCode.INVALID_RECORD),
    "a second of 0xff": (batch() + b"\xff" * 20, ErrorCode.CORRUPT_MESSAGE),
    "a second of zeros": (batch() + bytes(20), ErrorCode.CORRUPT_MESSAGE),
    "a second of no known magic": (batch() + b"\x7f" * 100, ErrorCode.CORRUPT_MESSAGE),
    "wrong checksum": (patched(batch(), checksum=False, crc=5), ErrorCode.CORRUPT_MESSAGE),
    "a bit flipped": (batch()[:-1] + b"?", ErrorCode.CORRUPT_MESSAGE),
    "too large": (batch(size=1048588), ErrorCode.MESSAGE_TOO_LARGE),
}


@pytest.mark.parametrize("name", REFUSED_AT_THE_DOOR)
def test_what_is_no_batch_is_refused_without_a_log_start_offset(broker, name):
    records, error = REFUSED_AT_THE_DOOR[name]
    answer = broker.produce("orders", records)
    assert (answer.error_code, answer.base_offset, answer.log_start_offset) == (error, -1, -1)
    assert broker.replicas.get("orders", 0).log_end_offset == 0


REFUSED = {
    "base offset": patched(batch(), base_offset=7),
    "no records": patched(batch(), record_count=0, last_offset_delta=-1),
    "count above delta": patched(batch(2), record_count=3),
    "delta above count": patched(batch(2), last_offset_delta=2),
    "fewer records than it says": patched(batch(), record_count=2, last_offset_delta=1),
    "more records than it says": patched(batch(2), record_count=1, last_offset_delta=0),
    "many records in no bytes": patched(batch(), record_count=5000, last_offset_delta=4999),
    "control": batch(control=True),
    "producer without sequence": batch(producer_id=9, producer_epoch=0),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_batch_that_contradicts_itself_is_an_invalid_record(broker, name):
    answer = broker.produce("orders", REFUSED[name])
    assert (answer.error_code, answer.base_offset, answer.log_start_offset) == (ErrorCode.INVALID_RECORD, -1, 0)
    assert broker.replicas.get("orders", 0).log_end_offset == 0


@pytest.mark.parametrize("rest", [b"", b"\xff" * 5, bytes(11), bytes(batch()[:40])], ids=["none", "5", "11", "half"])
def test_what_cannot_be_a_second_batch_is_cut_off(broker, rest):
    assert broker.produce("orders", batch() + rest).error_code == 0
    assert broker.replicas.get("orders", 0).log.size_bytes == len(batch())


def test_the_largest_batch_is_as_large_as_max_message_bytes(broker):
    data = batch(size=1000)
    broker.controller.change("orders", max_message_bytes=len(data))
    assert broker.produce("orders", data).error_code == 0
    broker.controller.change("orders", max_message_bytes=len(data) - 1)
    assert broker.produce("orders", batch(size=1000)).error_code == ErrorCode.MESSAGE_TOO_LARGE


def test_a_batch_above_the_segment_size_is_refused(broker):
    broker.controller.change("orders", segment_bytes=100)
    assert broker.produce("orders", batch(size=200)).error_code == ErrorCode.RECORD_LIST_TOO_LARGE


def test_compressed_batches_pass_by_their_header(broker):
    for codec in range(1, 5):
        assert broker.produce("orders", patched(batch(), attributes=codec)).error_code == 0
    for codec in range(5, 8):
        answer = broker.produce("orders", patched(batch(), attributes=codec))
        assert answer.error_code == ErrorCode.UNSUPPORTED_COMPRESSION_TYPE


def test_zstd_needs_version_7(broker):
    data = patched(batch(), attributes=4)
    assert broker.produce("orders", data, version=6).error_code == ErrorCode.UNSUPPORTED_COMPRESSION_TYPE
    assert broker.produce("orders", data, version=7).error_code == 0


def test_timestamps_too_far_ahead_are_refused_and_named(broker):
    late = START.wall_ms + 3_600_001
    answer = broker.produce("orders", batch(stamps=[START.wall_ms, late, late - 1, late + 5]))
    assert answer.error_code == ErrorCode.INVALID_TIMESTAMP
    assert [error.batch_index for error in answer.record_errors] == [1, 3]
    assert str(late) in answer.record_errors[0].batch_index_error_message
    assert answer.error_message


def test_no_timestamp_is_no_wrong_timestamp(broker):
    broker.controller.change("orders", message_timestamp_before_max_ms=1000)
    assert broker.produce("orders", batch(stamps=[-1])).error_code == 0
    answer = broker.produce("orders", batch(stamps=[START.wall_ms - 1001, START.wall_ms - 1000]))
    assert answer.error_code == ErrorCode.INVALID_TIMESTAMP
    assert [error.batch_index for error in answer.record_errors] == [0]


def test_compressed_batches_have_only_their_header_to_be_late_by(broker):
    data = patched(batch(), attributes=1, max_timestamp=START.wall_ms + 3_600_001)
    answer = broker.produce("orders", data)
    assert (answer.error_code, answer.record_errors) == (ErrorCode.INVALID_TIMESTAMP, [])


def test_log_append_time_is_stamped_by_the_broker_alone(broker):
    broker.controller.change("orders", message_timestamp_type="LogAppendTime")
    answer = broker.produce("orders", batch(stamps=[START.wall_ms + 10**9]))
    assert (answer.error_code, answer.log_append_time_ms) == (0, START.wall_ms)
    records = broker.fetch([("orders", 0, 0)]).responses[0].partitions[0].records
    stored = parse(records)
    assert stored.log_append_time
    assert stored.max_timestamp == START.wall_ms
    assert crc32c(bytes(records)[21:]) == stored.crc
    refused = broker.produce("orders", patched(batch(), attributes=8))
    assert refused.error_code == ErrorCode.INVALID_TIMESTAMP


def test_a_client_that_claims_log_append_time_is_corrected(broker):
    assert broker.produce("orders", patched(batch(), attributes=8)).error_code == 0
    records = broker.fetch([("orders", 0, 0)]).responses[0].partitions[0].records
    assert not parse(records).log_append_time
    assert crc32c(bytes(records)[21:]) == parse(records).crc


def test_a_compacted_topic_takes_no_record_without_key(broker):
    broker.controller.change("orders", cleanup_policy=("compact",))
    data = build([Record(0, START.wall_ms, key, b"v") for key in (b"a", None, b"", None)])
    answer = broker.produce("orders", data)
    assert answer.error_code == ErrorCode.INVALID_RECORD
    assert [error.batch_index for error in answer.record_errors] == [1, 3]
    assert broker.produce("orders", build([(b"a", None)])).error_code == 0


def test_invalid_acks_are_refused_where_the_partition_exists(broker):
    for acks in (2, -2):
        assert broker.produce("orders", batch(), acks=acks).error_code == ErrorCode.INVALID_REQUIRED_ACKS
    assert broker.produce("nobody", batch(), acks=2).error_code == ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
    assert broker.produce("orders", batch(), acks=1).base_offset == 0


def test_without_acks_nothing_is_answered_and_a_refusal_ends_the_connection(broker):
    assert broker.produce("orders", batch(), acks=0) is None
    assert (broker.answers(), broker.disconnects()) == ([("produce", None)], [])
    assert broker.replicas.get("orders", 0).log_end_offset == 1
    assert broker.produce("nobody", batch(), acks=0) is None
    assert (broker.answers(), broker.disconnects()) == ([("produce", None)], [1])


def test_topics_are_named_by_id_from_version_13(broker):
    topic_id = broker.controller.topics["orders"].topic_id
    assert broker.produce(topic_id, batch(), version=13).base_offset == 0
    assert broker.produce(topic_id, batch(), index=9, version=13).error_code == ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
    assert broker.produce(bytes(16), batch(), version=13).error_code == ErrorCode.UNKNOWN_TOPIC_ID


def test_one_refused_partition_keeps_no_other_from_its_records(broker):
    data = [PartitionProduceData(index, batch()) for index in (0, 5, -1, 1)]
    body = ProduceRequest(None, -1, 1000, [TopicProduceData("orders", partition_data=data)])
    answer = broker.ask("produce", body, 9).responses[0]
    assert [(p.index, p.error_code) for p in answer.partition_responses] == [(0, 0), (5, 3), (-1, 3), (1, 0)]


def test_internal_topics_are_written_to_by_an_admin_client_only(broker):
    broker.controller.add("__consumer_offsets")
    refused = broker.produce("__consumer_offsets", batch())
    assert refused.error_code == ErrorCode.INVALID_TOPIC_EXCEPTION
    assert broker.produce("__consumer_offsets", batch(), client_id="__admin_client").error_code == 0


def test_transactional_records_are_refused(broker):
    data = batch(transactional=True, producer_id=1, producer_epoch=0, base_sequence=0)
    both = [PartitionProduceData(0, batch()), PartitionProduceData(1, data)]
    body = ProduceRequest(None, -1, 1000, [TopicProduceData("orders", partition_data=both)])
    answer = broker.ask("produce", body, 9).responses[0]
    assert {p.error_code for p in answer.partition_responses} == {ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED}
    answer = broker.produce("orders", data, transactional_id="mine")
    assert answer.error_code == ErrorCode.INVALID_PRODUCER_ID_MAPPING
    assert broker.produce("orders", batch(), transactional_id="mine").error_code == 0


def test_a_repeated_batch_is_answered_with_its_first_offset(broker):
    producer = {"producer_id": 4, "producer_epoch": 0}
    assert broker.produce("orders", batch(2, base_sequence=0, **producer)).base_offset == 0
    assert broker.produce("orders", batch(base_sequence=2, **producer)).base_offset == 2
    again = broker.produce("orders", batch(2, base_sequence=0, **producer))
    assert (again.error_code, again.base_offset, again.log_append_time_ms) == (0, 0, START.wall_ms)
    gap = broker.produce("orders", batch(base_sequence=4, **producer))
    assert (gap.error_code, gap.log_start_offset) == (ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER, 0)
    raised = batch(base_sequence=0, producer_id=4, producer_epoch=1)
    assert broker.produce("orders", raised).base_offset == 3
    fenced = broker.produce("orders", batch(base_sequence=3, **producer))
    assert fenced.error_code == ErrorCode.INVALID_PRODUCER_EPOCH
    assert broker.replicas.get("orders", 0).log_end_offset == 4


def test_a_producer_without_an_epoch_may_leave_gaps(broker):
    producer = {"producer_id": 4, "producer_epoch": -1}
    answers = [broker.produce("orders", batch(base_sequence=sequence, **producer)) for sequence in (0, 1, 9, 1)]
    assert [(answer.error_code, answer.base_offset) for answer in answers] == [(0, 0), (0, 1), (0, 2), (0, 1)]
