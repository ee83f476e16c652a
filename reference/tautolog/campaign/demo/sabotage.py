"""Deliberate defects, so that the verdict is seen to be able to fail: `python -m tautolog.campaign.demo.sabotage NAME serve …`.

Each takes the real broker and breaks one promise in it. No shipped command but `tautolog demo --break` leads here.
"""

from __future__ import annotations

import runpy
import sys
from collections.abc import Callable, Sequence
from typing import Any

from tautolog.core.errors import ErrorCode
from tautolog.core.log.log import Log
from tautolog.core.messages._base import Buffer
from tautolog.core.partition.leader import Appended, Partition
from tautolog.core.ports import Instant
from tautolog.core.records.batch import Batch, assign, parse
from tautolog.core.records.record import build, records
from tautolog.net.storage import FileStorage

HELD_BYTES = 64 * 1024
"""How much of a file the dishonest storage keeps in memory before it writes it."""


def is_ours(topic: str) -> bool:
    """Only the topics of clients are sabotaged: the broker's own must let it start again."""
    return not topic.startswith("__")


def unsynced_ack() -> None:
    """Records are acknowledged while they are only in the broker's memory: kill -9 loses them."""
    held: dict[str, bytearray] = {}
    append, read, size, truncate = FileStorage.append, FileStorage.read, FileStorage.size, FileStorage.truncate

    def flush(storage: FileStorage, path: str) -> None:
        data = held.pop(path, None)
        if data:
            append(storage, path, data)

    def lazy_append(self: FileStorage, path: str, data: Buffer) -> int:
        if not path.endswith(".log") or not is_ours(path):
            return append(self, path, data)
        position = size(self, path) + len(held.get(path, b""))
        held.setdefault(path, bytearray()).extend(data)
        if len(held[path]) > HELD_BYTES:
            flush(self, path)
        return position

    def read_both(self: FileStorage, path: str, position: int, length: int) -> Buffer:
        tail = held.get(path)
        if not tail:
            return read(self, path, position, length)
        written = size(self, path)
        head = bytes(read(self, path, position, min(length, written - position))) if position < written else b""
        rest = max(0, position - written)
        return head + bytes(tail[rest : rest + length - len(head)])

    def size_of_both(self: FileStorage, path: str) -> int:
        return size(self, path) + len(held.get(path, b""))

    def truncate_both(self: FileStorage, path: str, length: int) -> None:
        flush(self, path)
        truncate(self, path, length)

    _replace(FileStorage, append=lazy_append, read=read_both, size=size_of_both, truncate=truncate_both)


def double_append() -> None:
    """Every fortieth batch is appended twice, as a retry would be without idempotence."""
    append = Log.append
    count = [0]

    def twice(self: Log, data: Any, batches: Sequence[Batch], leader_epoch: int, now: Instant) -> None:
        again = [(r.key, r.value) for r in records(data)] if is_ours(self.folder) and not batches[0].compression else []
        append(self, data, list(batches), leader_epoch, now)
        count[0] += 1
        if again and count[0] % 40 == 0:
            copy = memoryview(build(again, timestamp=now.wall_ms))
            batch = parse(copy)
            assign(copy, batch, self.end_offset, leader_epoch)
            append(self, copy, [batch], leader_epoch, now)

    _replace(Log, append=twice)


def silent_drop() -> None:
    """Every fortieth batch is acknowledged and thrown away."""
    append = Partition.append
    count = [0]

    def forgetful(self: Partition, data: Buffer | None, now: Instant) -> Appended:
        count[0] += 1
        if count[0] % 40 == 0 and is_ours(self.topic):
            return Appended(ErrorCode.NONE, self.log_end_offset, -1, self.log_start_offset)
        return append(self, data, now)

    _replace(Partition, append=forgetful)


DEFECTS: dict[str, Callable[[], None]] = {
    "unsynced-ack": unsynced_ack,
    "double-append": double_append,
    "silent-drop": silent_drop,
}
"""Name -> what does it; the names are those of `tautolog.campaign.demo.breaks`."""


def _replace(kind: type, **methods: Callable[..., Any]) -> None:
    for name, method in methods.items():
        setattr(kind, name, method)


def main() -> None:
    """Break what the first argument names, then be `tautolog` with the others."""
    DEFECTS[sys.argv.pop(1)]()
    runpy.run_module("tautolog", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
