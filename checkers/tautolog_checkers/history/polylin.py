"""Histories of LiMo and PolyLin: `# @object atomic-queue`, then `[1] call add(5)`, `[1] return`, `[2] return empty`."""

from __future__ import annotations

import re

from tautolog_checkers.history.events import INVOKE, OK, Event, History
from tautolog_checkers.history.problems import LOOK, Problems, utf8

LINE = re.compile(r"\[(\d+)\]\s+(call|return)\b\s*(.*?)\s*\Z")
CALL = re.compile(r"(\w+)\s*(?:\(\s*(-?\w*)\s*\)|\s(-?\w+))?\s*\Z")
OBJECT = re.compile(r"#\s*@object\s+(?:atomic-)?([\w-]+)")
FUNCTIONS = {
    "queue": dict.fromkeys(("add", "enq", "enqueue", "push", "offer"), "enqueue")
    | dict.fromkeys(("remove", "deq", "dequeue", "pop", "poll"), "dequeue"),
    "stack": dict.fromkeys(("add", "push", "enq"), "push") | dict.fromkeys(("remove", "pop", "deq"), "pop"),
    "set": {"add": "add", "insert": "add", "remove": "remove"},
    "register": {"read": "read", "write": "write"},
}
EMPTY = ("empty", "-1", "")


def read_polylin(data: bytes, problems: Problems) -> History:
    """Read such a file; the object it names becomes the history's hint for its model."""
    events: list[Event] = []
    text = utf8(data, problems)
    named = OBJECT.search(text)
    kind = named[1] if named is not None and named[1] in FUNCTIONS else "queue"
    functions = FUNCTIONS[kind]
    pending: dict[int, str] = {}
    for line, raw in enumerate(text.split("\n"), 1):
        if not line & LOOK and problems.look is not None:
            problems.look()
        stripped = raw.strip()
        if not stripped or stripped.startswith("#"):
            continue
        match = LINE.match(stripped)
        if match is None:
            problems.report(line, "[N] call F(V) or [N] return V", stripped)
            continue
        process, verb, rest = int(match[1]), match[2], match[3]
        if verb == "call":
            call = CALL.match(rest)
            f = functions.get(call[1]) if call is not None else None
            if call is None or f is None:
                problems.report(line, f"one of {', '.join(functions)} of a {kind}", rest)
                continue
            pending[process] = f
            events.append(Event(len(events), process, INVOKE, f, _value(call[2] or call[3]), None, None, line))
        else:
            f = pending.pop(process, "return")
            events.append(Event(len(events), process, OK, f, None if rest in EMPTY else _value(rest), None, None, line))
    history = History(events, problems, "polylin")
    history.model = kind
    return history


def _value(text: str | None) -> object:
    if not text:
        return None
    try:
        return int(text)
    except ValueError:
        return text
