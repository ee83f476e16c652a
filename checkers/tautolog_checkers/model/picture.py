"""A trace as a picture: one lane for each element of the sort that acts, one row for each event. One page, nothing fetched.

A run that breaks a liveness promise has a cycle at its end; its rows stand beside a bar, for they repeat for ever.
"""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from tautolog_checkers.model.explore.search import Exploration
from tautolog_checkers.model.tables import Trace, element, event_text, state_lines
from tautolog_spec.language.models import Model

LANE, ROW, LEFT = 110, 64, 40
"""Pixels between lanes, between rows, and before the first lane."""

STYLE = """body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:75rem;color:#1a1a1a;background:#fff}
text{font:13px ui-monospace,monospace;fill:#1a1a1a}.change{fill:#555}.lane{stroke:#ccc}.act{fill:#0b5cad}
.link{stroke:#0b5cad;stroke-width:2}.last .act,.cycle .act{fill:#b3261e}.last .link,.cycle .link,.bar{stroke:#b3261e}.bar{stroke-width:3}"""


def picture(model: Model, trace: Trace, broken: str, cycle: Trace | None = None) -> str:
    """A page that shows how a trace breaks a promise.

    Args:
        model: whose trace it is.
        trace: what happened.
        broken: the promise, in words.
        cycle: for a liveness promise, what then repeats for ever; of no steps: everything rests.

    """
    lane_sort = next((sort for sort in model.sorts if not sort.ordered), model.sorts[0])
    lanes = trace.first.sizes[lane_sort.name]
    around = cycle.steps if cycle is not None else ()
    total = len(trace) + len(around)
    side = LEFT + lanes * LANE
    height = (total + 2) * ROW
    drawn = [
        f'<line class="lane" x1="{_x(n)}" y1="30" x2="{_x(n)}" y2="{height}"/>'
        f'<text x="{_x(n) - 30}" y="20">{element(lane_sort, n)}</text>'
        for n in range(lanes)
    ]
    before = trace.first
    for number, (event, after) in enumerate((*trace.steps, *around), 1):
        act = model.action(event.action)
        touched = [event.values[one.name] for one in act.parameters if one.sort == lane_sort]
        changes = "; ".join(state_lines(model, after, before))
        words = f"{number}. {event_text(model, event)}"
        kind = "cycle" if number > len(trace) else "last" if number == total else "step"
        drawn.append(_row(number * ROW, touched, side, words, changes, kind))
        before = after
    if cycle is not None:
        drawn.append(_bar(len(trace) + 1, total, side))
    svg = f'<svg width="100%" viewBox="0 0 {side + 900} {height}" role="img">{"".join(drawn)}</svg>'
    words = f"<p>{escape(broken)}</p><p>{_summary(len(trace), cycle)}</p>"
    return _page(f"{model.title}: a broken promise", words + svg)


def nothing_broken(model: Model, bounds: Mapping[str, int], found: Exploration) -> str:
    """A page for a search that broke nothing: what was explored, and how much of it."""
    instance = ", ".join(f"{name} = {number}" for name, number in bounds.items())
    if found.verdict == "holds":
        title, words = (
            "every promise holds",
            f"All {found.distinct:,} states of {instance}, {found.depth} levels deep, keep:",
        )
    else:
        title, words = (
            "not decided",
            f"Of {instance}, {found.distinct:,} states were seen before the limit. Kept in them:",
        )
    kept = "".join(f"<li>{escape(one.meaning)}</li>" for one in model.invariants if one.is_safety)
    return _page(f"{model.title}: {title}", f"<p>{escape(words)}</p><ul>{kept}</ul>")


def _page(title: str, body: str) -> str:
    head = f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(title)}</title><style>{STYLE}</style>'
    return f"{head}<h1>{escape(title)}</h1>{body}</html>\n"


def _summary(steps: int, cycle: Trace | None) -> str:
    if cycle is None:
        return f"It takes {steps} steps to break it:"
    rest = f"{len(cycle)} that repeat for ever" if cycle.steps else "then nothing fair can happen any more"
    return f"{steps} steps, and {rest}:"


def _bar(first: int, last: int, side: int) -> str:
    y, end = first * ROW - 20, max(first, last) * ROW + 24
    words = "for ever" if last >= first else "here everything rests, for ever"
    return f'<line class="bar" x1="{side - 16}" y1="{y}" x2="{side - 16}" y2="{end}"/><text x="{side}" y="{y - 4}">{words}</text>'


def _x(lane: int) -> int:
    return LEFT + lane * LANE


def _row(y: int, touched: list[int], side: int, words: str, changes: str, kind: str) -> str:
    marks = "".join(f'<circle class="act" cx="{_x(n)}" cy="{y}" r="7"/>' for n in touched)
    if len(touched) > 1:
        low, high = _x(min(touched)), _x(max(touched))
        marks = f'<line class="link" x1="{low}" y1="{y}" x2="{high}" y2="{y}"/>' + marks
    texts = f'<text x="{side}" y="{y}">{escape(words)}</text><text class="change" x="{side}" y="{y + 20}">{escape(changes)}</text>'
    return f'<g class="{kind}">{marks}{texts}</g>'
