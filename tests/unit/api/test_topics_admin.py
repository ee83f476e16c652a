"""CreateTopics, DeleteTopics and CreatePartitions: codes, sentences and fields as Apache Kafka 4.3.0 gives them."""

import pytest

from support.whole_broker import WholeBroker
from tautolog.core.messages import create_partitions, create_topics, delete_topics
from tautolog.core.messages.create_topics import CreatableReplicaAssignment as Assignment
from tautolog.core.messages.create_topics import CreatableTopic as Topic
from tautolog.core.messages.create_topics import CreatableTopicConfig as Config

NONE = bytes(16)
TOO_MANY = "Excessively large number of partitions per request."
CONSECUTIVE = "partitions should be a consecutive 0-based integer sequence"
UNKNOWN_BROKER = "The manual partition assignment includes broker 7, but no such broker is registered."
FACTOR = "Replication factor must be larger than 0, or -1 to use the default value."
COUNT = "Number of partitions was set to an invalid non-positive value."
CHARACTERS = "contains one or more characters other than ASCII alphanumerics, '.', '_' and '-'"


@pytest.fixture
def world():
    return WholeBroker()


def create(world, *topics, version=7, validate_only=False):
    return world.ask(create_topics.CreateTopicsRequest(list(topics), 1000, validate_only), version).topics


def said(world, *topics, **options):
    return [(t.name, t.error_code, t.error_message) for t in create(world, *topics, **options)]


def delete(world, *asked, version=6):
    """Names as text, ids as bytes."""
    if version < 6:
        request = delete_topics.DeleteTopicsRequest([], list(asked), 1000)
    else:
        state = delete_topics.DeleteTopicState
        entries = [
            state(a) if isinstance(a, str) else state(None, a) if isinstance(a, bytes) else state(*a) for a in asked
        ]
        request = delete_topics.DeleteTopicsRequest(entries, [], 1000)
    return [(r.name, r.topic_id, r.error_code, r.error_message) for r in world.ask(request, version).responses]


def grow(world, *wishes, validate_only=False, version=3):
    topics = [
        create_partitions.CreatePartitionsTopic(
            name, count, None if nodes is None else [create_partitions.CreatePartitionsAssignment(n) for n in nodes]
        )
        for name, count, nodes in wishes
    ]
    request = create_partitions.CreatePartitionsRequest(topics, 1000, validate_only)
    return [(r.name, r.error_code, r.error_message) for r in world.ask(request, version).results]


@pytest.mark.parametrize("version", range(2, 8))
def test_create_in_every_version(world, version):
    (topic,) = create(world, Topic("orders", 3, 1, [], [Config("retention.ms", "5")]), version=version)
    made = world.broker.controller.topics["orders"]
    assert (topic.name, topic.error_code, topic.error_message) == ("orders", 0, None)
    assert topic.topic_id == (made.topic_id if version >= 7 else NONE)
    if version >= 5:
        configs = {c.name: (c.value, c.config_source, c.read_only, c.is_sensitive) for c in topic.configs}
        assert (topic.num_partitions, topic.replication_factor, len(configs)) == (3, 1, 33)
        assert list(configs) == sorted(configs)
        assert configs["retention.ms"] == ("5", 1, False, False)
        assert configs["segment.bytes"] == ("1073741824", 5, False, False)
        assert configs["min.insync.replicas"] == ("1", 3, False, False)


def test_sources_of_inherited_configs():
    world = WholeBroker(log_retention_hours=5, log_flush_scheduler_interval_ms=77, log_segment_bytes=2_000_000)
    (topic,) = create(world, Topic("orders", 1, 1))
    configs = {c.name: (c.value, c.config_source) for c in topic.configs}
    assert configs["retention.ms"] == ("18000000", 4)
    assert configs["flush.ms"] == ("77", 4)
    assert configs["segment.bytes"] == ("2000000", 4)
    assert configs["segment.ms"] == ("604800000", 5)


def test_an_internal_config_is_told_only_where_it_is_set(world):
    (topic,) = create(world, Topic("orders", 1, 1, [], [Config("internal.segment.bytes", "2000")]))
    assert len(topic.configs) == 34


