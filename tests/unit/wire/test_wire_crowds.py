"""A request has a bounded number of elements, however large its frame is allowed to be."""

import struct
import tracemalloc

import pytest

from tautolog.core.errors import ProtocolError
from tautolog.core.messages.metadata import MetadataRequest, MetadataRequestTopic
from tautolog.wire import codec
from tautolog.wire.primitives import MOST_ELEMENTS


def names(count):
    return struct.pack(">hhihi", 3, 4, 1, -1, count) + bytes(2 * count) + b"\0"


def test_the_most_is_read():
    body = codec.decode_request(names(MOST_ELEMENTS))[4]
    assert len(body.topics) == MOST_ELEMENTS


def test_one_more_is_refused_before_anything_is_made():
    frame = names(MOST_ELEMENTS * 20)
    tracemalloc.start()
    with pytest.raises(ProtocolError, match=r"topics.*more than a request may have"):
        codec.decode_request(frame)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1_000_000


def test_the_elements_of_all_arrays_count():
    part = struct.pack(">iqi", 0, 0, 0)
    topic = struct.pack(">hi", 0, MOST_ELEMENTS // 2) + part * (MOST_ELEMENTS // 2)
    frame = struct.pack(">hhihiiiibi", 1, 4, 1, -1, -1, 0, 0, 0, 0, 3) + topic * 3
    with pytest.raises(ProtocolError, match="more than a request may have"):
        codec.decode_request(frame)


def test_a_request_that_asks_much_is_no_crowd():
    request = MetadataRequest([MetadataRequestTopic(bytes(16), f"t{i}") for i in range(50_000)], False, False, False)
    frame = b"".join(codec.encode_request(3, 12, 1, None, request))[4:]
    assert codec.decode_request(frame)[4] == request
