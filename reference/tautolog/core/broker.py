"""The broker, composed: which room answers what. Composition only; every decision is made in a room.

The broker is a node (`tautolog.core.node`): the world hands in requests, time, chance and a disk, and drains the
outbox. It never sees bytes of the protocol, a socket or a clock. What a peer sends can end that peer's connection,
never the broker.
"""

from __future__ import annotations

from collections.abc import Mapping

from tautolog.core import api
from tautolog.core.controller.configs import BrokerConfig
from tautolog.core.controller.controller import Controller
from tautolog.core.controller.loggers import Loggers
from tautolog.core.errors import ProtocolError
from tautolog.core.groups.coordinator import GroupCoordinator
from tautolog.core.messages._base import Message
from tautolog.core.node import Disconnect, Effect, Peer, Reply, Report, Request, Token
from tautolog.core.partition.fetches import Fetches
from tautolog.core.partition.replicas import Replicas
from tautolog.core.ports import Chance, Instant, Storage
from tautolog.core.timers import Timers


class Broker:
    """One broker of one cluster, leader of every partition it has.

    `settings` are overrides of broker configs under Kafka's names, already checked by `BrokerConfig.check`;
    `endpoint` is the host and port that Metadata and FindCoordinator give out.
    """

    def __init__(
        self,
        storage: Storage,
        chance: Chance,
        *,
        node_id: int = 1,
        cluster_id: str,
        endpoint: tuple[str, int] = ("127.0.0.1", 9092),
        settings: Mapping[str, str] | None = None,
    ) -> None:
        self.node_id = node_id
        self.cluster_id = cluster_id
        self.endpoint = endpoint
        self.storage = storage
        self.chance = chance
        self.now = Instant(0, 0)
        self.timers = Timers()
        self.outbox: list[Effect] = []
        self.loggers = Loggers()
        identity = {"node.id": str(node_id), "broker.id": str(node_id), "process.roles": "broker,controller"}
        self.config = BrokerConfig(identity | dict(settings or {}))
        self.replicas = Replicas(self)
        self.fetches = Fetches(self)
        self.controller = Controller(self)
        self.groups = GroupCoordinator(self)
        self._handle = api.by_key_and_version()

    def start(self, now: Instant) -> None:
        """Recover everything from the storage: metadata first, then the partitions it names, then the groups.

        Raises `StorageError` where the storage refuses, or holds metadata that cannot be read.
        """
        self.now = now
        self.controller.start()
        self.replicas.start()
        self.groups.start()

    def receive(self, now: Instant, sender: Peer, message: Request) -> None:
        """Take in one request; its answer is in the outbox now or after a later step."""
        self.now = now
        handle = self._handle.get((message.key, message.version))
        if handle is None:
            if message.key != api.API_VERSIONS:
                text = f"API key {message.key} version {message.version} is not served"
                self.outbox.append(Disconnect(sender, text))
                return
            handle = api.handlers()[api.API_VERSIONS].handle
        try:
            answer = handle(self, sender, message)
        except ProtocolError as error:
            self.outbox.append(Disconnect(sender, str(error)))
            return
        if answer is not None:
            self.outbox.append(Reply(message.token, answer))

    def wake(self, now: Instant) -> None:
        """Run the timers that are due: waiting fetches, session and rebalance timeouts, retention."""
        self.now = now
        for action in self.timers.due(now.monotonic_ms):
            action()

    def next_wake(self) -> int | None:
        """When `wake` is wanted next, in `monotonic_ms`."""
        return self.timers.next_deadline()

    def disconnected(self, now: Instant, sender: Peer) -> None:
        """A peer is gone: what it was waiting for need not be answered."""
        self.now = now
        self.fetches.forget(sender)

    def stop(self, now: Instant) -> None:
        """Leave the storage as a clean shutdown leaves it: checkpoints written, everything synced."""
        self.now = now
        self.replicas.close()
        self.controller.close()
        self.storage.sync_all()

    def reply(self, token: Token, message: Message | None) -> None:
        """Answer a request that its handler left open; None frees its slot without an answer (`acks=0`)."""
        self.outbox.append(Reply(token, message))

    def report(self, level: str, text: str) -> None:
        """Say one line to the operator, unless the level of the root logger is above it."""
        if self.loggers.says(level):
            self.outbox.append(Report(level, text))
