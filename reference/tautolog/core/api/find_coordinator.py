"""FindCoordinator: versions 0-6."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tautolog.core.errors import ErrorCode
from tautolog.core.messages.find_coordinator import FindCoordinatorResponse
from tautolog.core.node import Peer, Request

if TYPE_CHECKING:
    from tautolog.core.broker import Broker

KEY = 10
VERSIONS = (0, 6)


def handle(broker: Broker, peer: Peer, request: Request) -> FindCoordinatorResponse | None:  # noqa: ARG001
    """Answer that there is no coordinator yet."""
    return FindCoordinatorResponse(error_code=ErrorCode.COORDINATOR_NOT_AVAILABLE)
