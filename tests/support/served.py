"""`tautolog serve` as a process of its own, on a free port, ended by its process id."""

from __future__ import annotations

import re
import select
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

READY = re.compile(r"ready on (\S+):(\d+)")
START_SECONDS = 20.0


class Served:
    """One broker. `start` waits for its ready line; `log` is what it said on standard error."""

    def __init__(
        self, folder: Path, settings: Mapping[str, str] | None = None, fsync: str = "interval", arguments: tuple[str, ...] = ()
    ) -> None:
        self.folder = folder
        self.data = folder / "data"
        self.log = folder / "broker.log"
        self.settings = settings or {}
        self.fsync = fsync
        self.arguments = arguments
        self.port = 0
        self.process: subprocess.Popen[str] | None = None

    @property
    def bootstrap(self) -> str:
        """Where clients connect."""
        return f"127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        """The broker's process id."""
        assert self.process is not None
        return self.process.pid

    def start(self) -> Served:
        """Start, on the same port as before if there was one."""
        self.folder.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "tautolog", "serve", "--data", str(self.data), "--listen", f"127.0.0.1:{self.port}"]
        command += ["--fsync", self.fsync, *self.arguments]
        for name, value in self.settings.items():
            command += ["--set", f"{name}={value}"]
        with self.log.open("a", encoding="utf-8") as log:
            self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)
        ready, _, _ = select.select([self.process.stdout], [], [], START_SECONDS)
        line = self.process.stdout.readline() if ready else ""
        found = READY.search(line)
        if found is None:
            self.stop()
            raise AssertionError(f"the broker did not start: {self.log.read_text(encoding='utf-8')[-2000:]}")
        self.port = int(found[2])
        return self

    def kill(self) -> None:
        """SIGKILL, and wait."""
        self.process.send_signal(signal.SIGKILL)
        self._ended(5)

    def stop(self) -> int | None:
        """SIGTERM; the exit code. SIGKILL after 15 s."""
        if self.process is None or self.process.poll() is not None:
            return None
        self.process.terminate()
        try:
            return self._ended(15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self._ended(5)

    def restart(self) -> Served:
        """Start again after `kill` or `stop`."""
        return self.start()

    def _ended(self, seconds: float) -> int:
        code = self.process.wait(seconds)
        self.process.stdout.close()
        return code

    def __enter__(self) -> Served:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()
