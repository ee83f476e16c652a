"""The two readings of the real clock, and real chance: what `tautolog.core` is handed in production."""

from __future__ import annotations

import os
import time

from tautolog.core.ports import Instant

_NANOSECONDS = 1_000_000


def now() -> Instant:
    """The machine's clocks at this moment, in milliseconds."""
    return Instant(time.monotonic_ns() // _NANOSECONDS, time.time_ns() // _NANOSECONDS)


class SystemChance:
    """A `Chance` from the operating system's generator."""

    __slots__ = ()

    @staticmethod
    def below(bound: int) -> int:
        """An integer from 0 to `bound - 1`; the bias of the remainder is below 2^-60 for any bound that the core has."""
        return int.from_bytes(os.urandom(12), "big") % bound

    @staticmethod
    def uuid() -> bytes:
        """Sixteen bytes, as RFC 9562 lays out a version 4 id."""
        raw = bytearray(os.urandom(16))
        raw[6] = raw[6] & 0x0F | 0x40
        raw[8] = raw[8] & 0x3F | 0x80
        return bytes(raw)
