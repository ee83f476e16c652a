"""The story of the demo, in order: broker, producer, three consumers, kill -9, restart, a last reading, the figures."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path

import attrs
from kafka.admin import KafkaAdminClient, NewTopic

from tautolog.campaign.demo.broker import BrokerProcess
from tautolog.campaign.demo.clients import (
    CUSTOMERS,
    PATIENT,
    TOPIC,
    OrderConsumer,
    OrderProducer,
    quiet,
    read_everything,
)
from tautolog.campaign.demo.recorder import Recorder
from tautolog.campaign.demo.store import SqliteStore

PARTITIONS, CONSUMERS, ORDERS, RATE = 6, 3, 6000, 1200.0
DOWN_SECONDS, DRAIN_SECONDS, READ_SECONDS = 0.3, 12.0, 10.0
READER = 9
HISTORY = "history.jsonl"
"""Written before anything else, so that a folder with it is known to be a demo's."""

Progress = Callable[[str, float], None]
"""Called with a line and how much of the run is done, from 0 to 1."""


class NotOurs(Exception):  # noqa: N818  # what the folder is
    """The folder holds something, and no earlier demo: a run would delete what it did not write."""


@attrs.frozen(kw_only=True)
class Outcome:
    """What the demo saw; the verdict over the history is a matter of its own."""

    history: Path
    acknowledged: int
    unknown: int
    delivered: int
    processed: int
    lost: int
    repeated: int
    doubled: int
    disordered: int
    start_seconds: float
    restart_seconds: float
    quiet_seconds: float
    problems: tuple[str, ...]


def run(folder: Path, progress: Progress, sabotage: str | None = None) -> Outcome:
    """Play the story in `folder`, in place of an earlier one; leaves no process behind whatever happens.

    Raises `NotOurs` for a folder that holds anything but an earlier demo: its files bear common names.
    """
    quiet()
    if folder.exists() and any(folder.iterdir()) and not (folder / HISTORY).exists():
        raise NotOurs(f"{folder} is not empty and holds no earlier demo; nothing was changed in it")
    for name in ("data", "store.sqlite", "store.sqlite-wal", "store.sqlite-shm", "broker.log"):
        target = folder / name
        shutil.rmtree(target) if target.is_dir() else target.unlink(missing_ok=True)
    folder.mkdir(parents=True, exist_ok=True)
    broker = BrokerProcess(folder, sabotage)
    stop = threading.Event()
    with Recorder(folder / HISTORY) as recorder:
        try:
            return _play(folder, broker, recorder, stop, progress)
        finally:
            stop.set()
            broker.stop()


def _play(
    folder: Path, broker: BrokerProcess, recorder: Recorder, stop: threading.Event, progress: Progress
) -> Outcome:
    progress("starting a broker", 0.0)
    started = broker.start()
    admin = KafkaAdminClient(bootstrap_servers=broker.bootstrap, **PATIENT)
    admin.create_topics([NewTopic(name=TOPIC, num_partitions=PARTITIONS, replication_factor=1)])
    admin.close()
    store = folder / "store.sqlite"
    SqliteStore(store).close()
    consumers = [OrderConsumer(n + 1, broker.bootstrap, recorder, store, stop) for n in range(CONSUMERS)]
    producer = OrderProducer(broker.bootstrap, recorder, partitions=PARTITIONS, total=ORDERS, rate=RATE)
    for consumer in consumers:
        consumer.thread.start()
    producer.thread.start()
    tick = threading.Event()
    while producer.sent < ORDERS // 2 and not producer.finished.is_set():
        progress(f"{len(producer.acknowledged)} orders acknowledged", producer.sent / ORDERS * 0.8)
        tick.wait(0.05)
    progress("kill -9", 0.4)
    recorder.event("nemesis", "info", "kill", "broker-1")
    broker.kill()
    tick.wait(DOWN_SECONDS)
    restarted = broker.start()
    recorder.event("nemesis", "info", "restart", "broker-1")
    while not producer.finished.wait(0.05):
        progress(f"{len(producer.acknowledged)} orders acknowledged", producer.sent / ORDERS * 0.8)
    _drain(producer, consumers, store, progress)
    stop.set()
    problems = []
    if producer.failure is not None:
        problems.append(f"the producer ended: {type(producer.failure).__name__}: {producer.failure}")
    for consumer in consumers:
        consumer.thread.join(5.0)
        if consumer.failure is not None:
            problems.append(f"consumer {consumer.number} ended: {type(consumer.failure).__name__}: {consumer.failure}")
    progress("reading everything once more", 0.95)
    logs = read_everything(broker.bootstrap, recorder, PARTITIONS, READER, READ_SECONDS)
    progress("done", 1.0)
    return _figures(folder, producer, consumers, logs, (started, restarted), problems)


def _drain(producer: OrderProducer, consumers: list[OrderConsumer], store: Path, progress: Progress) -> None:
    """Wait until every acknowledged order was processed, or the time is over."""
    tick, deadline = threading.Event(), time.monotonic() + DRAIN_SECONDS
    look = SqliteStore(store)
    try:
        while time.monotonic() < deadline:
            missing = producer.acknowledged.keys() - look.processed()
            if not missing or not any(consumer.thread.is_alive() for consumer in consumers):
                break
            progress(f"{len(missing)} orders still to be processed", 0.9)
            tick.wait(0.1)
    finally:
        look.close()


def _figures(
    folder: Path,
    producer: OrderProducer,
    consumers: list[OrderConsumer],
    logs: dict[int, list[tuple[int, str, int]]],
    seconds: tuple[float, float],
    problems: list[str],
) -> Outcome:
    store = SqliteStore(folder / "store.sqlite")
    processed, disordered_effects = store.processed(), store.disordered()
    store.close()
    in_log = [order for records in logs.values() for order, _, _ in records]
    highest: dict[str, int] = {}
    disordered = disordered_effects
    for records in logs.values():
        for _, customer, number in records:
            disordered += number < highest.get(customer, -1)
            highest[customer] = max(number, highest.get(customer, -1))
    return Outcome(
        history=folder / HISTORY,
        acknowledged=len(producer.acknowledged),
        unknown=producer.failed,
        delivered=sum(consumer.delivered for consumer in consumers),
        processed=len(processed),
        lost=len(producer.acknowledged.keys() - (processed & set(in_log))),
        repeated=sum(consumer.repeated for consumer in consumers),
        doubled=len(in_log) - len(set(in_log)),
        disordered=disordered,
        start_seconds=seconds[0],
        restart_seconds=seconds[1],
        quiet_seconds=producer.quiet_ns / 1e9,
        problems=tuple(problems),
    )


__all__ = ["CUSTOMERS", "Outcome", "run"]
