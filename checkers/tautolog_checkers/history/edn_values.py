"""What EDN has and JSON has not: keywords, symbols, tagged values, and collections as keys of maps."""

from __future__ import annotations

from typing import Any


class Keyword(str):
    """A keyword without its colon. Equal to the plain string, and written with its colon again."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f":{self}"


class Symbol(str):
    """A symbol: a word that is neither keyword nor number."""

    __slots__ = ()


class FrozenMap(dict[Any, Any]):
    """A map as a key of a map or an element of a set; never changed."""

    __slots__ = ()

    def __hash__(self) -> int:  # type: ignore[override]  # a dict has none because it may change
        return hash(frozenset(self.items()))


class Tagged:
    """`#tag value`."""

    __slots__ = ("tag", "value")

    def __init__(self, tag: str, value: Any) -> None:
        self.tag = tag
        self.value = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Tagged) and (self.tag, self.value) == (other.tag, other.value)

    def __hash__(self) -> int:
        return hash(self.tag)

    def __repr__(self) -> str:
        return f"#{self.tag} {self.value!r}"


def hashable(value: Any) -> Any:
    """A collection as a key of a map or an element of a set."""
    if isinstance(value, list | tuple):
        return tuple(map(hashable, value))
    if isinstance(value, dict):
        return FrozenMap((hashable(key), hashable(item)) for key, item in value.items())
    return value
