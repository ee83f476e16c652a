"""Numbers and strings of variable length, as records and the core's own record formats write them.

Two encodings: zigzag (signed; inside records) and unsigned (compact strings and arrays). Reading takes a buffer and a
position and gives the value and the position behind it; what runs past the end or past its width is a `RecordsError`,
never an `IndexError`. Writing appends to a `bytearray`.
"""

from __future__ import annotations

from tautolog.core.messages._base import Buffer
from tautolog.core.records.errors import RecordsError


def read_unsigned(buffer: Buffer, position: int) -> tuple[int, int]:
    """An unsigned varint of at most 64 bits."""
    value = shift = 0
    try:
        while True:
            byte = buffer[position]
            position += 1
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                break
            shift += 7
            if shift > 63:
                raise RecordsError("a varint is longer than ten bytes")
    except IndexError:
        raise RecordsError("a varint runs past the end") from None
    if value >> 64:
        raise RecordsError("a varint is wider than 64 bits")
    return value, position


def read_varint(buffer: Buffer, position: int) -> tuple[int, int]:
    """A zigzag varint of at most 64 bits, as in a record."""
    try:
        byte = buffer[position]
    except IndexError:
        raise RecordsError("a varint runs past the end") from None
    if byte < 0x80:  # nearly all of them
        return byte >> 1 ^ -(byte & 1), position + 1
    value, position = read_unsigned(buffer, position)
    return value >> 1 ^ -(value & 1), position


def write_unsigned(out: bytearray, value: int) -> None:
    """Append `value`, 0 or more, as an unsigned varint."""
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)


def write_varint(out: bytearray, value: int) -> None:
    """Append `value` as a zigzag varint."""
    value = value << 1 ^ value >> 63
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)


def varint_size(value: int) -> int:
    """How many bytes `write_varint` takes for `value`."""
    return (((value << 1 ^ value >> 63) | 1).bit_length() + 6) // 7


def read_compact_bytes(buffer: Buffer, position: int) -> tuple[bytes | None, int]:
    """Bytes behind an unsigned length plus one; 0 stands for None."""
    length, position = read_unsigned(buffer, position)
    if length == 0:
        return None, position
    end = position + length - 1
    if end > len(buffer):
        raise RecordsError("a field runs past the end")
    return bytes(buffer[position:end]), end


def read_compact_string(buffer: Buffer, position: int) -> tuple[str | None, int]:
    """A string behind an unsigned length plus one; 0 stands for None."""
    raw, position = read_compact_bytes(buffer, position)
    if raw is None:
        return None, position
    try:
        return raw.decode(), position
    except UnicodeDecodeError:
        raise RecordsError("a string is not UTF-8") from None


def write_compact_bytes(out: bytearray, value: Buffer | None) -> None:
    """Append bytes behind their length plus one; None is 0."""
    if value is None:
        out.append(0)
        return
    write_unsigned(out, len(value) + 1)
    out += value


def write_compact_string(out: bytearray, value: str | None) -> None:
    """Append a string behind its length plus one; None is 0."""
    write_compact_bytes(out, None if value is None else value.encode())
