"""The text of a function while a compiler writes it: lines, what each line is about, and the names it uses.

`about` is what makes refusals readable at no cost on the good path: when compiled code fails, the line it failed in says
which field was being read. A line that reads several fixed-size fields at once is about all of them, each with its size.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from importlib import import_module
from types import TracebackType
from typing import Any, Final, TypeAlias

from tautolog.core.messages._base import ZERO_UUID
from tautolog.wire import primitives, schema

FORMATS: Final = {
    "bool": "?",
    "int8": "b",
    "int16": "h",
    "uint16": "H",
    "int32": "i",
    "uint32": "I",
    "int64": "q",
    "float64": "d",
    "uuid": "16s",
}
"""Fixed-size primitives and their `struct` formats."""

About: TypeAlias = tuple[tuple[str, int], ...]
"""The fields a line reads or writes, each with its size in bytes; 0 where that is not fixed."""


def size_of(fmt: str) -> int:
    """Bytes taken by one `struct` format, big endian."""
    return struct.calcsize(">" + fmt)


class Source:
    """The lines of one function."""

    def __init__(self, api: str, head: str) -> None:
        self._messages = f"tautolog.core.messages.{api}"
        self.lines = [head]
        self.about: list[About] = [()]
        self.names: dict[str, Any] = {"ZERO_UUID": ZERO_UUID, "new": object.__new__, "pack": struct.pack}
        self.names["unpack_from"] = struct.unpack_from
        for name in dir(primitives):
            self.names.setdefault(name, getattr(primitives, name))

    def line(self, indent: int, text: str, about: str | About) -> None:
        """Add one line; the function's body stands at `indent` 1."""
        self.lines.append("    " * indent + text)
        self.about.append(((about, 0),) if isinstance(about, str) else about)

    def struct(self, kind: str, fmt: str) -> str:
        """The name of a bound `pack` or `unpack_from` of one format."""
        name = f"{kind}_{fmt.replace('?', 'z')}"
        self.names[name] = getattr(struct.Struct(">" + fmt), kind)
        return name

    def message(self, name: str) -> str:
        """The name of a message class, imported from the module of this API."""
        self.names[name] = getattr(import_module(self._messages), name)
        return name

    def default(self, field: schema.Field) -> str:
        """The value a field has where its version does not carry it, as an expression that makes it anew."""
        if field.default == "null":
            return "None"
        if field.array:
            return "[]"
        if field.is_struct:
            return f"{self.message(field.type)}()"
        if field.default is None:
            return ZEROS.get(field.type, "0")
        return field.default.capitalize() if field.type == "bool" else field.default

    def compile(self, filename: str) -> Callable[..., Any]:
        """The function."""
        scope = dict(self.names)
        exec(compile("\n".join(self.lines), filename, "exec"), scope)  # noqa: S102  # our own text, from our own schemas
        name = self.lines[0].removeprefix("def ").partition("(")[0]
        function: Callable[..., Any] = scope[name]
        return function


ZEROS: Final = {
    "bool": "False",
    "float64": "0.0",
    "string": '""',
    "bytes": 'b""',
    "records": 'b""',
    "uuid": "ZERO_UUID",
}


def present(fields: tuple[schema.Field, ...], version: int) -> list[schema.Field]:
    """The fields that one version carries outside the tag section, in wire order."""
    return [f for f in fields if version in f.versions and not (f.tag is not None and version in f.tagged)]


def tagged(fields: tuple[schema.Field, ...], version: int) -> list[schema.Field]:
    """The tagged fields of one version, by tag."""
    found = [f for f in fields if f.tag is not None and version in f.tagged and version in f.versions]
    return sorted(found, key=lambda f: f.tag or 0)


def failing_frame(trace: TracebackType | None, function: Callable[..., Any]) -> tuple[int, dict[str, Any]] | None:
    """The line number in which `function` failed and its locals then."""
    code = function.__code__
    while trace is not None:
        if trace.tb_frame.f_code is code:
            return trace.tb_lineno, trace.tb_frame.f_locals
        trace = trace.tb_next
    return None
