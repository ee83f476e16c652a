"""The controller of one node: every change of metadata goes through here, and the metadata log is the only truth.

A command becomes records, the records are appended to `__cluster_metadata-0`, and only what was appended is applied. The
state is a replay of that log, so a restart gives the same state. When the disk refuses, nothing has changed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from tautolog.core.controller.state import Topic
from tautolog.core.errors import ErrorCode
from tautolog.core.log.config import LogConfig

if TYPE_CHECKING:
    from tautolog.core.broker import Broker

OFFSETS_TOPIC = "__consumer_offsets"


class Controller:
    """Topics, configurations and producer ids of the cluster."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self.topics: dict[str, Topic] = {}
        self.by_id: dict[bytes, Topic] = {}
        self._next_producer_id = 0

    def start(self) -> None:
        """Bring back the state from the metadata log."""

    def close(self) -> None:
        """Leave the metadata log as a clean shutdown leaves it."""

    def create_topic(self, name: str, partitions: int, configs: Mapping[str, str]) -> Topic | ErrorCode:
        """Make a topic, or say why not."""
        if name in self.topics:
            return ErrorCode.TOPIC_ALREADY_EXISTS
        topic = Topic(
            name, self._broker.chance.uuid(), partitions, dict(configs), name == OFFSETS_TOPIC, [0] * partitions
        )
        self.topics[name] = self.by_id[topic.topic_id] = topic
        for index in range(partitions):
            self._broker.replicas.create(topic, index)
        return topic

    def ensure_internal(self, name: str) -> Topic | ErrorCode:
        """The internal topic of that name (`__consumer_offsets`), made now if it is not there yet."""
        topic = self.topics.get(name)
        if topic is not None:
            return topic
        configs = {"cleanup.policy": "compact", "compression.type": "producer", "segment.bytes": "104857600"}
        return self.create_topic(name, self._broker.config.get_int("offsets.topic.num.partitions"), configs)

    def topic_config(self, topic: str) -> LogConfig:
        """The configuration in force for the logs of a topic."""
        return LogConfig.of(self.topics[topic].configs)

    def next_producer_id(self) -> int | ErrorCode:
        """A producer id that was never given out before; blocks of 1000 are persisted first."""
        self._next_producer_id += 1
        return self._next_producer_id - 1
