"""What compiled codecs call at run time: varints, skipping of unknown tags, and the sentences of their refusals.

Compiled code does the common case inline and comes here for the rare one: a varint of more than one byte, a tag nobody
knows, a length that does not fit. Everything here raises `Malformed` with the reason only; the codec adds which message,
field and position.
"""

from __future__ import annotations

from typing import Final

MAX_STRING: Final = 32767
"""Longest string in UTF-8 bytes, in compact encoding too, as Kafka has it."""
MAX_LENGTH: Final = 0x7FFF_FFFF
"""Largest value a length may have: Kafka reads the unsigned varint into a Java int."""

NO_VARINT = "a varint above 2147483647"


MOST_ELEMENTS = 250_000
"""How many elements all arrays of one request may have together.

An element of two bytes becomes an object of seventy: without this bound, memory and time would not follow the bytes received
but a multiple of them. A request that names every partition of a large cluster has far fewer.
"""


class Malformed(Exception):  # noqa: N818  # a reason on its way to becoming a ProtocolError
    """Why bytes are not the message they should be, or why a message does not fit its version."""


def read_varint(data: memoryview, position: int) -> tuple[int, int]:
    """The unsigned varint at `position` and the position after it; at most five bytes, at most 2147483647."""
    byte = data[position]
    value = byte & 127
    shift = 0
    while byte > 127:
        shift += 7
        if shift > 28:
            raise Malformed(NO_VARINT)
        position += 1
        byte = data[position]
        value |= (byte & 127) << shift
    if value > MAX_LENGTH:
        raise Malformed(NO_VARINT)
    return value, position + 1


def read_string_length(data: memoryview, position: int) -> tuple[int, int]:
    """As `read_varint`, for the length plus one of a compact string."""
    value, position = read_varint(data, position)
    if value > MAX_STRING + 1:
        raise Malformed(f"a string of {value - 1} bytes, Kafka allows {MAX_STRING}")
    return value, position


_SMALL = [bytes([n]) for n in range(128)]


def write_varint(value: int) -> bytes:
    """The shortest unsigned varint of `value`."""
    if value < 128:
        return _SMALL[value]
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


def write_string_length(value: int) -> bytes:
    """As `write_varint`, for the length plus one of a compact string."""
    if value > MAX_STRING + 1:
        raise Malformed(f"a string of {value - 1} bytes, Kafka allows {MAX_STRING}")
    return write_varint(value)


def skip_tags(data: memoryview, position: int, count: int) -> int:
    """The position after `count` tagged fields that nobody here knows.

    `count` may be a lie: each field takes two bytes or more, so the loop ends with the frame.
    """
    end = len(data)
    for _ in range(count):
        _, position = read_varint(data, position)
        size, position = read_varint(data, position)
        position += size
        if position > end:
            raise overrun(size, end - position + size)
    return position


def overrun(size: int, left: int) -> Malformed:
    """A length that leaves its frame."""
    return Malformed(f"{size} bytes announced, {left} left")


def crowd(count: int, left: int) -> Malformed:
    """An array whose elements cannot all be in the frame."""
    return Malformed(f"{count} elements announced, {left} bytes left")


def throng(count: int) -> Malformed:
    """An array that takes a request over the elements it may have."""
    return Malformed(f"{count} elements more than a request may have, which is {MOST_ELEMENTS} in all its arrays")


def negative(length: int) -> Malformed:
    """A length below zero where null is not allowed, or below -1."""
    return Malformed("null, which this version does not allow" if length == -1 else f"a negative length, {length}")


def misfit(tag: int, announced: int, taken: int) -> Malformed:
    """A tagged field that is not as long as its size says."""
    return Malformed(f"tag {tag} announces {announced} bytes and takes {taken}")
