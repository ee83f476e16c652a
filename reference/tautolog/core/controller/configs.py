"""The broker's own configuration: what was set where, and what is in force.

Four layers, the first that has a value wins: set on this broker while it runs, set as the default of all brokers while
they run, given at start, Kafka's default. Values stay text; typed readings are kept until a layer changes, so that
asking on the hot path is one dictionary lookup.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tautolog.core.controller import definitions
from tautolog.core.controller.definitions import BadValue, Source
from tautolog.core.errors import InvariantBroken


class BrokerConfig:
    """Typed reading of broker configs under Kafka's names; `settings` are the overrides given at start."""

    def __init__(self, settings: Mapping[str, str]) -> None:
        self._static = dict(settings)
        self._for_all: Mapping[str, str] = {}
        self._for_this: Mapping[str, str] = {}
        self._read: dict[str, Any] = {}

    @staticmethod
    def check(settings: Mapping[str, str]) -> str | None:
        """The sentence about the first name that Kafka does not know or the first value that it does not take."""
        known = definitions.broker()
        for name, text in settings.items():
            definition = known.get(name)
            if definition is None:
                return f"Unknown broker config name: {name}"
            try:
                definition.read(text)
            except BadValue as error:
                return str(error)
        return None

    def change(self, *, for_all: Mapping[str, str], for_this: Mapping[str, str]) -> None:
        """Put in force what was set while running: for all brokers (source 3) and for this one (source 2)."""
        self._for_all, self._for_this = for_all, for_this
        self._read.clear()

    def all_layers(self) -> list[tuple[Source, Mapping[str, str]]]:
        """The four layers, what counts most first; Kafka's defaults are the last one."""
        return [
            (Source.DYNAMIC_BROKER, self._for_this),
            (Source.DYNAMIC_DEFAULT_BROKER, self._for_all),
            (Source.STATIC_BROKER, self._static),
            (Source.DEFAULT, definitions.broker_defaults()),
        ]

    def text(self, name: str) -> str | None:
        """The text in force, or None where the config has no value."""
        return next((layer[name] for _, layer in self.all_layers() if name in layer), None)

    def get_int(self, name: str) -> int:
        """The value of an int, long or short config that always has one."""
        value = self._value(name)
        if type(value) is not int:
            raise InvariantBroken(f"{name} was asked for as an integer and is {value!r}")
        return value

    def get_bool(self, name: str) -> bool:
        """The value of a boolean config."""
        value = self._value(name)
        if type(value) is not bool:
            raise InvariantBroken(f"{name} was asked for as a boolean and is {value!r}")
        return value

    def get_str(self, name: str) -> str:
        """The text of a config; empty where it has none."""
        value = self._value(name)
        return "" if value is None else str(value)

    def get_list(self, name: str) -> list[str]:
        """The items of a list config; none where it has no value."""
        value = self._value(name)
        return list(value) if isinstance(value, list) else []

    def get_float(self, name: str) -> float:
        """The value of a double config."""
        return float(self._value(name))

    def _value(self, name: str) -> Any:
        try:
            return self._read[name]
        except KeyError:
            text = self.text(name)
            value = None if text is None else definitions.broker()[name].read(text)
            self._read[name] = value
            return value
