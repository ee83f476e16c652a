"""One module per Kafka API key: `KEY`, `VERSIONS` (as advertised), and `handle(broker, peer, request)`.

A handler returns the answer, or None when it will come later through `broker.reply`. `REFUSED` names advertised
versions that end the connection (Produce 0-2: an old librdkafka needs to see them, and never sends them). What
ApiVersions answers is generated from these modules, so it cannot promise what is not served.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from tautolog.core.messages._base import Message
from tautolog.core.node import Peer, Request

if TYPE_CHECKING:
    from tautolog.core.broker import Broker

Handle: TypeAlias = Callable[["Broker", Peer, Request], Message | None]

SERVED = (
    "produce",
    "fetch",
    "list_offsets",
    "metadata",
    "offset_commit",
    "offset_fetch",
    "find_coordinator",
    "join_group",
    "heartbeat",
    "leave_group",
    "sync_group",
    "describe_groups",
    "list_groups",
    "api_versions",
    "create_topics",
    "delete_topics",
    "delete_records",
    "init_producer_id",
    "offset_for_leader_epoch",
    "describe_configs",
    "alter_configs",
    "describe_log_dirs",
    "create_partitions",
    "delete_groups",
    "incremental_alter_configs",
    "offset_delete",
    "describe_cluster",
    "describe_producers",
    "list_config_resources",
    "describe_topic_partitions",
)


API_VERSIONS = 18


class Handler(NamedTuple):
    """One served API: its name, key, the versions advertised (`lowest`-`last`) and worked (`first`-`last`)."""

    name: str
    key: int
    lowest: int
    first: int
    last: int
    handle: Handle


@cache
def handlers() -> Mapping[int, Handler]:
    """Every served API by key, read off the modules, in the order of the keys."""
    table: list[Handler] = []
    for name in SERVED:
        module = import_module(f"tautolog.core.api.{name}")
        lowest, last = module.VERSIONS
        refused = getattr(module, "REFUSED", None)
        first = refused[1] + 1 if refused else lowest
        table.append(Handler(name, module.KEY, lowest, first, last, module.handle))
    return {handler.key: handler for handler in sorted(table, key=lambda handler: handler.key)}


@cache
def by_key_and_version() -> Mapping[tuple[int, int], Handle]:
    """Who answers a request of that key and version; what is not here ends the connection."""
    return {(h.key, version): h.handle for h in handlers().values() for version in range(h.first, h.last + 1)}
