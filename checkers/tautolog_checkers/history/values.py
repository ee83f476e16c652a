"""Values of histories: as keys of dictionaries, and as the steps of sends and polls."""

from __future__ import annotations

from typing import Any


def freeze(value: Any) -> Any:
    """A value that can be a dictionary's key, and equals another only if both were written alike.

    >>> freeze([1, {"a": [2]}]), freeze(True) == freeze(1)
    (('list', 1, ('map', ('a', ('list', 2)))), False)
    """
    kind = type(value)
    if kind is int or kind is str or value is None:
        return value
    if kind is bool or kind is float:
        return kind.__name__, value
    if isinstance(value, list | tuple):
        return "list", *map(freeze, value)
    if isinstance(value, dict):
        return "map", *sorted(((freeze(key), freeze(item)) for key, item in value.items()), key=repr)
    if isinstance(value, set | frozenset):
        return "set", *sorted(map(freeze, value), key=repr)
    return value


def is_steps(value: Any) -> bool:
    """Whether a value is a list of steps, as transactions, sends and polls have it."""
    return isinstance(value, list | tuple) and all(
        isinstance(step, list | tuple) and step and step[0] in ("send", "poll", "read", "write")  # it may be a list
        for step in value
    )
