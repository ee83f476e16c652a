"""One partition as its leader sees it: what may be appended, which offsets it gets, what may be read.

The leader assigns offsets and its leader epoch in place, keeps the high watermark, and refuses what would break the log. It
never touches a disk itself (that is `tautolog.core.log`) and never waits (that is `tautolog.core.partition.fetches`).

The high watermark is the smallest log end offset among the in-sync replicas. With one replica that is its own, so an append
is committed the moment it is made.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

from tautolog.core.errors import ErrorCode
from tautolog.core.log.epochs import NO_EPOCH
from tautolog.core.log.log import Log
from tautolog.core.messages._base import Buffer
from tautolog.core.messages.fetch import EpochEndOffset, FetchPartition, LeaderIdAndEpoch, PartitionData, SnapshotId
from tautolog.core.partition.validation import Refusal, check_batch, only_batch
from tautolog.core.ports import Instant, StorageError
from tautolog.core.records.batch import HEADER_SIZE, LOG_APPEND_TIME, TRANSACTIONAL, assign, parse, stamp
from tautolog.core.records.record import Pair, build

if TYPE_CHECKING:
    from tautolog.core.partition.fetches import WaitingFetch

HIGH_WATERMARK: Final = -1
"""The offset that DeleteRecords takes for "everything that is committed"."""

NO_DIVERGENCE: Final = EpochEndOffset()
NO_LEADER: Final = LeaderIdAndEpoch()
NO_SNAPSHOT: Final = SnapshotId()
"""What most answers say of divergence, leader and snapshot; shared, so never to be changed."""


class Appended:
    """What became of one append: an error, or the offset that its first record got.

    `log_append_time_ms` is the wall clock of the append where the topic's timestamps are the broker's, and the timestamp of
    the first append for a repeated batch; -1 otherwise.
    """

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
    """One partition led by this broker, under `leader_epoch`.

    `leader`, `replicas` and `isr` are node ids. `report(level, text)` takes one line for the operator. `waiting` holds the
    fetches that want to be told of appends.
    """

    __slots__ = (
        "_report",
        "_shared",
        "_storage_failing",
        "_untold",
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

    def __init__(
        self,
        topic: str,
        topic_id: bytes,
        index: int,
        log: Log,
        *,
        leader: int,
        leader_epoch: int,
        report: Callable[[str, str], None],
    ) -> None:
        self.topic = topic
        self.topic_id = topic_id
        self.index = index
        self.log = log
        self.leader = leader
        self.leader_epoch = leader_epoch
        self.replicas = [leader]
        self.isr = [leader]
        self.high_watermark = log.high_watermark
        self.waiting: dict[WaitingFetch, None] = {}
        self._report = report
        self._shared: dict[tuple[int, int, int, bool], Buffer] | None = None
        self._storage_failing = False
        self._untold = 0
        log.epochs.assign(leader_epoch, log.end_offset)
        self.advance()

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
        first_open = self.log.producers.first_open_offset()
        return self.high_watermark if first_open is None else min(first_open, self.high_watermark)

    def advance(self) -> None:
        """Raise the high watermark to what every in-sync replica has; it never goes back."""
        if len(self.isr) == 1:  # the leader itself, always in sync
            self.high_watermark = self.log.end_offset

    def append(self, records: Buffer | None, now: Instant) -> Appended:
        """Append what a client sent: checked whole before anything is written, offset and epoch written into `records`.

        A buffer that cannot be written to is copied. Waiting fetches are not told; call `announce` when all appends of the
        request are made.
        """
        batch = only_batch(records)
        if isinstance(batch, Refusal):
            return self._refused(batch)
        assert records is not None
        if batch.attributes & TRANSACTIONAL:  # no coordinator here gave out its transactional id
            return Appended(ErrorCode.INVALID_PRODUCER_ID_MAPPING)
        log = self.log
        refusal = check_batch(records, batch, log.config, now.wall_ms)
        if refusal is not None:
            return self._refused(refusal)
        if batch.producer_id >= 0:
            known = log.producers.check(batch)
            if not isinstance(known, ErrorCode):
                return Appended(ErrorCode.NONE, known.base_offset, known.timestamp, log.start_offset)
            if known:
                return Appended(known, log_start_offset=log.start_offset)
        size = batch.size
        data = records if type(records) is memoryview and len(records) == size else memoryview(records)[:size]
        if data.readonly:
            data = memoryview(bytearray(data))
        append_time = -1
        if log.config.message_timestamp_type == "LogAppendTime":
            append_time = now.wall_ms
            stamp(data, batch, append_time, log_append_time=True)
        elif batch.attributes & LOG_APPEND_TIME:
            stamp(data, batch, batch.max_timestamp, log_append_time=False)
        base_offset = log.end_offset
        assign(data, batch, base_offset, self.leader_epoch)
        try:
            log.append(data, [batch], self.leader_epoch, now)
        except StorageError as error:
            self._storage_failed(error)
            return Appended(ErrorCode.KAFKA_STORAGE_ERROR)
        self._appended(size)
        return Appended(ErrorCode.NONE, base_offset, append_time, log.start_offset)

    def append_internal(self, records: Sequence[Pair], now: Instant) -> int:
        """Append records of the broker's own (keys and values), tell waiting fetches, return the first offset.

        Raises `StorageError`, and then nothing is appended.
        """
        base_offset = self.log.end_offset
        data = build(records, timestamp=now.wall_ms, base_offset=base_offset, leader_epoch=self.leader_epoch)
        self.log.append(data, [parse(data)], self.leader_epoch, now)
        self._appended(len(data))
        self.announce()
        return base_offset

    def announce(self) -> None:
        """Tell the fetches that wait on this partition how much was appended since the last call.

        Most of them wait at the same offset: what they read there is read once and shared.
        """
        size, self._untold = self._untold, 0
        if size and self.waiting:
            self._shared = {}
            for fetch in list(self.waiting):
                fetch.arrived(self, size)
            self._shared = None

    def fetch(
        self, wanted: FetchPartition, max_bytes: int, *, at_least_one: bool, committed: bool, replica_id: int = -1
    ) -> PartitionData:
        """The answer to one partition of a Fetch, of at most `max_bytes` (one batch more with `at_least_one`).

        `committed` is isolation level read_committed. A `replica_id` from 0 on is a follower, which must be one of ours.
        """
        log = self.log
        offset = wanted.fetch_offset
        if wanted.current_leader_epoch >= 0 and (error := self.check_epoch(wanted.current_leader_epoch)):
            return failed(self.index, error)
        if replica_id >= 0 and (replica_id == self.leader or replica_id not in self.replicas):
            known = wanted.current_leader_epoch >= 0
            return failed(self.index, ErrorCode.UNKNOWN_LEADER_EPOCH if known else ErrorCode.NOT_LEADER_OR_FOLLOWER)
        diverging = NO_DIVERGENCE
        if wanted.last_fetched_epoch >= 0:
            epoch, end = log.end_offset_for_epoch(wanted.last_fetched_epoch)
            if end < 0 or offset < log.start_offset:
                return failed(self.index, ErrorCode.OFFSET_OUT_OF_RANGE)
            if epoch < wanted.last_fetched_epoch or end < offset:
                diverging = EpochEndOffset(epoch, end)
        if diverging is NO_DIVERGENCE and not log.start_offset <= offset <= log.end_offset:
            return failed(self.index, ErrorCode.OFFSET_OUT_OF_RANGE)
        high_watermark = self.high_watermark
        stable = self.last_stable_offset
        records: Buffer = b""
        end = stable if committed else high_watermark
        if offset < end and diverging is NO_DIVERGENCE and (at_least_one or max_bytes >= HEADER_SIZE):
            try:
                records = self._read(offset, max_bytes, end, at_least_one=at_least_one)
            except StorageError as failure:
                self._report("error", f"{self.topic}-{self.index} cannot be read at offset {offset}: {failure}")
                return failed(self.index, ErrorCode.KAFKA_STORAGE_ERROR)
        return PartitionData(
            self.index,
            0,
            high_watermark,
            stable,
            log.start_offset,
            diverging,
            NO_LEADER,
            NO_SNAPSHOT,
            [] if committed else None,
            -1,
            records,
        )

    def _read(self, offset: int, max_bytes: int, end: int, *, at_least_one: bool) -> Buffer:
        if self._shared is None:
            return self.log.read(offset, max_bytes, end, at_least_one=at_least_one)
        place = offset, max_bytes, end, at_least_one
        found = self._shared.get(place)
        if found is None:
            found = self._shared[place] = self.log.read(offset, max_bytes, end, at_least_one=at_least_one)
        return found

    def check_epoch(self, current_leader_epoch: int) -> ErrorCode:
        """Whether a client's idea of the leader epoch is ours (KIP-320); -1 is no idea."""
        if current_leader_epoch in {self.leader_epoch, NO_EPOCH}:
            return ErrorCode.NONE
        if current_leader_epoch < self.leader_epoch:
            return ErrorCode.FENCED_LEADER_EPOCH
        return ErrorCode.UNKNOWN_LEADER_EPOCH

    def delete_records(self, before: int) -> ErrorCode:
        """Raise the log start offset to `before` (or to the high watermark for -1); it never goes back.

        Only topics whose cleanup policy deletes allow it.
        """
        log = self.log
        if not log.config.deletes:
            return ErrorCode.POLICY_VIOLATION
        offset = self.high_watermark if before == HIGH_WATERMARK else before
        if not 0 <= offset <= self.high_watermark:
            return ErrorCode.OFFSET_OUT_OF_RANGE
        if offset > log.start_offset:
            try:
                log.delete_before(offset)
            except StorageError as error:
                self._storage_failed(error)
                return ErrorCode.KAFKA_STORAGE_ERROR
        return ErrorCode.NONE

    def _refused(self, refusal: Refusal) -> Appended:
        start_offset = -1 if refusal.at_door else self.log.start_offset
        return Appended(refusal.code, -1, -1, start_offset, refusal.message, refusal.record_errors)

    def _appended(self, size: int) -> None:
        self.advance()
        if self.waiting:
            self._untold += size
        if self._storage_failing:
            self._storage_failing = False
            self._report("info", f"{self.topic}-{self.index} takes records again")

    def _storage_failed(self, error: StorageError) -> None:
        if not self._storage_failing:
            self._storage_failing = True
            self._report("error", f"{self.topic}-{self.index} takes no records: {error}")


def failed(index: int, error: ErrorCode) -> PartitionData:
    """The answer for a partition that could not be read; its aborted transactions are null, as in Kafka."""
    return PartitionData(index, error, -1, -1, -1, NO_DIVERGENCE, NO_LEADER, NO_SNAPSHOT, None, -1, b"")
