"""RemoveRaftVoter: generated from `wire/schemas/remove_raft_voter.schema`; do not edit."""

from __future__ import annotations

from tautolog.core.messages._base import ZERO_UUID, Message


class RemoveRaftVoterRequest(Message):
    """Key 81, versions 0-0."""

    __slots__ = ("cluster_id", "voter_id", "voter_directory_id")

    def __init__(
        self,
        cluster_id: str | None = "",
        voter_id: int = 0,
        voter_directory_id: bytes = ZERO_UUID,
    ) -> None:
        self.cluster_id = cluster_id
        self.voter_id = voter_id
        self.voter_directory_id = voter_directory_id


class RemoveRaftVoterResponse(Message):
    """Key 81, versions 0-0."""

    __slots__ = ("throttle_time_ms", "error_code", "error_message")

    def __init__(
        self,
        throttle_time_ms: int = 0,
        error_code: int = 0,
        error_message: str | None = "",
    ) -> None:
        self.throttle_time_ms = throttle_time_ms
        self.error_code = error_code
        self.error_message = error_message
