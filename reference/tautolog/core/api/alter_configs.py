"""AlterConfigs, versions 0-2: a resource configured anew; what is not named goes back to its default.

Deprecated in favour of IncrementalAlterConfigs (KIP-339), which shares all its rules. Kafka does not answer when a
resource is named twice; here it is refused each time.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from tautolog.core.api.incremental_alter_configs import TWICE
from tautolog.core.controller import alteration
from tautolog.core.controller.creation import Refusal
from tautolog.core.errors import ErrorCode
from tautolog.core.messages.alter_configs import (
    AlterConfigsRequest,
    AlterConfigsResourceResponse,
    AlterConfigsResponse,
)
from tautolog.core.node import Peer, Request

if TYPE_CHECKING:
    from tautolog.core.broker import Broker

KEY = 33
VERSIONS = (0, 2)


def handle(broker: Broker, peer: Peer, request: Request) -> AlterConfigsResponse:  # noqa: ARG001  # every handler is called alike
    """Replace the configuration of each resource, or say why not."""
    body = request.body
    assert isinstance(body, AlterConfigsRequest)
    controller = broker.controller
    counts = Counter((resource.resource_type, resource.resource_name) for resource in body.resources)
    responses = []
    for resource in body.resources:
        kind, name = resource.resource_type, resource.resource_name
        now = alteration.set_on(controller.state, kind, name)
        changes = alteration.replaced(now, [(config.name, config.value) for config in resource.configs])
        refusal: Refusal | None = TWICE
        if counts[kind, name] == 1:
            refusal = controller.alter_configs(kind, name, changes, validate_only=body.validate_only)
        error, text = refusal or (ErrorCode.NONE, None)
        responses.append(AlterConfigsResourceResponse(error, text, kind, name))
    return AlterConfigsResponse(0, responses)
