"""The broker of a demo as its own process: started, killed, started again, ended; never left behind."""

from __future__ import annotations

import re
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

START_SECONDS = 20.0
READY = re.compile(r"ready on (\S+):(\d+)")


class BrokerDied(Exception):  # noqa: N818  # what happened, in the words of the table
    """The broker did not come up; the text says why."""


class BrokerProcess:
    """`tautolog serve` in `folder`; `sabotage` names a deliberate defect (`tautolog.campaign.demo.sabotage`)."""

    def __init__(self, folder: Path, sabotage: str | None = None) -> None:
        self.folder = folder
        self.sabotage = sabotage
        self.port = 0
        self.process: subprocess.Popen[str] | None = None

    @property
    def bootstrap(self) -> str:
        """Where clients connect."""
        return f"127.0.0.1:{self.port}"

    def start(self) -> float:
        """Start the process, on the same port as before if there was one; return the seconds until it was ready."""
        module = ["tautolog"] if self.sabotage is None else ["tautolog.campaign.demo.sabotage", self.sabotage]
        command = [sys.executable, "-m", *module, "serve", "--data", str(self.folder / "data")]
        command += ["--listen", f"127.0.0.1:{self.port}", "--set", "group.initial.rebalance.delay.ms=300"]
        began = time.monotonic()
        with (self.folder / "broker.log").open("a", encoding="utf-8") as log:
            self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)  # noqa: S603  # ours
        assert self.process.stdout is not None
        ready, _, _ = select.select([self.process.stdout], [], [], START_SECONDS)
        line = self.process.stdout.readline() if ready else ""
        found = READY.search(line)
        if found is None:
            self.stop()
            raise BrokerDied(f"the broker did not start: read {self.folder / 'broker.log'}")
        self.port = int(found[2])
        return time.monotonic() - began

    def kill(self) -> None:
        """SIGKILL: what the process held in memory is gone, what it wrote is the operating system's."""
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self._ended(5.0)

    def stop(self) -> int | None:
        """SIGTERM, then SIGKILL if it does not listen; the exit code, or None if it had ended before."""
        if self.process is None or self.process.poll() is not None:
            return None
        self.process.terminate()
        try:
            return self._ended(10.0)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self._ended(5.0)

    def _ended(self, seconds: float) -> int:
        assert self.process is not None
        code = self.process.wait(seconds)
        if self.process.stdout is not None:
            self.process.stdout.close()
        return code