@pytest.mark.parametrize(
    ("topic", "code", "sentence"),
    [
        (Topic("", 1, 1), 17, "Topic name is invalid: the empty string is not allowed"),
        (Topic("a b", 1, 1), 17, f"Topic name is invalid: 'a b' {CHARACTERS}"),
        (Topic("__cluster_metadata", 1, 1), 42, "Creation of internal topic __cluster_metadata is prohibited."),
        (Topic("old.one", 1, 1), 36, "Topic 'old.one' already exists."),
        (Topic("old_one", 1, 1), 17, "Topic 'old_one' collides with existing topic: old.one"),
        (Topic("t", 0, 1), 37, COUNT),
        (Topic("t", -2, 1), 37, COUNT),
        (Topic("t", 10_001, 1), 44, TOO_MANY),
        (Topic("t", 10_000, 1), 44, "Unable to perform excessively large batch operation."),
        (Topic("t", 1, 0), 38, FACTOR),
        (Topic("t", 1, -2), 38, FACTOR),
        (Topic("t", 0, 0), 38, FACTOR),
        (Topic("t", -1, -1, [Assignment(0, [1]), Assignment(2, [1])]), 39, CONSECUTIVE),
        (Topic("t", -1, -1, [Assignment(-1, [1])]), 39, CONSECUTIVE),
        (
            Topic("t", -1, -1, [Assignment(0, [1]), Assignment(0, [1])]),
            39,
            "Found multiple manual partition assignments for partition 0",
        ),
        (
            Topic("t", -1, -1, [Assignment(0, [1, 1])]),
            39,
            "The manual partition assignment includes the broker 1 more than once.",
        ),
        (Topic("t", -1, -1, [Assignment(0, [1, 7])]), 39, UNKNOWN_BROKER),
        (
            Topic("t", -1, -1, [Assignment(0, [])]),
            39,
            "The manual partition assignment includes an empty replica list.",
        ),
        (
            Topic("t", 1, -1, [Assignment(0, [1])]),
            42,
            "A manual partition assignment was specified, but numPartitions was not set to -1.",
        ),
        (
            Topic("t", -1, 1, [Assignment(0, [1])]),
            42,
            "A manual partition assignment was specified, but replication factor was not set to -1.",
        ),
        (Topic("t", 0, 9, [], [Config("nope", "1")]), 40, "Unknown topic config name: nope"),
        (
            Topic("t", 1, 1, [], [Config("segment.bytes", None), Config("nope", "1")]),
            40,
            "Null value not supported for topic configs: segment.bytes",
        ),
        (
            Topic("t", 1, 1, [], [Config("segment.bytes", "x")]),
            40,
            "Invalid value x for configuration segment.bytes: Not a number of type INT",
        ),
        (
            Topic("t", 1, 1, [], [Config("min.compaction.lag.ms", "100"), Config("max.compaction.lag.ms", "50")]),
            40,
            "conflict topic config setting min.compaction.lag.ms (100) > max.compaction.lag.ms (50)",
        ),
    ],
)
def test_create_refused(world, topic, code, sentence):
    create(world, Topic("old.one", 1, 1))
    (refused,) = create(world, topic)
    assert (refused.error_code, refused.error_message) == (code, sentence)
    assert (refused.topic_id, refused.num_partitions, refused.replication_factor, refused.configs) == (NONE, -1, -1, [])
    assert list(world.broker.controller.topics) == ["old.one"]


def test_more_replicas_than_brokers(world):
    ((_, code, sentence),) = said(world, Topic("t", 1, 2))
    assert code == 38
    assert "replication factor of 2 cannot be reached because only 1 broker(s)" in sentence


def test_tiered_storage_is_refused(world):
    ((_, code, sentence),) = said(world, Topic("t", 1, 1, [], [Config("remote.storage.enable", "true")]))
    assert (code, sentence.partition(".")[0]) == (40, "Tiered Storage functionality is disabled in the broker")


def test_create_by_assignment(world):
    assert said(world, Topic("t", -1, -1, [Assignment(1, [1]), Assignment(0, [1])])) == [("t", 0, None)]
    assert world.broker.controller.topics["t"].partitions == 2


def test_good_topics_are_made_beside_bad_ones_and_twins_are_not(world):
    answers = said(
        world,
        Topic("a", 1, 1),
        Topic("a", 2, 1),
        Topic("b/", 1, 1),
        Topic("c", 1, 1),
        Topic("c.d", 1, 1),
        Topic("c_d", 1, 1),
    )
    assert sorted((name, code) for name, code, _ in answers) == [
        ("a", 42),
        ("b/", 17),
        ("c", 0),
        ("c.d", 0),
        ("c_d", 0),
    ]
    assert list(world.broker.controller.topics) == ["c", "c.d", "c_d"]


def test_too_many_partitions_refuse_the_whole_request(world):
    answers = said(world, Topic("a/b", 5000, 1), Topic("c", 5001, 1))
    assert answers == [("a/b", 44, TOO_MANY), ("c", 44, TOO_MANY)]


def test_create_validated_only(world):
    (topic,) = create(world, Topic("orders", 2, 1), validate_only=True)
    assert (topic.error_code, topic.num_partitions) == (0, 2)
    assert world.broker.controller.topics == {}


def test_the_last_of_two_values_counts(world):
    create(world, Topic("t", 1, 1, [], [Config("segment.bytes", "2000000"), Config("segment.bytes", "3000000")]))
    assert world.broker.controller.topics["t"].configs == {"segment.bytes": "3000000"}


# DeleteTopics


def test_delete_by_name_and_by_id(world):
    a, b = (create(world, Topic(name, 1, 1))[0].topic_id for name in ("a", "b"))
    assert delete(world, "a", b) == [("a", a, 0, None), ("b", b, 0, None)]
    assert world.broker.controller.topics == {}
    assert delete(world, b) == [(None, b, 100, "This server does not host this topic ID.")]


