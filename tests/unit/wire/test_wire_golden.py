"""Every golden frame is decoded and encoded again to the byte; what is not is listed here, with its reason."""

import pytest

from support import wire_frames
from tautolog.core.errors import ProtocolError
from tautolog.core.messages._base import Message
from tautolog.wire import apis, codec, schema

TRAILING = "no field explains"
"""In the note of requests with bytes after the last field: librdkafka sends some in Metadata 13 and AlterUserScramCredentials."""


def known(pair):
    return pair.key in apis.NAMES and pair.version in schema.load(apis.NAMES[pair.key]).request.versions


def errors_in(message, found):
    for name in message.__slots__:
        value = getattr(message, name)
        if name.endswith("error_code") and isinstance(value, int):
            found.add(value)
        for inner in value if isinstance(value, list) else [value]:
            if isinstance(inner, Message):
                errors_in(inner, found)
    return found


def hold(pairs):
    """Decode and encode all; return the notes of those refused, and of those that came back shorter."""
    refused, shorter = [], []
    for pair in pairs:
        try:
            key, version, correlation_id, client_id, body = codec.decode_request(pair.request)
        except ProtocolError:
            refused.append(pair)
            assert pair.response is None, f"{pair}: answered by Kafka, refused by us"
            continue
        assert (key, version) == (pair.key, pair.version)
        if body is None:
            assert (key, known(pair)) == (18, False)
        else:
            again = b"".join(codec.encode_request(key, version, correlation_id, client_id, body))[4:]
            if again != pair.request:
                assert pair.request.startswith(again), pair
                shorter.append(pair)
        if pair.response is not None:
            answer_id, answer = codec.decode_response(key, pair.answered, pair.response)
            assert answer_id == correlation_id
            assert b"".join(codec.encode_response(key, pair.answered, answer_id, answer))[4:] == pair.response, pair
            found = errors_in(answer, set())
            assert set(pair.errors) <= found, f"{pair}: {found}"
    return refused, shorter


def check(pairs):
    refused, shorter = hold(pairs)
    for pair in refused:
        unstable = (pair.key, pair.version) == (22, 6)  # sent as version 5 with another number on it
        assert not known(pair) or "truncated" in pair.note or unstable, pair
    for pair in shorter:
        assert TRAILING in pair.note, pair
    assert {pair.api for pair in shorter} <= {"Metadata", "AlterUserScramCredentials"}


def test_the_committed_selection():
    pairs = wire_frames.read()
    assert len({(pair.key, pair.version) for pair in pairs if known(pair)}) >= 300
    check(pairs)


@pytest.mark.skipif(wire_frames.LARGER is None, reason="TAUTOLOG_FRAMES names no larger file of golden frames")
def test_the_larger_file():
    check(wire_frames.read(wire_frames.LARGER))


def test_every_key_is_covered_but_none_that_nobody_has():
    seen = {pair.key for pair in wire_frames.read() if known(pair)}
    assert seen == set(apis.NAMES)
