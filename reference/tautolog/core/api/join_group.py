"""JoinGroup, versions 0-9: become a member of a classic group, or say again that one is.

The answer may have to wait for the other members. Of the reasons that clients give (KIP-800) nothing is kept.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tautolog.core.messages.join_group import JoinGroupResponse
from tautolog.core.node import Peer, Request

if TYPE_CHECKING:
    from tautolog.core.broker import Broker

KEY = 11
VERSIONS = (0, 9)


def handle(broker: Broker, peer: Peer, request: Request) -> JoinGroupResponse | None:
    """Answer at once with a refusal or with what a follower knows already; else when the group has gathered."""
    return broker.groups.joining.join(peer, request)
