"""ReadShareGroupStateSummary: generated from `wire/schemas/read_share_group_state_summary.schema`; do not edit."""

from __future__ import annotations

from tautolog.core.messages._base import NEW, ZERO_UUID, Message


class PartitionData(Message):
    """Part of ReadShareGroupStateSummaryRequest."""

    __slots__ = ("partition", "leader_epoch")

    def __init__(
        self,
        partition: int = 0,
        leader_epoch: int = 0,
    ) -> None:
        self.partition = partition
        self.leader_epoch = leader_epoch


class ReadStateSummaryData(Message):
    """Part of ReadShareGroupStateSummaryRequest."""

    __slots__ = ("topic_id", "partitions")

    def __init__(
        self,
        topic_id: bytes = ZERO_UUID,
        partitions: list[PartitionData] = NEW,
    ) -> None:
        self.topic_id = topic_id
        self.partitions: list[PartitionData] = [] if partitions is NEW else partitions


class ReadShareGroupStateSummaryRequest(Message):
    """Key 87, versions 0-1."""

    __slots__ = ("group_id", "topics")

    def __init__(
        self,
        group_id: str = "",
        topics: list[ReadStateSummaryData] = NEW,
    ) -> None:
        self.group_id = group_id
        self.topics: list[ReadStateSummaryData] = [] if topics is NEW else topics


class PartitionResult(Message):
    """Part of ReadShareGroupStateSummaryResponse."""

    __slots__ = ("partition", "error_code", "error_message", "state_epoch", "leader_epoch", "start_offset", "delivery_complete_count")

    def __init__(
        self,
        partition: int = 0,
        error_code: int = 0,
        error_message: str | None = None,
        state_epoch: int = 0,
        leader_epoch: int = 0,
        start_offset: int = 0,
        delivery_complete_count: int = -1,
    ) -> None:
        self.partition = partition
        self.error_code = error_code
        self.error_message = error_message
        self.state_epoch = state_epoch
        self.leader_epoch = leader_epoch
        self.start_offset = start_offset
        self.delivery_complete_count = delivery_complete_count


class ReadStateSummaryResult(Message):
    """Part of ReadShareGroupStateSummaryResponse."""

    __slots__ = ("topic_id", "partitions")

    def __init__(
        self,
        topic_id: bytes = ZERO_UUID,
        partitions: list[PartitionResult] = NEW,
    ) -> None:
        self.topic_id = topic_id
        self.partitions: list[PartitionResult] = [] if partitions is NEW else partitions


class ReadShareGroupStateSummaryResponse(Message):
    """Key 87, versions 0-1."""

    __slots__ = ("results",)

    def __init__(
        self,
        results: list[ReadStateSummaryResult] = NEW,
    ) -> None:
        self.results: list[ReadStateSummaryResult] = [] if results is NEW else results
