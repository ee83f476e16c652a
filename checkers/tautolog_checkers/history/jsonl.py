"""JSON Lines: one event a line. Reads and writes; knows nothing of what the values mean.

Values that only EDN has (see `edn`) stand in objects with one name of ours: `{"#edn/set": […]}`, `{"#edn/tag": [tag, value]}`
and, for a map whose keys are no strings, `{"#edn/map": [[key, value], …]}`; the maps of polls are Jepsen's, with numbers written
as names. Whether a sequence was a vector or a list, and whether a word was a keyword, no judge can tell, and is not kept.

Empty lines are passed over. A line that is no JSON, no object or not an event is a problem with its number. Bytes that
are no UTF-8, and nesting deeper than the parser goes, are problems like any other.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import IO, Any

from tautolog_checkers.history.edn_values import Tagged, hashable
from tautolog_checkers.history.events import FIELDS, TYPES, Event, History, distinct, make_event
from tautolog_checkers.history.problems import DEPTH, LOOK, MARK, Problems, lines, refuse_deep
from tautolog_checkers.history.values import is_steps
from tautolog_checkers.quiet import collector_paused

_scan: Callable[[str, int], tuple[Any, int]] = json.JSONDecoder().scan_once  # type: ignore[attr-defined]  # the C scanner, without a call around it
_FIELD_COUNT = len(FIELDS)


def read_jsonl(path: str | Path, *, lenient: bool = False) -> History:
    """Read a file (also a gzipped one, named `.gz`).

    Raises:
        HistoryError: at the first malformed line, unless `lenient`.
        OSError: the file cannot be read.

    """
    path = Path(path)
    problems = Problems(str(path), lenient=lenient)
    with gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as file:
        return read_lines(file.read(), problems)


def read_lines(data: bytes, problems: Problems) -> History:
    """Read a whole JSON Lines document."""
    events: list[Event] = []
    with collector_paused():
        for line, raw in enumerate(lines(data.removeprefix(MARK.encode())), 1):
            if not line & LOOK and problems.look is not None:
                problems.look()
            if len(raw) > 1 or raw.strip():
                fields = _parse(raw, line, problems)
                if fields is not None:
                    event = _event(fields, len(events), line, problems)
                    if event is not None:
                        events.append(event)
    return History(distinct(events, problems), problems, "jsonl")


def _parse(raw: bytes, line: int, problems: Problems) -> Any:
    """One line as a value; None where it is malformed."""
    try:
        text = raw.decode()
        fields, end = _scan(text, 0)
        if end == len(text) or not text[end:].strip():
            if '"#edn/' in text:
                fields = _restored(fields)
            refuse_deep(fields, len(text))
            if fields is not None:
                return fields
            found = "null"
        else:
            found = f"more behind it at column {end + 1}"
    except (StopIteration, json.JSONDecodeError):
        return _parse_slowly(text, line, problems)
    except RecursionError:
        found = f"one nested more than {DEPTH} deep"
    except UnicodeDecodeError as error:
        found = f"no UTF-8: byte {raw[error.start]:#04x} at column {error.start + 1}"
    except ValueError:  # a number of more digits than Python reads
        found = "one with a number of too many digits"
    problems.report(line, "a JSON object", found)
    return None


def _parse_slowly(text: str, line: int, problems: Problems) -> Any:
    """A line that does not begin with JSON: leading blanks are fine, the rest is a problem with its column."""
    if text[:1].isspace():
        return _parse(text.strip().encode(errors="surrogatepass"), line, problems)
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        problems.report(line, "a JSON object", f"{error.msg.lower()} at column {error.colno}")
    return None


def _event(fields: Any, number: int, line: int, problems: Problems) -> Event | None:
    """The common case without a detour: exactly our six fields, of the right types."""
    try:
        kind = TYPES[fields["type"]]
        index, time, process, f = fields["index"], fields["time"], fields["process"], fields["f"]
        if (
            len(fields) == _FIELD_COUNT
            and type(index) is int
            and index >= 0
            and type(time) is int
            and type(process) in {int, str}
            and type(f) is str
        ):
            return Event(index, process, kind, f, fields["value"], time, None, line)
    except (KeyError, TypeError):
        pass
    return make_event(fields, number, line, problems)


def write_jsonl(events: Iterable[Event], target: str | Path | IO[str]) -> int:
    """Write events, one a line, and return how many."""
    if not isinstance(target, str | Path):
        return _write(events, target)
    with Path(target).open("w", encoding="utf-8", errors="backslashreplace", newline="\n") as file:
        return _write(events, file)


def dump_event(event: Event) -> str:
    """One event as its line, without the line's end."""
    fields = event.fields()
    if is_steps(event.value):
        fields["value"] = [_plain_step(step) for step in event.value]
    return json.dumps(_plain(fields), ensure_ascii=False, separators=(",", ":"))


SET, TAG, MAP = "#edn/set", "#edn/tag", "#edn/map"


def _plain(value: Any) -> Any:
    """A value in JSON's own terms."""
    kind = type(value)
    if kind is int or kind is str or value is None:
        return value
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        if all(isinstance(key, str) for key in value):
            return {key: _plain(item) for key, item in value.items()}
        return {MAP: [[_plain(key), _plain(item)] for key, item in value.items()]}
    if isinstance(value, set | frozenset):
        return {SET: sorted(map(_plain, value), key=repr)}
    if isinstance(value, Tagged):
        return {TAG: [value.tag, _plain(value.value)]}
    return value


def _plain_step(step: Any) -> Any:
    """A step whose poll, if it is one, has names for keys, as far as numbers come back from these."""
    if step[0] == "poll" and len(step) > 1 and isinstance(step[1], dict):
        names = {str(key) for key in step[1] if isinstance(key, str) or type(key) is int}
        if len(names) == len(step[1]):
            return [step[0], {str(key): pairs for key, pairs in step[1].items()}, *step[2:]]
    return step


def _restored(value: Any) -> Any:
    """What `_plain` made plain, as it was; an object of such a name that holds anything else stays as it is."""
    if isinstance(value, list):
        return [_restored(item) for item in value]
    if not isinstance(value, dict):
        return value
    restored = {name: _restored(item) for name, item in value.items()}
    if len(restored) == 1:
        ((name, inner),) = restored.items()
        if name == SET and isinstance(inner, list):
            return frozenset(map(hashable, inner))
        if name == TAG and isinstance(inner, list) and len(inner) == 2 and isinstance(inner[0], str):
            return Tagged(*inner)
        if name == MAP and isinstance(inner, list) and all(isinstance(pair, list) and len(pair) == 2 for pair in inner):
            return {hashable(key): item for key, item in inner}
    return restored


def _write(events: Iterable[Event], file: IO[str]) -> int:
    count = 0
    for event in events:
        file.write(dump_event(event) + "\n")
        count += 1
    return count
