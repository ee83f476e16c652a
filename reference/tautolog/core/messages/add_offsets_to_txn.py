"""AddOffsetsToTxn: generated from `wire/schemas/add_offsets_to_txn.schema`; do not edit."""

from __future__ import annotations

from tautolog.core.messages._base import Message


class AddOffsetsToTxnRequest(Message):
    """Key 25, versions 0-4."""

    __slots__ = ("transactional_id", "producer_id", "producer_epoch", "group_id")

    def __init__(
        self,
        transactional_id: str = "",
        producer_id: int = 0,
        producer_epoch: int = 0,
        group_id: str = "",
    ) -> None:
        self.transactional_id = transactional_id
        self.producer_id = producer_id
        self.producer_epoch = producer_epoch
        self.group_id = group_id


class AddOffsetsToTxnResponse(Message):
    """Key 25, versions 0-4."""

    __slots__ = ("throttle_time_ms", "error_code")

    def __init__(
        self,
        throttle_time_ms: int = 0,
        error_code: int = 0,
    ) -> None:
        self.throttle_time_ms = throttle_time_ms
        self.error_code = error_code
