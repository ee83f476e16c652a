"""What happened, as a history in JSON Lines: Jepsen's vocabulary, virtual time, no clock of this machine.

Clients are numbered processes that do one thing at a time: `invoke` opens an operation, `complete` ends it. When a client
crashes its open operations end as `info` (unknown), and its next run gets new numbers. Lines of `nemesis`, `cluster` and
`broker-N` tell what was done to the system and what it said.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode


class Recorder:
    """Collects the lines of one run. `now_ns` is asked for the time of each."""

    def __init__(self, now_ns: Callable[[], int]) -> None:
        self._now_ns = now_ns
        self._lines: list[str] = []
        self._processes = 0
        self._values = 0
        self._open: dict[int, tuple[str, Any]] = {}
        self._owners: dict[str, list[int]] = {}

    def new_process(self, owner: str) -> int:
        """A fresh number for one logical process of a client; `owner` is whose crash ends it."""
        number = self._processes
        self._processes += 1
        self._owners.setdefault(owner, []).append(number)
        return number

    def new_value(self) -> int:
        """A value that nobody else sends."""
        self._values += 1
        return self._values

    def invoke(self, process: int, f: str, value: Any, **extra: Any) -> None:
        """A client begins something."""
        self._open[process] = (f, value)
        self._write(process, "invoke", f, value, extra)

    def complete(self, process: int, kind: str, f: str, value: Any, **extra: Any) -> None:
        """A client's operation ends: `ok`, `fail` or `info`."""
        self._open.pop(process, None)
        self._write(process, kind, f, value, extra)

    def whole(self, process: int, kind: str, f: str, value: Any, **extra: Any) -> None:
        """An operation that begins and ends in one step."""
        self._write(process, "invoke", f, value if f != "poll" else [["poll"]], extra)
        self._write(process, kind, f, value, extra)

    def note(self, lane: str, f: str, value: Any = None) -> None:
        """Something that is no client's operation."""
        self._write(lane, "info", f, value, {})

    def crashed(self, owner: str) -> None:
        """A client's process is gone: what it was doing has an unknown end."""
        for process in self._owners.pop(owner, ()):
            if process in self._open:
                f, value = self._open[process]
                self.complete(process, "info", f, value)

    def close(self) -> None:
        """The run is over: whatever is still open has an unknown end."""
        for owner in list(self._owners):
            self.crashed(owner)

    @property
    def events(self) -> int:
        """How many lines there are."""
        return len(self._lines)

    def history(self) -> bytes:
        """The whole history as it goes into a file."""
        return "".join(f"{line}\n" for line in self._lines).encode()

    def _write(self, process: int | str, kind: str, f: str, value: Any, extra: dict[str, Any]) -> None:
        fields = {
            "index": len(self._lines),
            "time": self._now_ns(),
            "process": process,
            "type": kind,
            "f": f,
            "value": value,
        }
        if extra:
            fields |= extra
        self._lines.append(_encode(fields))
