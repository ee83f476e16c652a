"""What is wrong with an input, in one sentence: file, line, what was expected, what stood there.

Every reader and every judge reports malformed input through `Problems`. Strict (the default) raises at the first one;
lenient counts it, remembers the first few for the report and lets the caller skip the event.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

DEPTH = 400
"""How deep values may be nested; what recurses over values can rely on it."""

MARK = "\ufeff"
"""What some editors put before a text in UTF-8."""

KEPT = 20
"""How many problems a lenient reader remembers word for word; the rest is only counted."""


LOOK = 0xFFF
"""Readers look at the limits whenever the number of a line or operation has none of these bits."""


class HistoryError(ValueError):
    """A history that cannot be read as it stands.

    Args:
        file: its name, or "history" where it did not come from a file.
        line: the line, counted from 1; 0 where lines have no meaning.
        expected: what should have stood there, in words.
        found: what stood there, shortened.

    """

    def __init__(self, file: str, line: int, expected: str, found: str = "") -> None:
        self.file = file
        self.line = line
        self.expected = expected
        self.found = found
        where = f"{file}:{line}" if line else file
        super().__init__(f"{where}: expected {expected}" + (f", found {found}" if found else ""))

    def __reduce__(self) -> tuple[type[HistoryError], tuple[str, int, str, str]]:
        """How it comes back from a worker process: its sentence alone would not do."""
        return HistoryError, (self.file, self.line, self.expected, self.found)


class ShapeError(ValueError):
    """A value that a function does not take or give: what was expected, and what was found."""

    def __init__(self, expected: str, found: object) -> None:
        super().__init__(expected)
        self.expected = expected
        self.found = found


class Problems:
    """Where malformed input is reported.

    Args:
        file: the name that the sentences carry.
        lenient: skip and count instead of raising.
        look: called now and then by those who read, so that limits are kept while reading, too.

    """

    __slots__ = ("count", "file", "first", "lenient", "look")

    def __init__(self, file: str = "history", *, lenient: bool = False, look: Callable[[], None] | None = None) -> None:
        self.look = look
        self.file = file
        self.lenient = lenient
        self.count = 0
        self.first: list[str] = []

    def report(self, line: int, expected: str, found: object = "") -> None:
        """Raise `HistoryError`, or count it when lenient."""
        error = HistoryError(self.file, line, expected, found if isinstance(found, str) else short(found))
        if not self.lenient:
            raise error
        self.count += 1
        if len(self.first) < KEPT:
            self.first.append(str(error))


PIECE = 1 << 20
"""About how many bytes are taken apart at a time."""


def lines(data: bytes) -> Iterator[bytes]:
    """The lines of a document, without all of them being held at once."""
    start, size = 0, len(data)
    while start <= size:
        end = data.find(b"\n", min(start + PIECE, size))
        end = size if end < 0 else end
        yield from data[start:end].split(b"\n")
        start = end + 1


def utf8(data: bytes, problems: Problems) -> str:
    """A document as text; bytes that are no UTF-8 are a problem of their line, and stand as replacement characters."""
    try:
        return data.decode().removeprefix(MARK)
    except UnicodeDecodeError as error:
        problems.report(data.count(b"\n", 0, error.start) + 1, "UTF-8", f"byte {data[error.start]:#04x}")
        return data.decode(errors="replace").removeprefix(MARK)


def refuse_deep(value: Any, size: int) -> None:
    """Raise `RecursionError` where a value that was read from `size` characters is nested deeper than `DEPTH`."""
    if size < 2 * DEPTH:
        return
    level, depth = [value], 0
    while level and depth <= DEPTH:
        level = [
            inner
            for outer in level
            for inner in (outer.values() if type(outer) is dict else outer)
            if type(inner) is dict or type(inner) is list
        ]
        depth += 1
    if level:
        raise RecursionError


def short(value: object, limit: int = 60) -> str:
    """A value as the reader of an error message wants to see it: its text, cut after `limit` characters."""
    try:
        text = repr(value)
    except (RecursionError, ValueError):
        text = f"a {type(value).__name__}"
    return text if len(text) <= limit else text[: limit - 1] + "…"
