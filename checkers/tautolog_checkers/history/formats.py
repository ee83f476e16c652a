"""Which format a file is in, by what stands in it; and the readers and writers of all of them."""

from __future__ import annotations

import gzip
import re
import shutil
import zlib
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

from tautolog_checkers.history.edn import read_edn, write_edn
from tautolog_checkers.history.elle_json import read_elle_json
from tautolog_checkers.history.events import History
from tautolog_checkers.history.jsonl import read_lines, write_jsonl
from tautolog_checkers.history.packed import MAGIC, read_packed, write_packed
from tautolog_checkers.history.polylin import read_polylin
from tautolog_checkers.history.porcupine import read_etcd, read_key_value
from tautolog_checkers.history.problems import PIECE, HistoryError, Problems

READERS: dict[str, Callable[[bytes, Problems], History]] = {
    "jsonl": read_lines,
    "edn": read_edn,
    "elle-json": read_elle_json,
    "porcupine-etcd": read_etcd,
    "porcupine-kv": read_key_value,
    "polylin": read_polylin,
    "packed": read_packed,
}
"""The names that `--format` knows."""

NAME = re.compile(r'"(?:[^"\\]|\\.)*"\s*:')
"""How a JSON object begins, unlike a map of EDN with a string for a key."""

WRITERS = {".jsonl": write_jsonl, ".edn": write_edn, ".packed": write_packed}
"""The suffixes that can be written."""


def recognise(data: bytes) -> str:
    """The format of a document; JSON Lines where nothing speaks for another."""
    if data.startswith(MAGIC):
        return "packed"
    head = data[:4096].decode(errors="replace").lstrip("\ufeff \t\r\n,")
    for line in head.split("\n"):
        text = line.strip()
        if not text or (text.startswith((";", "# ")) and not text.startswith("# @")):
            continue
        if text.startswith("# @") or (text.startswith("[") and ("] call " in text or "] return" in text)):
            return "polylin"
        if text.startswith(("INFO", "WARN")):
            return "porcupine-etcd"
        if text.startswith("{:process") and ':key "' in text and ":time" not in text:
            return "porcupine-kv"
        return _nested(text, head)
    return "jsonl"


def _nested(text: str, head: str) -> str:
    """JSON Lines, one JSON array or EDN."""
    bare = head[head.index(text) :]
    inner = bare.lstrip("[( \t\r\n,")
    opened = inner[1:].lstrip(" \t\r\n,") if inner.startswith("{") else ""
    if bare.startswith("(") or inner.startswith(("#", ";")) or opened.startswith((":", ";", "#")):
        return "edn"
    if opened.startswith('"') and not NAME.match(opened):
        return "edn"
    if bare.startswith("["):
        return "elle-json" if opened or inner.startswith("]") else "edn"
    return "jsonl"


COPIES = {"edn": 2, "elle-json": 1, "porcupine-etcd": 2, "porcupine-kv": 2, "polylin": 2, "packed": 2}
"""How many times, beside the file as it is, a format's reader holds the text before it has the first event."""
LINE = 64
"""Bytes that a line costs beyond its text."""


def _room(data: bytes, name: str) -> int:
    """How many bytes more a reader takes at least, in steps that nothing can interrupt."""
    copies = COPIES.get(name, 0)
    return copies * len(data) + (data.count(b"\n") * LINE if copies > 1 else 0)


def _unpacked(path: Path) -> bytes:
    """What is in a gzipped file, taken a piece at a time, so that a limit is noticed."""
    unpacked = BytesIO()
    try:
        with gzip.open(path, "rb") as packed:
            shutil.copyfileobj(packed, unpacked, PIECE)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise HistoryError(str(path), 0, "a whole gzipped file", str(error)) from error
    return unpacked.getvalue()


def read_history(
    path: str | Path,
    *,
    format: str | None = None,  # noqa: A002  # the command line's word
    lenient: bool = False,
    look: Callable[[], None] | None = None,
    room: Callable[[int], None] | None = None,
) -> History:
    """Read a history in any format.

    Args:
        path: the file; one that ends in `.gz` is unpacked.
        format: one of `READERS`; recognised by content where it is not given.
        lenient: skip and count what is malformed.
        look: called now and then; may raise to stop.
        room: told of bytes that will be taken at once, before they are; may raise to stop.

    Raises:
        HistoryError: it is malformed.
        OSError: it cannot be read.
        KeyError: there is no such format.

    """
    path = Path(path)
    if room is not None:
        room(path.stat().st_size)
    data = _unpacked(path) if path.suffix == ".gz" else path.read_bytes()
    name = format or recognise(data)
    if room is not None:
        room(_room(data, name))
    return READERS[name](data, Problems(str(path), lenient=lenient, look=look))
