"""Produce: versions 0-13. 0-2 are advertised, since old clients ask for them, and end the connection.

Version 13 names topics by id. `timeout_ms` has nothing to wait for: with one replica an append is committed when it is made,
so `acks` 1 and -1 mean the same. Transactional records need a transactional id (53 without one), and since none is given
out yet they are refused as Kafka refuses an id that its coordinator does not know: 49 INVALID_PRODUCER_ID_MAPPING.

Unlike Kafka: null records are answered (87; Kafka never answers them), an unknown compression type is 76 (Kafka: -1), a
partition named twice is appended to twice (Kafka drops the first), and `compression.type` of a topic never recompresses.
What is checked inside a batch is told in `tautolog.core.partition.validation`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tautolog.core.controller.names import INTERNAL
from tautolog.core.errors import ErrorCode
from tautolog.core.messages.produce import (
    BatchIndexAndErrorMessage,
    LeaderIdAndEpoch,
    PartitionProduceData,
    PartitionProduceResponse,
    ProduceRequest,
    ProduceResponse,
    TopicProduceResponse,
)
from tautolog.core.node import Disconnect, Peer, Request
from tautolog.core.partition.leader import Appended, Partition
from tautolog.core.partition.validation import marked_transactional, marked_zstd

if TYPE_CHECKING:
    from tautolog.core.broker import Broker

KEY = 0
VERSIONS = (0, 13)
REFUSED = (0, 2)

ADMIN_CLIENT_ID: Final = "__admin_client"
"""The client id with which Kafka lets a client write to internal topics."""

_ZSTD_SINCE: Final = 7
_IDS_SINCE: Final = 13
_NO_LEADER: Final = LeaderIdAndEpoch()


def handle(broker: Broker, peer: Peer, request: Request) -> ProduceResponse | None:
    """Append to every partition named; one that is refused keeps no other from being appended to."""
    body = request.body
    assert isinstance(body, ProduceRequest)
    by_id = request.version >= _IDS_SINCE
    whole = _refusal_of_all(body)
    wary = bool(whole) or request.version < _ZSTD_SINCE or not -1 <= body.acks <= 1
    partitions = broker.replicas.partitions
    now = broker.now
    touched: list[Partition] = []
    topics = []
    refused = False
    for topic in body.topic_data:
        name = topic.name
        unknown = ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
        if by_id:
            known = broker.controller.by_id.get(topic.topic_id)
            if known is None:
                unknown = ErrorCode.UNKNOWN_TOPIC_ID
            else:
                name = known.name
        internal = name[:2] == "__" and name in INTERNAL
        answers = []
        for data in topic.partition_data:
            partition = partitions.get((name, data.index))
            if partition is None:
                appended = Appended(whole or unknown)
            elif (wary or internal) and (error := whole or _refusal(request, body, data, internal=internal)):
                appended = Appended(error)
            else:
                appended = partition.append(data.records, now)
                touched.append(partition)
            refused = refused or appended.error != 0
            answers.append(_answer(data.index, appended))
        topics.append(TopicProduceResponse(topic.name, topic.topic_id, answers))
    for partition in touched:
        partition.announce()
    if body.acks:
        return ProduceResponse(topics, 0, [])
    broker.reply(request.token, None)
    if refused:  # nothing is answered, so only the end of the connection can tell the client
        broker.outbox.append(Disconnect(peer, "records sent with acks=0 were refused"))
    return None


def _refusal_of_all(body: ProduceRequest) -> ErrorCode:
    """Why the request as a whole is refused: it brings transactional records and names no transactional id."""
    if body.transactional_id is None:
        for topic in body.topic_data:
            for data in topic.partition_data:
                if marked_transactional(data.records):
                    return ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED
    return ErrorCode.NONE


def _refusal(request: Request, body: ProduceRequest, data: PartitionProduceData, *, internal: bool) -> ErrorCode:
    """Why records for a partition that exists are refused before anybody looks at them."""
    if request.version < _ZSTD_SINCE and marked_zstd(data.records):
        return ErrorCode.UNSUPPORTED_COMPRESSION_TYPE
    if not -1 <= body.acks <= 1:
        return ErrorCode.INVALID_REQUIRED_ACKS
    if internal and request.client_id != ADMIN_CLIENT_ID:
        return ErrorCode.INVALID_TOPIC_EXCEPTION
    return ErrorCode.NONE


def _answer(index: int, appended: Appended) -> PartitionProduceResponse:
    errors = appended.record_errors
    return PartitionProduceResponse(
        index,
        appended.error,
        appended.base_offset,
        appended.log_append_time_ms,
        appended.log_start_offset,
        [BatchIndexAndErrorMessage(*error) for error in errors] if errors else [],
        appended.message,
        _NO_LEADER,
    )
