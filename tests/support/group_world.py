"""A small world for the group coordinator alone: a log in memory, virtual time, clients with names.

Everything of `tautolog.core.groups` and its API modules is real; partitions and topics are stand-ins, so that a test can
restart the coordinator on the same log, fill the disk and look at every record that was written.
"""

from __future__ import annotations

from importlib import import_module
from types import SimpleNamespace

from tautolog.core.controller.configs import BrokerConfig
from tautolog.core.controller.names import OFFSETS_TOPIC
from tautolog.core.groups.coordinator import GroupCoordinator
from tautolog.core.log.config import LogConfig
from tautolog.core.node import Peer, Reply, Report, Request
from tautolog.core.ports import Instant, StorageFull
from tautolog.core.records.record import Record
from tautolog.core.timers import Timers

APIS = (
    "find_coordinator",
    "join_group",
    "sync_group",
    "heartbeat",
    "leave_group",
    "offset_commit",
    "offset_fetch",
    "offset_delete",
    "describe_groups",
    "list_groups",
    "delete_groups",
)
MODULES = {name: import_module(f"tautolog.core.api.{name}") for name in APIS}


class Counting:
    """Chance without chance: ids are numbered."""

    def __init__(self):
        self.count = 0

    def uuid(self):
        self.count += 1
        return self.count.to_bytes(16, "big")

    def below(self, bound):
        return 0 * bound


class MemoryPartition:
    """One partition of `__consumer_offsets`: a list of records that outlives the broker."""

    def __init__(self, world, index):
        self.world = world
        self.index = index
        self.written: list[Record] = []
        self.log = self
        self.config = LogConfig()
        self.start_offset = 0

    def append_internal(self, records, now):
        if self.world.disk_full:
            self.world.refused += 1
            raise StorageFull("no room")
        base = len(self.written)
        for delta, (key, value) in enumerate(records):
            self.written.append(Record(base + delta, now.wall_ms, key, value))
        return base

    def records(self, from_offset):
        if self.world.unreadable:
            raise StorageFull("cannot be read")
        return iter(self.written[from_offset:])


class Topics:
    """The controller as far as groups ask it."""

    def __init__(self, world):
        self.world = world
        self.topics = {}
        self.by_id = {}

    def make(self, name, partitions):
        topic = SimpleNamespace(name=name, partitions=partitions, topic_id=self.world.chance.uuid())
        self.topics[name] = self.by_id[topic.topic_id] = topic
        return topic

    def drop(self, name):
        del self.by_id[self.topics.pop(name).topic_id]

    def ensure_internal(self, name):
        if name not in self.topics:
            self.make(name, self.world.config.get_int("offsets.topic.num.partitions"))
            self.world.partitions = [
                MemoryPartition(self.world, index) for index in range(self.topics[name].partitions)
            ]
        return self.topics[name]


class GroupWorld:
    """A broker that is nothing but its groups. Time moves only through `wait`."""

    def __init__(self, settings=(), topics=(("t", 2), ("u", 1))):
        self.node_id = 1
        self.endpoint = ("127.0.0.1", 9092)
        self.settings = dict(settings)
        self.config = BrokerConfig(self.settings)
        self.chance = Counting()
        self.disk_full = self.unreadable = False
        self.refused = 0
        self.partitions: list[MemoryPartition] = []
        self.controller = Topics(self)
        self.replicas = SimpleNamespace(get=lambda _topic, index: self.partitions[index])
        self.tokens = 0
        for name, partitions in topics:
            self.controller.make(name, partitions)
        self.now = Instant(0, 1_000_000)
        self.boot()

    def boot(self):
        """Start the coordinator, over whatever the log holds."""
        self.timers = Timers()
        self.outbox = []
        self.reports = []
        self.groups = GroupCoordinator(self)
        self.groups.start()

    def reply(self, token, message):
        self.outbox.append(Reply(token, message))

    def report(self, level, text):
        self.reports.append(Report(level, text))

    def ask(self, api, version, body, client="client", host="/127.0.0.1"):
        """Send one request; its answer, or the token under which it will come."""
        module = MODULES[api]
        lowest, highest = module.VERSIONS
        assert lowest <= version <= highest, f"{api} {version}"
        self.tokens += 1
        request = Request(module.KEY, version, client, body, self.tokens)
        answer = module.handle(self, Peer(1, host), request)
        if answer is not None:
            return answer
        for effect in self.outbox:
            if effect.token == request.token:
                self.outbox.remove(effect)
                return effect.message
        return request.token

    def wait(self, milliseconds):
        """Let time pass; yield after each timer that fired."""
        end = self.now.monotonic_ms + milliseconds
        while (deadline := self.timers.next_deadline()) is not None and deadline <= end:
            step = max(deadline - self.now.monotonic_ms, 0)
            self.now = Instant(self.now.monotonic_ms + step, self.now.wall_ms + step)
            for action in self.timers.due(self.now.monotonic_ms):
                action()
            yield self.now.monotonic_ms
        rest = end - self.now.monotonic_ms
        self.now = Instant(end, self.now.wall_ms + rest)

    def restart(self):
        """Lose everything but the log; the monotonic clock starts anew."""
        self.now = Instant(0, self.now.wall_ms)
        self.boot()

    def drain(self):
        """The late answers since the last call."""
        answers, self.outbox = self.outbox, []
        return answers

    def records(self):
        """All records written so far, in order, over all partitions."""
        return [record for partition in self.partitions for record in partition.written]

    def ready(self):
        """Make the topic that holds the groups."""
        self.controller.ensure_internal(OFFSETS_TOPIC)
        return self
