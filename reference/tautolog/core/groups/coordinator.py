"""The group coordinator: every group this broker coordinates, and the one door through which requests reach them.

It owns the table of groups; a group's own rules stand in `group`, its offsets in `offsets`, its records in `records`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tautolog.core.broker import Broker


class GroupCoordinator:
    """All groups of this broker."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker

    def start(self) -> None:
        """Bring back groups and offsets from the partitions of `__consumer_offsets`."""

    def topic_deleted(self, topic: str) -> None:
        """Forget every offset committed for a topic that is gone."""
