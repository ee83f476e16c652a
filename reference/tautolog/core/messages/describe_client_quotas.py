"""DescribeClientQuotas: generated from `wire/schemas/describe_client_quotas.schema`; do not edit."""

from __future__ import annotations

from tautolog.core.messages._base import NEW, Message


class ComponentData(Message):
    """Part of DescribeClientQuotasRequest."""

    __slots__ = ("entity_type", "match_type", "match")

    def __init__(
        self,
        entity_type: str = "",
        match_type: int = 0,
        match: str | None = "",
    ) -> None:
        self.entity_type = entity_type
        self.match_type = match_type
        self.match = match


class DescribeClientQuotasRequest(Message):
    """Key 48, versions 0-1."""

    __slots__ = ("components", "strict")

    def __init__(
        self,
        components: list[ComponentData] = NEW,
        strict: bool = False,
    ) -> None:
        self.components: list[ComponentData] = [] if components is NEW else components
        self.strict = strict


class EntityData(Message):
    """Part of DescribeClientQuotasResponse."""

    __slots__ = ("entity_type", "entity_name")

    def __init__(
        self,
        entity_type: str = "",
        entity_name: str | None = "",
    ) -> None:
        self.entity_type = entity_type
        self.entity_name = entity_name


class ValueData(Message):
    """Part of DescribeClientQuotasResponse."""

    __slots__ = ("key", "value")

    def __init__(
        self,
        key: str = "",
        value: float = 0.0,
    ) -> None:
        self.key = key
        self.value = value


class EntryData(Message):
    """Part of DescribeClientQuotasResponse."""

    __slots__ = ("entity", "values")

    def __init__(
        self,
        entity: list[EntityData] = NEW,
        values: list[ValueData] = NEW,
    ) -> None:
        self.entity: list[EntityData] = [] if entity is NEW else entity
        self.values: list[ValueData] = [] if values is NEW else values


class DescribeClientQuotasResponse(Message):
    """Key 48, versions 0-1."""

    __slots__ = ("throttle_time_ms", "error_code", "error_message", "entries")

    def __init__(
        self,
        throttle_time_ms: int = 0,
        error_code: int = 0,
        error_message: str | None = "",
        entries: list[EntryData] | None = NEW,
    ) -> None:
        self.throttle_time_ms = throttle_time_ms
        self.error_code = error_code
        self.error_message = error_message
        self.entries: list[EntryData] | None = [] if entries is NEW else entries
