"""The applications of a simulated run: nodes around a client that use it as people do, and write down what they saw.

An application lives in a process that may crash, pause or be cut off at any step. What it writes down goes to the `Stage`,
which outlives it. Values are whole numbers that nobody else sends, with padding behind them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import attrs

from tautolog.campaign.recorder import Recorder
from tautolog.client.admin import Admin
from tautolog.client.batches import Delivery
from tautolog.client.consumer import Assigned, Committed, Committing, Consumer, Found, Looking, Revoked, Trouble
from tautolog.client.fetching import Consumed
from tautolog.client.link import Address, ClientNode, Lost
from tautolog.client.producer import Producer
from tautolog.client.protocol import TopicPartition
from tautolog.core.node import Reply
from tautolog.core.ports import Instant
from tautolog.sim.choices import Stream


def key_of(topic: str, partition: int) -> str:
    """What the history calls a partition."""
    return f"{topic}-{partition}"


class Stage:
    """What all applications of a run share and what outlives their processes."""

    def __init__(self, recorder: Recorder, topics: dict[str, int]) -> None:
        self.recorder = recorder
        self.topics = topics
        """The topics of the workload and how many partitions they were asked to have."""
        self.quiet = False
        """Whether the workload is over: nothing new is sent."""
        self.committed: dict[tuple[str, TopicPartition], int] = {}
        """(group, partition) -> the last offset whose commit was acknowledged."""
        self.ends: dict[TopicPartition, int] = {}
        """Where each partition ends, once the last read has found out."""

    def partitions(self) -> list[TopicPartition]:
        """All partitions of the workload."""
        return [(topic, number) for topic, count in self.topics.items() for number in range(count)]


class Application:
    """A node around a client: passes every door on, then looks at what came of it."""

    def __init__(self, client: ClientNode, stage: Stage, stream: Stream, owner: str) -> None:
        self.client = client
        self.stage = stage
        self.stream = stream
        self.owner = owner
        self.outbox = client.outbox

    def start(self, now: Instant) -> None:
        """Come up."""
        self.client.start(now)
        self._begin()
        self._look()

    def receive(self, now: Instant, sender: Address, message: Reply | Lost) -> None:
        """Pass an answer on."""
        self.client.receive(now, sender, message)
        self._look()

    def wake(self, now: Instant) -> None:
        """Pass the time on."""
        self.client.wake(now)
        self._look()

    def next_wake(self) -> int | None:
        """When the client or the application wants to be woken."""
        return self.client.next_wake()

    def _begin(self) -> None:
        """The application's own start."""

    def _look(self) -> None:
        """Called after every step."""

    def _every(self, draw_ms: Callable[[], int], action: Callable[[], None]) -> None:
        """Do something again and again, each time after a newly drawn pause."""

        def again() -> None:
            action()
            self.client.after(draw_ms(), again)

        self.client.after(draw_ms(), again)


@attrs.frozen
class SendingHabits:
    """How a producing application behaves."""

    threads: int = 3
    most_sends: int = 3
    least_pause_ms: int = 5
    most_pause_ms: int = 120
    most_padding: int = 60
    keyed: bool = False


class _Sending:
    """One open send operation."""

    __slots__ = ("left", "process", "results", "sends")

    def __init__(self, process: int, sends: list[tuple[str, int]]) -> None:
        self.process = process
        self.sends = sends
        self.left = len(sends)
        self.results: list[Delivery | None] = [None] * len(sends)


