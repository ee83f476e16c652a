"""Commands of the controller: what they change, what they refuse, and that a restart knows all of it."""

import pytest

from support.whole_broker import WholeBroker
from tautolog.core.controller import creation
from tautolog.core.controller.alteration import Change, Operation
from tautolog.core.controller.controller import PRODUCER_IDS_A_BLOCK
from tautolog.core.controller.definitions import Resource
from tautolog.core.controller.journal import FOLDER
from tautolog.core.controller.names import OFFSETS_TOPIC, SHARE_STATE_TOPIC, TRANSACTIONS_TOPIC
from tautolog.core.errors import ErrorCode
from tautolog.core.messages.create_partitions import CreatePartitionsTopic
from tautolog.core.messages.create_topics import CreatableTopic


@pytest.fixture
def world():
    return WholeBroker()


def seen(world):
    """All that the controller knows, in order, without what a restart changes on purpose."""
    controller = world.broker.controller
    topics = [
        (t.name, t.topic_id, t.partitions, list(t.configs.items()), t.internal) for t in controller.topics.values()
    ]
    return topics, controller.state.configs, controller.state.features, list(controller.by_id)


def more(world, name, count):
    return world.broker.controller.create_partitions([CreatePartitionsTopic(name, count, None)])[0]


def test_a_topic_is_there_with_its_partitions(world):
    topic = world.broker.controller.create_topic("orders", 3, {"retention.ms": "1000"})
    assert (topic.name, topic.partitions, topic.configs, topic.internal) == (
        "orders",
        3,
        {"retention.ms": "1000"},
        False,
    )
    assert topic.leader_epochs == [0, 0, 0]
    assert world.broker.controller.by_id[topic.topic_id] is topic
    assert [p.index for p in world.broker.replicas.of_topic("orders")] == [0, 1, 2]


def test_no_topic_gets_a_reserved_id(world):
    topic = world.broker.controller.create_topic("orders", 1, {})
    assert int.from_bytes(topic.topic_id, "big") > 1


def test_a_topic_made_again_is_another_one(world):
    controller = world.broker.controller
    first = controller.create_topic("orders", 1, {})
    assert controller.create_topic("orders", 1, {}) is ErrorCode.TOPIC_ALREADY_EXISTS
    assert controller.delete_topic("orders") is ErrorCode.NONE
    assert (list(controller.topics), list(controller.by_id)) == ([], [])
    assert world.broker.replicas.of_topic("orders") == []
    assert controller.create_topic("orders", 1, {}).topic_id != first.topic_id
    assert controller.delete_topic("nothing") is ErrorCode.UNKNOWN_TOPIC_OR_PARTITION


def test_a_restart_knows_everything(world):
    controller = world.broker.controller
    controller.create_topic("b", 2, {"cleanup.policy": "compact"})
    controller.create_topic("a", 1, {})
    controller.create_topic("c", 1, {"retention.ms": "1"})
    more(world, "a", 4)
    controller.delete_topic("b")
    controller.alter_configs(Resource.TOPIC, "a", [Change("segment.ms", Operation.SET, "5")])
    controller.alter_configs(Resource.TOPIC, "c", [Change("retention.ms", Operation.DELETE, None)])
    controller.alter_configs(Resource.BROKER, "", [Change("log.retention.ms", Operation.SET, "7")])
    controller.alter_configs(Resource.BROKER, "1", [Change("log.segment.bytes", Operation.SET, "1048577")])
    controller.alter_configs(Resource.GROUP, "g", [Change("share.isolation.level", Operation.SET, "read_committed")])
    before = seen(world)
    assert [topic[0] for topic in before[0]] == ["a", "c"]
    world.restart()
    assert seen(world) == before
    config = world.broker.controller.topic_config("a")
    assert (config.segment_ms, config.retention_ms, config.segment_bytes) == (5, 7, 1048577)


def test_a_restart_leads_under_new_epochs(world):
    world.broker.controller.create_topic("orders", 2, {})
    for epoch in (1, 2, 3):
        world.restart()
        assert world.broker.controller.topics["orders"].leader_epochs == [epoch, epoch]
        assert [p.leader_epoch for p in world.broker.replicas.of_topic("orders")] == [epoch, epoch]


