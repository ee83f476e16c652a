"""DescribeLogDirs: versions 1-5.

One log directory, under the name of `log.dirs` (or `log.dir`). The size of its volume is not told (-1, as in versions before
4): the core's disk knows files, not volumes. No replica is on its way to another directory, so `is_future_key` is never true.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tautolog.core.errors import ErrorCode
from tautolog.core.messages.describe_log_dirs import (
    DescribeLogDirsPartition,
    DescribeLogDirsRequest,
    DescribeLogDirsResponse,
    DescribeLogDirsResult,
    DescribeLogDirsTopic,
)
from tautolog.core.node import Peer, Request

if TYPE_CHECKING:
    from tautolog.core.broker import Broker

KEY = 35
VERSIONS = (1, 5)


def handle(broker: Broker, peer: Peer, request: Request) -> DescribeLogDirsResponse:  # noqa: ARG001  # every handler is called alike
    """Describe the partitions named, or all (null); those that are not here are left out."""
    body = request.body
    assert isinstance(body, DescribeLogDirsRequest)
    if body.topics is None:
        wanted = list(broker.replicas.partitions)
    else:
        wanted = list(dict.fromkeys((topic.topic, index) for topic in body.topics for index in topic.partitions))
    topics: dict[str, DescribeLogDirsTopic] = {}
    for name, index in wanted:
        partition = broker.replicas.get(name, index)
        if partition is not None:
            size = partition.log.size_bytes
            lag = max(0, partition.high_watermark - partition.log_end_offset)
            described = topics.setdefault(name, DescribeLogDirsTopic(name, []))
            described.partitions.append(DescribeLogDirsPartition(index, size, lag, is_future_key=False))
    config = broker.config
    directory = (config.get_list("log.dirs") or config.get_list("log.dir"))[0]
    return DescribeLogDirsResponse(0, ErrorCode.NONE, [DescribeLogDirsResult(0, directory, list(topics.values()))])
