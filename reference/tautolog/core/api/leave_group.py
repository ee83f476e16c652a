"""LeaveGroup, versions 0-5: one member leaves (0-2), or any number is removed, static ones by instance id too (KIP-345)."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from tautolog.core.messages.leave_group import LeaveGroupRequest, LeaveGroupResponse
from tautolog.core.node import Peer, Request

if TYPE_CHECKING:
    from tautolog.core.broker import Broker

KEY = 13
VERSIONS = (0, 5)


def handle(broker: Broker, peer: Peer, request: Request) -> LeaveGroupResponse:  # noqa: ARG001  # every handler is called alike
    """Answer for each member on its own; before version 3 the one error stands at the top."""
    return broker.groups.membership.leave(request.version, cast("LeaveGroupRequest", request.body))