class SendingApplication(Application):
    """Several threads around one producer; each sends a few records, waits how they end, and goes on."""

    client: Producer

    def __init__(self, client: Producer, stage: Stage, stream: Stream, owner: str, habits: SendingHabits) -> None:
        super().__init__(client, stage, stream, owner)
        self.habits = habits
        self._tickets: dict[int, tuple[_Sending, int]] = {}
        self.open = 0

    def _begin(self) -> None:
        for _ in range(self.habits.threads):
            self._later(self.stage.recorder.new_process(self.owner))

    def _later(self, process: int) -> None:
        pause_ms = self.stream.between(self.habits.least_pause_ms, self.habits.most_pause_ms)
        self.client.after(pause_ms, lambda: self._send(process))

    def _send(self, process: int) -> None:
        stage, stream = self.stage, self.stream
        if stage.quiet:
            return
        places = stage.partitions()
        first = stream.pick(places)
        chosen = []
        for _ in range(stream.between(1, self.habits.most_sends)):
            topic, partition = first if stream.happens(700_000) else stream.pick(places)
            chosen.append((topic, partition, stage.recorder.new_value()))
        sending = _Sending(process, [(key_of(topic, partition), value) for topic, partition, value in chosen])
        stage.recorder.invoke(process, "send", [["send", key, value] for key, value in sending.sends])
        self.open += 1
        for number, (topic, partition, value) in enumerate(chosen):
            padding = b"." * stream.below(self.habits.most_padding + 1)
            key = b"%d" % (value % 7) if self.habits.keyed else None
            ticket = self.client.send(self.client.now, topic, b"%d %b" % (value, padding), key=key, partition=partition)
            self._tickets[ticket] = (sending, number)

    def _look(self) -> None:
        for delivery in self.client.take():
            sending, number = self._tickets.pop(delivery.ticket)
            sending.results[number] = delivery
            sending.left -= 1
            if not sending.left:
                self._ended(sending)

    def _ended(self, sending: _Sending) -> None:
        outcomes = [delivery.outcome for delivery in sending.results if delivery is not None]
        value: list[Any] = []
        for (key, sent), delivery in zip(sending.sends, sending.results, strict=True):
            known = delivery is not None and delivery.offset >= 0
            value.append(["send", key, [delivery.offset, sent] if delivery is not None and known else sent])
        first = outcomes[0]
        kind = first if all(outcome == first for outcome in outcomes) else "info"
        self.open -= 1
        self.stage.recorder.complete(sending.process, kind, "send", value)
        # as in Jepsen: after an unknown end the process is taken for dead, and another one goes on
        process = self.stage.recorder.new_process(self.owner) if kind == "info" else sending.process
        self._later(process)


@attrs.frozen
class ReadingHabits:
    """How a consuming application behaves. Rates are per million polls."""

    least_pause_ms: int = 20
    most_pause_ms: int = 300
    most_records: int = 100
    commits: str = "sync"
    """`sync`: wait for each commit; `async`: go on at once; `auto`: the client's own; `none`."""
    commit_ppm: int = 400_000
    rewind_ppm: int = 10_000
    slow_ppm: int = 5_000
    slow_most_ms: int = 12_000
    commit_first: bool = False
    """The mistake of committing what was not polled yet: to show that judges see it."""


class ReadingApplication(Application):
    """Reads partitions that it chose itself, sometimes from the beginning again."""

    client: Consumer

    def __init__(self, client: Consumer, stage: Stage, stream: Stream, owner: str, habits: ReadingHabits) -> None:
        super().__init__(client, stage, stream, owner)
        self.habits = habits
        self.process = stage.recorder.new_process(owner)

    def _begin(self) -> None:
        self.assign(self.stage.partitions() if self.stream.happens(500_000) else self._some())
        self._poll_later()

    def _some(self) -> list[TopicPartition]:
        places = self.stage.partitions()
        return self.stream.some(places, 600_000) or [self.stream.pick(places)]

    def assign(self, partitions: Sequence[TopicPartition]) -> None:
        """Read these from their beginning."""
        now = self.client.now
        self.client.assign(now, [])
        self.client.assign(now, partitions)
        for place in partitions:
            self.client.seek(now, place, 0)
        keys = [key_of(*place) for place in partitions]
        self.stage.recorder.whole(self.process, "ok", "assign", keys, **{"seek-to-beginning?": True})

    def _poll_later(self) -> None:
        habits = self.habits
        pause_ms = self.stream.between(habits.least_pause_ms, habits.most_pause_ms)
        if self.stage.quiet:
            pause_ms = min(pause_ms, 20)
        elif self.stream.happens(habits.slow_ppm):
            pause_ms += self.stream.below(habits.slow_most_ms)
        self.client.after(pause_ms, self._poll)

    def _most(self) -> int:
        """How many records a poll may give: in the end everybody hurries."""
        return 500 if self.stage.quiet else self.habits.most_records

    def _poll(self) -> None:
        if self.stream.happens(self.habits.rewind_ppm):
            self.assign(self._some())
        self._record(self.client.poll(self.client.now, self._most()))
        self._poll_later()

    def _record(self, records: list[Consumed]) -> None:
        if not records:
            return
        read: dict[str, list[list[int]]] = {}
        for record in records:
            value = int((record.value or b"-1").split(b" ", 1)[0])
            read.setdefault(key_of(record.topic, record.partition), []).append([record.offset, value])
        self.stage.recorder.whole(self.process, "ok", "poll", [["poll", read]])

    def _look(self) -> None:
        for event in self.client.take_events():
            if isinstance(event, Trouble):
                self._trouble(event)

    def _trouble(self, event: Trouble) -> None:
        key = key_of(*event.partition)
        self.stage.recorder.note("cluster", "trouble", {"process": self.process, "key": key, "text": event.text})
        # the position was lost: what follows is a new beginning
        keys = [key_of(*place) for place in self.client.positions]
        self.stage.recorder.whole(self.process, "ok", "assign", [other for other in keys if other != key])
        self.stage.recorder.whole(self.process, "ok", "assign", keys)


