"""What a log needs to know of its topic's configuration: typed, with Kafka's defaults. Checks nothing, reads nothing."""

from __future__ import annotations

from typing import NamedTuple

_DAY_MS = 24 * 60 * 60 * 1000


class LogConfig(NamedTuple):
    """One topic's settings under Kafka's names (dots written as underscores); made anew when one of them changes.

    Sizes are bytes, times milliseconds; -1 for a retention means without limit.
    """

    cleanup_policy: tuple[str, ...] = ("delete",)
    segment_bytes: int = 1024 * 1024 * 1024
    segment_ms: int = 7 * _DAY_MS
    segment_index_bytes: int = 10 * 1024 * 1024
    index_interval_bytes: int = 4096
    retention_ms: int = 7 * _DAY_MS
    retention_bytes: int = -1
    delete_retention_ms: int = _DAY_MS
    min_cleanable_dirty_ratio: float = 0.5
    min_compaction_lag_ms: int = 0
    max_compaction_lag_ms: int = 2**63 - 1
    max_message_bytes: int = 1048588
    message_timestamp_type: str = "CreateTime"
    message_timestamp_before_max_ms: int = 2**63 - 1
    message_timestamp_after_max_ms: int = 60 * 60 * 1000
    producer_id_expiration_ms: int = _DAY_MS
    """A setting of the broker, kept here because each log forgets its own idle producers."""

    @property
    def deletes(self) -> bool:
        """Whether retention by time and size applies (cleanup.policy has `delete`)."""
        return "delete" in self.cleanup_policy

    @property
    def compacts(self) -> bool:
        """Whether only the last record of each key is kept (cleanup.policy has `compact`)."""
        return "compact" in self.cleanup_policy

    @property
    def roll_ms(self) -> int:
        """After how long a segment is closed: `segment.ms`, sooner if records must be compacted sooner."""
        return min(self.segment_ms, self.max_compaction_lag_ms) if self.compacts else self.segment_ms
