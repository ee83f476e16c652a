"""ListConfigResources, versions 0-1 (KIP-1142): which topics, groups and subscriptions have configs.

Version 0 knows client metrics subscriptions only. No type named means all types; an unknown one is error 35.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tautolog.core.controller.definitions import Resource
from tautolog.core.errors import ErrorCode
from tautolog.core.messages.list_config_resources import (
    ConfigResource,
    ListConfigResourcesRequest,
    ListConfigResourcesResponse,
)
from tautolog.core.node import Peer, Request

if TYPE_CHECKING:
    from tautolog.core.broker import Broker

KEY = 74
VERSIONS = (0, 1)


def handle(broker: Broker, peer: Peer, request: Request) -> ListConfigResourcesResponse:  # noqa: ARG001  # every handler is called alike
    """List the resources of the types asked for."""
    body = request.body
    assert isinstance(body, ListConfigResourcesRequest)
    asked = dict.fromkeys(body.resource_types) if request.version >= 1 else {int(Resource.CLIENT_METRICS): None}
    kinds = list(Resource)
    if any(kind not in kinds for kind in asked):
        return ListConfigResourcesResponse(0, ErrorCode.UNSUPPORTED_VERSION)
    wanted = [kind for kind in kinds if not asked or kind in asked]
    found = [ConfigResource(name, kind) for kind in wanted for name in _names(broker, kind)]
    return ListConfigResourcesResponse(0, ErrorCode.NONE, found)


def _names(broker: Broker, kind: Resource) -> Iterator[str]:
    if kind is Resource.TOPIC:
        yield from broker.controller.topics
    elif kind in {Resource.BROKER, Resource.BROKER_LOGGER}:
        yield str(broker.node_id)
    else:
        yield from (name for (set_on, name) in broker.controller.state.configs if set_on == kind)
