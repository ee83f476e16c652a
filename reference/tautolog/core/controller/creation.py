"""Topics and partitions that somebody wants: what is wrong with the wish, or the records that fulfil it.

Reads the state and changes nothing. The order of the checks and their sentences are Kafka's, so that a client sees the
same refusal whichever of several things is wrong. With one broker every replica is on it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple, Self

from tautolog.core.controller import definitions, names
from tautolog.core.controller.configs import BrokerConfig
from tautolog.core.controller.definitions import BadValue, Resource
from tautolog.core.controller.records import ConfigRecord, MetadataRecord, PartitionRecord, TopicRecord
from tautolog.core.controller.state import State
from tautolog.core.errors import ErrorCode
from tautolog.core.messages.create_partitions import CreatePartitionsTopic
from tautolog.core.messages.create_topics import CreatableReplicaAssignment, CreatableTopic

MAX_PARTITIONS: Final = 10_000
"""As many partitions one request may ask for."""

MAX_RECORDS: Final = 10_000
"""As many records one change of metadata may have."""


_LONGEST_SENTENCE: Final = 8000
"""In characters: whatever they are, they fit the 32767 bytes that a string of the protocol may have."""


class _Why(NamedTuple):
    error: ErrorCode
    message: str | None


class Refusal(_Why):
    """Why something is not done; a sentence that quotes more than can be answered is cut."""

    __slots__ = ()

    def __new__(cls, error: ErrorCode, message: str | None = None) -> Self:
        """Make one; the sentence may quote what a client sent."""
        if message is not None and len(message) > _LONGEST_SENTENCE:
            message = f"{message[:_LONGEST_SENTENCE]}…"
        return super().__new__(cls, error, message)


TOO_MANY_PARTITIONS: Final = Refusal(ErrorCode.POLICY_VIOLATION, "Excessively large number of partitions per request.")
TOO_MANY_RECORDS: Final = Refusal(ErrorCode.POLICY_VIOLATION, "Unable to perform excessively large batch operation.")
DUPLICATE_NAME: Final = Refusal(ErrorCode.INVALID_REQUEST, "Duplicate topic name.")


def asks_too_much(config: BrokerConfig, topics: Sequence[CreatableTopic]) -> bool:
    """Whether the topics of one request have too many partitions together."""
    default = config.get_int("num.partitions")
    wanted = (len(t.assignments) or (default if t.num_partitions == -1 else t.num_partitions) for t in topics)
    return sum(max(count, 0) for count in wanted) > MAX_PARTITIONS


def topic_records(
    state: State, config: BrokerConfig, node_id: int, topic: CreatableTopic, topic_id: bytes
) -> list[MetadataRecord] | Refusal:
    """The records that make this topic."""
    if topic.name == names.METADATA_TOPIC:
        text = f"Creation of internal topic {topic.name} is prohibited."
        return Refusal(ErrorCode.INVALID_REQUEST, text)
    problem = names.problem(topic.name)
    if problem is not None:
        return Refusal(ErrorCode.INVALID_TOPIC_EXCEPTION, problem)
    if topic.name in state.topics:
        return Refusal(ErrorCode.TOPIC_ALREADY_EXISTS, f"Topic '{topic.name}' already exists.")
    other = state.collision(topic.name)
    if other is not None:
        text = f"Topic '{topic.name}' collides with existing topic: {other}"
        return Refusal(ErrorCode.INVALID_TOPIC_EXCEPTION, text)
    configs = {given.name: given.value for given in topic.configs}
    for name, value in configs.items():
        if value is None:
            return Refusal(ErrorCode.INVALID_CONFIG, f"Null value not supported for topic configs: {name}")
    overrides = {name: value for name, value in configs.items() if value is not None}
    refusal = check_topic_configs(config, overrides)
    if refusal is not None:
        return refusal
    count = _partition_count(config, node_id, topic)
    if isinstance(count, Refusal):
        return count
    records: list[MetadataRecord] = [TopicRecord(topic.name, topic_id)]
    records += (ConfigRecord(Resource.TOPIC, topic.name, name, value) for name, value in overrides.items())
    records += partition_records(node_id, topic_id, 0, count)
    return records


def partition_records(node_id: int, topic_id: bytes, first: int, end: int) -> list[MetadataRecord]:
    """The records of the partitions from `first` up to `end`, led by this node."""
    nodes = [node_id]
    return [PartitionRecord(index, topic_id, nodes, nodes, node_id, 0, 0) for index in range(first, end)]


def check_topic_configs(config: BrokerConfig, overrides: Mapping[str, str]) -> Refusal | None:
    """What is wrong with the whole set of configs that a topic would have."""
    known = definitions.topic()
    for name in overrides:
        if name not in known:
            return Refusal(ErrorCode.INVALID_CONFIG, f"Unknown topic config name: {name}")
    values: dict[str, definitions.Value] = {}
    try:
        for name, text in overrides.items():
            values[name] = known[name].read(text)
    except BadValue as error:
        return Refusal(ErrorCode.INVALID_CONFIG, str(error))
    least = values.get("min.compaction.lag.ms", config.get_int("log.cleaner.min.compaction.lag.ms"))
    most = values.get("max.compaction.lag.ms", config.get_int("log.cleaner.max.compaction.lag.ms"))
    if isinstance(least, int) and isinstance(most, int) and least > most:
        text = f"conflict topic config setting min.compaction.lag.ms ({least}) > max.compaction.lag.ms ({most})"
        return Refusal(ErrorCode.INVALID_CONFIG, text)
    if values.get("remote.storage.enable") is True:
        text = (
            "Tiered Storage functionality is disabled in the broker. "
            "Topic cannot be configured with remote log storage."
        )
        return Refusal(ErrorCode.INVALID_CONFIG, text)
    return None


def _partition_count(config: BrokerConfig, node_id: int, topic: CreatableTopic) -> int | Refusal:
    if topic.assignments:
        return _assigned(node_id, topic)
    factor = (
        config.get_int("default.replication.factor") if topic.replication_factor == -1 else topic.replication_factor
    )
    count = config.get_int("num.partitions") if topic.num_partitions == -1 else topic.num_partitions
    if factor <= 0:
        text = "Replication factor must be larger than 0, or -1 to use the default value."
        return Refusal(ErrorCode.INVALID_REPLICATION_FACTOR, text)
    if count <= 0:
        text = "Number of partitions was set to an invalid non-positive value."
        return Refusal(ErrorCode.INVALID_PARTITIONS, text)
    if factor > 1:
        text = (
            f"Unable to replicate the partition {factor} time(s): The target replication factor of {factor} "
            "cannot be reached because only 1 broker(s) are registered "
            "or some brokers have all their log directories cordoned."
        )
        return Refusal(ErrorCode.INVALID_REPLICATION_FACTOR, text)
    return count


def _assigned(node_id: int, topic: CreatableTopic) -> int | Refusal:
    """The number of partitions that a manual assignment names."""
    manual = "A manual partition assignment was specified, but"
    if topic.replication_factor != -1:
        return Refusal(ErrorCode.INVALID_REQUEST, f"{manual} replication factor was not set to -1.")
    if topic.num_partitions != -1:
        return Refusal(ErrorCode.INVALID_REQUEST, f"{manual} numPartitions was not set to -1.")
    seen: dict[int, CreatableReplicaAssignment] = {}
    for assignment in topic.assignments:
        index = assignment.partition_index
        if index in seen:
            text = f"Found multiple manual partition assignments for partition {index}"
            return Refusal(ErrorCode.INVALID_REPLICA_ASSIGNMENT, text)
        seen[index] = assignment
        refusal = _check_replicas(node_id, assignment.broker_ids)
        if refusal is not None:
            return refusal
    if sorted(seen) != list(range(len(seen))):
        text = "partitions should be a consecutive 0-based integer sequence"
        return Refusal(ErrorCode.INVALID_REPLICA_ASSIGNMENT, text)
    return len(seen)


def _check_replicas(node_id: int, brokers: Sequence[int]) -> Refusal | None:
    code = ErrorCode.INVALID_REPLICA_ASSIGNMENT
    if not brokers:
        return Refusal(code, "The manual partition assignment includes an empty replica list.")
    for position, broker in enumerate(brokers):
        if broker != node_id:
            text = f"The manual partition assignment includes broker {broker}, but no such broker is registered."
            return Refusal(code, text)
        if broker in brokers[:position]:
            return Refusal(code, f"The manual partition assignment includes the broker {broker} more than once.")
    return None


def more_partitions(
    state: State, node_id: int, wish: CreatePartitionsTopic, allowed: int
) -> list[MetadataRecord] | Refusal:
    """The records that bring a topic to `wish.count` partitions; at most `allowed` new ones."""
    topic = state.topics.get(wish.name)
    if topic is None:
        return Refusal(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
    if wish.count == topic.partitions:
        return Refusal(ErrorCode.INVALID_PARTITIONS, f"Topic already has {topic.partitions} partition(s).")
    if wish.count < topic.partitions:
        has = f"The topic {topic.name} currently has {topic.partitions} partition(s)"
        text = f"{has}; {wish.count} would not be an increase."
        return Refusal(ErrorCode.INVALID_PARTITIONS, text)
    added = wish.count - topic.partitions
    if wish.assignments is not None:
        if len(wish.assignments) != added:
            text = (
                f"Attempted to add {added} additional partition(s), "
                f"but only {len(wish.assignments)} assignment(s) were specified."
            )
            return Refusal(ErrorCode.INVALID_REPLICA_ASSIGNMENT, text)
        for assignment in wish.assignments:
            refusal = _check_replicas(node_id, assignment.broker_ids)
            if refusal is not None:
                return refusal
    if added > allowed:
        return TOO_MANY_PARTITIONS
    return partition_records(node_id, topic.topic_id, topic.partitions, wish.count)
