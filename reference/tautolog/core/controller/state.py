"""What the metadata log says: topics, configurations, features, producer ids.

Changed only by `apply`, one record at a time, so that a restart, a snapshot and a follower come to the same state. It
checks nothing a client may ask for; a record that does not fit the ones before it is a bug of ours.
"""

from __future__ import annotations

import attrs

from tautolog.core.controller.definitions import Resource
from tautolog.core.controller.names import INTERNAL, collision_key
from tautolog.core.controller.records import (
    ConfigRecord,
    FeatureLevelRecord,
    MetadataRecord,
    PartitionChangeRecord,
    PartitionRecord,
    ProducerIdsRecord,
    RemoveTopicRecord,
    TopicRecord,
)
from tautolog.core.errors import InvariantBroken


@attrs.define(eq=False)
class Topic:
    """One topic. `configs` holds only what was set on it; a topic that was deleted and made again has another id."""

    name: str
    topic_id: bytes
    partitions: int
    configs: dict[str, str]
    internal: bool
    leader_epochs: list[int]


class State:
    """The replay of a metadata log. Dictionaries keep the order in which things were made."""

    def __init__(self, node_id: int) -> None:
        self._node_id = node_id
        self.topics: dict[str, Topic] = {}
        self.by_id: dict[bytes, Topic] = {}
        self.colliding: dict[str, dict[str, None]] = {}
        """Topic names by what they look like when `.` and `_` are the same."""
        self.configs: dict[tuple[int, str], dict[str, str]] = {}
        """What was set on brokers (the empty name: on all), groups and client metrics; a topic's is in its `Topic`."""
        self.features: dict[str, int] = {}
        self.next_producer_id = 0
        """The first producer id that was not given to a broker yet."""
        self.partition_count = 0

    def apply(self, record: MetadataRecord) -> None:
        """Take in the next record of the log."""
        if isinstance(record, PartitionRecord):
            topic = self._topic(record.topic_id)
            if record.partition_id != topic.partitions:
                raise InvariantBroken(
                    f"{topic.name} has {topic.partitions} partitions and is given {record.partition_id}"
                )
            topic.leader_epochs.append(record.leader_epoch)
            topic.partitions += 1
            self.partition_count += 1
        elif isinstance(record, PartitionChangeRecord):
            self._topic(record.topic_id).leader_epochs[record.partition_id] += 1
        elif isinstance(record, ConfigRecord):
            self._configure(record)
        elif isinstance(record, TopicRecord):
            self._add(record)
        elif isinstance(record, RemoveTopicRecord):
            self._remove(record)
        elif isinstance(record, FeatureLevelRecord):
            self.features[record.name] = record.level
        else:
            self.next_producer_id = record.next_producer_id

    def records(self) -> list[MetadataRecord]:
        """The shortest log whose replay is this state: a snapshot."""
        records: list[MetadataRecord] = [FeatureLevelRecord(name, level) for name, level in self.features.items()]
        for (resource_type, resource_name), configs in self.configs.items():
            records += (ConfigRecord(resource_type, resource_name, name, value) for name, value in configs.items())
        for topic in self.topics.values():
            records.append(TopicRecord(topic.name, topic.topic_id))
            records += (ConfigRecord(Resource.TOPIC, topic.name, name, value) for name, value in topic.configs.items())
            nodes = [self._node_id]
            records += (
                PartitionRecord(index, topic.topic_id, nodes, nodes, self._node_id, epoch, epoch)
                for index, epoch in enumerate(topic.leader_epochs)
            )
        if self.next_producer_id:
            records.append(ProducerIdsRecord(self._node_id, 1, self.next_producer_id))
        return records

    def collision(self, name: str) -> str | None:
        """An existing topic, another one, that a metric could not tell from `name`."""
        return next((other for other in self.colliding.get(collision_key(name), ()) if other != name), None)

    def _topic(self, topic_id: bytes) -> Topic:
        topic = self.by_id.get(topic_id)
        if topic is None:
            raise InvariantBroken(f"the metadata log speaks of a topic {topic_id.hex()} that it never made")
        return topic

    def _add(self, record: TopicRecord) -> None:
        name, topic_id = record
        if name in self.topics or topic_id in self.by_id:
            raise InvariantBroken(f"the metadata log makes topic {name} twice")
        topic = Topic(name, topic_id, 0, {}, name in INTERNAL, [])
        self.topics[name] = self.by_id[topic_id] = topic
        self.colliding.setdefault(collision_key(name), {})[name] = None

    def _remove(self, record: RemoveTopicRecord) -> None:
        topic = self._topic(record.topic_id)
        del self.topics[topic.name], self.by_id[topic.topic_id]
        self.partition_count -= topic.partitions
        key = collision_key(topic.name)
        del self.colliding[key][topic.name]
        if not self.colliding[key]:
            del self.colliding[key]

    def _configure(self, record: ConfigRecord) -> None:
        if record.resource_type == Resource.TOPIC:
            topic = self.topics.get(record.resource_name)
            if topic is None:
                raise InvariantBroken(f"the metadata log configures a topic {record.resource_name} that it never made")
            configs = topic.configs
        else:
            key = (record.resource_type, record.resource_name)
            configs = self.configs.setdefault(key, {})
        if record.value is None:
            configs.pop(record.name, None)
            if not configs and record.resource_type != Resource.TOPIC:
                self.configs.pop((record.resource_type, record.resource_name), None)
        else:
            configs[record.name] = record.value
