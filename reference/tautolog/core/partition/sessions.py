"""Fetch sessions (KIP-227): what a consumer reads is kept here, so that a request names only what changed.

A session is a list of partitions with the last request for each and what was last answered about it. Requests and answers
count epochs; one that is out of step is refused and the client starts over. This module knows nothing of logs: it turns a
request into the partitions to read (`Asked`), and what was read into the answer that the session allows.

Sessions belong to no connection. They live until they are closed, emptied, or evicted by a newer one when all
`max.incremental.fetch.session.cache.slots` are taken.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias

from tautolog.core.errors import ErrorCode
from tautolog.core.messages._base import ZERO_UUID
from tautolog.core.messages.fetch import (
    FetchableTopicResponse,
    FetchPartition,
    FetchRequest,
    FetchResponse,
    PartitionData,
)
from tautolog.core.ports import Chance

NO_SESSION: Final = 0
INITIAL_EPOCH: Final = 0
FINAL_EPOCH: Final = -1
LAST_EPOCH: Final = 2**31 - 1
EVICTION_MS: Final = 120_000
"""A session unused for longer gives way to any new one; one older than this gives way to a larger one."""

Key: TypeAlias = tuple[str | bytes, int]
"""How a session tells its partitions apart: topic id or name, whichever its requests use, and index."""


class Wanted:
    """One partition that is read: the last request for it and what was last answered in its session.

    `topic` is None while its id names no topic. A partition without a session is answered once and forgotten.
    """

    __slots__ = ("high_watermark", "index", "log_start_offset", "request", "topic", "topic_id")

    def __init__(self, topic: str | None, topic_id: bytes, request: FetchPartition) -> None:
        self.topic = topic
        self.topic_id = topic_id
        self.index = request.partition
        self.request = request
        self.high_watermark = -1
        self.log_start_offset = -1

    def changed(self, data: PartitionData) -> bool:
        """Whether the session has to be told of `data`: records, an error, a divergence, or a bound that moved."""
        if data.error_code:
            self.high_watermark = -1  # so that the partition is answered again once the error is gone
            return True
        moved = data.high_watermark != self.high_watermark or data.log_start_offset != self.log_start_offset
        if moved:
            self.high_watermark = data.high_watermark
            self.log_start_offset = data.log_start_offset
        return moved or bool(data.records) or data.diverging_epoch.end_offset >= 0


Found: TypeAlias = list[tuple[Wanted, PartitionData]]
"""What was found in each partition, in the order in which it is answered."""


class Session:
    """One session. `size` and `settled` are as they were when it was last used; eviction goes by them."""

    __slots__ = ("by_id", "created_ms", "epoch", "id", "settled", "size", "used_ms", "wanted")

    def __init__(self, session_id: int, wanted: dict[Key, Wanted], now_ms: int, *, by_id: bool) -> None:
        self.id = session_id
        self.wanted = wanted
        self.by_id = by_id
        self.epoch = INITIAL_EPOCH + 1
        self.created_ms = self.used_ms = now_ms
        self.size = len(wanted)
        self.settled = False


class Asked:
    """One request against its session: the partitions to read, and how to answer.

    `epoch` is what the session's epoch must still be when the answer is made; None outside an incremental request.
    """

    __slots__ = ("_sessions", "by_id", "epoch", "session", "starts", "wanted")

    def __init__(
        self, sessions: Sessions, wanted: dict[Key, Wanted], session: Session | None, *, starts: bool, by_id: bool
    ) -> None:
        self._sessions = sessions
        self.wanted = wanted
        self.session = session
        self.epoch = session.epoch if session is not None else None
        self.starts = starts
        self.by_id = by_id

    def answer(self, found: Found, now_ms: int) -> FetchResponse:
        """What goes back: everything, or in an incremental request only what changed."""
        session = self.session
        if session is None:
            opened = self._sessions.open(self.wanted, found, now_ms, by_id=self.by_id) if self.starts else NO_SESSION
            return FetchResponse(0, ErrorCode.NONE, opened, grouped(found), [])
        if session.epoch != self.epoch:  # another request of the same session came while this one waited
            return FetchResponse(0, ErrorCode.INVALID_FETCH_SESSION_EPOCH, session.id, [], [])
        told = [(wanted, data) for wanted, data in found if wanted.changed(data)]
        for wanted, data in told:
            if data.records:  # whoever was served goes last next time, so that nobody starves
                key: Key = (wanted.topic_id if session.by_id else wanted.topic or "", wanted.index)
                session.wanted[key] = session.wanted.pop(key)
        return FetchResponse(0, ErrorCode.NONE, session.id, grouped(told), [])


class Sessions:
    """The session cache of one broker. `slots` says how many there may be, `chance` gives their ids."""

    def __init__(self, chance: Chance, slots: Callable[[], int]) -> None:
        self._chance = chance
        self._slots = slots
        self._sessions: dict[int, Session] = {}  # least recently used first

    def __len__(self) -> int:
        return len(self._sessions)

    def take(self, body: FetchRequest, version: int, now_ms: int) -> Asked | ErrorCode:
        """What a request asks for, its session brought up to date; or why its session cannot serve it."""
        by_id = version >= 13
        epoch = body.session_epoch
        if epoch in {INITIAL_EPOCH, FINAL_EPOCH}:
            if body.session_id != NO_SESSION:
                self._sessions.pop(body.session_id, None)
            return Asked(self, _wanted(body, by_id=by_id), None, starts=epoch == INITIAL_EPOCH, by_id=by_id)
        session = self._sessions.get(body.session_id)
        if session is None:
            return ErrorCode.FETCH_SESSION_ID_NOT_FOUND
        if session.epoch != epoch:
            return ErrorCode.INVALID_FETCH_SESSION_EPOCH
        if session.by_id != by_id:
            return ErrorCode.FETCH_SESSION_TOPIC_ID_ERROR
        _update(session, body)
        if not session.wanted:
            del self._sessions[session.id]
            return Asked(self, _wanted(body, by_id=by_id), None, starts=False, by_id=by_id)
        self._touch(session, now_ms)
        session.epoch = 1 if epoch == LAST_EPOCH else epoch + 1
        return Asked(self, session.wanted, session, starts=False, by_id=by_id)

    def open(self, wanted: dict[Key, Wanted], found: Found, now_ms: int, *, by_id: bool) -> int:
        """Start a session that remembers what is answered now; its id, or `NO_SESSION` when no slot can be had."""
        if len(self._sessions) >= self._slots() and not self._evict(len(wanted), now_ms):
            return NO_SESSION
        for partition, data in found:
            partition.high_watermark = data.high_watermark
            partition.log_start_offset = data.log_start_offset
        session_id = NO_SESSION
        while session_id == NO_SESSION or session_id in self._sessions:
            session_id = 1 + self._chance.below(2**31 - 1)
        self._sessions[session_id] = Session(session_id, wanted, now_ms, by_id=by_id)
        return session_id

    def _touch(self, session: Session, now_ms: int) -> None:
        session.used_ms = now_ms
        session.size = len(session.wanted)
        session.settled = now_ms - session.created_ms > EVICTION_MS
        self._sessions[session.id] = self._sessions.pop(session.id)

    def _evict(self, size: int, now_ms: int) -> bool:
        """Make room for a session of `size` partitions: a stale one goes first, then the smallest that is smaller."""
        if not self._sessions:
            return False
        victim = next(iter(self._sessions.values()))
        if now_ms - victim.used_ms <= EVICTION_MS:
            smaller = [session for session in self._sessions.values() if session.settled and session.size < size]
            if not smaller:
                return False
            victim = min(smaller, key=lambda session: (session.size, session.id))
        del self._sessions[victim.id]
        return True


def grouped(found: Found) -> list[FetchableTopicResponse]:
    """Partitions in their order, neighbours of one topic under one heading."""
    topics: list[FetchableTopicResponse] = []
    topic: str | None = None
    topic_id = ZERO_UUID
    for wanted, data in found:
        if not topics or wanted.topic != topic or wanted.topic_id != topic_id:
            topic, topic_id = wanted.topic, wanted.topic_id
            topics.append(FetchableTopicResponse(topic or "", topic_id, [data]))
        else:
            topics[-1].partitions.append(data)
    return topics


def _wanted(body: FetchRequest, *, by_id: bool) -> dict[Key, Wanted]:
    """The partitions a request names; one named twice counts once, as it was named last."""
    wanted: dict[Key, Wanted] = {}
    for topic in body.topics:
        name = None if by_id else topic.topic
        topic_id = topic.topic_id if by_id else ZERO_UUID
        key = topic_id if by_id else topic.topic
        for partition in topic.partitions:
            wanted[key, partition.partition] = Wanted(name, topic_id, partition)
    return wanted


def _update(session: Session, body: FetchRequest) -> None:
    for key, named in _wanted(body, by_id=session.by_id).items():
        known = session.wanted.get(key)
        if known is None:
            session.wanted[key] = named
        else:
            known.request = named.request
    for topic in body.forgotten_topics_data:
        for index in topic.partitions:
            session.wanted.pop((topic.topic_id if session.by_id else topic.topic, index), None)
