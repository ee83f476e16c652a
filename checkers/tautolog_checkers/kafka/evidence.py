"""What the checks look at: the decoded history, the partitions it proves, what was declared, and nothing else."""

from __future__ import annotations

from typing import Any

from tautolog_checkers.history.events import OK, History
from tautolog_checkers.kafka.logs import Log, Logs
from tautolog_checkers.kafka.profiles import Profile, named_profile
from tautolog_checkers.kafka.transactions import Decoded, decode


class Evidence:
    """One history, prepared.

    Args:
        history: the events.
        profile: what was declared of the system, or how the declaration is called.
        ww_edges: whether cycles follow the order of writes within a partition, too.

    """

    __slots__ = ("decoded", "history", "logs", "profile", "ww_edges")

    def __init__(self, history: History, profile: Profile | str | None = None, *, ww_edges: bool = False) -> None:
        self.history = history
        self.decoded: Decoded = decode(history)
        if not isinstance(profile, Profile):
            profile = named_profile(profile or "default", subscribes=self.decoded.subscribes, ww_edges=ww_edges)
        self.profile = profile
        self.ww_edges = ww_edges
        self.logs = Logs([])

    def arrange(self) -> Evidence:
        """Work out the partitions, and where in them each poll lies."""
        self.logs = Logs(self.decoded.transactions)
        partitions = self.logs.by_key
        for transaction in self.decoded.transactions:
            for key, (_, values) in transaction.reads.items():
                log = partitions[key]
                if log.repeated:
                    continue
                first = log.position.get(values[0])
                if first is not None:
                    stop = first + len(values)
                    if log.values[first] == values[0] and (
                        stop == first + 1 or tuple(log.values[first:stop]) == values
                    ):
                        transaction.spans[key] = (first, stop - 1)
        return self

    def claimants(self) -> dict[tuple[Any, int, Any], int]:
        """(Key, contested offset, value) -> the first operation that told so; sends only where they surely took effect."""
        found: dict[tuple[Any, int, Any], int] = {}
        contested = {key: log.conflicts for key, log in self.partitions.items() if log.conflicts}
        for transaction in self.decoded.transactions if contested else ():
            surely = transaction.type == OK or transaction.index in self.logs.effective
            for key, conflicts in contested.items():
                told = list(transaction.writes.get(key, ())) if surely else []
                told += zip(*transaction.reads.get(key, ((), ())), strict=True)
                for offset, value in told:
                    if offset in conflicts:
                        found.setdefault((key, offset, value), transaction.index)
        return found

    @property
    def partitions(self) -> dict[object, Log]:
        """Key -> partition."""
        return self.logs.by_key
