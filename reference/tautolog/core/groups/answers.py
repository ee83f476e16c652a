"""The answers to JoinGroup and SyncGroup, made from a group's state; nothing is decided or sent here."""

from __future__ import annotations

from tautolog.core.errors import ErrorCode
from tautolog.core.groups.group import Group
from tautolog.core.groups.members import Member
from tautolog.core.messages.join_group import JoinGroupResponse, JoinGroupResponseMember
from tautolog.core.messages.sync_group import SyncGroupResponse


def join_refused(error: ErrorCode, member_id: str = "") -> JoinGroupResponse:
    """A JoinGroup that failed."""
    return JoinGroupResponse(error_code=error, member_id=member_id, protocol_name=None)


def joined(group: Group, member: Member) -> JoinGroupResponse:
    """A member's place in the present generation; the leader is told who else is in it, so that it can assign."""
    leads = member.member_id == group.leader_id
    return JoinGroupResponse(
        generation_id=group.generation,
        protocol_type=group.protocol_type,
        protocol_name=group.protocol_name,
        leader=group.leader_id or "",
        member_id=member.member_id,
        members=[
            JoinGroupResponseMember(other.member_id, other.instance_id, other.metadata(group.protocol_name))
            for other in (group.members.values() if leads else ())
        ],
    )


def in_version(answer: JoinGroupResponse, version: int) -> JoinGroupResponse:
    """The same answer as `version` can say it: before 7 a protocol name that is not there is an empty one."""
    if version < 7 and answer.protocol_name is None:
        answer.protocol_name = ""
    return answer


def sync_refused(error: ErrorCode) -> SyncGroupResponse:
    """A SyncGroup that failed."""
    return SyncGroupResponse(error_code=error)


def synchronized(group: Group, member: Member) -> SyncGroupResponse:
    """A member's assignment in the present generation."""
    return SyncGroupResponse(
        protocol_type=group.protocol_type, protocol_name=group.protocol_name, assignment=member.assignment
    )
