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

HEAD = """# Differences from Apache Kafka

Written from `tests/conformance/differences.py`, where each line is checked against an Apache Kafka 4.3.0.

| conversation | what differs | why |
|---|---|---|
"""


def render() -> str:
    """The page."""
    rows = [f"| `{d.conversation}` | `{d.path}` | {d.reason} |\n" for d in DIFFERENCES]
    return HEAD + "".join(rows)


def main() -> None:
    """Write the page."""
    page = Path(__file__).parents[2] / "docs" / "reference" / "differences.md"
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(render(), encoding="utf-8")


if __name__ == "__main__":
    main()
