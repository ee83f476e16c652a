"""What the core asks of the world: a disk, chance, and the two readings of a clock that come with each call.

Nothing here does anything. `tautolog.sim` and `tautolog.net` implement these ports; the core knows no other way out.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol

from tautolog.core.messages._base import Buffer


class Instant(NamedTuple):
    """A node's two clocks at one moment, in milliseconds.

    `monotonic_ms` never decreases while a node runs; every timer is set on it. `wall_ms` is the time of day since the Unix
    epoch; it may step either way, and only record timestamps, retention and offset expiry read it.
    """

    monotonic_ms: int
    wall_ms: int


class StorageError(Exception):
    """The disk refused. What the refused call would have changed is as it was before the call."""


class StorageFull(StorageError):  # noqa: N818  # a state of the disk, named as one
    """There is no room; the same call may succeed later."""


class Storage(Protocol):
    """One node's disk: flat files under relative paths such as `orders-0/00000000000000000000.log`.

    Synchronous. Data that was not synced may be lost, in part or out of order, at a power cut. A failed call has changed
    nothing: a half-done append is undone before `StorageError` is raised. Folders come and go with their files.
    """

    def append(self, path: str, data: Buffer) -> int:
        """Write `data` at the end, creating the file; return the position it was written at."""

    def read(self, path: str, position: int, length: int) -> Buffer:
        """Up to `length` bytes from `position`; shorter only at the end of the file. Missing file: `StorageError`."""

    def size(self, path: str) -> int:
        """The length in bytes; 0 for a file that does not exist."""

    def truncate(self, path: str, length: int) -> None:
        """Cut the file to `length` bytes."""

    def replace(self, path: str, data: Buffer) -> None:
        """Put a file in place atomically and durably: after a power cut it is the old one or the new one, whole."""

    def remove(self, path: str) -> None:
        """Delete a file; nothing happens if there is none."""

    def rename(self, path: str, target: str) -> None:
        """Move a file or a whole folder, atomically; what stood at `target` is replaced."""

    def list(self, folder: str) -> list[str]:
        """The names directly inside `folder` (`""` is the root), sorted; folders end with `/`; empty if there is none."""

    def sync(self, path: str) -> None:
        """Make one file durable: its bytes, its length and its name."""

    def sync_all(self) -> None:
        """Make everything written so far durable (group commit: one call for many appends)."""


class Chance(Protocol):
    """Randomness handed in: the only source of ids that the core has."""

    def below(self, bound: int) -> int:
        """An integer from 0 to `bound - 1`."""

    def uuid(self) -> bytes:
        """Sixteen bytes of a fresh id, never the zero id."""
