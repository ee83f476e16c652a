"""What the checks look at: the decoded history, the partitions it proves, and nothing else."""

from __future__ import annotations

from tautolog_checkers.history.events import History
from tautolog_checkers.kafka.logs import Log, Logs
from tautolog_checkers.kafka.transactions import Decoded, decode


class Evidence:
    """One history, prepared.

    Args:
        history: the events.
        ww_edges: whether cycles follow the order of writes within a partition, too.

    """

    __slots__ = ("decoded", "logs", "ww_edges")

    def __init__(self, history: History, *, ww_edges: bool = False) -> None:
        self.decoded: Decoded = decode(history)
        self.ww_edges = ww_edges
        self.logs = Logs([])

    def arrange(self) -> Evidence:
        """Work out the partitions."""
        self.logs = Logs(self.decoded.transactions)
        return self

    @property
    def partitions(self) -> dict[object, Log]:
        """Key -> partition."""
        return self.logs.by_key
