"""Write `tautolog/core/messages/` from the schema texts: `python -m tautolog.wire.generate`.

The classes are generated once and committed, so that a reader and the type checker see them; a test asserts that they are
what this module would write now. Plain slotted classes, not attrs ones: two hundred attrs classes cost 0.7 ms each at
import, which is most of a broker's start (docs/decisions/0004-generated-messages.md).
"""

from __future__ import annotations

from pathlib import Path

from tautolog.wire import schema

TYPES = {"bool": "bool", "float64": "float", "string": "str", "bytes": "Buffer", "records": "Buffer", "uuid": "bytes"}
ZEROS = {"bool": "False", "float64": "0.0", "string": '""', "bytes": 'b""', "records": 'b""', "uuid": "ZERO_UUID"}


def structures(message: schema.Message) -> dict[str, tuple[schema.Field, ...]]:
    """Every structure of a message by class name, inner ones first, the message itself last."""
    found: dict[str, tuple[schema.Field, ...]] = {}

    def visit(fields: tuple[schema.Field, ...]) -> None:
        for field in fields:
            if field.is_struct:
                visit(field.fields)
                found.setdefault(field.type, field.fields)

    visit(message.fields)
    found[message.name] = message.fields
    return found


def annotation(field: schema.Field) -> str:
    """The Python type of a field, `| None` where some version allows null."""
    kind = field.type if field.is_struct else TYPES.get(field.type, "int")
    if field.array:
        kind = f"list[{kind}]"
    return f"{kind} | None" if field.nullable != schema.NEVER else kind


def default(field: schema.Field) -> str | None:
    """The default as an expression, or None where it has to be made anew for each object."""
    if field.default == "null":
        return "None"
    if field.array or field.is_struct:
        return None
    if field.default is None:
        return ZEROS.get(field.type, "0")
    if field.type == "bool":
        return field.default.capitalize()
    return field.default


def render_class(name: str, fields: tuple[schema.Field, ...], doc: str) -> list[str]:
    """The source lines of one class."""
    slots = ", ".join(f'"{f.name}"' for f in fields) + ("," if len(fields) == 1 else "")
    lines = [f"class {name}(Message):", f'    """{doc}"""', "", f"    __slots__ = ({slots})", ""]
    lines.append("    def __init__(")
    lines.append("        self,")
    body: list[str] = []
    for f in fields:
        value = default(f)
        if value is not None:
            lines.append(f"        {f.name}: {annotation(f)} = {value},")
            body.append(f"        self.{f.name} = {f.name}")
        else:
            fresh = "[]" if f.array else f"{f.type}()"
            lines.append(f"        {f.name}: {annotation(f)} = NEW,")
            declared = annotation(f)
            body.append(f"        self.{f.name}: {declared} = {fresh} if {f.name} is NEW else {f.name}")
    lines.append("    ) -> None:")
    lines += body or ["        pass"]
    return lines


def render(api: schema.Api) -> str:
    """The source of `core/messages/<api>.py`."""
    classes: list[str] = []
    for message in (api.request, api.response):
        for name, fields in structures(message).items():
            top = name == message.name
            v = message.versions
            doc = f"Key {api.key}, versions {v.first}-{v.last}." if top else f"Part of {message.name}."
            classes += ["", "", *render_class(name, fields, doc)]
    text = "\n".join(classes)
    used = [n for n in ("NEW", "ZERO_UUID", "Buffer", "Message") if n in text]
    head = [
        f'"""{api.request.name.removesuffix("Request")}: generated from `wire/schemas/{api.name}.schema`; do not edit."""',
        "",
        "from __future__ import annotations",
        "",
        f"from tautolog.core.messages._base import {', '.join(used)}",
    ]
    return "\n".join(head) + "\n" + text + "\n"


def main() -> None:
    """Write every module; the base and `__init__` are written by hand."""
    folder = Path(__file__).parents[1] / "core" / "messages"
    for name in schema.names():
        (folder / f"{name}.py").write_text(render(schema.load(name)), encoding="utf-8")


if __name__ == "__main__":
    main()
