"""The core's disk, made of files.

Keeps what `tautolog.core.ports.Storage` promises: a failed call has changed nothing, and what was synced survives a power
cut. Decides which descriptors stay open and what still has to be synced; never when to sync, and never what a file means.

Every file has a tracked size, and that is its end: a write that failed half-way is cut off again, and where even the
cutting fails, the bytes behind the tracked size are never read and are overwritten by the next append. Descriptors are
bounded; the least recently used are closed.

One sync may run in another thread while the loop goes on appending (`begin_sync`, `Sync.run`, `end_sync`). Only `Sync.run`
may be called outside the loop's thread.
"""

from __future__ import annotations

import contextlib
import errno
import os
from pathlib import Path

from tautolog.core.messages._base import Buffer
from tautolog.core.ports import StorageError, StorageFull
from tautolog.net.directory import OWN, REPLACING

FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
"""What a disk, a quota and a file size limit say when there is no more room."""


class SyncFailed(Exception):  # noqa: N818  # it says what happened
    """A sync failed. What the kernel still holds of the data is unknown, so nothing may be acknowledged any more.

    Not a `StorageError`: those are answered to a client, and the broker lives.
    """


class _File:
    """An open file. `pins` counts the syncs under way that need its descriptor; `gone` says to close it after them."""

    __slots__ = ("descriptor", "dirty", "gone", "path", "pins", "size", "used")

    def __init__(self, path: str, descriptor: int, size: int) -> None:
        self.path = path
        self.descriptor = descriptor
        self.size = size
        self.dirty = False
        self.used = True
        self.pins = 0
        self.gone = False


class Sync:
    """What one group commit makes durable: the files and folders that were dirty when it began."""

    __slots__ = ("files", "folders")

    def __init__(self, files: list[_File], folders: list[Path]) -> None:
        self.files = files
        self.folders = folders

    def run(self) -> None:
        """Sync everything; in any thread. Raises `SyncFailed`."""
        for file in self.files:
            try:
                os.fsync(file.descriptor)
            except OSError as error:
                raise SyncFailed(f"{file.path}: {error.strerror}") from error
        for folder in self.folders:
            _sync_folder(folder)


