"""What every client stands on: addresses, version negotiation, one answer or one failure for each request.

A client never sees a socket. It says `Send(Address, Request)`; whoever drives it opens a connection on the first one, hands
back each answer as `Reply(token, message)` and the end of the connection as `Lost(reason)`. On a fresh connection the first
request is ApiVersions; everything else waits for its answer, and every request then goes out in the highest version that
both sides know. Guarantee to the layers above: each call ends exactly once, with an answer or with a `Failure` that says
whether the request may have reached the broker.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple, TypeAlias

from tautolog.core.messages._base import Message
from tautolog.core.messages.api_versions import ApiVersionsRequest, ApiVersionsResponse
from tautolog.core.node import Reply, Request, Send
from tautolog.core.ports import Chance, Instant
from tautolog.core.timers import Timer, Timers

API_VERSIONS: Final = 18
UNSUPPORTED_VERSION: Final = 35
SETUP_TIMEOUT_MS: Final = 10_000
"""How long a fresh connection may take to answer ApiVersions, as Kafka's socket.connection.setup.timeout.ms."""

SPOKEN: Final[Mapping[int, tuple[int, int]]] = {
    0: (3, 13),  # Produce
    1: (4, 18),  # Fetch
    2: (1, 11),  # ListOffsets
    3: (1, 13),  # Metadata
    8: (2, 10),  # OffsetCommit
    9: (1, 10),  # OffsetFetch
    10: (0, 6),  # FindCoordinator
    11: (0, 9),  # JoinGroup
    12: (0, 4),  # Heartbeat
    13: (0, 5),  # LeaveGroup
    14: (0, 5),  # SyncGroup
    15: (0, 6),  # DescribeGroups
    16: (0, 5),  # ListGroups
    18: (0, 4),  # ApiVersions
    19: (2, 7),  # CreateTopics
    20: (1, 6),  # DeleteTopics
    21: (0, 2),  # DeleteRecords
    22: (0, 5),  # InitProducerId
    23: (2, 4),  # OffsetForLeaderEpoch
    37: (0, 3),  # CreatePartitions
    42: (0, 2),  # DeleteGroups
    44: (0, 1),  # IncrementalAlterConfigs
}
"""API key -> the versions these clients speak."""


class Address(NamedTuple):
    """Where a connection leads. Two lanes to the same endpoint are two connections."""

    host: str
    port: int
    lane: str = "data"


class Lost(NamedTuple):
    """The connection to the sender is gone; `reason` is `refused`, `closed` or `reset`."""

    reason: str


class Hangup(NamedTuple):
    """Close the connection to this address; nothing more is wanted from it."""

    to: Address


class Failure(NamedTuple):
    """Why there is no answer; `sent` says whether the request may have reached the broker."""

    reason: str
    sent: bool


Outcome: TypeAlias = Message | Failure
Finish: TypeAlias = Callable[[Outcome], None]
Build: TypeAlias = Callable[[int], Message]
"""Makes the request for the version that it goes out in."""
ClientEffect: TypeAlias = Send | Hangup


class Call:
    """One request on its way."""

    __slots__ = ("address", "answered", "build", "finish", "highest", "key", "sent", "timer")

    def __init__(self, address: Address, key: int, build: Build, finish: Finish) -> None:
        self.address = address
        self.key = key
        self.build = build
        self.finish = finish
        self.highest = 32767
        self.answered = True
        self.sent = False
        self.timer: Timer | None = None


class _Line:
    """The state of one connection: which versions the broker told, and what waits for them."""

    __slots__ = ("pending", "versions", "waiting")

    def __init__(self) -> None:
        self.versions: dict[int, tuple[int, int]] | None = None
        self.waiting: list[int] = []
        self.pending: list[int] = []


