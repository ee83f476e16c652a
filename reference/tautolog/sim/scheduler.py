"""Virtual time: one queue of events and, for each machine, two clocks that may lie.

Time is an integer number of nanoseconds since the run began and only moves when the next event is taken. Events at the same
nanosecond run in the order in which they were posted, so a run is a function of its posts and nothing else.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from typing import Any, Final

from tautolog.core.errors import InvariantBroken
from tautolog.core.ports import Instant

MICROSECOND: Final = 1_000
MILLISECOND: Final = 1_000_000
SECOND: Final = 1_000_000_000

EPOCH_WALL_MS: Final = 1_700_000_000_000
"""The time of day at which every run begins: a fixed one, or two runs would differ."""

_LIVELOCK: Final = 100_000
_PPM: Final = 1_000_000


class Scheduler:
    """The queue. An event is a callable and its one argument; an owner that changed its mind lets it come and go."""

    __slots__ = ("_heap", "_posted", "_same", "executed", "now_ns")

    def __init__(self) -> None:
        self.now_ns = 0
        self.executed = 0
        self._heap: list[tuple[int, int, Callable[[Any], None], Any]] = []
        self._posted = 0
        self._same = 0

    def at(self, time_ns: int, action: Callable[[Any], None], argument: Any = None) -> None:
        """Run `action(argument)` at `time_ns`, or now if that has passed."""
        self._posted += 1
        heapq.heappush(self._heap, (max(time_ns, self.now_ns), self._posted, action, argument))

    def after(self, delay_ns: int, action: Callable[[Any], None], argument: Any = None) -> None:
        """Run `action(argument)` in `delay_ns`."""
        self._posted += 1
        heapq.heappush(self._heap, (self.now_ns + delay_ns, self._posted, action, argument))

    def step(self) -> bool:
        """Take the next event; False if there is none."""
        if not self._heap:
            return False
        time_ns, _, action, argument = heapq.heappop(self._heap)
        if time_ns == self.now_ns:
            self._same += 1
            if self._same > _LIVELOCK:
                raise InvariantBroken(f"time stands still at {time_ns} ns: {_LIVELOCK} events without progress")
        else:
            self._same = 0
            self.now_ns = time_ns
        self.executed += 1
        action(argument)
        return True

    def run_until(self, time_ns: int, stop: Callable[[], bool] | None = None) -> bool:
        """Run everything up to and including `time_ns`; `stop` is asked after each event and ends the run early.

        Returns whether `stop` said so; otherwise time stands at `time_ns` afterwards.
        """
        heap = self._heap
        while heap and heap[0][0] <= time_ns:
            self.step()
            if stop is not None and stop():
                return True
        self.now_ns = max(self.now_ns, time_ns)
        self._same = 0
        return False


class Clock:
    """One machine's clocks: a monotonic one that may run fast or slow, and a time of day that may also step.

    `drift_ppm` is the rate's error in parts per million and holds for both; `step` and the offset touch the time of day
    only, as setting the time does. The monotonic clock starts anew when the machine boots and never goes back before that.
    """

    __slots__ = ("_anchor_mono_ns", "_anchor_ns", "_drift_ppm", "_offset_ms", "_wall_base_ms")

    def __init__(self, *, offset_ms: int = 0, drift_ppm: int = 0) -> None:
        self._anchor_ns = 0
        self._anchor_mono_ns = 0
        self._drift_ppm = drift_ppm
        self._offset_ms = offset_ms
        self._wall_base_ms = EPOCH_WALL_MS

    def instant(self, now_ns: int) -> Instant:
        """Both readings at a moment of virtual time."""
        monotonic_ms = self._monotonic_ns(now_ns) // MILLISECOND
        return Instant(monotonic_ms, self._wall_base_ms + self._offset_ms + monotonic_ms)

    def reach(self, monotonic_ms: int, now_ns: int) -> int:
        """The first moment from `now_ns` on at which this clock shows `monotonic_ms` or more."""
        missing = monotonic_ms * MILLISECOND - self._anchor_mono_ns
        moment = self._anchor_ns + -(-missing * _PPM // (_PPM + self._drift_ppm))
        return max(moment, now_ns)

    def drift(self, now_ns: int, ppm: int) -> None:
        """Run at another rate from now on; positive is fast."""
        self._anchor_mono_ns = self._monotonic_ns(now_ns)
        self._anchor_ns = now_ns
        self._drift_ppm = ppm

    def step(self, by_ms: int) -> None:
        """Set the time of day forward (or, negative, back); the monotonic clock does not notice."""
        self._offset_ms += by_ms

    def boot(self, now_ns: int) -> None:
        """The machine starts: its monotonic clock begins at zero, its time of day goes on."""
        self._wall_base_ms += self._monotonic_ns(now_ns) // MILLISECOND
        self._anchor_ns = now_ns
        self._anchor_mono_ns = 0

    def _monotonic_ns(self, now_ns: int) -> int:
        return self._anchor_mono_ns + (now_ns - self._anchor_ns) * (_PPM + self._drift_ppm) // _PPM
