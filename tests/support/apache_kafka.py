"""A real Apache Kafka, single node, as the oracle: `with ApacheKafka(folder) as kafka: kafka.bootstrap`.

Needs Java 17 and Maven; the jars (54 MB) come once from Maven Central into the user's cache. `missing()` says in words why
there is none. Everything started here is ended here, by its process id.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import struct
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import Self

VERSION = "4.3.0"
CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "apache-kafka" / VERSION
CLUSTER_ID = "dGF1dG9sb2ctb3JhY2xlLQ"
START_SECONDS = 60.0
POM = """<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>tautolog</groupId><artifactId>oracle</artifactId><version>1</version>
  <dependencies>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>{v}</version></dependency>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka-tools</artifactId><version>{v}</version></dependency>
    <dependency><groupId>org.slf4j</groupId><artifactId>slf4j-nop</artifactId><version>1.7.36</version></dependency>
  </dependencies>
</project>
"""


def missing() -> str | None:
    """Why no Apache Kafka can be had on this machine, or None."""
    for tool in ("java", "mvn"):
        if shutil.which(tool) is None:
            return f"{tool} is not installed (Apache Kafka needs Java 17 and Maven)"
    try:
        fetch()
    except (OSError, subprocess.CalledProcessError) as error:
        return f"the jars of Apache Kafka {VERSION} cannot be fetched: {error}"
    return None


def fetch() -> None:
    """Bring the jars into the cache; nothing happens when they are there."""
    if (CACHE / "done").exists():
        return
    CACHE.mkdir(parents=True, exist_ok=True)
    pom = CACHE / "pom.xml"
    pom.write_text(POM.format(v=VERSION), encoding="utf-8")
    command = ["mvn", "-q", "-B", "-f", str(pom), "dependency:copy-dependencies", f"-DoutputDirectory={CACHE}"]
    subprocess.run(command, check=True, capture_output=True, timeout=600)
    (CACHE / "done").touch()


def free_port() -> int:
    """A port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def answers(port: int) -> bool:
    """Whether one ApiVersions exchange ends without an error."""
    request = struct.pack(">hhih", 18, 0, 1, -1)
    try:
        with socket.create_connection(("127.0.0.1", port), 0.5) as connection:
            connection.sendall(struct.pack(">i", len(request)) + request)
            reply = connection.recv(10)
            return len(reply) == 10 and reply[8:10] == b"\0\0"
    except OSError:
        return False


class ApacheKafka:
    """One broker and controller in one process, on free ports of 127.0.0.1, in `folder`."""

    def __init__(self, folder: Path, settings: dict[str, str] | None = None, heap: str = "512m") -> None:
        self.folder = folder
        self.settings = settings or {}
        self.heap = heap
        self.port = 0
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def bootstrap(self) -> str:
        """Where clients connect."""
        return f"127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self.prepare()
        self.launch()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def prepare(self) -> None:
        """Write the properties and format the data folder."""
        fetch()
        self.folder.mkdir(parents=True, exist_ok=True)
        self.port, controller = free_port(), free_port()
        lines = {
            "process.roles": "broker,controller",
            "node.id": "1",
            "controller.quorum.voters": f"1@127.0.0.1:{controller}",
            "listeners": f"PLAINTEXT://127.0.0.1:{self.port},CONTROLLER://127.0.0.1:{controller}",
            "controller.listener.names": "CONTROLLER",
            "inter.broker.listener.name": "PLAINTEXT",
            "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
            "log.dirs": str(self.folder / "data"),
            "offsets.topic.replication.factor": "1",
            "transaction.state.log.replication.factor": "1",
            "transaction.state.log.min.isr": "1",
            "share.coordinator.state.topic.replication.factor": "1",
            "share.coordinator.state.topic.min.isr": "1",
            **self.settings,
        }
        properties = self.folder / "server.properties"
        properties.write_text("".join(f"{name}={value}\n" for name, value in lines.items()), encoding="utf-8")
        if not (self.folder / "data" / "meta.properties").exists():
            tool = self._java("kafka.tools.StorageTool", "format", "-t", CLUSTER_ID, "-c", str(properties), heap="128m")
            subprocess.run(tool, check=True, capture_output=True, timeout=60)

    def launch(self) -> float:
        """Start the process and wait until it answers; return the seconds it took."""
        with (self.folder / "server.log").open("ab") as log:
            began = time.monotonic()
            command = self._java("kafka.Kafka", str(self.folder / "server.properties"), heap=self.heap)
            self.process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
        while not answers(self.port):
            if self.process.poll() is not None or time.monotonic() - began > START_SECONDS:
                self.stop()
                msg = f"Apache Kafka did not answer within {START_SECONDS:.0f} s: read {self.folder / 'server.log'}"
                raise OSError(msg)
            select_briefly()
        return time.monotonic() - began

    def stop(self) -> None:
        """End the process: SIGTERM, and SIGKILL if it does not listen."""
        if self.process is None or self.process.poll() is not None:
            return
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait(5)

    def _java(self, main: str, *arguments: str, heap: str) -> list[str]:
        options = [f"-Xms{heap}", f"-Xmx{heap}", "-XX:+UseG1GC", "-XX:MaxGCPauseMillis=20", "-Djava.awt.headless=true"]
        return ["java", *options, "-cp", f"{CACHE}/*", main, *arguments]


def select_briefly() -> None:
    """Give the starting process the processor for 20 ms."""
    import select

    select.select([], [], [], 0.02)
