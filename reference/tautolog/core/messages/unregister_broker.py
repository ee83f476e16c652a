"""UnregisterBroker: generated from `wire/schemas/unregister_broker.schema`; do not edit."""

from __future__ import annotations

from tautolog.core.messages._base import Message


class UnregisterBrokerRequest(Message):
    """Key 64, versions 0-0."""

    __slots__ = ("broker_id",)

    def __init__(
        self,
        broker_id: int = 0,
    ) -> None:
        self.broker_id = broker_id


class UnregisterBrokerResponse(Message):
    """Key 64, versions 0-0."""

    __slots__ = ("throttle_time_ms", "error_code", "error_message")

    def __init__(
        self,
        throttle_time_ms: int = 0,
        error_code: int = 0,
        error_message: str | None = "",
    ) -> None:
        self.throttle_time_ms = throttle_time_ms
        self.error_code = error_code
        self.error_message = error_message
