"""The codec by example: headers, views and chunks, tagged fields, and what each refusal says."""

import struct

import pytest

from tautolog.core.errors import ProtocolError
from tautolog.core.messages.api_versions import ApiVersion, ApiVersionsRequest, ApiVersionsResponse
from tautolog.core.messages.create_topics import CreateTopicsRequest
from tautolog.core.messages.describe_topic_partitions import (
    DescribeTopicPartitionsRequest,
    DescribeTopicPartitionsRequestCursor,
)
from tautolog.core.messages.fetch import FetchResponse
from tautolog.core.messages.join_group import JoinGroupRequest, JoinGroupRequestProtocol
from tautolog.core.messages.list_groups import ListGroupsRequest, ListGroupsResponse
from tautolog.core.messages.metadata import MetadataRequest, MetadataRequestTopic
from tautolog.core.messages.produce import (
    LeaderIdAndEpoch,
    PartitionProduceData,
    PartitionProduceResponse,
    ProduceRequest,
    ProduceResponse,
    TopicProduceData,
    TopicProduceResponse,
)
from tautolog.wire import codec, encoder, schema
from tautolog.wire.encoder import SEPARATE
from tautolog.wire.schema import Field, Versions


def header(key, version, *, client=b"\x00\x01c", tags=b""):
    return struct.pack(">hhi", key, version, 7) + client + tags


def joined(chunks):
    return b"".join(chunks)


def produce(records, acks=1):
    partition = PartitionProduceData(3, records)
    return ProduceRequest(None, acks, 30_000, [TopicProduceData("orders", partition_data=[partition])])


def refusal(frame):
    with pytest.raises(ProtocolError) as caught:
        codec.decode_request(frame)
    text = str(caught.value)
    assert "\n" not in text
    assert caught.value.__context__ is None  # or the frame would live as long as the error
    return text


class TestHeaders:
    def test_version_1_has_a_client_id_and_no_tags(self):
        frame = header(16, 0)
        assert codec.decode_request(frame) == (16, 0, 7, "c", ListGroupsRequest())
        assert joined(codec.encode_request(16, 0, 7, "c", ListGroupsRequest())) == struct.pack(">i", len(frame)) + frame

    def test_version_2_keeps_the_long_client_id_and_adds_tags(self):
        frame = header(18, 3, tags=b"\x00") + b"\x02a\x02b\x00"
        assert codec.decode_request(frame)[3:] == ("c", ApiVersionsRequest("a", "b"))
        assert joined(codec.encode_request(18, 3, 7, "c", ApiVersionsRequest("a", "b")))[4:] == frame

    def test_the_client_id_may_be_null(self):
        assert codec.decode_request(header(16, 0, client=b"\xff\xff"))[3] is None
        assert joined(codec.encode_request(16, 0, 7, None, ListGroupsRequest()))[4:] == header(
            16, 0, client=b"\xff\xff"
        )

    def test_tags_in_a_header_are_skipped(self):
        frame = header(18, 3, tags=b"\x02\x00\x03xyz\x09\x00") + b"\x02a\x02b\x00"
        assert codec.decode_request(frame)[4] == ApiVersionsRequest("a", "b")

    def test_an_answer_to_api_versions_never_has_tags_in_its_header(self):
        answer = ApiVersionsResponse(0, [ApiVersion(0, 3, 13)])
        assert joined(codec.encode_response(18, 3, 7, answer))[4:10] == b"\0\0\0\7\0\0"
        assert joined(codec.encode_response(16, 3, 7, ListGroupsResponse(error_code=5)))[8:] == b"\0\0\0\0\0\0\5\1\0"
        assert codec.decode_response(18, 3, joined(codec.encode_response(18, 3, 7, answer))[4:]) == (7, answer)

    @pytest.mark.parametrize("version", [5, 99, -1])
    def test_an_unknown_version_of_api_versions_is_answered_not_refused(self, version):
        frame = header(18, version, tags=b"\x00") + b"whatever comes then"
        assert codec.decode_request(frame) == (18, version, 7, "c", None)


class TestRecords:
    def test_a_record_set_is_a_view_into_the_frame(self):
        frame = bytearray(joined(codec.encode_request(0, 9, 1, "c", produce(b"r" * 50)))[4:])
        body = codec.decode_request(memoryview(frame))[4]
        records = body.topic_data[0].partition_data[0].records
        assert isinstance(records, memoryview)
        assert not records.readonly
        records[:2] = b"XY"
        assert b"XYrr" in frame

    def test_a_frame_that_is_read_only_gives_a_view_that_is(self):
        frame = joined(codec.encode_request(0, 9, 1, "c", produce(b"r" * 50)))[4:]
        assert codec.decode_request(frame)[4].topic_data[0].partition_data[0].records.readonly

    def test_bytes_that_are_not_records_are_copied_out(self):
        request = JoinGroupRequest(
            "g", protocols=[JoinGroupRequestProtocol("range", b"meta")], protocol_type="consumer"
        )
        frame = bytearray(joined(codec.encode_request(11, 5, 1, "c", request))[4:])
        body = codec.decode_request(frame)[4]
        frame[:] = bytes(len(frame))
        assert body.protocols[0].metadata == b"meta"
        assert isinstance(body.protocols[0].metadata, bytes)

    @pytest.mark.parametrize("version", [3, 9])
    def test_big_record_sets_leave_as_they_are_and_small_ones_are_copied(self, version):
        big, small = memoryview(bytearray(SEPARATE)), bytearray(SEPARATE - 1)
        request = produce(big)
        request.topic_data[0].partition_data += [PartitionProduceData(4, small), PartitionProduceData(5, big)]
        chunks = codec.encode_request(0, version, 1, "c", request)
        assert [chunk is big for chunk in chunks] == [False, True, False, True, False]
        assert struct.unpack_from(">i", chunks[0])[0] == len(joined(chunks)) - 4
        assert codec.decode_request(joined(chunks)[4:])[4] == request


