"""What the checks look at: the decoded history, the partitions it proves, and nothing else."""

from __future__ import annotations

from tautolog_checkers.history.events import INVOKE, History, is_client
from tautolog_checkers.kafka.logs import Log, Logs
from tautolog_checkers.kafka.transactions import Decoded, decode


class Evidence:
    """One history, prepared.

    Args:
        history: the events.
        ww_edges: whether cycles follow the order of writes within a partition, too.
        in_flight: how many records a worker may have in flight, where that is declared.

    """

    __slots__ = ("decoded", "in_flight", "interruptions", "logs", "ww_edges")

    def __init__(self, history: History, *, ww_edges: bool = False, in_flight: int | None = None) -> None:
        self.decoded: Decoded = decode(history)
        self.in_flight = in_flight
        self.interruptions = _interruptions(history)
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


def _interruptions(history: History) -> int:
    """How often something happened after which work may be done again: crashes, faults and new assignments."""
    return sum(
        (event.type != INVOKE and event.f in {"crash", "assigned"}) or not is_client(event.process)
        for event in history.events
        if event.f in {"crash", "assigned"} or isinstance(event.process, str)
    )
