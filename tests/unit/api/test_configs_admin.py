"""DescribeConfigs, the two that alter configs, and ListConfigResources, as Apache Kafka 4.3.0 answers them."""

import pytest

from support.whole_broker import WholeBroker
from tautolog.core.messages import alter_configs, incremental_alter_configs
from tautolog.core.messages.describe_configs import DescribeConfigsRequest, DescribeConfigsResource
from tautolog.core.messages.list_config_resources import ListConfigResourcesRequest

TOPIC, BROKER, LOGGER, METRICS, GROUP = 2, 4, 8, 16, 32
SET, DELETE, APPEND, SUBTRACT = range(4)
PER_LISTENER = "These security configs can be dynamically updated only per-listener using the listener prefix"


@pytest.fixture
def world():
    world = WholeBroker()
    world.broker.controller.create_topic("t", 1, {"retention.ms": "1000"})
    return world


def describe(world, kind, name, keys=None, version=4, *, synonyms=True, documentation=False):
    request = DescribeConfigsRequest([DescribeConfigsResource(kind, name, keys)], synonyms, documentation)
    (result,) = world.ask(request, version).results
    assert (result.resource_type, result.resource_name) == (kind, name)
    return result


def shown(world, kind, name, key):
    """Value, source and synonyms of one config."""
    (config,) = describe(world, kind, name, [key]).configs
    return config.value, config.config_source, [(s.name, s.value, s.source) for s in config.synonyms]


def change(world, kind, name, *changes, version=1, validate_only=False):
    m = incremental_alter_configs
    configs = [m.AlterableConfig(*one) for one in changes]
    request = m.IncrementalAlterConfigsRequest([m.AlterConfigsResource(kind, name, configs)], validate_only)
    (answer,) = world.ask(request, version).responses
    assert (answer.resource_type, answer.resource_name) == (kind, name)
    return answer.error_code, answer.error_message


def replace(world, kind, name, configs, version=2, *, validate_only=False):
    m = alter_configs
    resource = m.AlterConfigsResource(kind, name, [m.AlterableConfig(*item) for item in configs.items()])
    (answer,) = world.ask(m.AlterConfigsRequest([resource], validate_only), version).responses
    return answer.error_code, answer.error_message


def listed(world, *kinds, version=1):
    answer = world.ask(ListConfigResourcesRequest(list(kinds)), version)
    return answer.error_code, [(r.resource_type, r.resource_name) for r in answer.config_resources]


# DescribeConfigs


@pytest.mark.parametrize(
    ("kind", "name", "count"), [(TOPIC, "t", 33), (BROKER, "1", 340), (GROUP, "g", 17), (METRICS, "m", 3)]
)
def test_everything_is_listed(world, kind, name, count):
    result = describe(world, kind, name)
    assert (result.error_code, len({config.name for config in result.configs})) == (0, count)
    assert len(describe(world, kind, name, []).configs) == count


def test_a_topics_values_and_where_they_come_from(world):
    assert shown(world, TOPIC, "t", "retention.ms") == ("1000", 1, [("retention.ms", "1000", 1)])
    assert shown(world, TOPIC, "t", "segment.ms") == ("604800000", 5, [])
    assert shown(world, TOPIC, "t", "cleanup.policy") == ("delete", 5, [("log.cleanup.policy", "delete", 5)])
    assert shown(world, TOPIC, "t", "leader.replication.throttled.replicas") == ("", 5, [])
    least = [("min.insync.replicas", "1", 3), ("min.insync.replicas", "1", 5)]
    assert shown(world, TOPIC, "t", "min.insync.replicas") == ("1", 3, least)


def test_a_coarser_config_is_a_synonym_only_where_the_finer_one_is_set():
    world = WholeBroker(log_retention_hours=5)
    world.broker.controller.create_topic("t", 1, {})
    assert shown(world, TOPIC, "t", "retention.ms") == ("18000000", 5, [])
    assert shown(world, BROKER, "1", "log.retention.ms") == (None, 5, [])
    hours = [("log.retention.hours", "5", 4), ("log.retention.hours", "168", 5)]
    assert shown(world, BROKER, "1", "log.retention.hours") == ("5", 4, hours)
    change(world, BROKER, "1", ("log.retention.ms", SET, "9"))
    assert shown(world, TOPIC, "t", "retention.ms") == ("9", 2, [("log.retention.ms", "9", 2), *hours])