class FileStorage:
    """A `Storage` under `root`, with at most `descriptors` files open.

    `durable` False is for those who asked for no syncs: `replace` then does not sync either.
    """

    def __init__(self, root: Path, *, descriptors: int = 256, durable: bool = True) -> None:
        self._root = root
        self._limit = max(descriptors, 8)
        self._durable = durable
        self._files: dict[str, _File] = {}
        self._dirty: dict[_File, None] = {}
        self._folders: dict[Path, None] = {}
        self._running: Sync | None = None

    @property
    def dirty(self) -> bool:
        """Whether there is anything that a sync would make durable."""
        return bool(self._dirty or self._folders)

    @property
    def open_files(self) -> int:
        """How many descriptors are held."""
        return len(self._files)

    def append(self, path: str, data: Buffer) -> int:
        """Write `data` at the end, creating the file; return the position it was written at."""
        file = self._files.get(path) or self._open(path, create=True)
        position = file.size
        try:
            written = os.pwrite(file.descriptor, data, position)
            if written != len(data):
                _write_all(file.descriptor, memoryview(data)[written:], position + written)
        except OSError as error:
            self._undo(file)
            raise _refusal(path, error) from error
        file.size = position + len(data)
        file.used = True
        if not file.dirty:
            file.dirty = True
            self._dirty[file] = None
        return position

    def read(self, path: str, position: int, length: int) -> Buffer:
        """Up to `length` bytes from `position`; shorter only at the end of the file."""
        file = self._files.get(path) or self._open(path)
        file.used = True
        length = min(length, file.size - position)
        if length <= 0:
            return b""
        try:
            data = os.pread(file.descriptor, length, position)
            while len(data) < length:
                more = os.pread(file.descriptor, length - len(data), position + len(data))
                if not more:
                    raise StorageError(f"{path}: ends at {position + len(data)}, before its {file.size} bytes")
                data += more
        except OSError as error:
            raise _refusal(path, error) from error
        return data

    def size(self, path: str) -> int:
        """The length in bytes; 0 for a file that does not exist."""
        file = self._files.get(path)
        if file is not None:
            return file.size
        try:
            return (self._root / path).stat().st_size
        except FileNotFoundError:
            return 0
        except OSError as error:
            raise _refusal(path, error) from error

    def truncate(self, path: str, length: int) -> None:
        """Cut the file to `length` bytes."""
        file = self._files.get(path) or self._open(path)
        if length >= file.size:
            return
        try:
            os.ftruncate(file.descriptor, length)
        except OSError as error:
            raise _refusal(path, error) from error
        file.size = length
        self._touch(file)

    def replace(self, path: str, data: Buffer) -> None:
        """Put a file in place atomically and durably: after a power cut it is the old one or the new one, whole."""
        temporary = self._root / REPLACING
        target = self._root / path
        try:
            descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o644)
            try:
                _write_all(descriptor, memoryview(data), 0)
                if self._durable:
                    os.fsync(descriptor)
            finally:
                os.close(descriptor)
            self._make_folder(target.parent)
            temporary.replace(target)
        except OSError as error:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)
            raise _refusal(path, error) from error
        self._forget(path)
        self._folders[target.parent] = None
        if self._durable:
            self._sync_folders()

    def remove(self, path: str) -> None:
        """Delete a file; nothing happens if there is none."""
        target = self._root / path
        try:
            target.unlink(missing_ok=True)
        except OSError as error:
            raise _refusal(path, error) from error
        self._forget(path)
        self._folders[target.parent] = None
        if target.parent != self._root:
            self._remove_folder(target.parent)

    def rename(self, path: str, target: str) -> None:
        """Move a file or a whole folder, atomically; what stood at `target` is replaced."""
        source, destination = self._root / path, self._root / target
        try:
            source.stat()  # what is not there must not leave a new folder behind
            self._make_folder(destination.parent)
            if source.is_dir() and destination.is_dir():
                for name in self.list(target):
                    self.remove(f"{target}/{name}")
            source.replace(destination)
        except OSError as error:
            raise _refusal(path, error) from error
        self._forget(target)
        moved = [name for name in self._files if name == path or name.startswith(path + "/")]
        for name in moved:
            file = self._files.pop(name)
            file.path = target + name[len(path) :]
            self._files[file.path] = file
        for folder in [folder for folder in self._folders if folder == source or source in folder.parents]:
            del self._folders[folder]
        self._folders |= dict.fromkeys((source.parent, destination.parent))
        if destination.is_dir():
            self._folders[destination] = None
        if source.parent != self._root:
            self._remove_folder(source.parent)

    def list(self, folder: str) -> list[str]:
        """The names directly inside `folder` (`""` is the root), sorted; folders end with `/`; empty if there is none."""
        try:
            with os.scandir(self._root / folder) as entries:
                names = [entry.name + "/" if entry.is_dir() else entry.name for entry in entries]
        except (FileNotFoundError, NotADirectoryError):
            return []
        except OSError as error:
            raise _refusal(folder, error) from error
        return sorted(name for name in names if folder or name.rstrip("/") not in OWN)

    def sync(self, path: str) -> None:
        """Make one file durable: its bytes, its length and its name. Raises `SyncFailed`."""
        file = self._files.get(path) or self._open(path)
        Sync([file], []).run()
        file.dirty = False
        self._dirty.pop(file, None)
        self._sync_folders()

    def sync_all(self) -> None:
        """Make everything written so far durable, what another thread is syncing included. Raises `SyncFailed`."""
        if self._running is not None:
            self._running.run()
        if self._dirty:
            Sync(list(self._dirty), []).run()
            for file in self._dirty:
                file.dirty = False
            self._dirty.clear()
        self._sync_folders()

    def begin_sync(self) -> Sync:
        """What is dirty now; from here on it counts as clean, and is held open until `end_sync`. One at a time."""
        self._running = sync = Sync(list(self._dirty), list(self._folders))
        self._dirty.clear()
        self._folders.clear()
        for file in sync.files:
            file.dirty = False
            file.pins += 1
        return sync

    def end_sync(self) -> None:
        """Let go of what `begin_sync` held."""
        sync, self._running = self._running, None
        for file in [] if sync is None else sync.files:
            file.pins -= 1
            if file.gone and not file.pins:
                os.close(file.descriptor)

    def close(self) -> None:
        """Close every descriptor. Nothing is synced."""
        for path in list(self._files):
            self._forget(path)

    def _open(self, path: str, *, create: bool = False) -> _File:
        """Open a file that is not among the open ones; make room for it first."""
        if len(self._files) >= self._limit:
            self._evict()
        target = self._root / path
        flags = os.O_RDWR | os.O_CLOEXEC
        try:
            try:
                descriptor = os.open(target, flags)
            except FileNotFoundError:
                if not create:
                    raise
                self._make_folder(target.parent)
                descriptor = os.open(target, flags | os.O_CREAT | os.O_EXCL, 0o644)
                self._folders[target.parent] = None
            file = self._files[path] = _File(path, descriptor, os.fstat(descriptor).st_size)
        except OSError as error:
            raise _refusal(path, error) from error
        return file

    def _evict(self) -> None:
        """Close a file that was not used since the last time around; a dirty one is synced first, so that no error is lost."""
        for _ in range(2 * len(self._files)):
            path, file = next(iter(self._files.items()))
            if not file.used and not file.pins:
                if file.dirty and self._durable:
                    Sync([file], []).run()
                self._forget(path)
                return
            file.used = False
            del self._files[path]
            self._files[path] = file

    def _forget(self, path: str) -> None:
        """Close the descriptor of `path`, if it is open, or leave that to the sync that is using it."""
        file = self._files.pop(path, None)
        if file is None:
            return
        self._dirty.pop(file, None)
        if file.pins:
            file.gone = True
        else:
            os.close(file.descriptor)

    def _touch(self, file: _File) -> None:
        if not file.dirty:
            file.dirty = True
            self._dirty[file] = None

    def _undo(self, file: _File) -> None:
        """Cut off what a failed append left. If that fails too, the tracked size still hides it."""
        try:
            os.ftruncate(file.descriptor, file.size)
        except OSError:
            return

    def _make_folder(self, folder: Path) -> None:
        """Make a folder and those above it; the name of each new one is dirty in the folder above."""
        missing = []
        while not folder.is_dir():
            missing.append(folder)
            folder = folder.parent
        for new in reversed(missing):
            new.mkdir()
            self._folders[new.parent] = None

    def _remove_folder(self, folder: Path) -> None:
        """Folders go with their last file."""
        try:
            folder.rmdir()
        except OSError:
            return
        self._folders.pop(folder, None)
        self._folders[folder.parent] = None

    def _sync_folders(self) -> None:
        """Make every new name durable, those included that another thread may not have come to yet."""
        folders = list(self._folders)
        self._folders.clear()
        for folder in folders if self._running is None else [*self._running.folders, *folders]:
            _sync_folder(folder)


def _sync_folder(folder: Path) -> None:
    """Make the names in a folder durable. One that is gone has none; those above it are dirty themselves."""
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    except OSError as error:
        raise SyncFailed(f"{folder}: {error.strerror}") from error
    try:
        os.fsync(descriptor)
    except OSError as error:
        raise SyncFailed(f"{folder}: {error.strerror}") from error
    finally:
        os.close(descriptor)


def _write_all(descriptor: int, data: memoryview, position: int) -> None:
    """Write all of `data`: a call may take less, before a full disk or at 2 GiB."""
    while data:
        written = os.pwrite(descriptor, data, position)
        data = data[written:]
        position += written


def _refusal(path: str, error: OSError) -> StorageError:
    kind = StorageFull if error.errno in FULL else StorageError
    return kind(f"{path}: {error.strerror}")
