"""Fetches: read what is there, or wait for more; and the one place where fetch sessions live.

A fetch waits until `min_bytes` have arrived, a partition it reads is deleted, or `max_wait_ms` have passed; then everything is
read again and answered. One that finds an error is answered at once, and so is one that asks only for partitions that do not
exist. Waiting is a core timer and a mark in each partition read; nothing blocks, and no records are held meanwhile.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tautolog.core.errors import ErrorCode
from tautolog.core.messages.fetch import FetchRequest, FetchResponse, LeaderIdAndEpoch, NodeEndpoint, PartitionData
from tautolog.core.node import Peer, Request, Token
from tautolog.core.partition.leader import NO_DIVERGENCE, NO_LEADER, NO_SNAPSHOT, Partition, failed
from tautolog.core.partition.sessions import Asked, Found, Sessions, Wanted
from tautolog.core.timers import Timer

if TYPE_CHECKING:
    from tautolog.core.broker import Broker

READ_COMMITTED: Final = 1
_NAMES_LEADER: Final = (ErrorCode.NOT_LEADER_OR_FOLLOWER, ErrorCode.FENCED_LEADER_EPOCH)


class Fetch:
    """One request: what it reads, what it cannot read, and its limits.

    `max_bytes` bounds all records of the answer together; `urgent` is set when what was read must be answered at once.
    """

    __slots__ = (
        "asked",
        "committed",
        "erroneous",
        "found",
        "max_bytes",
        "replica_id",
        "size",
        "urgent",
        "version",
        "wanted",
    )

    def __init__(self, asked: Asked, version: int, max_bytes: int, replica_id: int, *, committed: bool) -> None:
        self.asked = asked
        self.version = version
        self.max_bytes = max_bytes
        self.replica_id = replica_id
        self.committed = committed
        self.wanted: list[Wanted] = []
        self.erroneous: Found = []
        self.found: Found = []
        self.size = 0
        self.urgent = False


class WaitingFetch:
    """One fetch that waits: how many bytes it still lacks, and how many each partition may still add to them."""

    __slots__ = ("_fetches", "_lacking", "_room", "connection", "fetch", "timer", "token")

    def __init__(self, fetches: Fetches, fetch: Fetch, connection: int, token: Token, lacking: int) -> None:
        self.fetch = fetch
        self.connection = connection
        self.token = token
        self.timer: Timer | None = None
        self._fetches = fetches
        self._lacking = lacking
        self._room: dict[Partition, int] = {}

    def watch(self, partition: Partition, room: int) -> None:
        """Be told of what is appended to a partition, of which at most `room` bytes count."""
        self._room[partition] = room
        partition.waiting[self] = None

    def arrived(self, partition: Partition, size: int) -> None:
        """`size` more bytes of a partition may be read."""
        counted = min(size, self._room[partition])
        self._room[partition] -= counted
        self._lacking -= counted
        if self._lacking <= 0:
            self.complete()

    def complete(self) -> None:
        """Stop waiting, and answer with what there is now."""
        self.drop()
        self._fetches.finish(self)

    def drop(self) -> None:
        """Stop waiting."""
        if self.timer is not None:
            self.timer.cancel()
        for partition in self._room:
            partition.waiting.pop(self, None)


class Fetches:
    """All waiting fetches and all fetch sessions of one broker."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._waiting: dict[int, dict[WaitingFetch, None]] = {}
        self.sessions = Sessions(
            broker.chance, lambda: broker.config.get_int("max.incremental.fetch.session.cache.slots")
        )

    def take(self, peer: Peer, request: Request, body: FetchRequest) -> FetchResponse | None:
        """Answer a fetch, or keep it waiting (None): its answer then comes through `broker.reply`."""
        broker = self._broker
        now_ms = broker.now.monotonic_ms
        version = request.version
        asked = self.sessions.take(body, version, now_ms)
        if isinstance(asked, ErrorCode):
            return FetchResponse(0, asked, 0, [], [])
        max_bytes = min(body.max_bytes, broker.config.get_int("fetch.max.bytes"))
        replica_id = body.replica_id if version < 15 else body.replica_state.replica_id
        fetch = Fetch(asked, version, max_bytes, replica_id, committed=body.isolation_level == READ_COMMITTED)
        self._resolve(fetch)
        self._read(fetch)
        lacking = min(body.min_bytes, max_bytes) - fetch.size
        if fetch.urgent or lacking <= 0 or body.max_wait_ms <= 0 or not fetch.wanted:
            return self._answer(fetch)
        waiting = WaitingFetch(self, fetch, peer.connection, request.token, lacking)
        for wanted, data in fetch.found:
            room = max(0, wanted.request.partition_max_bytes - len(data.records or b""))
            waiting.watch(broker.replicas.partitions[wanted.topic or "", wanted.index], room)
        fetch.found = []  # holds no records while it waits
        waiting.timer = broker.timers.at(now_ms + body.max_wait_ms, waiting.complete)
        self._waiting.setdefault(peer.connection, {})[waiting] = None
        return None

    def finish(self, waiting: WaitingFetch) -> None:
        """Answer a fetch that waited."""
        self._left(waiting)
        fetch = waiting.fetch
        self._read(fetch)
        self._broker.reply(waiting.token, self._answer(fetch))

    def forget(self, peer: Peer) -> None:
        """The connection is gone: nothing that waits for it will be answered. Its sessions stay until they are evicted."""
        for waiting in self._waiting.pop(peer.connection, {}):
            waiting.drop()

    def _left(self, waiting: WaitingFetch) -> None:
        of_connection = self._waiting.get(waiting.connection, {})
        of_connection.pop(waiting, None)
        if not of_connection:
            self._waiting.pop(waiting.connection, None)

    def _resolve(self, fetch: Fetch) -> None:
        """Tell the partitions that exist from those that do not, and find the names behind topic ids."""
        partitions = self._broker.replicas.partitions
        by_id = self._broker.controller.by_id
        for wanted in fetch.asked.wanted.values():
            if wanted.topic is None:
                topic = by_id.get(wanted.topic_id)
                if topic is None:
                    fetch.erroneous.append((wanted, _unknown(wanted.index, ErrorCode.UNKNOWN_TOPIC_ID)))
                    continue
                wanted.topic = topic.name
            if (wanted.topic, wanted.index) in partitions:
                fetch.wanted.append(wanted)
            else:
                fetch.erroneous.append((wanted, _unknown(wanted.index, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)))

    def _read(self, fetch: Fetch) -> None:
        """Read every partition in turn, within the limits; the first records found may exceed them by one batch."""
        partitions = self._broker.replicas.partitions
        left = fetch.max_bytes
        size = 0
        at_least_one = True
        found = fetch.found = []
        for wanted in fetch.wanted:
            request = wanted.request
            partition = partitions.get((wanted.topic or "", wanted.index))
            if partition is None:
                data = failed(wanted.index, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
            elif fetch.asked.by_id and partition.topic_id != wanted.topic_id:
                data = failed(wanted.index, ErrorCode.INCONSISTENT_TOPIC_ID)
            else:
                limit = min(request.partition_max_bytes, left)
                data = partition.fetch(
                    request, limit, at_least_one=at_least_one, committed=fetch.committed, replica_id=fetch.replica_id
                )
                if data.records:
                    length = len(data.records)
                    size += length
                    left -= length
                    at_least_one = False
            if data.error_code or data.diverging_epoch is not NO_DIVERGENCE:
                fetch.urgent = True
            found.append((wanted, data))
        fetch.size = size

    def _answer(self, fetch: Fetch) -> FetchResponse:
        found = fetch.found + fetch.erroneous if fetch.erroneous else fetch.found
        response = fetch.asked.answer(found, self._broker.now.monotonic_ms)
        if fetch.urgent:
            self._explain(fetch, response)
        return response

    def _explain(self, fetch: Fetch, response: FetchResponse) -> None:
        """Errors as older clients know them; to newer ones, where the leader is."""
        for wanted, data in fetch.found:
            if data.error_code == ErrorCode.KAFKA_STORAGE_ERROR and fetch.version <= 5:
                data.error_code = ErrorCode.NOT_LEADER_OR_FOLLOWER
            if fetch.version < 16 or data.error_code not in _NAMES_LEADER:
                continue
            partition = self._broker.replicas.partitions.get((wanted.topic or "", wanted.index))
            if partition is not None:
                data.current_leader = LeaderIdAndEpoch(partition.leader, partition.leader_epoch)
                host, port = self._broker.endpoint
                response.node_endpoints = [NodeEndpoint(partition.leader, host, port, None)]


def _unknown(index: int, error: ErrorCode) -> PartitionData:
    """The answer for a partition that does not exist; its aborted transactions are an empty list, as in Kafka."""
    return PartitionData(index, error, -1, -1, -1, NO_DIVERGENCE, NO_LEADER, NO_SNAPSHOT, [], -1, b"")
