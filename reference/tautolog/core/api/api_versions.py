"""ApiVersions, versions 0-4; any other version gets a version-0 body with error 35 and the range (KIP-511).

The list of keys is read off the handlers, so it cannot promise what is not served. From version 3 on it also tells the
features (KIP-584): of those of Kafka 4.3 only the formats of the metadata and eligible leader replicas are finalized;
a group, share, streams or transaction protocol that is not served is not named, and clients do not start using it. A
supported range that begins at 0 is left out before version 4, whose readers would take it for an error (KIP-1022).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from tautolog.core import api
from tautolog.core.controller.controller import FEATURES, METADATA_VERSION
from tautolog.core.errors import ErrorCode
from tautolog.core.messages.api_versions import (
    ApiVersion,
    ApiVersionsRequest,
    ApiVersionsResponse,
    FinalizedFeatureKey,
    SupportedFeatureKey,
)
from tautolog.core.node import Peer, Request

if TYPE_CHECKING:
    from tautolog.core.broker import Broker

KEY = 18
VERSIONS = (0, 4)

_SUPPORTED: Final = {
    "metadata.version": (METADATA_VERSION, METADATA_VERSION),
    "eligible.leader.replicas.version": (0, FEATURES["eligible.leader.replicas.version"]),
}
_SOFTWARE: Final = re.compile(r"[a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?")


def handle(broker: Broker, peer: Peer, request: Request) -> ApiVersionsResponse:  # noqa: ARG001  # every handler is called alike
    """Answer what is served; a request that could not be read has no body."""
    body = request.body
    version = request.version
    if not isinstance(body, ApiVersionsRequest) or not VERSIONS[0] <= version <= VERSIONS[1]:
        return ApiVersionsResponse(ErrorCode.UNSUPPORTED_VERSION, [ApiVersion(KEY, *VERSIONS)])
    if version >= 3 and not all(map(_SOFTWARE.fullmatch, (body.client_software_name, body.client_software_version))):
        return ApiVersionsResponse(ErrorCode.INVALID_REQUEST)
    keys = [ApiVersion(handler.key, handler.lowest, handler.last) for handler in api.handlers().values()]
    answer = ApiVersionsResponse(ErrorCode.NONE, keys)
    if version >= 3:
        answer.supported_features = [
            SupportedFeatureKey(name, first, last) for name, (first, last) in _SUPPORTED.items() if first or version > 3
        ]
        answer.finalized_features = [
            FinalizedFeatureKey(name, level, level) for name, level in broker.controller.state.features.items()
        ]
        answer.finalized_features_epoch = broker.controller.metadata_offset
    return answer