def test_types_and_pointers_come_with_version_3(world):
    for version in (1, 2):
        (config,) = describe(world, TOPIC, "t", ["retention.ms"], version, documentation=True).configs
        assert (config.config_type, config.documentation) == (0, "")
    (config,) = describe(world, TOPIC, "t", ["retention.ms"], 3).configs
    assert (config.config_type, config.documentation) == (5, None)
    (config,) = describe(world, TOPIC, "t", ["retention.ms"], 4, documentation=True).configs
    assert config.documentation.endswith("#topicconfigs_retention.ms")
    (config,) = describe(world, TOPIC, "t", ["retention.ms"], synonyms=False).configs
    assert config.synonyms == []


def test_unknown_keys_are_left_out(world):
    assert [c.name for c in describe(world, TOPIC, "t", ["nope", "retention.ms"]).configs] == ["retention.ms"]
    assert describe(world, BROKER, "1", ["nope"]).configs == []


def test_what_cannot_change_while_running_is_read_only(world):
    flags = {c.name: c.read_only for c in describe(world, BROKER, "1").configs}
    assert (flags["num.partitions"], flags["log.segment.bytes"], flags["listeners"]) == (True, False, False)
    assert sum(flags.values()) == 241


def test_secrets_are_not_shown():
    world = WholeBroker(ssl_keystore_password="secret")
    (config,) = describe(world, BROKER, "1", ["ssl.keystore.password"]).configs
    assert (config.value, config.is_sensitive, [s.value for s in config.synonyms]) == (None, True, [None])


def test_the_broker_says_who_it_is(world):
    assert shown(world, BROKER, "1", "node.id")[:2] == ("1", 4)
    assert shown(world, BROKER, "1", "broker.id") == ("1", 4, [("broker.id", "1", 4), ("broker.id", "-1", 5)])


@pytest.mark.parametrize(
    ("kind", "name", "code", "words"),
    [
        (TOPIC, "nope", 3, ""),
        (TOPIC, "a/b", 17, "Topic name is invalid: 'a/b' contains"),
        (TOPIC, "", 17, "Topic name is invalid: the empty string"),
        (BROKER, "2", 42, "Unexpected broker id, expected 1 or empty string, but received 2"),
        (BROKER, "x", 42, "Broker id must be an integer, but it is: x"),
        (LOGGER, "", 42, "Broker id must not be empty"),
        (LOGGER, "2", 42, "Unexpected broker id, expected 1 but received 2"),
        (GROUP, "", 42, "Group name must not be empty"),
        (METRICS, "", 42, "Client metrics subscription name must not be empty"),
        (0, "x", 42, "Unsupported resource type 0"),
        (3, "x", 42, "Unsupported resource type 3"),
        (64, "x", 42, "Unsupported resource type 64"),
    ],
)
def test_describe_refused(world, kind, name, code, words):
    result = describe(world, kind, name)
    assert (result.error_code, result.configs) == (code, [])
    assert result.error_message.startswith(words)


def test_many_resources_in_one_request(world):
    resources = [
        DescribeConfigsResource(*one) for one in ((TOPIC, "t", None), (TOPIC, "t", None), (TOPIC, "nope", None))
    ]
    results = world.ask(DescribeConfigsRequest(resources), 4).results
    assert [(r.error_code, len(r.configs)) for r in results] == [(0, 33), (0, 33), (3, 0)]


def test_a_kind_that_there_is_not_spoils_the_request(world):
    resources = [DescribeConfigsResource(*one) for one in ((TOPIC, "t", None), (3, "t", None))]
    results = world.ask(DescribeConfigsRequest(resources), 4).results
    assert [(r.error_code, r.resource_type, len(r.configs)) for r in results] == [(42, TOPIC, 0), (42, 3, 0)]


# IncrementalAlterConfigs on topics


