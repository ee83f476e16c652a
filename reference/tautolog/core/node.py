"""The contract of a node: three doors in, one ordered outbox out.

Broker, client and worker nodes are all driven the same way, in the simulator and over TCP. Input comes through
`start(now)`, `receive(now, sender, message)` and `wake(now)`; each call is one atomic step. Output is what the step left in
`outbox`, in order, drained by the world. `next_wake()` says when to call again. Nothing here calls back or waits.

The world releases an outbox only behind its durability barrier: with `--fsync always` it calls `Storage.sync_all` first, so
that nothing is answered before it would survive a power cut (group commit, for free, for every kind of answer).
"""

from __future__ import annotations

from typing import Any, Protocol, TypeAlias

import attrs

from tautolog.core.messages._base import Message
from tautolog.core.ports import Instant

Token: TypeAlias = Any
"""Whatever the world gave with a request to know its answer again; the core never looks inside."""


@attrs.frozen
class Peer:
    """Who asks: one connection, as the broker sees it.

    `connection` is unique while a broker runs. `host` is the client's address as Kafka reports it (`/127.0.0.1`).
    """

    connection: int
    host: str
    listener: str = "PLAINTEXT"


class Request:
    """One decoded request. A plain slotted class: thousands are made a second."""

    __slots__ = ("body", "client_id", "key", "token", "version")

    def __init__(self, key: int, version: int, client_id: str | None, body: Message, token: Token) -> None:
        self.key = key
        self.version = version
        self.client_id = client_id
        self.body = body
        self.token = token


class Reply:
    """The answer to the request that came with `token`; `message` None means that none is sent (`acks=0`)."""

    __slots__ = ("message", "token")

    def __init__(self, token: Token, message: Message | None) -> None:
        self.token = token
        self.message = message


@attrs.frozen
class Send:
    """A message to another node, by its address."""

    to: Any
    message: Any


@attrs.frozen
class Report:
    """One line for the operator's log; `level` is `info`, `warning` or `error`."""

    level: str
    text: str


@attrs.frozen
class Disconnect:
    """End the connection of this peer: it broke the protocol. `reason` becomes one log line."""

    peer: Peer
    reason: str


Effect: TypeAlias = Reply | Send | Report | Disconnect


class Node(Protocol):
    """Everything deterministic that takes part: broker, controller, client, worker."""

    outbox: list[Effect]

    def start(self, now: Instant) -> None:
        """Come up, from whatever the storage holds."""

    def receive(self, now: Instant, sender: Any, message: Any) -> None:
        """Take one message in: a `Request` from a `Peer` for a broker, a `Reply`'s message for a client."""

    def wake(self, now: Instant) -> None:
        """Do what is due."""

    def next_wake(self) -> int | None:
        """The `monotonic_ms` at which `wake` should be called next, or None."""
