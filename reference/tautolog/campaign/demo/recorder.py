"""The history of a run over TCP, written down as it happens by many threads, one JSON line an event.

Decides nothing: it only keeps the order in which events were seen and the real time between them. An operation that is
still open when the run ends stays without completion, which every judge reads as unknown.
"""

from __future__ import annotations

import heapq
import json
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self


class Recorder:
    """An append-only JSON Lines file; `time` is nanoseconds since the recorder was opened."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = path.open("w", encoding="utf-8")
        self._lock = threading.Lock()
        self._began = time.monotonic_ns()
        self._index = 0
        self._free: list[int] = []
        self._next_slot = 9

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._lock:
            self._file.close()

    def event(self, process: int | str, kind: str, function: str, value: Any) -> int:
        """Write one event; return its time in nanoseconds. Late events of a closed recorder are dropped."""
        with self._lock:
            now = time.monotonic_ns() - self._began
            if not self._file.closed:
                line = {
                    "index": self._index,
                    "time": now,
                    "process": process,
                    "type": kind,
                    "f": function,
                    "value": value,
                }
                self._file.write(json.dumps(line, separators=(",", ":")) + "\n")
                self._index += 1
        return now

    def slot(self) -> int:
        """A process number, from 10 on, for one asynchronous operation: a process has one of them open at a time."""
        with self._lock:
            if self._free:
                return heapq.heappop(self._free)
            self._next_slot += 1
            return self._next_slot

    def release(self, slot: int) -> None:
        """The send is answered: its number may be used again."""
        with self._lock:
            heapq.heappush(self._free, slot)
