"""OffsetForLeaderEpoch: versions 2-4 (KIP-101, KIP-279, KIP-320).

Answers where a leader epoch ends in this log, so that a client or a follower finds where its own log diverged. `replica_id` is
not looked at: everybody gets the leader's view.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tautolog.core.errors import ErrorCode
from tautolog.core.messages.offset_for_leader_epoch import (
    EpochEndOffset,
    OffsetForLeaderEpochRequest,
    OffsetForLeaderEpochResponse,
    OffsetForLeaderPartition,
    OffsetForLeaderTopicResult,
)
from tautolog.core.node import Peer, Request
from tautolog.core.partition.leader import Partition

if TYPE_CHECKING:
    from tautolog.core.broker import Broker

KEY = 23
VERSIONS = (2, 4)


def handle(broker: Broker, peer: Peer, request: Request) -> OffsetForLeaderEpochResponse:  # noqa: ARG001  # every handler is called alike
    """Answer every partition named: (-1, -1) for an epoch that is newer than all we know."""
    body = request.body
    assert isinstance(body, OffsetForLeaderEpochRequest)
    get = broker.replicas.get
    topics = [
        OffsetForLeaderTopicResult(
            topic.topic, [end_of_epoch(get(topic.topic, wanted.partition), wanted) for wanted in topic.partitions]
        )
        for topic in body.topics
    ]
    return OffsetForLeaderEpochResponse(0, topics)


def end_of_epoch(partition: Partition | None, wanted: OffsetForLeaderPartition) -> EpochEndOffset:
    """The largest epoch not above the one asked for, and where it ends."""
    if partition is None:
        return EpochEndOffset(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, wanted.partition)
    error = partition.check_epoch(wanted.current_leader_epoch)
    if error:
        return EpochEndOffset(error, wanted.partition)
    return EpochEndOffset(0, wanted.partition, *partition.log.end_offset_for_epoch(wanted.leader_epoch))
