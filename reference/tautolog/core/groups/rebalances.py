"""How a group gets from one generation to the next: gathering members, waiting for the assignment, giving members up.

Only this module moves a group between its states and sets its timers. The timers, all on the monotonic clock:

    session        a member that is not heard of for its session timeout is given up, unless it waits for the others itself
    join           members gather at most the largest rebalance timeout among them; a group's first members wait
                   `group.initial.rebalance.delay.ms` for more to come, again as long as more do, up to that timeout
    sync           who has not asked for its assignment a rebalance timeout after joining is given up
    pending join   a member id that was given out (MEMBER_ID_REQUIRED) and not used is forgotten

Whoever is given up or leaves has its waiting requests answered first, so no request is ever left without an answer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tautolog.core.errors import ErrorCode
from tautolog.core.groups.answers import in_version, join_refused, joined, sync_refused, synchronized
from tautolog.core.groups.group import Group, GroupState
from tautolog.core.groups.journal import Journal
from tautolog.core.groups.members import Member, Parked
from tautolog.core.groups.records import group_key, group_value
from tautolog.core.messages.join_group import JoinGroupResponse
from tautolog.core.messages.sync_group import SyncGroupResponse
from tautolog.core.timers import Action, Timer

if TYPE_CHECKING:
    from tautolog.core.broker import Broker

NEW_MEMBER_WAIT_MS: Final = 300_000
"""How long a new member may wait in its first join: it cannot heartbeat yet, and its client may be gone (as in Kafka)."""


class Rebalances:
    """The rebalances of all groups of this broker."""

    def __init__(self, broker: Broker, journal: Journal) -> None:
        self._broker = broker
        self._journal = journal

    # -- gathering members

    def rebalance(self, group: Group) -> None:
        """The members changed: begin a rebalance, or see whether the one that gathers members is complete by it."""
        if group.can_rebalance():
            self.prepare(group)
        else:
            self.complete_if_joined(group)

    def prepare(self, group: Group) -> None:
        """Ask every member to join again. Who waits for its assignment is told to."""
        if group.state is GroupState.COMPLETING_REBALANCE:
            for member in group.members.values():
                member.assignment = b""
                if member.sync is not None:  # while it waited it was excused; from now on it is expected again
                    self.answer_sync(member, sync_refused(ErrorCode.REBALANCE_IN_PROGRESS))
                    self.expect(group, member, member.session_timeout_ms)
        group.pending_syncs.clear()
        _cancel_sync(group)
        group.become(GroupState.PREPARING_REBALANCE, self._broker.now.wall_ms)
        if group.initial:
            delay_ms = self._broker.config.get_int("group.initial.rebalance.delay.ms")
            self._gather(group, delay_ms, max(group.rebalance_timeout_ms() - delay_ms, 0))
        elif group.all_joined():
            self.complete(group)
        else:
            self._set_join_timer(group, group.rebalance_timeout_ms())

    def complete_if_joined(self, group: Group) -> None:
        """End the gathering if everybody is here; a group's first members wait for more all the same."""
        if group.state is GroupState.PREPARING_REBALANCE and not group.initial and group.all_joined():
            self.complete(group)

    def complete(self, group: Group) -> None:
        """End the gathering: dynamic members that did not join are given up, the others form a new generation.

        Static members keep their place until their session ends. If none but such are left, the gathering goes on.
        """
        _cancel_join(group)
        for member in [member for member in group.members.values() if member.join is None]:
            if member.instance_id is None:
                self.remove(group, member)
        if not group.elect_joined_leader() and group.members:
            self._set_join_timer(group, group.rebalance_timeout_ms())
            return
        group.next_generation(self._broker.now.wall_ms)
        if group.state is GroupState.EMPTY:
            # Should this not reach the disk, a restart brings back members that nobody hears of, until their sessions end.
            self._journal.write(group.group_id, [(group_key(group.group_id), group_value(group))])
            return
        for member in group.members.values():
            self.answer_join(member, joined(group, member))
            self.expect(group, member, member.session_timeout_ms)
            member.is_new = False
            group.pending_syncs[member.member_id] = None
        generation = group.generation
        group.sync_timer = self._after(group.rebalance_timeout_ms(), lambda: self._sync_overdue(group, generation))

    def _gather(self, group: Group, delay_ms: int, remaining_ms: int) -> None:
        """Wait for a group's first members; when the delay is over, wait on if more came and there is time left."""

        def over() -> None:
            if not group.grew or remaining_ms == 0:
                self.complete(group)
                return
            longest_ms = self._broker.config.get_int("group.initial.rebalance.delay.ms")
            self._gather(group, min(longest_ms, remaining_ms), max(remaining_ms - delay_ms, 0))

        group.grew = False
        _cancel_join(group)
        group.join_timer = self._after(delay_ms, over)

    def _set_join_timer(self, group: Group, delay_ms: int) -> None:
        _cancel_join(group)
        group.join_timer = self._after(delay_ms, lambda: self.complete(group))

    # -- waiting for the assignment

    def synced(self, group: Group, member_id: str) -> None:
        """A member of this generation asked for its assignment, as all of them have to."""
        group.pending_syncs.pop(member_id, None)
        if not group.pending_syncs:
            _cancel_sync(group)

    def assign(self, group: Group, assignments: dict[str, bytes]) -> None:
        """Give every member its assignment, already written to the journal: the group is Stable."""
        for member in group.members.values():
            member.assignment = assignments.get(member.member_id, b"")
        group.become(GroupState.STABLE, self._broker.now.wall_ms)
        for member in group.members.values():
            if member.sync is not None:
                self.answer_sync(member, synchronized(group, member))
                self.expect(group, member, member.session_timeout_ms)

    def _sync_overdue(self, group: Group, generation: int) -> None:
        if generation != group.generation or not group.pending_syncs:
            return
        for member_id in list(group.pending_syncs):
            self.remove(group, group.members[member_id])
        self.prepare(group)

    # -- sessions

    def expect(self, group: Group, member: Member, within_ms: int) -> None:
        """Give the member `within_ms` from now to be heard of again.

        Heartbeats are many and expiries few: the timer is left where it is and looks at the deadline when it fires.
        """
        deadline_ms = member.session_deadline_ms = self._broker.now.monotonic_ms + within_ms
        timer = member.session_timer
        if timer is None or timer.deadline_ms > deadline_ms:
            if timer is not None:
                timer.cancel()
            member.session_timer = self._broker.timers.at(deadline_ms, lambda: self._session_over(group, member))

    def _session_over(self, group: Group, member: Member) -> None:
        member.session_timer = None
        if group.members.get(member.member_id) is not member:
            return
        if member.session_deadline_ms > self._broker.now.monotonic_ms:
            self.expect(group, member, member.session_deadline_ms - self._broker.now.monotonic_ms)
        elif not member.excused():
            self.remove(group, member)
            self._after_removal(group)

    def reserve(self, group: Group, member_id: str, within_ms: int) -> None:
        """Keep a place for a member id that was just given out; the group waits for it while it gathers members."""
        group.pending_joins[member_id] = self._after(within_ms, lambda: self._reservation_over(group, member_id))

    def _reservation_over(self, group: Group, member_id: str) -> None:
        if group.pending_joins.pop(member_id, None) is not None:
            self._after_removal(group, rebalance=False)

    def forget_reservation(self, group: Group, member_id: str) -> None:
        """The member id was used, or given back."""
        timer = group.pending_joins.pop(member_id, None)
        if timer is not None:
            timer.cancel()

    def _after_removal(self, group: Group, *, rebalance: bool = True) -> None:
        if group.state is GroupState.PREPARING_REBALANCE:
            if group.all_joined():
                self.complete(group)
        elif rebalance and group.can_rebalance():
            self.prepare(group)

    # -- leaving

    def remove(self, group: Group, member: Member, error: ErrorCode = ErrorCode.UNKNOWN_MEMBER_ID) -> None:
        """Take a member out and tell its waiting requests; what this means for the group is the caller's to decide."""
        self.dismiss(member, error)
        group.remove(member.member_id)

    def dismiss(self, member: Member, error: ErrorCode) -> None:
        """Answer what this member waits for with an error, and expect nothing of it any more."""
        member_id = member.member_id if error is ErrorCode.FENCED_INSTANCE_ID else ""
        self.answer_join(member, join_refused(error, member_id))
        self.answer_sync(member, sync_refused(error))
        if member.session_timer is not None:
            member.session_timer.cancel()
            member.session_timer = None

    def bury(self, group: Group, error: ErrorCode) -> None:
        """The group is deleted, or not ours any more: whoever waits is told, and no timer of it is left."""
        for member in group.members.values():
            self.dismiss(member, error)
        for timer in group.pending_joins.values():
            timer.cancel()
        _cancel_join(group)
        _cancel_sync(group)
        group.become(GroupState.DEAD, self._broker.now.wall_ms)

    # -- answering

    def answer_join(self, member: Member, answer: JoinGroupResponse) -> None:
        """Answer the JoinGroup that this member waits for, if it does."""
        parked, member.join = member.join, None
        if parked is not None:
            self._broker.reply(parked.token, in_version(answer, parked.version))

    def answer_sync(self, member: Member, answer: SyncGroupResponse) -> None:
        """Answer the SyncGroup that this member waits for, if it does."""
        parked, member.sync = member.sync, None
        if parked is not None:
            self._broker.reply(parked.token, answer)

    def park_join(self, member: Member, parked: Parked) -> None:
        """Let a JoinGroup wait; an earlier one of the same member is told to try again, so that it does not wait forever."""
        self.answer_join(member, join_refused(ErrorCode.REBALANCE_IN_PROGRESS, member.member_id))
        member.join = parked

    def park_sync(self, member: Member, parked: Parked) -> None:
        """Let a SyncGroup wait; an earlier one of the same member is told to join again."""
        self.answer_sync(member, sync_refused(ErrorCode.REBALANCE_IN_PROGRESS))
        member.sync = parked

    def _after(self, delay_ms: int, action: Action) -> Timer:
        return self._broker.timers.at(self._broker.now.monotonic_ms + delay_ms, action)


def _cancel_join(group: Group) -> None:
    if group.join_timer is not None:
        group.join_timer.cancel()
        group.join_timer = None


def _cancel_sync(group: Group) -> None:
    if group.sync_timer is not None:
        group.sync_timer.cancel()
        group.sync_timer = None
