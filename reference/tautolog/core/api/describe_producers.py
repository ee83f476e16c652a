"""DescribeProducers: version 0 (KIP-664): the idempotent producers that a partition remembers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tautolog.core.controller.names import problem
from tautolog.core.errors import ErrorCode
from tautolog.core.messages.describe_producers import (
    DescribeProducersRequest,
    DescribeProducersResponse,
    PartitionResponse,
    ProducerState,
    TopicRequest,
    TopicResponse,
)
from tautolog.core.node import Peer, Request

if TYPE_CHECKING:
    from tautolog.core.broker import Broker

KEY = 61
VERSIONS = (0, 0)


def handle(broker: Broker, peer: Peer, request: Request) -> DescribeProducersResponse:  # noqa: ARG001  # every handler is called alike
    """Describe every partition named."""
    body = request.body
    assert isinstance(body, DescribeProducersRequest)
    return DescribeProducersResponse(0, [_describe(broker, topic) for topic in body.topics])


def _describe(broker: Broker, topic: TopicRequest) -> TopicResponse:
    wrong = problem(topic.name)
    error = ErrorCode.INVALID_TOPIC_EXCEPTION if wrong else ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
    if not wrong and topic.name not in broker.controller.topics:
        wrong = "This broker does not have the topic"
    answers = []
    for index in topic.partition_indexes:
        partition = broker.replicas.get(topic.name, index)
        if partition is None or wrong:
            answers.append(PartitionResponse(index, error, wrong))
            continue
        producers = partition.log.producers.producers.values()
        described = [
            ProducerState(
                p.producer_id,
                p.epoch,
                p.last_sequence,
                p.last_timestamp,
                p.coordinator_epoch,
                p.current_txn_first_offset,
            )
            for p in producers
        ]
        answers.append(PartitionResponse(index, 0, None, described))
    return TopicResponse(topic.name, answers)
