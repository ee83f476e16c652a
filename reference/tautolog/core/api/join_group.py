"""JoinGroup: versions 0-9."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tautolog.core.errors import ErrorCode
from tautolog.core.messages.join_group import JoinGroupResponse
from tautolog.core.node import Peer, Request

if TYPE_CHECKING:
    from tautolog.core.broker import Broker

KEY = 11
VERSIONS = (0, 9)


def handle(broker: Broker, peer: Peer, request: Request) -> JoinGroupResponse | None:  # noqa: ARG001
    """Answer that there is no coordinator yet."""
    return JoinGroupResponse(error_code=ErrorCode.COORDINATOR_NOT_AVAILABLE)
