"""Compiles the encoder of one message in one version: schema fields in, the text of a Python function out.

The function appends to a `bytearray`; a record set of `SEPARATE` bytes or more is not copied into it but becomes a chunk of
its own. A field that the version does not carry is left out, whatever its value. What does not fit (null where the version has
none, a number out of range) surfaces as the `struct.error` or `TypeError` of the write; `tautolog.wire.codec` turns it into a
sentence.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from tautolog.wire.schema import Field, Message
from tautolog.wire.source import FORMATS, About, Source, present, tagged

SEPARATE: Final = 4096
"""From this many bytes on, handing a record set on costs less than copying it."""

NULL: Final = b"\xff\xff\xff\xff"
NULL_STRING: Final = b"\xff\xff"


def encoder(api: str, message: Message, version: int) -> tuple[Callable[..., Any], list[About]]:
    """`encode(message, out: bytearray, chunks: list) -> bytearray`, and what each of its lines is about.

    The chunks, then the returned bytearray, are the encoding; `out` itself becomes the first of them.
    """
    writer = _Encoder(api, message, version)
    return writer.source.compile(f"<encode {message.name} {version}>"), writer.source.about


class _Encoder:
    def __init__(self, api: str, message: Message, version: int) -> None:
        self.version = version
        self.flexible = version in message.flexible
        self.source = Source(api, "def encode(m0, out, chunks):")
        self.source.names["SEPARATE"] = SEPARATE
        self.out = "out"
        self.run: list[tuple[str, str, str]] = []  # expression, format, path
        self.structure(message.fields, 0, 1, "")
        self.source.line(1, "return out", "")

    def structure(self, fields: tuple[Field, ...], depth: int, indent: int, path: str) -> None:
        """Write the structure in `m<depth>`."""
        for field in present(fields, self.version):
            self.field(field, f"m{depth}.{field.name}", depth, indent, f"{path}.{field.name}".lstrip("."))
        if self.flexible:
            tags = tagged(fields, self.version)
            if tags:
                self.tag_section(tags, depth, indent, path)
            else:
                self.run.append(("", "x", path))
        self.flush(indent)

    def field(self, field: Field, value: str, depth: int, indent: int, path: str) -> None:
        """Write one field."""
        nullable = self.version in field.nullable
        line = self.source.line
        if field.array:
            self.array(field, value, depth, indent, path)
        elif not field.is_struct:
            self.primitive(field.type, value, indent, path, nullable=nullable)
        elif nullable:
            self.flush(indent)
            line(indent, f"m{depth + 1} = {value}", path)
            line(indent, f"if m{depth + 1} is None: {self.out}.append(255)", path)
            line(indent, "else:", path)
            self.run.append(("1", "b", path))
            self.structure(field.fields, depth + 1, indent + 1, path)
        else:
            line(indent, f"m{depth + 1} = {value}", path)
            self.structure(field.fields, depth + 1, indent, path)

    def primitive(self, kind: str, value: str, indent: int, path: str, *, nullable: bool) -> None:
        """Write one primitive; fixed-size ones wait in the run."""
        if kind in FORMATS:
            self.run.append((value, FORMATS[kind], path))
            return
        line = self.source.line
        line(indent, f"s = {value}", path)
        string = kind == "string"
        inner = indent
        if nullable:
            self.flush(indent)
            null = "append(0)" if self.flexible else f"extend({(NULL_STRING if string else NULL)!r})"
            line(indent, f"if s is None: {self.out}.{null}", path)
            line(indent, "else:", path)
            inner += 1
        if string:
            line(inner, "s = s.encode()", path)
        self.length("s", "h" if string else "i", "write_string_length" if string else "write_varint", inner, path)
        if kind == "records" and self.out == "out":
            line(inner, "if len(s) < SEPARATE: out += s", path)
            line(inner, "else: chunks.append(out); chunks.append(s); out = bytearray()", path)
        else:
            line(inner, f"{self.out} += s", path)

    def array(self, field: Field, value: str, depth: int, indent: int, path: str) -> None:
        """Write an array."""
        line = self.source.line
        inner = indent
        items = f"l{depth}"
        line(indent, f"{items} = {value}", path)
        if self.version in field.nullable:
            self.flush(indent)
            null = "append(0)" if self.flexible else f"extend({NULL!r})"
            line(indent, f"if {items} is None: {self.out}.{null}", path)
            line(indent, "else:", path)
            inner += 1
        self.length(items, "i", "write_varint", inner, path)
        if field.is_struct:
            line(inner, f"for m{depth + 1} in {items}:", path)
            at = len(self.source.lines)
            self.structure(field.fields, depth + 1, inner + 1, path)
            if len(self.source.lines) == at:
                line(inner + 1, "pass", path)
        elif field.type in FORMATS and field.type != "uuid":
            line(inner, f'{self.out} += pack(f">{{len({items})}}{FORMATS[field.type]}", *{items})', path)
        else:
            line(inner, f"for w in {items}:", path)
            self.primitive(field.type, "w", inner + 1, path, nullable=False)
            self.flush(inner + 1)

    def length(self, name: str, fmt: str, rare: str, indent: int, path: str) -> None:
        """Write the length of `name`: plus one where compact."""
        if not self.flexible:
            self.run.append((f"len({name})", fmt, path))
            self.flush(indent)
            return
        self.flush(indent)
        self.source.line(indent, f"n = len({name}) + 1", path)
        self.source.line(indent, f"if n < 128: {self.out}.append(n)", path)
        self.source.line(indent, f"else: {self.out} += {rare}(n)", path)

    def tag_section(self, tags: list[Field], depth: int, indent: int, path: str) -> None:
        """Write the tagged fields whose value is not the default, by tag, each with its size."""
        self.flush(indent)
        line = self.source.line
        conditions = [self.differs(field, f"m{depth}.{field.name}") for field in tags]
        where = f"{path}.tagged fields".lstrip(".")
        line(indent, f"if {' or '.join(conditions)}:", where)
        line(indent + 1, f"g{depth} = []", where)
        outer, self.out = self.out, f"q{depth}"
        for field, condition in zip(tags, conditions, strict=True):
            own = f"{path}.{field.name}".lstrip(".")
            line(indent + 1, f"if {condition}:", own)
            line(indent + 2, f"{self.out} = bytearray()", own)
            self.field(field, f"m{depth}.{field.name}", depth, indent + 2, own)
            self.flush(indent + 2)
            line(indent + 2, f"g{depth}.append(({field.tag}, {self.out}))", own)
        self.out = outer
        line(indent + 1, f"{self.out} += write_varint(len(g{depth}))", where)
        line(indent + 1, f"for t, s in g{depth}:", where)
        line(indent + 2, f"{self.out} += write_varint(t); {self.out} += write_varint(len(s)); {self.out} += s", where)
        line(indent, f"else: {self.out}.append(0)", where)

    def differs(self, field: Field, value: str) -> str:
        """The condition under which a tagged field has to be written."""
        if field.default == "null":
            return f"{value} is not None"
        if field.array:
            return f"({value} is None or {value})" if self.version in field.nullable else value
        if field.is_struct:
            inner = [self.differs(f, f"{value}.{f.name}") for f in field.fields if self.version in f.versions]
            return f"({' or '.join(inner)})"
        return f"{value} != {self.source.default(field)}"

    def flush(self, indent: int) -> None:
        """Write the waiting run as one `pack`; a pad byte is an empty tag section."""
        if not self.run:
            return
        about = tuple((path, 0) for expression, _, path in self.run if expression)
        if all(fmt == "x" for _, fmt, _ in self.run):
            zeros = len(self.run)
            text = f"{self.out}.append(0)" if zeros == 1 else f"{self.out} += {bytes(zeros)!r}"
        else:
            pack = self.source.struct("pack", "".join(fmt for _, fmt, _ in self.run))
            text = f"{self.out} += {pack}({', '.join(e for e, _, _ in self.run if e)})"
        self.source.line(indent, text, about)
        self.run.clear()
