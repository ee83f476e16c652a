"""ListGroups: generated from `wire/schemas/list_groups.schema`; do not edit."""

from __future__ import annotations

from tautolog.core.messages._base import NEW, Message


class ListGroupsRequest(Message):
    """Key 16, versions 0-5."""

    __slots__ = ("states_filter", "types_filter")

    def __init__(
        self,
        states_filter: list[str] = NEW,
        types_filter: list[str] = NEW,
    ) -> None:
        self.states_filter: list[str] = [] if states_filter is NEW else states_filter
        self.types_filter: list[str] = [] if types_filter is NEW else types_filter


class ListedGroup(Message):
    """Part of ListGroupsResponse."""

    __slots__ = ("group_id", "protocol_type", "group_state", "group_type")

    def __init__(
        self,
        group_id: str = "",
        protocol_type: str = "",
        group_state: str = "",
        group_type: str = "",
    ) -> None:
        self.group_id = group_id
        self.protocol_type = protocol_type
        self.group_state = group_state
        self.group_type = group_type


class ListGroupsResponse(Message):
    """Key 16, versions 0-5."""

    __slots__ = ("throttle_time_ms", "error_code", "groups")

    def __init__(
        self,
        throttle_time_ms: int = 0,
        error_code: int = 0,
        groups: list[ListedGroup] = NEW,
    ) -> None:
        self.throttle_time_ms = throttle_time_ms
        self.error_code = error_code
        self.groups: list[ListedGroup] = [] if groups is NEW else groups
