"""The clients of the demo: kafka-python as anybody installs it, each call written into the history.

A producer sends orders with keys over all partitions; three consumers of one group process them into the embedded store,
then commit; at the end one reader without a group reads every partition from its start, which settles what the log holds.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from pathlib import Path
from typing import Any

from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.errors import KafkaError

from tautolog.campaign.demo.recorder import Recorder
from tautolog.campaign.demo.store import SqliteStore

TOPIC = "orders"
CUSTOMERS = 60
PATIENT = {"reconnect_backoff_ms": 20, "reconnect_backoff_max_ms": 200, "retry_backoff_ms": 50}


def quiet() -> None:
    """The clients log each refused connection of the killed broker; the table says it better."""
    logging.getLogger("kafka").setLevel(logging.CRITICAL + 1)


def key_of(part: int) -> str:
    """A partition's name in the history."""
    return f"{TOPIC}-{part}"


class OrderProducer:
    """Sends `total` orders at `rate` a second; order n belongs to customer n mod 60, whose partition is fixed."""

    def __init__(self, bootstrap: str, recorder: Recorder, *, partitions: int, total: int, rate: float) -> None:
        self.recorder = recorder
        self.partitions = partitions
        self.total = total
        self.rate = rate
        self.sent = 0
        self.acknowledged: dict[int, int] = {}
        self.failed = 0
        self.quiet_ns = 0
        self._last_ack = time.monotonic_ns()
        self._producer = KafkaProducer(
            bootstrap_servers=bootstrap,
            client_id="demo-producer",
            delivery_timeout_ms=20000,
            linger_ms=5,
            request_timeout_ms=5000,
            **PATIENT,
        )
        self.failure: BaseException | None = None
        self.thread = threading.Thread(target=self._guarded, name="producer", daemon=True)
        self.finished = threading.Event()

    def _guarded(self) -> None:
        try:
            self._run()
        except BaseException as error:  # noqa: BLE001  # a thread's end must not be silent: the table reports it
            self.failure = error
        finally:
            self.finished.set()

    def _run(self) -> None:
        self._producer.partitions_for(TOPIC)
        began = time.monotonic()
        pause = threading.Event()
        while self.sent < self.total:
            due = min(self.total, int((time.monotonic() - began) * self.rate) + 1)
            if due > self.sent:
                self._send(range(self.sent, due))
                self.sent = due
            pause.wait(0.02)
        self._producer.flush(timeout=20)
        self._producer.close(timeout=5)

    def _send(self, orders: range) -> None:
        """Send a handful of orders: one operation of the history, answered when all of them are."""
        parts = {order: order % CUSTOMERS % self.partitions for order in orders}
        handful = Handful(self.recorder, parts)
        for order, part in parts.items():
            name = f"c{order % CUSTOMERS:02}"
            body = {"order": order, "customer": name, "number": order // CUSTOMERS, "amount": order * 7 % 1000}
            try:
                future = self._producer.send(TOPIC, json.dumps(body).encode(), key=name.encode(), partition=part)
            except KafkaError:
                self._lost(order, handful)
                continue
            future.add_callback(self._acknowledged, order, part, handful)
            future.add_errback(lambda _, order=order, handful=handful: self._lost(order, handful))

    def _acknowledged(self, order: int, part: int, handful: Handful, metadata: Any) -> None:
        self.acknowledged[order] = part
        handful.answered(order, metadata.offset)
        now = time.monotonic_ns()
        self.quiet_ns = max(self.quiet_ns, now - self._last_ack)
        self._last_ack = now

    def _lost(self, order: int, handful: Handful) -> None:
        """Unknown is unknown: the record may be in the log or not."""
        self.failed += 1
        handful.answered(order, None)


class Handful:
    """One operation that sends several orders; its completion waits for the last answer."""

    def __init__(self, recorder: Recorder, parts: dict[int, int]) -> None:
        self.recorder = recorder
        self.parts = parts
        self.offsets: dict[int, int | None] = {}
        self.slot = recorder.slot()
        self._lock = threading.Lock()
        recorder.event(self.slot, "invoke", "send", [["send", key_of(part), order] for order, part in parts.items()])

    def answered(self, order: int, offset: int | None) -> None:
        """Take one answer in; None where it is not known whether the order was written."""
        with self._lock:
            self.offsets[order] = offset
            if len(self.offsets) < len(self.parts):
                return
        sends = [["send", key_of(p), o if (at := self.offsets[o]) is None else [at, o]] for o, p in self.parts.items()]
        if None in self.offsets.values():
            self.recorder.event(self.slot, "info", "send", sends)
        else:
            self.recorder.event(self.slot, "ok", "send", sends)
            self.recorder.release(self.slot)


class OrderConsumer:
    """One member of the group: poll, process into the store, commit; at least once."""

    def __init__(self, number: int, bootstrap: str, recorder: Recorder, store: Path, stop: threading.Event) -> None:
        self.number = number
        self.recorder = recorder
        self.store = store
        self.stop = stop
        self.bootstrap = bootstrap
        self.delivered = 0
        self.repeated = 0
        self.failure: BaseException | None = None
        self.thread = threading.Thread(target=self._guarded, name=f"consumer-{number}", daemon=True)

    def _guarded(self) -> None:
        try:
            self._run()
        except BaseException as error:  # noqa: BLE001  # a thread's end must not be silent: the table reports it
            self.failure = error

    def _run(self) -> None:
        store = SqliteStore(self.store)
        consumer = KafkaConsumer(
            bootstrap_servers=self.bootstrap,
            client_id=f"demo-consumer-{self.number}",
            group_id="order-processors",
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            session_timeout_ms=10000,
            heartbeat_interval_ms=500,
            request_timeout_ms=15000,
            fetch_max_wait_ms=100,
            **PATIENT,
        )
        consumer.partitions_for_topic(
            TOPIC
        )  # a leader that does not know them yet assigns nothing and rebalances again
        self.recorder.event(self.number, "invoke", "subscribe", [TOPIC])
        consumer.subscribe([TOPIC])
        self.recorder.event(self.number, "ok", "subscribe", [TOPIC])
        try:
            while not self.stop.is_set():
                self._step(consumer, store)
        finally:
            consumer.close(timeout_ms=2000)
            store.close()

    def _step(self, consumer: Any, store: SqliteStore) -> None:
        self.recorder.event(self.number, "invoke", "poll", [["poll"]])
        try:
            batches = consumer.poll(timeout_ms=100)
        except KafkaError:
            self.recorder.event(self.number, "info", "poll", [["poll"]])
            return
        self.recorder.event(self.number, "ok", "poll", [["poll", polled(batches)]])
        orders = [(json.loads(r.value), r) for records in batches.values() for r in records]
        if not orders:
            return
        self.delivered += len(orders)
        self.repeated += store.process(
            (o["order"], o["customer"], o["number"], r.topic, r.partition, r.offset) for o, r in orders
        )
        positions = {f"{tp.topic}-{tp.partition}": records[-1].offset + 1 for tp, records in batches.items()}
        self.recorder.event(self.number, "invoke", "commit", positions)
        try:
            consumer.commit()
        except KafkaError:
            self.recorder.event(self.number, "info", "commit", positions)
        else:
            self.recorder.event(self.number, "ok", "commit", positions)


def polled(batches: dict[Any, list[Any]]) -> dict[str, list[list[int]]]:
    """What a poll returned, as the history writes it: key -> [[offset, order], …]."""
    return {
        f"{tp.topic}-{tp.partition}": [[r.offset, json.loads(r.value)["order"]] for r in records]
        for tp, records in batches.items()
    }


def read_everything(
    bootstrap: str, recorder: Recorder, partitions: int, process: int, seconds: float
) -> dict[int, list[tuple[int, str, int]]]:
    """Read every partition from its start to its end; per partition [(order, customer, the customer's number)] in log order."""
    consumer = KafkaConsumer(bootstrap_servers=bootstrap, client_id="demo-reader", enable_auto_commit=False, **PATIENT)
    keys = [key_of(part) for part in range(partitions)]
    found: dict[int, list[tuple[int, str, int]]] = {part: [] for part in range(partitions)}
    try:
        assigned = [TopicPartition(TOPIC, part) for part in range(partitions)]
        recorder.event(process, "invoke", "assign", keys)
        consumer.assign(assigned)
        consumer.seek_to_beginning(*assigned)
        recorder.event(process, "ok", "assign", keys)
        ends = consumer.end_offsets(assigned)
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and any(consumer.position(tp) < ends[tp] for tp in assigned):
            recorder.event(process, "invoke", "poll", [["poll"]])
            batches = consumer.poll(timeout_ms=200, max_records=5000)
            recorder.event(process, "ok", "poll", [["poll", polled(batches)]])
            for tp, records in batches.items():
                for record in records:
                    order = json.loads(record.value)
                    found[tp.partition].append((order["order"], order["customer"], order["number"]))
    finally:
        consumer.close()
    return found
