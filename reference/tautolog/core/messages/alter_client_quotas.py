"""AlterClientQuotas: generated from `wire/schemas/alter_client_quotas.schema`; do not edit."""

from __future__ import annotations

from tautolog.core.messages._base import NEW, Message


class AlterClientQuotasRequestEntityData(Message):
    """Part of AlterClientQuotasRequest."""

    __slots__ = ("entity_type", "entity_name")

    def __init__(
        self,
        entity_type: str = "",
        entity_name: str | None = "",
    ) -> None:
        self.entity_type = entity_type
        self.entity_name = entity_name


class OpData(Message):
    """Part of AlterClientQuotasRequest."""

    __slots__ = ("key", "value", "remove")

    def __init__(
        self,
        key: str = "",
        value: float = 0.0,
        remove: bool = False,
    ) -> None:
        self.key = key
        self.value = value
        self.remove = remove


class AlterClientQuotasRequestEntryData(Message):
    """Part of AlterClientQuotasRequest."""

    __slots__ = ("entity", "ops")

    def __init__(
        self,
        entity: list[AlterClientQuotasRequestEntityData] = NEW,
        ops: list[OpData] = NEW,
    ) -> None:
        self.entity: list[AlterClientQuotasRequestEntityData] = [] if entity is NEW else entity
        self.ops: list[OpData] = [] if ops is NEW else ops


class AlterClientQuotasRequest(Message):
    """Key 49, versions 0-1."""

    __slots__ = ("entries", "validate_only")

    def __init__(
        self,
        entries: list[AlterClientQuotasRequestEntryData] = NEW,
        validate_only: bool = False,
    ) -> None:
        self.entries: list[AlterClientQuotasRequestEntryData] = [] if entries is NEW else entries
        self.validate_only = validate_only


class AlterClientQuotasResponseEntityData(Message):
    """Part of AlterClientQuotasResponse."""

    __slots__ = ("entity_type", "entity_name")

    def __init__(
        self,
        entity_type: str = "",
        entity_name: str | None = "",
    ) -> None:
        self.entity_type = entity_type
        self.entity_name = entity_name


class AlterClientQuotasResponseEntryData(Message):
    """Part of AlterClientQuotasResponse."""

    __slots__ = ("error_code", "error_message", "entity")

    def __init__(
        self,
        error_code: int = 0,
        error_message: str | None = "",
        entity: list[AlterClientQuotasResponseEntityData] = NEW,
    ) -> None:
        self.error_code = error_code
        self.error_message = error_message
        self.entity: list[AlterClientQuotasResponseEntityData] = [] if entity is NEW else entity


class AlterClientQuotasResponse(Message):
    """Key 49, versions 0-1."""

    __slots__ = ("throttle_time_ms", "entries")

    def __init__(
        self,
        throttle_time_ms: int = 0,
        entries: list[AlterClientQuotasResponseEntryData] = NEW,
    ) -> None:
        self.throttle_time_ms = throttle_time_ms
        self.entries: list[AlterClientQuotasResponseEntryData] = [] if entries is NEW else entries
