"""DeleteGroups, versions 0-2: delete groups that have no members, with their offsets (KIP-229)."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from tautolog.core.messages.delete_groups import DeletableGroupResult, DeleteGroupsRequest, DeleteGroupsResponse
from tautolog.core.node import Peer, Request

if TYPE_CHECKING:
    from tautolog.core.broker import Broker

KEY = 42
VERSIONS = (0, 2)


def handle(broker: Broker, peer: Peer, request: Request) -> DeleteGroupsResponse:  # noqa: ARG001  # every handler is called alike
    """Answer for each group on its own; one that is named twice is deleted once."""
    body = cast("DeleteGroupsRequest", request.body)
    return DeleteGroupsResponse(
        results=[
            DeletableGroupResult(group_id, broker.groups.delete(group_id))
            for group_id in dict.fromkeys(body.groups_names)
        ]
    )
