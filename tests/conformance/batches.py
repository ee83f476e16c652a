"""Record batches made by hand, right or wrong in any field: independent of the code under test."""

from __future__ import annotations

import struct

import google_crc32c

NOW = 1_700_000_000_000


def varint(value: int) -> bytes:
    """Zigzag varint."""
    value = (value << 1) ^ (value >> 63)
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])


def record(
    delta: int,
    key: bytes | None,
    value: bytes | None,
    timestamp_delta: int = 0,
    headers: tuple[tuple[str, bytes], ...] = (),
) -> bytes:
    """One record, with its length in front."""
    body = b"\0" + varint(timestamp_delta) + varint(delta)
    for part in (key, value):
        body += varint(-1) if part is None else varint(len(part)) + part
    body += varint(len(headers))
    for name, content in headers:
        body += varint(len(name)) + name.encode() + varint(len(content)) + content
    return varint(len(body)) + body


def batch(
    *values: bytes | None,
    keys: tuple[bytes | None, ...] | None = None,
    base_offset: int = 0,
    magic: int = 2,
    attributes: int = 0,
    producer_id: int = -1,
    producer_epoch: int = -1,
    sequence: int = -1,
    timestamp: int = NOW,
    max_timestamp: int | None = None,
    count: int | None = None,
    last_offset_delta: int | None = None,
    crc: int | None = None,
    step: int = 0,
    body: bytes | None = None,
) -> bytes:
    """A batch of `values`; what is not given is computed as an honest client would. `step` is milliseconds between records."""
    n = len(values)
    keys = keys or (None,) * n
    payload = body if body is not None else b"".join(record(i, keys[i], v, i * step) for i, v in enumerate(values))
    tail = (
        struct.pack(
            ">hiqqqhii",
            attributes,
            n - 1 if last_offset_delta is None else last_offset_delta,
            timestamp,
            timestamp + (n - 1) * step if max_timestamp is None else max_timestamp,
            producer_id,
            producer_epoch,
            sequence,
            n if count is None else count,
        )
        + payload
    )
    checksum = google_crc32c.value(tail) if crc is None else crc
    return struct.pack(">qiibI", base_offset, 9 + len(tail), -1, magic, checksum) + tail
