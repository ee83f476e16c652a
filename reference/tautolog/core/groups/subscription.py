"""The consumer protocol's metadata, as far as a broker may look into it: the names of the topics subscribed to.

Version 0 is a prefix of every later version (`ConsumerProtocolSubscription`), so one reading serves all clients. What does
not read as such belongs to somebody else's protocol and is left alone.
"""

from __future__ import annotations

from struct import error, unpack_from


def topics_of(metadata: bytes) -> list[str] | None:
    r"""The topics that a member of a consumer group subscribes to; None if these bytes do not say.

    >>> topics_of(b"\x00\x03" + b"\x00\x00\x00\x01" + b"\x00\x06orders" + b"\xff\xff\xff\xff")
    ['orders']
    >>> topics_of(b"another protocol") is None
    True
    """
    try:
        version, count = unpack_from(">hi", metadata)
        if version < 0 or not 0 <= count <= len(metadata) // 2:
            return None
        topics = []
        position = 6
        for _ in range(count):
            (length,) = unpack_from(">h", metadata, position)
            position += 2
            if length < 0 or position + length > len(metadata):
                return None
            topics.append(metadata[position : position + length].decode())
            position += length
        (length,) = unpack_from(">i", metadata, position)
    except (error, UnicodeDecodeError):
        return None
    return topics if position + 4 + max(length, 0) <= len(metadata) else None
