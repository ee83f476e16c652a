"""`tautolog serve` as a process of its own: started on a free port, asked, killed, started again on the same data.

Everything started here is ended here, by its process id.
"""

from __future__ import annotations

import re
import select
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

READY = re.compile(r"ready on (\S+):(\d+)")
START_SECONDS = 20.0
STOP_SECONDS = 15.0


class Served:
    """One broker. `start` waits for its ready line; `log` is what it said on standard error.

    `settings` are broker configs, `arguments` go to the command line as they are, `program` replaces `python -m tautolog`.
    """

    def __init__(
        self,
        folder: Path,
        settings: Mapping[str, str] | None = None,
        fsync: str = "interval",
        arguments: tuple[str, ...] = (),
        program: tuple[str, ...] = (sys.executable, "-m", "tautolog"),
    ) -> None:
        self.folder = folder
        self.data = folder / "data"
        self.log = folder / "broker.log"
        self.settings = settings or {}
        self.fsync = fsync
        self.arguments = arguments
        self.program = program
        self.port = 0
        self.process: subprocess.Popen[str] | None = None

    @property
    def bootstrap(self) -> str:
        """Where clients connect."""
        return f"127.0.0.1:{self.port}"

    @property
    def address(self) -> tuple[str, int]:
        """The same as host and port."""
        return "127.0.0.1", self.port

    @property
    def pid(self) -> int:
        """The broker's process id."""
        assert self.process is not None
        return self.process.pid

    def log_text(self) -> str:
        """What it has said so far."""
        return self.log.read_text(encoding="utf-8") if self.log.exists() else ""

    def resident_mb(self) -> float:
        """Its resident memory in MB, as the kernel counts it."""
        return resident_mb(self.pid)

    def command(self) -> list[str]:
        """The command line."""
        command = [*self.program, "serve", "--data", str(self.data), "--listen", self.bootstrap]
        command += ["--fsync", self.fsync, *self.arguments]
        for name, value in self.settings.items():
            command += ["--set", f"{name}={value}"]
        return command

    def start(self) -> Self:
        """Start, on the same port as before if there was one."""
        self.launch()
        self.await_ready()
        return self

    def launch(self) -> None:
        """Start the process, and do not wait for it."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with self.log.open("a", encoding="utf-8") as log:
            self.process = subprocess.Popen(self.command(), stdout=subprocess.PIPE, stderr=log, text=True)

    def await_ready(self) -> None:
        """Read the line that it is ready; `AssertionError` with its log when there is none."""
        assert self.process is not None
        assert self.process.stdout is not None
        ready, _, _ = select.select([self.process.stdout], [], [], START_SECONDS)
        line = self.process.stdout.readline() if ready else ""
        found = READY.search(line)
        if found is None:
            self.stop()
            raise AssertionError(f"the broker did not start: {self.log_text()[-2000:]}")
        self.port = int(found[2])

    def kill(self) -> None:
        """SIGKILL, and wait."""
        assert self.process is not None
        self.process.kill()
        self.ended(5)

    def stop(self) -> int | None:
        """SIGTERM; the exit code, None when it had ended before. SIGKILL after 15 s."""
        if self.process is None:
            return None
        if self.process.poll() is not None:
            self.ended()
            return None
        self.process.terminate()
        try:
            return self.ended()
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.ended(5)

    def restart(self) -> Self:
        """Start again after `kill` or `stop`."""
        return self.start()

    def ended(self, seconds: float = STOP_SECONDS) -> int:
        """Wait until it has ended by itself; the exit code."""
        assert self.process is not None
        assert self.process.stdout is not None
        code = self.process.wait(seconds)
        self.process.stdout.close()
        return code

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def resident_mb(pid: int) -> float:
    """Resident memory of a process in MB."""
    for line in Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0


def wait_for(condition, seconds: float = 10.0):
    """Look every few milliseconds until `condition()` holds; what it returned."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, "it did not happen in time"
        select.select([], [], [], 0.005)
    return found
