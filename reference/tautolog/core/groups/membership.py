"""SyncGroup, Heartbeat and LeaveGroup: what a member says while it is one.

Every request is first held against the present generation: the member must be in the group (and, if static, be the one that
holds its instance id now), and speak of the generation that is. Then the state decides; see the table in `group`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from tautolog.core.errors import ErrorCode
from tautolog.core.groups.answers import sync_refused, synchronized
from tautolog.core.groups.group import Group, GroupState
from tautolog.core.groups.journal import Journal
from tautolog.core.groups.members import Parked
from tautolog.core.groups.rebalances import Rebalances
from tautolog.core.groups.records import group_key, group_value
from tautolog.core.messages.heartbeat import HeartbeatRequest
from tautolog.core.messages.leave_group import LeaveGroupRequest, LeaveGroupResponse, MemberIdentity, MemberResponse
from tautolog.core.messages.sync_group import SyncGroupRequest, SyncGroupResponse
from tautolog.core.node import Request

if TYPE_CHECKING:
    from tautolog.core.broker import Broker


class Membership:
    """The requests of members of all groups of this broker; `groups` is the coordinator's table."""

    def __init__(self, broker: Broker, groups: dict[str, Group], journal: Journal, rebalances: Rebalances) -> None:
        self._broker = broker
        self._groups = groups
        self._journal = journal
        self._rebalances = rebalances

    # -- SyncGroup

    def sync(self, request: Request) -> SyncGroupResponse | None:
        """Answer a SyncGroup, or None if it waits for the leader's."""
        body = cast("SyncGroupRequest", request.body)
        if request.version >= 5 and (body.protocol_type is None or body.protocol_name is None):
            return sync_refused(ErrorCode.INCONSISTENT_GROUP_PROTOCOL)
        group = self._groups.get(body.group_id)
        error = self._check(body.group_id, group, body.member_id, body.group_instance_id, body.generation_id)
        if error or group is None:
            return sync_refused(error)
        if body.protocol_type not in {None, group.protocol_type} or body.protocol_name not in {
            None,
            group.protocol_name,
        }:
            return sync_refused(ErrorCode.INCONSISTENT_GROUP_PROTOCOL)
        if group.state is GroupState.PREPARING_REBALANCE:
            return sync_refused(ErrorCode.REBALANCE_IN_PROGRESS)
        member = group.members[body.member_id]
        if group.state is GroupState.STABLE:
            self._rebalances.synced(group, member.member_id)
            return synchronized(group, member)
        if member.member_id != group.leader_id:
            self._rebalances.synced(group, member.member_id)
            self._rebalances.park_sync(member, Parked(request.token, request.version))
            return None
        return self._assign(group, body, Parked(request.token, request.version))

    def _assign(self, group: Group, body: SyncGroupRequest, parked: Parked) -> SyncGroupResponse | None:
        """The leader has assigned. What it said is written before anybody is told; until then nothing has changed."""
        assignments = {given.member_id: bytes(given.assignment) for given in body.assignments}
        key, value = group_key(group.group_id), group_value(group, assignments)
        error = self._journal.write(group.group_id, [(key, value)])
        if error:
            return sync_refused(error)
        leader = group.members[body.member_id]
        self._rebalances.synced(group, leader.member_id)
        self._rebalances.park_sync(leader, parked)
        self._rebalances.assign(group, assignments)
        return None

    # -- Heartbeat

    def heartbeat(self, body: HeartbeatRequest) -> ErrorCode:
        """Take note that a member lives; tell it to join again while the group gathers its members."""
        group = self._groups.get(body.group_id)
        error = self._check(body.group_id, group, body.member_id, body.group_instance_id, body.generation_id)
        if error is ErrorCode.COORDINATOR_LOAD_IN_PROGRESS:
            return ErrorCode.NONE  # not known yet: let it go on, as Kafka does
        if error or group is None:
            return error
        member = group.members[body.member_id]
        self._rebalances.expect(group, member, member.session_timeout_ms)
        gathering = group.state is GroupState.PREPARING_REBALANCE
        return ErrorCode.REBALANCE_IN_PROGRESS if gathering else ErrorCode.NONE

    # -- LeaveGroup

    def leave(self, version: int, body: LeaveGroupRequest) -> LeaveGroupResponse:
        """Let members go: one before version 3, from then on any number, static ones by instance id alone if need be."""
        leavers = body.members if version >= 3 else [MemberIdentity(body.member_id)]
        error = ErrorCode.INVALID_GROUP_ID if not body.group_id else self._journal.check(body.group_id)
        if error:
            return LeaveGroupResponse(error_code=error)
        group = self._groups.get(body.group_id)
        results = [
            MemberResponse(
                leaver.member_id,
                leaver.group_instance_id,
                ErrorCode.UNKNOWN_MEMBER_ID if group is None else self._leave(group, leaver),
            )
            for leaver in leavers
        ]
        if group is not None and not all(result.error_code for result in results):
            self._rebalance_after_leaving(group)
        if version >= 3:
            return LeaveGroupResponse(members=results)
        return LeaveGroupResponse(error_code=results[0].error_code)

    def _leave(self, group: Group, leaver: MemberIdentity) -> ErrorCode:
        member_id, instance_id = leaver.member_id, leaver.group_instance_id
        if not member_id and instance_id is not None:
            member_id = group.static.get(instance_id, "")  # an administrator removes whoever holds the place
        if member_id in group.pending_joins:
            self._rebalances.forget_reservation(group, member_id)
            return ErrorCode.NONE
        error = group.check_member(member_id, instance_id)
        if not error:
            self._rebalances.remove(group, group.members[member_id])
        return error

    def _rebalance_after_leaving(self, group: Group) -> None:
        if group.state in {GroupState.STABLE, GroupState.COMPLETING_REBALANCE}:
            self._rebalances.prepare(group)
        else:
            self._rebalances.complete_if_joined(group)

    # -- what all of them are held against

    def _check(
        self, group_id: str, group: Group | None, member_id: str, instance_id: str | None, generation: int
    ) -> ErrorCode:
        if not group_id:
            return ErrorCode.INVALID_GROUP_ID
        error = self._journal.check(group_id)
        if error:
            return error
        if group is None or group.state is GroupState.EMPTY:
            return ErrorCode.UNKNOWN_MEMBER_ID
        error = group.check_member(member_id, instance_id)
        if error:
            return error
        return ErrorCode.NONE if generation == group.generation else ErrorCode.ILLEGAL_GENERATION
