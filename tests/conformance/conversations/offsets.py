"""Committed offsets: fencing, fetching, deleting."""

from __future__ import annotations

from typing import Any

from conformance.conversations.groups import join_request, joined, leave, ready, stable, sync_request
from conformance.talk import Talk, conversation
from tautolog.core.messages.delete_topics import DeleteTopicsRequest, DeleteTopicState
from tautolog.core.messages.join_group import JoinGroupRequest, JoinGroupRequestProtocol
from tautolog.core.messages.offset_commit import (
    OffsetCommitRequest,
    OffsetCommitRequestPartition,
    OffsetCommitRequestTopic,
)
from tautolog.core.messages.offset_delete import (
    OffsetDeleteRequest,
    OffsetDeleteRequestPartition,
    OffsetDeleteRequestTopic,
)
from tautolog.core.messages.offset_fetch import (
    OffsetFetchRequest,
    OffsetFetchRequestGroup,
    OffsetFetchRequestTopic,
    OffsetFetchRequestTopics,
)


def commit(
    talk: Talk,
    group: str,
    topic: str,
    offset: int,
    *,
    generation: int = -1,
    member: str = "",
    instance: str | None = None,
    version: int = 9,
    who: str = "a",
    index: int = 0,
    metadata: str | None = "note",
) -> Any:
    """Commit one partition and note the answer."""
    one = OffsetCommitRequestPartition(index, offset, -1, metadata)
    topics = [OffsetCommitRequestTopic(topic, talk.ids.get(topic, bytes(16)), [one])]
    return talk.ask(OffsetCommitRequest(group, generation, member, instance, -1, topics), version, who)


def fetch(
    talk: Talk, group: str, topics: dict[str, list[int]] | None, version: int = 8, *, stable_only: bool = False
) -> Any:
    """Fetch committed offsets and note the answer; None means all."""
    if version < 8:
        wanted = None if topics is None else [OffsetFetchRequestTopic(t, p) for t, p in topics.items()]
        return talk.ask(OffsetFetchRequest(group, wanted, [], stable_only), version)
    many = (
        None
        if topics is None
        else [OffsetFetchRequestTopics(t, talk.ids.get(t, bytes(16)), p) for t, p in topics.items()]
    )
    return talk.ask(
        OffsetFetchRequest("", None, [OffsetFetchRequestGroup(group, None, -1, many)], stable_only), version
    )


@conversation
def commit_without_group(talk: Talk) -> None:
    """A simple consumer commits without members, in every version, and reads it back in every version."""
    ready(talk)
    topic, group = talk.topic(partitions=3), talk.group()
    for version in range(2, 11):
        commit(talk, group, topic, 100 + version, version=version)
    for version in range(1, 11):
        fetch(talk, group, {topic: [0, 1, 7]}, version)
    for version in range(2, 11):
        fetch(talk, group, None, version)


@conversation
def commit_odd_offsets(talk: Talk) -> None:
    """Offsets are hardly checked; the metadata's size is; null metadata comes back empty."""
    ready(talk)
    topic, group = talk.topic(), talk.group()
    for offset in (0, -1, -5, 1 << 40):
        commit(talk, group, topic, offset)
        fetch(talk, group, {topic: [0]})
    commit(talk, group, topic, 1, metadata="x" * 4096)
    commit(talk, group, topic, 2, metadata="x" * 4097)
    commit(talk, group, topic, 3, metadata=None)
    fetch(talk, group, {topic: [0]})
    commit(talk, group, topic, 4, index=9)
    commit(talk, group, "commit-odd-offsets-nowhere", 4)
    commit(talk, group, "commit-odd-offsets-nowhere", 4, version=10)


@conversation
def commit_to_the_empty_group(talk: Talk) -> None:
    """The empty group id may hold offsets, though nobody can join it."""
    ready(talk)
    topic = talk.topic()
    commit(talk, "", topic, 5)
    fetch(talk, "", {topic: [0]})
    commit(talk, "", topic, 5, generation=1, member="x")


@conversation
def commit_fenced(talk: Talk) -> None:
    """Wrong generation, unknown member, no member in a group that has some, before the sync, unknown group with a generation."""
    ready(talk)
    topic, group = talk.topic(), talk.group()
    commit(talk, talk.group("unknown"), topic, 1, generation=3, member="x")
    member, generation = joined(talk, group)
    commit(talk, group, topic, 1, generation=generation, member=member)
    talk.quietly(sync_request(group, generation, member, {member: b"x"}), 5)
    commit(talk, group, topic, 2, generation=generation, member=member)
    commit(talk, group, topic, 3, generation=generation - 1, member=member)
    commit(talk, group, topic, 3, generation=generation + 1, member=member)
    commit(talk, group, topic, 3, generation=generation, member="x")
    commit(talk, group, topic, 3)
    fetch(talk, group, {topic: [0]})


