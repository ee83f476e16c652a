"""OffsetDelete: versions 0-0."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tautolog.core.errors import ErrorCode
from tautolog.core.messages.offset_delete import OffsetDeleteResponse
from tautolog.core.node import Peer, Request

if TYPE_CHECKING:
    from tautolog.core.broker import Broker

KEY = 47
VERSIONS = (0, 0)


def handle(broker: Broker, peer: Peer, request: Request) -> OffsetDeleteResponse | None:  # noqa: ARG001
    """Answer that there is no coordinator yet."""
    return OffsetDeleteResponse(error_code=ErrorCode.COORDINATOR_NOT_AVAILABLE)
