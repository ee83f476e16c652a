"""Porcupine's test data: logs of Jepsen's etcd test, and key-value logs.

An etcd log has lines `INFO  jepsen.util - 3 :invoke :cas [1 2]`. Its peculiarities, as Porcupine reads them:

* a failed `cas` was told that the register holds another value: it is marked `"failed": "observed"`;
* a read that failed with `:timed-out` did not happen;
* everything else that failed or is `:info` is unknown, and its process goes on under another number.

A key-value log has lines `{:process 0, :type :invoke, :f :append, :key "0", :value "x 0 0 y"}`.
"""

from __future__ import annotations

import re

from tautolog_checkers.history.events import FAIL, INFO, INVOKE, OK, Event, History
from tautolog_checkers.history.problems import LOOK, Problems, utf8

ETCD = re.compile(r"INFO\s+jepsen\.util\s+-\s+(\d+)\s+:(invoke|ok|fail|info)\s+:(read|write|cas)\s+(.*\S)\s*\Z")
CLIENT = re.compile(r"INFO\s+jepsen\.util\s+-\s+\d+\s")
PAIR = re.compile(r"\[(nil|-?\d+)\s+(nil|-?\d+)\]\Z")
KEY_VALUE = re.compile(
    r'\{:process (\d+), :type :(invoke|ok|fail|info), :f :(get|put|append), :key "(.*?)", :value (nil|"(.*)")\}\s*\Z'
)


def read_etcd(data: bytes, problems: Problems) -> History:
    """Read an etcd log."""
    events: list[Event] = []
    for line, text in enumerate(utf8(data, problems).split("\n"), 1):
        if not line & LOOK and problems.look is not None:
            problems.look()
        match = ETCD.match(text)
        if match is None:
            of_others = text.startswith(("INFO", "WARN", "ERROR", " ", "\t")) and not CLIENT.match(text)
            if text.strip() and not of_others:
                problems.report(line, "a line INFO jepsen.util - PROCESS :TYPE :F VALUE of read, write or cas", text)
            continue
        process, kind, f, value = int(match[1]), match[2], match[3], match[4]
        event = _etcd_event(len(events), process, kind, f, value, line)
        if event is None:
            problems.report(line, "a number, nil or [number number]", value)
        else:
            events.append(event)
    history = History(events, problems, "porcupine-etcd")
    history.model = "cas-register"
    return history


def _etcd_event(index: int, process: int, kind: str, f: str, value: str, line: int) -> Event | None:
    extra = None
    if kind == FAIL:
        if f == "cas" and value.startswith("["):
            extra = {"failed": "observed"}
        elif not (f == "read" and value == ":timed-out"):
            kind = INFO
    if kind in {INFO, FAIL} and not value.startswith("["):
        extra = {"error": value}
        parsed: object = None
    else:
        pair = PAIR.match(value)
        try:
            parsed = _number(value) if pair is None else [_number(part) for part in pair.groups()]
        except ValueError:
            return None
    return Event(index, process, {INVOKE: INVOKE, OK: OK, FAIL: FAIL}.get(kind, INFO), f, parsed, None, extra, line)


def _number(text: str) -> int | None:
    return None if text == "nil" else int(text)


def read_key_value(data: bytes, problems: Problems) -> History:
    """Read a key-value log."""
    events: list[Event] = []
    for line, text in enumerate(utf8(data, problems).split("\n"), 1):
        if not line & LOOK and problems.look is not None:
            problems.look()
        match = KEY_VALUE.match(text)
        if match is None:
            if text.strip():
                problems.report(line, 'a line {:process N, :type :T, :f :F, :key "K", :value V}', text)
            continue
        value = None if match[5] == "nil" else match[6]
        events.append(Event(len(events), int(match[1]), match[2], match[3], value, None, {"key": match[4]}, line))
    history = History(events, problems, "porcupine-kv")
    history.model = "kv"
    return history
