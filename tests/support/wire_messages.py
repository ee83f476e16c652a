"""Random messages of any API, kind and version, made from the schemas; what other codecs cannot say is left out by a veto."""

from collections.abc import Callable
from importlib import import_module
from random import Random
from typing import Any

from tautolog.wire import apis, schema

RANGES = {
    "int8": (-(2**7), 2**7 - 1),
    "int16": (-(2**15), 2**15 - 1),
    "uint16": (0, 2**16 - 1),
    "int32": (-(2**31), 2**31 - 1),
    "uint32": (0, 2**32 - 1),
    "int64": (-(2**63), 2**63 - 1),
}
LETTERS = "abcxyz-_.0189 äß€漢字🙂\x00\n"
SIZES = [0, 1, 2, 3, 126, 127, 128, 129, 300, 16_384]

Veto = Callable[[schema.Field, Random], Any]
"""A value for a field that an oracle is choosy about, or `NotImplemented`."""


def every() -> list[tuple[str, str, int]]:
    """(schema name, kind, version) of everything there is."""
    found = []
    for name in apis.NAMES.values():
        versions = schema.load(name).request.versions
        found += [(name, kind, v) for v in range(versions.first, versions.last + 1) for kind in ("request", "response")]
    return found


def message_of(name: str, kind: str) -> schema.Message:
    return getattr(schema.load(name), kind)


def build(random: Random, name: str, kind: str, version: int, veto: Veto | None = None) -> Any:
    """A random message; fields of other versions keep their defaults."""
    message = message_of(name, kind)
    return Builder(random, name, version, veto).structure(message.name, message.fields)


class Builder:
    def __init__(self, random: Random, name: str, version: int, veto: Veto | None) -> None:
        self.random = random
        self.module = import_module(f"tautolog.core.messages.{name}")
        self.version = version
        self.veto = veto

    def structure(self, name: str, fields: tuple[schema.Field, ...]) -> Any:
        made = getattr(self.module, name)()
        for field in fields:
            if self.version not in field.versions:
                continue
            if field.tag is not None and self.random.random() < 0.4:
                continue  # the default, which is not written
            setattr(made, field.name, self.value(field))
        return made

    def value(self, field: schema.Field) -> Any:
        if self.version in field.nullable and self.random.random() < 0.25:
            return None
        if not field.array:
            return self.element(field)
        size = self.random.choice([0, 1, 1, 2, 3] if field.is_struct else [0, 1, 2, 5, 130])
        return [self.element(field) for _ in range(size)]

    def element(self, field: schema.Field) -> Any:
        if field.is_struct:
            return self.structure(field.type, field.fields)
        if self.veto is not None:
            value = self.veto(field, self.random)
            if value is not NotImplemented:
                return value
        return primitive(self.random, field.type)


def primitive(random: Random, kind: str) -> Any:
    if kind in RANGES:
        low, high = RANGES[kind]
        return random.choice([0, 1, low, high, random.randint(low, high), random.randint(max(low, -9), 9)])
    if kind == "bool":
        return random.random() < 0.5
    if kind == "float64":
        return random.choice([0.0, -1.5, 1e300, random.uniform(-1e6, 1e6)])
    if kind == "uuid":
        return random.choice([bytes(16), random.randbytes(16)])
    if kind == "string":
        return "".join(random.choices(LETTERS, k=random.choice(SIZES[:-1])))
    return random.randbytes(random.choice(SIZES if kind == "records" else SIZES[:-1]))
