"""Records as text: kcat's format strings, and one JSON object a record, read and written without loss.

In JSON a key, value or header is a string where its bytes are UTF-8, null where it is null, and `{"base64": "…"}` otherwise.
What `consume --json` prints, `produce --json` takes.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any, Final, NamedTuple

from tautolog.cli import positions
from tautolog.cli.errors import Usage

Printer = Callable[[Any], bytes]
"""From a record of the client library to the bytes that are written for it."""


class Outgoing(NamedTuple):
    """What a line of input asks to be sent."""

    key: bytes | None
    value: bytes | None
    headers: list[tuple[str, bytes]]
    partition: int | None = None
    timestamp: int | None = None


ESCAPES: Final = {"n": b"\n", "t": b"\t", "r": b"\r", "0": b"\0", "\\": b"\\"}


def _size(data: bytes | None) -> bytes:
    return b"-1" if data is None else b"%d" % len(data)


def _headers(record: Any) -> bytes:
    return b",".join(name.encode() + b"=" + (b"NULL" if value is None else value) for name, value in record.headers)


TOKENS: Final[dict[str, Printer]] = {
    "s": lambda record: record.value or b"",
    "S": lambda record: _size(record.value),
    "R": lambda record: (-1 if record.value is None else len(record.value)).to_bytes(4, "big", signed=True),
    "k": lambda record: record.key or b"",
    "K": lambda record: _size(record.key),
    "t": lambda record: record.topic.encode(),
    "p": lambda record: b"%d" % record.partition,
    "o": lambda record: b"%d" % record.offset,
    "T": lambda record: b"%d" % record.timestamp,
    "h": _headers,
}
"""What may follow `%` in a format, as in kcat: value, its size in decimal and in four bytes, key, its size, topic, partition,
offset, timestamp in ms, headers."""


def printer(text: str) -> Printer:
    r"""Compile a format string of kcat.

    >>> from types import SimpleNamespace
    >>> record = SimpleNamespace(topic="orders", partition=2, offset=7, key=b"k", value=None)
    >>> printer(r"%t[%p]@%o %k=%S 100%%\n")(record)
    b'orders[2]@7 k=-1 100%\n'
    """
    parts: list[bytes | Printer] = []
    position = 0
    while position < len(text):
        sign, following = text[position], text[position + 1 : position + 2]
        position += 2
        if sign == "%" and following == "%":
            parts.append(b"%")
        elif sign == "%":
            if following not in TOKENS:
                raise Usage(f"-f: %{following} is none of %{' %'.join(TOKENS)} %%")
            parts.append(TOKENS[following])
        elif sign == "\\" and following == "x":
            try:
                parts.append(bytes([int(text[position : position + 2], 16)]))
            except ValueError:
                raise Usage("-f: \\x takes two hexadecimal digits") from None
            position += 2
        elif sign == "\\" and following in ESCAPES:
            parts.append(ESCAPES[following])
        else:
            parts.append(sign.encode())
            position -= 1
    return lambda record: b"".join(part if isinstance(part, bytes) else part(record) for part in parts)


def to_json(record: Any) -> bytes:
    """One record as one line; headers are an object, or pairs where a name comes twice."""
    names = [name for name, _ in record.headers]
    headers: Any = [[name, _shown(value)] for name, value in record.headers]
    if len(set(names)) == len(names):
        headers = dict(headers)
    document = {
        "topic": record.topic,
        "partition": record.partition,
        "offset": record.offset,
        "timestamp": record.timestamp,
        "key": _shown(record.key),
        "value": _shown(record.value),
        "headers": headers,
    }
    return json.dumps(document, ensure_ascii=False).encode() + b"\n"


def _shown(data: bytes | None) -> Any:
    if data is None:
        return None
    try:
        return data.decode()
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(data).decode()}


def from_json(line: bytes, where: str) -> Outgoing:
    """Read one line; `where` is named when it cannot be read.

    >>> from_json(b'{"key": "k", "value": {"id": 1}, "headers": {"a": "b"}, "partition": 2}', "line 1")
    Outgoing(key=b'k', value=b'{"id":1}', headers=[('a', b'b')], partition=2, timestamp=None)
    """
    try:
        document = json.loads(line)
    except ValueError as error:
        raise Usage(f"{where} is not JSON: {error}") from None
    if not isinstance(document, dict):
        raise Usage(f'{where} is not a JSON object such as {{"key": "k", "value": "v"}}')
    known = {"key", "value", "headers", "partition", "timestamp", "topic", "offset"}
    for name in document:
        if name not in known:
            raise Usage(f"{where}: {name!r} is none of key, value, headers, partition, timestamp")
    partition, timestamp = document.get("partition"), document.get("timestamp")
    if isinstance(timestamp, str):
        timestamp = positions.parse_time(timestamp, f"{where}: timestamp")
    for name, number in (("partition", partition), ("timestamp", timestamp)):
        if number is not None and (not isinstance(number, int) or isinstance(number, bool) or number < 0):
            raise Usage(f"{where}: {name} is {number!r}, not a number from 0 on")
    headers = document.get("headers") or {}
    try:
        listed = list(headers.items()) if isinstance(headers, dict) else [(name, value) for name, value in headers]
        sent = [(str(name), _sent(value, where) or b"") for name, value in listed]
    except (TypeError, ValueError):
        raise Usage(f"{where}: headers are neither an object nor a list of pairs") from None
    key, value = _sent(document.get("key"), where), _sent(document.get("value"), where)
    if key is None and value is None:
        raise Usage(f"{where} has neither a key nor a value")
    return Outgoing(key, value, sent, partition, timestamp)


def _sent(value: Any, where: str) -> bytes | None:
    if value is None:
        return None
    if isinstance(value, str):
        return value.encode("utf-8", "surrogatepass")
    if isinstance(value, dict) and value.keys() == {"base64"}:
        try:
            return base64.b64decode(value["base64"], validate=True)
        except (TypeError, ValueError):
            raise Usage(f"{where}: not base64") from None
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
