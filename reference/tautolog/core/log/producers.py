"""What a log knows of its idempotent and transactional producers (KIP-98): enough to refuse gaps and recognise repetitions.

Per producer id: its epoch, the last five batches, the open transaction. It decides and remembers; it writes nothing into the
log. It is a digest of the batch headers, so what is lost of it at a crash is rebuilt from them. A snapshot file has Kafka's
own format (`ProducerSnapshot` version 1), which keeps the last batch only; the four before it stand behind, where Kafka does
not look but its checksum reaches. So a repetition of those is still recognised after a restart, where Kafka's answer is
OUT_OF_ORDER_SEQUENCE_NUMBER.
"""

from __future__ import annotations

from struct import Struct, error
from typing import Final, NamedTuple

from tautolog.core.errors import ErrorCode
from tautolog.core.messages._base import Buffer
from tautolog.core.records.batch import MAX_SEQUENCE, NO_SEQUENCE, Batch
from tautolog.core.records.control import EndMarker, read_end_marker
from tautolog.core.records.crc32c import crc32c
from tautolog.core.records.errors import RecordsError
from tautolog.core.records.record import batch_records

BATCHES_KEPT: Final = 5
"""As many as a producer may have in flight; an older repetition counts as a gap."""

NO_OFFSET: Final = -1

_HEADER: Final = Struct(">hIi")
_ENTRY: Final = Struct(">qhiqiqiq")
_OLDER: Final = Struct(">qiiqqq")
_COUNT: Final = Struct(">i")
_CRC_COVERS: Final = 6
_VERSION: Final = 1


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
        self.current_txn_first_offset = NO_OFFSET

    @property
    def last_sequence(self) -> int:
        """Of the last record, -1 if this epoch wrote none yet."""
        return self.batches[-1].last_sequence if self.batches else NO_SEQUENCE


