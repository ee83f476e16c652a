"""Limits of wall time and memory, asked often enough to be kept within a tenth."""

from __future__ import annotations

import os
import time

_PAGE = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096


class LimitReached(Exception):  # noqa: N818  # it is no error: the verdict is unknown
    """The search would go beyond a limit; the message says which."""


class Budget:
    """What one judgement may use.

    Args:
        seconds: wall time from now on, or None.
        megabytes: resident memory of this process, or None.

    """

    __slots__ = ("_began", "_deadline", "_megabytes", "_seconds")

    def __init__(self, seconds: float | None = None, megabytes: float | None = None) -> None:
        self._began = time.perf_counter()
        self._seconds = seconds
        self._deadline = None if seconds is None else self._began + seconds
        self._megabytes = megabytes

    @property
    def bounded(self) -> bool:
        """Whether there is any limit."""
        return self._deadline is not None or self._megabytes is not None

    def check(self) -> None:
        """Raise `LimitReached` if a limit is reached."""
        if self._deadline is not None and time.perf_counter() > self._deadline:
            raise LimitReached(f"the limit of {self._seconds:g} s was reached")
        if self._megabytes is not None and resident_megabytes() > self._megabytes:
            raise LimitReached(f"the limit of {self._megabytes:g} MB was reached")

    def part(self, seconds: float) -> Budget:
        """A budget of at most `seconds` within this one."""
        left = seconds if self._deadline is None else min(seconds, self._deadline - time.perf_counter())
        return Budget(left, self._megabytes)


def resident_megabytes() -> float:
    """The memory that this process holds now; 0 where the system does not tell."""
    try:
        with open("/proc/self/statm", "rb") as file:  # noqa: PTH123  # called often: no Path
            return int(file.read().split()[1]) * _PAGE / 1e6
    except (OSError, ValueError, IndexError):
        return 0.0
