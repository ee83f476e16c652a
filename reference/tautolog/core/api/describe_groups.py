"""DescribeGroups, versions 0-6: state, protocol and members of classic groups.

A group that is not there is Dead, and from version 6 on GROUP_ID_NOT_FOUND. Authorized operations (from version 3) are all
that there are, since nothing is forbidden yet.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from tautolog.core.errors import ErrorCode
from tautolog.core.groups.group import Group, GroupState
from tautolog.core.groups.members import Member
from tautolog.core.messages.describe_groups import (
    DescribedGroup,
    DescribedGroupMember,
    DescribeGroupsRequest,
    DescribeGroupsResponse,
)
from tautolog.core.node import Peer, Request

if TYPE_CHECKING:
    from tautolog.core.broker import Broker

KEY = 15
VERSIONS = (0, 6)

ALL_OPERATIONS = sum(1 << operation for operation in (3, 6, 8, 10, 11))
"""Read, Delete, Describe, DescribeConfigs and AlterConfigs, as bits at the numbers of their ACL operations."""


def handle(broker: Broker, peer: Peer, request: Request) -> DescribeGroupsResponse:  # noqa: ARG001  # every handler is called alike
    """Answer for each group on its own."""
    body = cast("DescribeGroupsRequest", request.body)
    answers = [_describe(broker, request.version, group_id) for group_id in body.groups]
    for answer in answers:
        if body.include_authorized_operations and not answer.error_code:
            answer.authorized_operations = ALL_OPERATIONS
    return DescribeGroupsResponse(groups=answers)


def _describe(broker: Broker, version: int, group_id: str) -> DescribedGroup:
    error = broker.groups.journal.check(group_id)
    if error:
        return DescribedGroup(error, group_id=group_id)
    group = broker.groups.groups.get(group_id)
    if group is None:
        absent = DescribedGroup(group_id=group_id, group_state=GroupState.DEAD.value)
        if version >= 6:
            absent.error_code = ErrorCode.GROUP_ID_NOT_FOUND
            absent.error_message = f"Group {group_id} not found."
        return absent
    stable = group.state is GroupState.STABLE
    return DescribedGroup(
        group_id=group_id,
        group_state=group.state.value,
        protocol_type=group.protocol_type or "",
        protocol_data=group.protocol_name or "" if stable else "",
        members=[_member(group, member) for member in group.members.values()],
    )


def _member(group: Group, member: Member) -> DescribedGroupMember:
    """Between generations there is no protocol, so no metadata; the assignment is the last one."""
    metadata = member.metadata(group.protocol_name) if group.state is GroupState.STABLE else b""
    return DescribedGroupMember(
        member.member_id, member.instance_id, member.client_id, member.client_host, metadata, member.assignment
    )
