"""Topics: created, deleted, grown."""

from __future__ import annotations

from typing import Any

from conformance.talk import Talk, conversation
from tautolog.core.messages.create_partitions import (
    CreatePartitionsAssignment,
    CreatePartitionsRequest,
    CreatePartitionsTopic,
)
from tautolog.core.messages.create_topics import (
    CreatableReplicaAssignment,
    CreatableTopic,
    CreatableTopicConfig,
    CreateTopicsRequest,
)
from tautolog.core.messages.delete_topics import DeleteTopicsRequest, DeleteTopicState
from tautolog.core.messages.list_offsets import ListOffsetsPartition, ListOffsetsRequest, ListOffsetsTopic
from tautolog.core.messages.metadata import MetadataRequest, MetadataRequestTopic


def create(talk: Talk, *topics: CreatableTopic, version: int = 7, validate: bool = False) -> Any:
    """Create topics and note the answer without the list of all configs (that is a conversation of its own)."""
    answer = talk.quietly(CreateTopicsRequest(list(topics), 30000, validate), version)
    rows = [
        [t.name, t.error_code, bool(t.error_message), t.num_partitions, t.replication_factor, t.topic_config_error_code]
        for t in answer.topics
    ]
    talk.note(f"v{version}", sorted(rows, key=str))
    return answer


def exists(talk: Talk, name: str, partitions: int = 0) -> None:
    """Note whether a topic is there; with `partitions`, once it has so many: that takes a moment."""
    ask = MetadataRequest([MetadataRequestTopic(bytes(16), name)], False, False, False)
    answer = talk.until(lambda: talk.quietly(ask, 9), lambda a: len(a.topics[0].partitions) >= partitions)
    talk.note(name, [[t.error_code, len(t.partitions)] for t in answer.topics])


def gone(talk: Talk, name: str) -> None:
    """Note that a topic goes away: it takes a moment."""
    ask = MetadataRequest([MetadataRequestTopic(bytes(16), name)], False, False, False)
    answer = talk.until(lambda: talk.quietly(ask, 9), lambda a: a.topics[0].error_code != 0)
    talk.note(f"{name} is gone", answer.topics[0].error_code)


@conversation
def topics_created(talk: Talk) -> None:
    """Every version; defaults with -1; a second time; validate only."""
    for version in range(2, 8):
        create(talk, CreatableTopic(f"topics-created-{version}", 2, 1), version=version)
    create(talk, CreatableTopic("topics-created-default", -1, -1), version=7)
    create(talk, CreatableTopic("topics-created-default", 1, 1))
    create(talk, CreatableTopic("topics-created-validated", 1, 1), validate=True)
    exists(talk, "topics-created-default", 1)
    exists(talk, "topics-created-validated")
    create(talk, CreatableTopic("topics-created-twice", 1, 1), CreatableTopic("topics-created-twice", 1, 1))


@conversation
def topics_refused(talk: Talk) -> None:
    """Names, counts, factors, configs and assignments that cannot be."""
    for name in ("", ".", "..", "a b", "x" * 250, "ä"):
        create(talk, CreatableTopic(name, 1, 1))
    create(talk, CreatableTopic("topics-refused-a", 0, 1))
    create(talk, CreatableTopic("topics-refused-a", -2, 1))
    create(talk, CreatableTopic("topics-refused-a", 1, 0))
    create(talk, CreatableTopic("topics-refused-a", 1, 2))
    create(talk, CreatableTopic("topics-refused-a", 1, 1, [], [CreatableTopicConfig("no.such.config", "1")]))
    create(talk, CreatableTopic("topics-refused-a", 1, 1, [], [CreatableTopicConfig("retention.ms", "soon")]))
    create(talk, CreatableTopic("topics-refused-a", 1, 1, [], [CreatableTopicConfig("retention.ms", "-2")]))
    create(talk, CreatableTopic("topics-refused-a", 1, 1, [], [CreatableTopicConfig("cleanup.policy", "burn")]))
    create(talk, CreatableTopic("topics-refused-a", 1, 1, [], [CreatableTopicConfig("retention.ms", None)]))
    create(talk, CreatableTopic("topics-refused-a", 1, 1, [CreatableReplicaAssignment(0, [1])]))
    create(talk, CreatableTopic("topics-refused-a", -1, -1, [CreatableReplicaAssignment(0, [99])]))
    create(talk, CreatableTopic("topics-refused-a", -1, -1, [CreatableReplicaAssignment(0, [1, 1])]))
    create(talk, CreatableTopic("topics-refused-a", -1, -1, [CreatableReplicaAssignment(1, [1])]))
    create(talk, CreatableTopic("topics-refused-a", -1, -1, [CreatableReplicaAssignment(0, [])]))
    create(talk, CreatableTopic("topics-refused-a", 100_001, 1))
    exists(talk, "topics-refused-a")
    create(
        talk,
        CreatableTopic(
            "topics-refused-assigned", -1, -1, [CreatableReplicaAssignment(0, [1]), CreatableReplicaAssignment(1, [1])]
        ),
    )


