"""Which segments retention lets go: whole ones, oldest first. Decides; deletes nothing.

A segment goes when everything in it lies below the start offset, when the log without it still holds `retention.bytes`, or
when its newest record is older than `retention.ms`. The last segment goes as well if it is not empty: the log then starts
anew at its end. A segment without timestamps is as old as its last append.
"""

from __future__ import annotations

from collections.abc import Sequence

from tautolog.core.log.config import LogConfig
from tautolog.core.log.segment import Segment


def count_expired(
    segments: Sequence[Segment],
    config: LogConfig,
    *,
    now_ms: int,
    start_offset: int,
    end_offset: int,
    high_watermark: int,
) -> int:
    """How many of the first segments go. Nothing at or above `high_watermark` does."""
    count = 0
    while count + 1 < len(segments) and segments[count + 1].base_offset <= start_offset:
        count += 1
    if not config.deletes:
        return count
    ends = [*(segment.base_offset for segment in segments[1:]), end_offset]

    def may_go(index: int) -> bool:
        return (
            index < len(segments)
            and ends[index] <= high_watermark
            and (index + 1 < len(segments) or segments[index].size > 0)
        )

    if config.retention_bytes >= 0:
        excess = sum(segment.size for segment in segments[count:]) - config.retention_bytes
        while may_go(count) and excess >= segments[count].size:
            excess -= segments[count].size
            count += 1
    if config.retention_ms >= 0:
        while may_go(count) and now_ms - newest_ms(segments[count]) > config.retention_ms:
            count += 1
    return count


def newest_ms(segment: Segment) -> int:
    """The largest timestamp in a segment, or when it was last appended to."""
    timestamp = segment.largest[0]
    return timestamp if timestamp >= 0 else segment.modified_ms
