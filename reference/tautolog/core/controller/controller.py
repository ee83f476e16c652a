"""The controller of one node: every change of metadata goes through here, and the metadata log is the only truth.

A command becomes records (`creation`, `alteration`), the records are appended (`journal`), and only what was appended
is applied (`state`); then the partitions are told. The state is a replay of that log, so a restart gives the same
state. When the disk refuses, the answer is KAFKA_STORAGE_ERROR and nothing has changed.

Commands return a value or a `Refusal`; they never answer a request themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Final

from tautolog.core.controller import alteration, creation, effective, names
from tautolog.core.controller.creation import Refusal
from tautolog.core.controller.definitions import Resource
from tautolog.core.controller.journal import Journal, TooLarge
from tautolog.core.controller.records import (
    ConfigRecord,
    FeatureLevelRecord,
    MetadataRecord,
    PartitionChangeRecord,
    ProducerIdsRecord,
    RemoveTopicRecord,
)
from tautolog.core.controller.state import State, Topic
from tautolog.core.errors import ErrorCode
from tautolog.core.log.config import LogConfig
from tautolog.core.messages.create_partitions import CreatePartitionsTopic
from tautolog.core.messages.create_topics import CreatableTopic, CreatableTopicConfig
from tautolog.core.ports import StorageError

if TYPE_CHECKING:
    from tautolog.core.broker import Broker

METADATA_VERSION: Final = 30
"""The level of `metadata.version` whose record formats are written: that of Apache Kafka 4.3."""

FEATURES: Final = {"metadata.version": METADATA_VERSION, "eligible.leader.replicas.version": 1}
"""What a new cluster is made with. Group, share, streams and transaction protocols are not among them: not served
yet."""

PRODUCER_IDS_A_BLOCK: Final = 1000

_SNAPSHOT_AFTER: Final = 256 << 10
_RESERVED_IDS: Final = frozenset([bytes(16), bytes(15) + b"\x01"])
"""The zero id, and the id that the metadata log itself has in Kafka."""

_STORAGE_ERROR: Final = Refusal(ErrorCode.KAFKA_STORAGE_ERROR, "The metadata log could not be written.")


class Controller:
    """Topics, configurations and producer ids of the cluster. `topics` and `by_id` are to be read, never changed."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._journal = Journal(broker.storage, broker.report)
        self._log_configs: dict[tuple[tuple[str, str], ...], LogConfig] = {}
        self._next_producer_id = 0
        self._producer_ids_end = 0
        self._become(State(broker.node_id))

    def _become(self, state: State) -> None:
        self.state = state
        self.topics = state.topics
        self.by_id = state.by_id

    def start(self) -> None:
        """Bring back the state from the metadata log. Raises `StorageError`.

        A new run leads every partition under a new leader epoch, so that records lost with an unsynced disk and the
        ones written after them can be told apart.
        """
        state = State(self._broker.node_id)
        for record in self._journal.open(self._broker.now):
            state.apply(record)
        self._become(state)
        records: list[MetadataRecord] = []
        if not state.features:
            records += (FeatureLevelRecord(name, level) for name, level in FEATURES.items())
            least = self._broker.config.text(alteration.MIN_INSYNC)
            records.append(ConfigRecord(Resource.BROKER, "", alteration.MIN_INSYNC, least))
        for topic in state.topics.values():
            indexes = range(topic.partitions)
            records += (PartitionChangeRecord(i, topic.topic_id, self._broker.node_id) for i in indexes)
        for first in range(0, len(records), creation.MAX_RECORDS):
            self._write(records[first : first + creation.MAX_RECORDS])
        self._configure_broker()

    def close(self) -> None:
        """Leave the metadata log as a clean shutdown leaves it. Raises `StorageError`."""
        self._journal.close()

    @property
    def metadata_offset(self) -> int:
        """The offset of the newest metadata record, the epoch of the finalized features."""
        return self._journal.end_offset - 1

    # topics

    def create_topics(
        self, topics: Sequence[CreatableTopic], *, validate_only: bool = False
    ) -> list[Refusal | tuple[bytes, int]]:
        """Make topics, all that can be made in one step; for each, in order, its id and partition count or why not.

        The names must differ. With `validate_only` nothing is made, and the ids are of no topic.
        """
        outcomes: list[Refusal | tuple[bytes, int]] = []
        if creation.asks_too_much(self._broker.config, topics):
            return [creation.TOO_MANY_PARTITIONS for _ in topics]
        records: list[MetadataRecord] = []
        for topic in topics:
            topic_id = self._fresh_id()
            made = creation.topic_records(self.state, self._broker.config, self._broker.node_id, topic, topic_id)
            if isinstance(made, Refusal):
                outcomes.append(made)
                continue
            count = len(made) - 1 - sum(isinstance(record, ConfigRecord) for record in made)
            outcomes.append((topic_id, count))
            records += made
        refusal = self._commit(records, validate_only=validate_only)
        if refusal is not None:
            return [o if isinstance(o, Refusal) else refusal for o in outcomes]
        if not validate_only:
            for topic, outcome in zip(topics, outcomes, strict=True):
                if not isinstance(outcome, Refusal):
                    self._create_replicas(self.topics[topic.name], 0)
        return outcomes

    def create_topic(self, name: str, partitions: int, configs: Mapping[str, str]) -> Topic | ErrorCode:
        """Make one topic; -1 partitions stands for `num.partitions`."""
        given = [CreatableTopicConfig(*item) for item in configs.items()]
        outcome = self.create_topics([CreatableTopic(name, partitions, -1, [], given)])[0]
        return outcome.error if isinstance(outcome, Refusal) else self.topics[name]

    def auto_create(self, name: str) -> Topic | ErrorCode:
        """Make a topic that somebody asked for without making it; internal ones get their own configs."""
        if name in names.INTERNAL:
            return self.ensure_internal(name)
        return self.create_topic(name, -1, {})

    def ensure_internal(self, name: str) -> Topic | ErrorCode:
        """The internal topic of that name, made now with Kafka's configs for it if it is not there yet."""
        topic = self.topics.get(name)
        if topic is not None:
            return topic
        config = self._broker.config
        if name == names.OFFSETS_TOPIC:
            count = config.get_int("offsets.topic.num.partitions")
            size = config.get_int("offsets.topic.segment.bytes")
            configs = {"cleanup.policy": "compact", "compression.type": "producer"}
        elif name == names.TRANSACTIONS_TOPIC:
            count = config.get_int("transaction.state.log.num.partitions")
            size = config.get_int("transaction.state.log.segment.bytes")
            configs = {"cleanup.policy": "compact", "compression.type": "uncompressed"}
            configs |= {"unclean.leader.election.enable": "false"}
            configs |= {alteration.MIN_INSYNC: str(config.get_int("transaction.state.log.min.isr"))}
        else:
            count = config.get_int("share.coordinator.state.topic.num.partitions")
            size = config.get_int("share.coordinator.state.topic.segment.bytes")
            configs = {"cleanup.policy": "delete", "compression.type": "producer", "retention.ms": "-1"}
            configs |= {alteration.MIN_INSYNC: str(config.get_int("share.coordinator.state.topic.min.isr"))}
        return self.create_topic(name, count, configs | {"segment.bytes": str(size)})

    def delete_topics(self, topics: Sequence[Topic]) -> Refusal | None:
        """Delete topics, all or none: from the metadata, then their logs and what was committed for them."""
        refusal = self._commit([RemoveTopicRecord(topic.topic_id) for topic in topics])
        if refusal is None:
            for topic in topics:
                self._told(partial(self._broker.replicas.delete, topic.name))
                self._broker.groups.topic_deleted(topic.name)
        return refusal

    def delete_topic(self, name: str) -> ErrorCode:
        """Delete one topic by name."""
        topic = self.topics.get(name)
        if topic is None:
            return ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
        refusal = self.delete_topics([topic])
        return ErrorCode.NONE if refusal is None else refusal.error

    def create_partitions(
        self, wishes: Sequence[CreatePartitionsTopic], *, validate_only: bool = False
    ) -> list[Refusal | None]:
        """Give topics more partitions; for each, in order, why not, or None. The names must differ."""
        outcomes: list[Refusal | None] = []
        records: list[MetadataRecord] = []
        before = {wish.name: topic.partitions for wish in wishes if (topic := self.topics.get(wish.name)) is not None}
        allowed = creation.MAX_PARTITIONS
        for wish in wishes:
            added = creation.more_partitions(self.state, self._broker.node_id, wish, allowed)
            if isinstance(added, Refusal):
                outcomes.append(added)
            else:
                outcomes.append(None)
                records += added
                allowed -= len(added)
        refusal = self._commit(records, validate_only=validate_only)
        if refusal is not None:
            return [outcome or refusal for outcome in outcomes]
        if not validate_only:
            for wish, outcome in zip(wishes, outcomes, strict=True):
                if outcome is None:
                    self._create_replicas(self.topics[wish.name], before[wish.name])
        return outcomes

    # configurations

    def alter_configs(
        self, kind: int, resource: str, changes: Sequence[alteration.Change], *, validate_only: bool = False
    ) -> Refusal | None:
        """Change the configuration of one topic, broker, group or client metrics subscription; why not, or None."""
        broker = self._broker
        records = alteration.config_records(self.state, broker.config, broker.node_id, kind, resource, changes)
        if isinstance(records, Refusal):
            return records
        refusal = self._commit(records, validate_only=validate_only)
        if refusal is not None or validate_only or not records:
            return refusal
        if kind == Resource.BROKER:
            self._configure_broker()
            for name in self.topics:
                broker.replicas.configure(name)
        elif kind == Resource.TOPIC:
            broker.replicas.configure(resource)
        return None

    def topic_config(self, topic: str) -> LogConfig:
        """The configuration in force for the logs of a topic."""
        overrides = self.topics[topic].configs
        key = tuple(overrides.items())
        found = self._log_configs.get(key)
        if found is None:
            found = self._log_configs[key] = effective.log_config(self._broker.config, overrides)
        return found

    def group_configs(self, group: str) -> Mapping[str, str]:
        """What is set on a group, as text."""
        return self.state.configs.get((Resource.GROUP, group), {})

    # producer ids

    def next_producer_id(self) -> int | ErrorCode:
        """A producer id that was never given out before. Blocks of 1000 are persisted before they are used."""
        if self._next_producer_id == self._producer_ids_end:
            first = self.state.next_producer_id
            record = ProducerIdsRecord(self._broker.node_id, self._journal.epoch, first + PRODUCER_IDS_A_BLOCK)
            refusal = self._commit([record])
            if refusal is not None:
                return refusal.error
            self._next_producer_id, self._producer_ids_end = first, first + PRODUCER_IDS_A_BLOCK
        self._next_producer_id += 1
        return self._next_producer_id - 1

    # how every change is made

    def _commit(self, records: Sequence[MetadataRecord], *, validate_only: bool = False) -> Refusal | None:
        if len(records) > creation.MAX_RECORDS:
            return creation.TOO_MANY_RECORDS
        if not records or validate_only:
            return None
        try:
            self._write(records)
        except TooLarge:
            return creation.TOO_MANY_RECORDS
        except StorageError as error:
            self._broker.report("error", f"metadata not changed: {error}")
            return _STORAGE_ERROR
        return None

    def _write(self, records: Sequence[MetadataRecord]) -> None:
        journal = self._journal
        journal.append(records, self._broker.now)
        for record in records:
            self.state.apply(record)
        if journal.bytes_since_snapshot > max(_SNAPSHOT_AFTER, 2 * journal.snapshot_bytes):
            self._told(lambda: journal.snapshot(self.state.records(), self._broker.now))

    def _told(self, act: Callable[[], object]) -> None:
        """Do what follows from metadata that is already changed; if the disk refuses, a later start catches up."""
        try:
            act()
        except StorageError as error:
            self._broker.report("error", str(error))

    def _create_replicas(self, topic: Topic, first: int) -> None:
        for index in range(first, topic.partitions):
            self._told(partial(self._broker.replicas.create, topic, index))

    def _configure_broker(self) -> None:
        configs = self.state.configs
        for_all = configs.get((Resource.BROKER, ""), {})
        for_this = configs.get((Resource.BROKER, str(self._broker.node_id)), {})
        self._broker.config.change(for_all=for_all, for_this=for_this)
        self._log_configs.clear()

    def _fresh_id(self) -> bytes:
        topic_id = self._broker.chance.uuid()
        while topic_id in _RESERVED_IDS or topic_id in self.by_id:
            topic_id = self._broker.chance.uuid()
        return topic_id
