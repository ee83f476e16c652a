"""Which transaction must come before which, and why: the edges that cycles are made of.

Nodes are the numbers of transactions in `Decoded.transactions`.

* wr: one sent a value that the other polled.
* ww: one sent a value that stands right before a value of the other in a partition, at the last place of that one (only
  where asked for).
* rw: one polled a value, and the other sent the value that stands right behind the last one polled.
* process: a process did one after the other (successful operations).
* realtime: one had succeeded before the other began.
"""

from __future__ import annotations

from tautolog_checkers.kafka.evidence import Evidence
from tautolog_checkers.kafka.transactions import Transaction

Edges = list[list[int]]
_NONE: list[int] = []


class Dependencies:
    """The edges of one history, built once.

    Attributes:
        transactions: the nodes.
        mixed: those that both sent and polled, in an order of dependency, once it is known.

    """

    __slots__ = ("_evidence", "_numbers", "_wr", "_ww", "mixed", "transactions")

    def __init__(self, evidence: Evidence) -> None:
        self._evidence = evidence
        self.transactions = evidence.decoded.transactions
        self._numbers = {transaction.index: number for number, transaction in enumerate(self.transactions)}
        self._wr: Edges | None = None
        self._ww: Edges | None = None
        self.mixed: list[int] = []

    @property
    def wr(self) -> Edges:
        """From each sender to those who polled from it."""
        if self._wr is None:
            self._wr = self._write_read()
        return self._wr

    @property
    def ww(self) -> Edges:
        """From each sender to the sender of the next value in the log; empty where write order was not asked for."""
        if self._ww is None:
            self._ww = self._write_write() if self._evidence.ww_edges else [_NONE] * len(self.transactions)
        return self._ww

    def _write_read(self) -> Edges:
        edges: Edges = [_NONE] * len(self.transactions)
        numbers = self._numbers
        partitions = self._evidence.partitions
        for number, reader in enumerate(self.transactions):
            for key, (_, values) in reader.reads.items():
                writers = partitions[key].writers
                last = reader
                for value in values:
                    writer = writers.get(value)
                    if writer is not None and writer is not last and writer is not reader:
                        last = writer
                        source = numbers[writer.index]
                        if edges[source] is _NONE:
                            edges[source] = [number]
                        elif edges[source][-1] != number:
                            edges[source].append(number)
        return edges

    def _write_write(self) -> Edges:
        edges: Edges = [_NONE] * len(self.transactions)
        for log in self._evidence.partitions.values():
            before: Transaction | None = None
            for place, value in enumerate(log.values):
                sender = log.writers.get(value)
                if sender is not None and before is not None and sender is not before and log.position[value] == place:
                    source = self._numbers[before.index]
                    if edges[source] is _NONE:
                        edges[source] = []
                    edges[source].append(self._numbers[sender.index])
                before = sender
        return edges

    def reason(self, source: int, target: int, kinds: tuple[str, ...]) -> str:
        """Why `source` comes before `target`, in words.

        Args:
            source: the one before.
            target: the one behind.
            kinds: which edges may stand here, the ones to be named first in front: "wr", "ww", "rw", "time". Two
                operations may be joined by several; a cycle is one of its class by those that it was found through.

        """
        a, b = self.transactions[source], self.transactions[target]
        found = (self._words(kind, a, b) for kind in kinds)
        return next((words for words in found if words), f"{a.index} before {b.index}")

    def _words(self, kind: str, a: Transaction, b: Transaction) -> str:
        if kind == "wr":
            return self._polled(a, b)
        if kind == "ww":
            return self._followed(a, b)
        if kind == "rw":
            return self._missed(a, b)
        if a.ret >= b.call:
            return ""
        if a.process == b.process:
            return f"process {a.process} did {a.index} before {b.index} (process)"
        return f"{a.index} had succeeded before {b.index} began (realtime)"

    def _polled(self, a: Transaction, b: Transaction) -> str:
        for key, (_, values) in b.reads.items():
            writers = self._evidence.partitions[key].writers
            for value in values:
                if writers.get(value) is a:
                    return f"{b.index} polled {value!r} from {key!r}, which {a.index} sent (wr)"
        return ""

    def _followed(self, a: Transaction, b: Transaction) -> str:
        for key, pairs in b.writes.items() if self._evidence.ww_edges else ():
            log = self._evidence.partitions[key]
            for _, value in pairs:
                place = log.position.get(value, 0)
                if place and log.writers[value] is b and log.writers.get(log.values[place - 1]) is a:
                    return (
                        f"{a.index} sent {log.values[place - 1]!r} to {key!r} right before {b.index}'s {value!r} (ww)"
                    )
        return ""

    def _missed(self, a: Transaction, b: Transaction) -> str:
        for key, (_, values) in a.reads.items():
            log = self._evidence.partitions[key]
            place = log.position.get(values[-1])
            if place is not None and place + 1 < len(log.values) and log.writers.get(log.values[place + 1]) is b:
                return f"{a.index} polled {key!r} up to right before {b.index}'s {log.values[place + 1]!r} (rw)"
        return ""
