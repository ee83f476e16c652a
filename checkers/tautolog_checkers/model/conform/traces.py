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
- `hidden` says that up to so many events that nobody logged may have happened here.
- `node` and `time` may stand in any event. The lines of one node are in its order. Lines of different nodes whose `time`s
  are equal are unordered: the validator tries every order among neighbours with the same time.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import attrs

from tautolog_checkers.model.tables import Event, Trace

Rows = frozenset[tuple[int, ...]]


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
    return parse_trace(path.read_text(encoding="utf-8").splitlines())


def parse_trace(lines: Iterable[str]) -> Recording:
    """Read lines; empty ones are skipped.

    Raises:
        TraceError: a line is not what the format says.

    """
    model: str | None = None
    bounds: dict[str, int] = {}
    events: list[Logged] = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            document = json.loads(line)
        except json.JSONDecodeError as error:
            raise TraceError(f"line {number}: {error.msg} at column {error.colno}") from error
        if not isinstance(document, dict):
            raise TraceError(f"line {number}: an object is wanted")
        if model is None and "bounds" in document:
            model, bounds = str(document.get("model", "")), _bounds(number, document["bounds"])
            continue
        events.append(_logged(number, document))
    if model is None:
        raise TraceError('line 1: {"model": …, "bounds": {…}} is wanted before the events')
    return Recording(model, bounds, tuple(events))


def _bounds(number: int, document: Any) -> dict[str, int]:
    if isinstance(document, dict) and all(type(size) is int for size in document.values()):
        return document
    raise TraceError(f'line {number}: bounds are written {{"Replica": 3, …}}')


def _logged(number: int, document: dict[str, Any]) -> Logged:
    known = {"action", "values", "chosen", "state", "hidden", "node", "time"}
    unknown = sorted(set(document) - known)
    if unknown or not ({"action", "hidden"} & set(document)):
        what = f"nobody knows {', '.join(unknown)}" if unknown else "neither action nor hidden is given"
        raise TraceError(f"line {number}: {what}")
    name = document.get("action", ())
    try:
        return Logged(
            line=number,
            actions=(name,) if isinstance(name, str) else tuple(name),
            values={key: int(value) for key, value in document.get("values", {}).items()},
            chosen={key: _rows(rows) for key, rows in document.get("chosen", {}).items()},
            seen=tuple(_seen(key, value) for key, value in document.get("state", {}).items()),
            hidden=int(document.get("hidden", 0)),
            node=str(document.get("node", "")),
            time=document.get("time"),
        )
    except (TypeError, ValueError, KeyError, AttributeError) as error:
        raise TraceError(f"line {number}: {error}") from error


def _rows(rows: Iterable[Iterable[int]]) -> Rows:
    return frozenset(tuple(int(one) for one in row) for row in rows)


def _seen(relation: str, value: Any) -> Seen:
    if isinstance(value, dict):
        return Seen(relation, tuple(value["of"]), _rows(value["rows"]))
    return Seen(relation, (), _rows(value))


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
