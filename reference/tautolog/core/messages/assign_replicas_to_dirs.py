"""AssignReplicasToDirs: generated from `wire/schemas/assign_replicas_to_dirs.schema`; do not edit."""

from __future__ import annotations

from tautolog.core.messages._base import NEW, ZERO_UUID, Message


class AssignReplicasToDirsRequestPartitionData(Message):
    """Part of AssignReplicasToDirsRequest."""

    __slots__ = ("partition_index",)

    def __init__(
        self,
        partition_index: int = 0,
    ) -> None:
        self.partition_index = partition_index


class AssignReplicasToDirsRequestTopicData(Message):
    """Part of AssignReplicasToDirsRequest."""

    __slots__ = ("topic_id", "partitions")

    def __init__(
        self,
        topic_id: bytes = ZERO_UUID,
        partitions: list[AssignReplicasToDirsRequestPartitionData] = NEW,
    ) -> None:
        self.topic_id = topic_id
        self.partitions: list[AssignReplicasToDirsRequestPartitionData] = [] if partitions is NEW else partitions


class AssignReplicasToDirsRequestDirectoryData(Message):
    """Part of AssignReplicasToDirsRequest."""

    __slots__ = ("id", "topics")

    def __init__(
        self,
        id: bytes = ZERO_UUID,
        topics: list[AssignReplicasToDirsRequestTopicData] = NEW,
    ) -> None:
        self.id = id
        self.topics: list[AssignReplicasToDirsRequestTopicData] = [] if topics is NEW else topics


class AssignReplicasToDirsRequest(Message):
    """Key 73, versions 0-0."""

    __slots__ = ("broker_id", "broker_epoch", "directories")

    def __init__(
        self,
        broker_id: int = 0,
        broker_epoch: int = -1,
        directories: list[AssignReplicasToDirsRequestDirectoryData] = NEW,
    ) -> None:
        self.broker_id = broker_id
        self.broker_epoch = broker_epoch
        self.directories: list[AssignReplicasToDirsRequestDirectoryData] = [] if directories is NEW else directories


class AssignReplicasToDirsResponsePartitionData(Message):
    """Part of AssignReplicasToDirsResponse."""

    __slots__ = ("partition_index", "error_code")

    def __init__(
        self,
        partition_index: int = 0,
        error_code: int = 0,
    ) -> None:
        self.partition_index = partition_index
        self.error_code = error_code


class AssignReplicasToDirsResponseTopicData(Message):
    """Part of AssignReplicasToDirsResponse."""

    __slots__ = ("topic_id", "partitions")

    def __init__(
        self,
        topic_id: bytes = ZERO_UUID,
        partitions: list[AssignReplicasToDirsResponsePartitionData] = NEW,
    ) -> None:
        self.topic_id = topic_id
        self.partitions: list[AssignReplicasToDirsResponsePartitionData] = [] if partitions is NEW else partitions


class AssignReplicasToDirsResponseDirectoryData(Message):
    """Part of AssignReplicasToDirsResponse."""

    __slots__ = ("id", "topics")

    def __init__(
        self,
        id: bytes = ZERO_UUID,
        topics: list[AssignReplicasToDirsResponseTopicData] = NEW,
    ) -> None:
        self.id = id
        self.topics: list[AssignReplicasToDirsResponseTopicData] = [] if topics is NEW else topics


class AssignReplicasToDirsResponse(Message):
    """Key 73, versions 0-0."""

    __slots__ = ("throttle_time_ms", "error_code", "directories")

    def __init__(
        self,
        throttle_time_ms: int = 0,
        error_code: int = 0,
        directories: list[AssignReplicasToDirsResponseDirectoryData] = NEW,
    ) -> None:
        self.throttle_time_ms = throttle_time_ms
        self.error_code = error_code
        self.directories: list[AssignReplicasToDirsResponseDirectoryData] = [] if directories is NEW else directories
