"""ReadShareGroupState: generated from `wire/schemas/read_share_group_state.schema`; do not edit."""

from __future__ import annotations

from tautolog.core.messages._base import NEW, ZERO_UUID, Message


class PartitionData(Message):
    """Part of ReadShareGroupStateRequest."""

    __slots__ = ("partition", "leader_epoch")

    def __init__(
        self,
        partition: int = 0,
        leader_epoch: int = 0,
    ) -> None:
        self.partition = partition
        self.leader_epoch = leader_epoch


class ReadStateData(Message):
    """Part of ReadShareGroupStateRequest."""

    __slots__ = ("topic_id", "partitions")

    def __init__(
        self,
        topic_id: bytes = ZERO_UUID,
        partitions: list[PartitionData] = NEW,
    ) -> None:
        self.topic_id = topic_id
        self.partitions: list[PartitionData] = [] if partitions is NEW else partitions


class ReadShareGroupStateRequest(Message):
    """Key 84, versions 0-0."""

    __slots__ = ("group_id", "topics")

    def __init__(
        self,
        group_id: str = "",
        topics: list[ReadStateData] = NEW,
    ) -> None:
        self.group_id = group_id
        self.topics: list[ReadStateData] = [] if topics is NEW else topics


class StateBatch(Message):
    """Part of ReadShareGroupStateResponse."""

    __slots__ = ("first_offset", "last_offset", "delivery_state", "delivery_count")

    def __init__(
        self,
        first_offset: int = 0,
        last_offset: int = 0,
        delivery_state: int = 0,
        delivery_count: int = 0,
    ) -> None:
        self.first_offset = first_offset
        self.last_offset = last_offset
        self.delivery_state = delivery_state
        self.delivery_count = delivery_count


class PartitionResult(Message):
    """Part of ReadShareGroupStateResponse."""

    __slots__ = ("partition", "error_code", "error_message", "state_epoch", "start_offset", "state_batches")

    def __init__(
        self,
        partition: int = 0,
        error_code: int = 0,
        error_message: str | None = None,
        state_epoch: int = 0,
        start_offset: int = 0,
        state_batches: list[StateBatch] = NEW,
    ) -> None:
        self.partition = partition
        self.error_code = error_code
        self.error_message = error_message
        self.state_epoch = state_epoch
        self.start_offset = start_offset
        self.state_batches: list[StateBatch] = [] if state_batches is NEW else state_batches


class ReadStateResult(Message):
    """Part of ReadShareGroupStateResponse."""

    __slots__ = ("topic_id", "partitions")

    def __init__(
        self,
        topic_id: bytes = ZERO_UUID,
        partitions: list[PartitionResult] = NEW,
    ) -> None:
        self.topic_id = topic_id
        self.partitions: list[PartitionResult] = [] if partitions is NEW else partitions


class ReadShareGroupStateResponse(Message):
    """Key 84, versions 0-0."""

    __slots__ = ("results",)

    def __init__(
        self,
        results: list[ReadStateResult] = NEW,
    ) -> None:
        self.results: list[ReadStateResult] = [] if results is NEW else results
