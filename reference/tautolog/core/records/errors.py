"""The one exception of this room: bytes that claim to be records and are not."""

from __future__ import annotations

from tautolog.core.errors import ErrorCode


class RecordsError(Exception):
    """These bytes are no record batch, or one that cannot be read here.

    `code` is the error that Kafka answers a producer who sends them; the text says what is wrong, for one log line.
    """

    def __init__(self, text: str, code: ErrorCode = ErrorCode.INVALID_RECORD) -> None:
        super().__init__(text)
        self.code = code
