"""`tautolog serve` as a process of its own: started, asked, killed, started again on the same data.

`with LiveBroker(folder) as broker: broker.bootstrap`. Everything started here is ended here, by its process id.
"""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Self

READY = "tautolog: ready on "
START_SECONDS = 30.0
STOP_SECONDS = 15.0


class LiveBroker:
    """One broker on a free port of 127.0.0.1, its data and its log in `folder`.

    `options` become broker configs (`--set`); `arguments` go to the command line as they are; `program` replaces
    `python -m tautolog`. `ready_seconds` is how long the last start took.
    """

    def __init__(
        self,
        folder: Path,
        *,
        options: dict[str, str] | None = None,
        arguments: tuple[str, ...] = (),
        program: tuple[str, ...] = (sys.executable, "-m", "tautolog"),
    ) -> None:
        self.folder = folder
        self.data = folder / "data"
        self.log = folder / "broker.log"
        self.bootstrap = ""
        self.ready_seconds = 0.0
        self.process: subprocess.Popen[bytes] | None = None
        self._options = options or {}
        self._arguments = arguments
        self._program = program

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def address(self) -> tuple[str, int]:
        """Host and port."""
        host, _, port = self.bootstrap.rpartition(":")
        return host, int(port)

    @property
    def pid(self) -> int:
        """The process id."""
        assert self.process is not None
        return self.process.pid

    def log_text(self) -> str:
        """What the broker has said so far."""
        return self.log.read_text(encoding="utf-8") if self.log.exists() else ""

    def resident_mb(self) -> float:
        """Resident memory in MB, as the kernel counts it."""
        return resident_mb(self.pid)

    def command(self) -> list[str]:
        """The command line."""
        listen = self.bootstrap or "127.0.0.1:0"  # a restart keeps its port
        sets = [part for name, value in self._options.items() for part in ("--set", f"{name}={value}")]
        return [*self._program, "serve", "--data", str(self.data), "--listen", listen, *sets, *self._arguments]

    def start(self) -> None:
        """Start, and return when it says that it is ready; `RuntimeError` with its log when it does not."""
        began = time.monotonic()
        self.launch()
        self.await_ready(began)

    def launch(self) -> None:
        """Start the process, and do not wait for it."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(self.command(), stdout=subprocess.PIPE, stderr=log, start_new_session=True)

    def await_ready(self, began: float) -> None:
        """Read the line that it is ready; `RuntimeError` with its log when there is none."""
        line = self._first_line(began + START_SECONDS)
        self.ready_seconds = time.monotonic() - began
        if not line.startswith(READY):
            self.kill()
            raise RuntimeError(f"the broker did not come up, it said {line!r} and\n{self.log_text()}")
        self.bootstrap = line[len(READY) :].split(" ", 1)[0]

    def _first_line(self, deadline: float) -> str:
        assert self.process is not None
        assert self.process.stdout is not None
        line = b""
        with selectors.DefaultSelector() as selector:
            selector.register(self.process.stdout, selectors.EVENT_READ)
            while not line.endswith(b"\n"):
                if not selector.select(deadline - time.monotonic()):
                    return line.decode()
                chunk = os.read(self.process.stdout.fileno(), 4096)
                if not chunk:
                    return line.decode()
                line += chunk
        return line.decode()

    def stop(self) -> int:
        """SIGTERM, wait, and return the exit code; SIGKILL when it does not listen."""
        if self.process is None:
            return 0
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.process.kill()
        return self._reap()

    def kill(self) -> int:
        """SIGKILL, as a crash; the exit code."""
        assert self.process is not None
        self.process.kill()
        return self._reap()

    def wait(self, seconds: float = STOP_SECONDS) -> int:
        """Wait until it ends by itself; its exit code."""
        assert self.process is not None
        self.process.wait(seconds)
        return self._reap()

    def _reap(self) -> int:
        assert self.process is not None
        code = self.process.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()
        return code


def resident_mb(pid: int) -> float:
    """Resident memory of a process in MB."""
    for line in Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0