class FinalReader(ReadingApplication):
    """Reads everything once more from the beginning to the end, after all is quiet."""

    def __init__(self, client: Consumer, stage: Stage, stream: Stream, owner: str) -> None:
        super().__init__(client, stage, stream, owner, ReadingHabits(20, 60, 500, "none", 0, 0, 0))
        self.done = False

    def _begin(self) -> None:
        partitions = self.stage.partitions()
        now = self.client.now
        self.client.assign(now, partitions)
        for place in partitions:
            self.client.seek(now, place, 0)
        keys = [key_of(*place) for place in partitions]
        extra = {"seek-to-beginning?": True, "final": True}
        self.stage.recorder.whole(self.process, "ok", "assign", keys, **extra)
        self._poll_later()

    def _look(self) -> None:
        super()._look()
        if self.done:
            return
        positions = self.client.positions.values()
        if all(0 <= position.high_watermark <= position.next_offset for position in positions):
            self.done = True
            self.stage.ends = {place: position.next_offset for place, position in self.client.positions.items()}
            ends = {key_of(*place): end for place, end in self.stage.ends.items()}
            self.stage.recorder.note("cluster", "final-read", {"process": self.process, "ends": ends})


class MemberApplication(ReadingApplication):
    """A member of a group: polls, handles, commits, takes part in rebalances."""

    def __init__(self, client: Consumer, stage: Stage, stream: Stream, owner: str, habits: ReadingHabits) -> None:
        super().__init__(client, stage, stream, owner, habits)
        self._commits: dict[int, int] = {}
        self._lookups: dict[int, int] = {}
        self._awaited = 0
        self._deferred: list[Assigned | Revoked | Trouble] = []

    @property
    def group(self) -> str:
        """The group's id."""
        assert self.client.group_id is not None
        return self.client.group_id

    def _begin(self) -> None:
        topics = list(self.stage.topics)
        self.client.subscribe(self.client.now, topics)
        self.stage.recorder.whole(self.process, "ok", "subscribe", topics, group=self.group)
        self._poll_later()

    def _poll(self) -> None:
        if self._awaited:
            return
        self._look()
        records = self.client.poll(self.client.now, self._most())
        self._look()
        self._record(records)
        self._commit(self._to_commit(records))

    def _to_commit(self, records: list[Consumed]) -> dict[TopicPartition, int] | None:
        """What to commit after this poll: None is all that was polled so far."""
        if self.habits.commit_first:
            return {place: at.fetch_offset for place, at in self.client.positions.items() if at.fetch_offset > 0}
        if self.habits.commits not in {"sync", "async"}:
            return {}
        if records and self.stream.happens(self.habits.commit_ppm):
            return None
        return self._uncommitted() if self.stage.quiet and not self._commits else {}

    def _uncommitted(self) -> dict[TopicPartition, int]:
        """When all is quiet, no record stays uncommitted."""
        return {
            place: position.next_offset
            for place, position in self.client.positions.items()
            if position.next_offset >= 0 and self.stage.committed.get((self.group, place)) != position.next_offset
        }

    def _commit(self, offsets: dict[TopicPartition, int] | None) -> None:
        if offsets is None or offsets:
            ticket = self.client.commit(self.client.now, offsets)
            if self.habits.commits == "sync":
                self._awaited = ticket
                self._look()
                return
            self._look()
        self._poll_later()

    def _committing(self, event: Committing) -> None:
        """Every commit is written down, those that the client makes by itself too."""
        if not event.offsets:
            return
        process = self.process if event.ticket == self._awaited else self.stage.recorder.new_process(self.owner)
        self._commits[event.ticket] = process
        value = {key_of(*place): offset for place, offset in event.offsets.items()}
        extra = {"group": self.group, "generation": event.generation}
        self.stage.recorder.invoke(process, "commit", value, **extra)

    def _committed(self, event: Committed) -> None:
        if event.outcome == "ok":
            for place, offset in event.offsets.items():
                self.stage.committed[self.group, place] = offset
        process = self._commits.pop(event.ticket, None)
        if process is not None:
            value = {key_of(*place): offset for place, offset in event.offsets.items()}
            extra = {"group": self.group, "generation": event.generation}
            self.stage.recorder.complete(process, event.outcome, "commit", value, **extra)
        if event.ticket == self._awaited:
            self._awaited = 0
            if event.outcome == "info":
                # as in Jepsen: after an unknown end the process is taken for dead, and another one goes on
                self.process = self.stage.recorder.new_process(self.owner)
                held = [key_of(*place) for place in self.client.positions]
                self.stage.recorder.whole(self.process, "ok", "assign", held, group=self.group)
            deferred, self._deferred = self._deferred, []
            for heard in deferred:
                self._heard(heard)
            self._poll_later()

    def _look(self) -> None:
        for event in self.client.take_events():
            if isinstance(event, Committing):
                self._committing(event)
            elif isinstance(event, Committed):
                self._committed(event)
            elif isinstance(event, Looking):
                self._looking(event)
            elif isinstance(event, Found):
                self._found(event)
            elif self._awaited:
                self._deferred.append(event)  # the application hears of it when its commit has ended
            else:
                self._heard(event)

    def _heard(self, event: Assigned | Revoked | Trouble) -> None:
        if isinstance(event, Trouble):
            self._trouble(event)
        else:
            self._rebalanced(event)

    def _looking(self, event: Looking) -> None:
        """Asking where to resume reads the group's offsets: an operation of its own, written down as a seek."""
        process = self._lookups[event.ticket] = self.stage.recorder.new_process(self.owner)
        self.stage.recorder.invoke(process, "seek", [key_of(*place) for place in event.partitions], group=self.group)

    def _found(self, event: Found) -> None:
        process = self._lookups.pop(event.ticket)
        if event.offsets is None:
            self.stage.recorder.complete(process, "fail", "seek", None, group=self.group)
        else:
            value = {key_of(*place): offset for place, offset in event.offsets.items()}
            self.stage.recorder.complete(process, "ok", "seek", value, group=self.group)

    def _rebalanced(self, event: Assigned | Revoked) -> None:
        membership = self.client.membership
        assert membership is not None
        held = [key_of(*place) for place in event.held]
        # a static member that comes back is the same member under a new id
        member = membership.joined_as or membership.member_id
        extra: dict[str, Any] = {"group": self.group, "member": member}
        if isinstance(event, Assigned):
            extra["generation"] = event.generation
        elif event.lost:
            extra["lost"] = True
        self.stage.recorder.whole(self.process, "ok", "assign", held, **extra)


