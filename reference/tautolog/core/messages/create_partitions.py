"""CreatePartitions: generated from `wire/schemas/create_partitions.schema`; do not edit."""

from __future__ import annotations

from tautolog.core.messages._base import NEW, Message


class CreatePartitionsAssignment(Message):
    """Part of CreatePartitionsRequest."""

    __slots__ = ("broker_ids",)

    def __init__(
        self,
        broker_ids: list[int] = NEW,
    ) -> None:
        self.broker_ids: list[int] = [] if broker_ids is NEW else broker_ids


class CreatePartitionsTopic(Message):
    """Part of CreatePartitionsRequest."""

    __slots__ = ("name", "count", "assignments")

    def __init__(
        self,
        name: str = "",
        count: int = 0,
        assignments: list[CreatePartitionsAssignment] | None = NEW,
    ) -> None:
        self.name = name
        self.count = count
        self.assignments: list[CreatePartitionsAssignment] | None = [] if assignments is NEW else assignments


class CreatePartitionsRequest(Message):
    """Key 37, versions 0-3."""

    __slots__ = ("topics", "timeout_ms", "validate_only")

    def __init__(
        self,
        topics: list[CreatePartitionsTopic] = NEW,
        timeout_ms: int = 0,
        validate_only: bool = False,
    ) -> None:
        self.topics: list[CreatePartitionsTopic] = [] if topics is NEW else topics
        self.timeout_ms = timeout_ms
        self.validate_only = validate_only


class CreatePartitionsTopicResult(Message):
    """Part of CreatePartitionsResponse."""

    __slots__ = ("name", "error_code", "error_message")

    def __init__(
        self,
        name: str = "",
        error_code: int = 0,
        error_message: str | None = None,
    ) -> None:
        self.name = name
        self.error_code = error_code
        self.error_message = error_message


class CreatePartitionsResponse(Message):
    """Key 37, versions 0-3."""

    __slots__ = ("throttle_time_ms", "results")

    def __init__(
        self,
        throttle_time_ms: int = 0,
        results: list[CreatePartitionsTopicResult] = NEW,
    ) -> None:
        self.throttle_time_ms = throttle_time_ms
        self.results: list[CreatePartitionsTopicResult] = [] if results is NEW else results
