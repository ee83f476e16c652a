"""The queues under test: how each is started, asked whether it is there, weighed and ended."""

from __future__ import annotations

import socket
import struct
import subprocess
import sys
import time
from pathlib import Path
from typing import Protocol

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))  # the launchers are the tests' own

from support.apache_kafka import ApacheKafka, free_port, missing
from support.served import Served, resident_mb


class Peer(Protocol):
    """A queue in a process of its own."""

    name: str
    bootstrap: str

    def start(self) -> float:
        """Start it; the seconds to its first answer."""

    def stop(self) -> None:
        """End it."""

    def resident(self) -> float:
        """Its resident memory in MB."""


def first_answer(port: int, process: subprocess.Popen[str] | None, deadline: float) -> None:
    """Return when one ApiVersions exchange has succeeded."""
    request = struct.pack(">ihhih", 10, 18, 0, 1, -1)
    while time.monotonic() < deadline:
        try:
            with socket.create_connection(("127.0.0.1", port), 1) as connection:
                connection.sendall(request)
                if len(connection.recv(10)) == 10:
                    return
        except OSError:
            time.sleep(0.002)
        if process is not None and process.poll() is not None:
            break
    raise OSError("the broker did not come up")


class Ours:
    """Tautolog."""

    name = "tautolog"

    def __init__(self, folder: Path, fsync: str) -> None:
        script = Path(sys.executable).with_name("tautolog")
        program = (str(script),) if script.exists() else (sys.executable, "-m", "tautolog")
        self._broker = Served(folder, fsync=fsync, arguments=("--log-level", "warning"), program=program)
        self.bootstrap = ""

    def start(self) -> float:
        broker = self._broker
        broker.port = free_port()
        self.bootstrap = broker.bootstrap
        began = time.monotonic()
        broker.launch()
        first_answer(broker.port, broker.process, began + 30)
        took = time.monotonic() - began
        broker.await_ready()
        return took

    def stop(self) -> None:
        self._broker.stop()

    def kill(self) -> None:
        self._broker.kill()

    def resident(self) -> float:
        return self._broker.resident_mb()


class Kafka:
    """Apache Kafka 4.3.0."""

    name = "Apache Kafka"

    def __init__(self, folder: Path, fsync: str) -> None:
        settings = {"log.flush.interval.messages": "1"} if fsync == "always" else {}
        self._broker = ApacheKafka(folder, settings, heap="1g")
        self._prepared = False
        self.bootstrap = ""

    def start(self) -> float:
        if not self._prepared:
            self._broker.prepare()
            self._prepared = True
        self.bootstrap = self._broker.bootstrap
        return self._broker.launch()

    def stop(self) -> None:
        self._broker.stop()

    def kill(self) -> None:
        assert self._broker.process is not None
        self._broker.process.kill()
        self._broker.process.wait(10)

    def resident(self) -> float:
        assert self._broker.process is not None
        return resident_mb(self._broker.process.pid)


def kafka_missing() -> str | None:
    """Why Apache Kafka cannot take part, or None."""
    return missing()
