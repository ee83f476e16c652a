"""Numbers and strings of variable length: the widths, the ends, what is refused."""

import pytest

from tautolog.core.records.errors import RecordsError
from tautolog.core.records.varint import (
    read_compact_bytes,
    read_compact_string,
    read_unsigned,
    read_varint,
    varint_size,
    write_compact_bytes,
    write_compact_string,
    write_unsigned,
    write_varint,
)


@pytest.mark.parametrize(
    ("value", "raw"),
    [(0, "00"), (-1, "01"), (1, "02"), (-64, "7f"), (64, "8001"), (-65, "8101"), (8191, "fe7f"), (8192, "808001"),
     (2**31 - 1, "feffffff0f"), (-(2**31), "ffffffff0f"), (2**63 - 1, "feffffffffffffffff01"), (-(2**63), "ffffffffffffffffff01")],
)  # fmt: skip
def test_zigzag(value, raw):
    out = bytearray()
    write_varint(out, value)
    assert out.hex() == raw
    assert read_varint(out, 0) == (value, len(out))
    assert varint_size(value) == len(out)


@pytest.mark.parametrize(("value", "raw"), [(0, "00"), (127, "7f"), (128, "8001"), (2**64 - 1, "ffffffffffffffffff01")])
def test_unsigned(value, raw):
    out = bytearray()
    write_unsigned(out, value)
    assert out.hex() == raw
    assert read_unsigned(out, 0) == (value, len(out))


@pytest.mark.parametrize("raw", ["", "80", "ff" * 9, "ff" * 10 + "01", "ff" * 9 + "02"])
def test_no_number(raw):
    for read in (read_unsigned, read_varint):
        with pytest.raises(RecordsError):
            read(bytes.fromhex(raw), 0)


@pytest.mark.parametrize("value", [None, b"", b"abc", b"x" * 200])
def test_compact_bytes(value):
    out = bytearray(b"before")
    write_compact_bytes(out, value)
    assert read_compact_bytes(out, 6) == (value, len(out))


@pytest.mark.parametrize("value", [None, "", "abc", "ä" * 100])
def test_compact_string(value):
    out = bytearray()
    write_compact_string(out, value)
    assert read_compact_string(out, 0) == (value, len(out))


def test_a_field_that_runs_past_the_end():
    with pytest.raises(RecordsError, match="past the end"):
        read_compact_bytes(b"\x05abc", 0)
    with pytest.raises(RecordsError, match="UTF-8"):
        read_compact_string(b"\x02\xff", 0)
