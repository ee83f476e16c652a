"""EDN, as Jepsen writes its histories: a vector or a list of maps, or one map a line, also as tagged records.

Keywords become `Keyword`, a string that is written as a keyword again; maps, vectors, lists and sets become dict, list,
tuple and frozenset; a tagged value becomes `Tagged`. Two ways in: a history with one operation a line, which is what
Jepsen prints, is read line by line through a pattern made from its first operations; anything else goes through the
general parser. Both give the same.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import IO, Any

from tautolog_checkers.history.edn_values import Keyword, Symbol, Tagged, hashable
from tautolog_checkers.history.events import TYPES, Event, History, distinct, make_event
from tautolog_checkers.history.problems import DEPTH, LOOK, Problems, short, utf8
from tautolog_checkers.history.values import is_steps
from tautolog_checkers.quiet import collector_paused

TOKEN = re.compile(
    r'"(?:[^"\\]|\\.)*"|#_|##-?\w+|#\{|[\[\](){}]|;[^\n]*|\\.[^\s,\[\](){}";]*|[^\s,\[\](){}";]+|"', re.DOTALL
)
CLOSES = {"]": "[", ")": "(", "}": "{"}
NUMBER = re.compile(r"[+-]?\d+N?\Z")
REAL = re.compile(r"[+-]?\d+(\.\d*)?([eE][+-]?\d+)?M?\Z")
ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", '"': '"', "\\": "\\", "/": "/"}
CHARACTERS = {"newline": "\n", "space": " ", "tab": "\t", "return": "\r", "formfeed": "\f", "backspace": "\b"}
SPECIAL = {"##NaN": math.nan, "##Inf": math.inf, "##-Inf": -math.inf}
_MISSING = object()


class EdnError(ValueError):
    """Text that is no EDN: what was expected, and where in the text."""

    def __init__(self, expected: str, position: int) -> None:
        super().__init__(expected)
        self.expected = expected
        self.position = position


# ---------------------------------------------------------------------------------------------------------- reading


def atom(token: str) -> Any:
    """A token that is no bracket, as a value.

    Raises:
        ValueError: it is none.

    """
    first = token[0]
    if first == ":":
        return Keyword(token[1:])
    if first == '"':
        return _string(token)
    if token == "nil":  # noqa: S105  # a token of a language
        return None
    if token in {"true", "false"}:
        return token == "true"  # noqa: S105  # same
    if token in SPECIAL:
        return SPECIAL[token]
    if NUMBER.match(token):
        try:
            return int(token.rstrip("N"))
        except ValueError:
            raise ValueError("a number of fewer digits") from None
    if REAL.match(token):
        return float(token.rstrip("M"))
    if first == "\\":
        return CHARACTERS.get(token[1:], token[1:])
    return Symbol(token)


def _string(token: str) -> str:
    if len(token) < 2 or token[-1] != '"':
        raise ValueError("an end of the string")
    if "\\" not in token:
        return token[1:-1]
    text = re.sub(r"\\(u[0-9a-fA-F]{4}|.)", _unescape, token[1:-1], flags=re.DOTALL)
    if "\\ud" in token or "\\uD" in token:  # two halves make one character
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")
    return text


def _unescape(match: re.Match[str]) -> str:
    escape = match[1]
    return chr(int(escape[1:], 16)) if len(escape) == 5 else ESCAPES.get(escape, escape)


class Parser:
    """A parser that remembers the atoms it met."""

    __slots__ = ("_atoms", "inner")

    def __init__(self) -> None:
        self._atoms: dict[str, Any] = {}
        self.inner: list[int] = []
        """After `forms` of a text with one collection: the positions of what is in it."""

    def forms(self, text: str) -> list[tuple[Any, int]]:
        """All values at the top of a text, each with its position.

        Raises:
            EdnError: it is malformed.

        """
        matches = [(match[0], match.start()) for match in TOKEN.finditer(text)]
        values: list[Any] = []
        places: list[int] = []
        self._build([token for token, _ in matches], values, [position for _, position in matches], places)
        return list(zip(values, places, strict=True))

    def line(self, text: str) -> list[Any]:
        """All values of one line."""
        values: list[Any] = []
        self._build(TOKEN.findall(text), values, None, None)
        return values

    def _build(self, tokens: list[str], top: list[Any], positions: list[int] | None, places: list[int] | None) -> None:
        atoms = self._atoms
        current = top
        stack: list[tuple[list[Any], str]] = []
        tags: list[tuple[list[Any], int, str]] = []
        for number, token in enumerate(tokens):
            if places is not None and positions is not None and not tags and token[0] != ";" and len(stack) < 2:
                which = places if current is top else self.inner
                which[len(current) :] = [positions[number]]
            value = atoms.get(token, _MISSING)
            if value is not _MISSING:
                current.append(value)
            elif token in {"[", "(", "{", "#{"}:
                stack.append((current, token))
                if len(stack) > DEPTH:
                    raise EdnError(f"a value nested at most {DEPTH} deep", positions[number] if positions else 0)
                current = []
                continue
            elif token in CLOSES:
                if not stack or stack[-1][1].lstrip("#") != CLOSES[token]:
                    raise EdnError(f"no {token!r} here", positions[number] if positions else 0)
                done, (current, opened) = current, stack.pop()
                current.append(_collection(opened, done, positions[number] if positions else 0))
            elif token[0] == ";":
                continue
            elif token[0] == "#" and token not in SPECIAL:
                tags.append((current, len(current), token[1:]))
                continue
            else:
                try:
                    value = atom(token)
                except ValueError as error:
                    raise EdnError(str(error), positions[number] if positions else 0) from None
                atoms[token] = value
                current.append(value)
            while tags and tags[-1][0] is current and len(current) == tags[-1][1] + 1:
                _tag(current, tags.pop()[2])
        if stack or tags:
            raise EdnError("the end of what was begun", positions[-1] if positions else 0)
        if places is not None:
            del places[len(top) :]


def _collection(opened: str, items: list[Any], position: int) -> Any:
    if opened == "[":
        return items
    if opened == "(":
        return tuple(items)
    if opened == "#{":
        return frozenset(map(hashable, items))
    if len(items) % 2:
        raise EdnError("a value for every key of the map", position)
    try:
        return dict(zip(items[::2], items[1::2], strict=True))
    except TypeError:
        return {hashable(key): value for key, value in zip(items[::2], items[1::2], strict=True)}


def _tag(current: list[Any], tag: str) -> None:
    if tag == "_":
        current.pop()
    elif isinstance(current[-1], dict) and tag.endswith(".Op"):
        return
    else:
        current[-1] = Tagged(tag, current[-1])


def read_edn(data: bytes, problems: Problems) -> History:
    """Read a whole document of operations."""
    text = utf8(data, problems)
    with collector_paused():
        events = _by_line(text, problems)
        if events is None:
            events = _generally(text, problems)
    return History(distinct(events, problems), problems, "edn")


def _generally(text: str, problems: Problems) -> list[Event]:
    """Any layout."""
    events: list[Event] = []
    try:
        parser = Parser()
        forms = parser.forms(text)
    except EdnError as error:
        problems.report(text.count("\n", 0, error.position) + 1, error.expected, short(text[error.position :][:40]))
        return events
    if len(forms) == 1 and isinstance(forms[0][0], list | tuple):
        forms = list(zip(forms[0][0], parser.inner, strict=False))
    line, last = 1, 0
    for value, position in forms:
        line += text.count("\n", last, position)
        last = position
        fields = value.value if isinstance(value, Tagged) and isinstance(value.value, dict) else value
        event = make_event(fields, len(events), line, problems)
        if event is not None:
            events.append(event)
    return events


# ------------------------------------------------------------------------------------------------------ line by line


def _by_line(text: str, problems: Problems) -> list[Event] | None:
    """One operation a line, or None where the text is laid out otherwise."""
    events: list[Event] = []
    parser = Parser()
    patterns: list[Pattern] = []
    values: dict[str, Any] = {}
    for number, raw in enumerate(text.split("\n"), 1):
        if not number & LOOK and problems.look is not None:
            problems.look()
        for pattern in patterns:
            event = pattern.read(raw, len(events), number, values, parser)
            if event is not None:
                events.append(event)
                break
        else:
            line = _bare(raw, first=not events)
            if not line:
                continue
            try:
                found = parser.line(line)
            except EdnError:
                if problems.lenient and events and line[0] == "{" and line[-1] == "}":
                    problems.report(number, "a map", line)
                    continue
                return None
            for fields in found:
                if not isinstance(fields, dict):
                    return None
                event = make_event(fields, len(events), number, problems)
                if event is not None:
                    events.append(event)
            if len(found) == 1 and len(patterns) < 6:
                made = Pattern.of(found[0], line)
                if made is not None:
                    patterns.append(made)
    return events


def _bare(raw: str, *, first: bool) -> str:
    """A line without what surrounds the operations: brackets of the history, commas, comments."""
    line = raw.strip(" \t\r,")
    if line.startswith(";"):
        return ""
    if first and line[:1] in {"[", "("}:
        line = line[1:].lstrip()
    if line.startswith("#jepsen.history.Op"):
        line = line[18:].lstrip()
    while line[-1:] in {"]", ")"} and line[:-1].rstrip()[-1:] == "}":
        line = line[:-1].rstrip()
    return "" if line in {"]", ")"} else line


class Pattern:
    """Operations whose fields stand in one order, read by one regular expression.

    The value (and nothing else) may be anything without strings, tags and comments in it, and is remembered by its text
    or, where it is long, turned into JSON.
    """

    __slots__ = ("_match", "_places")

    def __init__(self, names: list[str]) -> None:
        parts = []
        for name in names:
            shape = {
                "type": r":(invoke|ok|fail|info)",
                "f": r":([\w-]+)",
                "value": r'([^"#;]*?)',
                "process": r"(:?[\w-]+)",
            }
            parts.append(rf":{name}\s+" + shape.get(name, r"(\d{1,18})"))
        body = r"\s*,?\s*".join(parts)
        self._places = tuple(
            names.index(name) if name in names else -1 for name in ("type", "f", "value", "process", "time", "index")
        )
        self._match = re.compile(r"[\[( ]{0,2}(?:#jepsen\.history\.Op ?)?\{" + body + r"\}[\s,\])]*\Z").match

    @classmethod
    def of(cls, fields: dict[Any, Any], line: str) -> Pattern | None:
        """The pattern of an operation, or None where it has fields that a pattern does not take."""
        names = [str(name) for name in fields]
        if not {"type", "f", "process", "value"} <= set(names) <= {"type", "f", "process", "value", "time", "index"}:
            return None
        pattern = cls(names)
        return pattern if pattern._match(line) else None

    def read(self, line: str, number: int, place: int, values: dict[str, Any], parser: Parser) -> Event | None:
        """An event, or None where the line is otherwise."""
        match = self._match(line)
        if match is None:
            return None
        groups = match.groups()
        kind_at, f_at, value_at, process_at, time_at, index_at = self._places
        text = groups[value_at]
        value = values.get(text, _MISSING)
        if value is _MISSING:
            try:
                value = _value(text, parser)
            except (EdnError, ValueError):
                return None
            if len(text) < 24:
                values[text] = value
        name: Any = groups[process_at]
        if name.isdecimal():
            name = int(name)
        elif name[0] == ":":
            name = Keyword(name[1:])
        else:
            return None
        index = number if index_at < 0 else int(groups[index_at])
        time = None if time_at < 0 else int(groups[time_at])
        return Event(index, name, TYPES[groups[kind_at]], groups[f_at], value, time, None, place)


_scan: Callable[[str, int], tuple[Any, int]] = json.JSONDecoder().scan_once  # type: ignore[attr-defined]  # the C scanner, without a call around it


def _value(text: str, parser: Parser) -> Any:
    """The text of one value: through JSON where it is a nest of numbers, sends and polls, else through the parser."""
    if text.startswith("[[:"):
        value = _steps_of(text)
        if value is not None:
            return value
    found = parser.line(text)
    if len(found) != 1:
        raise EdnError("one value", 0)
    return found[0]


def _steps_of(text: str) -> list[Any] | None:
    """Sends and polls, by way of JSON: maps are made lists for the while. None where there is anything else in them."""
    flat = text.replace(":poll", '"poll"').replace(":send", '"send"').replace("nil", "null").replace(", ", " ")
    if ":" in flat or "," in flat:
        return None
    maps = flat.count("{")
    if maps:
        flat = flat.replace("{", "[").replace("}", "]")
    flat = flat.replace(" ", ",")
    try:
        steps, end = _scan(flat, 0)
    except (ValueError, StopIteration, RecursionError):
        return None
    if end != len(flat):
        return None
    for step in steps:
        if step[0] == "poll" and len(step) == 2:
            listed = step[1]
            if len(listed) % 2:
                return None
            step[1] = dict(zip(listed[::2], listed[1::2], strict=True))
            maps -= 1
    return steps if maps == 0 else None


# ---------------------------------------------------------------------------------------------------------- writing


def dump_edn(value: Any) -> str:
    """One value as EDN."""
    if value is None:
        return "nil"
    if value is True or value is False:
        return "true" if value else "false"
    if isinstance(value, Keyword):
        return f":{value}"
    if isinstance(value, Symbol):
        return str(value)
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, float) and not math.isfinite(value):
        return "##NaN" if math.isnan(value) else "##Inf" if value > 0 else "##-Inf"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, list):
        return f"[{' '.join(map(dump_edn, value))}]"
    if isinstance(value, tuple):
        return f"({' '.join(map(dump_edn, value))})"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{dump_edn(key)} {dump_edn(item)}" for key, item in value.items()) + "}"
    if isinstance(value, set | frozenset):
        return "#{" + " ".join(sorted(map(dump_edn, value))) + "}"
    if isinstance(value, Tagged):
        return f"#{value.tag} {dump_edn(value.value)}"
    raise TypeError(f"a {type(value).__name__} has no form in EDN")


def event_edn(event: Event) -> str:
    """One event as a map on one line."""
    parts = []
    fields: dict[Any, Any] = event.fields()  # names from EDN may be anything
    for name, value in fields.items():
        if name in {"type", "f"} or (name == "process" and isinstance(value, str)):
            text = f":{value}" if _word(value) else dump_edn(str(value))
        elif name == "value":
            text = dump_edn(_steps(value))
        else:
            text = dump_edn(value)
        parts.append(f":{name} {text}" if isinstance(name, str) and _word(name) else f"{dump_edn(name)} {text}")
    return "{" + ", ".join(parts) + "}"


_word: Callable[[str], Any] = re.compile(r"[A-Za-z*!_?$%&=<>.][\w*!?$%&=<>.+#'/-]*\Z").match


_numeral: Callable[[str], Any] = re.compile(r"(?:0|-?[1-9][0-9]{0,17})\Z").match


def _steps(value: Any) -> Any:
    """Sends and polls as Jepsen writes them: the step's name a keyword, the keys of a poll numbers."""
    if not is_steps(value):
        return value
    steps = []
    for step in value:
        rest = step[1:]
        if step[0] == "poll" and rest and isinstance(rest[0], dict):
            rest = [{_key(key): pairs for key, pairs in rest[0].items()}, *rest[1:]]
        steps.append([Keyword(step[0]), *rest])
    return steps


def _key(key: Any) -> Any:
    return int(key) if isinstance(key, str) and _numeral(key) else key


def write_edn(events: Iterable[Event], target: str | Path | IO[str]) -> int:
    """Write a vector of maps, one a line, and return how many."""
    if isinstance(target, str | Path):
        with Path(target).open("w", encoding="utf-8", errors="backslashreplace", newline="\n") as file:
            return write_edn(events, file)
    count = 0
    for event in events:
        target.write(("[" if not count else "\n ") + event_edn(event))
        count += 1
    target.write("]\n" if count else "[]\n")
    return count
