"""Which value of a topic's or a group's config is in force, and where each possible value of a config comes from.

A topic's config falls back on a broker config (its synonym), that one perhaps on a coarser one (`log.retention.ms` on
`log.retention.minutes`, then hours). Nothing is changed here.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, NamedTuple

from tautolog.core.controller import definitions
from tautolog.core.controller.configs import BrokerConfig
from tautolog.core.controller.definitions import Definition, Source
from tautolog.core.log.config import LogConfig

_UNIT_MS = {"minutes": 60_000, "hours": 3_600_000}
_LISTENER_PREFIX = "listener.name."
INTERNAL_SEGMENT_BYTES = "internal.segment.bytes"


class Synonym(NamedTuple):
    """One place that gives a config a value, under the name it has there; a secret's value is None."""

    name: str
    value: str | None
    source: Source


@cache
def _families() -> dict[str, list[str]]:
    """The broker configs that stand for each other in different units, by each of their names."""
    families = [definition.synonyms for definition in definitions.topic().values() if len(definition.synonyms) > 1]
    return {name: family for family in families for name in family if not name.endswith("scheduler.interval.ms")}


def base_name(name: str) -> str:
    """A broker config's name without the `listener.name.NAME.` in front that confines it to one listener."""
    if name.startswith(_LISTENER_PREFIX):
        return name.removeprefix(_LISTENER_PREFIX).partition(".")[2]
    return name


def broker_synonyms(config: BrokerConfig, name: str) -> list[Synonym]:
    """Everything that gives the broker config `name` a value, what is in force first; empty if it has none.

    Coarser names come behind it within a layer, and only if `name` itself has a value at all: as Kafka lists them.
    """
    base = base_name(name)
    names = [name, base] if base != name else _families().get(name, [name])
    found: list[Synonym] = []
    for source, layer in config.all_layers():
        for other in names:
            definition = definitions.broker().get(base_name(other))
            if other in layer:
                value = layer[other] if definition is not None and not definition.sensitive else None
                found.append(Synonym(other, value, source))
    first = next((i for i, synonym in enumerate(found) if synonym.name == name), len(found))
    return found[first:]


def inherited(config: BrokerConfig, definition: Definition) -> tuple[str | None, Source]:
    """What a topic has when nothing is set on it: the broker config's value in its own unit, and the source."""
    for name in definition.synonyms:
        for source, layer in config.all_layers():
            if name in layer:
                return _in_ms(name, layer[name]), source
    return definition.default, Source.DEFAULT


def _in_ms(name: str, text: str) -> str:
    unit = _UNIT_MS.get(name.rpartition(".")[2])
    return text if unit is None else str(max(int(text) * unit, -1))


def topic_values(config: BrokerConfig, overrides: Mapping[str, str]) -> dict[str, str]:
    """Every config of a topic that has a value, as text, by name."""
    values: dict[str, str] = {}
    for name, definition in definitions.topic().items():
        text = overrides.get(name)
        if text is None:
            text, _ = inherited(config, definition)
        if text is not None:
            values[name] = text
    return values


def topic_synonyms(config: BrokerConfig, overrides: Mapping[str, str], definition: Definition) -> list[Synonym]:
    """Everything that gives a topic's config a value, what is in force first."""
    behind = broker_synonyms(config, definition.synonyms[0]) if definition.synonyms else []
    if definition.name in overrides:
        shown = definition.shown(overrides[definition.name])
        return [Synonym(definition.name, shown, Source.DYNAMIC_TOPIC), *behind]
    return behind


def log_config(config: BrokerConfig, overrides: Mapping[str, str]) -> LogConfig:
    """A topic's configuration as its logs read it."""
    known = definitions.topic()
    values = topic_values(config, overrides)
    fields: dict[str, Any] = {}
    for field in LogConfig._fields:
        definition = known.get(field.replace("_", "."))
        if definition is not None:
            value = definition.read(values[definition.name])
            fields[field] = tuple(value) if isinstance(value, list) else value
    if INTERNAL_SEGMENT_BYTES in values:
        fields["segment_bytes"] = int(values[INTERNAL_SEGMENT_BYTES])
    return LogConfig(**fields, producer_id_expiration_ms=config.get_int("producer.id.expiration.ms"))
