"""Golden frames: the committed selection, and the larger file that `TAUTOLOG_FRAMES` may name."""

import gzip
import json
import os
from pathlib import Path

SELECTION = Path(__file__).parents[1] / "fixtures" / "frames" / "frames.jsonl.gz"
LARGER = os.environ.get("TAUTOLOG_FRAMES")


class Pair:
    """One request and its answer."""

    def __init__(self, line: str) -> None:
        entry = json.loads(line)
        self.api: str = entry["api"]
        self.key: int = entry["key"]
        self.version: int = entry["version"]
        self.client: str = entry["client"]
        self.note: str = entry["note"] or ""
        self.errors: list[int] | None = entry["errors"]
        self.request = bytes.fromhex(entry["request"])
        self.response = bytes.fromhex(entry["response"]) if entry["response"] is not None else None
        # a version that the broker does not know is answered in version 0
        self.answered = 0 if self.key == 18 and self.errors == [35] else self.version

    def __repr__(self) -> str:
        return f"{self.api} {self.version} of {self.client} ({self.note})"


def read(path: Path | str = SELECTION) -> list[Pair]:
    with gzip.open(path, "rt") as lines:
        return [Pair(line) for line in lines]