@pytest.mark.parametrize("version", [0, 1])
def test_set_and_delete(world, version):
    assert change(world, TOPIC, "t", ("segment.bytes", SET, " 2000000 "), version=version) == (0, None)
    assert shown(world, TOPIC, "t", "segment.bytes")[:2] == ("2000000", 1)
    assert change(world, TOPIC, "t", ("segment.bytes", DELETE, "7"), version=version) == (0, None)
    assert shown(world, TOPIC, "t", "segment.bytes")[:2] == ("1073741824", 5)
    assert change(world, TOPIC, "t", ("segment.bytes", DELETE, None), ("nope", DELETE, None)) == (0, None)
    assert change(world, TOPIC, "t") == (0, None)


def test_append_and_subtract(world):
    def policy():
        return shown(world, TOPIC, "t", "cleanup.policy")[0]

    for operation, value, result in (
        (APPEND, "compact", "delete,compact"),
        (APPEND, "compact", "delete,compact"),
        (SUBTRACT, "delete", "compact"),
        (SUBTRACT, "delete", "compact"),
        (SUBTRACT, "compact", ""),
        (APPEND, "compact,delete", "compact,delete"),
    ):
        assert change(world, TOPIC, "t", ("cleanup.policy", operation, value)) == (0, None)
        assert policy() == result


@pytest.mark.parametrize(
    ("name", "changes", "code", "sentence"),
    [
        ("t", [("segment.bytes", SET, None)], 42, "Null value not supported for : segment.bytes"),
        ("t", [("cleanup.policy", APPEND, None)], 42, "Null value not supported for : cleanup.policy"),
        ("t", [("nope", SET, "1")], 40, "Unknown topic config name: nope"),
        ("t", [("segment.ms", SET, "7"), ("nope", SET, "1")], 40, "Unknown topic config name: nope"),
        (
            "t",
            [("segment.ms", SET, "x")],
            40,
            "Invalid value x for configuration segment.ms: Not a number of type LONG",
        ),
        ("t", [("segment.ms", APPEND, "1")], 40, "Can't APPEND to key segment.ms because its type is not LIST."),
        ("t", [("nope", SUBTRACT, "1")], 40, "Can't SUBTRACT to key nope because its type is not LIST."),
        ("t", [("segment.ms", 4, "1")], 42, "Unknown config operation 4"),
        ("t", [("segment.ms", -1, "1")], 42, "Unknown config operation -1"),
        ("t", [("segment.ms", SET, "1"), ("segment.ms", SET, "2")], 42, "Error due to duplicate config keys"),
        ("nope", [("segment.ms", SET, "1")], 3, "The topic 'nope' does not exist."),
        ("", [("segment.ms", SET, "1")], 42, "Default topic resources are not allowed."),
    ],
)
def test_change_of_a_topic_refused(world, name, changes, code, sentence):
    assert change(world, TOPIC, name, *changes) == (code, sentence)
    assert world.broker.controller.topics["t"].configs == {"retention.ms": "1000"}


def test_a_bad_topic_name_is_told(world):
    code, sentence = change(world, TOPIC, "a/b", ("segment.ms", SET, "1"))
    assert (code, sentence[:28]) == (17, "Topic name is invalid: 'a/b'")


@pytest.mark.parametrize("kind", [0, 1, 3, 7, 64])
def test_unknown_kinds_of_resource(world, kind):
    assert change(world, kind, "t", ("segment.ms", SET, "1")) == (42, f"Unknown resource type {kind}")
    assert replace(world, kind, "t", {}) == (42, f"Unknown resource type {kind}")


def test_a_resource_named_twice_is_refused_each_time(world):
    m = incremental_alter_configs
    one, two = (
        m.AlterConfigsResource(TOPIC, "t", [m.AlterableConfig(n, SET, "5")]) for n in ("segment.ms", "flush.ms")
    )
    other = m.AlterConfigsResource(TOPIC, "nope", [])
    answers = world.ask(m.IncrementalAlterConfigsRequest([one, two, other]), 1).responses
    sentence = "Each resource must appear at most once."
    assert [(a.error_code, a.error_message) for a in answers[:2]] == [(42, sentence)] * 2
    assert answers[2].error_code == 3
    assert world.broker.controller.topics["t"].configs == {"retention.ms": "1000"}


def test_validated_only(world):
    assert change(world, TOPIC, "t", ("segment.ms", SET, "7"), validate_only=True) == (0, None)
    assert replace(world, TOPIC, "t", {}, validate_only=True) == (0, None)
    assert world.broker.controller.topics["t"].configs == {"retention.ms": "1000"}


