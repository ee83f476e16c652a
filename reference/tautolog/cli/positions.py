"""Places in a partition as people name them, and the offsets they are.

`earliest`, `latest`, an offset, `-N` for N before the end, or a time: ISO-8601 (UTC where it names no zone), or milliseconds
since 1970, told from an offset by thirteen digits or more, or by `@` in front.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from tautolog.cli.errors import Usage
from tautolog.cli.remote import Cluster, Failed, patiently

if TYPE_CHECKING:
    from kafka import KafkaAdminClient, TopicPartition

TIME_DIGITS: Final = 12
"""A plain number of more digits is a time: 10^12 ms is in the year 2001, and no offset gets there soon."""


class Position(NamedTuple):
    """`kind` is earliest, latest, offset, tail (counted back from the end) or time (ms since 1970)."""

    kind: str
    value: int = 0


def parse(text: str, option: str) -> Position:
    """Read a position; `option` is named when it is none.

    >>> parse("earliest", "--from"), parse("42", "--from"), parse("-5", "--from")
    (Position(kind='earliest', value=0), Position(kind='offset', value=42), Position(kind='tail', value=5))
    >>> parse("2026-01-02T03:04:05Z", "--from"), parse("1767323045000", "--from"), parse("@5", "--from")
    (Position(kind='time', value=1767323045000), Position(kind='time', value=1767323045000), Position(kind='time', value=5))
    """
    word = text.strip().lower()
    if word in {"earliest", "beginning", "latest", "end"}:
        return Position({"beginning": "earliest", "end": "latest"}.get(word, word))
    if word.isdecimal():
        return Position("time" if len(word) > TIME_DIGITS else "offset", int(word))
    if word[:1] == "-" and word[1:].isdecimal():
        return Position("tail", int(word[1:]))
    if word[:1] == "@" and word[1:].isdecimal():
        return Position("time", int(word[1:]))
    return Position("time", parse_time(text, option))


def parse_time(text: str, option: str) -> int:
    """Milliseconds since 1970 of an ISO-8601 time; UTC where it names no zone."""
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        raise Usage(
            f"{option} {text!r} is none of earliest, latest, an offset, -N or a time (ISO-8601 or ms)"
        ) from None
    return round((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)


def partitions_of(admin: KafkaAdminClient, cluster: Cluster, topic: str, wanted: tuple[int, ...] = ()) -> list[int]:
    """The partitions of a topic, all or those wanted; fails where there is no such topic or partition."""
    (found,) = patiently(lambda: admin.describe_topics([topic]))
    if found["error_code"]:
        raise Failed(cluster.refusal(f"topic {topic}", found["error_code"], None))
    there = sorted(partition["partition_index"] for partition in found["partitions"])
    for partition in wanted:
        if partition not in there:
            raise Failed(f"topic {topic} on {cluster} has no partition {partition}: it has {there[0]} to {there[-1]}")
    return sorted(wanted) or there


def bounds(
    admin: KafkaAdminClient, partitions: list[TopicPartition], *, committed: bool = False
) -> tuple[dict[TopicPartition, int], dict[TopicPartition, int]]:
    """Log start and end offsets; with `committed`, the end is the last stable offset."""
    from kafka.admin import OffsetSpec
    from kafka.protocol.consumer import IsolationLevel

    level = IsolationLevel.READ_COMMITTED if committed else IsolationLevel.READ_UNCOMMITTED
    starts = _offsets(admin, dict.fromkeys(partitions, OffsetSpec.EARLIEST), level)
    ends = _offsets(admin, dict.fromkeys(partitions, OffsetSpec.LATEST), level)
    return starts, ends


def resolve(
    admin: KafkaAdminClient, position: Position, starts: dict[TopicPartition, int], ends: dict[TopicPartition, int]
) -> dict[TopicPartition, int]:
    """The offset of a position in each partition, brought into the range that the partition has."""
    if position.kind == "earliest":
        return dict(starts)
    if position.kind == "latest":
        return dict(ends)
    if position.kind == "tail":
        wanted = {tp: end - position.value for tp, end in ends.items()}
    elif position.kind == "offset":
        wanted = dict.fromkeys(ends, position.value)
    else:
        from kafka.protocol.consumer import IsolationLevel

        found = _offsets(admin, dict.fromkeys(ends, position.value), IsolationLevel.READ_UNCOMMITTED)
        wanted = {tp: ends[tp] if offset < 0 else offset for tp, offset in found.items()}  # nothing that young
    return {tp: min(max(offset, starts[tp]), ends[tp]) for tp, offset in wanted.items()}


def _offsets(admin: KafkaAdminClient, specs: dict[TopicPartition, Any], level: Any) -> dict[TopicPartition, int]:
    found = patiently(lambda: admin.list_partition_offsets(dict(specs), isolation_level=level))
    return {tp: found[tp].offset for tp in specs}
