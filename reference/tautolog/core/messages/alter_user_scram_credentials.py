"""AlterUserScramCredentials: generated from `wire/schemas/alter_user_scram_credentials.schema`; do not edit."""

from __future__ import annotations

from tautolog.core.messages._base import NEW, Buffer, Message


class ScramCredentialDeletion(Message):
    """Part of AlterUserScramCredentialsRequest."""

    __slots__ = ("name", "mechanism")

    def __init__(
        self,
        name: str = "",
        mechanism: int = 0,
    ) -> None:
        self.name = name
        self.mechanism = mechanism


class ScramCredentialUpsertion(Message):
    """Part of AlterUserScramCredentialsRequest."""

    __slots__ = ("name", "mechanism", "iterations", "salt", "salted_password")

    def __init__(
        self,
        name: str = "",
        mechanism: int = 0,
        iterations: int = 0,
        salt: Buffer = b"",
        salted_password: Buffer = b"",
    ) -> None:
        self.name = name
        self.mechanism = mechanism
        self.iterations = iterations
        self.salt = salt
        self.salted_password = salted_password


class AlterUserScramCredentialsRequest(Message):
    """Key 51, versions 0-0."""

    __slots__ = ("deletions", "upsertions")

    def __init__(
        self,
        deletions: list[ScramCredentialDeletion] = NEW,
        upsertions: list[ScramCredentialUpsertion] = NEW,
    ) -> None:
        self.deletions: list[ScramCredentialDeletion] = [] if deletions is NEW else deletions
        self.upsertions: list[ScramCredentialUpsertion] = [] if upsertions is NEW else upsertions


class AlterUserScramCredentialsResult(Message):
    """Part of AlterUserScramCredentialsResponse."""

    __slots__ = ("user", "error_code", "error_message")

    def __init__(
        self,
        user: str = "",
        error_code: int = 0,
        error_message: str | None = "",
    ) -> None:
        self.user = user
        self.error_code = error_code
        self.error_message = error_message


class AlterUserScramCredentialsResponse(Message):
    """Key 51, versions 0-0."""

    __slots__ = ("throttle_time_ms", "results")

    def __init__(
        self,
        throttle_time_ms: int = 0,
        results: list[AlterUserScramCredentialsResult] = NEW,
    ) -> None:
        self.throttle_time_ms = throttle_time_ms
        self.results: list[AlterUserScramCredentialsResult] = [] if results is NEW else results
