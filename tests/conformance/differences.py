"""Where Tautolog answers otherwise than Apache Kafka 4.3.0, on purpose: each with its reason.

`docs/reference/differences.md` is written from this table (`python -m conformance.differences` in `tests/`), and a test says
so. A difference that no longer shows is an error too.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple


class Difference(NamedTuple):
    """Notes of a conversation whose path matches `path` (a shell pattern) may differ, because of `reason`."""

    conversation: str
    path: str
    reason: str


DIFFERENCES: list[Difference] = [
    Difference(
        "produce_damaged_batches",
        "/8/answer/responses/0/partition_responses/0/error_message",
        "two batches for one partition are refused with a sentence; Kafka gives the bare error code",
    ),
    Difference(
        "topic_configs_altered",
        "/14/answer/*",
        "an operation that does not exist is INVALID_REQUEST with a sentence; Kafka answers UNKNOWN_SERVER_ERROR",
    ),
    Difference(
        "produce_compressed",
        "/2/answer/*",
        "a codec that does not exist is UNSUPPORTED_COMPRESSION_TYPE with a sentence; Kafka answers UNKNOWN_SERVER_ERROR",
    ),
]

OTHERS: list[str] = [
    "CreatePartitions over 10,000 partitions is POLICY_VIOLATION, as CreateTopics is in Kafka; Kafka stalls for minutes.",
    "Metadata 12-13 for a topic with neither name nor id is INVALID_REQUEST; Kafka answers UNKNOWN_SERVER_ERROR.",
    "AlterConfigs that names a resource twice is INVALID_REQUEST; Kafka never answers.",
    "Produce with null records is INVALID_RECORD; Kafka never answers.",
    "Compressed record sets are opaque: what is inside is not validated, and a topic's `compression.type` recompresses nothing.",
    "Fetch answers whole batches only; Kafka cuts the last one at the limit, and clients drop the piece.",
    "A partition named twice in one Produce request is appended to twice; Kafka drops the first.",
    "Dynamic thread counts are accepted whatever their size; Kafka holds them to twice or half the current one.",
    "There is one broker logger, `root`; Kafka has one per class.",
    "The internal offsets topic has one replica whatever `offsets.topic.replication.factor` says, while there is one broker.",
    "An InitProducerId or FindCoordinator for transactions is refused at once: there is no transaction coordinator yet.",
    "The first FindCoordinator makes the offsets topic and is answered; Kafka answers COORDINATOR_NOT_AVAILABLE once.",
    "A JoinGroup or SyncGroup that waits while its member sends another or leaves is answered with an error; Kafka never answers.",
    "A protocol named twice in one JoinGroup counts once; in Kafka it keeps every other member out.",
    "A static member that restarts in a full group gets its place back; Kafka answers GROUP_MAX_SIZE_REACHED.",
    "A static member that restarts with another subscription is known to read it at once; in Kafka from the next generation on.",
    "A member id from MEMBER_ID_REQUIRED used with an instance id is UNKNOWN_MEMBER_ID; Kafka answers UNKNOWN_SERVER_ERROR.",
    "An offset or a group that cannot be written is COORDINATOR_NOT_AVAILABLE, to be tried again; Kafka ends itself.",
    "A full disk refuses the produce request with KAFKA_STORAGE_ERROR and everything else goes on; Kafka ends itself.",
]
"""Differences that no conversation shows, most of them because Kafka would not answer or not survive it."""

HEAD = """# Differences from Apache Kafka

Written from `tests/conformance/differences.py`, where each line is checked against an Apache Kafka 4.3.0.

| conversation | what differs | why |
|---|---|---|
"""


def render() -> str:
    """The page."""
    rows = [f"| `{d.conversation}` | `{d.path}` | {d.reason} |\n" for d in DIFFERENCES]
    others = "".join(f"- {line}\n" for line in OTHERS)
    return (
        HEAD
        + "".join(rows)
        + "\n## Not in a conversation\n\n"
        + others
        + "\nMore is said with each API in [what is served](apis.md).\n"
    )


def main() -> None:
    """Write the page."""
    page = Path(__file__).parents[2] / "docs" / "reference" / "differences.md"
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(render(), encoding="utf-8")


if __name__ == "__main__":
    main()
