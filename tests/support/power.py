"""A broker on a disk that loses what was not synced: `python power.py SHADOW COMMAND…` runs the command line so.

Every fsync of this process also writes down what it made durable: of a file its bytes up to the length that it had when the
call began, of a folder the names in it. `survivors(shadow, root, target)` then builds what a power cut leaves: each folder
as it was at its last sync, each file with the bytes of its last sync, nothing else. Stricter than a disk needs to be.
"""

from __future__ import annotations

import json
import os
import shutil
import stat
import sys
from pathlib import Path


def remember(shadow: Path) -> None:
    """Make `os.fsync` of this process keep the books under `shadow`."""
    real = os.fsync
    shadow.mkdir(parents=True, exist_ok=True)

    def fsync(descriptor: int) -> None:
        what = os.fstat(descriptor)
        if stat.S_ISDIR(what.st_mode):
            names = {}
            for entry in os.scandir(descriptor):
                names[entry.name] = [entry.inode(), entry.is_dir()]
            note = json.dumps(names).encode()
        else:
            note = _bytes_of(descriptor, what.st_size)
        real(descriptor)
        temporary = shadow / f"{what.st_ino}.new"
        temporary.write_bytes(note)
        temporary.replace(shadow / str(what.st_ino))

    os.fsync = fsync


def _bytes_of(descriptor: int, size: int) -> bytes:
    """Of a file that may be open for writing only."""
    with Path(f"/proc/self/fd/{descriptor}").open("rb") as file:
        return file.read(size)


def survivors(shadow: Path, root: Path, target: Path) -> None:
    """Build in `target` what of `root` survives."""
    shutil.rmtree(target, ignore_errors=True)
    _build(shadow, root.stat().st_ino, target)


def _build(shadow: Path, inode: int, target: Path) -> None:
    target.mkdir(parents=True)
    known = shadow / str(inode)
    names = json.loads(known.read_text()) if known.exists() else {}
    for name, (number, is_folder) in names.items():
        if is_folder:
            _build(shadow, number, target / name)
        else:
            content = shadow / str(number)
            (target / name).write_bytes(content.read_bytes() if content.exists() else b"")


if __name__ == "__main__":
    remember(Path(sys.argv[1]))
    sys.argv = ["tautolog", *sys.argv[2:]]
    from tautolog.cli.main import main

    main()
