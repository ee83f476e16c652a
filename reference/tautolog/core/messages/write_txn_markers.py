"""WriteTxnMarkers: generated from `wire/schemas/write_txn_markers.schema`; do not edit."""

from __future__ import annotations

from tautolog.core.messages._base import NEW, Message


class WritableTxnMarkerTopic(Message):
    """Part of WriteTxnMarkersRequest."""

    __slots__ = ("name", "partition_indexes")

    def __init__(
        self,
        name: str = "",
        partition_indexes: list[int] = NEW,
    ) -> None:
        self.name = name
        self.partition_indexes: list[int] = [] if partition_indexes is NEW else partition_indexes


class WritableTxnMarker(Message):
    """Part of WriteTxnMarkersRequest."""

    __slots__ = ("producer_id", "producer_epoch", "transaction_result", "topics", "coordinator_epoch", "transaction_version")

    def __init__(
        self,
        producer_id: int = 0,
        producer_epoch: int = 0,
        transaction_result: bool = False,
        topics: list[WritableTxnMarkerTopic] = NEW,
        coordinator_epoch: int = 0,
        transaction_version: int = 0,
    ) -> None:
        self.producer_id = producer_id
        self.producer_epoch = producer_epoch
        self.transaction_result = transaction_result
        self.topics: list[WritableTxnMarkerTopic] = [] if topics is NEW else topics
        self.coordinator_epoch = coordinator_epoch
        self.transaction_version = transaction_version


class WriteTxnMarkersRequest(Message):
    """Key 27, versions 1-2."""

    __slots__ = ("markers",)

    def __init__(
        self,
        markers: list[WritableTxnMarker] = NEW,
    ) -> None:
        self.markers: list[WritableTxnMarker] = [] if markers is NEW else markers


class WritableTxnMarkerPartitionResult(Message):
    """Part of WriteTxnMarkersResponse."""

    __slots__ = ("partition_index", "error_code")

    def __init__(
        self,
        partition_index: int = 0,
        error_code: int = 0,
    ) -> None:
        self.partition_index = partition_index
        self.error_code = error_code


class WritableTxnMarkerTopicResult(Message):
    """Part of WriteTxnMarkersResponse."""

    __slots__ = ("name", "partitions")

    def __init__(
        self,
        name: str = "",
        partitions: list[WritableTxnMarkerPartitionResult] = NEW,
    ) -> None:
        self.name = name
        self.partitions: list[WritableTxnMarkerPartitionResult] = [] if partitions is NEW else partitions


class WritableTxnMarkerResult(Message):
    """Part of WriteTxnMarkersResponse."""

    __slots__ = ("producer_id", "topics")

    def __init__(
        self,
        producer_id: int = 0,
        topics: list[WritableTxnMarkerTopicResult] = NEW,
    ) -> None:
        self.producer_id = producer_id
        self.topics: list[WritableTxnMarkerTopicResult] = [] if topics is NEW else topics


class WriteTxnMarkersResponse(Message):
    """Key 27, versions 1-2."""

    __slots__ = ("markers",)

    def __init__(
        self,
        markers: list[WritableTxnMarkerResult] = NEW,
    ) -> None:
        self.markers: list[WritableTxnMarkerResult] = [] if markers is NEW else markers
