"""ElectLeaders: generated from `wire/schemas/elect_leaders.schema`; do not edit."""

from __future__ import annotations

from tautolog.core.messages._base import NEW, Message


class TopicPartitions(Message):
    """Part of ElectLeadersRequest."""

    __slots__ = ("topic", "partitions")

    def __init__(
        self,
        topic: str = "",
        partitions: list[int] = NEW,
    ) -> None:
        self.topic = topic
        self.partitions: list[int] = [] if partitions is NEW else partitions


class ElectLeadersRequest(Message):
    """Key 43, versions 0-2."""

    __slots__ = ("election_type", "topic_partitions", "timeout_ms")

    def __init__(
        self,
        election_type: int = 0,
        topic_partitions: list[TopicPartitions] | None = NEW,
        timeout_ms: int = 60000,
    ) -> None:
        self.election_type = election_type
        self.topic_partitions: list[TopicPartitions] | None = [] if topic_partitions is NEW else topic_partitions
        self.timeout_ms = timeout_ms


class PartitionResult(Message):
    """Part of ElectLeadersResponse."""

    __slots__ = ("partition_id", "error_code", "error_message")

    def __init__(
        self,
        partition_id: int = 0,
        error_code: int = 0,
        error_message: str | None = "",
    ) -> None:
        self.partition_id = partition_id
        self.error_code = error_code
        self.error_message = error_message


class ReplicaElectionResult(Message):
    """Part of ElectLeadersResponse."""

    __slots__ = ("topic", "partition_result")

    def __init__(
        self,
        topic: str = "",
        partition_result: list[PartitionResult] = NEW,
    ) -> None:
        self.topic = topic
        self.partition_result: list[PartitionResult] = [] if partition_result is NEW else partition_result


class ElectLeadersResponse(Message):
    """Key 43, versions 0-2."""

    __slots__ = ("throttle_time_ms", "error_code", "replica_election_results")

    def __init__(
        self,
        throttle_time_ms: int = 0,
        error_code: int = 0,
        replica_election_results: list[ReplicaElectionResult] = NEW,
    ) -> None:
        self.throttle_time_ms = throttle_time_ms
        self.error_code = error_code
        self.replica_election_results: list[ReplicaElectionResult] = [] if replica_election_results is NEW else replica_election_results
