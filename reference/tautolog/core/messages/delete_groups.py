"""DeleteGroups: generated from `wire/schemas/delete_groups.schema`; do not edit."""

from __future__ import annotations

from tautolog.core.messages._base import NEW, Message


class DeleteGroupsRequest(Message):
    """Key 42, versions 0-2."""

    __slots__ = ("groups_names",)

    def __init__(
        self,
        groups_names: list[str] = NEW,
    ) -> None:
        self.groups_names: list[str] = [] if groups_names is NEW else groups_names


class DeletableGroupResult(Message):
    """Part of DeleteGroupsResponse."""

    __slots__ = ("group_id", "error_code")

    def __init__(
        self,
        group_id: str = "",
        error_code: int = 0,
    ) -> None:
        self.group_id = group_id
        self.error_code = error_code


class DeleteGroupsResponse(Message):
    """Key 42, versions 0-2."""

    __slots__ = ("throttle_time_ms", "results")

    def __init__(
        self,
        throttle_time_ms: int = 0,
        results: list[DeletableGroupResult] = NEW,
    ) -> None:
        self.throttle_time_ms = throttle_time_ms
        self.results: list[DeletableGroupResult] = [] if results is NEW else results
