"""What each partition must have held, pieced together from acknowledgements and polls (Jepsen's version orders).

Offsets count where they are proved: those of every poll, whatever became of its transaction (a consumer is handed
committed records only), and those of sends that surely took effect: acknowledged ones, and unknown ones of which some
record was polled by a successful operation. Gaps between offsets mean nothing here (control records take offsets too), so
a value's *position* counts the known offsets below it. Cost and memory follow the number of records, not the greatest
offset.
"""

from __future__ import annotations

from typing import Any

from tautolog_checkers.history.events import FAIL, INFO, OK
from tautolog_checkers.kafka.transactions import Transaction


class Log:
    """One partition.

    Attributes:
        slots: offset -> value; where several values were claimed, the first one seen.
        conflicts: offset -> all values claimed for it, where there are several.
        position: value -> its place among the known offsets; the last one if it has several.
        first, last: value -> first and last place (the same mapping as `position` where no value has two places).
        offsets: place -> offset.
        values: place -> value; of several values at one offset the smallest stands for it.
        repeated: whether some value stands at two offsets, or some offset has two values.
        writers: value -> the transaction that sent it.
        acknowledged, failed: values whose send succeeded, or surely did not happen.
        polled: values that a successful operation read.

    """

    __slots__ = (
        "acknowledged",
        "conflicts",
        "failed",
        "first",
        "last",
        "offsets",
        "polled",
        "position",
        "repeated",
        "slots",
        "values",
        "writers",
    )

    def __init__(self) -> None:
        self.slots: dict[int, Any] = {}
        self.conflicts: dict[int, set[Any]] = {}
        self.position: dict[Any, int] = {}
        self.first: dict[Any, int] = {}
        self.last: dict[Any, int] = {}
        self.offsets: list[int] = []
        self.values: list[Any] = []
        self.repeated = False
        self.writers: dict[Any, Transaction] = {}
        self.acknowledged: set[Any] = set()
        self.failed: set[Any] = set()
        self.polled: set[Any] = set()

    def place(self, offset: int | None, value: Any) -> None:
        """Note that `value` stands at `offset`."""
        if offset is not None:
            there = self.slots.setdefault(offset, value)
            if there != value:
                self.conflicts.setdefault(offset, {there}).add(value)

    def claimed(self, offset: int) -> set[Any]:
        """All values that were seen at a known offset."""
        return self.conflicts.get(offset) or {self.slots[offset]}

    def arrange(self) -> None:
        """Give each value its place, once everything is known."""
        slots, conflicts = self.slots, self.conflicts
        self.offsets = offsets = sorted(slots)
        self.values = values = [slots[offset] for offset in offsets]
        if conflicts:
            for place, offset in enumerate(offsets):
                if offset in conflicts:
                    values[place] = smallest(conflicts[offset])
        self.position = {value: place for place, value in enumerate(values)}
        self.first = self.last = self.position
        self.repeated = bool(conflicts) or len(self.position) != len(values)
        if self.repeated:
            self.first, self.last = {}, {}
            for place, offset in enumerate(offsets):
                for value in sorted(conflicts[offset], key=repr) if offset in conflicts else (slots[offset],):
                    self.first.setdefault(value, place)
                    self.last[value] = place


def smallest(values: set[Any]) -> Any:
    """One of several values, the same one in every run."""
    try:
        return min(values)
    except TypeError:
        return min(values, key=lambda value: (type(value).__name__, repr(value)))


class Logs:
    """All partitions, and which unknown transactions surely took effect."""

    __slots__ = ("by_key", "effective")

    def __init__(self, transactions: list[Transaction]) -> None:
        self.by_key: dict[Any, Log] = {}
        self.effective: set[int] = set()
        unknown = self._collect(transactions)
        for transaction in unknown:
            if any(value in self.by_key[key].polled for key, pairs in transaction.writes.items() for _, value in pairs):
                self.effective.add(transaction.index)
                for key, pairs in transaction.writes.items():
                    log = self.by_key[key]
                    for offset, value in pairs:
                        log.place(offset, value)
        for log in self.by_key.values():
            log.arrange()

    def took_effect(self, transaction: Transaction) -> bool:
        """Whether its sends surely happened."""
        return transaction.type == OK or transaction.index in self.effective

    def _collect(self, transactions: list[Transaction]) -> list[Transaction]:
        """Fill the partitions, and return the transactions of unknown outcome that sent something."""
        by_key = self.by_key
        unknown = []
        for transaction in transactions:
            kind = transaction.type
            for key, pairs in transaction.writes.items():
                log = by_key.get(key)
                if log is None:
                    log = by_key[key] = Log()
                writers = log.writers
                for offset, value in pairs:
                    writers[value] = transaction
                    if kind == OK:
                        log.place(offset, value)
                if kind == OK:
                    log.acknowledged.update([value for _, value in pairs])
                elif kind == FAIL:
                    log.failed.update([value for _, value in pairs])
            if kind == INFO and transaction.writes:
                unknown.append(transaction)
            for key, (offsets, values) in transaction.reads.items():
                log = by_key.get(key)
                if log is None:
                    log = by_key[key] = Log()
                slots = log.slots
                known = tuple([slots.get(offset) for offset in offsets])  # type: ignore[arg-type]  # None is no key of it
                if known != values:
                    if known.count(None) == len(known) and len(set(offsets)) == len(offsets) and None not in offsets:
                        slots.update(zip(offsets, values, strict=True))  # type: ignore[arg-type]  # no None in it
                    else:
                        for offset, value in zip(offsets, values, strict=True):
                            log.place(offset, value)
                elif None in values:
                    for offset, value in zip(offsets, values, strict=True):
                        log.place(offset, value)
                if kind == OK:
                    log.polled.update(values)
        return unknown
