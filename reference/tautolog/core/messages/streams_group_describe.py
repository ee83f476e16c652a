"""StreamsGroupDescribe: generated from `wire/schemas/streams_group_describe.schema`; do not edit."""

from __future__ import annotations

from tautolog.core.messages._base import NEW, Message


class StreamsGroupDescribeRequest(Message):
    """Key 89, versions 0-0."""

    __slots__ = ("group_ids", "include_authorized_operations")

    def __init__(
        self,
        group_ids: list[str] = NEW,
        include_authorized_operations: bool = False,
    ) -> None:
        self.group_ids: list[str] = [] if group_ids is NEW else group_ids
        self.include_authorized_operations = include_authorized_operations


class KeyValue(Message):
    """Part of StreamsGroupDescribeResponse."""

    __slots__ = ("key", "value")

    def __init__(
        self,
        key: str = "",
        value: str = "",
    ) -> None:
        self.key = key
        self.value = value


class TopicInfo(Message):
    """Part of StreamsGroupDescribeResponse."""

    __slots__ = ("name", "partitions", "replication_factor", "topic_configs")

    def __init__(
        self,
        name: str = "",
        partitions: int = 0,
        replication_factor: int = 0,
        topic_configs: list[KeyValue] = NEW,
    ) -> None:
        self.name = name
        self.partitions = partitions
        self.replication_factor = replication_factor
        self.topic_configs: list[KeyValue] = [] if topic_configs is NEW else topic_configs


class Subtopology(Message):
    """Part of StreamsGroupDescribeResponse."""

    __slots__ = ("subtopology_id", "source_topics", "repartition_sink_topics", "state_changelog_topics", "repartition_source_topics")

    def __init__(
        self,
        subtopology_id: str = "",
        source_topics: list[str] = NEW,
        repartition_sink_topics: list[str] = NEW,
        state_changelog_topics: list[TopicInfo] = NEW,
        repartition_source_topics: list[TopicInfo] = NEW,
    ) -> None:
        self.subtopology_id = subtopology_id
        self.source_topics: list[str] = [] if source_topics is NEW else source_topics
        self.repartition_sink_topics: list[str] = [] if repartition_sink_topics is NEW else repartition_sink_topics
        self.state_changelog_topics: list[TopicInfo] = [] if state_changelog_topics is NEW else state_changelog_topics
        self.repartition_source_topics: list[TopicInfo] = [] if repartition_source_topics is NEW else repartition_source_topics


class Topology(Message):
    """Part of StreamsGroupDescribeResponse."""

    __slots__ = ("epoch", "subtopologies")

    def __init__(
        self,
        epoch: int = 0,
        subtopologies: list[Subtopology] | None = None,
    ) -> None:
        self.epoch = epoch
        self.subtopologies = subtopologies


class Endpoint(Message):
    """Part of StreamsGroupDescribeResponse."""

    __slots__ = ("host", "port")

    def __init__(
        self,
        host: str = "",
        port: int = 0,
    ) -> None:
        self.host = host
        self.port = port


class TaskOffset(Message):
    """Part of StreamsGroupDescribeResponse."""

    __slots__ = ("subtopology_id", "partition", "offset")

    def __init__(
        self,
        subtopology_id: str = "",
        partition: int = 0,
        offset: int = 0,
    ) -> None:
        self.subtopology_id = subtopology_id
        self.partition = partition
        self.offset = offset


class TaskIds(Message):
    """Part of StreamsGroupDescribeResponse."""

    __slots__ = ("subtopology_id", "partitions")

    def __init__(
        self,
        subtopology_id: str = "",
        partitions: list[int] = NEW,
    ) -> None:
        self.subtopology_id = subtopology_id
        self.partitions: list[int] = [] if partitions is NEW else partitions


class Assignment(Message):
    """Part of StreamsGroupDescribeResponse."""

    __slots__ = ("active_tasks", "standby_tasks", "warmup_tasks")

    def __init__(
        self,
        active_tasks: list[TaskIds] = NEW,
        standby_tasks: list[TaskIds] = NEW,
        warmup_tasks: list[TaskIds] = NEW,
    ) -> None:
        self.active_tasks: list[TaskIds] = [] if active_tasks is NEW else active_tasks
        self.standby_tasks: list[TaskIds] = [] if standby_tasks is NEW else standby_tasks
        self.warmup_tasks: list[TaskIds] = [] if warmup_tasks is NEW else warmup_tasks


class Member(Message):
    """Part of StreamsGroupDescribeResponse."""

    __slots__ = ("member_id", "member_epoch", "instance_id", "rack_id", "client_id", "client_host", "topology_epoch", "process_id", "user_endpoint", "client_tags", "task_offsets", "task_end_offsets", "assignment", "target_assignment", "is_classic")

    def __init__(
        self,
        member_id: str = "",
        member_epoch: int = 0,
        instance_id: str | None = None,
        rack_id: str | None = None,
        client_id: str = "",
        client_host: str = "",
        topology_epoch: int = 0,
        process_id: str = "",
        user_endpoint: Endpoint | None = None,
        client_tags: list[KeyValue] = NEW,
        task_offsets: list[TaskOffset] = NEW,
        task_end_offsets: list[TaskOffset] = NEW,
        assignment: Assignment = NEW,
        target_assignment: Assignment = NEW,
        is_classic: bool = False,
    ) -> None:
        self.member_id = member_id
        self.member_epoch = member_epoch
        self.instance_id = instance_id
        self.rack_id = rack_id
        self.client_id = client_id
        self.client_host = client_host
        self.topology_epoch = topology_epoch
        self.process_id = process_id
        self.user_endpoint = user_endpoint
        self.client_tags: list[KeyValue] = [] if client_tags is NEW else client_tags
        self.task_offsets: list[TaskOffset] = [] if task_offsets is NEW else task_offsets
        self.task_end_offsets: list[TaskOffset] = [] if task_end_offsets is NEW else task_end_offsets
        self.assignment: Assignment = Assignment() if assignment is NEW else assignment
        self.target_assignment: Assignment = Assignment() if target_assignment is NEW else target_assignment
        self.is_classic = is_classic


class DescribedGroup(Message):
    """Part of StreamsGroupDescribeResponse."""

    __slots__ = ("error_code", "error_message", "group_id", "group_state", "group_epoch", "assignment_epoch", "topology", "members", "authorized_operations")

    def __init__(
        self,
        error_code: int = 0,
        error_message: str | None = None,
        group_id: str = "",
        group_state: str = "",
        group_epoch: int = 0,
        assignment_epoch: int = 0,
        topology: Topology | None = None,
        members: list[Member] = NEW,
        authorized_operations: int = -2147483648,
    ) -> None:
        self.error_code = error_code
        self.error_message = error_message
        self.group_id = group_id
        self.group_state = group_state
        self.group_epoch = group_epoch
        self.assignment_epoch = assignment_epoch
        self.topology = topology
        self.members: list[Member] = [] if members is NEW else members
        self.authorized_operations = authorized_operations


class StreamsGroupDescribeResponse(Message):
    """Key 89, versions 0-0."""

    __slots__ = ("throttle_time_ms", "groups")

    def __init__(
        self,
        throttle_time_ms: int = 0,
        groups: list[DescribedGroup] = NEW,
    ) -> None:
        self.throttle_time_ms = throttle_time_ms
        self.groups: list[DescribedGroup] = [] if groups is NEW else groups
