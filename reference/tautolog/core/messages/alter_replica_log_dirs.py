"""AlterReplicaLogDirs: generated from `wire/schemas/alter_replica_log_dirs.schema`; do not edit."""

from __future__ import annotations

from tautolog.core.messages._base import NEW, Message


class AlterReplicaLogDirTopic(Message):
    """Part of AlterReplicaLogDirsRequest."""

    __slots__ = ("name", "partitions")

    def __init__(
        self,
        name: str = "",
        partitions: list[int] = NEW,
    ) -> None:
        self.name = name
        self.partitions: list[int] = [] if partitions is NEW else partitions


class AlterReplicaLogDir(Message):
    """Part of AlterReplicaLogDirsRequest."""

    __slots__ = ("path", "topics")

    def __init__(
        self,
        path: str = "",
        topics: list[AlterReplicaLogDirTopic] = NEW,
    ) -> None:
        self.path = path
        self.topics: list[AlterReplicaLogDirTopic] = [] if topics is NEW else topics


class AlterReplicaLogDirsRequest(Message):
    """Key 34, versions 1-2."""

    __slots__ = ("dirs",)

    def __init__(
        self,
        dirs: list[AlterReplicaLogDir] = NEW,
    ) -> None:
        self.dirs: list[AlterReplicaLogDir] = [] if dirs is NEW else dirs


class AlterReplicaLogDirPartitionResult(Message):
    """Part of AlterReplicaLogDirsResponse."""

    __slots__ = ("partition_index", "error_code")

    def __init__(
        self,
        partition_index: int = 0,
        error_code: int = 0,
    ) -> None:
        self.partition_index = partition_index
        self.error_code = error_code


class AlterReplicaLogDirTopicResult(Message):
    """Part of AlterReplicaLogDirsResponse."""

    __slots__ = ("topic_name", "partitions")

    def __init__(
        self,
        topic_name: str = "",
        partitions: list[AlterReplicaLogDirPartitionResult] = NEW,
    ) -> None:
        self.topic_name = topic_name
        self.partitions: list[AlterReplicaLogDirPartitionResult] = [] if partitions is NEW else partitions


class AlterReplicaLogDirsResponse(Message):
    """Key 34, versions 1-2."""

    __slots__ = ("throttle_time_ms", "results")

    def __init__(
        self,
        throttle_time_ms: int = 0,
        results: list[AlterReplicaLogDirTopicResult] = NEW,
    ) -> None:
        self.throttle_time_ms = throttle_time_ms
        self.results: list[AlterReplicaLogDirTopicResult] = [] if results is NEW else results
