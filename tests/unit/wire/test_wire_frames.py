"""Sizes of frames: which are believed, and where frames end."""

import struct

import pytest

from tautolog.core.errors import ProtocolError
from tautolog.wire import frames


def frame(body):
    return struct.pack(">i", len(body)) + body


def test_whole_frames_are_views_and_the_rest_waits():
    buffer = bytearray(frame(b"one") + frame(b"") + frame(b"three") + frame(b"four")[:6])
    found, position, needed = frames.split(memoryview(buffer))
    assert [bytes(view) for view in found] == [b"one", b"", b"three"]
    assert (position, needed) == (20, 8)
    assert found[0].obj is buffer


@pytest.mark.parametrize("length", range(4))
def test_a_size_that_is_not_there_yet(length):
    assert frames.split(memoryview(frame(b"body")[:length])) == ([], 0, 4)


def test_every_cut_of_a_stream_gives_the_same_frames():
    stream = b"".join(map(frame, [b"a", b"bb" * 40, b"", b"c"]))
    for cut in range(len(stream) + 1):
        first, position, _ = frames.split(memoryview(stream)[:cut])
        second, end, _ = frames.split(memoryview(stream)[position:])
        assert b"|".join(first + second) == b"a|" + b"bb" * 40 + b"||c"
        assert position + end == len(stream)


@pytest.mark.parametrize(
    ("head", "text"),
    [
        (struct.pack(">i", -1), "a frame of negative size announced, -1"),
        (struct.pack(">i", frames.MAX_FRAME + 1), "a frame of 104857601 bytes announced, the limit is 104857600"),
        (b"GET ", "the peer speaks HTTP"),
        (b"\x16\x03\x01\x02", "the peer speaks TLS"),
    ],
)
def test_sizes_that_are_not_believed(head, text):
    with pytest.raises(ProtocolError, match=text):
        frames.split(memoryview(head))


def test_the_limit_itself_is_allowed():
    assert frames.split(memoryview(struct.pack(">i", frames.MAX_FRAME)))[2] == frames.MAX_FRAME + 4
    assert frames.frame_size(struct.pack(">i", 10), 0, 10) == 10
    with pytest.raises(ProtocolError, match="the limit is 9"):
        frames.frame_size(struct.pack(">i", 10), 0, 9)


def test_what_came_before_a_bad_size_is_still_given_out():
    found, position, _ = frames.split(memoryview(frame(b"good") + b"\xff\xff\xff\xff"))
    assert [bytes(view) for view in found] == [b"good"]
    with pytest.raises(ProtocolError):
        frames.split(memoryview(frame(b"good") + b"\xff\xff\xff\xff")[position:])