def test_a_full_disk_refuses_with_its_code(world):
    world.disk.full = True
    assert change(world, TOPIC, "t", ("segment.ms", SET, "7"))[0] == 56
    assert replace(world, TOPIC, "t", {})[0] == 56


# IncrementalAlterConfigs on brokers, groups, subscriptions, loggers


def test_dynamic_broker_configs_and_who_wins(world):
    assert change(world, BROKER, "", ("log.segment.bytes", SET, "3000000")) == (0, None)
    assert change(world, BROKER, "1", ("log.segment.bytes", SET, "2000000")) == (0, None)
    three = [
        ("log.segment.bytes", "2000000", 2),
        ("log.segment.bytes", "3000000", 3),
        ("log.segment.bytes", "1073741824", 5),
    ]
    assert shown(world, BROKER, "1", "log.segment.bytes") == ("2000000", 2, three)
    assert shown(world, TOPIC, "t", "segment.bytes") == ("2000000", 2, three)
    assert shown(world, BROKER, "", "log.segment.bytes") == ("3000000", 3, three[1:2])
    assert {c.name for c in describe(world, BROKER, "").configs} == {"log.segment.bytes", "min.insync.replicas"}
    world.restart()
    assert shown(world, BROKER, "1", "log.segment.bytes") == ("2000000", 2, three)
    assert change(world, BROKER, "1", ("log.segment.bytes", DELETE, None)) == (0, None)
    assert shown(world, TOPIC, "t", "segment.bytes")[:2] == ("3000000", 3)


@pytest.mark.parametrize(
    ("name", "changed", "code", "sentence"),
    [
        ("1", ("num.partitions", SET, "3"), 42, "Cannot update these configs dynamically: [num.partitions]"),
        (
            "",
            ("listeners", SET, "x"),
            42,
            "Cannot update these configs at default cluster level, broker id must be specified: [listeners]",
        ),
        (
            "1",
            ("ssl.keystore.password", SET, "x"),
            42,
            f"{PER_LISTENER}: [ssl.keystore.password]",
        ),
        (
            "1",
            ("log.segment.bytes", SET, "x"),
            42,
            "Invalid value x for configuration log.segment.bytes: Not a number of type INT",
        ),
        ("2", ("log.segment.bytes", SET, "3000000"), 42, "Unexpected broker id, expected 1, but received 2"),
        ("x", ("log.segment.bytes", SET, "3000000"), 42, "Node id must be an integer, but it is: x"),
        (
            "1",
            ("min.insync.replicas", SET, "2"),
            40,
            "Broker-level min.insync.replicas cannot be altered while ELR is enabled.",
        ),
        (
            "",
            ("min.insync.replicas", DELETE, None),
            40,
            "Cluster-level min.insync.replicas cannot be removed while ELR is enabled.",
        ),
    ],
)
def test_change_of_a_broker_refused(world, name, changed, code, sentence):
    assert change(world, BROKER, name, changed) == (code, sentence)


def test_min_insync_replicas_of_the_cluster_can_change(world):
    assert change(world, BROKER, "", ("min.insync.replicas", SET, "2")) == (0, None)
    assert shown(world, TOPIC, "t", "min.insync.replicas")[:2] == ("2", 3)


def test_a_new_cluster_takes_min_insync_replicas_from_its_start():
    world = WholeBroker(min_insync_replicas=2)
    least = [("min.insync.replicas", "2", 3), ("min.insync.replicas", "2", 4), ("min.insync.replicas", "1", 5)]
    assert shown(world, BROKER, "1", "min.insync.replicas") == ("2", 3, least)


def test_names_a_broker_does_not_know_are_kept_like_secrets(world):
    assert change(
        world, BROKER, "1", ("my.plugin", SET, "x"), ("listener.name.plaintext.max.connections", SET, "7")
    ) == (0, None)
    configs = {c.name: c for c in describe(world, BROKER, "1").configs}
    mine = configs["my.plugin"]
    assert (mine.value, mine.read_only, mine.config_source, mine.is_sensitive, mine.config_type) == (
        None,
        True,
        2,
        True,
        0,
    )
    prefixed = configs["listener.name.plaintext.max.connections"]
    assert (prefixed.value, prefixed.read_only, prefixed.config_source, prefixed.config_type) == ("7", True, 2, 3)
    assert [(s.name, s.value, s.source) for s in prefixed.synonyms] == [
        ("listener.name.plaintext.max.connections", "7", 2),
        ("max.connections", "2147483647", 5),
    ]


