"""What every generated message class stands on: equality by fields, a readable repr, the shared constants."""

from __future__ import annotations

from typing import Any, Final, TypeAlias

Buffer: TypeAlias = bytes | bytearray | memoryview
"""Bytes that may be a view into a larger buffer; valid until the call that handed it over returns."""

ZERO_UUID: Final = bytes(16)
"""The unset id, as in Kafka's `Uuid.ZERO_UUID`; every uuid is its 16 bytes."""

NEW: Final[Any] = object()
"""Default of a field that is made anew for each message: an empty list or a default structure."""


class Message:
    """A request, a response or a structure inside one."""

    __slots__: tuple[str, ...] = ()

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in self.__slots__)

    __hash__ = None  # type: ignore[assignment]  # mutable, compared by value: not to be used as a key

    def __repr__(self) -> str:
        fields = ", ".join(f"{name}={getattr(self, name)!r}" for name in self.__slots__)
        return f"{type(self).__name__}({fields})"
