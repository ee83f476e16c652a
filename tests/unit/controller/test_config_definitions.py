"""What each configuration takes, and the sentence when it does not: as seen on Apache Kafka 4.3.0."""

import pytest

from tautolog.core.controller import definitions
from tautolog.core.controller.definitions import BadValue

ONE_OF = "String must be one of: CreateTime, LogAppendTime"
TABLES = (definitions.broker, definitions.topic, definitions.group, definitions.client_metrics)
DEFAULTS = [d for table in TABLES for d in table().values() if d.default is not None]


@pytest.mark.parametrize("definition", DEFAULTS, ids=lambda d: d.name)
def test_a_default_is_a_value_that_is_taken_and_shown_as_it_is(definition):
    definition.read(definition.default)
    assert definition.sensitive or definition.shown(definition.default) == definition.default


def test_every_config_that_kafka_lists_is_there():
    assert [sum(not d.internal for d in table().values()) for table in TABLES] == [340, 33, 17, 3]


def test_a_default_of_a_topic_is_that_of_its_broker_config():
    broker = definitions.broker()
    for definition in definitions.topic().values():
        if len(definition.synonyms) == 1:
            assert broker[definition.synonyms[0]].default == definition.default


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("segment.bytes", "abc", "Invalid value abc for configuration segment.bytes: Not a number of type INT"),
        ("segment.bytes", "1", "Invalid value 1 for configuration segment.bytes: Value must be at least 1048576"),
        (
            "segment.bytes",
            "99999999999",
            "Invalid value 99999999999 for configuration segment.bytes: Not a number of type INT",
        ),
        ("segment.bytes", "", "Invalid value  for configuration segment.bytes: Not a number of type INT"),
        ("segment.ms", "1_0", "Invalid value 1_0 for configuration segment.ms: Not a number of type LONG"),
        ("segment.ms", "0x10", "Invalid value 0x10 for configuration segment.ms: Not a number of type LONG"),
        ("segment.ms", str(2**63), f"Invalid value {2**63} for configuration segment.ms: Not a number of type LONG"),
        ("retention.ms", "-2", "Invalid value -2 for configuration retention.ms: Value must be at least -1"),
        (
            "compression.zstd.level",
            "23",
            "Invalid value 23 for configuration compression.zstd.level: Value must be no more than 22",
        ),
        (
            "compression.gzip.level",
            "0",
            "Invalid value 0 for configuration compression.gzip.level: Value must be between 1 and 9 or equal to -1",
        ),
        (
            "min.cleanable.dirty.ratio",
            "2",
            "Invalid value 2.0 for configuration min.cleanable.dirty.ratio: Value must be no more than 1",
        ),
        (
            "min.cleanable.dirty.ratio",
            "x",
            "Invalid value x for configuration min.cleanable.dirty.ratio: Not a number of type DOUBLE",
        ),
        (
            "preallocate",
            "yes",
            "Invalid value yes for configuration preallocate: Expected value to be either true or false",
        ),
        (
            "message.timestamp.type",
            "logappendtime",
            f"Invalid value logappendtime for configuration message.timestamp.type: {ONE_OF}",
        ),
        (
            "cleanup.policy",
            "Compact",
            "Invalid value Compact for configuration cleanup.policy: String must be one of: compact, delete",
        ),
    ],
)
def test_refused_as_kafka_refuses(name, text, sentence):
    with pytest.raises(BadValue) as refused:
        definitions.topic()[name].read(text)
    assert str(refused.value) == sentence


@pytest.mark.parametrize(
    ("name", "text", "value", "shown"),
    [
        ("segment.bytes", " 2000000 ", 2_000_000, "2000000"),
        ("segment.ms", "+5", 5, "5"),
        ("preallocate", "TRUE", True, "true"),
        ("cleanup.policy", "compact , delete,compact", ["compact", "delete"], "compact,delete"),
        ("cleanup.policy", "", [], ""),
        ("min.cleanable.dirty.ratio", "1e-1", 0.1, "0.1"),
        ("min.cleanable.dirty.ratio", "0.5d", 0.5, "0.5"),
        ("compression.gzip.level", "-1", -1, "-1"),
        ("leader.replication.throttled.replicas", "*", ["*"], "*"),
        ("leader.replication.throttled.replicas", "0:1,1:1", ["0:1", "1:1"], "0:1,1:1"),
    ],
)
def test_taken_as_kafka_takes(name, text, value, shown):
    definition = definitions.topic()[name]
    assert definition.read(text) == value
    assert definition.shown(text) == shown


@pytest.mark.parametrize(
    ("table", "name", "text"),
    [
        (definitions.topic, "leader.replication.throttled.replicas", "1:2,x"),
        (definitions.topic, "leader.replication.throttled.replicas", "none"),
        (definitions.topic, "cleanup.policy", "compact,"),
        (definitions.broker, "listeners", ""),
        (definitions.broker, "process.roles", "broker,king"),
        (definitions.broker, "remote.log.storage.manager.impl.prefix", " "),
        (definitions.broker, "principal.builder.class", "my.Builder"),
        (definitions.broker, "group.consumer.migration.policy", "sideways"),
        (definitions.broker, "offsets.topic.replication.factor", "40000"),
        (definitions.group, "share.auto.offset.reset", "by_duration:x"),
        (definitions.group, "share.auto.offset.reset", "by_duration:P"),
        (definitions.group, "share.auto.offset.reset", "by_duration:-PT1H"),
    ],
)
def test_refused(table, name, text):
    with pytest.raises(BadValue, match=f"for configuration {name}"):
        table()[name].read(text)


@pytest.mark.parametrize(
    ("table", "name", "text"),
    [
        (definitions.broker, "group.consumer.migration.policy", "Bidirectional"),
        (definitions.broker, "ssl.keystore.password", " se,cret "),
        (definitions.group, "share.auto.offset.reset", "by_duration:PT1H"),
        (definitions.group, "share.auto.offset.reset", "by_duration:P1DT2H3M4.5S"),
        (definitions.group, "share.auto.offset.reset", "earliest"),
    ],
)
def test_taken(table, name, text):
    table()[name].read(text)


def test_a_secret_is_never_shown():
    assert definitions.broker()["ssl.keystore.password"].shown("secret") is None
