"""What the cluster says of itself: versions, brokers, topics."""

from __future__ import annotations

import struct

from conformance.conversations.groups import ready
from conformance.talk import Talk, conversation
from tautolog.core import api
from tautolog.core.messages.api_versions import ApiVersionsRequest
from tautolog.core.messages.describe_cluster import DescribeClusterRequest
from tautolog.core.messages.describe_log_dirs import DescribableLogDirTopic, DescribeLogDirsRequest
from tautolog.core.messages.describe_topic_partitions import (
    DescribeTopicPartitionsRequest,
    DescribeTopicPartitionsRequestCursor,
    TopicRequest,
)
from tautolog.core.messages.metadata import MetadataRequest, MetadataRequestTopic


def ask(talk: Talk, *names: str, version: int = 9, create: bool = False) -> None:
    """Metadata of some topics by name."""
    topics = [MetadataRequestTopic(bytes(16), name) for name in names]
    talk.ask(MetadataRequest(topics, create, False, False), version)


@conversation
def versions_served(talk: Talk) -> None:
    """Of the APIs served here, the ranges are Kafka's."""
    served = {handler.key for handler in api.handlers().values()}
    for version in range(5):
        answer = talk.quietly(ApiVersionsRequest("talk", "1.0"), version)
        ours = sorted((k.api_key, k.min_version, k.max_version) for k in answer.api_keys if k.api_key in served)
        talk.note(f"v{version}", [answer.error_code, *[list(row) for row in ours]])


@conversation
def versions_refused(talk: Talk) -> None:
    """An unknown version is answered in version 0 with error 35; an invalid client name with 42."""
    for name, version in (("", "1"), ("a b", "1"), ("ok", ""), ("-x", "1")):
        answer = talk.quietly(ApiVersionsRequest(name, version), 3)
        talk.note(f"{name!r} {version!r}", [answer.error_code, len(answer.api_keys) > 0])
    talk["b"].socket.sendall(struct.pack(">ihhihb", 11, 18, 99, 7, 0, 0))
    head = talk["b"]._exactly(4)
    body = talk["b"]._exactly(struct.unpack(">i", head)[0])
    count = struct.unpack(">i", body[6:10])[0]
    rows = [struct.unpack(">hhh", body[10 + 6 * i : 16 + 6 * i]) for i in range(count)]
    talk.note("unknown version", [body[:6].hex(), [list(row) for row in rows if row[0] == 18]])


@conversation
def closed_without_answer(talk: Talk) -> None:
    """Unknown key, unsupported version, cut body, a controller's API, a negative length: the connection ends."""
    for frame in (
        struct.pack(">ihhih", 10, 999, 0, 1, -1),
        struct.pack(">ihhih", 10, 3, 99, 1, -1),
        struct.pack(">ihhih", 10, 3, 1, 1, -1),
        struct.pack(">ihhihb", 11, 52, 0, 1, -1, 0),
        struct.pack(">i", -5),
        struct.pack(">ihh", 4, 3, 1),
    ):
        connection = talk["x"]
        connection.socket.sendall(frame)
        try:
            end = connection.socket.recv(1) == b""
        except ConnectionError:
            end = True
        talk.note(frame.hex(), end)
        del talk.connections["x"]


@conversation
def metadata_each_version(talk: Talk) -> None:
    """One topic in every version."""
    topic = talk.topic(partitions=2)
    for version in range(14):
        ask(talk, topic, version=version)


@conversation
def metadata_none(talk: Talk) -> None:
    """No topic asked for: brokers only."""
    for version in (1, 4, 9, 12, 13):
        ask(talk, version=version)


@conversation
def metadata_unknown(talk: Talk) -> None:
    """Unknown names without auto-creation, invalid names, unknown ids, an id with a wrong name."""
    topic = talk.topic()
    ask(talk, "metadata-unknown-nowhere", "a b", "..", "", "x" * 250)
    unknown = MetadataRequest([MetadataRequestTopic(b"\1" * 16, None)], False, False, False)
    talk.ask(unknown, 12)
    talk.ask(MetadataRequest([MetadataRequestTopic(b"\1" * 16, None)], False, False, False), 10)
    talk.ask(MetadataRequest([MetadataRequestTopic(talk.ids[topic], "wrong-name")], False, False, False), 12)
    talk.ask(MetadataRequest([MetadataRequestTopic(talk.ids[topic], None)], False, False, False), 12)


@conversation
def metadata_creates(talk: Talk) -> None:
    """Asking with auto-creation creates one partition; the first answer says LEADER_NOT_AVAILABLE or the like."""
    name = "metadata-creates-me"
    request = MetadataRequest([MetadataRequestTopic(bytes(16), name)], True, False, False)
    answer = talk.until(lambda: talk.quietly(request, 9), lambda a: a.topics[0].error_code == 0)
    talk.note("created", answer.topics)
    old = MetadataRequest([MetadataRequestTopic(bytes(16), name + "-old")], False, False, False)
    talk.note("old", talk.until(lambda: talk.quietly(old, 3), lambda a: a.topics[0].error_code == 0).topics)


@conversation
def cluster_described(talk: Talk) -> None:
    """DescribeCluster in every version, and for controllers."""
    for version in range(3):
        talk.ask(DescribeClusterRequest(False, 1, False), version)
    talk.ask(DescribeClusterRequest(False, 2, False), 1)
    talk.ask(DescribeClusterRequest(False, 9, False), 1)
    talk.ask(DescribeClusterRequest(False, 1, True), 2)


@conversation
def topic_partitions_described(talk: Talk) -> None:
    """Several topics, a limit, a cursor, unknown names."""
    one, two = talk.topic("a", 3), talk.topic("b", 2)
    talk.ask(DescribeTopicPartitionsRequest([TopicRequest(one), TopicRequest(two)], 2000, None), 0)
    talk.ask(DescribeTopicPartitionsRequest([TopicRequest(two), TopicRequest(one)], 2, None), 0)
    cursor = DescribeTopicPartitionsRequestCursor(one, 2)
    talk.ask(DescribeTopicPartitionsRequest([TopicRequest(one), TopicRequest(two)], 2, cursor), 0)
    talk.ask(DescribeTopicPartitionsRequest([TopicRequest("tp-unknown"), TopicRequest("a b")], 2000, None), 0)
    talk.ask(
        DescribeTopicPartitionsRequest([TopicRequest(one)], 2000, DescribeTopicPartitionsRequestCursor(one, -1)), 0
    )


@conversation
def log_dirs_described(talk: Talk) -> None:
    """Where the partitions lie; sizes are the broker's own business."""
    ready(talk)
    topic = talk.topic(partitions=2)
    for version in range(1, 6):
        answer = talk.quietly(DescribeLogDirsRequest([DescribableLogDirTopic(topic, [0, 1, 9])]), version)
        rows = [
            [t.name, sorted((p.partition_index, p.offset_lag, p.is_future_key) for p in t.partitions)]
            for r in answer.results
            for t in r.topics
        ]
        talk.note(
            f"v{version}",
            [answer.error_code, [r.error_code for r in answer.results], [[n, [list(p) for p in ps]] for n, ps in rows]],
        )
