"""Envelope: generated from `wire/schemas/envelope.schema`; do not edit."""

from __future__ import annotations

from tautolog.core.messages._base import Buffer, Message


class EnvelopeRequest(Message):
    """Key 58, versions 0-0."""

    __slots__ = ("request_data", "request_principal", "client_host_address")

    def __init__(
        self,
        request_data: Buffer = b"",
        request_principal: Buffer | None = b"",
        client_host_address: Buffer = b"",
    ) -> None:
        self.request_data = request_data
        self.request_principal = request_principal
        self.client_host_address = client_host_address


class EnvelopeResponse(Message):
    """Key 58, versions 0-0."""

    __slots__ = ("response_data", "error_code")

    def __init__(
        self,
        response_data: Buffer | None = None,
        error_code: int = 0,
    ) -> None:
        self.response_data = response_data
        self.error_code = error_code
