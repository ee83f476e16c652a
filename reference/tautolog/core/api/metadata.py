"""Metadata, versions 0-13: the brokers, the controller, and topics by name, by id (from 12), or all.

A topic that does not exist is made when the request and `auto.create.topics.enable` allow it (always before version
4); as in Kafka this answer still says that it is unknown, the next one has it. In versions 10-11 a topic id is
refused as a whole. There are no ACLs: whoever asks may do everything.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from tautolog.core.controller import names
from tautolog.core.controller.state import Topic
from tautolog.core.errors import ErrorCode
from tautolog.core.messages._base import ZERO_UUID
from tautolog.core.messages.metadata import (
    MetadataRequest,
    MetadataRequestTopic,
    MetadataResponse,
    MetadataResponseBroker,
    MetadataResponsePartition,
    MetadataResponseTopic,
)
from tautolog.core.node import Peer, Request

if TYPE_CHECKING:
    from tautolog.core.broker import Broker

KEY = 3
VERSIONS = (0, 13)

NOT_ASKED: Final = -(1 << 31)
"""Stands for authorized operations that were not asked for."""

TOPIC_OPERATIONS: Final = 3576
"""Every operation there is on a topic, as a bit set (KIP-430)."""

CLUSTER_OPERATIONS: Final = 8096
"""Every operation there is on a cluster."""


def handle(broker: Broker, peer: Peer, request: Request) -> MetadataResponse:  # noqa: ARG001  # every handler is called alike
    """Describe what was asked for; what is unknown comes behind what is known."""
    body = request.body
    assert isinstance(body, MetadataRequest)
    version = request.version
    everything = body.topics is None or (version == 0 and not body.topics)
    asked = body.topics or []
    ids = dict.fromkeys(topic.topic_id for topic in asked if topic.topic_id != ZERO_UUID)
    if (ids and version < 12) or (not ids and any(topic.name is None for topic in asked)):
        return _refused(asked, version)
    topics: list[MetadataResponseTopic] = []
    operations = TOPIC_OPERATIONS if body.include_topic_authorized_operations and version >= 8 else NOT_ASKED
    if everything:
        topics += (_described(broker, topic, operations) for topic in broker.controller.topics.values())
    elif ids:
        by_id = broker.controller.by_id
        unknown = ErrorCode.UNKNOWN_TOPIC_ID
        topics += (MetadataResponseTopic(unknown, None, topic_id) for topic_id in ids if topic_id not in by_id)
        topics += (_described(broker, by_id[topic_id], operations) for topic_id in ids if topic_id in by_id)
    else:
        allowed = (body.allow_auto_topic_creation or version < 4) and broker.config.get_bool(
            "auto.create.topics.enable"
        )
        topics += _by_name(broker, [topic.name or "" for topic in asked], operations, create=allowed)
    wants_cluster = body.include_cluster_authorized_operations and 8 <= version <= 10
    host, port = broker.endpoint
    rack = broker.config.get_str("broker.rack") or None
    return MetadataResponse(
        brokers=[MetadataResponseBroker(broker.node_id, host, port, rack)],
        cluster_id=broker.cluster_id,
        controller_id=broker.node_id,
        topics=topics,
        cluster_authorized_operations=CLUSTER_OPERATIONS if wants_cluster else NOT_ASKED,
    )


def _by_name(broker: Broker, asked: list[str], operations: int, *, create: bool) -> list[MetadataResponseTopic]:
    known: list[MetadataResponseTopic] = []
    unknown: list[MetadataResponseTopic] = []
    for name in dict.fromkeys(asked):
        topic = broker.controller.topics.get(name)
        if topic is not None:
            known.append(_described(broker, topic, operations))
            continue
        if names.problem(name) is not None:
            error = ErrorCode.INVALID_TOPIC_EXCEPTION
        else:
            error = ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
            if create and broker.controller.auto_create(name) is ErrorCode.KAFKA_STORAGE_ERROR:
                error = ErrorCode.KAFKA_STORAGE_ERROR
        unknown.append(MetadataResponseTopic(error, name, ZERO_UUID, name in names.INTERNAL, [], operations))
    return known + unknown


def _described(broker: Broker, topic: Topic, operations: int) -> MetadataResponseTopic:
    node = broker.node_id
    partitions = [
        MetadataResponsePartition(ErrorCode.NONE, index, node, epoch, [node], [node])
        for index, epoch in enumerate(topic.leader_epochs)
    ]
    return MetadataResponseTopic(ErrorCode.NONE, topic.name, topic.topic_id, topic.internal, partitions, operations)


def _refused(asked: Sequence[MetadataRequestTopic], version: int) -> MetadataResponse:
    """Every topic is refused, and nothing is said about the cluster: as Kafka does."""
    error = ErrorCode.INVALID_REQUEST
    topics = [MetadataResponseTopic(error, topic.name or "", topic.topic_id) for topic in asked]
    return MetadataResponse(topics=topics, error_code=error if version >= 13 else ErrorCode.NONE)
