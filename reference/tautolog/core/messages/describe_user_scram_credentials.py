"""DescribeUserScramCredentials: generated from `wire/schemas/describe_user_scram_credentials.schema`; do not edit."""

from __future__ import annotations

from tautolog.core.messages._base import NEW, Message


class UserName(Message):
    """Part of DescribeUserScramCredentialsRequest."""

    __slots__ = ("name",)

    def __init__(
        self,
        name: str = "",
    ) -> None:
        self.name = name


class DescribeUserScramCredentialsRequest(Message):
    """Key 50, versions 0-0."""

    __slots__ = ("users",)

    def __init__(
        self,
        users: list[UserName] | None = NEW,
    ) -> None:
        self.users: list[UserName] | None = [] if users is NEW else users


class CredentialInfo(Message):
    """Part of DescribeUserScramCredentialsResponse."""

    __slots__ = ("mechanism", "iterations")

    def __init__(
        self,
        mechanism: int = 0,
        iterations: int = 0,
    ) -> None:
        self.mechanism = mechanism
        self.iterations = iterations


class DescribeUserScramCredentialsResult(Message):
    """Part of DescribeUserScramCredentialsResponse."""

    __slots__ = ("user", "error_code", "error_message", "credential_infos")

    def __init__(
        self,
        user: str = "",
        error_code: int = 0,
        error_message: str | None = "",
        credential_infos: list[CredentialInfo] = NEW,
    ) -> None:
        self.user = user
        self.error_code = error_code
        self.error_message = error_message
        self.credential_infos: list[CredentialInfo] = [] if credential_infos is NEW else credential_infos


class DescribeUserScramCredentialsResponse(Message):
    """Key 50, versions 0-0."""

    __slots__ = ("throttle_time_ms", "error_code", "error_message", "results")

    def __init__(
        self,
        throttle_time_ms: int = 0,
        error_code: int = 0,
        error_message: str | None = "",
        results: list[DescribeUserScramCredentialsResult] = NEW,
    ) -> None:
        self.throttle_time_ms = throttle_time_ms
        self.error_code = error_code
        self.error_message = error_message
        self.results: list[DescribeUserScramCredentialsResult] = [] if results is NEW else results
