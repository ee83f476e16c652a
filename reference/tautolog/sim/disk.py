"""A disk in memory that knows what is synced, and what each fault does to the rest.

It implements `tautolog.core.ports.Storage`. Everything is decided by the `Chance` handed in, so the same calls and the same
chance leave the same bytes.

| fault | how | what it does |
|---|---|---|
| power cut | `power_cut()` | of what was not synced, each file keeps nothing, everything, or some of its writes: lost, cut off in the middle, or with 512-byte sectors missing (zeros in their place). Each file has its own luck, so a later write may survive an earlier one. A new, removed or renamed name that was not synced may be as it was before. |
| no room | `capacity` | an append or a replace that would exceed it raises `StorageFull` and changes nothing |
| I/O error | `fail(operation, pattern)` | the next matching calls raise `StorageError` and change nothing |
| failed sync | `fail("sync", pattern)` | raises, and what was to be synced never is: later syncs succeed without it, as on Linux |
| bit rot | `rot(path, position, mask)` | changes one stored byte, silently |
| bit rot on read | `rot_reads(pattern)` | the next matching reads have one bit flipped; the stored bytes stay right |
| misdirected write | `misdirect(pattern)` | the next matching append lands somewhere in its file, with zeros where it should be |

Slow and stalled disks are a matter of time, which this room does not know: they stand in `tautolog.sim.server`.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from hashlib import sha256
from typing import Final, Literal, Protocol, TypeAlias

from tautolog.core.messages._base import Buffer
from tautolog.core.ports import StorageError, StorageFull

Operation: TypeAlias = Literal["append", "read", "truncate", "replace", "remove", "rename", "sync"]

SECTOR: Final = 512


class Dice(Protocol):
    """All of the `Chance` port that a disk needs."""

    def below(self, bound: int) -> int:
        """An integer from 0 to `bound - 1`."""


class _Unlucky:
    """Of all that may happen at a power cut, the plainest: whatever was not synced is gone."""

    def below(self, bound: int) -> int:
        return 0 * bound


class _File:
    """One file's bytes, whatever it is called: as a reader sees them, as the platters have them, and the way between."""

    __slots__ = ("content", "durable", "pending")

    def __init__(self) -> None:
        self.content = bytearray()
        self.durable = bytearray()
        self.pending: list[tuple[int, bytes | None]] = []  # writes (position, data) and cuts (length, None), in order


class _Renamed:
    """Names that change together: (old name or None, new name or None, file)."""

    __slots__ = ("moves",)

    def __init__(self, moves: list[tuple[str | None, str | None, _File]]) -> None:
        self.moves = moves

    def apply(self, names: dict[str, _File]) -> None:
        for old, _, file in self.moves:
            if old is not None and names.get(old) is file:
                del names[old]
        names.update((new, file) for _, new, file in self.moves if new is not None)


class _Fault:
    __slots__ = ("after", "full", "operation", "pattern", "times")

    def __init__(self, operation: str, pattern: str, after: int, times: int, *, full: bool) -> None:
        self.operation = operation
        self.pattern = pattern
        self.after = after
        self.times = times
        self.full = full