def test_internal_topics_have_kafkas_configs(world):
    controller = world.broker.controller
    offsets = controller.ensure_internal(OFFSETS_TOPIC)
    assert (offsets.partitions, offsets.internal) == (50, True)
    assert offsets.configs == {
        "cleanup.policy": "compact",
        "compression.type": "producer",
        "segment.bytes": "104857600",
    }
    assert controller.ensure_internal(OFFSETS_TOPIC) is offsets
    transactions = controller.auto_create(TRANSACTIONS_TOPIC)
    assert transactions.configs == {
        "cleanup.policy": "compact",
        "compression.type": "uncompressed",
        "unclean.leader.election.enable": "false",
        "min.insync.replicas": "2",
        "segment.bytes": "104857600",
    }
    assert controller.auto_create(SHARE_STATE_TOPIC).configs["retention.ms"] == "-1"
    assert controller.auto_create("orders").internal is False


def test_what_is_not_set_on_a_topic_comes_from_the_broker():
    world = WholeBroker(log_retention_hours=5, log_roll_ms=9, num_partitions=4, log_flush_scheduler_interval_ms=77)
    controller = world.broker.controller
    topic = controller.create_topic("orders", -1, {})
    config = controller.topic_config("orders")
    assert (topic.partitions, config.retention_ms, config.segment_ms) == (4, 5 * 3_600_000, 9)
    assert controller.topic_config("orders").segment_bytes == 1 << 30


@pytest.mark.parametrize(("hours", "ms"), [("-1", -1), ("1", 3_600_000)])
def test_without_limit_stays_without_limit(hours, ms):
    world = WholeBroker(log_retention_hours=hours)
    world.broker.controller.create_topic("orders", 1, {})
    assert world.broker.controller.topic_config("orders").retention_ms == ms


def test_small_segments_for_tests_of_whoever_needs_them(world):
    world.broker.controller.create_topic("orders", 1, {"internal.segment.bytes": "2000"})
    assert world.broker.controller.topic_config("orders").segment_bytes == 2000


def test_a_change_of_config_reaches_the_logs(world):
    controller = world.broker.controller
    controller.create_topic("orders", 2, {})
    controller.alter_configs(Resource.TOPIC, "orders", [Change("retention.ms", Operation.SET, "5")])
    assert [p.log.config.retention_ms for p in world.broker.replicas.of_topic("orders")] == [5, 5]
    controller.alter_configs(Resource.BROKER, "", [Change("log.segment.bytes", Operation.SET, "2000000")])
    assert [p.log.config.segment_bytes for p in world.broker.replicas.of_topic("orders")] == [2000000, 2000000]


def test_what_is_only_validated_is_not_made(world):
    controller = world.broker.controller
    made = controller.create_topics([CreatableTopic("orders", 2, 1)], validate_only=True)
    assert made[0][1] == 2
    assert controller.topics == {}
    controller.create_topic("orders", 1, {})
    wish = [CreatePartitionsTopic("orders", 3, None)]
    assert controller.create_partitions(wish, validate_only=True) == [None]
    change = [Change("retention.ms", Operation.SET, "5")]
    assert controller.alter_configs(Resource.TOPIC, "orders", change, validate_only=True) is None
    assert (controller.topics["orders"].partitions, controller.topics["orders"].configs) == (1, {})


# producer ids


def test_producer_ids_are_never_given_twice(world):
    given = []
    for _ in range(3):
        given += [world.broker.controller.next_producer_id() for _ in range(PRODUCER_IDS_A_BLOCK + 1)]
        world.restart()
    assert len(set(given)) == len(given)
    assert given[: PRODUCER_IDS_A_BLOCK + 1] == list(range(PRODUCER_IDS_A_BLOCK + 1))


def test_no_producer_id_without_its_block_on_disk(world):
    world.disk.failing = True
    assert world.broker.controller.next_producer_id() is ErrorCode.KAFKA_STORAGE_ERROR
    world.disk.failing = False
    assert world.broker.controller.next_producer_id() == 0


# a disk that refuses


def refused_everywhere(world):
    controller = world.broker.controller
    full = ErrorCode.KAFKA_STORAGE_ERROR
    assert controller.create_topic("more", 1, {}) is full
    assert more(world, "orders", 5).error is full
    assert controller.alter_configs(Resource.TOPIC, "orders", [Change("retention.ms", 0, "5")]).error is full
    assert controller.alter_configs(Resource.BROKER, "", [Change("log.retention.ms", 0, "5")]).error is full
    assert controller.ensure_internal(OFFSETS_TOPIC) is full
    assert controller.delete_topic("orders") is full


@pytest.mark.parametrize("state", ["failing", "full"])
def test_what_the_disk_refuses_has_not_happened(world, state):
    controller = world.broker.controller
    controller.create_topic("orders", 2, {})
    before = seen(world)
    setattr(world.disk, state, True)
    refused_everywhere(world)
    assert seen(world) == before
    assert [p.index for p in world.broker.replicas.of_topic("orders")] == [0, 1]
    setattr(world.disk, state, False)
    assert controller.create_topic("more", 1, {}).partitions == 1
    before = seen(world)
    world.restart()
    assert seen(world) == before