@pytest.mark.parametrize(
    ("changed", "code", "words"),
    [
        (("consumer.session.timeout.ms", SET, "50000"), 0, None),
        (("share.auto.offset.reset", SET, "by_duration:PT1H"), 0, None),
        (
            ("consumer.session.timeout.ms", SET, "5"),
            40,
            "consumer.session.timeout.ms must be greater than or equal to group.consumer.min.session.timeout.ms",
        ),
        (
            ("consumer.heartbeat.interval.ms", SET, "50000"),
            40,
            "consumer.heartbeat.interval.ms must be less than or equal to group.consumer.max.heartbeat.interval.ms",
        ),
        (
            ("streams.num.standby.replicas", SET, "7"),
            40,
            "streams.num.standby.replicas must be less than or equal to group.streams.max.standby.replicas",
        ),
        (
            ("share.partition.max.record.locks", SET, "50000"),
            40,
            "share.partition.max.record.locks must be less than or equal to group.share.max.partition.max.record.locks",
        ),
        (("nope", SET, "5"), 40, "Unknown group config name: nope"),
        (("share.isolation.level", SET, "x"), 40, "Invalid value x for configuration share.isolation.level: "),
    ],
)
def test_groups(world, changed, code, words):
    error, sentence = change(world, GROUP, "g", changed)
    assert error == code
    assert sentence == words if words is None else sentence.startswith(words)
    if code == 0:
        assert shown(world, GROUP, "g", changed[0])[:2] == (changed[2], 8)


def test_a_group_is_known_by_its_configs(world):
    default = [("group.consumer.session.timeout.ms", "45000", 5)]
    assert shown(world, GROUP, "g", "consumer.session.timeout.ms") == ("45000", 5, default)
    change(world, GROUP, "g", ("consumer.session.timeout.ms", SET, "50000"))
    own = [("consumer.session.timeout.ms", "50000", 8), *default]
    assert shown(world, GROUP, "g", "consumer.session.timeout.ms") == ("50000", 8, own)
    assert listed(world, GROUP) == (0, [(GROUP, "g")])
    replace(world, GROUP, "g", {})
    assert listed(world, GROUP) == (0, [])
    assert change(world, GROUP, "", ("consumer.session.timeout.ms", SET, "1")) == (
        42,
        "Default group resources are not allowed.",
    )


@pytest.mark.parametrize(
    ("changed", "code", "words"),
    [
        (("interval.ms", SET, "1000"), 0, None),
        (("match", SET, "client_id=a.*,client_source_port=90"), 0, None),
        (
            ("interval.ms", SET, "1"),
            42,
            "Invalid value 1 for interval.ms, interval must be between 100 and 3600000 (1 hour)",
        ),
        (("match", SET, "zz"), 40, "Illegal client matching pattern: zz"),
        (("match", SET, "client_id=["), 40, "Illegal client matching pattern: client_id=["),
        (("match", SET, "colour=red"), 40, "Illegal client matching pattern: colour=red"),
        (("zz", SET, "1"), 42, "Unknown client metrics configuration: zz"),
    ],
)
def test_client_metrics(world, changed, code, words):
    assert change(world, METRICS, "m", changed) == (code, words)
    if code == 0:
        assert shown(world, METRICS, "m", changed[0])[:2] == (changed[2], 7)
        assert listed(world, version=0) == (0, [(METRICS, "m")])


def test_loggers_say_less_when_told(world):
    assert describe(world, LOGGER, "1").configs[0].value == "INFO"
    world.broker.report("info", "one")
    assert change(world, LOGGER, "1", ("root", SET, "ERROR")) == (0, None)
    world.broker.report("warning", "two")
    world.broker.report("error", "three")
    assert [effect.text for effect in world.broker.outbox] == ["three"]
    (config,) = describe(world, LOGGER, "1").configs
    assert (config.name, config.value, config.config_source, config.synonyms) == ("root", "ERROR", 6, [])


