"""Limits of wall time and memory, kept within a tenth.

The searches ask often. What cannot ask (a sort, a polynomial algorithm, a parser) is interrupted by a timer where the system
has one and the main thread is at work (`enforced`); a file larger than the limit of memory is not even begun.
"""

from __future__ import annotations

import math
import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

TICK = 0.02
"""Seconds between two looks of the timer at the limits."""

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

    @property
    def left(self) -> float:
        """Seconds until the deadline; infinite where there is none."""
        return math.inf if self._deadline is None else self._deadline - time.perf_counter()

    def check(self) -> None:
        """Raise `LimitReached` if a limit is reached."""
        if self._deadline is not None and time.perf_counter() > self._deadline:
            raise LimitReached(f"the limit of {self._seconds:g} s was reached")
        if self._megabytes is not None and resident_megabytes() > self._megabytes:
            raise LimitReached(f"the limit of {self._megabytes:g} MB was reached")

    def check_room(self, size: int) -> None:
        """Raise `LimitReached` if `size` more bytes would go beyond the limit of memory."""
        if self._megabytes is not None and resident_megabytes() + size / 1e6 > self._megabytes:
            raise LimitReached(f"the limit of {self._megabytes:g} MB would be reached")

    @contextmanager
    def enforced(self) -> Iterator[None]:
        """Inside, `LimitReached` is raised by a timer, once, wherever the work is when a limit is reached.

        Does nothing where there is no limit, no such timer, no main thread, or where somebody else uses the timer.
        """
        usable = hasattr(signal, "setitimer") and threading.current_thread() is threading.main_thread()
        if not (self.bounded and usable and signal.getsignal(signal.SIGALRM) is signal.SIG_DFL):
            yield
            return

        def look(_signal: int, _frame: FrameType | None) -> None:
            try:
                self.check()
            except LimitReached:
                signal.setitimer(signal.ITIMER_REAL, 0)
                raise

        signal.signal(signal.SIGALRM, look)
        signal.setitimer(signal.ITIMER_REAL, TICK, TICK)
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, signal.SIG_DFL)

    def part(self, seconds: float) -> Budget:
        """A budget of at most `seconds` within this one."""
        return Budget(min(seconds, self.left), self._megabytes)


def resident_megabytes() -> float:
    """The memory that this process holds now; 0 where the system does not tell."""
    try:
        with open("/proc/self/statm", "rb") as file:  # noqa: PTH123  # called often: no Path
            return int(file.read().split()[1]) * _PAGE / 1e6
    except (OSError, ValueError, IndexError):
        return 0.0
