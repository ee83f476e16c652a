"""Heartbeat: versions 0-4."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tautolog.core.errors import ErrorCode
from tautolog.core.messages.heartbeat import HeartbeatResponse
from tautolog.core.node import Peer, Request

if TYPE_CHECKING:
    from tautolog.core.broker import Broker

KEY = 12
VERSIONS = (0, 4)


def handle(broker: Broker, peer: Peer, request: Request) -> HeartbeatResponse | None:  # noqa: ARG001
    """Answer that there is no coordinator yet."""
    return HeartbeatResponse(error_code=ErrorCode.COORDINATOR_NOT_AVAILABLE)
