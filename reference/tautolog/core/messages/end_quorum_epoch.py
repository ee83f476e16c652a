"""EndQuorumEpoch: generated from `wire/schemas/end_quorum_epoch.schema`; do not edit."""

from __future__ import annotations

from tautolog.core.messages._base import NEW, ZERO_UUID, Message


class ReplicaInfo(Message):
    """Part of EndQuorumEpochRequest."""

    __slots__ = ("candidate_id", "candidate_directory_id")

    def __init__(
        self,
        candidate_id: int = 0,
        candidate_directory_id: bytes = ZERO_UUID,
    ) -> None:
        self.candidate_id = candidate_id
        self.candidate_directory_id = candidate_directory_id


class EndQuorumEpochRequestPartitionData(Message):
    """Part of EndQuorumEpochRequest."""

    __slots__ = ("partition_index", "leader_id", "leader_epoch", "preferred_successors", "preferred_candidates")

    def __init__(
        self,
        partition_index: int = 0,
        leader_id: int = 0,
        leader_epoch: int = 0,
        preferred_successors: list[int] = NEW,
        preferred_candidates: list[ReplicaInfo] = NEW,
    ) -> None:
        self.partition_index = partition_index
        self.leader_id = leader_id
        self.leader_epoch = leader_epoch
        self.preferred_successors: list[int] = [] if preferred_successors is NEW else preferred_successors
        self.preferred_candidates: list[ReplicaInfo] = [] if preferred_candidates is NEW else preferred_candidates


class EndQuorumEpochRequestTopicData(Message):
    """Part of EndQuorumEpochRequest."""

    __slots__ = ("topic_name", "partitions")

    def __init__(
        self,
        topic_name: str = "",
        partitions: list[EndQuorumEpochRequestPartitionData] = NEW,
    ) -> None:
        self.topic_name = topic_name
        self.partitions: list[EndQuorumEpochRequestPartitionData] = [] if partitions is NEW else partitions


class LeaderEndpoint(Message):
    """Part of EndQuorumEpochRequest."""

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


class EndQuorumEpochRequest(Message):
    """Key 54, versions 0-1."""

    __slots__ = ("cluster_id", "topics", "leader_endpoints")

    def __init__(
        self,
        cluster_id: str | None = None,
        topics: list[EndQuorumEpochRequestTopicData] = NEW,
        leader_endpoints: list[LeaderEndpoint] = NEW,
    ) -> None:
        self.cluster_id = cluster_id
        self.topics: list[EndQuorumEpochRequestTopicData] = [] if topics is NEW else topics
        self.leader_endpoints: list[LeaderEndpoint] = [] if leader_endpoints is NEW else leader_endpoints


class EndQuorumEpochResponsePartitionData(Message):
    """Part of EndQuorumEpochResponse."""

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


class EndQuorumEpochResponseTopicData(Message):
    """Part of EndQuorumEpochResponse."""

    __slots__ = ("topic_name", "partitions")

    def __init__(
        self,
        topic_name: str = "",
        partitions: list[EndQuorumEpochResponsePartitionData] = NEW,
    ) -> None:
        self.topic_name = topic_name
        self.partitions: list[EndQuorumEpochResponsePartitionData] = [] if partitions is NEW else partitions


class NodeEndpoint(Message):
    """Part of EndQuorumEpochResponse."""

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


class EndQuorumEpochResponse(Message):
    """Key 54, versions 0-1."""

    __slots__ = ("error_code", "topics", "node_endpoints")

    def __init__(
        self,
        error_code: int = 0,
        topics: list[EndQuorumEpochResponseTopicData] = NEW,
        node_endpoints: list[NodeEndpoint] = NEW,
    ) -> None:
        self.error_code = error_code
        self.topics: list[EndQuorumEpochResponseTopicData] = [] if topics is NEW else topics
        self.node_endpoints: list[NodeEndpoint] = [] if node_endpoints is NEW else node_endpoints
