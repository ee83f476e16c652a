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


def _fractured(evidence: Evidence, findings: Findings, spread: list[Transaction]) -> None:
    wide: dict[Any, dict[Any, Transaction]] = {}
    for transaction in spread:
        for key, pairs in transaction.writes.items():
            for _, value in pairs:
                wide.setdefault(key, {})[value] = transaction
    if not wide:
        return
    for reader in evidence.decoded.transactions:
        if reader.type != OK or len(reader.reads) < 2:
            continue
        seen: set[Transaction | None] = set()
        for key, (_, values) in reader.reads.items():
            if key in wide:
                seen.update(map(wide[key].get, values))
        seen -= {None, reader}
        if not seen:
            continue
        ends = {}
        for key, (_, values) in reader.reads.items():
            ends[key] = evidence.partitions[key].position.get(values[-1], -1)
        _first_fracture(evidence, findings, reader, seen, ends)


def _first_fracture(
    evidence: Evidence,
    findings: Findings,
    reader: Transaction,
    seen: set[Transaction | None],
    ends: dict[Any, int],
) -> None:
    """One finding for a reader that stopped before a record of a transaction that it saw elsewhere."""
    fractured = []
    for transaction in seen:
        if transaction is not None:
            behind = _stopped_before(evidence, transaction, ends)
            if behind is not None:
                fractured.append((transaction.index, behind))
    if fractured:
        index, behind = min(fractured, key=lambda entry: entry[0])
        findings.add(
            FRACTURED, behind, (index, reader.index), "operation {} saw part of transaction {}, not its {}",
            reader.index, index, behind,
        )  # fmt: skip


def _stopped_before(evidence: Evidence, transaction: Transaction, ends: dict[Any, int]) -> Any:
    """A partition that was read up to in front of the transaction's record; None if there is none."""
    for key, pairs in transaction.writes.items():
        place = evidence.partitions[key].position.get(pairs[0][1])
        if key in ends and place is not None and ends[key] < place:
            return key
    return None
