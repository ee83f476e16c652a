"""The trace format: JSON Lines, one event a line, after one line that names the model and its bounds.

    {"model": "replication", "bounds": {"Replica": 3, "Epoch": 2, "Offset": 2}}
    {"action": "elect", "values": {"epoch": 0, "chosen": 1}}
    {"action": "write", "values": {"replica": 1}, "state": {"log": [[1, 0, 0]], "has": [[1, 0]]}}
    {"hidden": 2}

- Elements are numbers from 0 in the order of their sort.
- `values` holds the parameters that were logged; those that are missing are searched. So are the arbitrary sets of an
  action, unless `chosen` gives them: `{"chosen": {"kept": [[0], [1]]}}`.
- `action` may be a list of names, if the recorder cannot tell them apart.
- `state` holds what the recorder saw after the event: for each relation that is named, all of its tuples; or only those
  that begin with some elements: `{"log": {"of": [1], "rows": [[1, 0, 0]]}}` speaks of replica 1's log and of no other.
- `hidden` says that up to so many events that nobody logged may have happened here; of them nothing else is said.
- `node` and `time` may stand in any event. The lines of one node are in its order. Lines of different nodes whose `time`s
  are equal are unordered: the validator tries every order among neighbours with the same time.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import attrs

from tautolog_checkers.model.tables import Event, Trace

Rows = frozenset[tuple[int, ...]]
T = TypeVar("T")


class TraceError(Exception):
    """A trace that cannot be read; the sentence names the line."""


@attrs.frozen
class Seen:
    """What a recorder saw of one relation: exactly `rows` among the tuples that begin with `of`."""

    relation: str
    of: tuple[int, ...]
    rows: Rows


@attrs.frozen
class Logged:
    """One line: an event as it was logged, or a number of hidden ones.

    Attributes:
        line: where it stands in its file, from 1.
        actions: the names it may be; none for a line of hidden events.
        values: the parameters that were logged.
        chosen: the sets that were logged.
        seen: what holds afterwards.
        hidden: up to so many unlogged events.
        node: who logged it.
        time: when; equal times are unordered between nodes.

    """

    line: int
    actions: tuple[str, ...] = ()
    values: Mapping[str, int] = attrs.field(factory=dict)
    chosen: Mapping[str, Rows] = attrs.field(factory=dict)
    seen: tuple[Seen, ...] = ()
    hidden: int = 0
    node: str = ""
    time: Any = None


@attrs.frozen
class Recording:
    """A trace as it was read: the model's name, its bounds, and the lines."""

    model: str
    bounds: Mapping[str, int]
    events: tuple[Logged, ...]


def read_trace(path: Path) -> Recording:
    """Read a file."""
    return parse_trace(path.read_text(encoding="utf-8").split("\n"))


def parse_trace(lines: Iterable[str]) -> Recording:
    """Read lines; empty ones are skipped.

    Raises:
        TraceError: a line is not what the format says.

    """
    found: Recording | None = None
    events: list[Logged] = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            document = _object(line)
            if found is None:
                found = _header(document)
            else:
                events.append(_logged(number, document))
        except TraceError as error:
            raise TraceError(f"line {number}: {error}") from error
    if found is None:
        raise TraceError(f"line 1: {HEADER}")
    return attrs.evolve(found, events=tuple(events))


HEADER = 'the first line is {"model": …, "bounds": {"Replica": 3, …}}, before all events'


def _object(line: str) -> dict[str, Any]:
    try:
        document = json.loads(line)
    except json.JSONDecodeError as error:
        raise TraceError(f"{error.msg} at column {error.colno}") from error
    except (RecursionError, ValueError) as error:
        raise TraceError("nested too deeply, or a number too long") from error
    return _typed(document, dict, "a line", "an object")


def _header(document: dict[str, Any]) -> Recording:
    if set(document) != {"model", "bounds"}:
        raise TraceError(HEADER)
    model = _typed(document["model"], str, "model", "a name")
    bounds = _typed(document["bounds"], dict, "bounds", 'an object, {"Replica": 3, …},')
    return Recording(model, {key: _typed(size, int, f"bound {key}", "a number") for key, size in bounds.items()}, ())


