"""torn-transaction and fractured-read: part of a transaction was seen.

* torn-transaction: some record of a transaction was polled, and another one was not, although its partition was read
  beyond it. Counted per transaction.
* fractured-read: one successful operation polled a record of a transaction in one partition, and in another partition,
  which it polled too, stopped before the transaction's record. Kafka does not promise that this cannot be. Counted per
  reading operation.

A transaction is a `txn`, and under a transactional profile every `send`, too.
"""

from __future__ import annotations

from typing import Any

from tautolog_checkers.history.events import FAIL, OK
from tautolog_checkers.kafka.checks.lost_write import furthest
from tautolog_checkers.kafka.evidence import Evidence
from tautolog_checkers.kafka.transactions import Transaction
from tautolog_checkers.verdict import Findings

TORN = "torn-transaction"
FRACTURED = "fractured-read"


def check(evidence: Evidence, findings: Findings) -> None:
    """Transactions of several records, and who saw how much of them."""
    atomic = evidence.profile.transactional
    several = [
        transaction
        for transaction in evidence.decoded.transactions
        if (atomic or transaction.f == "txn")
        and transaction.writes
        and transaction.type != FAIL
        and (len(transaction.writes) > 1 or any(len(pairs) > 1 for pairs in transaction.writes.values()))
    ]
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
                elif log.last.get(value, len(log.values)) <= bounds[key]:
                    missing = (value, key)
        if seen and missing is not None:
            findings.add(
                TORN, missing[1], (transaction.index,), "{} of {} is missing, the rest of its transaction is not", *missing
            )  # fmt: skip


Spread = tuple[int, tuple[tuple[Any, int], ...]]
"""A transaction of several partitions: its index, and the place of its first known record in each."""


def _fractured(evidence: Evidence, findings: Findings, several: list[Transaction]) -> None:
    owners = _spreads(evidence, several)
    for reader in evidence.decoded.transactions if owners else ():
        if reader.type != OK or len(reader.reads) < 2:
            continue
        seen: set[Spread | None] = set()
        ends: dict[Any, int] = {}
        for key, (_, values) in reader.reads.items():
            spreads = owners.get(key)
            if spreads is None:
                continue
            span = reader.spans.get(key)
            if span is not None:
                seen.update(spreads[span[0] : span[1] + 1])
                ends[key] = span[1]
            else:
                places = [place for place in map(evidence.partitions[key].position.get, values) if place is not None]
                seen.update(map(spreads.__getitem__, places))
                ends[key] = max(places, default=-1)
        if len(ends) < 2:
            continue
        behind: Spread | None = None
        where: Any = None
        for spread in seen:
            if spread is None or spread[0] == reader.index:
                continue
            for key, place in spread[1]:
                if place > ends.get(key, place) and (behind is None or spread[0] < behind[0]):
                    behind, where = spread, key
        if behind is not None:
            findings.add(
                FRACTURED, where, (behind[0], reader.index), "operation {} saw part of transaction {}, not its {}",
                reader.index, behind[0], where,
            )  # fmt: skip


def _spreads(evidence: Evidence, several: list[Transaction]) -> dict[Any, list[Spread | None]]:
    """Key -> for each place the transaction of several partitions that sent what stands there."""
    owners: dict[Any, list[Spread | None]] = {}
    for transaction in several:
        found = []
        for key, pairs in transaction.writes.items():
            position = evidence.partitions[key].position
            places = [position[value] for _, value in pairs if value in position]
            if places:
                found.append((key, places))
        if len(found) < 2:
            continue
        spread: Spread = (transaction.index, tuple((key, min(places)) for key, places in found))
        for key, places in found:
            spreads = owners.get(key)
            if spreads is None:
                spreads = owners[key] = [None] * len(evidence.partitions[key].values)
            for place in places:
                spreads[place] = spread
    return owners
