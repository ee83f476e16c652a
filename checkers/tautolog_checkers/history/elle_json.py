"""elle-cli's JSON: one array of objects. The objects are those of JSON Lines; fields without a value may be left out."""

from __future__ import annotations

import json
import re
from typing import Any

from tautolog_checkers.history.events import Event, History, distinct, make_event
from tautolog_checkers.history.problems import DEPTH, LOOK, Problems, refuse_deep, utf8

_DECODER = json.JSONDecoder()
_BLANK = " \t\r\n"
_NEXT = re.compile(r"\n[\s,]*(?=\{)")
"""Where reading goes on behind something malformed: at the next line that begins an object."""


def read_elle_json(data: bytes, problems: Problems) -> History:
    """Read a whole array, element by element, so that a problem has its line."""
    text = utf8(data, problems)
    events: list[Event] = []
    position = _skip(text, 0) + 1
    line, counted = 1, 0
    while True:
        position = _skip(text, position)
        line += text.count("\n", counted, position)
        counted = position
        if text[position : position + 1] == "]":
            break
        try:
            fields, after = _DECODER.raw_decode(text, position)
            refuse_deep(fields, after - position)
            position = after
        except (ValueError, RecursionError) as error:
            problems.report(line, "an object or the end of the array", _found(error, text[position : position + 40]))
            following = _NEXT.search(text, position + 1)
            if following is None:
                break
            position = following.end()
            continue
        if not len(events) & LOOK and problems.look is not None:
            problems.look()
        event = make_event(fields, len(events), line, problems)
        if event is not None:
            events.append(event)
        position = _skip(text, position)
        if text[position : position + 1] == ",":
            position += 1
    return History(distinct(events, problems), problems, "elle-json")


def _skip(text: str, position: int) -> int:
    while text[position : position + 1] in _BLANK and position < len(text):
        position += 1
    return position


def _found(error: Exception, text: str) -> Any:
    if isinstance(error, RecursionError):
        return f"a value nested more than {DEPTH} deep"
    return text or "the end of the file"
