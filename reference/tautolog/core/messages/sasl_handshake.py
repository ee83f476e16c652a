"""SaslHandshake: generated from `wire/schemas/sasl_handshake.schema`; do not edit."""

from __future__ import annotations

from tautolog.core.messages._base import NEW, Message


class SaslHandshakeRequest(Message):
    """Key 17, versions 0-1."""

    __slots__ = ("mechanism",)

    def __init__(
        self,
        mechanism: str = "",
    ) -> None:
        self.mechanism = mechanism


class SaslHandshakeResponse(Message):
    """Key 17, versions 0-1."""

    __slots__ = ("error_code", "mechanisms")

    def __init__(
        self,
        error_code: int = 0,
        mechanisms: list[str] = NEW,
    ) -> None:
        self.error_code = error_code
        self.mechanisms: list[str] = [] if mechanisms is NEW else mechanisms