class ClientNode:
    """The node behind producer, consumer and admin: connections, versions, timeouts, timers.

    `speaks` overrides the versions spoken, key by key, to play an older client. Times are milliseconds.
    """

    def __init__(
        self,
        chance: Chance,
        *,
        client_id: str,
        request_timeout_ms: int = 30_000,
        speaks: Mapping[int, tuple[int, int]] | None = None,
    ) -> None:
        self.client_id = client_id
        self.request_timeout_ms = request_timeout_ms
        self.chance = chance
        self.now = Instant(0, 0)
        self.timers = Timers()
        self.outbox: list[ClientEffect] = []
        self._speaks = {**SPOKEN, **(speaks or {})}
        self._lines: dict[Address, _Line] = {}
        self._calls: dict[int, Call] = {}
        self._correlation = 0

    # the node's doors

    def start(self, now: Instant) -> None:
        """Come up, with nothing remembered."""
        self.now = now
        self._begin()

    def receive(self, now: Instant, sender: Address, message: Reply | Lost) -> None:
        """Take in an answer, or the news that a connection ended."""
        self.now = now
        if isinstance(message, Lost):
            self._drop(sender, message.reason)
        else:
            self._answered(message.token, message.message)
        self._advance()

    def wake(self, now: Instant) -> None:
        """Do what is due."""
        self.now = now
        for action in self.timers.due(now.monotonic_ms):
            action()
        self._advance()

    def next_wake(self) -> int | None:
        """When `wake` is wanted next, in `monotonic_ms`."""
        return self.timers.next_deadline()

    # for the layers above

    def _begin(self) -> None:
        """What `start` means for this client."""

    def _advance(self) -> None:
        """Called at the end of every step: send what can be sent now."""

    def after(self, delay_ms: int, action: Callable[[], None]) -> Timer:
        """Run `action` in `delay_ms`, in a step of its own."""
        return self.timers.at(self.now.monotonic_ms + delay_ms, action)

    def backoff_ms(self, attempt: int, *, base: int = 100, most: int = 1000) -> int:
        """Exponential, with a fifth of jitter either way (KIP-580)."""
        full = min(most, base << min(attempt, 16))
        return max(1, full * (80 + self.chance.below(41)) // 100)

    def call(
        self,
        address: Address,
        key: int,
        build: Build,
        finish: Finish,
        *,
        timeout_ms: int | None = None,
        highest: int = 32767,
        answered: bool = True,
    ) -> int:
        """Send a request as soon as the connection's versions are known; `finish` is called exactly once.

        `build` makes the body for the agreed version, at most `highest`. A request that is not `answered` (acks 0) ends
        when it is sent.
        """
        self._correlation += 1
        number = self._correlation
        call = Call(address, key, build, finish)
        call.highest = highest
        call.answered = answered
        self._calls[number] = call
        patience = self.request_timeout_ms if timeout_ms is None else timeout_ms
        call.timer = self.after(patience, lambda: self._expired(number))
        line = self._lines.get(address)
        if line is None:
            line = self._lines[address] = _Line()
            self._ask_versions(address, line, self._speaks[API_VERSIONS][1])
        if line.versions is None:
            line.waiting.append(number)
        else:
            self._transmit(line, number)
        return number

    def _agreed(self, offered: Mapping[int, tuple[int, int]], key: int, highest: int = 32767) -> int | None:
        low, high = self._speaks[key]
        their_low, their_high = offered.get(key, (0, -1))
        version = min(high, their_high, highest)
        return version if version >= max(low, their_low) else None

    # connections and versions

    def _ask_versions(self, address: Address, line: _Line, version: int) -> None:
        body = ApiVersionsRequest(client_software_name="tautolog", client_software_version="1")
        self._correlation += 1
        number = self._correlation
        call = Call(address, API_VERSIONS, lambda _: body, lambda outcome: self._learned(address, line, outcome))
        call.sent = True
        call.timer = self.after(min(self.request_timeout_ms, SETUP_TIMEOUT_MS), lambda: self._expired(number))
        self._calls[number] = call
        line.pending.append(number)
        self.outbox.append(Send(address, Request(API_VERSIONS, version, self.client_id, body, number)))

    def _learned(self, address: Address, line: _Line, outcome: Outcome) -> None:
        if not isinstance(outcome, ApiVersionsResponse):
            return  # the line is gone, and with it all that waited on it
        offered = {api.api_key: (api.min_version, api.max_version) for api in outcome.api_keys}
        if outcome.error_code == UNSUPPORTED_VERSION:
            self._ask_versions(address, line, self._agreed(offered, API_VERSIONS) or 0)
            return
        line.versions = offered
        waiting, line.waiting = line.waiting, []
        for number in waiting:
            if number in self._calls:
                self._transmit(line, number)

    def _transmit(self, line: _Line, number: int) -> None:
        call = self._calls[number]
        version = self._agreed(line.versions or {}, call.key, call.highest)
        if version is None:
            self._finish(number, Failure("unsupported version", sent=False))
            return
        call.sent = True
        body = call.build(version)
        self.outbox.append(Send(call.address, Request(call.key, version, self.client_id, body, number)))
        if call.answered:
            line.pending.append(number)
        else:
            self._finish(number, Failure("no answer wanted", sent=True))

    def _answered(self, number: int, message: Message | None) -> None:
        call = self._calls.get(number)
        if call is None:
            return
        line = self._lines.get(call.address)
        if line is not None and number in line.pending:
            line.pending.remove(number)
        self._finish(number, message if message is not None else Failure("no answer wanted", sent=True))

    def _finish(self, number: int, outcome: Outcome) -> None:
        call = self._calls.pop(number)
        if call.timer is not None:
            call.timer.cancel()
        call.finish(outcome)

    def _expired(self, number: int) -> None:
        """A request got no answer in time: as in Kafka's clients, the whole connection is given up."""
        call = self._calls.get(number)
        if call is not None:
            self.hang_up(call.address, "timed out")

    def hang_up(self, address: Address, reason: str = "closed here") -> None:
        """Close a connection; what was waiting on it fails."""
        if address in self._lines:
            self.outbox.append(Hangup(address))
            self._drop(address, reason)

    def _drop(self, address: Address, reason: str) -> None:
        line = self._lines.pop(address, None)
        if line is None:
            return
        for number in line.pending + line.waiting:
            call = self._calls.get(number)
            if call is not None:
                self._finish(number, Failure(reason, sent=call.sent))
