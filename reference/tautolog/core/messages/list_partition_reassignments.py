"""ListPartitionReassignments: generated from `wire/schemas/list_partition_reassignments.schema`; do not edit."""

from __future__ import annotations

from tautolog.core.messages._base import NEW, Message


class ListPartitionReassignmentsTopics(Message):
    """Part of ListPartitionReassignmentsRequest."""

    __slots__ = ("name", "partition_indexes")

    def __init__(
        self,
        name: str = "",
        partition_indexes: list[int] = NEW,
    ) -> None:
        self.name = name
        self.partition_indexes: list[int] = [] if partition_indexes is NEW else partition_indexes


class ListPartitionReassignmentsRequest(Message):
    """Key 46, versions 0-0."""

    __slots__ = ("timeout_ms", "topics")

    def __init__(
        self,
        timeout_ms: int = 60000,
        topics: list[ListPartitionReassignmentsTopics] | None = None,
    ) -> None:
        self.timeout_ms = timeout_ms
        self.topics = topics


class OngoingPartitionReassignment(Message):
    """Part of ListPartitionReassignmentsResponse."""

    __slots__ = ("partition_index", "replicas", "adding_replicas", "removing_replicas")

    def __init__(
        self,
        partition_index: int = 0,
        replicas: list[int] = NEW,
        adding_replicas: list[int] = NEW,
        removing_replicas: list[int] = NEW,
    ) -> None:
        self.partition_index = partition_index
        self.replicas: list[int] = [] if replicas is NEW else replicas
        self.adding_replicas: list[int] = [] if adding_replicas is NEW else adding_replicas
        self.removing_replicas: list[int] = [] if removing_replicas is NEW else removing_replicas


class OngoingTopicReassignment(Message):
    """Part of ListPartitionReassignmentsResponse."""

    __slots__ = ("name", "partitions")

    def __init__(
        self,
        name: str = "",
        partitions: list[OngoingPartitionReassignment] = NEW,
    ) -> None:
        self.name = name
        self.partitions: list[OngoingPartitionReassignment] = [] if partitions is NEW else partitions


class ListPartitionReassignmentsResponse(Message):
    """Key 46, versions 0-0."""

    __slots__ = ("throttle_time_ms", "error_code", "error_message", "topics")

    def __init__(
        self,
        throttle_time_ms: int = 0,
        error_code: int = 0,
        error_message: str | None = "",
        topics: list[OngoingTopicReassignment] = NEW,
    ) -> None:
        self.throttle_time_ms = throttle_time_ms
        self.error_code = error_code
        self.error_message = error_message
        self.topics: list[OngoingTopicReassignment] = [] if topics is NEW else topics
