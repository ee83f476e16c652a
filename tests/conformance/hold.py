"""Hold conversations with a broker, keep the notes, compare two sets of notes.

`python -m conformance.hold record` (in `tests/`) holds all of them with a fresh Apache Kafka and writes `recorded/`;
`python -m conformance.hold ours BOOTSTRAP [NAME…]` prints the differences between a running broker and the recorded notes.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from conformance import conversations  # noqa: F401  # registers them
from conformance.differences import DIFFERENCES
from conformance.talk import CONVERSATIONS, Talk
from support.apache_kafka import ApacheKafka, missing

RECORDED = Path(__file__).parent / "recorded"
SETTINGS = {
    "group.initial.rebalance.delay.ms": "0",
    "offsets.topic.num.partitions": "4",
    "transaction.state.log.num.partitions": "4",
    "share.coordinator.state.topic.num.partitions": "4",
}
"""What both brokers are told: short delays, few internal partitions. Everything else is at its default."""


def hold(name: str, bootstrap: str) -> list[Any]:
    """Hold one conversation; the notes, as they come back from JSON."""
    talk = Talk(name, bootstrap)
    try:
        CONVERSATIONS[name](talk)
    finally:
        talk.close()
    notes: list[Any] = json.loads(json.dumps(talk.notes))
    return notes


def recorded(name: str) -> list[Any]:
    """What Apache Kafka answered when this conversation was last recorded."""
    notes: list[Any] = json.loads((RECORDED / f"{name}.json").read_text(encoding="utf-8"))
    return notes


def record(name: str, bootstrap: str) -> None:
    """Write down what the broker at `bootstrap` answers."""
    notes = hold(name, bootstrap)
    lines = ",\n".join(json.dumps(note, ensure_ascii=False) for note in notes)
    (RECORDED / f"{name}.json").write_text(f"[\n{lines}\n]\n", encoding="utf-8")


def differences(theirs: Any, ours: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Every place where two notes differ: (path, sentence)."""
    if isinstance(theirs, dict) and isinstance(ours, dict):
        for key in [*theirs, *(k for k in ours if k not in theirs)]:
            yield from differences(theirs.get(key, "<absent>"), ours.get(key, "<absent>"), f"{path}/{key}")
    elif isinstance(theirs, list) and isinstance(ours, list):
        if len(theirs) != len(ours):
            yield path, f"Kafka has {len(theirs)} items, ours {len(ours)}: {_only(theirs, ours)}"
        else:
            for index, (left, right) in enumerate(zip(theirs, ours, strict=True)):
                yield from differences(left, right, f"{path}/{index}")
    elif theirs != ours or type(theirs) is not type(ours):
        yield path, f"Kafka says {theirs!r}, ours {ours!r}"


def _only(theirs: list[Any], ours: list[Any]) -> str:
    left = [item for item in theirs if item not in ours][:12]
    right = [item for item in ours if item not in theirs][:12]
    return f"only Kafka: {left}; only ours: {right}"


def unexpected(name: str, theirs: list[Any], ours: list[Any]) -> list[str]:
    """The differences that are not listed, as lines."""
    allowed = [d.path for d in DIFFERENCES if d.conversation == name]
    found = differences(theirs, ours)
    return [f"{path}: {text}" for path, text in found if not any(fnmatchcase(path, pattern) for pattern in allowed)]


def stale(name: str, theirs: list[Any], ours: list[Any]) -> list[str]:
    """Listed differences that do not show any more."""
    paths = [path for path, _ in differences(theirs, ours)]
    return [d.path for d in DIFFERENCES if d.conversation == name and not any(fnmatchcase(p, d.path) for p in paths)]


def main() -> None:
    """Record, or compare with a running broker."""
    command, *rest = sys.argv[1:]
    if command == "record" and (why := missing()) is not None:
        print(f"not recorded: {why}")  # noqa: T201  # a tool for the console
    elif command == "record":
        with tempfile.TemporaryDirectory() as folder, ApacheKafka(Path(folder), SETTINGS) as kafka:
            for name in rest or CONVERSATIONS:
                old = recorded(name) if (RECORDED / f"{name}.json").exists() else []
                try:
                    record(name, kafka.bootstrap)
                except Exception as error:  # noqa: BLE001  # a tool for the console: say it and go on
                    print(f"{name}: {type(error).__name__}: {error}"[:500])  # noqa: T201  # a tool for the console
                    continue
                changed = list(differences(old, recorded(name)))
                print(f"{name}: {len(changed)} changes")  # noqa: T201  # a tool for the console
                for path, text in changed[:5]:
                    print(f"    {path}: {text[:300]}")  # noqa: T201  # a tool for the console
    else:
        bootstrap, *names = rest
        for name in names or CONVERSATIONS:
            try:
                lines = [line[:300] for line in unexpected(name, recorded(name), hold(name, bootstrap))]
            except Exception as error:  # noqa: BLE001  # a tool for the console: say it and go on
                lines = [f"{type(error).__name__}: {error}"]
            print(f"{name}: {'same' if not lines else ''}", *lines, sep="\n    ")  # noqa: T201  # a tool for the console


if __name__ == "__main__":
    main()
