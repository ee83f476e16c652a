"""The partitions of this broker: created, configured and deleted as the controller says, and kept within their retention.

The controller decides which partitions exist; this room opens their logs, finds them for a request, and runs the periodic
work (retention, compaction, producer expiry) as core timers. It never decides what a record or an offset is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tautolog.core.partition.leader import Partition

if TYPE_CHECKING:
    from tautolog.core.broker import Broker


class Replicas:
    """Every partition this broker holds, by topic and index. The controller names them, `start` opens them."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self.partitions: dict[tuple[str, int], Partition] = {}

    def start(self) -> None:
        """Open the logs of every partition the controller knows, remove folders of deleted ones, set the timers."""

    def get(self, topic: str, index: int) -> Partition | None:
        """The partition, if this broker holds it."""
        return self.partitions.get((topic, index))

    def of_topic(self, topic: str) -> list[Partition]:
        """The partitions of one topic, by index."""
        raise AssertionError

    def create(self, topic: str, index: int) -> Partition:
        """Open the log of a partition that the controller just created (or replayed); the topic is in its table already.

        Raises `StorageError` if the disk refuses.
        """
        raise AssertionError

    def configure(self, topic: str) -> None:
        """Take over the topic's configs as `controller.topic_config` now gives them."""

    def delete(self, topic: str) -> None:
        """Delete every partition of a topic with its files; fetches that wait on them are answered."""

    def close(self) -> None:
        """A clean stop: high watermarks, producer snapshots and the clean-shutdown marks are written."""
