"""States, arguments and results as JSON and back, exactly: tuples, sets and our own words keep what they are."""

from __future__ import annotations

from typing import Any

from tautolog_checkers.linearizability.operations import ILLEGAL, UNKNOWN, UNSEEN, Op

_WORDS = {"UNKNOWN": UNKNOWN, "UNSEEN": UNSEEN, "ILLEGAL": ILLEGAL}


def to_plain(value: Any) -> Any:
    """A value as JSON has it.

    >>> to_plain((1, frozenset({2}), None))
    {'tuple': [1, {'set': [2]}, None]}

    """
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, tuple):
        return {"tuple": [to_plain(item) for item in value]}
    if isinstance(value, frozenset):
        return {"set": sorted((to_plain(item) for item in value), key=repr)}
    for name, word in _WORDS.items():
        if value is word:
            return {"word": name}
    raise TypeError(
        f"a state of type {type(value).__name__} cannot be kept; use tuples, frozensets, numbers and strings"
    )


def from_plain(plain: Any) -> Any:
    """The value back."""
    if isinstance(plain, dict):
        if "word" in plain:
            return _WORDS[plain["word"]]
        if "tuple" in plain:
            return tuple(from_plain(item) for item in plain["tuple"])
        return frozenset(from_plain(item) for item in plain["set"])
    return plain


def op_to_plain(op: Op) -> list[Any]:
    """An operation as a list."""
    return [op.index, op.f, to_plain(op.argument), to_plain(op.result), op.call, op.ret]


def op_from_plain(plain: list[Any]) -> Op:
    """The operation back."""
    index, f, argument, result, call, ret = plain
    return Op(index, f, from_plain(argument), from_plain(result), call, ret)
