"""SyncGroup, versions 0-5: the leader hands in the assignments of a generation, every member fetches its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tautolog.core.messages.sync_group import SyncGroupResponse
from tautolog.core.node import Peer, Request

if TYPE_CHECKING:
    from tautolog.core.broker import Broker

KEY = 14
VERSIONS = (0, 5)


def handle(broker: Broker, peer: Peer, request: Request) -> SyncGroupResponse | None:  # noqa: ARG001  # every handler is called alike
    """Answer at once if the group is Stable or the request does not fit it; else when the leader has assigned."""
    return broker.groups.membership.sync(request)
