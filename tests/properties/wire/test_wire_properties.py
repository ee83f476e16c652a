"""What holds for any message and any bytes: round trips, and that hostile frames only ever end in one sentence."""

import functools
import tracemalloc
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support import wire_frames, wire_messages
from tautolog.core.errors import ProtocolError
from tautolog.wire import codec, frames, schema

EVERY = wire_messages.every()
HUGE = [
    b"\x7f\xff\xff\xff",
    b"\xff\xff\xff\xff",
    b"\x80\x00\x00\x00",
    b"\xff\xff\xff\xff\x07",
    b"\x7f\xff",
    b"\xff" * 6,
    b"\x00",
]
"""Lengths as liars write them: the largest and negative ones, in fixed size and as varints."""

ALLOWANCE = 200_000
PER_BYTE = 64
"""What decoding may allocate: a fixed sum, and for each byte that is there what the smallest structure costs per byte."""


@functools.cache
def seeds():
    """(decoder, encoder of what it gave, frame) of golden requests and answers; the codecs compiled."""
    found = []
    for pair in wire_frames.read():
        found.append((decode_request, pair.request))
        if pair.response is not None:
            found.append((functools.partial(decode_response, pair.key, pair.answered), pair.response))
    for decode, frame in found:
        attempt(decode, frame)
    return found


def decode_request(frame):
    """Decode a request; return what encodes it again."""
    *head, body = codec.decode_request(frame)
    return lambda: [] if body is None else codec.encode_request(*head, body)


def decode_response(key, version, frame):
    """Decode an answer; return what encodes it again."""
    correlation_id, body = codec.decode_response(key, version, frame)
    return lambda: codec.encode_response(key, version, correlation_id, body)


def attempt(decode, frame):
    """Decode; whatever is not a `ProtocolError` of one sentence fails the test."""
    try:
        return decode(frame)
    except ProtocolError as error:
        text = str(error)
        assert text
        assert len(text) < 300
        assert "\n" not in text
        return None


@given(st.sampled_from(EVERY), st.randoms(use_true_random=False))
@settings(max_examples=300)
def test_a_message_comes_back_as_it_was(what, random):
    name, kind, version = what
    key = schema.load(name).key
    message = wire_messages.build(random, name, kind, version)
    if kind == "request":
        client_id = random.choice([None, "", "cliént"])
        frame = b"".join(codec.encode_request(key, version, -5, client_id, message))
        assert codec.decode_request(frame[4:]) == (key, version, -5, client_id, message)
    else:
        frame = b"".join(codec.encode_response(key, version, 2**31 - 1, message))
        assert codec.decode_response(key, version, frame[4:]) == (2**31 - 1, message)
    assert frames.frame_size(frame) == len(frame) - 4


@given(st.sampled_from(EVERY), st.randoms(use_true_random=False))
def test_every_truncation_is_refused(what, random):
    name, kind, version = what
    key = schema.load(name).key
    load = codec.request_codec if kind == "request" else codec.response_codec
    whole = b"".join(load(key, version).write(wire_messages.build(random, name, kind, version), bytearray()))[:600]
    shorter = len(whole) < 600
    for length in range(len(whole) - shorter):
        with pytest.raises(ProtocolError):
            load(key, version).read(memoryview(whole)[:length], 0)


@given(st.data())
@settings(max_examples=400)
def test_mutated_frames_end_in_one_sentence_or_a_message_that_can_be_written(data):
    decode, frame = data.draw(st.sampled_from(seeds()))
    mutated = bytearray(frame[:3000])
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(4, max(4, len(mutated) - 1)))
        patch = data.draw(st.sampled_from(HUGE) | st.binary(max_size=6))
        cut = data.draw(st.integers(0, 6))
        mutated[at : at + cut] = patch
    encode = attempt(decode, mutated)
    if encode is not None:
        once = b"".join(encode())
        if once:
            assert b"".join(decode(once[4:])()) == once


@given(st.binary(max_size=400), st.sampled_from(EVERY))
@settings(max_examples=300)
def test_noise_is_refused_or_read(noise, what):
    name, kind, version = what
    load = codec.request_codec if kind == "request" else codec.response_codec
    attempt(lambda frame: load(schema.load(name).key, version).read(memoryview(frame), 0), noise)
    attempt(decode_request, noise)


def test_a_huge_length_at_every_position_costs_no_memory():
    random = Random(4)
    chosen = random.sample([seed for seed in seeds() if len(seed[1]) < 700], 60)
    tracemalloc.start()
    try:
        for decode, frame in chosen:
            for at in range(4, len(frame)):
                patch = random.choice(HUGE)
                hostile = frame[:at] + patch + frame[at + len(patch) :]
                tracemalloc.reset_peak()
                before = tracemalloc.get_traced_memory()[0]
                attempt(decode, hostile)
                used = tracemalloc.get_traced_memory()[1] - before
                assert used < ALLOWANCE + PER_BYTE * len(hostile)
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("name", "version", "body"),
    [
        ("metadata", 9, b"\xc1\x9a\x0c" + b"\x01\x00" * 200_000),  # the smallest structure there is: two bytes
        ("metadata", 0, b"\x00\x03\x0d\x40" + bytes(400_000)),
        ("describe_groups", 5, b"\xc1\x9a\x0c" + b"\x01" * 200_000),
        ("fetch", 12, b"\x00" * 21 + b"\xff\xff\xff\xff\x07" + b"\x01" * 200_000),
        ("api_versions", 3, b"\x01\x01" + b"\xff\xff\xff\xff\x07" + b"\x50\x00" * 100_000),  # unknown tags without end
    ],
)
def test_memory_follows_the_bytes_that_are_there(name, version, body):
    found = codec.request_codec(schema.load(name).key, version)
    tracemalloc.start()
    try:
        attempt(lambda frame: found.read(memoryview(frame), 0), body)
        used = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert used < ALLOWANCE + PER_BYTE * len(body)
