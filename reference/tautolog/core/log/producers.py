"""What a log knows of its idempotent and transactional producers (KIP-98): enough to refuse gaps and recognise repetitions.

Per producer id: its epoch, the last five batches, the open transaction. Decides; writes nothing into the log. It is a digest
of the batch headers, so what is lost of it at a crash is rebuilt from them. A snapshot file has Kafka's own format
(`ProducerSnapshot` version 1: the last batch only), with the four batches before the last one behind it, where Kafka does
not look but its checksum reaches: ours also recognises a repetition of those after a restart, Kafka's answers
OUT_OF_ORDER_SEQUENCE_NUMBER.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from tautolog.core.errors import ErrorCode
from tautolog.core.records.batch import MAX_SEQUENCE, NO_SEQUENCE, Batch
from tautolog.core.records.control import EndMarker

BATCHES_KEPT: Final = 5
"""As many as a producer may have in flight; an older repetition counts as a gap."""


class ProducerBatch(NamedTuple):
    """One batch that is in the log. `timestamp` is its max timestamp, in milliseconds since the Unix epoch."""

    first_sequence: int
    last_sequence: int
    base_offset: int
    last_offset: int
    timestamp: int


class Producer:
    """One producer id. `current_txn_first_offset` is -1 when no transaction is open."""

    __slots__ = ("batches", "coordinator_epoch", "current_txn_first_offset", "epoch", "last_timestamp", "producer_id")

    def __init__(self, producer_id: int) -> None:
        self.producer_id = producer_id
        self.epoch = -1
        self.batches: list[ProducerBatch] = []
        self.last_timestamp = -1
        self.coordinator_epoch = -1
        self.current_txn_first_offset = -1

    @property
    def last_sequence(self) -> int:
        """Of the last record, -1 if this epoch wrote none yet."""
        return self.batches[-1].last_sequence if self.batches else NO_SEQUENCE


class ProducerStates:
    """All producers of one log. `changed` says that the snapshot is behind."""

    __slots__ = ("changed", "producers")

    def __init__(self) -> None:
        self.producers: dict[int, Producer] = {}
        self.changed = False

    def check(self, batch: Batch) -> ErrorCode | ProducerBatch:
        """Whether a client's batch may be appended: NONE, a refusal, or the batch in the log that it repeats."""
        known = self.producers.get(batch.producer_id)
        if known is None:
            return ErrorCode.NONE
        first, last = batch.base_sequence, batch.last_sequence
        if batch.producer_epoch == known.epoch:
            for entry in known.batches:
                if entry.first_sequence == first and entry.last_sequence == last:
                    return entry
            expected = known.last_sequence + 1 & MAX_SEQUENCE
            if first != expected:
                return ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER
        elif batch.producer_epoch < known.epoch:
            return ErrorCode.INVALID_PRODUCER_EPOCH
        elif first != 0 and known.epoch != -1:
            return ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER
        if known.current_txn_first_offset >= 0 and not batch.is_transactional:
            return ErrorCode.INVALID_TXN_STATE
        return ErrorCode.NONE

    def update(self, batch: Batch) -> None:
        """Take in a batch with a producer id that now is in the log. Not for control batches: `end_transaction`."""

    def end_transaction(self, batch: Batch, marker: EndMarker) -> None:
        """Take in the end of a producer's transaction."""

    def expire(self, wall_ms: int, expiration_ms: int) -> None:
        """Forget producers without an open transaction that were idle for `expiration_ms`."""

    def first_open_offset(self) -> int | None:
        """Where the oldest open transaction began; what lies before it is stable."""
