"""OffsetFetch: versions 1-10."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tautolog.core.errors import ErrorCode
from tautolog.core.messages.offset_fetch import OffsetFetchResponse
from tautolog.core.node import Peer, Request

if TYPE_CHECKING:
    from tautolog.core.broker import Broker

KEY = 9
VERSIONS = (1, 10)


def handle(broker: Broker, peer: Peer, request: Request) -> OffsetFetchResponse | None:  # noqa: ARG001
    """Answer that there is no coordinator yet."""
    return OffsetFetchResponse(error_code=ErrorCode.COORDINATOR_NOT_AVAILABLE)