KEYS = ("action", "values", "chosen", "state", "hidden", "node", "time")


def _logged(number: int, document: dict[str, Any]) -> Logged:
    unknown = sorted(set(document) - set(KEYS))
    if unknown:
        raise TraceError(f"nobody knows {', '.join(unknown)}; known are {', '.join(KEYS)}")
    if len({"action", "hidden"} & set(document)) != 1:
        raise TraceError("either action or hidden is wanted, and not both")
    beside = [key for key in ("values", "chosen", "state") if key in document]
    if "hidden" in document and beside:
        raise TraceError(f"of hidden events nobody can say {', '.join(beside)}")
    hidden = _typed(document.get("hidden", 0), int, "hidden", "a number")
    if hidden < 0:
        raise TraceError(f"hidden is {hidden}, and at least 0 is wanted")
    values = _typed(document.get("values", {}), dict, "values", "an object")
    chosen = _typed(document.get("chosen", {}), dict, "chosen", "an object")
    state = _typed(document.get("state", {}), dict, "state", "an object")
    return Logged(
        line=number,
        actions=_names(document["action"]) if "action" in document else (),
        values={key: _typed(value, int, key, "a number") for key, value in values.items()},
        chosen={key: _rows(key, rows) for key, rows in chosen.items()},
        seen=tuple(_seen(key, value) for key, value in state.items()),
        hidden=hidden,
        node=_typed(document.get("node", ""), str, "node", "a name"),
        time=document.get("time"),
    )


def _typed(value: Any, kind: type[T], what: str, wanted: str) -> T:
    if type(value) is not kind:  # True is no number
        raise TraceError(f"{what} is {json.dumps(value)}, where {wanted} is wanted")
    return value


def _names(given: Any) -> tuple[str, ...]:
    names = given if isinstance(given, list) else [given]
    if not names:
        raise TraceError("action is [], where at least one name is wanted")
    return tuple(_typed(name, str, "action", "a name, or a list of names,") for name in names)


def _rows(what: str, rows: Any) -> Rows:
    return frozenset(_row(what, row) for row in _typed(rows, list, what, "a list of rows"))


def _row(what: str, row: Any) -> tuple[int, ...]:
    numbers = _typed(row, list, f"a row of {what}", "a list of numbers")
    return tuple(_typed(one, int, f"an element of {what}", "a number") for one in numbers)


def _seen(relation: str, value: Any) -> Seen:
    if not isinstance(value, dict):
        return Seen(relation, (), _rows(relation, value))
    if set(value) != {"of", "rows"}:
        raise TraceError(f'{relation} is {json.dumps(value)}, where rows or {{"of": […], "rows": […]}} are wanted')
    seen = Seen(relation, _row(relation, value["of"]), _rows(relation, value["rows"]))
    for row in sorted(seen.rows):
        if row[: len(seen.of)] != seen.of:
            raise TraceError(f"{relation}: {list(row)} does not begin with {list(seen.of)}, of which it is said")
    return seen


def emit(model: str, bounds: Mapping[str, int], trace: Trace, *, states: bool = False) -> list[str]:
    """A trace of the explorer or the walker as lines; with `states`, each event with all that holds after it.

    A relation that is empty all along is left out.
    """
    names = dict.fromkeys(name for state in (trace.first, *(after for _, after in trace.steps)) for name in state.facts)
    lines = [json.dumps({"model": model, "bounds": dict(bounds)})]
    for event, state in trace.steps:
        document = _document(event)
        if states:
            document["state"] = {name: sorted(map(list, state.facts.get(name, ()))) for name in names}
        lines.append(json.dumps(document))
    return lines


def _document(event: Event) -> dict[str, Any]:
    document: dict[str, Any] = {"action": event.action, "values": dict(event.values)}
    if event.chosen:
        document["chosen"] = {name: [list(row) for row in rows] for name, rows in event.chosen.items()}
    return document
