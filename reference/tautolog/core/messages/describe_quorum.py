"""DescribeQuorum: generated from `wire/schemas/describe_quorum.schema`; do not edit."""

from __future__ import annotations

from tautolog.core.messages._base import NEW, ZERO_UUID, Message


class DescribeQuorumRequestPartitionData(Message):
    """Part of DescribeQuorumRequest."""

    __slots__ = ("partition_index",)

    def __init__(
        self,
        partition_index: int = 0,
    ) -> None:
        self.partition_index = partition_index


class DescribeQuorumRequestTopicData(Message):
    """Part of DescribeQuorumRequest."""

    __slots__ = ("topic_name", "partitions")

    def __init__(
        self,
        topic_name: str = "",
        partitions: list[DescribeQuorumRequestPartitionData] = NEW,
    ) -> None:
        self.topic_name = topic_name
        self.partitions: list[DescribeQuorumRequestPartitionData] = [] if partitions is NEW else partitions


class DescribeQuorumRequest(Message):
    """Key 55, versions 0-2."""

    __slots__ = ("topics",)

    def __init__(
        self,
        topics: list[DescribeQuorumRequestTopicData] = NEW,
    ) -> None:
        self.topics: list[DescribeQuorumRequestTopicData] = [] if topics is NEW else topics


class ReplicaState(Message):
    """Part of DescribeQuorumResponse."""

    __slots__ = ("replica_id", "replica_directory_id", "log_end_offset", "last_fetch_timestamp", "last_caught_up_timestamp")

    def __init__(
        self,
        replica_id: int = 0,
        replica_directory_id: bytes = ZERO_UUID,
        log_end_offset: int = 0,
        last_fetch_timestamp: int = -1,
        last_caught_up_timestamp: int = -1,
    ) -> None:
        self.replica_id = replica_id
        self.replica_directory_id = replica_directory_id
        self.log_end_offset = log_end_offset
        self.last_fetch_timestamp = last_fetch_timestamp
        self.last_caught_up_timestamp = last_caught_up_timestamp


class DescribeQuorumResponsePartitionData(Message):
    """Part of DescribeQuorumResponse."""

    __slots__ = ("partition_index", "error_code", "error_message", "leader_id", "leader_epoch", "high_watermark", "current_voters", "observers")

    def __init__(
        self,
        partition_index: int = 0,
        error_code: int = 0,
        error_message: str | None = "",
        leader_id: int = 0,
        leader_epoch: int = 0,
        high_watermark: int = 0,
        current_voters: list[ReplicaState] = NEW,
        observers: list[ReplicaState] = NEW,
    ) -> None:
        self.partition_index = partition_index
        self.error_code = error_code
        self.error_message = error_message
        self.leader_id = leader_id
        self.leader_epoch = leader_epoch
        self.high_watermark = high_watermark
        self.current_voters: list[ReplicaState] = [] if current_voters is NEW else current_voters
        self.observers: list[ReplicaState] = [] if observers is NEW else observers


class DescribeQuorumResponseTopicData(Message):
    """Part of DescribeQuorumResponse."""

    __slots__ = ("topic_name", "partitions")

    def __init__(
        self,
        topic_name: str = "",
        partitions: list[DescribeQuorumResponsePartitionData] = NEW,
    ) -> None:
        self.topic_name = topic_name
        self.partitions: list[DescribeQuorumResponsePartitionData] = [] if partitions is NEW else partitions


class Listener(Message):
    """Part of DescribeQuorumResponse."""

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


class Node(Message):
    """Part of DescribeQuorumResponse."""

    __slots__ = ("node_id", "listeners")

    def __init__(
        self,
        node_id: int = 0,
        listeners: list[Listener] = NEW,
    ) -> None:
        self.node_id = node_id
        self.listeners: list[Listener] = [] if listeners is NEW else listeners


class DescribeQuorumResponse(Message):
    """Key 55, versions 0-2."""

    __slots__ = ("error_code", "error_message", "topics", "nodes")

    def __init__(
        self,
        error_code: int = 0,
        error_message: str | None = "",
        topics: list[DescribeQuorumResponseTopicData] = NEW,
        nodes: list[Node] = NEW,
    ) -> None:
        self.error_code = error_code
        self.error_message = error_message
        self.topics: list[DescribeQuorumResponseTopicData] = [] if topics is NEW else topics
        self.nodes: list[Node] = [] if nodes is NEW else nodes
