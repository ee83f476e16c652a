"""CRC-32C: against the values of RFC 3720, and the C library against the table."""

import random

import pytest

from tautolog.core.records import crc32c as module
from tautolog.core.records.crc32c import crc32c, crc32c_by_table

KNOWN = [
    (b"", 0x00000000),
    (b"123456789", 0xE3069283),
    (bytes(32), 0x8A9136AA),
    (b"\xff" * 32, 0x62A8AB43),
    (bytes(range(32)), 0x46DD794E),
    (bytes(range(31, -1, -1)), 0x113FDB5C),
]


@pytest.mark.parametrize("function", [crc32c, crc32c_by_table])
@pytest.mark.parametrize(("data", "value"), KNOWN)
def test_known_values(function, data, value):
    assert function(data) == value


@pytest.mark.parametrize("make", [bytes, bytearray, memoryview, lambda data: memoryview(bytearray(data))])
def test_every_kind_of_buffer(make):
    assert crc32c(make(b"123456789")) == crc32c_by_table(make(b"123456789")) == 0xE3069283


def test_the_table_and_the_library_agree():
    if not module.FAST:
        pytest.skip("google-crc32c is not installed: there is only the table")
    chance = random.Random(7)
    for length in (1, 2, 3, 7, 64, 1000, 4099):
        data = chance.randbytes(length)
        assert crc32c(data) == crc32c_by_table(data)
