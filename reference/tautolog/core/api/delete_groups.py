"""DeleteGroups: versions 0-2."""

from __future__ import annotations

from typing import TYPE_CHECKING


from tautolog.core.messages.delete_groups import DeleteGroupsResponse
from tautolog.core.node import Peer, Request

if TYPE_CHECKING:
    from tautolog.core.broker import Broker

KEY = 42
VERSIONS = (0, 2)


def handle(broker: Broker, peer: Peer, request: Request) -> DeleteGroupsResponse | None:  # noqa: ARG001
    """Answer that there is no coordinator yet."""
    return DeleteGroupsResponse()
