"""BeginQuorumEpoch: generated from `wire/schemas/begin_quorum_epoch.schema`; do not edit."""

from __future__ import annotations

from tautolog.core.messages._base import NEW, ZERO_UUID, Message


class BeginQuorumEpochRequestPartitionData(Message):
    """Part of BeginQuorumEpochRequest."""

    __slots__ = ("partition_index", "voter_directory_id", "leader_id", "leader_epoch")

    def __init__(
        self,
        partition_index: int = 0,
        voter_directory_id: bytes = ZERO_UUID,
        leader_id: int = 0,
        leader_epoch: int = 0,
    ) -> None:
        self.partition_index = partition_index
        self.voter_directory_id = voter_directory_id
        self.leader_id = leader_id
        self.leader_epoch = leader_epoch


class BeginQuorumEpochRequestTopicData(Message):
    """Part of BeginQuorumEpochRequest."""

    __slots__ = ("topic_name", "partitions")

    def __init__(
        self,
        topic_name: str = "",
        partitions: list[BeginQuorumEpochRequestPartitionData] = NEW,
    ) -> None:
        self.topic_name = topic_name
        self.partitions: list[BeginQuorumEpochRequestPartitionData] = [] if partitions is NEW else partitions


class LeaderEndpoint(Message):
    """Part of BeginQuorumEpochRequest."""

    __slots__ = ("name", "host", "port")

    def __init__(
        self,
        name: str = "",
        host: str = "",
        port: int = 0,
    ) -> None:
        self.name = name
        self.host = host
        self.port = port


class BeginQuorumEpochRequest(Message):
    """Key 53, versions 0-1."""

    __slots__ = ("cluster_id", "voter_id", "topics", "leader_endpoints")

    def __init__(
        self,
        cluster_id: str | None = None,
        voter_id: int = -1,
        topics: list[BeginQuorumEpochRequestTopicData] = NEW,
        leader_endpoints: list[LeaderEndpoint] = NEW,
    ) -> None:
        self.cluster_id = cluster_id
        self.voter_id = voter_id
        self.topics: list[BeginQuorumEpochRequestTopicData] = [] if topics is NEW else topics
        self.leader_endpoints: list[LeaderEndpoint] = [] if leader_endpoints is NEW else leader_endpoints


class BeginQuorumEpochResponsePartitionData(Message):
    """Part of BeginQuorumEpochResponse."""

    __slots__ = ("partition_index", "error_code", "leader_id", "leader_epoch")

    def __init__(
        self,
        partition_index: int = 0,
        error_code: int = 0,
        leader_id: int = 0,
        leader_epoch: int = 0,
    ) -> None:
        self.partition_index = partition_index
        self.error_code = error_code
        self.leader_id = leader_id
        self.leader_epoch = leader_epoch


class BeginQuorumEpochResponseTopicData(Message):
    """Part of BeginQuorumEpochResponse."""

    __slots__ = ("topic_name", "partitions")

    def __init__(
        self,
        topic_name: str = "",
        partitions: list[BeginQuorumEpochResponsePartitionData] = NEW,
    ) -> None:
        self.topic_name = topic_name
        self.partitions: list[BeginQuorumEpochResponsePartitionData] = [] if partitions is NEW else partitions


class NodeEndpoint(Message):
    """Part of BeginQuorumEpochResponse."""

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


class BeginQuorumEpochResponse(Message):
    """Key 53, versions 0-1."""

    __slots__ = ("error_code", "topics", "node_endpoints")

    def __init__(
        self,
        error_code: int = 0,
        topics: list[BeginQuorumEpochResponseTopicData] = NEW,
        node_endpoints: list[NodeEndpoint] = NEW,
    ) -> None:
        self.error_code = error_code
        self.topics: list[BeginQuorumEpochResponseTopicData] = [] if topics is NEW else topics
        self.node_endpoints: list[NodeEndpoint] = [] if node_endpoints is NEW else node_endpoints
