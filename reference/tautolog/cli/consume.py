"""`tautolog consume`: the records of a topic, on standard output."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

import click

from tautolog.cli import positions, records
from tautolog.cli.errors import Usage
from tautolog.cli.remote import Cluster, cluster_options
from tautolog.cli.topic import HELP

if TYPE_CHECKING:
    from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition

POLL_MS: Final = 500


@click.command(context_settings=HELP)
@click.argument("topic")
@click.option(
    "--from",
    "begin",
    metavar="WHERE",
    default="earliest",
    show_default=True,
    help="earliest, latest, an offset, -N for N before the end, or a time (ISO-8601 or ms). A group goes on where it was.",
)
@click.option("--follow", is_flag=True, help="Wait for more at the end, until Ctrl-C.")
@click.option("--group", metavar="G", help="Join this group and commit what was printed.")
@click.option("-f", "--format", "text", metavar="FORMAT", help=r"As in kcat: %s %k %t %p %o %T %h %S %K %% \n \t.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.option("-c", "--max", "limit", type=click.IntRange(1), metavar="N", help="Stop after N records.")
@click.option("--partition", "wanted", type=click.IntRange(0), multiple=True, help="Only this one; repeatable.")
@click.option("--isolation", type=click.Choice(["read_uncommitted", "read_committed"]), default="read_uncommitted")
@cluster_options
def consume(
    topic: str,
    *,
    cluster: Cluster,
    begin: str,
    follow: bool,
    group: str | None,
    text: str | None,
    as_json: bool,
    limit: int | None,
    wanted: tuple[int, ...],
    isolation: str,
) -> None:
    """Print the records of TOPIC, up to the end that it has now, or with --follow for ever."""
    if text is not None and as_json:
        raise Usage("-f and --json are two ways to print: give one")
    position = positions.parse(begin, "--from")
    write = _Writer(records.to_json if as_json else records.printer(text if text is not None else "%s\\n"), limit)
    before = signal.signal(signal.SIGTERM, _end)
    try:
        with cluster.admin() as admin:
            from kafka import TopicPartition

            indexes = positions.partitions_of(admin, cluster, topic, wanted)
            places = [TopicPartition(topic, index) for index in indexes]
            starts, ends = positions.bounds(admin, places, committed=isolation == "read_committed")
            begins = positions.resolve(admin, position, starts, ends)
            if group is not None and wanted:
                begins.update(_committed(admin, group, places))
        config = {"group_id": group, "isolation_level": isolation, "auto_offset_reset": "earliest"}
        with cluster.consumer(**config) as consumer:
            reader = _Reader(consumer, begins, None if follow else ends, commits=group is not None)
            if group is None or wanted:
                reader.take(places)
            else:
                reader.join(topic)
            reader.run(write)
    except KeyboardInterrupt:
        write.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or the interpreter complains at its end
    finally:
        signal.signal(signal.SIGTERM, before)


def _end(_number: int, _frame: Any) -> None:
    """SIGTERM ends as Ctrl-C does: a member leaves its group."""
    raise KeyboardInterrupt


def _committed(admin: KafkaAdminClient, group: str, places: list[TopicPartition]) -> dict[TopicPartition, int]:
    from tautolog.cli.remote import patiently

    found = patiently(lambda: admin.list_group_offsets({group: places}))[group]
    return {place: entry.offset for place, entry in found.items() if entry.offset >= 0}


class _Writer:
    """Prints records up to a limit; flushes once a poll."""

    def __init__(self, printer: Callable[[Any], bytes], limit: int | None) -> None:
        self._printer = printer
        self._left = limit
        self._out = sys.stdout.buffer

    @property
    def full(self) -> bool:
        """Whether the limit is reached."""
        return self._left == 0

    def write(self, record: Any) -> None:
        """Print one record."""
        self._out.write(self._printer(record))
        if self._left is not None:
            self._left -= 1

    def flush(self) -> None:
        """Hand everything to the operating system: only then is it committed."""
        self._out.flush()


class _Reader:
    """Reads until each partition that it has is at its end, or for ever where `ends` is None."""

    def __init__(
        self,
        consumer: KafkaConsumer,
        begins: dict[TopicPartition, int],
        ends: dict[TopicPartition, int] | None,
        *,
        commits: bool,
    ) -> None:
        self.consumer = consumer
        self._begins = begins
        self._ends = ends
        self._commits = commits
        self.joined = False
        self.fresh: set[TopicPartition] = set()

    def take(self, places: list[TopicPartition]) -> None:
        """Read these partitions, whoever else does."""
        self.consumer.assign(places)
        for place in places:
            self.consumer.seek(place, self._begins[place])
        self.joined = True

    def join(self, topic: str) -> None:
        """Read what the group gives to this member, from where the group was."""
        from kafka import ConsumerRebalanceListener

        reader = self

        class Listener(ConsumerRebalanceListener):  # type: ignore[misc]  # a class of an untyped library
            """Called on the client's own thread, where nothing may wait: only takes notes."""

            def on_partitions_revoked(self, revoked: Any) -> None:
                reader.fresh.difference_update(revoked)  # what was printed is committed already

            def on_partitions_assigned(self, assigned: Any) -> None:
                reader.joined = True
                reader.fresh.update(assigned)
                reader.consumer.pause(*assigned)

        self.consumer.subscribe([topic], listener=Listener())

    def settle(self) -> None:
        """Begin new partitions where the group left off; where it never was, where the command says."""
        for place in sorted(self.fresh):
            if self.consumer.committed(place) is None and place in self._begins:
                self.consumer.seek(place, self._begins[place])
            self.consumer.resume(place)
            self.fresh.discard(place)

    def run(self, out: _Writer) -> None:
        """Print until the end; what is printed is committed, and at the end what needs no printing too."""
        while not out.full and not self._at_end():
            polled = self.consumer.poll(timeout_ms=POLL_MS)
            self.settle()
            done = {place: self._print(out, place, batch) for place, batch in polled.items()}
            if done:
                out.flush()
                self._commit(done)
        if self._ends is not None and not out.full:
            self._commit({place: self._ends[place] for place in self.consumer.assignment() if place in self._ends})

    def _print(self, out: _Writer, place: TopicPartition, batch: list[Any]) -> int:
        """Print a batch as far as the end and the limit allow; the offset to go on from."""
        end = None if self._ends is None else self._ends.get(place)
        for record in batch:
            if out.full or (end is not None and record.offset >= end):
                return int(record.offset)
            out.write(record)
        return int(self.consumer.position(place))

    def _at_end(self) -> bool:
        if self._ends is None or not self.joined or self.fresh:
            return False
        return all(
            self._ends.get(place, 0) <= self._begins.get(place, 0) or self.consumer.position(place) >= self._ends[place]
            for place in self.consumer.assignment()
            if place in self._ends
        )

    def _commit(self, done: dict[TopicPartition, int]) -> None:
        if not self._commits:
            return
        from kafka.errors import CommitFailedError
        from kafka.structs import OffsetAndMetadata

        try:
            self.consumer.commit({place: OffsetAndMetadata(offset, "", -1) for place, offset in done.items()})
        except CommitFailedError:
            click.echo(
                "tautolog: the group gave the partitions to another member: some records may come again", err=True
            )
