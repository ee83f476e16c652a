"""RenewDelegationToken: generated from `wire/schemas/renew_delegation_token.schema`; do not edit."""

from __future__ import annotations

from tautolog.core.messages._base import Buffer, Message


class RenewDelegationTokenRequest(Message):
    """Key 39, versions 1-2."""

    __slots__ = ("hmac", "renew_period_ms")

    def __init__(
        self,
        hmac: Buffer = b"",
        renew_period_ms: int = 0,
    ) -> None:
        self.hmac = hmac
        self.renew_period_ms = renew_period_ms


class RenewDelegationTokenResponse(Message):
    """Key 39, versions 1-2."""

    __slots__ = ("error_code", "expiry_timestamp_ms", "throttle_time_ms")

    def __init__(
        self,
        error_code: int = 0,
        expiry_timestamp_ms: int = 0,
        throttle_time_ms: int = 0,
    ) -> None:
        self.error_code = error_code
        self.expiry_timestamp_ms = expiry_timestamp_ms
        self.throttle_time_ms = throttle_time_ms
