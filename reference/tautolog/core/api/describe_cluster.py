"""DescribeCluster, versions 0-2 (KIP-700): this broker is the cluster and its controller; it is never fenced.

Asked for the controllers' endpoints (version 1, KIP-919) it refuses, as a broker's listener does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tautolog.core.api.metadata import CLUSTER_OPERATIONS, NOT_ASKED
from tautolog.core.errors import ErrorCode
from tautolog.core.messages.describe_cluster import (
    DescribeClusterBroker,
    DescribeClusterRequest,
    DescribeClusterResponse,
)
from tautolog.core.node import Peer, Request

if TYPE_CHECKING:
    from tautolog.core.broker import Broker

KEY = 60
VERSIONS = (0, 2)

BROKERS = 1
CONTROLLERS = 2


def handle(broker: Broker, peer: Peer, request: Request) -> DescribeClusterResponse:  # noqa: ARG001  # every handler is called alike
    """Name the cluster, its controller and its brokers."""
    body = request.body
    assert isinstance(body, DescribeClusterRequest)
    wanted = body.endpoint_type if request.version >= 1 else BROKERS
    if wanted == CONTROLLERS:
        text = "The request was sent to an endpoint of type BROKER, but we wanted an endpoint of type CONTROLLER"
        return DescribeClusterResponse(0, ErrorCode.MISMATCHED_ENDPOINT_TYPE, text)
    if wanted != BROKERS:
        text = f"Unsupported endpoint type {wanted}"
        return DescribeClusterResponse(0, ErrorCode.UNSUPPORTED_ENDPOINT_TYPE, text)
    host, port = broker.endpoint
    rack = broker.config.get_str("broker.rack") or None
    return DescribeClusterResponse(
        endpoint_type=BROKERS,
        cluster_id=broker.cluster_id,
        controller_id=broker.node_id,
        brokers=[DescribeClusterBroker(broker.node_id, host, port, rack)],
        cluster_authorized_operations=CLUSTER_OPERATIONS if body.include_cluster_authorized_operations else NOT_ASKED,
    )