class SimDisk:
    """One machine's disk. `capacity` in bytes, None for no limit; both it and the faults may be changed at any time."""

    def __init__(self, chance: Dice | None = None, *, capacity: int | None = None) -> None:
        self.capacity = capacity
        self._chance: Dice = _Unlucky() if chance is None else chance
        self._names: dict[str, _File] = {}
        self._durable_names: dict[str, _File] = {}
        self._pending_names: list[_Renamed] = []
        self._dirty: dict[_File, None] = {}
        self._damned: dict[_File, None] = {}  # readers see bytes that a failed sync has dropped
        self._used = 0
        self._faults: list[_Fault] = []

    # the port

    def append(self, path: str, data: Buffer) -> int:
        """Write `data` at the end, creating the file; return the position it was written at."""
        self._check("append", path)
        misdirected = self._take("misdirect", path)
        self._need(len(data))
        file = self._names.get(path)
        if file is None:
            file = self._names[path] = _File()
            self._pending_names.append(_Renamed([(None, path, file)]))
        position = len(file.content)
        written = bytes(data)
        if misdirected:
            self._write(file, position, bytes(len(written)))
            self._write(file, self._chance.below(position + 1), written)
            del file.content[position + len(written) :]
        else:
            self._write(file, position, written)
        self._used += len(file.content) - position
        return position

    def read(self, path: str, position: int, length: int) -> Buffer:
        """Up to `length` bytes from `position`; shorter only at the end of the file."""
        self._check("read", path)
        data = bytes(self._file(path).content[position : position + length])
        if data and self._take("rot", path):
            at = self._chance.below(len(data))
            data = data[:at] + bytes([data[at] ^ 1 << self._chance.below(8)]) + data[at + 1 :]
        return data

    def size(self, path: str) -> int:
        """The length in bytes; 0 for a file that does not exist."""
        file = self._names.get(path)
        return 0 if file is None else len(file.content)

    def truncate(self, path: str, length: int) -> None:
        """Cut the file to `length` bytes."""
        self._check("truncate", path)
        file = self._file(path)
        if length < len(file.content):
            self._used -= len(file.content) - length
            del file.content[length:]
            self._change(file, length, None)

    def replace(self, path: str, data: Buffer) -> None:
        """Put a file in place atomically and durably: after a power cut it is the old one or the new one, whole."""
        self._check("replace", path)
        self._need(len(data) - self.size(path))
        self._used += len(data) - self.size(path)
        file = self._names[path] = _File()
        file.content += data
        file.durable += data
        self._settle_name(path, file)

    def remove(self, path: str) -> None:
        """Delete a file; nothing happens if there is none."""
        self._check("remove", path)
        file = self._names.pop(path, None)
        if file is not None:
            self._used -= len(file.content)
            self._pending_names.append(_Renamed([(path, None, file)]))

    def rename(self, path: str, target: str) -> None:
        """Move a file or a whole folder, atomically; what stood at `target` is replaced."""
        self._check("rename", path)
        names = [name for name in self._names if name == path or name.startswith(f"{path}/")]
        if not names:
            raise StorageError(f"{path}: No such file or directory")
        moves: list[tuple[str | None, str | None, _File]] = []
        for name in [name for name in self._names if name == target or name.startswith(f"{target}/")]:
            file = self._names.pop(name)
            self._used -= len(file.content)
            moves.append((name, None, file))
        for name in names:
            file = self._names.pop(name)
            self._names[target + name[len(path) :]] = file
            moves.append((name, target + name[len(path) :], file))
        self._pending_names.append(_Renamed(moves))

    def list(self, folder: str) -> list[str]:
        """The names directly inside `folder` (`""` is the root), sorted; folders end with `/`; empty if there is none."""
        prefix = f"{folder}/" if folder else ""
        found: dict[str, None] = {}
        for name in self._names:
            if name.startswith(prefix):
                first, slash, _ = name[len(prefix) :].partition("/")
                found[first + slash] = None
        return sorted(found)

    def sync(self, path: str) -> None:
        """Make one file durable: its bytes, its length and its name."""
        file = self._file(path)
        if self._take("sync", path):
            self._lose(file)
            raise StorageError(f"{path}: Input/output error")
        self._flush(file)
        self._settle_name(path, file)

    def sync_all(self) -> None:
        """Make everything written so far durable: bytes, names, and that removed files are gone."""
        failed = [path for path in self._names if self._names[path] in self._dirty and self._take("sync", path)]
        for path in failed:
            self._lose(self._names[path])
        for file in list(self._dirty):
            self._flush(file)
        self._durable_names = dict(self._names)
        self._pending_names.clear()
        if failed:
            raise StorageError(f"{failed[0]}: Input/output error")

    # faults

    @property
    def dirty(self) -> bool:
        """Whether a power cut could take anything."""
        return bool(self._dirty or self._pending_names)

    @property
    def lost_a_sync(self) -> bool:
        """Whether readers see bytes that a failed sync has dropped; a power cut ends that."""
        return bool(self._damned)

    def power_cut(self, chance: Dice | None = None) -> None:
        """Lose what was not synced, in whole or in part. Without chance, of this call or of the disk, all of it."""
        chance = self._chance if chance is None else chance
        names = dict(self._durable_names)
        for renamed in self._pending_names:
            if chance.below(2):
                renamed.apply(names)
        for file in self._dirty | self._damned:
            file.durable = _survivor(file, chance) if file.pending else file.durable
            file.content = bytearray(file.durable)
            file.pending.clear()
        self._dirty.clear()
        self._damned.clear()
        self._pending_names.clear()
        self._names = names
        self._durable_names = dict(names)
        self._used = sum(len(file.content) for file in names.values())

    def fail(
        self, operation: Operation, pattern: str = "*", *, after: int = 0, times: int = 1, full: bool = False
    ) -> None:
        """Let calls on paths that match `pattern` (as in a shell) fail: `times` of them, `after` as many have passed."""
        self._faults.append(_Fault(operation, pattern, after, times, full=full))

    def rot(self, path: str, position: int, mask: int = 1) -> None:
        """Change one stored byte."""
        file = self._file(path)
        file.content[position] ^= mask
        if position < len(file.durable):
            file.durable[position] ^= mask

    def rot_reads(self, pattern: str = "*", *, after: int = 0, times: int = 1) -> None:
        """Flip a bit in what reads of matching paths give."""
        self._faults.append(_Fault("rot", pattern, after, times, full=False))

    def misdirect(self, pattern: str = "*", *, after: int = 0, times: int = 1) -> None:
        """Let appends to matching paths land in the wrong place of their file."""
        self._faults.append(_Fault("misdirect", pattern, after, times, full=False))

    def heal(self) -> None:
        """End all faults that were ordered and have not come yet."""
        self._faults.clear()

    def wipe(self) -> None:
        """Put an empty disk in its place."""
        self._names.clear()
        self._durable_names.clear()
        self._pending_names.clear()
        self._dirty.clear()
        self._damned.clear()
        self._used = 0

    @property
    def used_bytes(self) -> int:
        """The sum of all files' lengths."""
        return self._used

    def digest(self) -> str:
        """SHA-256, in hexadecimal, over all names and bytes as a reader sees them."""
        total = sha256()
        for name in sorted(self._names):
            content = self._names[name].content
            total.update(f"{len(name)} {name} {len(content)} ".encode())
            total.update(content)
        return total.hexdigest()

    def _file(self, path: str) -> _File:
        file = self._names.get(path)
        if file is None:
            raise StorageError(f"{path}: No such file or directory")
        return file

    def _need(self, more: int) -> None:
        if self.capacity is not None and more > 0 and self._used + more > self.capacity:
            raise StorageFull("No space left on device")

    def _check(self, operation: Operation, path: str) -> None:
        fault = self._take(operation, path)
        if fault is not None:
            raise (
                StorageFull(f"{path}: No space left on device")
                if fault.full
                else StorageError(f"{path}: Input/output error")
            )

    def _take(self, operation: str, path: str) -> _Fault | None:
        """The fault that is due for this call, if any; it is used up."""
        for fault in self._faults:
            if fault.operation == operation and fnmatchcase(path, fault.pattern):
                if fault.after:
                    fault.after -= 1
                    continue
                fault.times -= 1
                if not fault.times:
                    self._faults.remove(fault)
                return fault
        return None

    def _write(self, file: _File, position: int, data: bytes) -> None:
        _overlay(file.content, position, data)
        self._change(file, position, data)

    def _change(self, file: _File, position: int, data: bytes | None) -> None:
        file.pending.append((position, data))
        self._dirty[file] = None

    def _flush(self, file: _File) -> None:
        for position, data in file.pending:
            _apply(file.durable, position, data)
        file.pending.clear()
        self._dirty.pop(file, None)

    def _lose(self, file: _File) -> None:
        """What was to be synced counts as synced to the kernel, and is nowhere."""
        file.pending.clear()
        self._dirty.pop(file, None)
        self._damned[file] = None

    def _settle_name(self, path: str, file: _File) -> None:
        for name in [name for name, known in self._durable_names.items() if known is file]:
            del self._durable_names[name]
        self._durable_names[path] = file
        for renamed in self._pending_names:
            renamed.moves = [move for move in renamed.moves if move[2] is not file]
        self._pending_names = [renamed for renamed in self._pending_names if renamed.moves]


