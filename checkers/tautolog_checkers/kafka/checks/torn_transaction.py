"""torn-transaction and fractured-read: part of a transaction was seen.

* torn-transaction: some record of a transaction was polled, and another one is missing although its partition was read
  beyond it, or its offset is held by another value. Counted per transaction.
* fractured-read: one successful operation polled a record of a transaction in one partition, and in another partition,
  which it polled too, stopped before the transaction's record. Kafka does not promise that this cannot be. Counted per
  reading operation.
"""

from __future__ import annotations

from typing import Any

from tautolog_checkers.history.events import OK
from tautolog_checkers.kafka.checks.lost_write import furthest
from tautolog_checkers.kafka.evidence import Evidence
from tautolog_checkers.kafka.transactions import Transaction
from tautolog_checkers.verdict import Findings

TORN = "torn-transaction"
FRACTURED = "fractured-read"


def check(evidence: Evidence, findings: Findings) -> None:
    """Transactions of several records, and who saw how much of them."""
    several = [t for t in evidence.decoded.transactions if t.f == "txn" and sum(map(len, t.writes.values())) > 1]
    if several:
        _torn(evidence, findings, several)
        _fractured(evidence, findings, [t for t in several if len(t.writes) > 1])


def _torn(evidence: Evidence, findings: Findings, several: list[Transaction]) -> None:
    bounds = {key: furthest(log) for key, log in evidence.partitions.items()}
    for transaction in several:
        seen, missing = False, None
        for key, pairs in transaction.writes.items():
            log = evidence.partitions[key]
            for _, value in pairs:
                if value in log.polled:
                    seen = True
                elif log.position.get(value, len(log.values)) <= bounds[key]:
                    missing = (value, key)
        if seen and missing is not None:
            findings.add(
                TORN,
                missing[1],
                (transaction.index,),
                "{} of {} is missing, the rest of its transaction is not",
                *missing,
            )


Spread = tuple[int, tuple[tuple[Any, int], ...]]
"""A transaction of several partitions: its index, and the place of its first record in each."""


def _fractured(evidence: Evidence, findings: Findings, several: list[Transaction]) -> None:
    wide: dict[Any, dict[Any, Spread]] = {}
    for transaction in several:
        places = [
            (key, evidence.partitions[key].position.get(pairs[0][1])) for key, pairs in transaction.writes.items()
        ]
        spread: Spread = (transaction.index, tuple((key, place) for key, place in places if place is not None))
        for key, pairs in transaction.writes.items():
            for _, value in pairs:
                wide.setdefault(key, {})[value] = spread
    for reader in evidence.decoded.transactions if wide else ():
        if reader.type != OK or len(reader.reads) < 2:
            continue
        seen: set[Spread | None] = set()
        ends: dict[Any, int] = {}
        for key, (_, values) in reader.reads.items():
            if key in wide:
                seen.update(map(wide[key].get, values))
                ends[key] = evidence.partitions[key].position.get(values[-1], -1)
        seen.discard(None)
        fractured = [
            (spread[0], key)
            for spread in seen
            if spread is not None
            for key, place in spread[1]
            if place > ends.get(key, place) and spread[0] != reader.index
        ]
        if fractured:
            index, behind = min(fractured, key=lambda entry: entry[0])
            findings.add(
                FRACTURED, behind, (index, reader.index), "operation {} saw part of transaction {}, not its {}",
                reader.index, index, behind,
            )  # fmt: skip
