"""The partitions of this broker: created, configured and deleted as the controller says, and kept within their retention.

The controller decides which partitions exist; this room opens their logs, finds them for a request, and runs the periodic
work (retention, compaction, checkpoints) as core timers. It never decides what a record or an offset is.

A folder that belongs to no partition of the metadata is never deleted: at start it is moved aside under a name that ends in
`-stray` (or `-stray2`, … where there is one already), and reported, so that a topic of the same name begins empty.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from tautolog.core.controller.state import Topic
from tautolog.core.log.log import Log
from tautolog.core.partition.leader import Partition
from tautolog.core.ports import StorageError

if TYPE_CHECKING:
    from tautolog.core.broker import Broker

CHECKPOINT_BYTES: Final = 64 << 20
"""A log with more than this since its last checkpoint gets one: a restart scans no more than about that much."""

COMPACTION_SLICE_MS: Final = 10
"""The pause between two slices of compaction, in which requests are served."""

_METADATA_FOLDER: Final = "__cluster_metadata-0"
_PARTITION_FOLDER: Final = re.compile(r"(.+)-(\d+)/")


class Replicas:
    """Every partition this broker holds, by topic and index. The controller names them, `start` opens them."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._started = False
        self.partitions: dict[tuple[str, int], Partition] = {}

    def start(self) -> None:
        """Open the logs of every partition that the controller knows, and set the timers. Raises `StorageError`."""
        self._move_strays()
        self._started = True
        for topic in self._broker.controller.topics.values():
            for index in range(topic.partitions):
                self._open(topic, index)
        config = self._broker.config
        self._every("log.retention.check.interval.ms", self._retain, first=config.get_int("log.initial.task.delay.ms"))
        self._every("log.flush.offset.checkpoint.interval.ms", self._checkpoint)
        if config.get_bool("log.cleaner.enable"):
            self._after(config.get_int("log.cleaner.backoff.ms"), self._compact)

    def get(self, topic: str, index: int) -> Partition | None:
        """The partition, if this broker holds it."""
        return self.partitions.get((topic, index))

    def of_topic(self, topic: str) -> list[Partition]:
        """The partitions of one topic, by index."""
        found: list[Partition] = []
        while (partition := self.partitions.get((topic, len(found)))) is not None:
            found.append(partition)
        return found

    def create(self, topic: Topic, index: int) -> Partition | None:
        """Open the empty log of a partition that was just created; nothing happens before `start`, which opens them all.

        Raises `StorageError` if remains of an older topic of that name cannot be removed. Writes nothing else.
        """
        if not self._started:
            return None
        if self._remove(f"{topic.name}-{index}"):
            self._broker.storage.sync_all()
        return self._open(topic, index)

    def configure(self, topic: str) -> None:
        """Take over the topic's configs as `controller.topic_config` now gives them."""
        config = self._broker.controller.topic_config(topic)
        for partition in self.of_topic(topic):
            partition.log.config = config

    def delete(self, topic: str) -> None:
        """Delete every partition of a topic with its files; fetches that wait on them are answered.

        It is durable when it returns, so that no power cut brings old records back into a new topic of that name. What a
        failing disk keeps is removed when a topic of that name is created again.
        """
        deleted = self.of_topic(topic)
        for partition in deleted:
            del self.partitions[topic, partition.index]
        removed = False
        for partition in deleted:
            for fetch in list(partition.waiting):
                fetch.complete()
            try:
                removed |= self._remove(partition.log.folder)
            except StorageError as error:
                self._broker.report("warning", f"{partition.log.folder} is deleted, but its files remain: {error}")
        if removed:
            self._broker.storage.sync_all()

    def close(self) -> None:
        """A clean stop: high watermarks, producer snapshots and the clean-shutdown marks are written."""
        for partition in self.partitions.values():
            try:
                partition.log.close(partition.high_watermark)
            except StorageError as error:
                self._broker.report("error", f"{partition.log.folder} was not closed cleanly: {error}")

    def _open(self, topic: Topic, index: int) -> Partition:
        broker = self._broker
        config = broker.controller.topic_config(topic.name)
        log = Log(broker.storage, f"{topic.name}-{index}", config, broker.report)
        log.open(broker.now)
        partition = Partition(
            topic.name,
            topic.topic_id,
            index,
            log,
            leader=broker.node_id,
            leader_epoch=topic.leader_epochs[index],
            report=broker.report,
        )
        self.partitions[topic.name, index] = partition
        return partition

    def _remove(self, folder: str) -> bool:
        """Remove every file of a folder; whether there was any."""
        storage = self._broker.storage
        names = storage.list(folder)
        for name in names:
            storage.remove(f"{folder}/{name}")
        return bool(names)

    def _move_strays(self) -> None:
        topics = self._broker.controller.topics
        folders = self._broker.storage.list("")
        for folder in folders:
            match = _PARTITION_FOLDER.fullmatch(folder)
            if match is None or folder == f"{_METADATA_FOLDER}/":
                continue
            topic = topics.get(match[1])
            if topic is None or int(match[2]) >= topic.partitions:
                name = folder.removesuffix("/")
                aside = f"{name}-stray"
                number = 1
                while f"{aside}/" in folders:  # an earlier one of that name: renaming would replace it
                    number += 1
                    aside = f"{name}-stray{number}"
                self._broker.storage.rename(name, aside)
                self._broker.report("warning", f"{name} belongs to no topic; it now is {aside}")

    def _after(self, delay_ms: int, action: Callable[[], None]) -> None:
        self._broker.timers.at(self._broker.now.monotonic_ms + delay_ms, action)

    def _every(self, interval: str, work: Callable[[], None], first: int | None = None) -> None:
        """Do `work` again and again, `interval` (a broker config) apart."""
        delay_ms = self._broker.config.get_int(interval)

        def again() -> None:
            work()
            self._every(interval, work)

        self._after(delay_ms if first is None else min(first, delay_ms), again)

    def _retain(self) -> None:
        for partition in self.partitions.values():
            try:
                partition.log.retain(self._broker.now, partition.high_watermark)
            except StorageError as error:
                self._broker.report("warning", f"{partition.log.folder}: old segments remain: {error}")

    def _checkpoint(self) -> None:
        """Checkpoint the log with the most to lose; the others follow with the next turns."""
        candidates = [p for p in self.partitions.values() if p.log.unflushed_bytes >= CHECKPOINT_BYTES]
        if not candidates:
            return
        partition = max(candidates, key=lambda partition: partition.log.unflushed_bytes)
        try:
            partition.log.checkpoint(partition.high_watermark)
        except StorageError as error:
            self._broker.report("warning", f"{partition.log.folder} has no new checkpoint: {error}")
            return
        if len(candidates) > 1:
            self._after(COMPACTION_SLICE_MS, self._checkpoint)

    def _compact(self, unfinished: list[Partition] | None = None) -> None:
        """One slice of compaction in each log that wants it; those that are not done get the next one soon."""
        wanted = [p for p in self.partitions.values() if p.log.config.compacts] if unfinished is None else unfinished
        more = []
        for partition in wanted:
            if self.partitions.get((partition.topic, partition.index)) is not partition:
                continue  # deleted since
            try:
                if partition.log.compact(self._broker.now, partition.high_watermark):
                    more.append(partition)
            except StorageError as error:
                self._broker.report("warning", f"{partition.log.folder} was not compacted: {error}")
        if more:
            self._after(COMPACTION_SLICE_MS, lambda: self._compact(more))
        else:
            self._after(self._broker.config.get_int("log.cleaner.backoff.ms"), self._compact)
