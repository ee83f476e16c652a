"""Random messages of every API, kind and version that kafka-python has: it reads our bytes and writes the same ones."""

import warnings
from random import Random

import pytest

from support import wire_messages
from tautolog.wire import apis, codec, schema

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # it reads its schemas by a way Python 3.11 deprecates
    from kafka.protocol import admin, consumer, metadata, producer, sasl
    from kafka.protocol.api_message import ApiMessage

ROUNDS = 6
LOADED = [admin, consumer, metadata, producer, sasl]


def descendants(cls):
    for child in cls.__subclasses__():
        yield child
        yield from descendants(child)


THEIRS = {(cls.API_KEY, cls.type): cls for cls in descendants(ApiMessage)}


def only_success(field: schema.Field, _random: Random):
    """kafka-python reads an erroneous ApiVersions answer as version 0, whatever was asked."""
    return 0 if field.name == "error_code" else NotImplemented


@pytest.mark.parametrize("name", [name for key, name in apis.NAMES.items() if (key, "request") in THEIRS])
def test_bytes_are_those_of_kafka_python(name):
    random = Random(name)
    api = schema.load(name)
    veto = only_success if name == "api_versions" else None
    compared = 0
    for kind, ours in (("request", codec.request_codec), ("response", codec.response_codec)):
        theirs = THEIRS[api.key, kind]
        first, last = theirs.valid_versions
        for version in range(max(first, api.request.versions.first), min(last, api.request.versions.last) + 1):
            for _ in range(ROUNDS):
                message = wire_messages.build(random, name, kind, version, veto)
                encoded = b"".join(ours(api.key, version).write(message, bytearray()))
                value = theirs.decode(encoded, version=version)
                value._header = None  # its decoded messages lack the attribute that its encoder reads
                assert bytes(value.encode(version=version)) == encoded
                compared += 1
    assert compared


def test_kafka_python_knows_half_of_the_keys():
    assert len({key for key, _ in THEIRS}) >= 52
