"""Configs: described with every default, altered, refused."""

from __future__ import annotations

from typing import Any

from conformance.talk import Talk, conversation
from tautolog.core.messages import alter_configs, incremental_alter_configs
from tautolog.core.messages.create_topics import CreatableTopic, CreateTopicsRequest
from tautolog.core.messages.describe_configs import DescribeConfigsRequest, DescribeConfigsResource
from tautolog.core.messages.list_config_resources import ListConfigResourcesRequest

TOPIC, BROKER, LOGGER, GROUP = 2, 4, 8, 32
GIVEN = {
    "advertised.listeners",
    "controller.listener.names",
    "controller.quorum.voters",
    "inter.broker.listener.name",
    "listener.security.protocol.map",
    "listeners",
    "log.dirs",
    "node.id",
    "offsets.topic.replication.factor",
    "process.roles",
    "share.coordinator.state.topic.min.isr",
    "share.coordinator.state.topic.replication.factor",
    "transaction.state.log.min.isr",
    "transaction.state.log.replication.factor",
}
"""What an Apache Kafka of one node has to be told and ours has not, or the other way round."""


def describe(
    talk: Talk,
    kind: int,
    name: str,
    keys: list[str] | None = None,
    version: int = 4,
    *,
    synonyms: bool = False,
    when: dict[str, str] | None = None,
) -> Any:
    """Describe one resource and note the answer, once it shows the values of `when`: changes take a moment."""
    resource = DescribeConfigsResource(kind, name, keys)
    if when is not None:
        talk.until(
            lambda: talk.quietly(DescribeConfigsRequest([resource], False, False), 4),
            lambda a: {c.name: c.value for c in a.results[0].configs}.items() >= when.items(),
        )
    return talk.ask(DescribeConfigsRequest([resource], synonyms, False), version)


def change(
    talk: Talk, kind: int, name: str, *changes: tuple[str, int, str | None], version: int = 1, validate: bool = False
) -> Any:
    """IncrementalAlterConfigs: (name, operation, value); 0 set, 1 delete, 2 append, 3 subtract."""
    configs = [incremental_alter_configs.AlterableConfig(*one) for one in changes]
    resource = incremental_alter_configs.AlterConfigsResource(kind, name, configs)
    return talk.ask(incremental_alter_configs.IncrementalAlterConfigsRequest([resource], validate), version)


def replace(
    talk: Talk, kind: int, name: str, configs: dict[str, str | None], version: int = 2, *, validate: bool = False
) -> Any:
    """AlterConfigs: what is not named goes back to its default."""
    given = [alter_configs.AlterableConfig(n, v) for n, v in configs.items()]
    return talk.ask(
        alter_configs.AlterConfigsRequest([alter_configs.AlterConfigsResource(kind, name, given)], validate), version
    )


@conversation
def topic_defaults(talk: Talk) -> None:
    """Every topic config with its default, type, source and synonyms."""
    topic = talk.topic()
    describe(talk, TOPIC, topic, synonyms=True)


@conversation
def topic_configs_each_version(talk: Talk) -> None:
    """Some keys in every version; unknown keys are left out; unknown topics are said."""
    topic = talk.topic(retention_ms="1000")
    for version in range(1, 5):
        describe(talk, TOPIC, topic, ["retention.ms", "cleanup.policy", "nonsense"], version, synonyms=version > 2)
    describe(talk, TOPIC, topic, [])
    describe(talk, TOPIC, "topic-configs-nowhere")
    describe(talk, TOPIC, "a b")
    describe(talk, TOPIC, "")


@conversation
def broker_defaults(talk: Talk) -> None:
    """Every broker config: name, type, default; what differs by nature (paths, ids, addresses) is left out."""
    answer = talk.quietly(DescribeConfigsRequest([DescribeConfigsResource(BROKER, "1", None)], False, False), 4)
    configs = [c for c in answer.results[0].configs if c.config_source == 5 and c.name not in GIVEN]
    ours = [[c.name, c.value, c.config_type, c.is_sensitive, c.read_only] for c in configs]
    talk.note("broker defaults", sorted(ours))


@conversation
def group_defaults(talk: Talk) -> None:
    """Group configs exist for a group nobody has heard of."""
    describe(talk, GROUP, "group-defaults", synonyms=True)
    describe(talk, GROUP, "")


@conversation
def config_resources_refused(talk: Talk) -> None:
    """Unknown types, other brokers' ids, the default broker."""
    describe(talk, 3, "x")
    describe(talk, 0, "x")
    describe(talk, BROKER, "99")
    describe(talk, BROKER, "one")
    describe(talk, BROKER, "")


