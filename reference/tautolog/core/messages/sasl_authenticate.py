"""SaslAuthenticate: generated from `wire/schemas/sasl_authenticate.schema`; do not edit."""

from __future__ import annotations

from tautolog.core.messages._base import Buffer, Message


class SaslAuthenticateRequest(Message):
    """Key 36, versions 0-2."""

    __slots__ = ("auth_bytes",)

    def __init__(
        self,
        auth_bytes: Buffer = b"",
    ) -> None:
        self.auth_bytes = auth_bytes


class SaslAuthenticateResponse(Message):
    """Key 36, versions 0-2."""

    __slots__ = ("error_code", "error_message", "auth_bytes", "session_lifetime_ms")

    def __init__(
        self,
        error_code: int = 0,
        error_message: str | None = "",
        auth_bytes: Buffer = b"",
        session_lifetime_ms: int = 0,
    ) -> None:
        self.error_code = error_code
        self.error_message = error_message
        self.auth_bytes = auth_bytes
        self.session_lifetime_ms = session_lifetime_ms
