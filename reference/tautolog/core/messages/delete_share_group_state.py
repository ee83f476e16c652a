"""DeleteShareGroupState: generated from `wire/schemas/delete_share_group_state.schema`; do not edit."""

from __future__ import annotations

from tautolog.core.messages._base import NEW, ZERO_UUID, Message


class PartitionData(Message):
    """Part of DeleteShareGroupStateRequest."""

    __slots__ = ("partition",)

    def __init__(
        self,
        partition: int = 0,
    ) -> None:
        self.partition = partition


class DeleteStateData(Message):
    """Part of DeleteShareGroupStateRequest."""

    __slots__ = ("topic_id", "partitions")

    def __init__(
        self,
        topic_id: bytes = ZERO_UUID,
        partitions: list[PartitionData] = NEW,
    ) -> None:
        self.topic_id = topic_id
        self.partitions: list[PartitionData] = [] if partitions is NEW else partitions


class DeleteShareGroupStateRequest(Message):
    """Key 86, versions 0-0."""

    __slots__ = ("group_id", "topics")

    def __init__(
        self,
        group_id: str = "",
        topics: list[DeleteStateData] = NEW,
    ) -> None:
        self.group_id = group_id
        self.topics: list[DeleteStateData] = [] if topics is NEW else topics


class PartitionResult(Message):
    """Part of DeleteShareGroupStateResponse."""

    __slots__ = ("partition", "error_code", "error_message")

    def __init__(
        self,
        partition: int = 0,
        error_code: int = 0,
        error_message: str | None = None,
    ) -> None:
        self.partition = partition
        self.error_code = error_code
        self.error_message = error_message


class DeleteStateResult(Message):
    """Part of DeleteShareGroupStateResponse."""

    __slots__ = ("topic_id", "partitions")

    def __init__(
        self,
        topic_id: bytes = ZERO_UUID,
        partitions: list[PartitionResult] = NEW,
    ) -> None:
        self.topic_id = topic_id
        self.partitions: list[PartitionResult] = [] if partitions is NEW else partitions


class DeleteShareGroupStateResponse(Message):
    """Key 86, versions 0-0."""

    __slots__ = ("results",)

    def __init__(
        self,
        results: list[DeleteStateResult] = NEW,
    ) -> None:
        self.results: list[DeleteStateResult] = [] if results is NEW else results
