"""ListConfigResources: generated from `wire/schemas/list_config_resources.schema`; do not edit."""

from __future__ import annotations

from tautolog.core.messages._base import NEW, Message


class ListConfigResourcesRequest(Message):
    """Key 74, versions 0-1."""

    __slots__ = ("resource_types",)

    def __init__(
        self,
        resource_types: list[int] = NEW,
    ) -> None:
        self.resource_types: list[int] = [] if resource_types is NEW else resource_types


class ConfigResource(Message):
    """Part of ListConfigResourcesResponse."""

    __slots__ = ("resource_name", "resource_type")

    def __init__(
        self,
        resource_name: str = "",
        resource_type: int = 16,
    ) -> None:
        self.resource_name = resource_name
        self.resource_type = resource_type


class ListConfigResourcesResponse(Message):
    """Key 74, versions 0-1."""

    __slots__ = ("throttle_time_ms", "error_code", "config_resources")

    def __init__(
        self,
        throttle_time_ms: int = 0,
        error_code: int = 0,
        config_resources: list[ConfigResource] = NEW,
    ) -> None:
        self.throttle_time_ms = throttle_time_ms
        self.error_code = error_code
        self.config_resources: list[ConfigResource] = [] if config_resources is NEW else config_resources