class TestTags:
    def test_a_default_is_not_written_and_comes_back_anew(self):
        answer = ProduceResponse([TopicProduceResponse("t", partition_responses=[PartitionProduceResponse(0)] * 2)])
        frame = joined(codec.encode_response(0, 10, 1, answer))
        plain = joined(codec.encode_response(0, 9, 1, answer))
        assert len(frame) == len(plain)
        first, second = codec.decode_response(0, 10, frame[4:])[1].responses[0].partition_responses
        assert first.current_leader == LeaderIdAndEpoch()
        assert first.current_leader is not second.current_leader

    def test_what_differs_is_written_with_its_size(self):
        partition = PartitionProduceResponse(0, current_leader=LeaderIdAndEpoch(2, 5))
        answer = ProduceResponse([TopicProduceResponse("t", partition_responses=[partition])])
        frame = joined(codec.encode_response(0, 10, 1, answer))
        assert b"\x01\x00\x09\x00\x00\x00\x02\x00\x00\x00\x05\x00" in frame
        assert codec.decode_response(0, 10, frame[4:])[1] == answer

    def test_unknown_ones_are_skipped_between_known_ones(self):
        frame = header(3, 9, tags=b"\x00") + b"\x00\x01\x00\x00" + b"\x01\x63\x05never"
        assert codec.decode_request(frame)[4] == MetadataRequest(None)
        fetch = (
            bytes(4) + b"\x00" + bytes(4) + bytes(2) + bytes(4) + b"\x01" + b"\x02" + b"\x00\x01\x01" + b"\x07\x02hi"
        )
        assert codec.decode_response(1, 16, fetch)[1] == FetchResponse(session_id=0)

    def test_an_unknown_one_that_leaves_the_frame(self):
        text = refusal(header(3, 9, tags=b"\x00") + b"\x00\x01\x00\x00" + b"\x01\x63\x05neve")
        assert text == "Metadata request version 9: tagged fields at byte 17: 5 bytes announced, 4 left"

    def test_a_nullable_array_is_written_when_it_is_null_and_when_it_is_not_empty(self):
        every = Versions.parse("0+")
        field = Field(
            "tags", "string", array=True, versions=every, nullable=every, tag=0, tagged=every, default=None, fields=()
        )
        condition = encoder._Encoder("heartbeat", schema.load("heartbeat").request, 4).differs(field, "x")
        assert [bool(eval(condition, {"x": x})) for x in (None, [], ["a"])] == [True, False, True]

    def test_a_known_one_that_is_not_as_long_as_it_says(self):
        frame = bytes(4) + b"\x00" + bytes(4) + bytes(2) + bytes(4) + b"\x01" + b"\x01" + b"\x00\x05\x01" + b"\x00" * 9
        with pytest.raises(ProtocolError, match="tagged fields at byte 20: tag 0 announces 5 bytes and takes 1"):
            codec.decode_response(1, 16, frame)


class TestNull:
    def test_a_nullable_structure(self):
        with_cursor = DescribeTopicPartitionsRequest(cursor=DescribeTopicPartitionsRequestCursor("t", 4))
        for request in (DescribeTopicPartitionsRequest(), with_cursor):
            frame = joined(codec.encode_request(75, 0, 1, None, request))[4:]
            assert codec.decode_request(frame)[4] == request

    def test_null_where_the_version_has_none(self):
        assert refusal(header(3, 0) + b"\xff\xff\xff\xff") == (
            "Metadata request version 0: topics at byte 15: null, which this version does not allow"
        )
        assert codec.decode_request(header(3, 1) + b"\xff\xff\xff\xff")[4].topics is None

    def test_writing_null_where_the_version_has_none(self):
        with pytest.raises(ProtocolError, match=r"^Metadata request version 0: cannot write topics: .*NoneType"):
            codec.encode_request(3, 0, 1, None, MetadataRequest(None))


