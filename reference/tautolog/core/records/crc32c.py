"""CRC-32C (Castagnoli), the checksum of a record batch and of the files that belong to a log.

Uses the C library behind `google-crc32c` (extra `fast`) when it is there and a table otherwise; both give the same value.
"""

from __future__ import annotations

from typing import Final

from tautolog.core.messages._base import Buffer

_POLYNOMIAL: Final = 0x82F63B78  # Castagnoli's, bits reversed


def _make_table() -> tuple[int, ...]:
    table = []
    for byte in range(256):
        value = byte
        for _ in range(8):
            value = value >> 1 ^ _POLYNOMIAL if value & 1 else value >> 1
        table.append(value)
    return tuple(table)


_TABLE: list[int] = []


def crc32c_by_table(data: Buffer) -> int:
    """The checksum in plain Python: some 20 MB/s, for machines without the C library."""
    if not _TABLE:
        _TABLE.extend(_make_table())
    table = _TABLE
    crc = 0xFFFFFFFF
    for byte in bytes(data):
        crc = table[(crc ^ byte) & 0xFF] ^ crc >> 8
    return crc ^ 0xFFFFFFFF


try:
    import google_crc32c

    FAST: Final = google_crc32c.implementation == "c"
except ImportError:
    FAST: Final = False  # type: ignore[misc]  # one name, decided once at import

if FAST:
    _value = google_crc32c.value

    def crc32c(data: Buffer) -> int:
        """The checksum of `data`, as an unsigned 32-bit number.

        The library takes `bytes` only: a view is copied first, which at 16 KB costs a third of the checksum itself.
        """
        return _value(bytes(data))  # type: ignore[no-any-return]  # untyped library

else:
    crc32c = crc32c_by_table
