"""Fetch: versions 4-18, with sessions (KIP-227) from 7, truncation detection (KIP-595) from 12, topic ids from 13.

Only whole batches are answered, where Kafka cuts the last one at the limit; the first batch found is answered however large it
is (KIP-74). `rack_id` finds no nearer replica: there is one. A follower (`replica_id` from 0 on) is refused: it is nobody's
replica. Negative limits count as 0 (Kafka: -1 UNKNOWN_SERVER_ERROR). zstd is answered to versions before 10, as in Kafka.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tautolog.core.messages.fetch import FetchRequest, FetchResponse
from tautolog.core.node import Peer, Request

if TYPE_CHECKING:
    from tautolog.core.broker import Broker

KEY = 1
VERSIONS = (4, 18)


def handle(broker: Broker, peer: Peer, request: Request) -> FetchResponse | None:
    """Answer with what is there, or later, when there is enough."""
    body = request.body
    assert isinstance(body, FetchRequest)
    return broker.fetches.take(peer, request, body)