@conversation
def topics_colliding(talk: Talk) -> None:
    """'.' and '_' are one in metric names."""
    create(talk, CreatableTopic("topics.colliding_x", 1, 1))
    create(talk, CreatableTopic("topics_colliding.x", 1, 1))


@conversation
def topics_deleted(talk: Talk) -> None:
    """By name in every version, by id, twice, unknown, both at once."""
    for version in range(1, 7):
        topic = talk.topic(f"v{version}")
        talk.ask(
            DeleteTopicsRequest([DeleteTopicState(topic, bytes(16))], [topic, "topics-deleted-unknown"], 30000), version
        )
        gone(talk, topic)
    topic = talk.topic("by-id")
    state = DeleteTopicState(None, talk.ids[topic])
    talk.ask(DeleteTopicsRequest([state], [], 30000), 6)
    talk.ask(DeleteTopicsRequest([state], [], 30000), 6)
    topic = talk.topic("both")
    talk.ask(DeleteTopicsRequest([DeleteTopicState(topic, talk.ids[topic])], [], 30000), 6)
    talk.ask(
        DeleteTopicsRequest([DeleteTopicState(topic, bytes(16)), DeleteTopicState(topic, bytes(16))], [], 30000), 6
    )
    exists(talk, topic)


@conversation
def topic_created_anew(talk: Talk) -> None:
    """Deleted and created again: another id, an empty log."""
    from conformance.batches import batch
    from conformance.conversations.producing import produce
    from conformance.conversations.timestamps import lookup

    topic = talk.topic()
    produce(talk, topic, batch(b"a", b"b"))
    old = talk.ids[topic]
    talk.quietly(DeleteTopicsRequest([DeleteTopicState(topic, bytes(16))], [], 30000), 6)
    wanted = CreateTopicsRequest([CreatableTopic(topic, 1, 1)], 30000, False)
    answer = talk.until(lambda: talk.quietly(wanted, 7), lambda a: a.topics[0].error_code == 0)
    talk.note("another id", answer.topics[0].topic_id != old)
    talk.ids[topic] = answer.topics[0].topic_id
    talk.until(
        lambda: talk.quietly(MetadataRequest([MetadataRequestTopic(bytes(16), topic)], False, False, False), 9),
        lambda a: a.topics[0].error_code == 0 and a.topics[0].partitions[0].leader_id == 1,
    )
    ends = ListOffsetsRequest(-1, 0, [ListOffsetsTopic(topic, [ListOffsetsPartition(0, -1, -1)])])
    talk.until(lambda: talk.quietly(ends, 7), lambda a: a.topics[0].partitions[0].error_code == 0)
    lookup(talk, topic, -1)


@conversation
def partitions_created(talk: Talk) -> None:
    """More, fewer, the same, far too many, unknown topic, assignments, validate only."""
    topic = talk.topic(partitions=2)

    def grow(
        name: str, count: int, assigned: list[list[int]] | None = None, *, validate: bool = False, version: int = 3
    ) -> None:
        given = None if assigned is None else [CreatePartitionsAssignment(ids) for ids in assigned]
        talk.ask(CreatePartitionsRequest([CreatePartitionsTopic(name, count, given)], 30000, validate), version)

    for version in range(4):
        grow(topic, 3 + version, version=version)
    grow(topic, 6)
    grow(topic, 5)
    grow(topic, 0)
    grow(topic, -1)
    grow(topic, 8, validate=True)
    grow("partitions-created-nowhere", 3)
    grow(topic, 7, [[1]])
    grow(topic, 8, [[9]])
    grow(topic, 9, [[1]])
    grow(topic, 8, [[]])
    exists(talk, topic, 7)
    same = CreatePartitionsTopic(topic, 9, None)
    talk.ask(CreatePartitionsRequest([same, same], 30000, False), 3)
