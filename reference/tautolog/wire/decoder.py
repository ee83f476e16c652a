"""Compiles the decoder of one message in one version: schema fields in, the text of a Python function out.

The function reads straight into the message classes. Runs of fixed-size fields, and the length that follows them, are one
`struct` call. Guards stand where a length is read: inside the frame, not negative, and an array's elements must find room
in what is left of the frame before the first is made. Reading past the end surfaces as `IndexError` or `struct.error`
from the read itself; `tautolog.wire.codec` turns both into sentences.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tautolog.wire.primitives import MOST_ELEMENTS
from tautolog.wire.schema import Field, Message
from tautolog.wire.source import FORMATS, About, Source, present, size_of, tagged


def decoder(api: str, message: Message, version: int) -> tuple[Callable[..., Any], list[About]]:
    """`decode(data: memoryview, position) -> (message, position after it)`, and what each of its lines is about."""
    writer = _Decoder(api, message, version)
    return writer.source.compile(f"<decode {message.name} {version}>"), writer.source.about


def least_size(fields: tuple[Field, ...], version: int, *, flexible: bool) -> int:
    """The fewest bytes a structure can take: what an array's length is held against."""
    total = 1 if flexible else 0
    for field in present(fields, version):
        if field.array:
            total += 1 if flexible else 4
        elif field.is_struct:
            inner = least_size(field.fields, version, flexible=flexible)
            total += 1 if version in field.nullable else inner
        elif field.type in FORMATS:
            total += size_of(FORMATS[field.type])
        elif field.type == "string":
            total += 1 if flexible else 2
        else:
            total += 1 if flexible else 4
    return total


