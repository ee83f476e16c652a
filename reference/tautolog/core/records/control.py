"""Control records: what a broker, not a client, writes into a log. So far the end of a transaction (KIP-98)."""

from __future__ import annotations

from enum import IntEnum
from struct import Struct
from typing import Final, NamedTuple

from tautolog.core.records.errors import RecordsError
from tautolog.core.records.record import Record, build

_KEY: Final = Struct(">hh")
_END: Final = Struct(">hi")
_VERSION: Final = 0


class ControlType(IntEnum):
    """What a control record says; the numbers are Kafka's."""

    ABORT = 0
    COMMIT = 1


class EndMarker(NamedTuple):
    """The end of one producer's transaction, written by the transaction coordinator of `coordinator_epoch`."""

    type: ControlType
    coordinator_epoch: int


def build_end_marker(marker: EndMarker, *, timestamp: int, producer_id: int, producer_epoch: int) -> bytearray:
    """The batch that ends the open transaction of a producer."""
    key = _KEY.pack(_VERSION, marker.type)
    value = _END.pack(_VERSION, marker.coordinator_epoch)
    return build(
        [(key, value)],
        timestamp=timestamp,
        producer_id=producer_id,
        producer_epoch=producer_epoch,
        transactional=True,
        control=True,
    )


def read_end_marker(record: Record) -> EndMarker | None:
    """The marker in a record of a control batch; None if it says something that this version does not know."""
    if record.key is None or len(record.key) < _KEY.size:
        raise RecordsError("a control record has no type")
    version, kind = _KEY.unpack_from(record.key)
    if version < _VERSION:
        raise RecordsError(f"a control record has version {version}")
    if kind not in (ControlType.ABORT, ControlType.COMMIT):
        return None
    if record.value is None or len(record.value) < _END.size:
        raise RecordsError("the end of a transaction has no coordinator epoch")
    return EndMarker(ControlType(kind), _END.unpack_from(record.value)[1])
