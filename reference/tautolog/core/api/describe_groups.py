"""DescribeGroups: versions 0-6."""

from __future__ import annotations

from typing import TYPE_CHECKING


from tautolog.core.messages.describe_groups import DescribeGroupsResponse
from tautolog.core.node import Peer, Request

if TYPE_CHECKING:
    from tautolog.core.broker import Broker

KEY = 15
VERSIONS = (0, 6)


def handle(broker: Broker, peer: Peer, request: Request) -> DescribeGroupsResponse | None:  # noqa: ARG001
    """Answer that there is no coordinator yet."""
    return DescribeGroupsResponse()
