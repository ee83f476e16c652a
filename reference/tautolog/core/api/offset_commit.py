"""OffsetCommit: versions 2-10."""

from __future__ import annotations

from typing import TYPE_CHECKING


from tautolog.core.messages.offset_commit import OffsetCommitResponse
from tautolog.core.node import Peer, Request

if TYPE_CHECKING:
    from tautolog.core.broker import Broker

KEY = 8
VERSIONS = (2, 10)


def handle(broker: Broker, peer: Peer, request: Request) -> OffsetCommitResponse | None:  # noqa: ARG001
    """Answer that there is no coordinator yet."""
    return OffsetCommitResponse()
