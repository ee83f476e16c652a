"""No request can raise, and no answer is one that its version cannot carry: hostile names, numbers and texts."""

import hypothesis.strategies as st
from hypothesis import given, settings

from support.whole_broker import WholeBroker
from tautolog.core.controller import definitions
from tautolog.core.controller.alteration import Change, Operation, set_on
from tautolog.core.controller.definitions import BadValue
from tautolog.core.controller.names import problem
from tautolog.core.controller.records import (
    ConfigRecord,
    FeatureLevelRecord,
    PartitionChangeRecord,
    PartitionRecord,
    ProducerIdsRecord,
    RemoveTopicRecord,
    TopicRecord,
    decode,
    encode,
)
from tautolog.core.errors import ErrorCode
from tautolog.core.messages import alter_configs, describe_configs, incremental_alter_configs
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
from tautolog.core.messages.describe_cluster import DescribeClusterRequest
from tautolog.core.messages.describe_topic_partitions import (
    DescribeTopicPartitionsRequest,
    DescribeTopicPartitionsRequestCursor,
    TopicRequest,
)
from tautolog.core.messages.list_config_resources import ListConfigResourcesRequest
from tautolog.core.messages.metadata import MetadataRequest, MetadataRequestTopic
from tautolog.core.node import Disconnect
from tautolog.core.records.errors import RecordsError

KNOWN = [d.name for table in (definitions.topic, definitions.broker, definitions.group) for d in table().values()]
FAVOURITES = ["retention.ms", "cleanup.policy", "log.cleanup.policy", "share.isolation.level", "match", "nope"]
TEXT = st.text(max_size=12)
NAMES = st.sampled_from(["t", "u.v", "u_v", "", ".", "a/b", "1", "a" * 250, "ä" * 16_383]) | TEXT
VALUES = (
    st.none()
    | st.sampled_from(
        ["1", "-1", "compact", "true", "NaN", "1e400", "9" * 5000, "²", "1,,2", "*", "x" * 32_767, "€" * 10_922]
    )
    | TEXT
)
KEYS = st.sampled_from(FAVOURITES) | st.sampled_from(KNOWN) | TEXT
NODES = st.lists(st.integers(-1, 2), max_size=3)
INTS = st.sampled_from([-(2**31), -2, -1, 0, 1, 2, 3, 9_999, 10_001, 2**31 - 1])
SHORTS = st.sampled_from([-(2**15), -2, -1, 0, 1, 2, 2**15 - 1])
IDS = st.sampled_from([bytes(16), bytes(15) + b"\2", b"\xff" * 16])
KINDS = st.sampled_from([0, 1, 2, 4, 8, 16, 32, 64, -128, 127])

OPERATIONS = st.sampled_from([0, 0, 0, 1, 2, 3, 4, -1, 127])
ASSIGNMENTS = st.lists(st.builds(CreatableReplicaAssignment, st.integers(-1, 3), NODES), max_size=3)
CONFIGS = st.lists(st.builds(CreatableTopicConfig, KEYS, VALUES), max_size=3)
TOPICS = st.builds(CreatableTopic, NAMES, INTS, SHORTS, ASSIGNMENTS, CONFIGS)
INCREMENTAL = st.builds(incremental_alter_configs.AlterableConfig, KEYS, OPERATIONS, VALUES)
FULL = st.builds(alter_configs.AlterableConfig, KEYS, VALUES)
CURSORS = st.none() | st.builds(DescribeTopicPartitionsRequestCursor, NAMES, INTS)

REQUESTS = st.one_of(
    st.tuples(st.integers(2, 7), st.builds(CreateTopicsRequest, st.lists(TOPICS, max_size=3), INTS, st.booleans())),
    st.tuples(
        st.just(6),
        st.builds(DeleteTopicsRequest, st.lists(st.builds(DeleteTopicState, st.none() | NAMES, IDS), max_size=4)),
    ),
    st.tuples(st.integers(1, 5), st.builds(DeleteTopicsRequest, st.just([]), st.lists(NAMES, max_size=4))),
    st.tuples(
        st.integers(0, 3),
        st.builds(
            CreatePartitionsRequest,
            st.lists(
                st.builds(
                    CreatePartitionsTopic,
                    NAMES,
                    INTS,
                    st.none() | st.lists(st.builds(CreatePartitionsAssignment, NODES), max_size=3),
                ),
                max_size=3,
            ),
            INTS,
            st.booleans(),
        ),
    ),
    st.tuples(
        st.integers(0, 1),
        st.builds(
            incremental_alter_configs.IncrementalAlterConfigsRequest,
            st.lists(
                st.builds(
                    incremental_alter_configs.AlterConfigsResource, KINDS, NAMES, st.lists(INCREMENTAL, max_size=3)
                ),
                max_size=3,
            ),
            st.booleans(),
        ),
    ),
    st.tuples(
        st.integers(0, 2),
        st.builds(
            alter_configs.AlterConfigsRequest,
            st.lists(
                st.builds(alter_configs.AlterConfigsResource, KINDS, NAMES, st.lists(FULL, max_size=3)), max_size=3
            ),
            st.booleans(),
        ),
    ),
    st.tuples(
        st.integers(1, 4),
        st.builds(
            describe_configs.DescribeConfigsRequest,
            st.lists(
                st.builds(
                    describe_configs.DescribeConfigsResource, KINDS, NAMES, st.none() | st.lists(KEYS, max_size=2)
                ),
                max_size=3,
            ),
            st.booleans(),
            st.booleans(),
        ),
    ),
    st.tuples(
        st.integers(10, 13),
        st.builds(
            MetadataRequest,
            st.none() | st.lists(st.builds(MetadataRequestTopic, IDS, st.none() | NAMES), max_size=3),
            st.booleans(),
        ),
    ),
    st.tuples(st.integers(0, 2), st.builds(DescribeClusterRequest, st.booleans(), st.integers(-128, 127))),
    st.tuples(
        st.just(0),
        st.builds(DescribeTopicPartitionsRequest, st.lists(st.builds(TopicRequest, NAMES), max_size=3), INTS, CURSORS),
    ),
    st.tuples(st.just(1), st.builds(ListConfigResourcesRequest, st.lists(KINDS, max_size=3))),
)


