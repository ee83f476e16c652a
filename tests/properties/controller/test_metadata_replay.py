"""Whatever is asked of the controller, in whatever order, with whatever the disk does: a restart knows what was
answered.

Beside the broker runs a model, a few dictionaries. A command that was answered well must be in both; one that was
refused in neither; and a broker that starts on the same disk, cleanly or after a power cut, must come to the same
state.
"""

import hypothesis.strategies as st
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from support.whole_broker import WholeBroker
from tautolog.core.controller.alteration import Change, Operation
from tautolog.core.controller.definitions import Resource
from tautolog.core.errors import ErrorCode
from tautolog.core.messages.create_partitions import CreatePartitionsTopic
from tautolog.core.ports import StorageError

NAMES = st.sampled_from(["a", "c.d", "c_d", "__consumer_offsets", "a/b", ""])
CONFIGS = st.dictionaries(
    st.sampled_from(["retention.ms", "retention.bytes", "segment.bytes", "nope"]),
    st.sampled_from(["2000000", "1"]),
    max_size=2,
)
KINDS = st.sampled_from(
    [
        (Resource.BROKER, "", "log.retention.ms"),
        (Resource.BROKER, "1", "log.segment.bytes"),
        (Resource.BROKER, "1", "my.own"),
        (Resource.GROUP, "g", "share.isolation.level"),
        (Resource.CLIENT_METRICS, "m", "metrics"),
    ]
)
VALUES = st.sampled_from(["2000000", "read_committed", None])
FULL = ErrorCode.KAFKA_STORAGE_ERROR


class Metadata(RuleBasedStateMachine):
    @initialize()
    def start(self):
        self.world = WholeBroker()
        self.topics = {}
        self.configs = {(Resource.BROKER, ""): {"min.insync.replicas": "1"}}
        self.epochs = 0
        self.producer_ids = []

    @property
    def controller(self):
        return self.world.broker.controller

    def told(self, refusal):
        """Whether a command was carried out; a disk that works must not be blamed."""
        error = refusal if isinstance(refusal, ErrorCode) else refusal.error
        disk = self.world.disk
        assert error is not FULL or disk.failing or disk.full

    @rule(name=NAMES, count=st.sampled_from([-1, 0, 1, 2]), configs=CONFIGS)
    def create_topic(self, name, count, configs):
        made = self.controller.create_topic(name, count, configs)
        twins = [other for other in self.topics if other.replace("_", ".") == name.replace("_", ".")]
        if isinstance(made, ErrorCode):
            self.told(made)
            good = name not in {"", "a/b"} and not twins and count != 0
            assert made is FULL or not good or made is ErrorCode.INVALID_CONFIG
        else:
            assert twins == []
            self.topics[name] = [made.topic_id, max(count, 1), dict(configs), [self.epochs] * max(count, 1)]

    @rule(name=NAMES)
    def delete_topic(self, name):
        error = self.controller.delete_topic(name)
        if error is ErrorCode.NONE:
            del self.topics[name]
        else:
            assert error in {FULL, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION}
            assert error is not ErrorCode.UNKNOWN_TOPIC_OR_PARTITION or name not in self.topics
            self.told(error)

    @rule(name=NAMES, count=st.integers(-1, 6))
    def more_partitions(self, name, count):
        (refusal,) = self.controller.create_partitions([CreatePartitionsTopic(name, count, None)])
        if refusal is None:
            assert count > self.topics[name][1]
            born = self.topics[name][3]
            born += [self.epochs] * (count - len(born))
            self.topics[name][1] = count
        else:
            self.told(refusal)

    @rule(
        name=NAMES,
        config=st.sampled_from(["retention.ms", "segment.ms", "nope"]),
        value=st.sampled_from(["5", "x", None]),
    )
    def configure_topic(self, name, config, value):
        operation = Operation.DELETE if value is None else Operation.SET
        refusal = self.controller.alter_configs(Resource.TOPIC, name, [Change(config, operation, value)])
        if refusal is not None:
            self.told(refusal)
        elif value is None:
            self.topics[name][2].pop(config, None)
        else:
            self.topics[name][2][config] = value

    @rule(kind=KINDS, value=VALUES)
    def configure(self, kind, value):
        kind, resource, config = kind
        operation = Operation.DELETE if value is None else Operation.SET
        refusal = self.controller.alter_configs(kind, resource, [Change(config, operation, value)])
        if refusal is not None:
            self.told(refusal)
            return
        values = self.configs.setdefault((kind, resource), {})
        values.pop(config, None)
        if value is not None:
            values[config] = value
        if not values:
            del self.configs[kind, resource]

    @rule(count=st.integers(1, 3))
    def producer_id(self, count):
        for _ in range(count):
            given = self.controller.next_producer_id()
            if given is FULL:
                self.told(given)
            else:
                assert given not in self.producer_ids
                self.producer_ids.append(given)

    @rule(state=st.sampled_from(["works", "works", "fails", "is full"]))
    def disk(self, state):
        self.world.disk.failing, self.world.disk.full = state == "fails", state == "is full"

    @rule()
    def snapshot(self):
        try:
            self.controller._journal.snapshot(self.controller.state.records(), self.world.now())
        except StorageError:
            assert self.world.disk.failing or self.world.disk.full

    @rule(power_cut=st.booleans())
    def restart(self, power_cut):
        self.world.disk.failing = self.world.disk.full = False
        if power_cut:
            self.world.disk.power_cut()
        self.world.restart()
        self.epochs += 1

    @invariant()
    def the_state_is_the_models(self):
        topics = {t.name: [t.topic_id, t.partitions, t.configs] for t in self.controller.topics.values()}
        assert topics == {name: model[:3] for name, model in self.topics.items()}
        assert list(self.controller.by_id.values()) == list(self.controller.topics.values())
        assert self.controller.state.configs == self.configs
        for name, model in self.topics.items():
            assert self.controller.topics[name].leader_epochs == [self.epochs - born for born in model[3]]
        assert self.controller.state.partition_count == sum(model[1] for model in self.topics.values())

    @invariant()
    def every_partition_has_its_log(self):
        expected = {(name, index) for name, model in self.topics.items() for index in range(model[1])}
        assert set(self.world.broker.replicas.partitions) == expected


Metadata.TestCase.settings = settings(stateful_step_count=40)
TestMetadata = Metadata.TestCase