class ProducerStates:
    """All producers of one log. `changed` says that the snapshot is behind."""

    __slots__ = ("_open", "changed", "producers")

    def __init__(self) -> None:
        self.producers: dict[int, Producer] = {}
        self.changed = False
        self._open: dict[int, int] = {}  # producer id -> first offset of its open transaction; oldest first

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
            if first != known.last_sequence + 1 & MAX_SEQUENCE and known.epoch != -1:
                return ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER
        elif batch.producer_epoch < known.epoch:
            return ErrorCode.INVALID_PRODUCER_EPOCH
        elif first != 0 and known.epoch != -1:
            return ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER
        if known.current_txn_first_offset >= 0 and not batch.is_transactional:
            return ErrorCode.INVALID_TXN_STATE
        return ErrorCode.NONE

    def observe(self, batch: Batch, buffer: Buffer) -> None:
        """Take in a batch that is in the log now, whatever it is; `buffer` holds it at `batch.position`."""
        if batch.producer_id < 0:
            return
        if not batch.is_control:
            self.update(batch)
            return
        try:
            marker = next((read_end_marker(record) for record in batch_records(buffer, batch)), None)
        except RecordsError:
            return  # a later version's marker: nothing that this one could remember
        if marker is not None:
            self.end_transaction(batch, marker)

    def update(self, batch: Batch) -> None:
        """Take in a client's batch with a producer id that is in the log now."""
        known = self._at_epoch(batch)
        batches = known.batches
        if len(batches) == BATCHES_KEPT:
            del batches[0]
        last_offset = batch.last_offset
        batches.append(
            ProducerBatch(batch.base_sequence, batch.last_sequence, batch.base_offset, last_offset, batch.max_timestamp)
        )
        known.last_timestamp = batch.max_timestamp
        if known.current_txn_first_offset < 0 and batch.is_transactional:
            known.current_txn_first_offset = self._open[batch.producer_id] = batch.base_offset

    def end_transaction(self, batch: Batch, marker: EndMarker) -> None:
        """Take in the end of a producer's transaction, which a control batch in the log says."""
        known = self._at_epoch(batch)
        known.coordinator_epoch = marker.coordinator_epoch
        known.last_timestamp = batch.max_timestamp
        known.current_txn_first_offset = NO_OFFSET
        self._open.pop(batch.producer_id, None)

    def _at_epoch(self, batch: Batch) -> Producer:
        self.changed = True
        known = self.producers.get(batch.producer_id)
        if known is None:
            known = self.producers[batch.producer_id] = Producer(batch.producer_id)
        if known.epoch != batch.producer_epoch:
            known.epoch = batch.producer_epoch
            known.batches.clear()
        return known

    def expire(self, wall_ms: int, expiration_ms: int) -> None:
        """Forget the producers without an open transaction that have been idle for `expiration_ms`."""
        idle = [
            known.producer_id
            for known in self.producers.values()
            if known.current_txn_first_offset < 0 and wall_ms - known.last_timestamp >= expiration_ms
        ]
        for producer_id in idle:
            del self.producers[producer_id]
            self.changed = True

    def first_open_offset(self) -> int | None:
        """Where the oldest open transaction began, None if none is open; what lies before it is stable."""
        return next(iter(self._open.values()), None)

    def clear(self) -> None:
        """Forget everything."""
        self.changed = self.changed or bool(self.producers)
        self.producers.clear()
        self._open.clear()

    def encode(self) -> bytes:
        """A snapshot file's content."""
        out = bytearray(_HEADER.pack(_VERSION, 0, len(self.producers)))
        older: list[bytes] = []
        for known in self.producers.values():
            last = known.batches[-1] if known.batches else None
            out += _ENTRY.pack(
                known.producer_id,
                known.epoch,
                known.last_sequence,
                last.last_offset if last else NO_OFFSET,
                last.last_offset - last.base_offset if last else 0,
                known.last_timestamp,
                known.coordinator_epoch,
                known.current_txn_first_offset,
            )
            older += [_OLDER.pack(known.producer_id, *entry) for entry in known.batches[:-1]]
        out += _COUNT.pack(len(older)) + b"".join(older)
        out[2:6] = crc32c(memoryview(out)[_CRC_COVERS:]).to_bytes(4, "big")
        return bytes(out)

    def load(self, content: Buffer) -> bool:
        """Take over a snapshot, Kafka's or ours; False, and empty, if it is damaged."""
        self.clear()
        self.changed = False
        try:
            version, crc, count = _HEADER.unpack_from(content)
            if version != _VERSION or crc != crc32c(memoryview(content)[_CRC_COVERS:]):
                return False
            position = _HEADER.size
            for _ in range(count):
                self._load_entry(*_ENTRY.unpack_from(content, position))
                position += _ENTRY.size
            if position < len(content):
                self._load_older(content, position)
        except (error, KeyError):
            self.producers.clear()
            return False
        open_at = [(known.current_txn_first_offset, known.producer_id) for known in self.producers.values()]
        self._open = {producer_id: offset for offset, producer_id in sorted(open_at) if offset >= 0}
        return True

    def _load_entry(
        self,
        producer_id: int,
        epoch: int,
        last_sequence: int,
        last_offset: int,
        delta: int,
        timestamp: int,
        coordinator_epoch: int,
        current_txn_first_offset: int,
    ) -> None:
        known = self.producers[producer_id] = Producer(producer_id)
        known.epoch = epoch
        known.last_timestamp = timestamp
        known.coordinator_epoch = coordinator_epoch
        known.current_txn_first_offset = current_txn_first_offset
        if last_offset >= 0:
            first_sequence = last_sequence - delta & MAX_SEQUENCE
            known.batches.append(
                ProducerBatch(first_sequence, last_sequence, last_offset - delta, last_offset, timestamp)
            )

    def _load_older(self, content: Buffer, position: int) -> None:
        (count,) = _COUNT.unpack_from(content, position)
        position += _COUNT.size
        for _ in range(count):
            producer_id, *fields = _OLDER.unpack_from(content, position)
            self.producers[producer_id].batches.insert(-1, ProducerBatch(*fields))
            position += _OLDER.size
