"""How much the broker tells its operator: the levels that the BROKER_LOGGER resource shows and changes.

Kafka has a logger for each of its classes; here there is one, `root`. Levels live as long as the process, as in Kafka.
"""

from __future__ import annotations

from typing import Final

ROOT: Final = "root"
LEVELS: Final = ("TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL")
"""From the most to the least that is said."""

_OF_REPORT: Final = {"info": LEVELS.index("INFO"), "warning": LEVELS.index("WARN"), "error": LEVELS.index("ERROR")}


class Loggers:
    """The levels by logger name."""

    __slots__ = ("_threshold", "levels")

    def __init__(self) -> None:
        self.levels = {ROOT: "INFO"}
        self._threshold = LEVELS.index("INFO")

    def set(self, name: str, level: str) -> None:
        """Say what is at `level` or above only; both must be known."""
        self.levels[name] = level
        self._threshold = LEVELS.index(self.levels[ROOT])

    def says(self, level: str) -> bool:
        """Whether a report of that level (`info`, `warning`, `error`) is to be made."""
        return _OF_REPORT[level] >= self._threshold
