"""Porcupine, the Go checker, measured on the same public files in the same run.

Built in a folder for the occasion with whatever Go there is; where Go or its module proxy is missing, one sentence says so.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

MAIN = Path(__file__).with_name("main.go")
MODULE = "github.com/anishathalye/porcupine"
VERSION = "v1.1.0"
FILES = {
    "etcd": ("porcupine/jepsen", "*.log"),
    "kv-ok": ("porcupine/kv", "c50-ok.txt"),
    "kv-bad": ("porcupine/kv", "c50-bad.txt"),
}


class MissingError(Exception):
    """Porcupine cannot be had here, in one sentence."""


def build(folder: Path) -> Path:
    """The program, built in `folder`.

    Raises:
        MissingError: no Go, or no way to the module.

    """
    go = shutil.which("go") or shutil.which("go", path="/usr/local/go/bin")
    if go is None:
        raise MissingError("without Porcupine: Go is not installed")
    shutil.copy(MAIN, folder / "main.go")
    environment = os.environ | {
        "GOPATH": str(folder / "path"),
        "GOCACHE": str(folder / "cache"),
        "GOFLAGS": "-modcacherw",
    }
    for arguments in (["mod", "init", "bench"], ["get", f"{MODULE}@{VERSION}"], ["build", "-o", "bench", "."]):
        try:
            done = subprocess.run(
                [go, *arguments], cwd=folder, env=environment, capture_output=True, text=True, timeout=300, check=False
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise MissingError(f"without Porcupine: go {arguments[0]}: {error}") from error
        if done.returncode:
            raise MissingError(
                f"without Porcupine: go {arguments[0]}: {(done.stderr.strip().splitlines() or ['failed'])[-1]}"
            )
    return folder / "bench"


def measure(program: Path, histories: Path, name: str) -> float:
    """Seconds for the files of one row, reading them not counted; a file that is not decided within 30 s counts those."""
    folder, pattern = FILES[name]
    files = sorted(str(file) for file in (histories / folder).glob(pattern))
    kind = name.split("-", maxsplit=1)[0]
    done = subprocess.run([str(program), kind, *files], capture_output=True, text=True, timeout=600, check=True)
    return sum(float(line.split()[0]) for line in done.stdout.splitlines())
