"""ListGroups, versions 0-5: every group of this broker; by state from version 4 (KIP-518), by type from 5 (KIP-848).

All groups here are of the type `classic`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from tautolog.core.messages.list_groups import ListedGroup, ListGroupsRequest, ListGroupsResponse
from tautolog.core.node import Peer, Request

if TYPE_CHECKING:
    from tautolog.core.broker import Broker

KEY = 16
VERSIONS = (0, 5)

CLASSIC = "classic"


def handle(broker: Broker, peer: Peer, request: Request) -> ListGroupsResponse:  # noqa: ARG001  # every handler is called alike
    """Filters ignore case; an empty one lets everything pass, a name that nobody knows nothing."""
    body = cast("ListGroupsRequest", request.body)
    states = {name.strip().lower() for name in body.states_filter}
    types = {name.lower() for name in body.types_filter}
    if types and CLASSIC not in types:
        return ListGroupsResponse()
    return ListGroupsResponse(
        groups=[
            ListedGroup(group.group_id, group.protocol_type or "", group.state.value, CLASSIC)
            for group in broker.groups.groups.values()
            if not states or group.state.value.lower() in states
        ]
    )