@conversation
def topic_configs_altered(talk: Talk) -> None:
    """Set, delete, append, subtract; bad names and values; validate only."""
    topic = talk.topic()
    keys = ["retention.ms", "cleanup.policy", "max.message.bytes"]
    change(talk, TOPIC, topic, ("retention.ms", 0, "1000"))
    describe(talk, TOPIC, topic, keys, when={"retention.ms": "1000"})
    change(talk, TOPIC, topic, ("cleanup.policy", 2, "compact"))
    describe(talk, TOPIC, topic, keys, when={"cleanup.policy": "delete,compact"})
    change(talk, TOPIC, topic, ("cleanup.policy", 3, "delete"))
    describe(talk, TOPIC, topic, keys, when={"cleanup.policy": "compact"})
    change(talk, TOPIC, topic, ("retention.ms", 1, None))
    change(talk, TOPIC, topic, ("max.message.bytes", 0, "5"), validate=True)
    describe(talk, TOPIC, topic, keys, when={"retention.ms": "604800000"})
    change(talk, TOPIC, topic, ("retention.ms", 0, "x"))
    change(talk, TOPIC, topic, ("retention.ms", 0, None))
    change(talk, TOPIC, topic, ("no.such", 0, "1"))
    change(talk, TOPIC, topic, ("no.such", 1, None))
    change(talk, TOPIC, topic, ("retention.ms", 2, "1"))
    change(talk, TOPIC, topic, ("retention.ms", 7, "1"))
    change(talk, TOPIC, topic, ("retention.ms", 0, "1"), ("retention.ms", 0, "2"))
    change(talk, TOPIC, "topic-configs-altered-nowhere", ("retention.ms", 0, "1"))
    change(talk, TOPIC, topic, ("retention.ms", 0, "77"), version=0)
    describe(talk, TOPIC, topic, keys, when={"retention.ms": "77"})


@conversation
def topic_configs_replaced(talk: Talk) -> None:
    """AlterConfigs replaces the whole set."""
    topic = talk.topic(retention_ms="1000", max_message_bytes="2000")
    keys = ["retention.ms", "max.message.bytes", "segment.bytes"]
    replace(talk, TOPIC, topic, {"segment.bytes": "1048576"})
    describe(talk, TOPIC, topic, keys, when={"segment.bytes": "1048576"})
    replace(talk, TOPIC, topic, {"segment.bytes": "1"}, 0)
    replace(talk, TOPIC, topic, {"retention.ms": None}, 1)
    replace(talk, TOPIC, topic, {"nonsense": "1"})
    replace(talk, TOPIC, topic, {}, validate=True)
    describe(talk, TOPIC, topic, keys)
    replace(talk, TOPIC, topic, {})
    describe(talk, TOPIC, topic, keys, when={"segment.bytes": "1073741824"})


@conversation
def broker_configs_altered(talk: Talk) -> None:
    """Dynamic broker configs; read-only ones are refused; the cluster-wide default."""
    keys = ["log.retention.ms", "message.max.bytes", "num.partitions", "log.cleaner.threads"]
    change(talk, BROKER, "1", ("message.max.bytes", 0, "2000000"))
    talk.until(
        lambda: talk.quietly(DescribeConfigsRequest([DescribeConfigsResource(BROKER, "1", keys)], False, False), 4),
        lambda a: any(c.value == "2000000" for c in a.results[0].configs),
    )
    describe(talk, BROKER, "1", keys, synonyms=True)
    change(talk, BROKER, "1", ("num.partitions", 0, "3"))
    change(talk, BROKER, "1", ("no.such.config", 0, "3"))
    change(talk, BROKER, "1", ("message.max.bytes", 0, "many"))
    change(talk, BROKER, "77", ("message.max.bytes", 0, "5"))
    change(talk, BROKER, "1", ("message.max.bytes", 1, None))
    change(talk, BROKER, "", ("log.retention.ms", 0, "5000000"))
    talk.until(
        lambda: talk.quietly(DescribeConfigsRequest([DescribeConfigsResource(BROKER, "", None)], False, False), 4),
        lambda a: any(c.value == "5000000" for c in a.results[0].configs),
    )
    describe(talk, BROKER, "")
    change(talk, BROKER, "", ("log.retention.ms", 1, None))


@conversation
def group_configs_altered(talk: Talk) -> None:
    """A group's own configs."""
    name = talk.group()
    change(talk, GROUP, name, ("consumer.session.timeout.ms", 0, "50000"))
    talk.until(
        lambda: talk.quietly(DescribeConfigsRequest([DescribeConfigsResource(GROUP, name, None)], False, False), 4),
        lambda a: any(c.value == "50000" for c in a.results[0].configs),
    )
    describe(talk, GROUP, name, ["consumer.session.timeout.ms"])
    change(talk, GROUP, name, ("consumer.session.timeout.ms", 0, "1"))
    change(talk, GROUP, name, ("nonsense", 0, "1"))
    change(talk, GROUP, "", ("consumer.session.timeout.ms", 0, "50000"))
    change(talk, GROUP, name, ("consumer.session.timeout.ms", 1, None))


@conversation
def config_resources_listed(talk: Talk) -> None:
    """Topics, brokers, groups that have configs."""
    topic = talk.topic()
    for version, kinds in ((0, []), (1, [TOPIC]), (1, [BROKER]), (1, [99]), (1, [LOGGER])):
        answer = talk.quietly(ListConfigResourcesRequest(kinds), version)
        ours = sorted(
            [r.resource_type, r.resource_name] for r in answer.config_resources if r.resource_name in {topic, "1"}
        )
        talk.note(f"v{version} {kinds}", [answer.error_code, ours])


@conversation
def created_topics_show_configs(talk: Talk) -> None:
    """From version 5 CreateTopics answers with the configs of what it made."""
    answer = talk.quietly(CreateTopicsRequest([CreatableTopic("created-topics-show-configs", 1, 1)], 30000, False), 7)
    talk.note("configs", answer.topics[0].configs)
