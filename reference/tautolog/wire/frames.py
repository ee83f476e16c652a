"""Where one frame ends and the next begins, and which sizes are believed.

Kafka puts four bytes of size before each request and each answer. A size below zero or above `socket.request.max.bytes` ends
the connection before anything is allocated for it. Nothing here keeps state or copies bytes: the caller owns the buffer.
"""

from __future__ import annotations

import struct
from typing import Final

from tautolog.core.errors import ProtocolError
from tautolog.core.messages._base import Buffer

SIZE_BYTES: Final = 4
_read_size = struct.Struct(">i").unpack_from
MAX_FRAME: Final = 104_857_600
"""Default of `socket.request.max.bytes`."""

_STRANGERS = {
    b"GET ": "HTTP",
    b"POST": "HTTP",
    b"HEAD": "HTTP",
    b"PUT ": "HTTP",
    b"\x16\x03\x01": "TLS",
    b"\x16\x03\x03": "TLS",
}
"""How other protocols begin; their first bytes read as a size that no frame has."""


def frame_size(buffer: Buffer, position: int = 0, limit: int = MAX_FRAME) -> int:
    r"""The size of the frame whose four bytes of size stand at `position`, in bytes without those four.

    >>> frame_size(b"\x00\x00\x01\x02")
    258
    """
    head = bytes(buffer[position : position + SIZE_BYTES])
    size = int.from_bytes(head, "big", signed=True)
    if 0 <= size <= limit:
        return size
    for start, name in _STRANGERS.items():
        if head.startswith(start):
            raise ProtocolError(f"a frame of {size} bytes announced: the peer speaks {name}, not Kafka's protocol")
    if size < 0:
        raise ProtocolError(f"a frame of negative size announced, {size}")
    raise ProtocolError(f"a frame of {size} bytes announced, the limit is {limit}")


def split(buffer: memoryview, limit: int = MAX_FRAME) -> tuple[list[memoryview], int, int]:
    r"""The whole frames in `buffer`, as views without their size; the position after the last; the bytes the next one needs.

    The third value counts from that position, size included: what the buffer has to hold before there is another frame.
    A frame that breaks a guard raises `ProtocolError` only when it comes first, so that those before it are still served.

    >>> split(memoryview(b"\0\0\0\1a\0\0\0\2b"))[1:]
    (5, 6)
    """
    frames: list[memoryview] = []
    position, end = 0, len(buffer)
    while end - position >= SIZE_BYTES:
        (size,) = _read_size(buffer, position)
        if not 0 <= size <= limit:
            if not frames:
                frame_size(buffer, position, limit)
            return frames, position, SIZE_BYTES
        start = position + SIZE_BYTES
        if size > end - start:
            return frames, position, SIZE_BYTES + size
        position = start + size
        frames.append(buffer[start:position])
    return frames, position, SIZE_BYTES
