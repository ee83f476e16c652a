"""What the metadata log says: topics, configurations, producer ids. Changed only by applying its records."""

from __future__ import annotations

import attrs


@attrs.define
class Topic:
    """One topic. `configs` holds only what was set on it; a topic that was deleted and made again has another id."""

    name: str
    topic_id: bytes
    partitions: int
    configs: dict[str, str]
    internal: bool
    leader_epochs: list[int]
