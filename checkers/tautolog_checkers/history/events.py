"""One line of a history, and the whole of it. Knows the vocabulary (Jepsen's), nothing of files and nothing of models.

An *operation* is an invocation and, unless its process crashed, one completion by the same process: `ok` (it happened),
`fail` (it surely did not), `info` (nobody knows). Lines of `nemesis`, `broker-N` and the like are *lanes*: they tell what
was done to the system, and take no part in the judgement.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeAlias

from tautolog_checkers.history.problems import Problems

INVOKE, OK, FAIL, INFO = "invoke", "ok", "fail", "info"
TYPES = {name: name for name in (INVOKE, OK, FAIL, INFO)}
"""The four types; the mapping hands back one shared string for each."""

FIELDS = ("index", "time", "process", "type", "f", "value")
LANES = ("nemesis", "broker", "controller", "network", "disk", "cluster")
"""How the names of processes that are no clients begin."""

Key: TypeAlias = Any
"""What a history is split by: a topic-partition, a register, a queue. Any hashable value."""


class Event:
    """One line of a history.

    Args:
        index: its name in witnesses and certificates; unique.
        process: a number or a name for a client; "nemesis", "broker-1" and the like for what is no client.
        type: "invoke", "ok", "fail" or "info".
        f: the function: "send", "poll", "read", "write", "enqueue", …
        value: argument or result, as the function has it.
        time: nanoseconds since some start, or None.
        extra: further fields, kept as they are.
        line: where it stood in its file; 0 if nowhere. Not part of equality.

    """

    __slots__ = ("extra", "f", "index", "line", "process", "time", "type", "value")

    def __init__(
        self,
        index: int,
        process: Any,
        type: str,  # noqa: A002  # the field's own word
        f: str,
        value: Any = None,
        time: int | None = None,
        extra: dict[str, Any] | None = None,
        line: int = 0,
    ) -> None:
        self.index = index
        self.process = process
        self.type = type
        self.f = f
        self.value = value
        self.time = time
        self.extra = extra
        self.line = line

    def fields(self) -> dict[str, Any]:
        """The event as a mapping, in the order in which JSON Lines has it."""
        fields: dict[str, Any] = {"index": self.index}
        if self.time is not None:
            fields["time"] = self.time
        fields |= {"process": self.process, "type": self.type, "f": self.f, "value": self.value}
        if self.extra:
            fields |= self.extra
        return fields

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Event) and self.fields() == other.fields()

    def __hash__(self) -> int:
        return hash((self.index, self.type, self.f))

    def __repr__(self) -> str:
        return f"Event({self.fields()!r})"


class History:
    """Events in the order in which they happened, and where they came from."""

    __slots__ = ("events", "format", "model", "problems")

    def __init__(self, events: list[Event], problems: Problems | None = None, format: str = "events") -> None:  # noqa: A002  # the command line's word
        self.events = events
        self.problems = problems or Problems()
        self.format = format
        self.model: str | None = None

    def __iter__(self) -> Iterator[Event]:
        return iter(self.events)

    def __len__(self) -> int:
        return len(self.events)


def is_client(process: Any) -> bool:
    """Whether a process is a client: any number, and any name that does not begin like a lane's."""
    return not isinstance(process, str) or not process.startswith(LANES)


def make_event(fields: Any, number: int, line: int, problems: Problems) -> Event | None:
    """An event out of a mapping, or None where it was refused and the reader is lenient.

    Args:
        fields: `process`, `type` and `f` are required; `index` defaults to `number`, `value` and `time` to None.
        number: how many events came before.
        line: for messages.
        problems: told of what is missing or has the wrong type.

    """
    if not isinstance(fields, Mapping):
        problems.report(line, "an object with process, type and f", fields)
        return None
    kind = fields.get("type")
    kind = TYPES.get(kind) if isinstance(kind, str) else None
    if kind is None:
        problems.report(line, 'a "type" of invoke, ok, fail or info', _missing(fields, "type"))
        return None
    f = fields.get("f")
    if not isinstance(f, str):
        problems.report(line, 'a function name in "f"', _missing(fields, "f"))
        return None
    process = fields.get("process")
    if not isinstance(process, int | str) or isinstance(process, bool):
        problems.report(line, 'a number or a name in "process"', _missing(fields, "process"))
        return None
    index = fields.get("index", number)
    if not isinstance(index, int) or isinstance(index, bool) or index < 0:
        problems.report(line, 'a number of at least 0 in "index"', index)
        return None
    time = fields.get("time")
    if time is not None and (not isinstance(time, int) or isinstance(time, bool)):
        problems.report(line, 'a whole number of nanoseconds in "time"', time)
        return None
    extra = None
    if len(fields) > 4 and any(name not in FIELDS for name in fields):
        extra = {name: value for name, value in fields.items() if name not in FIELDS}
    return Event(index, process, kind, f, fields.get("value"), time, extra, line)


def _missing(fields: Mapping[str, Any], name: str) -> object:
    return fields.get(name, "nothing")


def distinct(events: list[Event], problems: Problems) -> list[Event]:
    """The events without those whose index another one had before them; each such is a problem."""
    last = -1
    for event in events:
        if event.index <= last:
            break
        last = event.index
    else:
        return events
    seen: set[int] = set()
    kept = []
    for event in events:
        if event.index in seen:
            problems.report(event.line, "an index that no event before has", str(event.index))
            continue
        seen.add(event.index)
        kept.append(event)
    return kept


def as_history(events: History | Iterable[Event | Mapping[str, Any]], problems: Problems | None = None) -> History:
    """A history out of what a caller has: a `History`, events, or mappings with an event's fields."""
    if isinstance(events, History):
        return events
    problems = problems or Problems()
    made = []
    for number, item in enumerate(events):
        event = item if isinstance(item, Event) else make_event(item, number, number + 1, problems)
        if event is not None:
            made.append(event)
    return History(distinct(made, problems), problems)