class TestRefusals:
    def test_unknown_keys_and_versions(self):
        assert refusal(header(999, 0)) == "API key 999 is none of Kafka's"
        assert refusal(header(0, 2)) == "Produce version 2 is outside 3-13"
        assert refusal(header(1, -1)) == "Fetch version -1 is outside 4-18"

    def test_frames_that_end_in_the_header(self):
        assert refusal(b"") == "a request header takes 10 bytes, the frame has 0"
        assert refusal(header(16, 0, client=b"\x00\x09c")) == "request header: a client id of 9 bytes announced, 1 left"
        assert refusal(header(16, 0, client=b"\xff\xfe")) == "request header: a negative length of the client id, -2"
        assert refusal(header(16, 0, client=b"\x00\x01\xff")) == "request header: the client id is not UTF-8"
        assert refusal(header(18, 3)) == "the frame ends in its header, at byte 11"
        assert "3 left" not in refusal(header(18, 3, tags=b"\x01\x00\x05xy"))
        with pytest.raises(ProtocolError, match="a response header takes 4 bytes"):
            codec.decode_response(3, 0, b"abc")

    def test_the_field_and_position_are_named(self):
        text = refusal(header(0, 3) + b"\xff\xff" + struct.pack(">hii", 1, 30_000, 1) + b"\x00\x06orders\x00\x00")
        assert (
            text == "Produce request version 3: topic_data.partition_data at byte 31: the frame ends here, 2 bytes left"
        )

    def test_the_first_of_several_fields_read_at_once_is_named(self):
        text = refusal(header(0, 3) + b"\xff\xff" + b"\x00\x01\x00")
        assert text == "Produce request version 3: timeout_ms at byte 15: the frame ends here, 1 bytes left"

    def test_lengths_that_leave_the_frame(self):
        assert refusal(header(3, 1) + b"\x7f\xff\xff\xff") == (
            "Metadata request version 1: topics at byte 15: 2147483647 elements announced, 0 bytes left"
        )
        assert "topics.name at byte 17: 32767 bytes announced, 1 left" in refusal(
            header(3, 1) + b"\x00\x00\x00\x01\x7f\xff" + b"x"
        )

    def test_elements_need_room_for_their_smallest_form(self):
        frame = header(2, 1) + bytes(4) + struct.pack(">i", 3) + bytes(17)
        assert "topics at byte 19: 3 elements announced, 17 bytes left" in refusal(frame)

    def test_negative_lengths(self):
        assert "a negative length, -2" in refusal(header(3, 1) + b"\xff\xff\xff\xfe")
        assert "a negative length, -7" in refusal(header(3, 1) + b"\x00\x00\x00\x01\xff\xf9")

    def test_varints_that_are_too_long_or_too_large(self):
        assert "a varint above 2147483647" in refusal(header(3, 9, tags=b"\x00") + b"\xff\xff\xff\xff\xff\x01")
        assert "a varint above 2147483647" in refusal(header(3, 9, tags=b"\x00") + b"\xff\xff\xff\xff\x0f")
        assert "a varint above 2147483647" in refusal(header(3, 9, tags=b"\xff\xff\xff\xff\xff\xff"))

    def test_text_that_is_not_utf_8(self):
        assert refusal(header(3, 1) + b"\x00\x00\x00\x01\x00\x03ab\xff") == (
            "Metadata request version 1: topics.name at byte 17: byte 2 of the string is not UTF-8"
        )

    def test_compact_strings_are_not_longer_than_others(self):
        long = b"\x02" + b"\x81\x80\x02" + b"x" * 32768
        assert "a string of 32768 bytes, Kafka allows 32767" in refusal(header(3, 9, tags=b"\x00") + long)
        for version in (1, 9):
            with pytest.raises(ProtocolError, match=r"cannot write topics\.name: "):
                codec.encode_request(3, version, 1, None, MetadataRequest([MetadataRequestTopic(name="x" * 32768)]))
            request = MetadataRequest([MetadataRequestTopic(name="x" * 32767)])
            assert codec.decode_request(joined(codec.encode_request(3, version, 1, None, request))[4:])[4] == request

    def test_numbers_and_text_that_cannot_be_written(self):
        with pytest.raises(ProtocolError, match=r"CreateTopics request version 5: cannot write timeout_ms"):
            codec.encode_request(19, 5, 1, None, CreateTopicsRequest(timeout_ms=2**31))
        with pytest.raises(ProtocolError, match=r"cannot write topics\.name: .*surrogates"):
            codec.encode_request(3, 9, 1, None, MetadataRequest([MetadataRequestTopic(name="\ud800")]))

    def test_a_refused_frame_is_let_go(self):
        request = produce(b"r" * 50)
        request.topic_data.append(TopicProduceData("more", partition_data=[PartitionProduceData(0, b"s")]))
        buffer = bytearray(joined(codec.encode_request(0, 9, 1, "c", request))[4:-3])
        with memoryview(buffer) as view:
            refusal(view)
        buffer.clear()  # a BufferError if anything still looks into it

    def test_bytes_after_the_last_field_are_ignored(self):
        assert codec.decode_request(header(16, 0) + b"\x01\x02\x03")[4] == ListGroupsRequest()
