"""FindCoordinator, versions 0-6: which broker coordinates a group; from version 4 on for many keys at once.

The first one makes `__consumer_offsets`, and is answered when it is there (Kafka answers COORDINATOR_NOT_AVAILABLE once).
There is no coordinator of transactions (key type 1) or share groups (2) here: both are INVALID_REQUEST, which clients do not
try again, as Kafka answers for share groups where they are not served.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from tautolog.core.controller.names import OFFSETS_TOPIC
from tautolog.core.errors import ErrorCode
from tautolog.core.messages.find_coordinator import Coordinator, FindCoordinatorRequest, FindCoordinatorResponse
from tautolog.core.node import Peer, Request

if TYPE_CHECKING:
    from tautolog.core.broker import Broker

KEY = 10
VERSIONS = (0, 6)

GROUP = 0
_REFUSALS = {
    1: "this broker coordinates no transactions",
    2: "this broker coordinates no share groups",
}


def handle(broker: Broker, peer: Peer, request: Request) -> FindCoordinatorResponse:  # noqa: ARG001  # every handler is called alike
    """Every group is coordinated by this broker."""
    body = cast("FindCoordinatorRequest", request.body)
    keys = body.coordinator_keys if request.version >= 4 else [body.key]
    error, message = _coordinates(broker, body.key_type if request.version >= 1 else GROUP)
    if error:
        node_id, host, port = -1, "", -1
    else:
        node_id, (host, port) = broker.node_id, broker.endpoint
    if request.version >= 4:
        return FindCoordinatorResponse(
            coordinators=[Coordinator(key, node_id, host, port, error, message) for key in keys]
        )
    return FindCoordinatorResponse(
        error_code=error, error_message=message or "NONE", node_id=node_id, host=host, port=port
    )


def _coordinates(broker: Broker, key_type: int) -> tuple[ErrorCode, str]:
    if key_type != GROUP:
        return ErrorCode.INVALID_REQUEST, _REFUSALS.get(key_type, f"there is no coordinator of key type {key_type}")
    if isinstance(broker.controller.ensure_internal(OFFSETS_TOPIC), ErrorCode):
        return ErrorCode.COORDINATOR_NOT_AVAILABLE, "The coordinator is not available."
    return ErrorCode.NONE, ""