@conversation
def commit_during_rebalance(talk: Talk) -> None:
    """While others join, the old generation may still commit; after it, no more."""
    ready(talk)
    topic, group = talk.topic(), talk.group()
    one, generation = stable(talk, group)
    two = talk.quietly(join_request(group), 9, "b").member_id
    talk.send(join_request(group, two), 9, "b")
    talk.silent("b", 0.2)
    commit(talk, group, topic, 7, generation=generation, member=one)
    again = talk.quietly(join_request(group, one), 9, "a")
    talk.receive("b")
    commit(talk, group, topic, 8, generation=generation, member=one)
    commit(talk, group, topic, 9, generation=again.generation_id, member=one)
    fetch(talk, group, {topic: [0]})


@conversation
def commit_static_fenced(talk: Talk) -> None:
    """The old incarnation of a static member cannot commit."""
    ready(talk)
    topic, group = talk.topic(), talk.group()
    first = talk.quietly(join_request(group, instance="i"), 9, "a")
    talk.quietly(
        sync_request(group, first.generation_id, first.member_id, {first.member_id: b"x"}, instance="i"), 5, "a"
    )
    again = talk.quietly(join_request(group, instance="i"), 9, "b")
    commit(talk, group, topic, 1, generation=again.generation_id, member=first.member_id, instance="i")
    commit(talk, group, topic, 2, generation=again.generation_id, member=again.member_id, instance="i", who="b")
    commit(talk, group, topic, 3, generation=again.generation_id, member=again.member_id, instance="j", who="b")


@conversation
def offsets_fetched(talk: Talk) -> None:
    """Unknown group, unknown topic, nothing committed, several groups at once, only stable ones."""
    ready(talk)
    topic, group = talk.topic(partitions=2), talk.group()
    fetch(talk, group, {topic: [0, 1]})
    fetch(talk, group, {"offsets-fetched-nowhere": [0]})
    fetch(talk, group, {"offsets-fetched-nowhere": [0]}, 10)
    fetch(talk, group, None)
    commit(talk, group, topic, 11, index=1)
    fetch(talk, group, {topic: [0, 1]}, stable_only=True)
    fetch(talk, group, {})
    fetch(talk, group, {}, 3)
    wanted = [
        OffsetFetchRequestGroup(group, None, -1, [OffsetFetchRequestTopics(topic, bytes(16), [0, 1])]),
        OffsetFetchRequestGroup(talk.group("unknown"), None, -1, None),
        OffsetFetchRequestGroup(group, "nobody", 5, None),
    ]
    talk.ask(OffsetFetchRequest("", None, wanted, False), 9)


@conversation
def offsets_deleted(talk: Talk) -> None:
    """Offsets of an empty group go; unknown group and topic are said; a subscribed topic is refused."""
    ready(talk)
    topic, group = talk.topic(partitions=2), talk.group()

    def delete(of: str, name: str, *indexes: int) -> None:
        parts = [OffsetDeleteRequestPartition(i) for i in indexes]
        talk.ask(OffsetDeleteRequest(of, [OffsetDeleteRequestTopic(name, parts)]), 0)

    delete(talk.group("unknown"), topic, 0)
    commit(talk, group, topic, 3)
    commit(talk, group, topic, 4, index=1)
    delete(group, topic, 0)
    delete(group, topic, 0, 9)
    delete(group, "offsets-deleted-nowhere", 0)
    delete("", topic, 0)
    fetch(talk, group, {topic: [0, 1]})
    subscription = (
        b"\0\0" + (1).to_bytes(4, "big") + len(topic).to_bytes(2, "big") + topic.encode() + b"\xff\xff\xff\xff"
    )
    request = JoinGroupRequest(
        group, 20000, 20000, "", "inst", "consumer", [JoinGroupRequestProtocol("range", subscription)], None
    )
    first = talk.quietly(request, 9)
    talk.quietly(sync_request(group, first.generation_id, first.member_id, {first.member_id: b"x"}, instance="inst"), 5)
    delete(group, topic, 1)
    leave(talk, group, ("", "inst"))


@conversation
def offsets_of_a_deleted_topic(talk: Talk) -> None:
    """They go with the topic."""
    ready(talk)
    topic, group = talk.topic(), talk.group()
    commit(talk, group, topic, 3)
    fetch(talk, group, {topic: [0]})
    talk.quietly(DeleteTopicsRequest([DeleteTopicState(topic, bytes(16))], [], 30000), 6)
    gone = OffsetFetchRequest("", None, [OffsetFetchRequestGroup(group, None, -1, None)], False)
    talk.until(lambda: talk.quietly(gone, 8, "setup"), lambda a: not a.groups[0].topics)
    fetch(talk, group, {topic: [0]})
