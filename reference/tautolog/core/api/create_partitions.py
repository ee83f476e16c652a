"""CreatePartitions, versions 0-3: more partitions for existing topics, or only validated.

More than 10,000 new partitions in one request are refused with 44 POLICY_VIOLATION (Kafka answers -1 there).
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from tautolog.core.controller.creation import DUPLICATE_NAME, Refusal
from tautolog.core.errors import ErrorCode
from tautolog.core.messages.create_partitions import (
    CreatePartitionsRequest,
    CreatePartitionsResponse,
    CreatePartitionsTopicResult,
)
from tautolog.core.node import Peer, Request

if TYPE_CHECKING:
    from tautolog.core.broker import Broker

KEY = 37
VERSIONS = (0, 3)


def handle(broker: Broker, peer: Peer, request: Request) -> CreatePartitionsResponse:  # noqa: ARG001  # every handler is called alike
    """Add what can be added; a topic that is named twice is refused once and stays as it is."""
    body = request.body
    assert isinstance(body, CreatePartitionsRequest)
    counts = Counter(topic.name for topic in body.topics)
    single = [topic for topic in body.topics if counts[topic.name] == 1]
    outcomes = broker.controller.create_partitions(single, validate_only=body.validate_only)
    results = [_result(name, DUPLICATE_NAME) for name, count in counts.items() if count > 1]
    results += (_result(topic.name, outcome) for topic, outcome in zip(single, outcomes, strict=True))
    return CreatePartitionsResponse(0, results)


def _result(name: str, refusal: Refusal | None) -> CreatePartitionsTopicResult:
    error, text = refusal or (ErrorCode.NONE, None)
    return CreatePartitionsTopicResult(name, error, text)
