"""A deterministic consumer: by assignment or in a group, with commits, seeks and resets. Touches no socket and no clock.

`poll` hands out records and is where the application takes part in rebalances; `take_events` tells what happened in between,
in order. Delivery: per partition in offset order without gaps, from the position on. A position comes from `seek`, else from
the group's committed offset, else from `auto_offset_reset`. What `commit` commits is the position that the application has
reached in `poll`, unless offsets are given; each commit ends exactly once, with its outcome in the words of a history.

Commits go out one at a time, so that of two commits of one consumer the later one wins as long as the connection lasts.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple, TypeAlias

from tautolog.client.cluster import ClusterClient
from tautolog.client.fetching import Consumed, Fetcher, Position
from tautolog.client.group import Membership
from tautolog.client.link import Address, Failure, Outcome
from tautolog.client.offsets import OffsetCalls
from tautolog.client.protocol import TopicPartition
from tautolog.core.errors import ErrorCode
from tautolog.core.ports import Chance, Instant

EARLIEST, LATEST = -2, -1


class Assigned(NamedTuple):
    """The group gave these partitions to this member; `held` is all that it holds now."""

    partitions: list[TopicPartition]
    held: list[TopicPartition]
    generation: int


class Revoked(NamedTuple):
    """Partitions that this member gave up (or, `lost`, was thrown out and they may be somebody else's already)."""

    partitions: list[TopicPartition]
    held: list[TopicPartition]
    lost: bool = False


class Looking(NamedTuple):
    """The group's committed offsets of these partitions are being asked for."""

    ticket: int
    partitions: list[TopicPartition]


class Found(NamedTuple):
    """The answer: what is committed (absent: nothing is), or None if there was none and it will be asked again."""

    ticket: int
    offsets: dict[TopicPartition, int] | None


class Committing(NamedTuple):
    """A commit begins, asked for or automatic."""

    ticket: int
    offsets: dict[TopicPartition, int]
    generation: int


class Committed(NamedTuple):
    """How a commit ended: `ok`, `fail` (surely not committed) or `info` (unknown)."""

    ticket: int
    outcome: str
    error: int
    offsets: dict[TopicPartition, int]
    generation: int


class Trouble(NamedTuple):
    """Something the application should know: a position that is out of range with no reset policy, a corrupt batch."""

    partition: TopicPartition
    error: int
    text: str


ConsumerEvent: TypeAlias = Assigned | Revoked | Looking | Found | Committing | Committed | Trouble


class _Commit:
    __slots__ = ("attempts", "deadline_ms", "generation", "maybe", "member_id", "offsets", "ticket")

    def __init__(self, ticket: int, offsets: dict[TopicPartition, int], deadline_ms: int) -> None:
        self.ticket = ticket
        self.offsets = offsets
        self.deadline_ms = deadline_ms
        self.member_id = ""
        self.generation = -1
        self.attempts = 0
        self.maybe = False


class Consumer(ClusterClient):
    """One consumer. Options carry the names and defaults of Kafka's consumer, times in milliseconds.

    Without `group_id` only `assign` works. `auto_offset_reset` is `earliest`, `latest` or `none`.
    """

    def __init__(
        self,
        chance: Chance,
        *,
        bootstrap: Sequence[tuple[str, int]],
        client_id: str = "consumer",
        group_id: str | None = None,
        assignors: Sequence[str] = ("range",),
        session_timeout_ms: int = 45_000,
        heartbeat_interval_ms: int = 3_000,
        max_poll_interval_ms: int = 300_000,
        instance_id: str | None = None,
        auto_commit: bool = False,
        auto_commit_interval_ms: int = 5_000,
        auto_offset_reset: str = "latest",
        min_bytes: int = 1,
        max_wait_ms: int = 500,
        max_partition_bytes: int = 1_048_576,
        fetch_sessions: bool = True,
        request_timeout_ms: int = 30_000,
        api_timeout_ms: int = 60_000,
        speaks: Mapping[int, tuple[int, int]] | None = None,
    ) -> None:
        super().__init__(
            chance, bootstrap=bootstrap, client_id=client_id, request_timeout_ms=request_timeout_ms, speaks=speaks
        )
        self.group_id = group_id
        self.auto_commit = auto_commit
        self.auto_commit_interval_ms = auto_commit_interval_ms
        self.auto_offset_reset = auto_offset_reset
        self.api_timeout_ms = api_timeout_ms
        self.fetcher = Fetcher(
            self,
            min_bytes=min_bytes,
            max_wait_ms=max_wait_ms,
            max_partition_bytes=max_partition_bytes,
            sessions=fetch_sessions,
        )
        self.membership: Membership | None = None
        if group_id is not None:
            self.membership = Membership(
                self,
                self,
                group_id=group_id,
                assignors=assignors,
                session_timeout_ms=session_timeout_ms,
                heartbeat_interval_ms=heartbeat_interval_ms,
                max_poll_interval_ms=max_poll_interval_ms,
                instance_id=instance_id,
            )
        self._offsets = OffsetCalls(self, self.membership)
        self._events: list[ConsumerEvent] = []
        self._commits: deque[_Commit] = deque()
        self._committing = False
        self._ticket = 0
        self._auto_commit_at_ms = 0
        self._reached: dict[TopicPartition, int] = {}
        self._asking: dict[TopicPartition, None] = {}
        self._look_at_ms = 0
        self._subscribed = False
        self.closed = False

    # for the application

    @property
    def positions(self) -> dict[TopicPartition, Position]:
        """The assigned partitions and where each one stands."""
        return self.fetcher.positions

    def assign(self, now: Instant, partitions: Sequence[TopicPartition]) -> None:
        """Read these partitions, whatever any group says; those that stay keep their position."""
        self.now = now
        kept = self.fetcher.positions
        self.fetcher.positions = {place: kept.get(place) or Position() for place in partitions}
        for topic, _ in partitions:
            self.want(topic)
        self._advance()

    def subscribe(self, now: Instant, topics: Sequence[str]) -> None:
        """Read these topics together with the group."""
        self.now = now
        if self.membership is None:
            raise ValueError("subscribing needs a group id")
        self._subscribed = True
        self.membership.subscribe(topics)
        self._advance()

    def seek(self, now: Instant, partition: TopicPartition, offset: int) -> None:
        """Go on from `offset`; what was fetched and not polled is dropped."""
        self.now = now
        if partition in self.fetcher.positions:
            self.fetcher.positions[partition].move(offset)
            self._reached[partition] = offset
        self._advance()

    def pause(self, partitions: Sequence[TopicPartition]) -> None:
        """Hand out nothing of these partitions for now."""
        for partition in partitions:
            if partition in self.fetcher.positions:
                self.fetcher.positions[partition].paused = True

    def resume(self, now: Instant, partitions: Sequence[TopicPartition]) -> None:
        """Go on with paused partitions."""
        self.now = now
        for partition in partitions:
            if partition in self.fetcher.positions:
                self.fetcher.positions[partition].paused = False
        self._advance()

    def poll(self, now: Instant, max_records: int = 500) -> list[Consumed]:
        """Records that have arrived, possibly none; also says that the application is alive."""
        self.now = now
        if self.closed:
            return []
        if self._subscribed and self.membership is not None:
            if self.auto_commit and now.monotonic_ms >= self._auto_commit_at_ms:
                self._auto_commit_at_ms = now.monotonic_ms + self.auto_commit_interval_ms
                self._commit(dict(self._reached))
            self.membership.poll()
        records = self.fetcher.drain(max_records)
        for record in records:
            self._reached[record.topic, record.partition] = record.offset + 1
        self._advance()
        return records

    def commit(self, now: Instant, offsets: Mapping[TopicPartition, int] | None = None) -> int:
        """Commit what `poll` has handed out so far, or `offsets`; returns a ticket that a `Committed` event answers."""
        self.now = now
        ticket = self._commit(dict(self._reached if offsets is None else offsets))
        self._advance()
        return ticket

    def take_events(self) -> list[ConsumerEvent]:
        """What happened since the last call, in order."""
        events, self._events = self._events, []
        return events

    def close(self, now: Instant) -> None:
        """Leave the group (after an automatic commit) and fetch no more."""
        self.now = now
        if self.closed:
            return
        self.closed = True
        if self._subscribed and self.membership is not None:
            if self.auto_commit:
                self._commit(dict(self._reached))
            self.membership.leave()
            self._give_up(list(self.positions), lost=False)
        self._advance()

    # the group's owner

    def before_join(self) -> list[TopicPartition]:
        """Give up what must be given up before joining; what is kept is named to the group."""
        assert self.membership is not None
        if self.auto_commit:
            self._commit(dict(self._reached))
        if not self.membership.cooperative:
            self._give_up(list(self.positions), lost=False)
        return list(self.positions)

    def on_assigned(self, partitions: list[TopicPartition]) -> list[TopicPartition]:
        """The group's answer: take what is new, give up what is not in it."""
        assert self.membership is not None
        given_up = [place for place in self.positions if place not in partitions]
        if given_up:
            if self.auto_commit:
                self._commit({place: at for place, at in self._reached.items() if place in given_up})
            self._give_up(given_up, lost=False)
        gained = [place for place in partitions if place not in self.positions]
        for place in gained:
            self.want(place[0])
            self.positions[place] = Position()
        self._events.append(Assigned(gained, list(self.positions), self.membership.generation))
        return given_up

    def on_lost(self) -> None:
        """Thrown out of the group."""
        self._give_up(list(self.positions), lost=True)

    def _give_up(self, partitions: list[TopicPartition], *, lost: bool) -> None:
        if not partitions:
            return
        for place in partitions:
            del self.positions[place]
            self._reached.pop(place, None)
            self._asking.pop(place, None)
        self._events.append(Revoked(partitions, list(self.positions), lost))

    # positions

    def _metadata_changed(self) -> None:
        self._look_at_ms = 0

    def _advance(self) -> None:
        if self.closed:
            return
        self._reset_out_of_range()
        self._find_positions()
        self.fetcher.advance()
        if self.fetcher.errors:
            self._events += [Trouble(*error) for error in self.fetcher.errors]
            self.fetcher.errors.clear()

    def _reset_out_of_range(self) -> None:
        if not self.fetcher.out_of_range:
            return
        lost, self.fetcher.out_of_range = self.fetcher.out_of_range, []
        for place in lost:
            if place in self.positions:
                text = f"offset {self.positions[place].fetch_offset} is out of range"
                self._events.append(Trouble(place, int(ErrorCode.OFFSET_OUT_OF_RANGE), text))
        self._reset([place for place in lost if place in self.positions])

    def _find_positions(self) -> None:
        """Ask for the positions of what has none: the group's offsets first."""
        missing = [
            place
            for place, position in self.positions.items()
            if position.fetch_offset < 0 and not position.resetting and place not in self._asking
        ]
        if not missing or self.now.monotonic_ms < self._look_at_ms:
            return
        if self.membership is None:
            self._reset(missing)
            return
        self._ticket += 1
        ticket = self._ticket
        if not self._offsets.fetch(missing, lambda asked, found: self._offsets_found(ticket, asked, found)):
            self._look_again()
            return
        self._events.append(Looking(ticket, missing))
        self._asking.update(dict.fromkeys(missing))

    def _look_again(self, attempt: int = 0) -> None:
        wait_ms = self.backoff_ms(attempt)
        self._look_at_ms = self.now.monotonic_ms + wait_ms
        self.after(wait_ms, _nothing)

    def _offsets_found(self, ticket: int, asked: list[TopicPartition], found: dict[TopicPartition, int] | None) -> None:
        self._events.append(Found(ticket, found))
        for place in asked:
            self._asking.pop(place, None)
        if found is None:
            self._look_again()
            return
        without = []
        for place in asked:
            position = self.positions.get(place)
            if position is None or position.fetch_offset >= 0:
                continue
            offset = found.get(place, -1)
            if offset >= 0:
                position.move(offset)
            else:
                without.append(place)
        self._reset(without)

    def _reset(self, partitions: list[TopicPartition]) -> None:
        """Move to where `auto_offset_reset` says."""
        if not partitions:
            return
        if self.auto_offset_reset == "none":
            for place in partitions:
                self.positions[place].resetting = True
                self._events.append(Trouble(place, 0, "there is no position, and no policy to choose one"))
            return
        timestamp = EARLIEST if self.auto_offset_reset == "earliest" else LATEST
        by_leader: dict[Address, list[TopicPartition]] = {}
        for place in partitions:
            self.positions[place].resetting = True
            leader = self.leader(*place)
            if leader is None:
                self.after(self.backoff_ms(0), lambda place=place: self._reset_again([place]))  # type: ignore[misc]  # a default argument in a lambda has no type
            else:
                by_leader.setdefault(leader, []).append(place)
        for leader, places in by_leader.items():
            self._offsets.list_offsets(leader, places, timestamp, self._reset_found)

    def _reset_again(self, places: list[TopicPartition]) -> None:
        self._reset([place for place in places if place in self.positions and self.positions[place].resetting])

    def _reset_found(self, asked: list[TopicPartition], found: dict[TopicPartition, int]) -> None:
        again = []
        for place in asked:
            position = self.positions.get(place)
            if position is None or not position.resetting:
                continue
            if place in found:
                position.move(found[place])
                self._reached.pop(place, None)
            else:
                again.append(place)
        if again:
            self.refresh_soon()
            self.after(self.backoff_ms(1), lambda: self._reset_again(again))

    # commits

    def _commit(self, offsets: dict[TopicPartition, int]) -> int:
        self._ticket += 1
        commit = _Commit(self._ticket, offsets, self.now.monotonic_ms + self.api_timeout_ms)
        if self.membership is not None and self._subscribed:
            commit.member_id, commit.generation = self.membership.member_id, self.membership.generation
        self._events.append(Committing(self._ticket, offsets, commit.generation))
        if not offsets:
            self._events.append(Committed(self._ticket, "ok", 0, {}, commit.generation))
            return self._ticket
        self._commits.append(commit)
        self._send_commit()
        return self._ticket

    def _send_commit(self) -> None:
        while self._commits and not self._committing:
            commit = self._commits[0]
            if self.now.monotonic_ms >= commit.deadline_ms:
                self._end_commit("info" if commit.maybe else "fail", 0)
                continue
            if commit.generation < 0 and self._subscribed:
                self._end_commit("info" if commit.maybe else "fail", int(ErrorCode.UNKNOWN_MEMBER_ID))
                continue
            sent = self._offsets.commit(commit.offsets, commit.generation, commit.member_id, self._commit_answered)
            if not sent:
                self.after(self.backoff_ms(commit.attempts), self._send_commit)
                commit.attempts += 1
                self._committing = False
                return
            self._committing = True

    def _commit_answered(self, outcome: Outcome, error: int) -> None:
        self._committing = False
        if not self._commits:
            return
        commit = self._commits[0]
        commit.attempts += 1
        if isinstance(outcome, Failure):
            commit.maybe = commit.maybe or outcome.sent
            if self.membership is not None:
                self.membership.coordinator_lost()
            self._committing = True
            self.after(self.backoff_ms(commit.attempts), self._commit_again)
        elif error == ErrorCode.NONE:
            self._end_commit("ok", 0)
        elif error in RETRIABLE_COMMIT:
            if (
                error in {ErrorCode.NOT_COORDINATOR, ErrorCode.COORDINATOR_NOT_AVAILABLE}
                and self.membership is not None
            ):
                self.membership.coordinator_lost()
            self._committing = True
            self.after(self.backoff_ms(commit.attempts), self._commit_again)
        else:
            if self.membership is not None and self._subscribed:
                self.membership.commit_refused(error)
            self._end_commit("info" if commit.maybe else "fail", error)
        self._send_commit()

    def _commit_again(self) -> None:
        self._committing = False
        self._send_commit()

    def _end_commit(self, outcome: str, error: int) -> None:
        commit = self._commits.popleft()
        self._events.append(Committed(commit.ticket, outcome, error, commit.offsets, commit.generation))


RETRIABLE_COMMIT: Final = (
    ErrorCode.COORDINATOR_LOAD_IN_PROGRESS,
    ErrorCode.COORDINATOR_NOT_AVAILABLE,
    ErrorCode.NOT_COORDINATOR,
    ErrorCode.REQUEST_TIMED_OUT,
    ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
    ErrorCode.UNKNOWN_TOPIC_ID,
    ErrorCode.NOT_LEADER_OR_FOLLOWER,
    ErrorCode.KAFKA_STORAGE_ERROR,
)


def _nothing() -> None:
    """A timer that only wants the client to look again."""
