"""The partition room on its own: a broker with partitions and fetches, whose controller is a table of topics.

`ask` hands a request to an API's handler and returns the answer, `answers` what came later, `wait` lets time pass.
"""

from __future__ import annotations

from importlib import import_module

from tautolog.core.controller.configs import BrokerConfig
from tautolog.core.controller.state import Topic
from tautolog.core.log.config import LogConfig
from tautolog.core.messages.fetch import FetchPartition, FetchRequest, FetchTopic, ForgottenTopic, ReplicaState
from tautolog.core.messages.produce import PartitionProduceData, ProduceRequest, TopicProduceData
from tautolog.core.node import Disconnect, Peer, Reply, Report, Request
from tautolog.core.partition.fetches import Fetches
from tautolog.core.partition.replicas import Replicas
from tautolog.core.ports import Instant
from tautolog.core.records.record import Record, build
from tautolog.core.timers import Timers
from tautolog.sim.disk import SimDisk

START = Instant(1_000, 1_700_000_000_000)


class Counting:
    """Chance that counts: every answer is foreseen."""

    def __init__(self):
        self.given = 0

    def below(self, bound):
        self.given += 1
        return self.given % bound

    def uuid(self):
        self.given += 1
        return self.given.to_bytes(16, "big")


class Table:
    """A controller that only holds topics, each with its configs."""

    def __init__(self, broker):
        self._broker = broker
        self._configs = {}
        self.topics = {}
        self.by_id = {}
        self.producer_ids = 0

    def topic_config(self, topic):
        return self._configs[topic]

    def next_producer_id(self):
        self.producer_ids += 1
        return self.producer_ids - 1

    def know(self, topic, **settings):
        self.topics[topic.name] = self.by_id[topic.topic_id] = topic
        self._configs[topic.name] = LogConfig(**settings)

    def add(self, name, partitions=1, *, leader_epoch=0, **settings):
        topic = Topic(
            name, self._broker.chance.uuid(), partitions, {}, internal=False, leader_epochs=[leader_epoch] * partitions
        )
        self.know(topic, **settings)
        for index in range(partitions):
            self._broker.replicas.create(topic, index)
        return topic

    def change(self, name, **settings):
        self._configs[name] = self._configs[name]._replace(**settings)
        self._broker.replicas.configure(name)

    def drop(self, name):
        del self.by_id[self.topics.pop(name).topic_id]
        self._broker.replicas.delete(name)


class SmallBroker:
    """What handlers and the partition room use of a broker."""

    node_id = 7
    endpoint = ("broker.example", 9092)

    def __init__(self, storage=None, settings=None, now=START, topics=()):
        self.storage = SimDisk() if storage is None else storage
        self.chance = Counting()
        self.now = now
        self.timers = Timers()
        self.outbox = []
        self.config = BrokerConfig(settings or {})
        self.controller = Table(self)
        for topic in topics:
            self.controller.know(topic)
        self.replicas = Replicas(self)
        self.fetches = Fetches(self)
        self.replicas.start()

    def reply(self, token, message):
        self.outbox.append(Reply(token, message))

    def report(self, level, text):
        self.outbox.append(Report(level, text))

    def ask(self, api, body, version, *, client_id="test", connection=1, token=None):
        """The answer of an API's handler, None if it comes later or never."""
        module = import_module(f"tautolog.core.api.{api}")
        assert module.VERSIONS[0] <= version <= module.VERSIONS[1]
        return module.handle(self, Peer(connection, "/127.0.0.1"), Request(module.KEY, version, client_id, body, token))

    def wait(self, milliseconds):
        """Let time pass, timer by timer."""
        end = self.now.monotonic_ms + milliseconds
        while (deadline := self.timers.next_deadline()) is not None and deadline <= end:
            self._move_to(max(deadline, self.now.monotonic_ms))
            for action in self.timers.due(self.now.monotonic_ms):
                action()
        self._move_to(end)

    def _move_to(self, monotonic_ms):
        passed = monotonic_ms - self.now.monotonic_ms
        self.now = Instant(monotonic_ms, self.now.wall_ms + passed)

    def answers(self):
        """The late answers so far, by token; taken out."""
        return self._take(Reply, lambda effect: (effect.token, effect.message))

    def reports(self):
        """The lines for the operator so far; taken out."""
        return self._take(Report, lambda effect: effect.text)

    def disconnects(self):
        """The peers that were cut off; taken out."""
        return self._take(Disconnect, lambda effect: effect.peer.connection)

    def _take(self, kind, of):
        taken = [of(effect) for effect in self.outbox if isinstance(effect, kind)]
        self.outbox = [effect for effect in self.outbox if not isinstance(effect, kind)]
        return taken

    def produce(self, topic, records, *, index=0, version=9, acks=-1, transactional_id=None, client_id="test"):
        """Send one partition's records; the answer for that partition."""
        name, topic_id = (topic, bytes(16)) if version < 13 else ("", topic)
        data = [TopicProduceData(name, topic_id, [PartitionProduceData(index, records)])]
        answer = self.ask(
            "produce", ProduceRequest(transactional_id, acks, 1000, data), version, client_id=client_id, token="produce"
        )
        return None if answer is None else answer.responses[0].partition_responses[0]

    def fetch(self, wanted, *, version=12, token=None, connection=1, **fields):
        """Fetch `wanted`: (topic or id, index, offset[, fields of the partition]); the whole answer, or None if it waits."""
        topics = {}
        for topic, index, offset, *rest in wanted:
            partition = FetchPartition(index, fetch_offset=offset, **{"partition_max_bytes": 1 << 20, **dict(*rest)})
            topics.setdefault(topic, []).append(partition)
        forgotten = fields.pop("forgotten", {})
        replica = fields.pop("replica_id", -1)
        body = FetchRequest(
            replica_id=replica if version < 15 else -1,
            replica_state=ReplicaState(replica if version >= 15 else -1),
            **{"max_wait_ms": 0, "min_bytes": 1, "max_bytes": 1 << 25, **fields},
        )
        for topic, partitions in topics.items():
            named = {"topic_id": topic} if version >= 13 else {"topic": topic}
            body.topics.append(FetchTopic(partitions=partitions, **named))
        for topic, indexes in forgotten.items():
            named = {"topic_id": topic} if version >= 13 else {"topic": topic}
            body.forgotten_topics_data.append(ForgottenTopic(partitions=indexes, **named))
        return self.ask("fetch", body, version, token=token, connection=connection)


def batch(count=1, *, size=10, key=None, stamps=None, **header):
    """A batch of `count` records as a client sends it, stamped with the start of the test unless `stamps` says otherwise."""
    stamps = stamps or [START.wall_ms] * count
    return build([Record(0, stamp, key, b"v" * size) for stamp in stamps], **header)


def found(answer):
    """A fetch's answer in short: {(topic, index): (error, high watermark, bytes of records)}."""
    return {
        (topic.topic or topic.topic_id, data.partition_index): (data.error_code, data.high_watermark, len(data.records))
        for topic in answer.responses
        for data in topic.partitions
    }
