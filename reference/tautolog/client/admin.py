"""A deterministic admin client: topics, configs, offsets, groups. One call, one ticket, one result.

Each result carries a Kafka error code and the words of a history: `ok`, `fail` (surely not done) or `info` (unknown: the
request was sent and no answer came). Nothing is repeated here once it was sent: whether to ask again is the caller's
decision, as a repetition may meet its own earlier effect.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple, TypeAlias

from tautolog.client.cluster import ClusterClient
from tautolog.client.link import Address, Build, Failure, Outcome
from tautolog.client.protocol import TopicPartition
from tautolog.core.errors import ErrorCode
from tautolog.core.messages._base import Message
from tautolog.core.messages.create_partitions import CreatePartitionsRequest, CreatePartitionsTopic
from tautolog.core.messages.create_topics import CreatableTopic, CreatableTopicConfig, CreateTopicsRequest
from tautolog.core.messages.delete_groups import DeleteGroupsRequest
from tautolog.core.messages.delete_records import DeleteRecordsPartition, DeleteRecordsRequest, DeleteRecordsTopic
from tautolog.core.messages.delete_topics import DeleteTopicsRequest, DeleteTopicState
from tautolog.core.messages.incremental_alter_configs import (
    AlterableConfig,
    AlterConfigsResource,
    IncrementalAlterConfigsRequest,
)
from tautolog.core.messages.list_offsets import ListOffsetsPartition, ListOffsetsRequest, ListOffsetsTopic
from tautolog.core.messages.metadata import MetadataRequest, MetadataRequestTopic, MetadataResponse
from tautolog.core.ports import Chance, Instant

LIST_OFFSETS, METADATA, CREATE_TOPICS, DELETE_TOPICS, DELETE_RECORDS = 2, 3, 19, 20, 21
CREATE_PARTITIONS, DELETE_GROUPS, ALTER_CONFIGS = 37, 42, 44
TOPIC: Final = 2
"""The resource type of topics in config requests."""
SET, DELETE = 0, 1
_ATTEMPTS: Final = 20


class Result(NamedTuple):
    """How a call ended; `answer` is what it found, where it asks for something."""

    ticket: int
    call: str
    outcome: str
    error: int
    answer: Any = None


class Description(NamedTuple):
    """A topic as Metadata tells it."""

    name: str
    topic_id: bytes
    partitions: int


Read: TypeAlias = Callable[[Any], tuple[int, Any]]
"""What an answer says: its error code and what it found."""


class Admin(ClusterClient):
    """An admin client for one cluster."""

    def __init__(
        self,
        chance: Chance,
        *,
        bootstrap: Sequence[tuple[str, int]],
        client_id: str = "admin",
        request_timeout_ms: int = 30_000,
        speaks: Mapping[int, tuple[int, int]] | None = None,
    ) -> None:
        super().__init__(
            chance, bootstrap=bootstrap, client_id=client_id, request_timeout_ms=request_timeout_ms, speaks=speaks
        )
        self._results: list[Result] = []
        self._ticket = 0

    def take(self) -> list[Result]:
        """The calls that have ended since the last time, in order."""
        results, self._results = self._results, []
        return results

    # topics

    def create_topic(
        self, now: Instant, name: str, partitions: int = 1, configs: Mapping[str, str] | None = None
    ) -> int:
        """Make a topic."""
        entries = [CreatableTopicConfig(key, value) for key, value in (configs or {}).items()]
        body = CreateTopicsRequest([CreatableTopic(name, partitions, 1, configs=entries)], 30_000)
        return self._ask(now, "create_topic", CREATE_TOPICS, lambda _: body, lambda it: (it.topics[0].error_code, None))

    def delete_topic(self, now: Instant, name: str) -> int:
        """Delete a topic and all it holds."""

        def request(version: int) -> Message:
            if version >= 6:
                return DeleteTopicsRequest([DeleteTopicState(name)], timeout_ms=30_000)
            return DeleteTopicsRequest(topic_names=[name], timeout_ms=30_000)

        return self._ask(now, "delete_topic", DELETE_TOPICS, request, lambda it: (it.responses[0].error_code, None))

    def create_partitions(self, now: Instant, topic: str, count: int) -> int:
        """Let a topic have `count` partitions in all."""
        body = CreatePartitionsRequest([CreatePartitionsTopic(topic, count, None)], 30_000)
        return self._ask(
            now, "create_partitions", CREATE_PARTITIONS, lambda _: body, lambda it: (it.results[0].error_code, None)
        )

    def describe_topic(self, now: Instant, name: str) -> int:
        """Ask what a topic is; the answer is a `Description`."""
        body = MetadataRequest([MetadataRequestTopic(bytes(16), name)], allow_auto_topic_creation=False)

        def read(answer: MetadataResponse) -> tuple[int, Any]:
            topic = answer.topics[0]
            return topic.error_code, Description(name, topic.topic_id, len(topic.partitions))

        return self._ask(now, "describe_topic", METADATA, lambda _: body, read)

    def alter_config(self, now: Instant, topic: str, configs: Mapping[str, str | None]) -> int:
        """Set a topic's configs; None takes an override away."""
        entries = [AlterableConfig(key, DELETE if value is None else SET, value) for key, value in configs.items()]
        body = IncrementalAlterConfigsRequest([AlterConfigsResource(TOPIC, topic, entries)])
        return self._ask(
            now, "alter_config", ALTER_CONFIGS, lambda _: body, lambda it: (it.responses[0].error_code, None)
        )

    # offsets and groups

    def list_offsets(self, now: Instant, partitions: Sequence[TopicPartition], timestamp: int = -1) -> int:
        """Ask for the offsets at a timestamp (-1 the end, -2 the start); the answer is partition -> offset."""
        topics: dict[str, list[ListOffsetsPartition]] = {}
        for topic, number in partitions:
            topics.setdefault(topic, []).append(ListOffsetsPartition(number, -1, timestamp))
        body = ListOffsetsRequest(-1, 0, [ListOffsetsTopic(topic, entries) for topic, entries in topics.items()])

        def read(answer: Any) -> tuple[int, Any]:
            found = [(topic.name, partition) for topic in answer.topics for partition in topic.partitions]
            error = next((partition.error_code for _, partition in found if partition.error_code), 0)
            return error, {(topic, partition.partition_index): partition.offset for topic, partition in found}

        return self._ask(now, "list_offsets", LIST_OFFSETS, lambda _: body, read)

    def delete_records(self, now: Instant, partition: TopicPartition, before: int) -> int:
        """Drop what is below an offset (-1: everything); the answer is the new start."""
        topic, number = partition
        body = DeleteRecordsRequest([DeleteRecordsTopic(topic, [DeleteRecordsPartition(number, before)])], 30_000)

        def read(answer: Any) -> tuple[int, Any]:
            told = answer.topics[0].partitions[0]
            return told.error_code, told.low_watermark

        return self._ask(now, "delete_records", DELETE_RECORDS, lambda _: body, read)

    def delete_group(self, now: Instant, group_id: str) -> int:
        """Delete a group without members, and its offsets."""
        body = DeleteGroupsRequest([group_id])
        return self._ask(
            now, "delete_group", DELETE_GROUPS, lambda _: body, lambda it: (it.results[0].error_code, None)
        )

    # one call

    def _ask(self, now: Instant, call: str, key: int, build: Build, read: Read) -> int:
        self.now = now
        self._ticket += 1
        self._try(self._ticket, call, key, build, read, 0)
        return self._ticket

    def _try(
        self,
        ticket: int,
        name: str,
        key: int,
        build: Build,
        read: Read,
        attempt: int,
    ) -> None:
        def finish(outcome: Outcome) -> None:
            if not isinstance(outcome, Failure):
                error, answer = read(outcome)
                word = "ok" if error == 0 else "info" if error in _UNKNOWN else "fail"
                self._results.append(Result(ticket, name, word, error, answer))
            elif outcome.sent:
                self._results.append(Result(ticket, name, "info", 0))
            elif attempt >= _ATTEMPTS:
                self._results.append(Result(ticket, name, "fail", 0))
            else:
                self._turn += 1
                self.after(self.backoff_ms(attempt), lambda: self._try(ticket, name, key, build, read, attempt + 1))

        self.call(self._target(), key, build, finish)

    def _target(self) -> Address:
        return self.brokers.get(self.controller_id) or self.any_broker()


_UNKNOWN: Final = (ErrorCode.UNKNOWN_SERVER_ERROR, ErrorCode.REQUEST_TIMED_OUT, ErrorCode.NETWORK_EXCEPTION)
