"""A small simulated world to try one thing at a time: a real broker, a topic, and clients that are asked to act."""

from __future__ import annotations

from tautolog.client.admin import Admin
from tautolog.client.consumer import Committed, Consumer
from tautolog.client.producer import Producer
from tautolog.core.broker import Broker
from tautolog.sim.choices import Seeded
from tautolog.sim.faults import Fault, apply
from tautolog.sim.server import Fsync
from tautolog.sim.world import World

BROKER = "broker-1"
BOOTSTRAP = [(BROKER, 9092)]


class Lab:
    """One broker with the topic `orders` (one partition). Times are virtual milliseconds."""

    def __init__(self, *, fsync=Fsync.ALWAYS, seed=1, partitions=1, topic="orders", choices=None, **settings):
        self.world = World(Seeded(seed) if choices is None else choices)
        self.reports = []
        self.world.on_report = lambda process, level, text: self.reports.append((process, level, text))
        self.settings = {"group.initial.rebalance.delay.ms": "0", "offsets.topic.num.partitions": "1", **settings}
        self.broker = self.world.add_server(BROKER, 9092, self._broker, fsync=fsync)
        self.broker.start()
        self.admin = self.client("admin", Admin)
        self.admin.act(lambda now: self.admin.node.create_topic(now, topic, partitions))
        assert self.until(self.admin.node.take)

    def _broker(self, disk, process):
        chance = self.world.choices.stream("chance")
        return Broker(disk, chance, node_id=1, cluster_id="lab", endpoint=(process.host, 9092), settings=self.settings)

    @property
    def now_ms(self):
        return self.world.now_ns // 1_000_000

    def client(self, host, kind, **options):
        def make(process):
            stream = self.world.choices.stream(f"{host}/{process.runs}")
            return kind(stream, bootstrap=BOOTSTRAP, client_id=host, **options)

        process = self.world.add_caller(host, make)
        process.start()
        return process

    def producer(self, host="producer-1", **options):
        return self.client(host, Producer, **{"linger_ms": 0, "request_timeout_ms": 2000, **options})

    def consumer(self, host="consumer-1", **options):
        options = {"auto_offset_reset": "earliest", "request_timeout_ms": 2000, "max_wait_ms": 50, **options}
        return self.client(host, Consumer, **options)

    def run(self, milliseconds):
        self.world.run_for(milliseconds)

    def until(self, met, patience_ms=60_000):
        """Let time pass until `met()`; False when patience ran out. `met` is asked every 5 ms."""
        for _ in range(patience_ms // 5):
            if met():
                return True
            self.world.run_for(5)
        return bool(met())

    def send(self, producer, value, *, topic="orders", partition=0):
        producer.act(lambda now: producer.node.send(now, topic, value, partition=partition))

    def sent(self, producer, value, patience_ms=60_000, **place):
        """Send one record and wait how it ends; None if it does not within patience."""
        self.send(producer, value, **place)
        done = []
        self.until(lambda: done.extend(producer.node.take()) or done, patience_ms)
        return done[0] if done else None

    def read_all(self, host="final", topic="orders", partition=0, patience_ms=5000):
        """Every value of one partition, read from the beginning to the end by a fresh consumer."""
        reader = self.consumer(host)
        reader.act(lambda now: reader.node.assign(now, [(topic, partition)]))
        reader.act(lambda now: reader.node.seek(now, (topic, partition), 0))
        values = []

        def at_end():
            reader.act(lambda now: values.extend(record.value for record in reader.node.poll(now)))
            position = reader.node.positions[topic, partition]
            return 0 <= position.high_watermark <= position.next_offset

        self.until(at_end, patience_ms)
        self.troubles = reader.node.take_events()
        reader.kill()
        return values

    def fault(self, kind, *target, for_ms=0, amount=0):
        apply(self.world, Fault(self.now_ms, kind, target, for_ms, amount))


def commit(lab, consumer, offsets=None):
    """Commit and wait how it ends."""
    consumer.act(lambda now: consumer.node.commit(now, offsets))
    ended = []

    def over():
        ended.extend(event for event in consumer.node.take_events() if isinstance(event, Committed))
        return ended

    lab.until(over)
    return ended[0]