@pytest.mark.parametrize(
    ("name", "changed", "code", "words"),
    [
        ("1", ("root", SET, "LOUD"), 40, "Cannot set the log level of root to LOUD"),
        ("1", ("nope", SET, "DEBUG"), 40, "Logger nope does not exist!"),
        ("1", ("root", DELETE, None), 42, "Removing the log level of the root logger is not allowed"),
        ("1", ("root", APPEND, "INFO"), 42, "APPEND operation is not allowed for the BROKER_LOGGER resource"),
        ("1", ("root", SET, None), 42, "Null value not supported"),
        ("2", ("root", SET, "INFO"), 42, "Unexpected node id. Expected 1, but received 2"),
        ("", ("root", SET, "INFO"), 42, "Node id must be an integer, but it is: "),
    ],
)
def test_change_of_loggers_refused(world, name, changed, code, words):
    error, sentence = change(world, LOGGER, name, changed)
    assert (error, sentence[: len(words)]) == (code, words)
    assert world.broker.loggers.levels == {"root": "INFO"}


def test_levels_validated_only_stay(world):
    assert change(world, LOGGER, "1", ("root", SET, "DEBUG"), validate_only=True) == (0, None)
    assert world.broker.loggers.levels == {"root": "INFO"}
    assert replace(world, LOGGER, "1", {"root": "DEBUG"}) == (42, "Unknown resource type 8")


# AlterConfigs


@pytest.mark.parametrize("version", range(3))
def test_replace(world, version):
    assert replace(world, TOPIC, "t", {"segment.bytes": "2000000"}, version) == (0, None)
    assert world.broker.controller.topics["t"].configs == {"segment.bytes": "2000000"}
    assert replace(world, TOPIC, "t", {}, version) == (0, None)
    assert world.broker.controller.topics["t"].configs == {}


@pytest.mark.parametrize(
    ("name", "configs", "code", "sentence"),
    [
        ("t", {"retention.ms": None}, 42, "Null value not supported for : retention.ms"),
        ("t", {"nope": "1"}, 40, "Unknown topic config name: nope"),
        ("nope", {"retention.ms": "1"}, 3, "The topic 'nope' does not exist."),
    ],
)
def test_replace_refused(world, name, configs, code, sentence):
    assert replace(world, TOPIC, name, configs) == (code, sentence)
    assert world.broker.controller.topics["t"].configs == {"retention.ms": "1000"}


def test_replace_twice_in_one_request_is_refused_each_time(world):
    m = alter_configs
    twins = [m.AlterConfigsResource(TOPIC, "t", []) for _ in range(2)]
    assert [a.error_code for a in world.ask(m.AlterConfigsRequest(twins), 2).responses] == [42, 42]
    configs = [m.AlterableConfig("retention.ms", value) for value in "12"]
    request = m.AlterConfigsRequest([m.AlterConfigsResource(TOPIC, "t", configs)])
    assert [a.error_message for a in world.ask(request, 2).responses] == ["Error due to duplicate config keys"]


def test_the_cluster_default_of_min_insync_replicas_stays(world):
    sentence = "Cluster-level min.insync.replicas cannot be removed while ELR is enabled."
    assert replace(world, BROKER, "", {"log.retention.ms": "5"}) == (40, sentence)
    assert replace(world, BROKER, "", {"log.retention.ms": "5", "min.insync.replicas": "1"}) == (0, None)


# ListConfigResources


def test_list(world):
    change(world, METRICS, "m", ("metrics", SET, "a"))
    change(world, GROUP, "g", ("consumer.session.timeout.ms", SET, "50000"))
    everything = [(TOPIC, "t"), (BROKER, "1"), (LOGGER, "1"), (METRICS, "m"), (GROUP, "g")]
    assert listed(world) == (0, everything)
    assert listed(world, GROUP, TOPIC, TOPIC) == (0, [(TOPIC, "t"), (GROUP, "g")])
    assert listed(world, version=0) == (0, [(METRICS, "m")])
    for bad in (0, 7, 64):
        assert listed(world, TOPIC, bad) == (35, [])
