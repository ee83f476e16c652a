"""The schema language: Kafka's messages as short texts, parsed into data.

This module decides what a schema text means. It never touches bytes: the codec compiled from these objects lives in
`tautolog.wire.codec`, the typed message classes generated from them in `tautolog.core.messages`.

One file in `schemas/` describes one API key. A line with `request` or `response` opens a message, the indented lines
below it are its fields, in wire order:

    request FetchRequest key 1 versions 4-18 flexible 12+ listeners broker,controller
      cluster_id    string         12+  nullable 12+  tag 0  = null
      topics        []FetchTopic   0+
        topic       string         0-12
        partitions  []int32        0+

A field is `name type versions`, then in any order `nullable VERSIONS`, `tag N [VERSIONS]` and last `= DEFAULT`. A type is a
primitive, a structure (its fields indented below it, or given once by a `struct` block), or an array of either. `#`
starts a comment. Field order, versions and defaults are those of Apache Kafka 4.3.0.
"""

from __future__ import annotations

from functools import cache
from importlib import resources

import attrs

PRIMITIVES = frozenset(
    ["bool", "int8", "int16", "uint16", "int32", "uint32", "int64", "float64", "uuid", "string", "bytes", "records"],
)
MAX_VERSION = 32767


class SchemaError(ValueError):
    """A schema text that does not parse: names the file, the line and what was expected."""


@attrs.frozen
class Versions:
    """An inclusive range of versions; empty when `last < first`."""

    first: int
    last: int

    def __contains__(self, version: object) -> bool:
        return isinstance(version, int) and self.first <= version <= self.last

    @classmethod
    def parse(cls, text: str) -> Versions:
        """Read `3+`, `3-7`, `3` or `none`."""
        if text == "none":
            return cls(0, -1)
        if text.endswith("+"):
            return cls(int(text[:-1]), MAX_VERSION)
        first, _, last = text.partition("-")
        return cls(int(first), int(last or first))


NEVER = Versions(0, -1)


@attrs.frozen
class Field:
    """One field of a message or structure.

    `fields` is empty for a primitive; `default` is the text after `=`, or None where the type's own zero applies.
    """

    name: str
    type: str
    array: bool
    versions: Versions
    nullable: Versions
    tag: int | None
    tagged: Versions
    default: str | None
    fields: tuple[Field, ...]

    @property
    def is_struct(self) -> bool:
        """Whether the element type is a structure rather than a primitive."""
        return self.type not in PRIMITIVES


@attrs.frozen
class Message:
    """One request or response: its key, its range of versions, where flexible encoding begins, who serves it."""

    name: str
    kind: str
    key: int
    versions: Versions
    flexible: Versions
    listeners: tuple[str, ...]
    fields: tuple[Field, ...]


@attrs.frozen
class Api:
    """One API key: file name, key, and its two messages."""

    name: str
    key: int
    request: Message
    response: Message


@attrs.define
class _Line:
    number: int
    depth: int
    words: list[str]
    children: list[_Line]


def parse(name: str, text: str) -> Api:
    """Parse the schema text of one API key; raise `SchemaError` naming file and line."""
    messages: dict[str, Message] = {}
    for line in _tree(name, text):
        try:
            messages[line.words[0]] = _message(line)
        except (ValueError, IndexError, KeyError) as error:
            detail = error if isinstance(error, SchemaError) else f"cannot read {' '.join(line.words)!r} ({error})"
            msg = f"{name}.schema:{line.number}: {detail}"
            raise SchemaError(msg) from error
    return Api(name, messages["request"].key, messages["request"], messages["response"])


def _tree(name: str, text: str) -> list[_Line]:
    root: list[_Line] = []
    stack: list[_Line] = []
    for number, raw in enumerate(text.splitlines(), 1):
        words = raw.partition("#")[0].split()
        if not words:
            continue
        indent = len(raw) - len(raw.lstrip())
        if indent % 2 or indent // 2 > len(stack):
            msg = f"{name}.schema:{number}: indent by two spaces a level"
            raise SchemaError(msg)
        line = _Line(number, indent // 2, words, [])
        del stack[line.depth :]
        (stack[-1].children if stack else root).append(line)
        stack.append(line)
    return root


def _message(line: _Line) -> Message:
    kind, name = line.words[:2]
    options = dict(zip(line.words[2::2], line.words[3::2], strict=False))
    common = {child.words[1]: child for child in line.children if child.words[0] == "struct"}
    fields = tuple(_field(child, common) for child in line.children if child.words[0] != "struct")
    listeners = tuple(options.get("listeners", "").split(",")) if "listeners" in options else ()
    return Message(
        name,
        kind,
        int(options["key"]),
        Versions.parse(options["versions"]),
        Versions.parse(options["flexible"]),
        listeners,
        fields,
    )


def _field(line: _Line, common: dict[str, _Line]) -> Field:
    name, kind, versions_text, *rest = line.words
    versions = Versions.parse(versions_text)
    nullable, tag, tagged, default = NEVER, None, NEVER, None
    while rest:
        word = rest.pop(0)
        if word == "nullable":
            nullable = Versions.parse(rest.pop(0))
        elif word == "tag":
            tag = int(rest.pop(0))
            tagged = Versions.parse(rest.pop(0)) if rest and rest[0] not in {"=", "nullable"} else versions
        elif word == "=":
            default = rest.pop(0)
        else:
            msg = f"field {name!r}: {word!r} is none of nullable, tag, ="
            raise SchemaError(msg)
    element = kind.removeprefix("[]")
    children = line.children
    if element not in PRIMITIVES and not children:
        if element not in common:
            msg = f"field {name!r}: no structure {element!r} is given"
            raise SchemaError(msg)
        children = common[element].children
    return Field(
        name,
        element,
        kind.startswith("[]"),
        versions,
        nullable,
        tag,
        tagged,
        default,
        tuple(_field(child, common) for child in children),
    )


def names() -> list[str]:
    """The file names of all schemas, without suffix, sorted."""
    folder = resources.files(__package__) / "schemas"
    return sorted(entry.name.removesuffix(".schema") for entry in folder.iterdir() if entry.name.endswith(".schema"))


@cache
def load(name: str) -> Api:
    """The parsed schema of one API, by file name (`"fetch"`)."""
    text = (resources.files(__package__) / "schemas" / f"{name}.schema").read_text(encoding="utf-8")
    return parse(name, text)
