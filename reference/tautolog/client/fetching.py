"""Positions and fetched records of one consumer: what to ask which leader for, and what came back. Decides no offsets.

One Fetch at a time to each leader, in a fetch session (KIP-227) that carries only what changed. A partition is fetched when
it has a position, is not paused and has nothing buffered. An answer counts only for the position that it was asked for: after
a seek, a revocation or a reset, what was under way is dropped.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from tautolog.client.cluster import ClusterClient
from tautolog.client.link import Address, Outcome
from tautolog.client.protocol import TopicPartition
from tautolog.core.errors import ErrorCode
from tautolog.core.messages._base import Buffer, Message
from tautolog.core.messages.fetch import (
    FetchPartition,
    FetchRequest,
    FetchResponse,
    FetchTopic,
    ForgottenTopic,
    PartitionData,
)
from tautolog.core.records.batch import batches, check
from tautolog.core.records.errors import RecordsError
from tautolog.core.records.record import Headers, batch_records

FETCH: Final = 1
_LAST_SESSION_EPOCH: Final = 2_147_483_647
_RETRY_MS: Final = 100


class Consumed(NamedTuple):
    """One record as the application sees it."""

    topic: str
    partition: int
    offset: int
    timestamp_ms: int
    key: bytes | None
    value: bytes | None
    headers: Headers


class Position:
    """What is known of one assigned partition."""

    __slots__ = (
        "buffered",
        "fetch_offset",
        "high_watermark",
        "log_start_offset",
        "next_offset",
        "not_before_ms",
        "paused",
        "resetting",
    )

    def __init__(self) -> None:
        self.next_offset = -1
        """The offset of the next record that the application gets; -1 while unknown."""
        self.fetch_offset = -1
        """Where the next Fetch starts."""
        self.buffered: list[Consumed] = []
        self.paused = False
        self.resetting = False
        self.not_before_ms = 0
        self.high_watermark = -1
        self.log_start_offset = -1

    def move(self, offset: int) -> None:
        """Go on from `offset`; what was buffered is dropped."""
        self.next_offset = self.fetch_offset = offset
        self.buffered = []
        self.resetting = False


class _Session:
    """One fetch session: id, epoch, and what the broker was told."""

    __slots__ = ("asked", "busy", "epoch", "number", "version")

    def __init__(self) -> None:
        self.number = 0
        self.epoch = 0
        self.asked: dict[tuple[str, bytes, int], tuple[int, int]] = {}
        """(topic, topic id, partition) -> offset and leader epoch as last sent."""
        self.busy = False

    def reset(self) -> None:
        """Start over: the next request closes what is left of the old session and opens another."""
        self.epoch = 0
        self.asked = {}


class Fetcher:
    """The fetching half of a consumer."""

    def __init__(
        self,
        client: ClusterClient,
        *,
        min_bytes: int = 1,
        max_wait_ms: int = 500,
        max_bytes: int = 52_428_800,
        max_partition_bytes: int = 1_048_576,
        sessions: bool = True,
        committed_only: bool = False,
    ) -> None:
        self.client = client
        self.positions: dict[TopicPartition, Position] = {}
        self.out_of_range: list[TopicPartition] = []
        """Partitions whose position the broker does not have; whoever decides offsets takes them from here."""
        self.errors: list[tuple[TopicPartition, int, str]] = []
        self._min_bytes = min_bytes
        self._max_wait_ms = max_wait_ms
        self._max_bytes = max_bytes
        self._max_partition_bytes = max_partition_bytes
        self._use_sessions = sessions
        self._isolation_level = int(committed_only)
        self._sessions: dict[Address, _Session] = {}
        self._turn = 0

    # buffered records

    def drain(self, most: int) -> list[Consumed]:
        """Up to `most` buffered records, partition after partition, another one first each time."""
        taken: list[Consumed] = []
        ready = [position for position in self.positions.values() if position.buffered and not position.paused]
        if not ready:
            return taken
        start = self._turn % len(ready)
        self._turn += 1
        for position in ready[start:] + ready[:start]:
            part = position.buffered[: most - len(taken)]
            del position.buffered[: len(part)]
            taken += part
            position.next_offset = position.buffered[0].offset if position.buffered else position.fetch_offset
            if len(taken) == most:
                break
        return taken

    # requests

    def advance(self) -> None:
        """Ask every leader that is not asked already for what can be fetched."""
        wanted: dict[Address, dict[tuple[str, bytes, int], tuple[int, int]]] = {}
        now_ms = self.client.now.monotonic_ms
        for (topic, partition), position in self.positions.items():
            if position.fetch_offset < 0 or position.paused or position.buffered or position.resetting:
                continue
            if position.not_before_ms > now_ms:
                continue
            leader = self.client.leader(topic, partition)
            if leader is None:
                continue
            view = self.client.topics[topic]
            epoch = view.leaders[partition][1]
            wanted.setdefault(leader, {})[topic, view.topic_id, partition] = (position.fetch_offset, epoch)
        for leader, partitions in wanted.items():
            session = self._sessions.get(leader)
            if session is None:
                session = self._sessions[leader] = _Session()
            if not session.busy:
                self._fetch(leader, session, partitions)

    def _fetch(self, leader: Address, session: _Session, wanted: dict[tuple[str, bytes, int], tuple[int, int]]) -> None:
        session.busy = True
        fresh = session.epoch == 0
        changed = {place: at for place, at in wanted.items() if fresh or session.asked.get(place) != at}
        forgotten = [] if fresh else [place for place in session.asked if place not in wanted]
        sent_epoch = session.epoch if self._use_sessions else -1
        session.asked = dict(wanted)
        with_ids = all(any(topic_id) for _, topic_id, _ in (*wanted, *forgotten))

        def request(version: int) -> Message:
            ids = version >= 13
            topics: dict[tuple[str, bytes], list[FetchPartition]] = {}
            for (topic, topic_id, partition), (offset, epoch) in changed.items():
                entry = FetchPartition(partition, epoch, offset, partition_max_bytes=self._max_partition_bytes)
                topics.setdefault((topic, topic_id), []).append(entry)
            dropped: dict[tuple[str, bytes], list[int]] = {}
            for topic, topic_id, partition in forgotten:
                dropped.setdefault((topic, topic_id), []).append(partition)
            return FetchRequest(
                max_wait_ms=self._max_wait_ms,
                min_bytes=self._min_bytes,
                max_bytes=self._max_bytes,
                isolation_level=self._isolation_level,
                session_id=session.number,
                session_epoch=sent_epoch,
                topics=[
                    FetchTopic("" if ids else topic, topic_id if ids else bytes(16), entries)
                    for (topic, topic_id), entries in topics.items()
                ],
                forgotten_topics_data=[
                    ForgottenTopic("" if ids else topic, topic_id if ids else bytes(16), numbers)
                    for (topic, topic_id), numbers in dropped.items()
                ],
            )

        self.client.call(
            leader,
            FETCH,
            request,
            lambda outcome: self._fetched(session, wanted, outcome),
            highest=18 if with_ids else 12,
        )

    # answers

    def _fetched(
        self, session: _Session, wanted: dict[tuple[str, bytes, int], tuple[int, int]], outcome: Outcome
    ) -> None:
        session.busy = False
        if not isinstance(outcome, FetchResponse):
            session.reset()
            self._hold_back(wanted)
            self.client.refresh_soon()
            return
        if outcome.error_code != ErrorCode.NONE:
            session.reset()
            if outcome.error_code not in {
                ErrorCode.FETCH_SESSION_ID_NOT_FOUND,
                ErrorCode.INVALID_FETCH_SESSION_EPOCH,
            }:
                self._hold_back(wanted)
                self.client.refresh_soon()
            elif outcome.error_code == ErrorCode.FETCH_SESSION_ID_NOT_FOUND:
                session.number = 0
            return
        if outcome.session_id and self._use_sessions:
            session.number = outcome.session_id
            session.epoch = 1 if session.epoch == _LAST_SESSION_EPOCH else session.epoch + 1
        else:
            session.number = 0
            session.reset()
        names = {topic_id: topic for topic, topic_id, _ in wanted if any(topic_id)}
        for answer in outcome.responses:
            topic = answer.topic or names.get(answer.topic_id, "")
            topic_id = answer.topic_id if any(answer.topic_id) else None
            for data in answer.partitions:
                self._take(topic, topic_id, data, wanted)

    def _hold_back(self, wanted: dict[tuple[str, bytes, int], tuple[int, int]]) -> None:
        wait_ms = self.client.backoff_ms(0)
        for topic, _, partition in wanted:
            position = self.positions.get((topic, partition))
            if position is not None:
                position.not_before_ms = self.client.now.monotonic_ms + wait_ms
        self.client.after(wait_ms, _nothing)

    def _take(
        self,
        topic: str,
        topic_id: bytes | None,
        data: PartitionData,
        wanted: dict[tuple[str, bytes, int], tuple[int, int]],
    ) -> None:
        partition = data.partition_index
        position = self.positions.get((topic, partition))
        asked = next(
            (at for (name, known, number), at in wanted.items() if (name, number) == (topic, partition)
             and (topic_id is None or known == topic_id)),
            None,
        )  # fmt: skip
        if position is None or asked is None or asked[0] != position.fetch_offset or position.resetting:
            return
        if data.error_code == ErrorCode.OFFSET_OUT_OF_RANGE:
            position.resetting = True
            self.out_of_range.append((topic, partition))
        elif data.error_code != ErrorCode.NONE:
            position.not_before_ms = self.client.now.monotonic_ms + _RETRY_MS
            self.client.after(_RETRY_MS, _nothing)
            self.client.refresh_soon()
        else:
            position.high_watermark = data.high_watermark
            position.log_start_offset = data.log_start_offset
            if data.records:
                self._unpack(topic, partition, position, data.records)

    def _unpack(self, topic: str, partition: int, position: Position, records: Buffer) -> None:
        try:
            for first, consumed in _records(topic, partition, records):
                position.buffered += [record for record in consumed if record.offset >= position.fetch_offset]
                position.fetch_offset = max(position.fetch_offset, first)
        except RecordsError as error:
            self.errors.append(((topic, partition), int(ErrorCode.CORRUPT_MESSAGE), str(error)))
            position.not_before_ms = self.client.now.monotonic_ms + _RETRY_MS
            self.client.after(_RETRY_MS, _nothing)
        if not position.buffered:
            position.next_offset = position.fetch_offset


def _records(topic: str, partition: int, records: Buffer) -> Iterator[tuple[int, list[Consumed]]]:
    """Batch by batch: the offset behind it and its data records. An incomplete last batch is left for the next fetch."""
    for batch in batches(records):
        if not check(records, batch.position, batch):
            raise RecordsError(f"the checksum of the batch at offset {batch.base_offset} is wrong")
        consumed = []
        if not batch.is_control:
            consumed = [
                Consumed(topic, partition, record.offset, record.timestamp, record.key, record.value, record.headers)
                for record in batch_records(records, batch)
            ]
        yield batch.next_offset, consumed


def _nothing() -> None:
    """A timer that only wants the client to look again."""
