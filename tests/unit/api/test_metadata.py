"""Metadata, DescribeCluster and DescribeTopicPartitions, as Apache Kafka 4.3.0 answers them."""

import pytest

from support.whole_broker import WholeBroker
from tautolog.core.messages.describe_cluster import DescribeClusterRequest
from tautolog.core.messages.describe_topic_partitions import (
    DescribeTopicPartitionsRequest,
    DescribeTopicPartitionsRequestCursor,
    TopicRequest,
)
from tautolog.core.messages.metadata import MetadataRequest, MetadataRequestTopic

NONE = bytes(16)
UNASKED = -(2**31)


@pytest.fixture
def world():
    world = WholeBroker()
    for name, count in (("m1", 2), ("m2", 3), ("m3", 1)):
        world.broker.controller.create_topic(name, count, {})
    return world


def ask(world, *asked, version=12, create=True, cluster=False, topics=False):
    """Names as text, ids as bytes; None alone for all topics."""
    entry = MetadataRequestTopic
    entries = [
        entry(NONE, a) if isinstance(a, str) else entry(a, None) if isinstance(a, bytes) else entry(*a)
        for a in asked
        if a is not None
    ]
    return world.ask(MetadataRequest(None if asked == (None,) else entries, create, cluster, topics), version)


def said(answer):
    return [(t.error_code, t.name, len(t.partitions)) for t in answer.topics]


@pytest.mark.parametrize("version", range(14))
def test_a_topic_in_every_version(world, version):
    answer = ask(world, "m1", version=version)
    (broker,) = answer.brokers
    assert (broker.node_id, broker.host, broker.port, broker.rack) == (1, "here", 9092, None)
    assert answer.cluster_id == ("dGF1dG9sb2ctb25lLWJyb2" if version >= 2 else None)
    assert answer.controller_id == (1 if version >= 1 else -1)
    (topic,) = answer.topics
    assert (topic.error_code, topic.name, topic.is_internal) == (0, "m1", False)
    assert topic.topic_id == (world.broker.controller.topics["m1"].topic_id if version >= 10 else NONE)
    for index, partition in enumerate(topic.partitions):
        assert (partition.error_code, partition.partition_index, partition.leader_id) == (0, index, 1)
        assert (partition.replica_nodes, partition.isr_nodes, partition.offline_replicas) == ([1], [1], [])
        assert partition.leader_epoch == (0 if version >= 7 else -1)


@pytest.mark.parametrize(
    ("version", "asked", "count"), [(0, (), 3), (1, (), 0), (1, (None,), 3), (12, (), 0), (13, (None,), 3)]
)
def test_all_and_none(world, version, asked, count):
    assert len(ask(world, *asked, version=version).topics) == count


@pytest.mark.parametrize("version", [12, 13])
def test_by_id(world, version):
    topic_id = world.broker.controller.topics["m1"].topic_id
    unknown = b"\7" * 16
    assert said(ask(world, topic_id, unknown, topic_id, version=version)) == [(100, None, 0), (0, "m1", 2)]
    assert said(ask(world, (topic_id, "m2"), version=version)) == [(0, "m1", 2)]
    assert said(ask(world, topic_id, "m2", version=version)) == [(0, "m1", 2)]


@pytest.mark.parametrize("version", [10, 11])
def test_ids_are_refused_where_only_answers_have_them(world, version):
    topic_id = world.broker.controller.topics["m1"].topic_id
    answer = ask(world, topic_id, "m2", version=version)
    assert said(answer) == [(42, "", 0), (42, "m2", 0)]
    assert (answer.brokers, answer.controller_id, answer.cluster_id) == ([], -1, None)


def test_neither_name_nor_id(world):
    for version in (10, 12, 13):
        answer = ask(world, (NONE, None), version=version)
        assert (said(answer), answer.error_code) == ([(42, "", 0)], 42 if version == 13 else 0)


def test_unknown_and_bad_names_come_last(world):
    answer = ask(world, "nope", "m1", "a/b", "", "m1", create=False)
    assert said(answer) == [(0, "m1", 2), (3, "nope", 0), (17, "a/b", 0), (17, "", 0)]


@pytest.mark.parametrize(
    ("version", "create", "made"),
    [(0, False, True), (3, False, True), (4, False, False), (4, True, True), (13, True, True)],
)
def test_a_topic_is_made_by_asking_for_it(world, version, create, made):
    assert said(ask(world, "new", version=version, create=create)) == [(3, "new", 0)]
    assert ("new" in world.broker.controller.topics) is made
    if made:
        assert said(ask(world, "new")) == [(0, "new", 1)]


def test_auto_creation_can_be_switched_off():
    world = WholeBroker(auto_create_topics_enable="false", num_partitions=4)
    ask(world, "new", version=0)
    assert world.broker.controller.topics == {}


def test_auto_creation_follows_the_defaults_and_never_touches_what_it_must_not():
    world = WholeBroker(num_partitions=4)
    ask(world, "new")
    assert world.broker.controller.topics["new"].partitions == 4
    assert said(ask(world, "__cluster_metadata")) == [(3, "__cluster_metadata", 0)]
    answer = ask(world, "__consumer_offsets")
    assert [(t.error_code, t.is_internal) for t in answer.topics] == [(3, True)]
    assert list(world.broker.controller.topics) == ["new", "__consumer_offsets"]
    world.disk.full = True
    assert said(ask(world, "newer")) == [(56, "newer", 0)]


def test_operations_are_told_where_asked(world):
    for version in (8, 9, 10):
        answer = ask(world, "m1", "nope", version=version, create=False, cluster=True, topics=True)
        assert answer.cluster_authorized_operations == 8096
        assert [t.topic_authorized_operations for t in answer.topics] == [3576, 3576]
    answer = ask(world, "m1", version=12, topics=True)
    assert answer.cluster_authorized_operations == UNASKED
    assert ask(world, "m1").topics[0].topic_authorized_operations == UNASKED


