"""Heartbeat, versions 0-4: a member of a classic group lives, and asks whether it has to join again."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from tautolog.core.messages.heartbeat import HeartbeatRequest, HeartbeatResponse
from tautolog.core.node import Peer, Request

if TYPE_CHECKING:
    from tautolog.core.broker import Broker

KEY = 12
VERSIONS = (0, 4)


def handle(broker: Broker, peer: Peer, request: Request) -> HeartbeatResponse:  # noqa: ARG001  # every handler is called alike
    """Answer with REBALANCE_IN_PROGRESS while the group gathers its members."""
    body = cast("HeartbeatRequest", request.body)
    return HeartbeatResponse(error_code=broker.groups.membership.heartbeat(body))
