"""FetchSnapshot: generated from `wire/schemas/fetch_snapshot.schema`; do not edit."""

from __future__ import annotations

from tautolog.core.messages._base import NEW, ZERO_UUID, Buffer, Message


class FetchSnapshotRequestSnapshotId(Message):
    """Part of FetchSnapshotRequest."""

    __slots__ = ("end_offset", "epoch")

    def __init__(
        self,
        end_offset: int = 0,
        epoch: int = 0,
    ) -> None:
        self.end_offset = end_offset
        self.epoch = epoch


class FetchSnapshotRequestPartitionSnapshot(Message):
    """Part of FetchSnapshotRequest."""

    __slots__ = ("partition", "current_leader_epoch", "snapshot_id", "position", "replica_directory_id")

    def __init__(
        self,
        partition: int = 0,
        current_leader_epoch: int = 0,
        snapshot_id: FetchSnapshotRequestSnapshotId = NEW,
        position: int = 0,
        replica_directory_id: bytes = ZERO_UUID,
    ) -> None:
        self.partition = partition
        self.current_leader_epoch = current_leader_epoch
        self.snapshot_id: FetchSnapshotRequestSnapshotId = FetchSnapshotRequestSnapshotId() if snapshot_id is NEW else snapshot_id
        self.position = position
        self.replica_directory_id = replica_directory_id


class FetchSnapshotRequestTopicSnapshot(Message):
    """Part of FetchSnapshotRequest."""

    __slots__ = ("name", "partitions")

    def __init__(
        self,
        name: str = "",
        partitions: list[FetchSnapshotRequestPartitionSnapshot] = NEW,
    ) -> None:
        self.name = name
        self.partitions: list[FetchSnapshotRequestPartitionSnapshot] = [] if partitions is NEW else partitions


class FetchSnapshotRequest(Message):
    """Key 59, versions 0-1."""

    __slots__ = ("cluster_id", "replica_id", "max_bytes", "topics")

    def __init__(
        self,
        cluster_id: str | None = None,
        replica_id: int = -1,
        max_bytes: int = 2147483647,
        topics: list[FetchSnapshotRequestTopicSnapshot] = NEW,
    ) -> None:
        self.cluster_id = cluster_id
        self.replica_id = replica_id
        self.max_bytes = max_bytes
        self.topics: list[FetchSnapshotRequestTopicSnapshot] = [] if topics is NEW else topics


class FetchSnapshotResponseSnapshotId(Message):
    """Part of FetchSnapshotResponse."""

    __slots__ = ("end_offset", "epoch")

    def __init__(
        self,
        end_offset: int = 0,
        epoch: int = 0,
    ) -> None:
        self.end_offset = end_offset
        self.epoch = epoch


class LeaderIdAndEpoch(Message):
    """Part of FetchSnapshotResponse."""

    __slots__ = ("leader_id", "leader_epoch")

    def __init__(
        self,
        leader_id: int = 0,
        leader_epoch: int = 0,
    ) -> None:
        self.leader_id = leader_id
        self.leader_epoch = leader_epoch


class FetchSnapshotResponsePartitionSnapshot(Message):
    """Part of FetchSnapshotResponse."""

    __slots__ = ("index", "error_code", "snapshot_id", "current_leader", "size", "position", "unaligned_records")

    def __init__(
        self,
        index: int = 0,
        error_code: int = 0,
        snapshot_id: FetchSnapshotResponseSnapshotId = NEW,
        current_leader: LeaderIdAndEpoch = NEW,
        size: int = 0,
        position: int = 0,
        unaligned_records: Buffer = b"",
    ) -> None:
        self.index = index
        self.error_code = error_code
        self.snapshot_id: FetchSnapshotResponseSnapshotId = FetchSnapshotResponseSnapshotId() if snapshot_id is NEW else snapshot_id
        self.current_leader: LeaderIdAndEpoch = LeaderIdAndEpoch() if current_leader is NEW else current_leader
        self.size = size
        self.position = position
        self.unaligned_records = unaligned_records


class FetchSnapshotResponseTopicSnapshot(Message):
    """Part of FetchSnapshotResponse."""

    __slots__ = ("name", "partitions")

    def __init__(
        self,
        name: str = "",
        partitions: list[FetchSnapshotResponsePartitionSnapshot] = NEW,
    ) -> None:
        self.name = name
        self.partitions: list[FetchSnapshotResponsePartitionSnapshot] = [] if partitions is NEW else partitions


class NodeEndpoint(Message):
    """Part of FetchSnapshotResponse."""

    __slots__ = ("node_id", "host", "port")

    def __init__(
        self,
        node_id: int = 0,
        host: str = "",
        port: int = 0,
    ) -> None:
        self.node_id = node_id
        self.host = host
        self.port = port


class FetchSnapshotResponse(Message):
    """Key 59, versions 0-1."""

    __slots__ = ("throttle_time_ms", "error_code", "topics", "node_endpoints")

    def __init__(
        self,
        throttle_time_ms: int = 0,
        error_code: int = 0,
        topics: list[FetchSnapshotResponseTopicSnapshot] = NEW,
        node_endpoints: list[NodeEndpoint] = NEW,
    ) -> None:
        self.throttle_time_ms = throttle_time_ms
        self.error_code = error_code
        self.topics: list[FetchSnapshotResponseTopicSnapshot] = [] if topics is NEW else topics
        self.node_endpoints: list[NodeEndpoint] = [] if node_endpoints is NEW else node_endpoints