def test_the_rack_is_told():
    assert ask(WholeBroker(broker_rack="r1"), None).brokers[0].rack == "r1"


def test_a_restart_is_seen_in_the_leader_epoch(world):
    world.restart()
    assert [p.leader_epoch for p in ask(world, "m1").topics[0].partitions] == [1, 1]


# DescribeCluster


@pytest.mark.parametrize("version", range(3))
def test_cluster(world, version):
    answer = world.ask(DescribeClusterRequest(True, 1, False), version)
    assert (answer.error_code, answer.cluster_id, answer.controller_id) == (0, "dGF1dG9sb2ctb25lLWJyb2", 1)
    assert [(b.broker_id, b.host, b.port, b.rack, b.is_fenced) for b in answer.brokers] == [
        (1, "here", 9092, None, False)
    ]
    assert answer.cluster_authorized_operations == 8096
    assert world.ask(DescribeClusterRequest(), version).cluster_authorized_operations == UNASKED


@pytest.mark.parametrize(
    ("kind", "code", "words"), [(2, 114, "endpoint of type CONTROLLER"), (0, 115, "type 0"), (3, 115, "type 3")]
)
def test_no_other_endpoints(world, kind, code, words):
    answer = world.ask(DescribeClusterRequest(False, kind), 1)
    assert (answer.error_code, answer.cluster_id, answer.controller_id, answer.brokers) == (code, "", -1, [])
    assert words in answer.error_message


# DescribeTopicPartitions


def describe(world, *asked, limit=2000, cursor=None):
    place = None if cursor is None else DescribeTopicPartitionsRequestCursor(*cursor)
    answer = world.ask(DescribeTopicPartitionsRequest([TopicRequest(name) for name in asked], limit, place), 0)
    following = answer.next_cursor
    found = [(t.error_code, t.name, [p.partition_index for p in t.partitions]) for t in answer.topics]
    return found, following and (following.topic_name, following.partition_index)


@pytest.mark.parametrize(
    ("asked", "limit", "cursor", "found", "following"),
    [
        (["m2", "m1"], 2000, None, [(0, "m1", [0, 1]), (0, "m2", [0, 1, 2])], None),
        ([], 2000, None, [(0, "m1", [0, 1]), (0, "m2", [0, 1, 2]), (0, "m3", [0])], None),
        (["nope", "m1", "a/b"], 9, None, [(17, "a/b", []), (0, "m1", [0, 1]), (3, "nope", [])], None),
        (["m1", "m2", "m3"], 2, None, [(0, "m1", [0, 1])], ("m2", 0)),
        (["m1", "m2", "m3"], 1, None, [(0, "m1", [0])], ("m1", 1)),
        (["m1"], 0, None, [(0, "m1", [0])], ("m1", 1)),
        (["m1"], -1, None, [(0, "m1", [0])], ("m1", 1)),
        (["m1", "m2"], 5, None, [(0, "m1", [0, 1]), (0, "m2", [0, 1, 2])], None),
        (["m1", "m2", "m3"], 2, ("m2", 1), [(0, "m2", [1, 2])], ("m3", 0)),
        (["m1", "m2", "m3"], 2, ("m2", 7), [(0, "m2", []), (0, "m3", [0])], None),
        (["m1", "m2"], 2, ("m15", 0), [(42, "m1", []), (42, "m2", [])], None),
        (["m1", "m2"], 2, ("m1", -1), [(42, "m1", []), (42, "m2", [])], None),
        ([], 9, ("m15", 0), [(0, "m2", [0, 1, 2]), (0, "m3", [0])], None),
        (["m1", "m1"], 9, None, [(0, "m1", [0, 1])], None),
        ([], 3, None, [(0, "m1", [0, 1]), (0, "m2", [0])], ("m2", 1)),
        (["m1", "m15"], 2, None, [(0, "m1", [0, 1])], ("m15", 0)),
        (["m1", "m15"], 2, ("m15", 0), [(3, "m15", [])], None),
    ],
)
def test_topic_partitions(world, asked, limit, cursor, found, following):
    assert describe(world, *asked, limit=limit, cursor=cursor) == (found, following)


def test_topic_partitions_tell_everything(world):
    topic = world.ask(DescribeTopicPartitionsRequest([TopicRequest("m3")]), 0).topics[0]
    (p,) = topic.partitions
    assert (topic.topic_id, topic.is_internal) == (world.broker.controller.topics["m3"].topic_id, False)
    assert topic.topic_authorized_operations == 3576
    assert (p.leader_id, p.leader_epoch, p.replica_nodes, p.isr_nodes) == (1, 0, [1], [1])
    assert (p.eligible_leader_replicas, p.last_known_elr, p.offline_replicas) == ([], [], [])


def test_the_broker_has_a_limit_of_its_own():
    world = WholeBroker(max_request_partition_size_limit=2)
    world.broker.controller.create_topic("m1", 3, {})
    assert describe(world, "m1") == ([(0, "m1", [0, 1])], ("m1", 2))


def test_walking_with_the_cursor_meets_every_partition_once(world):
    for limit in range(1, 8):
        seen, cursor = [], None
        for _ in range(10):
            found, following = describe(world, limit=limit, cursor=cursor)
            seen += [(name, index) for _, name, indexes in found for index in indexes]
            if following is None:
                break
            cursor = following
        assert seen == [("m1", 0), ("m1", 1), ("m2", 0), ("m2", 1), ("m2", 2), ("m3", 0)]