def errors(message):
    """Every error code anywhere in an answer."""
    for name in message.__slots__:
        value = getattr(message, name)
        if name == "error_code":
            yield value
        for part in value if isinstance(value, list) else [value]:
            if hasattr(part, "__slots__"):
                yield from errors(part)


@settings(max_examples=2 * settings.default.max_examples)
@given(st.lists(REQUESTS, min_size=1, max_size=6))
def test_whatever_is_asked_is_answered_and_a_restart_knows_it(requests):
    world = WholeBroker()
    world.broker.controller.create_topic("t", 2, {})
    for version, body in requests:
        if version < 12 and isinstance(body, MetadataRequest):
            body.topics = [topic for topic in body.topics or [] if topic.name is not None]
        answer = world.ask(body, version)
        assert not isinstance(answer, Disconnect)
        assert ErrorCode.UNKNOWN_SERVER_ERROR not in errors(answer)
    before = world.broker.controller.state.configs, {t.name: t.configs for t in world.broker.controller.topics.values()}
    world.restart()
    assert before == (
        world.broker.controller.state.configs,
        {t.name: t.configs for t in world.broker.controller.topics.values()},
    )


@given(
    st.sampled_from(
        [d for table in (definitions.topic, definitions.broker, definitions.group) for d in table().values()]
    ),
    VALUES,
)
def test_a_value_is_taken_or_refused_with_a_sentence(definition, text):
    if text is None:
        return
    try:
        definition.read(text)
    except BadValue as refused:
        sentence = str(refused)
    else:
        sentence = None
    if sentence is None:
        shown = definition.shown(text)
        assert definition.sensitive or definition.type == "double" or definition.read(shown) == definition.read(text)
    else:
        assert sentence.startswith("Invalid value ")
        assert f" for configuration {definition.name}: " in sentence


@given(TEXT)
def test_a_name_is_good_or_there_is_a_sentence(name):
    sentence = problem(name)
    legal = (
        0 < len(name) <= 249
        and all(c.isascii() and (c.isalnum() or c in "._-") for c in name)
        and name not in {".", ".."}
    )
    assert (sentence is None) is legal


@given(st.sampled_from([2, 4, 16, 32]), st.lists(INCREMENTAL, max_size=4, unique_by=lambda config: config.name))
def test_any_changes_of_any_configs_are_made_or_refused(kind, configs):
    world = WholeBroker()
    world.broker.controller.create_topic("t", 1, {})
    name = {2: "t", 4: "1"}.get(kind, "n")
    changes = [Change(config.name, config.config_operation, config.value) for config in configs]
    refusal = world.broker.controller.alter_configs(kind, name, changes)
    kept = dict(set_on(world.broker.controller.state, kind, name))
    if refusal is not None:
        assert kept == {}
        assert refusal.message
    else:
        assert all(kept[change.name] == change.value for change in changes if change.operation == Operation.SET)
        assert describe_all(world)


def describe_all(world):
    resources = [
        describe_configs.DescribeConfigsResource(*one) for one in ((2, "t", None), (4, "1", None), (32, "n", None))
    ]
    results = world.ask(describe_configs.DescribeConfigsRequest(resources, include_synonyms=True), 4).results
    return [result.error_code for result in results] == [0, 0, 0]


RECORDS = st.sampled_from(
    [
        TopicRecord("orders", bytes(range(16))),
        PartitionRecord(7, bytes(range(16)), [1, 2], [2], 2, 3, 4),
        PartitionChangeRecord(7, bytes(range(16)), 2),
        ConfigRecord(2, "orders", "retention.ms", "5"),
        RemoveTopicRecord(bytes(range(16))),
        FeatureLevelRecord("metadata.version", 30),
        ProducerIdsRecord(1, 5, 1000),
    ]
)


@given(RECORDS, st.integers(0, 80), st.binary(max_size=3), st.integers(0, 3))
def test_bytes_are_a_metadata_record_or_refused(record, position, patch, removed):
    data = bytearray(encode(record))
    data[position : position + removed] = patch
    try:
        read = decode(data)
    except RecordsError:
        return
    assert decode(encode(read)) == read
