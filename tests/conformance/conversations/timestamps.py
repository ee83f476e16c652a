"""Offsets by time, and what times a producer may claim."""

from __future__ import annotations

import time
from typing import Any

from conformance.batches import NOW, batch
from conformance.conversations.producing import produce
from conformance.talk import Talk, conversation
from tautolog.core.messages.list_offsets import ListOffsetsPartition, ListOffsetsRequest, ListOffsetsTopic


def lookup(
    talk: Talk, topic: str, timestamp: int, version: int = 7, *, index: int = 0, epoch: int = -1, replica: int = -1
) -> Any:
    """Ask for one partition's offset at a time."""
    one = ListOffsetsPartition(index, epoch, timestamp)
    return talk.ask(ListOffsetsRequest(replica, 0, [ListOffsetsTopic(topic, [one])]), version)


@conversation
def offsets_each_version(talk: Talk) -> None:
    """Earliest and latest in every version."""
    topic = talk.topic()
    produce(talk, topic, batch(b"a", b"b", b"c"))
    for version in range(1, 12):
        lookup(talk, topic, -1, version)
        lookup(talk, topic, -2, version)


@conversation
def offsets_by_time(talk: Talk) -> None:
    """Before, at, between and after the records' times; times need not be in order."""
    topic = talk.topic()
    produce(talk, topic, batch(b"a", b"b", b"c", timestamp=NOW, step=10))
    produce(talk, topic, batch(b"d", b"e", timestamp=NOW + 100, step=50))
    produce(talk, topic, batch(b"f", timestamp=NOW + 5))
    for shift in (-1, 0, 1, 10, 15, 20, 21, 100, 101, 150, 151):
        lookup(talk, topic, NOW + shift)


@conversation
def offsets_special_times(talk: Talk) -> None:
    """The maximum timestamp, local earliest, tiered: on a topic with records and an empty one."""
    topic, empty = talk.topic(), talk.topic("empty")
    produce(talk, topic, batch(b"a", b"b", timestamp=NOW, step=10))
    produce(talk, topic, batch(b"c", timestamp=NOW + 5))
    for name in (topic, empty):
        for special, version in ((-3, 7), (-3, 6), (-4, 8), (-5, 9), (-6, 11), (-7, 11), (-1, 7), (-2, 7), (0, 7)):
            lookup(talk, name, special, version)


@conversation
def offsets_unknown(talk: Talk) -> None:
    """Unknown topic, unknown partition, wrong epochs, the same partition twice."""
    topic = talk.topic()
    lookup(talk, "offsets-unknown-nowhere", -1)
    lookup(talk, topic, -1, index=3)
    lookup(talk, topic, -1, epoch=0)
    lookup(talk, topic, -1, epoch=4)
    twice = [ListOffsetsPartition(0, -1, -1), ListOffsetsPartition(0, -1, -2)]
    talk.ask(ListOffsetsRequest(-1, 0, [ListOffsetsTopic(topic, twice)]), 5)


@conversation
def log_append_time(talk: Talk) -> None:
    """The broker's time is put on the batch and told to the producer."""
    topic = talk.topic(message_timestamp_type="LogAppendTime")
    produce(talk, topic, batch(b"a", b"b"))
    lookup(talk, topic, NOW)


@conversation
def timestamps_refused(talk: Talk) -> None:
    """A time too far in the future, or too old where the topic says so."""
    topic = talk.topic()
    soon = int(time.time() * 1000)
    produce(talk, topic, batch(b"a", timestamp=soon + 7_200_000))
    produce(talk, topic, batch(b"a", timestamp=soon + 600_000))
    strict = talk.topic("strict", message_timestamp_before_max_ms="1000", message_timestamp_after_max_ms="1000")
    produce(talk, strict, batch(b"a", b"b", timestamp=soon - 60_000))
    produce(talk, strict, batch(b"a", timestamp=soon + 60_000))
