"""The simulated world, composed: time, network, machines, and the choices that everything follows from.

A world is built, given processes, and run: `run_for`, `run_until`. It judges nothing and records nothing by itself; who wants
to know listens through `on_report`. Same choices, same calls: same events, same bytes on every disk.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tautolog.client.link import Address
from tautolog.sim.caller import CallerProcess
from tautolog.sim.choices import Choices
from tautolog.sim.disk import SimDisk
from tautolog.sim.network import Connection, Network
from tautolog.sim.process import Process
from tautolog.sim.scheduler import MILLISECOND, Scheduler
from tautolog.sim.server import Fsync, MachineDisk, ServerProcess


class World:
    """Everything that a run consists of. Processes are started by whoever added them."""

    def __init__(self, choices: Choices) -> None:
        self.choices = choices
        self.scheduler = Scheduler()
        self.network = Network(self.scheduler, choices)
        self.processes: dict[str, Process] = {}
        self.on_report: Callable[[str, str, str], None] = lambda _process, _level, _text: None
        """Called with each line that a process says to its operator: process, level, text."""
        self.on_end: Callable[[str], None] = lambda _process: None
        """Called when a process ends, however it ends."""
        self._listeners: dict[tuple[str, int], ServerProcess] = {}

    @property
    def now_ns(self) -> int:
        """Virtual time since the run began."""
        return self.scheduler.now_ns

    # building

    def add_server(
        self,
        host: str,
        port: int,
        make: Callable[[SimDisk, ServerProcess], Any],
        *,
        disk: SimDisk | None = None,
        fsync: Fsync = Fsync.ALWAYS,
    ) -> ServerProcess:
        """A machine with a disk and a process that listens at `host:port`; `make` builds its node, once a run."""
        disk = MachineDisk(self.choices.stream(f"disk/{host}")) if disk is None else disk
        process = ServerProcess(self, host, make, disk=disk, fsync=fsync)
        self.processes[host] = self._listeners[host, port] = process
        return process

    def add_caller(self, host: str, make: Callable[[CallerProcess], Any]) -> CallerProcess:
        """A machine with a client process; `make` builds its node, once a run."""
        process = CallerProcess(self, host, make)
        self.processes[host] = process
        return process

    # running

    def run_for(self, duration_ms: int, stop: Callable[[], bool] | None = None) -> bool:
        """Let time pass; `stop` is asked after each event and ends it early. Returns whether it did."""
        return self.scheduler.run_until(self.now_ns + duration_ms * MILLISECOND, stop)

    # for processes

    def connect(self, caller: CallerProcess, address: Address) -> Connection:
        """Open a connection to whoever listens there, or ever will."""
        return self.network.connect(caller, self._listeners[address.host, address.port])

    def report(self, process: str, level: str, text: str) -> None:
        """A line for the operator."""
        self.on_report(process, level, text)

    def datagram(self, source: str, target: Any, message: Any) -> None:
        """Send a message outside of any connection, from one process to another."""
        receiver = self.processes[target]
        self.network.datagram(source, target, lambda it: self._deliver(receiver, source, it), message)

    @staticmethod
    def _deliver(receiver: Process, source: str, message: Any) -> None:
        receiver.hear(source, message)
