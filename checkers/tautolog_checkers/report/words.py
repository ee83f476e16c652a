"""Operations in few words: what was asked and what was told, short enough for a line and exact about what was in doubt."""

from __future__ import annotations

import json
from typing import Any

from tautolog_checkers.history.operations import Operation
from tautolog_checkers.linearizability.operations import ANSWERING

FEW = 3
"""Up to how many records of a partition are told one by one."""


def tell(operation: Operation, limit: int = 160, key: Any = None) -> str:
    """One operation: `write 1`, `read → 2`, `send x: a at 0`, `poll x: 4 records at 0…3`.

    Args:
        operation: which.
        limit: how many characters at most.
        key: the partition that is in doubt: of the others only their number is told.

    """
    invoked, completed = operation.invoked, operation.completed
    asked, told = invoked.value, None if completed is None else completed.value
    if invoked.f in {"send", "poll", "txn"}:
        steps = _steps(asked if told is None else told)
        if steps is not None:
            return shortened(_about(steps, key) or f"{invoked.f} → nothing", limit)
    if asked is None and told is not None:
        return shortened(f"{invoked.f} → {text_of(told)}", limit)
    words = invoked.f if asked is None else f"{invoked.f} {text_of(asked)}"
    if told is None and operation.ok and invoked.f in ANSWERING:
        return shortened(f"{words} → null", limit)
    return shortened(words if told is None or told == asked else f"{words} → {text_of(told)}", limit)


def text_of(value: Any) -> str:
    """A value as JSON without blanks."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)


def shortened(text: str, limit: int) -> str:
    """A text of at most `limit` characters."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


def cut(text: str, limit: int) -> str:
    """A text that takes about `limit` bytes of a page at most, with all that has to be escaped there."""
    if len(text) * 6 <= limit:
        return text
    weight = len(text_of(text).encode(errors="replace")) + 5 * text.count("<") - 2
    if weight <= limit:
        return text
    data = text.encode(errors="replace")
    return data[: max(1, len(data) * limit // weight - 1)].decode(errors="ignore") + "…"


def abridged(text: str, limit: int = 280) -> str:
    """A sentence of at most `limit` characters: its beginning and its end."""
    return text if len(text) <= limit else f"{text[: limit * 3 // 4]} … {text[3 - limit // 4 :]}"


def _about(steps: list[tuple[str, str]], key: Any) -> str:
    wanted = [words for name, words in steps if name == str(key)]
    others = len({name for name, _ in steps if name != str(key)})
    if not wanted:
        return "; ".join(words for _, words in steps)
    return "; ".join(wanted) + (f" (and {others} other partition{'s' * (others > 1)})" if others else "")


def _steps(value: Any) -> list[tuple[str, str]] | None:
    """The steps of a send, poll or txn as (partition, words); None where the value is none of these."""
    words: list[tuple[str, str]] = []
    if not isinstance(value, list | tuple):
        return None
    sent: dict[str, list[Any]] = {}
    for step in value:
        if not isinstance(step, list | tuple) or not step:
            return None
        if step[0] == "send" and len(step) == 3:
            pair = step[2] if isinstance(step[2], list | tuple) else (None, step[2])
            sent.setdefault(str(step[1]), []).append(pair)
        elif step[0] == "poll":
            words += _told_sends(sent)
            polled = step[1] if len(step) > 1 and isinstance(step[1], dict) else {}
            words += [(str(key), f"poll {key}: {_records(pairs)}") for key, pairs in polled.items() if pairs]
    return words + _told_sends(sent)


def _told_sends(sent: dict[str, list[Any]]) -> list[tuple[str, str]]:
    words = [(key, f"send {key}: {_records(pairs)}") for key, pairs in sent.items()]
    sent.clear()
    return words


def _records(pairs: Any) -> str:
    """Records of one partition: few by value and offset, many by their first and last offset."""
    if len(pairs) <= FEW:
        return ", ".join(
            text_of(value) + ("" if offset is None else f" at {offset}") for offset, value in (tuple(p) for p in pairs)
        )
    known = [pair[0] for pair in pairs if pair[0] is not None]
    where = f" at {min(known)}…{max(known)}" if known else ""
    return f"{len(pairs)} records{where}"
