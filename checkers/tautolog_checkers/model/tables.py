"""States, steps and traces as small tables of text: a line for a relation, elements named after their sorts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import attrs

from tautolog_checkers.model.states import State, Tuple
from tautolog_spec.language.formulas import Sort
from tautolog_spec.language.models import Action, Model


@attrs.frozen
class Event:
    """An action with what its parameters stood for, by name.

    Attributes:
        action: its name.
        values: by name of the parameter.
        chosen: for an action that picks sets, which tuples it picked, by name of the relation.

    """

    action: str
    values: Mapping[str, int]
    chosen: Mapping[str, tuple[Tuple, ...]] = attrs.field(factory=dict)


@attrs.frozen
class Trace:
    """A run: the state it begins in, and each event with the state after it."""

    first: State
    steps: tuple[tuple[Event, State], ...]

    def __len__(self) -> int:
        return len(self.steps)


def element(sort: Sort | str, number: int) -> str:
    """The name of an element.

    >>> element("Replica", 0)
    'replica0'
    """
    return f"{str(sort).lower()}{number}"


def event_text(model: Model, event: Event) -> str:
    """An event as one line: `fetch(follower=replica1, leader=replica0)`."""
    act = model.action(event.action)
    shown = [f"{one.name}={element(one.sort, event.values[one.name])}" for one in act.parameters]
    sorts = {one.name: one.sorts for one in model.relations}
    for name, rows in event.chosen.items() if any(event.chosen.values()) else ():
        shown.append(f"{name}={{{', '.join(_row(sorts[name], row) for row in rows)}}}")
    return f"{event.action}({', '.join(shown)})"


def state_lines(model: Model, state: State, before: State | None = None) -> list[str]:
    """A line for every relation that has tuples; with `before`, only what changed, marked + and -."""
    lines = []
    for relation in model.relations:
        now = state.of(relation)
        if before is None:
            if now:
                lines.append(f"{relation.name}: {_rows(relation.sorts, now)}")
            continue
        was = before.of(relation)
        added = [f"+{_row(relation.sorts, row)}" for row in sorted(now - was)]
        gone = [f"-{_row(relation.sorts, row)}" for row in sorted(was - now)]
        if added or gone:
            lines.append(f"{relation.name}: {' '.join(gone + added)}")
    return lines


def trace_lines(model: Model, trace: Trace) -> list[str]:
    """A trace as a numbered table: the first state, then each event and what it changed."""
    lines = ["  0  initially"] + [f"       {line}" for line in state_lines(model, trace.first)]
    before = trace.first
    for number, (event, after) in enumerate(trace.steps, 1):
        lines.append(f"{number:3}  {event_text(model, event)}")
        lines += [f"       {line}" for line in state_lines(model, after, before)]
        before = after
    return lines


def cycle_lines(model: Model, way: Trace, around: Trace) -> list[str]:
    """A run that breaks a liveness promise: the way to the cycle, and the cycle, numbered on."""
    lines = trace_lines(model, way)
    if not around.steps:
        return [*lines, "     and there everything rests, for ever"]
    lines.append("     and from there, for ever:")
    before = around.first
    for number, (event, after) in enumerate(around.steps, len(way) + 1):
        lines.append(f"{number:3}  {event_text(model, event)}")
        lines += [f"       {line}" for line in state_lines(model, after, before)]
        before = after
    return lines


def values_of(act: Action, numbers: Sequence[int]) -> dict[str, int]:
    """Parameters by name."""
    return {one.name: number for one, number in zip(act.parameters, numbers, strict=True)}


def _rows(sorts: tuple[Sort, ...], rows: Iterable[Tuple]) -> str:
    return " ".join(_row(sorts, row) for row in sorted(rows))


def _row(sorts: tuple[Sort, ...], row: Tuple) -> str:
    names = [element(sort, number) for sort, number in zip(sorts, row, strict=True)]
    if not names:
        return "yes"
    return names[0] if len(names) == 1 else f"({', '.join(names)})"
