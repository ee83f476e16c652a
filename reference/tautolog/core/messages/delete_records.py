"""DeleteRecords: generated from `wire/schemas/delete_records.schema`; do not edit."""

from __future__ import annotations

from tautolog.core.messages._base import NEW, Message


class DeleteRecordsPartition(Message):
    """Part of DeleteRecordsRequest."""

    __slots__ = ("partition_index", "offset")

    def __init__(
        self,
        partition_index: int = 0,
        offset: int = 0,
    ) -> None:
        self.partition_index = partition_index
        self.offset = offset


class DeleteRecordsTopic(Message):
    """Part of DeleteRecordsRequest."""

    __slots__ = ("name", "partitions")

    def __init__(
        self,
        name: str = "",
        partitions: list[DeleteRecordsPartition] = NEW,
    ) -> None:
        self.name = name
        self.partitions: list[DeleteRecordsPartition] = [] if partitions is NEW else partitions


class DeleteRecordsRequest(Message):
    """Key 21, versions 0-2."""

    __slots__ = ("topics", "timeout_ms")

    def __init__(
        self,
        topics: list[DeleteRecordsTopic] = NEW,
        timeout_ms: int = 0,
    ) -> None:
        self.topics: list[DeleteRecordsTopic] = [] if topics is NEW else topics
        self.timeout_ms = timeout_ms


class DeleteRecordsPartitionResult(Message):
    """Part of DeleteRecordsResponse."""

    __slots__ = ("partition_index", "low_watermark", "error_code")

    def __init__(
        self,
        partition_index: int = 0,
        low_watermark: int = 0,
        error_code: int = 0,
    ) -> None:
        self.partition_index = partition_index
        self.low_watermark = low_watermark
        self.error_code = error_code


class DeleteRecordsTopicResult(Message):
    """Part of DeleteRecordsResponse."""

    __slots__ = ("name", "partitions")

    def __init__(
        self,
        name: str = "",
        partitions: list[DeleteRecordsPartitionResult] = NEW,
    ) -> None:
        self.name = name
        self.partitions: list[DeleteRecordsPartitionResult] = [] if partitions is NEW else partitions


class DeleteRecordsResponse(Message):
    """Key 21, versions 0-2."""

    __slots__ = ("throttle_time_ms", "topics")

    def __init__(
        self,
        throttle_time_ms: int = 0,
        topics: list[DeleteRecordsTopicResult] = NEW,
    ) -> None:
        self.throttle_time_ms = throttle_time_ms
        self.topics: list[DeleteRecordsTopicResult] = [] if topics is NEW else topics
