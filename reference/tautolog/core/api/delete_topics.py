"""DeleteTopics, versions 1-6: by name, from version 6 on by name or id (KIP-516).

All the topics of a request go in one step, their records and what was committed for them too. With
`delete.topic.enable` off everything is refused: 42 before version 3, 73 from then on.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from tautolog.core.controller.creation import DUPLICATE_NAME, Refusal
from tautolog.core.controller.state import Topic
from tautolog.core.errors import ErrorCode
from tautolog.core.messages._base import ZERO_UUID
from tautolog.core.messages.delete_topics import (
    DeletableTopicResult,
    DeleteTopicsRequest,
    DeleteTopicsResponse,
    DeleteTopicState,
)
from tautolog.core.node import Peer, Request

if TYPE_CHECKING:
    from tautolog.core.broker import Broker

KEY = 20
VERSIONS = (1, 6)

_NAMED_BY_BOTH: Final = "The provided topic name maps to an ID that was already supplied."


def handle(broker: Broker, peer: Peer, request: Request) -> DeleteTopicsResponse:  # noqa: ARG001  # every handler is called alike
    """Delete what can be deleted; what is named twice is refused and stays."""
    body = request.body
    assert isinstance(body, DeleteTopicsRequest)
    asked = body.topics if request.version >= 6 else [DeleteTopicState(name) for name in body.topic_names]
    if not broker.config.get_bool("delete.topic.enable"):
        error = ErrorCode.TOPIC_DELETION_DISABLED if request.version >= 3 else ErrorCode.INVALID_REQUEST
        return DeleteTopicsResponse(0, [DeletableTopicResult(topic.name, topic.topic_id, error) for topic in asked])
    results: list[DeletableTopicResult] = []
    doomed: list[Topic] = []
    counts = Counter((topic.name, topic.topic_id) for topic in asked)
    for (name, topic_id), count in counts.items():
        topic = _topic(broker, name, topic_id)
        if name is not None and topic is not None and (None, topic.topic_id) in counts:
            results.append(DeletableTopicResult(name, topic.topic_id, ErrorCode.INVALID_REQUEST, _NAMED_BY_BOTH))
        elif name is None and topic is not None and (topic.name, ZERO_UUID) in counts:
            continue  # said where it is named
        else:
            outcome = _judged(topic, name, topic_id, count)
            if isinstance(outcome, Refusal):
                results.append(DeletableTopicResult(name, topic_id, outcome.error, outcome.message))
            else:
                doomed.append(outcome)
    refusal = broker.controller.delete_topics(doomed)
    error, text = refusal or (ErrorCode.NONE, None)
    results += (DeletableTopicResult(topic.name, topic.topic_id, error, text) for topic in doomed)
    return DeleteTopicsResponse(0, results)


def _topic(broker: Broker, name: str | None, topic_id: bytes) -> Topic | None:
    controller = broker.controller
    return controller.by_id.get(topic_id) if name is None else controller.topics.get(name)


def _judged(topic: Topic | None, name: str | None, topic_id: bytes, count: int) -> Topic | Refusal:
    """The topic that one entry of the request means, if that entry may delete it."""
    bad = ErrorCode.INVALID_REQUEST
    if name is None and topic_id == ZERO_UUID:
        return Refusal(bad, "Neither topic name nor id were specified.")
    if name is not None and topic_id != ZERO_UUID:
        return Refusal(bad, "You may not specify both topic name and topic id.")
    if count > 1:
        return DUPLICATE_NAME if name is not None else Refusal(bad, "Duplicate topic id.")
    if topic is not None:
        return topic
    if name is None:
        return Refusal(ErrorCode.UNKNOWN_TOPIC_ID, "This server does not host this topic ID.")
    return Refusal(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, "This server does not host this topic-partition.")
