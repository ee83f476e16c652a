"""One operation on one object, as a model sees it."""

from __future__ import annotations

import json
from typing import Any, Final

FOREVER: Final = 1 << 62
"""The return of an operation that never returned: it may take effect at any time after its call, or never."""


class _Word:
    """A value unlike any other, with a name."""

    __slots__ = ("_name",)

    def __init__(self, name: str) -> None:
        self._name = name

    def __repr__(self) -> str:
        return self._name

    def __reduce__(self) -> str:
        return self._name


UNKNOWN: Final = _Word("UNKNOWN")
"""The result of an operation that never returned. A model must allow it whatever the state."""

ILLEGAL: Final = _Word("ILLEGAL")
"""What `step` gives back for an operation whose result the state does not allow."""

UNSEEN: Final = _Word("UNSEEN")
"""A state (or a part of one) of which only this is known: nothing that is still to come can tell what it is."""


ANSWERING: Final = frozenset({"read", "get", "dequeue", "pop"})
"""Functions whose answer is told even where it is nothing."""


class Op:
    """One operation.

    Args:
        index: its name, the index of its invocation.
        f: the function.
        argument: what was asked, in hashable form.
        result: what was told, in hashable form; `UNKNOWN` where nobody was told.
        call, ret: positions in the history; `ret` is `FOREVER` where it did not return.

    """

    __slots__ = ("argument", "call", "f", "index", "result", "ret")

    def __init__(self, index: int, f: str, argument: Any, result: Any, call: int, ret: int) -> None:
        self.index = index
        self.f = f
        self.argument = argument
        self.result = result
        self.call = call
        self.ret = ret

    @property
    def known(self) -> bool:
        """Whether it returned."""
        return self.result is not UNKNOWN

    def forget(self) -> Op:
        """The same operation, had it never returned."""
        return Op(self.index, self.f, self.argument, UNKNOWN, self.call, FOREVER)

    @property
    def words(self) -> str:
        """What was asked and told, for a reader: `cas [1, 2]`, `read → 2`, `write "a" (unknown)`."""
        asked = self.f if self.argument is None else f"{self.f} {text_of(self.argument)}"
        if not self.known:
            return f"{asked} (unknown)"
        silent = self.f not in ANSWERING and (self.result is True or self.result == self.argument)
        return asked if silent else f"{asked} → {text_of(self.result)}"

    def __repr__(self) -> str:
        ret = "" if self.ret == FOREVER else self.ret
        return f"Op({self.index}, {self.f} {self.argument!r} -> {self.result!r}, {self.call}…{ret})"


def text_of(value: Any) -> str:
    """A value in hashable form, or a state, as a history has it written."""
    if isinstance(value, tuple | list):
        items = value[1:] if value and value[0] == "list" else value
        return "empty" if value == ("empty",) else f"[{', '.join(map(text_of, items))}]"
    if isinstance(value, frozenset):
        return f"{{{', '.join(sorted(map(text_of, value)))}}}"
    if value is None or isinstance(value, bool | str):
        return json.dumps(value, ensure_ascii=False)
    return repr(value)