@pytest.mark.parametrize("version", range(1, 6))
def test_delete_in_old_versions(world, version):
    create(world, Topic("a", 1, 1))
    sentence = "This server does not host this topic-partition." if version >= 5 else None
    assert delete(world, "a", "b", version=version) == [("b", NONE, 3, sentence), ("a", NONE, 0, None)]


def test_delete_refused(world):
    topic_id = create(world, Topic("a", 1, 1))[0].topic_id
    assert delete(world, "a", "a") == [("a", NONE, 42, "Duplicate topic name.")]
    assert delete(world, topic_id, topic_id) == [(None, topic_id, 42, "Duplicate topic id.")]
    both = "The provided topic name maps to an ID that was already supplied."
    assert delete(world, "a", topic_id) == [("a", topic_id, 42, both)]
    assert delete(world, topic_id, "a") == [("a", topic_id, 42, both)]
    assert delete(world, ("a", topic_id)) == [("a", topic_id, 42, "You may not specify both topic name and topic id.")]
    assert delete(world, NONE) == [(None, NONE, 42, "Neither topic name nor id were specified.")]
    assert delete(world, "a/b")[0][2] == 3
    assert delete(world) == []
    assert list(world.broker.controller.topics) == ["a"]


@pytest.mark.parametrize(("version", "code"), [(1, 42), (2, 42), (3, 73), (5, 73), (6, 73)])
def test_deletion_can_be_switched_off(version, code):
    world = WholeBroker(delete_topic_enable="false")
    create(world, Topic("a", 1, 1))
    assert delete(world, "a", "b", version=version) == [("a", NONE, code, None), ("b", NONE, code, None)]
    assert list(world.broker.controller.topics) == ["a"]


# CreatePartitions


@pytest.mark.parametrize("version", range(4))
def test_grow(world, version):
    create(world, Topic("a", 1, 1))
    assert grow(world, ("a", 3, None), version=version) == [("a", 0, None)]
    assert grow(world, ("a", 4, [[1]]), version=version) == [("a", 0, None)]
    assert world.broker.controller.topics["a"].partitions == 4
    assert [p.index for p in world.broker.replicas.of_topic("a")] == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("wish", "code", "sentence"),
    [
        (("a", 2, None), 37, "Topic already has 2 partition(s)."),
        (("a", 1, None), 37, "The topic a currently has 2 partition(s); 1 would not be an increase."),
        (("a", -1, None), 37, "The topic a currently has 2 partition(s); -1 would not be an increase."),
        (("b", 3, None), 3, None),
        (("a/b", 3, None), 3, None),
        (("a", 4, [[1]]), 39, "Attempted to add 2 additional partition(s), but only 1 assignment(s) were specified."),
        (("a", 3, []), 39, "Attempted to add 1 additional partition(s), but only 0 assignment(s) were specified."),
        (("a", 3, [[7]]), 39, UNKNOWN_BROKER),
        (("a", 3, [[]]), 39, "The manual partition assignment includes an empty replica list."),
        (("a", 3, [[1, 1]]), 39, "The manual partition assignment includes the broker 1 more than once."),
        (("a", 10_003, None), 44, TOO_MANY),
        (("a", 2**31 - 1, None), 44, TOO_MANY),
    ],
)
def test_grow_refused(world, wish, code, sentence):
    create(world, Topic("a", 2, 1))
    assert grow(world, wish) == [(wish[0], code, sentence)]
    assert world.broker.controller.topics["a"].partitions == 2


def test_ten_thousand_more_partitions_are_not_too_many(world):
    create(world, Topic("a", 2, 1))
    assert grow(world, ("a", 10_002, None), validate_only=True) == [("a", 0, None)]


def test_grow_twins(world):
    create(world, Topic("a", 2, 1))
    assert grow(world, ("a", 3, None), ("a", 4, None), ("b", 4, None)) == [
        ("a", 42, "Duplicate topic name."),
        ("b", 3, None),
    ]
    assert world.broker.controller.topics["a"].partitions == 2


def test_a_full_disk_refuses_with_its_code(world):
    create(world, Topic("a", 2, 1))
    world.disk.full = True
    assert said(world, Topic("b", 1, 1), Topic("a/b", 1, 1))[0][1:2] == (56,)
    assert grow(world, ("a", 3, None))[0][1] == 56
    assert delete(world, "a")[0][2] == 56
    assert world.broker.controller.topics["a"].partitions == 2
    assert any("metadata not changed" in line for line in world.reports)


def test_a_sentence_about_a_very_long_name_can_be_answered(world):
    name = "ä" * 16_383
    ((_, code, sentence),) = said(world, Topic(name, 1, 1))
    assert (code, sentence[-1], len(sentence)) == (17, "…", 8001)
    assert said(world, Topic("t", 1, 1, [], [Config(name, "1")]))[0][1] == 40
