"""JoinGroup: who may enter a group, under which id, and whether that makes it rebalance.

    a dynamic member comes twice   first without an id, which it is then given (MEMBER_ID_REQUIRED, from version 4; KIP-394),
                                   then with it; so a client that gives up in between leaves no member behind
    a static member comes once     its instance id stands for it; whoever comes under a known instance id takes that place
                                   over and fences the one before (KIP-345), without a rebalance if the group is Stable
                                   and its protocol stays the same
    a known member comes again     it is asked to, or its metadata changed, or it leads and wants a rebalance; a follower
                                   with nothing new is told what it should know already

A JoinGroup that has to wait for others is parked on its member and answered by `rebalances`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from tautolog.core.errors import ErrorCode
from tautolog.core.groups.answers import in_version, join_refused, joined
from tautolog.core.groups.group import Group, GroupState
from tautolog.core.groups.journal import Journal
from tautolog.core.groups.members import Member, Parked
from tautolog.core.groups.rebalances import NEW_MEMBER_WAIT_MS, Rebalances
from tautolog.core.groups.records import group_key, group_value, too_long
from tautolog.core.messages.join_group import JoinGroupRequest, JoinGroupResponse
from tautolog.core.node import Peer, Request

if TYPE_CHECKING:
    from tautolog.core.broker import Broker


class Applicant:
    """One JoinGroup, as far as it outlives the request: copied out of the receive buffer."""

    __slots__ = (
        "client_host",
        "client_id",
        "instance_id",
        "member_id",
        "parked",
        "protocol_type",
        "protocols",
        "rebalance_timeout_ms",
        "session_timeout_ms",
        "version",
    )

    def __init__(self, peer: Peer, request: Request, body: JoinGroupRequest) -> None:
        self.version = request.version
        self.parked = Parked(request.token, request.version)
        self.client_id = request.client_id or ""
        self.client_host = peer.host
        self.member_id = body.member_id
        self.instance_id = body.group_instance_id
        self.protocol_type = body.protocol_type
        self.protocols = [(protocol.name, bytes(protocol.metadata)) for protocol in body.protocols]
        self.session_timeout_ms = body.session_timeout_ms
        # version 0 knows only one timeout
        self.rebalance_timeout_ms = body.rebalance_timeout_ms if request.version > 0 else body.session_timeout_ms

    def too_long(self) -> bool:
        """Whether it says something that the group's record cannot hold."""
        texts = (self.client_id + " " * 37, (self.instance_id or "") + " " * 37, self.protocol_type)
        return any(map(too_long, texts)) or any(too_long(name) for name, _ in self.protocols)