class AdminApplication(Application):
    """Makes, changes and deletes topics beside the workload's own, and changes the workload's configs."""

    client: Admin

    def __init__(self, client: Admin, stage: Stage, stream: Stream, owner: str) -> None:
        super().__init__(client, stage, stream, owner)
        self._scratch = 0

    def _begin(self) -> None:
        self._every(lambda: self.stream.between(300, 4000), self._do)

    def _do(self) -> None:
        if self.stage.quiet:
            return
        now, stream = self.client.now, self.stream
        choice = stream.below(6)
        name = f"scratch-{stream.below(3)}"
        if choice <= 1:
            self.client.create_topic(now, name, stream.between(1, 3))
        elif choice == 2:
            self.client.delete_topic(now, name)
        elif choice == 3:
            self.client.create_partitions(now, name, stream.between(2, 5))
        elif choice == 4:
            self.client.delete_records(now, (name, 0), -1)
        else:
            topic = stream.pick(list(self.stage.topics))
            setting = stream.pick(
                [("segment.bytes", "1048576"), ("segment.ms", "600000"), ("index.interval.bytes", "64")]
            )
            self.client.alter_config(now, topic, dict([setting]))

    def _look(self) -> None:
        for result in self.client.take():
            value = {"call": result.call, "outcome": result.outcome, "error": result.error}
            self.stage.recorder.note("cluster", "admin", value)
