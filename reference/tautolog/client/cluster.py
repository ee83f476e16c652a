"""What a client knows of the cluster: brokers, topics, leaders; asked for when needed and after every sign of staleness.

One Metadata request at a time, to any broker known to be there or else to the bootstrap addresses in turn, with exponential
backoff after a failure. A topic is remembered under its name; when its id changes it is another topic, and the layers above
are told through `_metadata_changed`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from tautolog.client.link import Address, ClientNode, Outcome
from tautolog.core.messages._base import ZERO_UUID, Message
from tautolog.core.messages.metadata import MetadataRequest, MetadataRequestTopic, MetadataResponse
from tautolog.core.ports import Chance

METADATA: Final = 3
MAX_AGE_MS: Final = 300_000
"""Metadata older than this is asked for again, as Kafka's metadata.max.age.ms."""


class TopicView:
    """One topic as the last answer told it; `error` is a Kafka error code, 0 if it can be used."""

    __slots__ = ("error", "leaders", "name", "topic_id")

    def __init__(self, name: str, topic_id: bytes, error: int, leaders: dict[int, tuple[int, int]]) -> None:
        self.name = name
        self.topic_id = topic_id
        self.error = error
        self.leaders = leaders
        """Partition -> node id of its leader (-1: none) and leader epoch (-1: not told)."""


class ClusterClient(ClientNode):
    """A client that follows the cluster's metadata."""

    def __init__(
        self,
        chance: Chance,
        *,
        bootstrap: Sequence[tuple[str, int]],
        client_id: str,
        request_timeout_ms: int = 30_000,
        allow_auto_create: bool = False,
        speaks: Mapping[int, tuple[int, int]] | None = None,
    ) -> None:
        super().__init__(chance, client_id=client_id, request_timeout_ms=request_timeout_ms, speaks=speaks)
        self._bootstrap = [Address(host, port) for host, port in bootstrap]
        self._allow_auto_create = allow_auto_create
        self.brokers: dict[int, Address] = {}
        self.controller_id = -1
        self.topics: dict[str, TopicView] = {}
        self._wanted: dict[str, None] = {}
        self._asking_metadata = False
        self._once_more = False
        self._attempt = 0
        self._turn = 0
        self._fresh_until_ms = -1
        self._refresh_timer_set = False

    def want(self, topic: str) -> None:
        """Take an interest in a topic: its metadata is kept fresh."""
        if topic not in self._wanted:
            self._wanted[topic] = None
            self._refresh()

    def _metadata_changed(self) -> None:
        """An answer came in; called once per answer."""

    def leader(self, topic: str, partition: int) -> Address | None:
        """Where the leader of a partition listens, if it is known; asks for metadata otherwise."""
        view = self.topics.get(topic)
        if view is not None and view.error == 0:
            leader, _ = view.leaders.get(partition, (-1, -1))
            address = self.brokers.get(leader)
            if address is not None:
                return address
        self.refresh_soon()
        return None

    def any_broker(self) -> Address:
        """Some broker to ask: each known one and each bootstrap address in turn."""
        known = list(self.brokers.values()) or self._bootstrap
        if self._turn % 4 == 3:
            known = self._bootstrap
        return known[self._turn % len(known)]

    def refresh_soon(self) -> None:
        """Ask again after a backoff, unless that is under way."""
        if self._asking_metadata or self._refresh_timer_set:
            return
        self._refresh_timer_set = True
        self.after(self.backoff_ms(self._attempt), self._refresh_due)

    def _refresh_due(self) -> None:
        self._refresh_timer_set = False
        self._refresh()

    def _refresh(self) -> None:
        """Ask now; if a request is under way, once more after it, as it may be older than the interest."""
        if self._asking_metadata:
            self._once_more = True
            return
        self._asking_metadata = True
        self.call(self.any_broker(), METADATA, self._metadata_request, self._metadata_answered)

    def _metadata_request(self, version: int) -> Message:
        topics = [MetadataRequestTopic(ZERO_UUID, name) for name in self._wanted_topics()]
        return MetadataRequest(topics, allow_auto_topic_creation=self._allow_auto_create and version >= 4)

    def _wanted_topics(self) -> list[str]:
        return list(self._wanted)

    def _metadata_answered(self, outcome: Outcome) -> None:
        self._asking_metadata = False
        again, self._once_more = self._once_more, False
        if not isinstance(outcome, MetadataResponse) or outcome.error_code != 0:
            self._turn += 1
            self._attempt += 1
            self.refresh_soon()
            return
        self.brokers = {broker.node_id: Address(broker.host, broker.port) for broker in outcome.brokers}
        self.controller_id = outcome.controller_id
        incomplete = False
        for topic in outcome.topics:
            leaders = {
                partition.partition_index: (partition.leader_id, partition.leader_epoch)
                for partition in topic.partitions
            }
            incomplete = incomplete or topic.error_code != 0 or any(leader < 0 for leader, _ in leaders.values())
            if topic.name is not None:
                self.topics[topic.name] = TopicView(topic.name, topic.topic_id, topic.error_code, leaders)
        self._attempt = self._attempt + 1 if incomplete else 0
        if again:
            self._refresh()
        elif incomplete:
            self.refresh_soon()
        self._expire_later()
        self._metadata_changed()

    def _expire_later(self) -> None:
        due = self.now.monotonic_ms + MAX_AGE_MS
        if self._fresh_until_ms < self.now.monotonic_ms:
            self.timers.at(due, self._aged)
        self._fresh_until_ms = due

    def _aged(self) -> None:
        if self.now.monotonic_ms >= self._fresh_until_ms:
            self._refresh()
        else:
            self.timers.at(self._fresh_until_ms, self._aged)