class Joining:
    """JoinGroup for all groups of this broker; `groups` is the coordinator's table."""

    def __init__(self, broker: Broker, groups: dict[str, Group], journal: Journal, rebalances: Rebalances) -> None:
        self._broker = broker
        self._groups = groups
        self._journal = journal
        self._rebalances = rebalances

    def join(self, peer: Peer, request: Request) -> JoinGroupResponse | None:
        """Answer a JoinGroup, or None if it waits for others."""
        body = cast("JoinGroupRequest", request.body)
        answer = self._join(Applicant(peer, request, body), body.group_id)
        return None if answer is None else in_version(answer, request.version)

    def _join(self, applicant: Applicant, group_id: str) -> JoinGroupResponse | None:
        member_id = applicant.member_id
        config = self._broker.config
        if not group_id or too_long(group_id):
            return join_refused(ErrorCode.INVALID_GROUP_ID, member_id)
        shortest_ms = config.get_int("group.min.session.timeout.ms")
        longest_ms = config.get_int("group.max.session.timeout.ms")
        if not shortest_ms <= applicant.session_timeout_ms <= longest_ms:
            return join_refused(ErrorCode.INVALID_SESSION_TIMEOUT, member_id)
        if applicant.too_long():
            return join_refused(ErrorCode.INVALID_REQUEST, member_id)
        error = self._journal.check(group_id)
        if error:
            return join_refused(error)
        group = self._groups.get(group_id)
        if group is None:
            if member_id:
                return join_refused(ErrorCode.UNKNOWN_MEMBER_ID, member_id)
            group = Group(group_id, self._broker.now.wall_ms)
            error = self._journal.write(group_id, [(group_key(group_id), group_value(group))])
            if error:
                return join_refused(error)
            self._groups[group_id] = group
        # who comes back to its place takes no room (Kafka turns a static member away that restarts in a full group)
        known_as = member_id or group.static.get(applicant.instance_id or "", "")
        if not group.has_room(known_as, config.get_int("group.max.size")):
            return self._turn_away(group, member_id)
        if not group.supports(applicant.protocol_type, applicant.protocols):
            return join_refused(ErrorCode.INCONSISTENT_GROUP_PROTOCOL, member_id)
        return self._known(group, applicant) if member_id else self._unknown(group, applicant)

    def _turn_away(self, group: Group, member_id: str) -> JoinGroupResponse:
        """The group is full. A member that is one too many loses its place."""
        self._rebalances.forget_reservation(group, member_id)
        member = group.members.get(member_id)
        if member is not None:
            self._rebalances.remove(group, member)
        self._rebalances.complete_if_joined(group)
        return join_refused(ErrorCode.GROUP_MAX_SIZE_REACHED)

    # -- without a member id

    def _unknown(self, group: Group, applicant: Applicant) -> JoinGroupResponse | None:
        instance_id = applicant.instance_id
        name = applicant.client_id if instance_id is None else instance_id
        member_id = f"{name}-{_uuid_text(self._broker.chance.uuid())}"
        if instance_id is None and applicant.version >= 4:
            self._rebalances.reserve(group, member_id, applicant.session_timeout_ms)
            return join_refused(ErrorCode.MEMBER_ID_REQUIRED, member_id)
        if instance_id is not None and instance_id in group.static:
            return self._take_over(group, applicant, instance_id, member_id)
        self._enter(group, applicant, member_id)
        return None

    def _enter(self, group: Group, applicant: Applicant, member_id: str) -> None:
        member = Member(
            member_id,
            applicant.instance_id,
            client_id=applicant.client_id,
            client_host=applicant.client_host,
            session_timeout_ms=applicant.session_timeout_ms,
            rebalance_timeout_ms=applicant.rebalance_timeout_ms,
            protocols=applicant.protocols,
        )
        member.is_new = True
        member.join = applicant.parked
        group.grew = group.grew or group.initial
        group.add(member, applicant.protocol_type)
        self._rebalances.expect(group, member, NEW_MEMBER_WAIT_MS)
        self._rebalances.rebalance(group)

    def _take_over(
        self, group: Group, applicant: Applicant, instance_id: str, member_id: str
    ) -> JoinGroupResponse | None:
        """A static member restarted: it gets a new id and its old place; who still waits under the old id is fenced."""
        leader_before = group.leader_id or ""
        old, member = group.rename_static(instance_id, member_id)
        self._update(group, member, applicant)
        if group.state is not GroupState.STABLE or group.select_protocol() != group.protocol_name:
            self._rebalances.dismiss(old, ErrorCode.FENCED_INSTANCE_ID)
            self._rebalances.expect(group, member, member.session_timeout_ms)
            self._rebalances.park_join(member, applicant.parked)
            self._rebalances.rebalance(group)
            return None
        error = self._journal.write(group.group_id, [(group_key(group.group_id), group_value(group))])
        if error:
            self._undo(group, old, member)
            return join_refused(error)
        group.learn_subscription()  # it may read other topics than before, though it is assigned the same ones
        self._rebalances.dismiss(old, ErrorCode.FENCED_INSTANCE_ID)
        self._rebalances.expect(group, member, member.session_timeout_ms)
        answer = joined(group, member)
        if applicant.version >= 9:
            # the leader is to watch for changes, but to assign nothing: the generation has its assignment (KIP-814)
            answer.skip_assignment = member.member_id == group.leader_id
        else:
            # before 9 only a leader that does not recognise itself would refrain from assigning
            answer.leader = leader_before
            answer.members = []
        return answer

    @staticmethod
    def _undo(group: Group, old: Member, member: Member) -> None:
        group.update(
            member,
            old.protocols,
            session_timeout_ms=old.session_timeout_ms,
            rebalance_timeout_ms=old.rebalance_timeout_ms,
        )
        group.rename_static(old.instance_id or "", old.member_id)
        group.members[old.member_id] = old

    # -- with a member id

    def _known(self, group: Group, applicant: Applicant) -> JoinGroupResponse | None:
        member_id = applicant.member_id
        if member_id in group.pending_joins and applicant.instance_id is None:
            self._rebalances.forget_reservation(group, member_id)
            self._enter(group, applicant, member_id)
            return None
        error = group.check_member(member_id, applicant.instance_id)
        if error:
            return join_refused(error, member_id)
        member = group.members[member_id]
        nothing_new = member.protocols == applicant.protocols
        if group.state is GroupState.COMPLETING_REBALANCE and nothing_new:
            return joined(group, member)  # it may not have got its answer
        if group.state is GroupState.STABLE and nothing_new and member_id != group.leader_id:
            return joined(group, member)
        self._update(group, member, applicant)
        self._rebalances.park_join(member, applicant.parked)
        self._rebalances.rebalance(group)
        return None

    @staticmethod
    def _update(group: Group, member: Member, applicant: Applicant) -> None:
        group.update(
            member,
            applicant.protocols,
            session_timeout_ms=applicant.session_timeout_ms,
            rebalance_timeout_ms=applicant.rebalance_timeout_ms,
        )


def _uuid_text(raw: bytes) -> str:
    """A uuid as it is written.

    >>> _uuid_text(bytes(range(16)))
    '00010203-0405-0607-0809-0a0b0c0d0e0f'
    """
    text = raw.hex()
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))
