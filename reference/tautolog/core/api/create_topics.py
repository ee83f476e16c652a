"""CreateTopics, versions 2-7: with or without a manual assignment, or only validated.

All the good topics of a request are made in one step. From version 5 on the answer tells the configs that the topic has
(KIP-525), from 7 on its id. `timeout_ms` is not waited for: the answer comes when the topics are there.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from tautolog.core.controller import definitions, effective
from tautolog.core.controller.creation import DUPLICATE_NAME, Refusal
from tautolog.core.controller.definitions import Source
from tautolog.core.errors import ErrorCode
from tautolog.core.messages._base import ZERO_UUID
from tautolog.core.messages.create_topics import (
    CreatableTopic,
    CreatableTopicConfigs,
    CreatableTopicResult,
    CreateTopicsRequest,
    CreateTopicsResponse,
)
from tautolog.core.node import Peer, Request

if TYPE_CHECKING:
    from tautolog.core.broker import Broker

KEY = 19
VERSIONS = (2, 7)


def handle(broker: Broker, peer: Peer, request: Request) -> CreateTopicsResponse:  # noqa: ARG001  # every handler is called alike
    """Make what can be made; a name that is given twice is refused once and not made."""
    body = request.body
    assert isinstance(body, CreateTopicsRequest)
    counts = Counter(topic.name for topic in body.topics)
    single = [topic for topic in body.topics if counts[topic.name] == 1]
    outcomes = broker.controller.create_topics(single, validate_only=body.validate_only)
    results = []
    for topic, outcome in zip(single, outcomes, strict=True):
        if isinstance(outcome, Refusal):
            results.append(_refused(topic.name, outcome))
        else:
            topic_id, count = outcome
            configs = _configs(broker, topic) if request.version >= 5 else []
            results.append(
                CreatableTopicResult(topic.name, topic_id, ErrorCode.NONE, None, ErrorCode.NONE, count, 1, configs)
            )
    results += (_refused(name, DUPLICATE_NAME) for name, count in counts.items() if count > 1)
    return CreateTopicsResponse(0, results)


def _refused(name: str, refusal: Refusal) -> CreatableTopicResult:
    return CreatableTopicResult(name, ZERO_UUID, refusal.error, refusal.message)


def _configs(broker: Broker, topic: CreatableTopic) -> list[CreatableTopicConfigs]:
    """Every config the topic has, by name, with its source."""
    overrides = {given.name: given.value for given in topic.configs}
    found = []
    for name, definition in sorted(definitions.topic().items()):
        if name in overrides:
            value, source = overrides[name], Source.DYNAMIC_TOPIC
        elif definition.internal:
            continue
        else:
            value, source = effective.inherited(broker.config, definition)
        found.append(CreatableTopicConfigs(name, value, read_only=False, config_source=source, is_sensitive=False))
    return found
