"""ListGroups: versions 0-5."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tautolog.core.errors import ErrorCode
from tautolog.core.messages.list_groups import ListGroupsResponse
from tautolog.core.node import Peer, Request

if TYPE_CHECKING:
    from tautolog.core.broker import Broker

KEY = 16
VERSIONS = (0, 5)


def handle(broker: Broker, peer: Peer, request: Request) -> ListGroupsResponse | None:  # noqa: ARG001
    """Answer that there is no coordinator yet."""
    return ListGroupsResponse(error_code=ErrorCode.COORDINATOR_NOT_AVAILABLE)
