"""What a configuration is: its type, its default, which values it takes, and the sentence when it does not.

Pure functions over text. Values are kept as the text they were given as, as in Kafka, and read when they are used.
Nothing here knows where a value was set (`configs`) or who changed it (`alteration`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from enum import IntEnum
from functools import cache

from tautolog.core.controller import tables


class Source(IntEnum):
    """Where a value comes from, as DescribeConfigs numbers it."""

    DYNAMIC_TOPIC = 1
    DYNAMIC_BROKER = 2
    DYNAMIC_DEFAULT_BROKER = 3
    STATIC_BROKER = 4
    DEFAULT = 5
    DYNAMIC_BROKER_LOGGER = 6
    DYNAMIC_CLIENT_METRICS = 7
    DYNAMIC_GROUP = 8


class Resource(IntEnum):
    """What a configuration can belong to, as the protocol numbers it."""

    TOPIC = 2
    BROKER = 4
    BROKER_LOGGER = 8
    CLIENT_METRICS = 16
    GROUP = 32


TYPE_CODES = {
    "boolean": 1,
    "string": 2,
    "int": 3,
    "short": 4,
    "long": 5,
    "double": 6,
    "list": 7,
    "class": 8,
    "password": 9,
}
"""Configuration types as DescribeConfigs numbers them."""

_BITS = {"short": 15, "int": 31, "long": 63}
_INTEGER = re.compile(r"[+-]?\d{1,40}")
_DOUBLE = r"[+-]?(?:NaN|Infinity|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)[fFdD]?"
_REPLICA = r"\d+:\d+"
_DURATION = r"(?i)P(?=.)(?:-?\d+D)?(?:T(?=.)(?:-?\d+H)?(?:-?\d+M)?(?:-?\d+(?:\.\d{1,9})?S)?)?"
_JAVA_SPACE = "".join(map(chr, range(33)))

Value = bool | int | float | str | list[str]
"""A value once it is read."""


class BadValue(ValueError):  # noqa: N818  # says what it is about
    """A value that its configuration does not take; the text is the sentence for whoever set it."""

    def __init__(self, definition: Definition, shown: object, problem: str) -> None:
        super().__init__(f"Invalid value {shown} for configuration {definition.name}: {problem}")


class Definition:
    """One configuration: what its values may be. Immutable by convention; a few hundred are made at start."""

    __slots__ = ("check", "default", "importance", "internal", "mode", "name", "synonyms", "type")

    def __init__(self, line: str, *, of_broker: bool) -> None:
        cells = line.split("|")
        self.name = cells[0]
        self.type = cells[1]
        self.default = None if cells[2] == "~" else cells[2]
        self.check = cells[3]
        self.importance = cells[4]
        self.mode = (cells[5] if len(cells) > 5 else "static") if of_broker else "cluster"
        self.internal = "internal" in cells[5:]
        self.synonyms = [] if of_broker or len(cells) < 6 or self.internal else cells[5].split(",")

    @property
    def sensitive(self) -> bool:
        """Whether its value is never shown."""
        return self.type == "password"

    @property
    def type_code(self) -> int:
        """The type as DescribeConfigs numbers it."""
        return TYPE_CODES[self.type]

    def read(self, text: str) -> Value:
        """The typed value of `text`, or `BadValue`."""
        value = _parse(self, text)
        _validate(self, value)
        return value

    def shown(self, text: str | None) -> str | None:
        """A value as DescribeConfigs shows it: as read and written again, a secret as nothing."""
        if text is None or self.sensitive:
            return None
        try:
            value = _parse(self, text)
        except BadValue:
            return text
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, list):
            return ",".join(value)
        if isinstance(value, float) and not 1e-3 <= abs(value) < 1e7:
            return text.strip(_JAVA_SPACE)  # Java and Python write these differently
        return str(value)


def _parse(definition: Definition, text: str) -> Value:
    kind = definition.type
    if kind == "password":
        return text
    trimmed = text.strip(_JAVA_SPACE)
    if kind in _BITS:
        if _INTEGER.fullmatch(trimmed):
            number = int(trimmed)
            if -1 << _BITS[kind] <= number < 1 << _BITS[kind]:
                return number
        raise BadValue(definition, text, f"Not a number of type {kind.upper()}")
    if kind == "boolean":
        if trimmed.lower() in {"true", "false"}:
            return trimmed.lower() == "true"
        raise BadValue(definition, text, "Expected value to be either true or false")
    if kind == "double":
        if re.fullmatch(_DOUBLE, trimmed):
            return float(trimmed.rstrip("fFdD") if trimmed[-1] in "fFdD" else trimmed)
        raise BadValue(definition, text, "Not a number of type DOUBLE")
    if kind == "list":
        items = [item.strip(_JAVA_SPACE) for item in trimmed.split(",")] if trimmed else []
        return list(dict.fromkeys(items))
    if kind == "class" and trimmed != definition.default:
        raise BadValue(definition, text, f"Class {trimmed} could not be found.")
    return trimmed


def _validate(definition: Definition, value: Value) -> None:
    rule, _, arguments = definition.check.partition(" ")
    if ".." in rule and isinstance(value, int | float):
        _in_range(definition, rule, value)
    elif rule in {"in", "any-case"}:
        allowed = arguments.split(",")
        folded = str(value).upper() if rule == "any-case" else value
        if folded not in allowed:
            raise BadValue(definition, value, f"String must be one of: {', '.join(allowed)}")
    elif isinstance(value, list) and rule != "replicas":
        _each(definition, value, arguments.split(",") if arguments else [], some=rule == "some")
    elif rule:
        _RULES[rule](definition, value)


def _in_range(definition: Definition, rule: str, value: float) -> None:
    low, _, high = rule.partition("..")
    if low and value < int(low):
        raise BadValue(definition, value, f"Value must be at least {low}")
    if high and value > float(high):
        raise BadValue(definition, value, f"Value must be no more than {high}")


def _each(definition: Definition, items: list[str], allowed: list[str], *, some: bool) -> None:
    if some and not items:
        valid = f"[{', '.join(allowed)}]" if allowed else "any non-empty value"
        raise BadValue(definition, "", f"the list must not be empty. Valid values include: {valid}")
    for item in items:
        if allowed and item not in allowed:
            raise BadValue(definition, item, f"String must be one of: {', '.join(allowed)}")
        if not item:
            raise BadValue(definition, ",".join(items), "no item of the list may be empty")


def _gzip_level(definition: Definition, value: Value) -> None:
    if value != -1 and not 1 <= int(str(value)) <= 9:
        raise BadValue(definition, value, "Value must be between 1 and 9 or equal to -1")


def _non_empty(definition: Definition, value: Value) -> None:
    if value == "":
        raise BadValue(definition, "", "String must be non-empty")


def _replicas(definition: Definition, value: Value) -> None:
    items = value if isinstance(value, list) else []
    if items not in (["*"], []) and not all(re.fullmatch(_REPLICA, item) for item in items):
        problem = (
            f"{definition.name} must be the literal '*' or a list of replicas in the following format: "
            "[partitionId]:[brokerId],[partitionId]:[brokerId],..."
        )
        raise BadValue(definition, f"[{', '.join(items)}]", problem)


def _offset_reset(definition: Definition, value: Value) -> None:
    text = str(value)
    kind, _, duration = text.partition(":")
    by_duration = kind == "by_duration" and re.fullmatch(_DURATION, duration)
    if text not in {"latest", "earliest"} and not by_duration:
        raise BadValue(definition, text, "Must be latest, earliest or by_duration:PnDTnHnMn.nS")


def _anything(definition: Definition, value: Value) -> None:
    """Nothing to check beyond the type."""


_RULES: dict[str, Callable[[Definition, Value], None]] = {
    "gzip-level": _gzip_level,
    "non-empty": _non_empty,
    "non-null": _anything,
    "replicas": _replicas,
    "offset-reset": _offset_reset,
}


def _table(text: str, *, of_broker: bool = False) -> dict[str, Definition]:
    definitions = (Definition(line, of_broker=of_broker) for line in text.splitlines())
    return {definition.name: definition for definition in definitions}


@cache
def broker() -> Mapping[str, Definition]:
    """Every broker config by name, in Kafka's order."""
    return _table(tables.BROKER, of_broker=True)


@cache
def broker_defaults() -> Mapping[str, str]:
    """Kafka's default of every broker config that has one."""
    return {name: definition.default for name, definition in broker().items() if definition.default is not None}


@cache
def topic() -> Mapping[str, Definition]:
    """Every topic config by name, in Kafka's order."""
    return _table(tables.TOPIC)


@cache
def group() -> Mapping[str, Definition]:
    """Every group config by name, in Kafka's order."""
    return _table(tables.GROUP)


@cache
def client_metrics() -> Mapping[str, Definition]:
    """The three configs of a client metrics subscription."""
    return _table(tables.CLIENT_METRICS)