def _apply(content: bytearray, position: int, data: bytes | None) -> None:
    if data is None:
        del content[position:]
    else:
        _overlay(content, position, data)


def _overlay(content: bytearray, position: int, data: bytes) -> None:
    if position > len(content):
        content += bytes(position - len(content))
    content[position : position + len(data)] = data


def _survivor(file: _File, chance: Dice) -> bytearray:
    """What a power cut leaves of a file."""
    content = bytearray(file.durable)
    luck = chance.below(4)
    if luck == 0:
        return content
    if luck == 1:
        kept = len(file.pending)
    elif luck == 2:
        kept = chance.below(len(file.pending))  # up to here all, of the next one a part
    else:
        kept = 0
    for position, data in file.pending[:kept]:
        _apply(content, position, data)
    rest = file.pending[kept:] if luck == 3 else file.pending[kept : kept + 1]
    for position, data in rest:
        fate = chance.below(4) if luck == 3 else 2 + chance.below(2)
        if fate == 0:
            continue
        if fate == 1 or not data:
            _apply(content, position, data)
        elif fate == 2:
            _overlay(content, position, data[: chance.below(len(data) + 1)])
        else:
            sectors = range(0, len(data), SECTOR)
            _overlay(content, position, b"".join(_sector(data[at : at + SECTOR], chance) for at in sectors))
    return content


def _sector(data: bytes, chance: Dice) -> bytes:
    return data if chance.below(2) else bytes(len(data))
