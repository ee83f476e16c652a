"""AlterConfigs: generated from `wire/schemas/alter_configs.schema`; do not edit."""

from __future__ import annotations

from tautolog.core.messages._base import NEW, Message


class AlterableConfig(Message):
    """Part of AlterConfigsRequest."""

    __slots__ = ("name", "value")

    def __init__(
        self,
        name: str = "",
        value: str | None = "",
    ) -> None:
        self.name = name
        self.value = value


class AlterConfigsResource(Message):
    """Part of AlterConfigsRequest."""

    __slots__ = ("resource_type", "resource_name", "configs")

    def __init__(
        self,
        resource_type: int = 0,
        resource_name: str = "",
        configs: list[AlterableConfig] = NEW,
    ) -> None:
        self.resource_type = resource_type
        self.resource_name = resource_name
        self.configs: list[AlterableConfig] = [] if configs is NEW else configs


class AlterConfigsRequest(Message):
    """Key 33, versions 0-2."""

    __slots__ = ("resources", "validate_only")

    def __init__(
        self,
        resources: list[AlterConfigsResource] = NEW,
        validate_only: bool = False,
    ) -> None:
        self.resources: list[AlterConfigsResource] = [] if resources is NEW else resources
        self.validate_only = validate_only


class AlterConfigsResourceResponse(Message):
    """Part of AlterConfigsResponse."""

    __slots__ = ("error_code", "error_message", "resource_type", "resource_name")

    def __init__(
        self,
        error_code: int = 0,
        error_message: str | None = "",
        resource_type: int = 0,
        resource_name: str = "",
    ) -> None:
        self.error_code = error_code
        self.error_message = error_message
        self.resource_type = resource_type
        self.resource_name = resource_name


class AlterConfigsResponse(Message):
    """Key 33, versions 0-2."""

    __slots__ = ("throttle_time_ms", "responses")

    def __init__(
        self,
        throttle_time_ms: int = 0,
        responses: list[AlterConfigsResourceResponse] = NEW,
    ) -> None:
        self.throttle_time_ms = throttle_time_ms
        self.responses: list[AlterConfigsResourceResponse] = [] if responses is NEW else responses
