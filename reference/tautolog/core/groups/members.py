"""One member of a group: what it said of itself, what it was assigned, and which of its requests still wait.

Data only; the rules are in `group` (what a group may do) and `rebalances` (what happens when).
"""

from __future__ import annotations

from tautolog.core.node import Token
from tautolog.core.timers import Timer

Protocols = list[tuple[str, bytes]]
"""Names of the assignment protocols a member knows, the liked one first, each with the member's metadata for it."""


class Parked:
    """A request that waits for its answer: the token to answer by, and the version to answer in."""

    __slots__ = ("token", "version")

    def __init__(self, token: Token, version: int) -> None:
        self.token = token
        self.version = version


class Member:
    """One member. `instance_id` makes it static (KIP-345): its place outlives a restart of the client.

    `join` and `sync` are its requests that wait. `is_new` says that it has not been through a rebalance yet, so it cannot
    heartbeat and its wait is bounded. `session_deadline_ms` is when it is given up, on the monotonic clock, unless heard of.
    """

    __slots__ = (
        "assignment",
        "client_host",
        "client_id",
        "instance_id",
        "is_new",
        "join",
        "member_id",
        "protocols",
        "rebalance_timeout_ms",
        "session_deadline_ms",
        "session_timeout_ms",
        "session_timer",
        "sync",
    )

    def __init__(
        self,
        member_id: str,
        instance_id: str | None,
        *,
        client_id: str,
        client_host: str,
        session_timeout_ms: int,
        rebalance_timeout_ms: int,
        protocols: Protocols,
        assignment: bytes = b"",
    ) -> None:
        self.member_id = member_id
        self.instance_id = instance_id
        self.client_id = client_id
        self.client_host = client_host
        self.session_timeout_ms = session_timeout_ms
        self.rebalance_timeout_ms = rebalance_timeout_ms
        self.protocols = protocols
        self.assignment = assignment
        self.join: Parked | None = None
        self.sync: Parked | None = None
        self.is_new = False
        self.session_deadline_ms = 0
        self.session_timer: Timer | None = None

    def metadata(self, protocol: str | None) -> bytes:
        """What the member said for one protocol; empty if it does not know it."""
        return next((metadata for name, metadata in self.protocols if name == protocol), b"")

    def vote(self, candidates: list[str]) -> str | None:
        """The first of the member's protocols that is among the candidates."""
        return next((name for name, _ in self.protocols if name in candidates), None)

    def excused(self) -> bool:
        """Whether silence is no offence: a member that waits for the others has nothing to say.

        A new one is not excused: its client may be gone, and only the bound on its wait would ever tell.
        """
        return not self.is_new and (self.join is not None or self.sync is not None)

    def renamed(self, member_id: str) -> Member:
        """The same static member under the id that its restarted client was given; nothing of it waits."""
        return Member(
            member_id,
            self.instance_id,
            client_id=self.client_id,
            client_host=self.client_host,
            session_timeout_ms=self.session_timeout_ms,
            rebalance_timeout_ms=self.rebalance_timeout_ms,
            protocols=self.protocols,
            assignment=self.assignment,
        )
