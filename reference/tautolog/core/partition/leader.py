"""One partition as its leader sees it: what may be appended, which offsets it gets, what may be read.

The leader assigns offsets and its leader epoch in place, keeps the high watermark, and refuses what would break the log. It
never touches a disk itself (that is `tautolog.core.log`) and never waits (that is `tautolog.core.partition.fetches`).

The high watermark follows the smallest log end offset among the in-sync replicas. With one replica that is its own, so an
append is committed the moment it is made.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tautolog.core.errors import ErrorCode
from tautolog.core.messages._base import Buffer
from tautolog.core.ports import Instant

if TYPE_CHECKING:
    from tautolog.core.log.log import Log
    from tautolog.core.partition.fetches import WaitingFetch


class Appended:
    """What became of one append: an error, or the first offset the records were given."""

    __slots__ = ("base_offset", "error", "log_append_time_ms", "log_start_offset", "message", "record_errors")

    def __init__(
        self,
        error: ErrorCode,
        base_offset: int = -1,
        log_append_time_ms: int = -1,
        log_start_offset: int = -1,
        message: str | None = None,
        record_errors: list[tuple[int, str]] | None = None,
    ) -> None:
        self.error = error
        self.base_offset = base_offset
        self.log_append_time_ms = log_append_time_ms
        self.log_start_offset = log_start_offset
        self.message = message
        self.record_errors = record_errors


class Partition:
    """One partition led by this broker.

    `epoch` is the leader epoch under which it leads, `isr` the in-sync replicas by node id, `replicas` all of them.
    """

    __slots__ = (
        "high_watermark",
        "index",
        "isr",
        "leader",
        "leader_epoch",
        "log",
        "replicas",
        "topic",
        "topic_id",
        "waiting",
    )

    def __init__(self, topic: str, topic_id: bytes, index: int, log: Log, *, leader: int, leader_epoch: int) -> None:
        self.topic = topic
        self.topic_id = topic_id
        self.index = index
        self.log = log
        self.leader = leader
        self.leader_epoch = leader_epoch
        self.replicas = [leader]
        self.isr = [leader]
        self.high_watermark = log.end_offset
        self.waiting: dict[WaitingFetch, None] = {}

    @property
    def log_start_offset(self) -> int:
        """The first offset that is still readable."""
        return self.log.start_offset

    @property
    def log_end_offset(self) -> int:
        """The offset that the next record will get."""
        return self.log.end_offset

    @property
    def last_stable_offset(self) -> int:
        """Below it nothing belongs to an open transaction (KIP-98)."""
        return self.high_watermark

    def append(self, records: Buffer, now: Instant) -> Appended:
        """Append what a client sent: checked whole before anything is written, offsets and epoch patched in place.

        Who is to be told of it is told by `announce`, which the caller calls when all of its appends are made.
        """
        raise AssertionError

    def append_internal(self, records: list[tuple[bytes | None, bytes | None]], now: Instant) -> int:
        """Append records of the broker's own (keys and values), announce them, return the first offset.

        Raises `StorageError`, and then nothing is appended.
        """
        raise AssertionError

    def announce(self) -> None:
        """Tell the fetches that wait on this partition how much was appended since the last call."""
        raise AssertionError
