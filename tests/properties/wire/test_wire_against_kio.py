"""Random messages of every API, kind and version: our bytes are kio's bytes, and kio reads our values from them."""

import io
from dataclasses import fields
from datetime import datetime, timedelta
from enum import Enum
from random import Random
from uuid import UUID

import pytest

from support import wire_messages
from tautolog.core.messages._base import ZERO_UUID, Message
from tautolog.wire import apis, codec, schema

pytest.importorskip("kio", reason="kio is the oracle here")

from kio.index import load_request_schema, load_response_schema
from kio.schema.errors import ErrorCode
from kio.serial import entity_reader, entity_writer

ROUNDS = 6
ERROR_CODES = sorted(code.value for code in ErrorCode)


class Vetoes:
    """What kio's narrower types can say: known error codes, times that Python's datetime and timedelta can hold."""

    def __init__(self, mine, theirs):
        self.kinds = {}
        self.walk(mine, theirs)

    def walk(self, mine, theirs):
        version = theirs.__version__
        present = [field for field in mine if version in field.versions]
        for field, other in zip(present, fields(theirs), strict=True):
            assert field.name in {other.name, other.name + "_ms", other.name.rstrip("_")}
            self.kinds[field] = other.metadata.get("kafka_type"), "None" in str(other.type)
            if field.is_struct:
                self.walk(field.fields, inner_class(other.type))

    def __call__(self, field: schema.Field, random: Random):
        kind, optional = self.kinds[field]
        if kind == "error_code":
            return random.choice(ERROR_CODES)
        if kind == "datetime_i64":
            return random.choice([-1] * optional + [0, random.randrange(10**12)])
        if kind == "timedelta_i64":
            return random.choice([0, -1, random.randrange(10**12)])
        return NotImplemented


def inner_class(annotation):
    while not hasattr(annotation, "__version__"):
        annotation = next(arg for arg in annotation.__args__ if arg not in {type(None), ...})
    return annotation


def plain(value, other):
    """kio's value in our terms."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, timedelta):
        return value // timedelta(milliseconds=1)
    if isinstance(value, datetime):
        return round(value.timestamp() * 1000)
    if isinstance(value, UUID):
        return value.bytes
    if value is None and other.metadata.get("kafka_type") == "uuid":
        return ZERO_UUID
    if value is None and other.metadata.get("kafka_type") == "datetime_i64":
        return -1
    return value


def assert_same(mine: Message, theirs, field_list):
    present = [field for field in field_list if theirs.__version__ in field.versions]
    for field, other in zip(present, fields(theirs), strict=True):
        ours, found = getattr(mine, field.name), getattr(theirs, other.name)
        if ours is None and (field.array or field.is_struct):
            assert found is None, field.name
        elif field.array:
            assert len(ours) == len(found)
            for a, b in zip(ours, found, strict=True):
                if field.is_struct:
                    assert_same(a, b, field.fields)
                else:
                    assert a == plain(b, other)
        elif field.is_struct:
            assert_same(ours, found, field.fields)
        else:
            assert ours == plain(found, other), field.name


@pytest.mark.parametrize("name", apis.NAMES.values())
def test_bytes_and_values_are_those_of_kio(name):
    random = Random(name)
    key = schema.load(name).key
    versions = schema.load(name).request.versions
    for version in range(versions.first, versions.last + 1):
        for kind, load, ours in (
            ("request", load_request_schema, codec.request_codec),
            ("response", load_response_schema, codec.response_codec),
        ):
            theirs = load(key, version)
            message_fields = wire_messages.message_of(name, kind).fields
            veto = Vetoes(message_fields, theirs)
            for _ in range(ROUNDS):
                message = wire_messages.build(random, name, kind, version, veto)
                encoded = b"".join(ours(key, version).write(message, bytearray()))
                value, size = entity_reader(theirs)(encoded, 0)
                assert size == len(encoded)
                assert_same(message, value, message_fields)
                again = io.BytesIO()
                entity_writer(theirs)(again, value)
                assert again.getvalue() == encoded
                assert ours(key, version).read(memoryview(encoded), 0) == (message, len(encoded))