class _Decoder:
    def __init__(self, api: str, message: Message, version: int) -> None:
        self.version = version
        self.flexible = version in message.flexible
        self.source = Source(api, "def decode(b, o):")
        self.run: list[tuple[str, str, str]] = []  # target, format, path
        self.source.line(1, "end = len(b)", "")
        self.bounded = message.kind == "request"
        if self.bounded:
            self.source.line(1, f"room = {MOST_ELEMENTS}", "")
        self.structure(message.name, message.fields, 0, 1, "")
        self.source.line(1, "return m0, o", "")

    def structure(self, name: str, fields: tuple[Field, ...], depth: int, indent: int, path: str) -> None:
        """Read one structure into `m<depth>`."""
        target = f"m{depth}"
        self.source.line(indent, f"{target} = new({self.source.message(name)})", path)
        here = present(fields, self.version)
        tags = tagged(fields, self.version)
        read = {field.name for field in here}
        for field in fields:
            if field.name not in read:
                self.source.line(indent, f"{target}.{field.name} = {self.source.default(field)}", path)
        for field in here:
            self.field(field, f"{target}.{field.name}", depth, indent, f"{path}.{field.name}".lstrip("."))
        if self.flexible:
            self.tag_section(tags, depth, indent, path)
        self.flush(indent)

    def field(self, field: Field, target: str, depth: int, indent: int, path: str) -> None:
        """Read one field into `target`."""
        nullable = self.version in field.nullable
        if field.array:
            self.array(field, target, depth, indent, path)
        elif not field.is_struct:
            self.primitive(field.type, target, indent, path, nullable=nullable)
        elif nullable:
            self.read("n", "b", indent, path)
            self.source.line(indent, f"if n < 0: {target} = None", path)
            self.source.line(indent, "else:", path)
            self.structure(field.type, field.fields, depth + 1, indent + 1, path)
            self.source.line(indent + 1, f"{target} = m{depth + 1}", path)
        else:
            self.structure(field.type, field.fields, depth + 1, indent, path)
            self.source.line(indent, f"{target} = m{depth + 1}", path)

    def primitive(self, kind: str, target: str, indent: int, path: str, *, nullable: bool) -> None:
        """Read one primitive; fixed-size ones wait in the run."""
        if kind in FORMATS:
            self.run.append((target, FORMATS[kind], path))
            return
        string = kind == "string"
        self.length("h" if string else "i", "read_string_length" if string else "read_varint", indent, path)
        line = self.source.line
        line(indent, "if n:" if self.flexible else "if n >= 0:", path)
        line(indent + 1, "e = o + n - 1" if self.flexible else "e = o + n", path)
        line(indent + 1, "if e > end: raise overrun(e - o, end - o)", path)
        value = {"string": 'str(b[o:e], "utf-8")', "bytes": "bytes(b[o:e])", "records": "b[o:e]"}[kind]
        line(indent + 1, f"{target} = {value}; o = e", path)
        self.null(target, indent, path, nullable=nullable)

    def array(self, field: Field, target: str, depth: int, indent: int, path: str) -> None:
        """Read an array: its length held against the bytes left, then its elements."""
        self.length("i", "read_varint", indent, path)
        line = self.source.line
        line(indent, "if n:" if self.flexible else "if n >= 0:", path)
        inner = indent + 1
        if self.flexible:
            line(inner, "n -= 1", path)
        if field.is_struct:
            least = least_size(field.fields, self.version, flexible=self.flexible)
        elif field.type in FORMATS:
            least = size_of(FORMATS[field.type])
        else:
            least = 1 if self.flexible else 2
        line(inner, f"if n * {max(least, 1)} > end - o: raise crowd(n, end - o)", path)
        if self.bounded:
            line(inner, "room -= n", path)
            line(inner, "if room < 0: raise throng(-room)", path)
        if field.type in FORMATS and field.type != "uuid":
            line(inner, f'{target} = list(unpack_from(f">{{n}}{FORMATS[field.type]}", b, o)); o += n * {least}', path)
        else:
            line(inner, f"{target} = l{depth} = []; a{depth} = l{depth}.append", path)
            line(inner, "for _ in range(n):", path)
            if field.is_struct:
                self.structure(field.type, field.fields, depth + 1, inner + 1, path)
                line(inner + 1, f"a{depth}(m{depth + 1})", path)
            else:
                self.primitive(field.type, "w", inner + 1, path, nullable=False)
                self.flush(inner + 1)
                line(inner + 1, f"a{depth}(w)", path)
        self.null(target, indent, path, nullable=self.version in field.nullable)

    def length(self, fmt: str, rare: str, indent: int, path: str) -> None:
        """Read a length into `n`: plus one where compact."""
        if not self.flexible:
            self.read("n", fmt, indent, path)
            return
        self.read("n", "B", indent, path)
        self.source.line(indent, f"if n > 127: n, o = {rare}(b, o - 1)", path)

    def null(self, target: str, indent: int, path: str, *, nullable: bool) -> None:
        """The branch of a length that says null."""
        if self.flexible:
            self.source.line(indent, f"else: {target} = None" if nullable else "else: raise negative(-1)", path)
            return
        if nullable:
            self.source.line(indent, f"elif n == -1: {target} = None", path)
        self.source.line(indent, "else: raise negative(n)", path)

    def tag_section(self, tags: list[Field], depth: int, indent: int, path: str) -> None:
        """Read the tagged fields; unknown ones are skipped, each known one must take the size it announces."""
        line = self.source.line
        where = f"{path}.tagged fields".lstrip(".")
        self.read("n", "B", indent, where)
        if not tags:
            line(indent, "if n:", where)
            line(indent + 1, "if n > 127: n, o = read_varint(b, o - 1)", where)
            line(indent + 1, "o = skip_tags(b, o, n)", where)
            return
        inner = indent + 2
        tag, size, start = f"t{depth}", f"s{depth}", f"p{depth}"
        line(indent, "if n:", where)
        line(indent + 1, "if n > 127: n, o = read_varint(b, o - 1)", where)
        line(indent + 1, "for _ in range(n):", where)
        line(inner, f"{tag}, o = read_varint(b, o)", where)
        line(inner, f"{size}, o = read_varint(b, o)", where)
        line(inner, f"if {size} > end - o: raise overrun({size}, end - o)", where)
        line(inner, f"{start} = o", where)
        for index, field in enumerate(tags):
            own = f"{path}.{field.name}".lstrip(".")
            line(inner, f"{'elif' if index else 'if'} {tag} == {field.tag}:", own)
            self.field(field, f"m{depth}.{field.name}", depth, inner + 1, own)
            self.flush(inner + 1)
        line(inner, f"else: o += {size}", where)
        line(inner, f"if o - {start} != {size}: raise misfit({tag}, {size}, o - {start})", where)

    def read(self, target: str, fmt: str, indent: int, path: str) -> None:
        """Read a fixed-size value that the next line needs, together with the run before it."""
        self.run.append((target, fmt, path))
        self.flush(indent)

    def flush(self, indent: int) -> None:
        """Write the waiting run as one read."""
        if not self.run:
            return
        about = tuple((path, size_of(fmt)) for _, fmt, path in self.run)
        total = sum(size for _, size in about)
        if len(self.run) == 1 and self.run[0][1] == "B":
            text = f"{self.run[0][0]} = b[o]; o += 1"
        else:
            unpack = self.source.struct("unpack_from", "".join(fmt for _, fmt, _ in self.run))
            targets = ", ".join(target for target, _, _ in self.run) + ("," if len(self.run) == 1 else "")
            text = f"{targets} = {unpack}(b, o); o += {total}"
        self.source.line(indent, text, about)
        self.run.clear()