# how much


def test_more_than_ten_thousand_partitions_are_refused(world):
    controller = world.broker.controller
    outcome = controller.create_topics([CreatableTopic("a", 5000, 1), CreatableTopic("b", 5001, 1)])
    assert outcome == [creation.TOO_MANY_PARTITIONS] * 2
    assert controller.create_topics([CreatableTopic("a", 10_000, 1)]) == [creation.TOO_MANY_RECORDS]
    assert controller.create_topics([CreatableTopic("a", 2**31 - 1, 1)] * 2) == [creation.TOO_MANY_PARTITIONS] * 2
    assert controller.topics == {}
    controller.create_topic("a", 1, {})
    controller.create_topic("b", 1, {})
    assert more(world, "a", 10_002) == creation.TOO_MANY_PARTITIONS
    wishes = [CreatePartitionsTopic("a", 6001, None), CreatePartitionsTopic("b", 6001, None)]
    assert controller.create_partitions(wishes, validate_only=True) == [None, creation.TOO_MANY_PARTITIONS]
    assert [topic.partitions for topic in controller.topics.values()] == [1, 1]


def test_the_metadata_log_does_not_grow_without_bound(world):
    controller = world.broker.controller
    controller.create_topic("orders", 1, {})
    for number in range(3000):
        value = str(number).zfill(300)
        assert controller.alter_configs(Resource.TOPIC, "orders", [Change("segment.ms", 0, f"1{value[-9:]}")]) is None
        assert controller.alter_configs(Resource.CLIENT_METRICS, value[:90], [Change("metrics", 0, value)]) is None
        assert controller.alter_configs(Resource.CLIENT_METRICS, value[:90], [Change("metrics", 1, None)]) is None
    assert sum(name.endswith(".checkpoint") for name in world.disk.list(FOLDER)) == 1
    assert controller._journal.bytes_since_snapshot < 300_000
    before = seen(world)
    world.restart()
    assert seen(world) == before


def test_names_that_differ_only_in_dots_and_underscores_exclude_each_other_while_both_would_be_there(world):
    controller = world.broker.controller
    controller.create_topic("a.b", 1, {})
    assert controller.create_topic("a_b", 1, {}) is ErrorCode.INVALID_TOPIC_EXCEPTION
    world.restart()
    assert world.broker.controller.create_topic("a_b", 1, {}) is ErrorCode.INVALID_TOPIC_EXCEPTION
    world.broker.controller.delete_topic("a.b")
    assert world.broker.controller.create_topic("a_b", 1, {}).name == "a_b"


def test_a_snapshot_keeps_leader_epochs(world):
    world.broker.controller.create_topic("orders", 1, {})
    world.restart()
    world.broker.controller._journal.snapshot(world.broker.controller.state.records(), world.now())
    world.restart()
    assert world.broker.controller.topics["orders"].leader_epochs == [2]


def test_the_folder_of_the_metadata_log_stays_small(world):
    controller = world.broker.controller
    for number in range(1000):
        value = f"{number}," * 5000
        assert (
            controller.alter_configs(Resource.CLIENT_METRICS, "m", [Change("metrics", 0, value[:32_000] + "x")]) is None
        )
    assert sum(world.disk.size(f"{FOLDER}/{name}") for name in world.disk.list(FOLDER)) < 10 << 20
    world.restart()
    assert world.broker.controller.state.configs[Resource.CLIENT_METRICS, "m"]["metrics"].startswith("999,")


def test_a_change_that_is_too_large_is_refused_and_changes_nothing(world):
    controller = world.broker.controller
    value = ",".join(f"m{number}" for number in range(6000))
    assert controller.alter_configs(Resource.CLIENT_METRICS, "m", [Change("metrics", 0, value[:40_000])]).error == 40
    controller.create_topic("orders", 1, {})
    names = [f"listener.name.l{number}.ssl.cipher.suites" for number in range(300)]
    changes = [Change(name, 0, "x" * 32_000) for name in names]
    assert controller.alter_configs(Resource.BROKER, "1", changes) == creation.TOO_MANY_RECORDS
    assert (Resource.BROKER, "1") not in controller.state.configs


def test_many_partitions_start_under_new_epochs(world, monkeypatch):
    monkeypatch.setattr(creation, "MAX_RECORDS", 7)
    for name in "abcde":
        world.broker.controller.create_topic(name, 5, {})
    world.restart()
    assert [topic.leader_epochs for topic in world.broker.controller.topics.values()] == [[1] * 5] * 5
