"""`tautolog produce`: lines of standard input become records of a topic."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

import click

from tautolog.cli import printing, records
from tautolog.cli.errors import Usage
from tautolog.cli.remote import Cluster, Failed, cluster_options, pairs
from tautolog.cli.topic import HELP
from tautolog.core.errors import ErrorCode

if TYPE_CHECKING:
    from kafka import KafkaProducer

ACKS: Final[dict[str, int]] = {"all": -1, "1": 1, "0": 0}
FLUSH_SECONDS: Final = 60.0
"""For the cluster to acknowledge what was sent last."""


@click.command(context_settings=HELP)
@click.argument("topic")
@click.option("--key-separator", metavar="S", help="What stands between key and value; without it records have no key.")
@click.option("--header", "headers", metavar="NAME=VALUE", multiple=True, help="A header of each record; repeatable.")
@click.option("--json", "as_json", is_flag=True, help="Lines are objects: key, value, headers, partition, timestamp.")
@click.option("--partition", type=click.IntRange(0), help="All into this one.  [default: by key]")
@click.option(
    "--acks", type=click.Choice(list(ACKS)), default="all", show_default=True, help="Who has to have a record."
)
@click.option("--compression", type=click.Choice(["none", "gzip", "snappy", "lz4", "zstd"]), default="none")
@cluster_options
def produce(
    topic: str,
    *,
    cluster: Cluster,
    key_separator: str | None,
    headers: tuple[str, ...],
    as_json: bool,
    partition: int | None,
    acks: str,
    compression: str,
) -> None:
    """Send lines of standard input to TOPIC, one record a line."""
    if as_json and key_separator is not None:
        raise Usage("--json lines name their key: leave --key-separator out")
    if key_separator == "":
        raise Usage("--key-separator is empty")
    shared = [(name, value.encode()) for name, value in pairs(headers, "--header").items()]
    outgoing = _lines(key_separator.encode() if key_separator else None, as_json=as_json)
    config = {
        "acks": ACKS[acks],
        "enable_idempotence": acks == "all",
        "compression_type": None if compression == "none" else compression,
        "linger_ms": 5,
        "max_block_ms": 10_000,
        "delivery_timeout_ms": int(FLUSH_SECONDS * 1000),
    }
    with cluster.producer(**config) as producer:
        sender = _Sender(producer, cluster, topic)
        try:
            for record in outgoing:
                place = record.partition if record.partition is not None else partition
                sender.send(record._replace(headers=record.headers + shared, partition=place))
        except click.ClickException as error:
            sender.finish()
            if not sender.done:
                raise
            sent = printing.count(sender.done, "record")
            raise type(error)(f"{error.message}; {sent} before it went to {topic}") from None
        else:
            sender.finish()
    click.echo(f"produced {printing.count(sender.done, 'record')} to {topic}")


def _lines(separator: bytes | None, *, as_json: bool) -> Iterator[records.Outgoing]:
    """The records that standard input asks for."""
    for number, raw in enumerate(sys.stdin.buffer, 1):
        line = raw.removesuffix(b"\n").removesuffix(b"\r")
        if as_json:
            if line.strip():
                yield records.from_json(line, f"line {number}")
        elif separator is None:
            yield records.Outgoing(None, line, [])
        else:
            key, found, value = line.partition(separator)
            if not found:
                raise Usage(f"line {number} has no key separator {separator.decode()!r}")
            yield records.Outgoing(key, value, [])


class _Sender:
    """Sends, counts what was acknowledged, and keeps the first failure."""

    def __init__(self, producer: KafkaProducer, cluster: Cluster, topic: str) -> None:
        self.done = 0
        self._producer = producer
        self._cluster = cluster
        self._topic = topic
        self._failure: Exception | None = None
        self._partitions: set[int] | None = None

    def send(self, record: records.Outgoing) -> None:
        """Hand one record to the client; what failed before is raised now."""
        self._raise_failure()
        if record.partition is not None:
            self._check_partition(record.partition)
        from kafka.errors import KafkaTimeoutError

        try:
            future = self._producer.send(
                self._topic, record.value, record.key, record.headers, record.partition, record.timestamp
            )
        except KafkaTimeoutError:
            self._raise_failure()
            raise Failed(f"{self._cluster} does not take records for topic {self._topic}: timed out") from None
        except ValueError as error:
            raise Failed(f"topic {self._topic} cannot be written to: {error}") from None
        future.add_callback(self._acknowledged)
        future.add_errback(self._failed)

    def finish(self) -> None:
        """Wait for what is under way; raise the first failure."""
        from kafka.errors import KafkaTimeoutError

        try:
            self._producer.flush(timeout=FLUSH_SECONDS)
        except KafkaTimeoutError:
            self._raise_failure()
            raise Failed(f"{self._cluster} did not acknowledge all records within {FLUSH_SECONDS:.0f} s") from None
        self._raise_failure()

    def _acknowledged(self, _metadata: Any) -> None:
        self.done += 1

    def _failed(self, error: Exception) -> None:
        self._failure = self._failure or error

    def _check_partition(self, partition: int) -> None:
        if self._partitions is None:
            self._partitions = set(self._producer.partitions_for(self._topic))
        if partition not in self._partitions:
            last = max(self._partitions)
            raise Failed(f"topic {self._topic} on {self._cluster} has no partition {partition}: it has 0 to {last}")

    def _raise_failure(self) -> None:
        failure = self._failure
        if failure is None:
            return
        code = getattr(failure, "errno", None)
        if code is None or code == ErrorCode.UNKNOWN_SERVER_ERROR:
            raise Failed(f"a record was not taken by {self._cluster}: {failure}")
        text = str(failure.args[0]) if failure.args else ""
        what = f"topic {self._topic}" if code == ErrorCode.UNKNOWN_TOPIC_OR_PARTITION else "a record"
        raise Failed(self._cluster.refusal(what, code, text))
