"""Deadlines of one node: what is due, in a fixed order. Holds no clock; `now` is always handed in."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from typing import TypeAlias

Action: TypeAlias = Callable[[], None]


class Timer:
    """One deadline. Cancelling is O(1): the entry stays in the heap until it surfaces."""

    __slots__ = ("action", "deadline_ms")

    def __init__(self, deadline_ms: int, action: Action) -> None:
        self.deadline_ms = deadline_ms
        self.action: Action | None = action

    def cancel(self) -> None:
        """Make sure that the action does not run (any more)."""
        self.action = None


class Timers:
    """A heap of timers, ties broken by the order in which they were set."""

    __slots__ = ("_heap", "_sequence")

    def __init__(self) -> None:
        self._heap: list[tuple[int, int, Timer]] = []
        self._sequence = 0

    def at(self, deadline_ms: int, action: Action) -> Timer:
        """Run `action` in the first step at or after `deadline_ms` on the monotonic clock."""
        timer = Timer(deadline_ms, action)
        self._sequence += 1
        heapq.heappush(self._heap, (deadline_ms, self._sequence, timer))
        return timer

    def next_deadline(self) -> int | None:
        """The earliest deadline that still stands, or None."""
        heap = self._heap
        while heap and heap[0][2].action is None:
            heapq.heappop(heap)
        return heap[0][0] if heap else None

    def due(self, monotonic_ms: int) -> Iterator[Action]:
        """Take out what is due, one by one, so that an action may set or cancel others."""
        while (deadline := self.next_deadline()) is not None and deadline <= monotonic_ms:
            timer = heapq.heappop(self._heap)[2]
            action, timer.action = timer.action, None
            if action is not None:
                yield action
