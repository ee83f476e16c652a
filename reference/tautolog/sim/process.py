"""Processes of the simulated world: a node, the machine it runs on, and what can happen to both.

What a crash leaves: of a process that was killed, the disk as the kernel has it and connections that the kernel closes; of a
machine that lost power, the disk as the last sync left it (`SimDisk.power_cut`) and peers that nobody tells; of a pause,
everything, later. A new run of a process is a new node: nothing of the old one's memory reaches it.

Messages travel as the bytes of Kafka's protocol: each node has its own copy, and a field that a version lacks is lost.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol

from tautolog.core.ports import Instant
from tautolog.sim.network import Connection
from tautolog.sim.scheduler import Clock

if TYPE_CHECKING:
    from tautolog.sim.world import World


class State(StrEnum):
    """What a process is doing."""

    DOWN = "down"
    RUNNING = "running"
    PAUSED = "paused"


class SimNode(Protocol):
    """The part of the node contract that the world needs of every node."""

    outbox: list[Any]

    def start(self, now: Instant) -> None:
        """Come up."""

    def wake(self, now: Instant) -> None:
        """Do what is due."""

    def next_wake(self) -> int | None:
        """When `wake` is wanted next."""


class NodeFailed(Exception):  # noqa: N818  # named after what happened, not a kind of caller's error
    """A node raised: a bug of ours, found by this run. The cause is the original exception."""

    def __init__(self, process: str, error: BaseException) -> None:
        super().__init__(f"{process} failed: {type(error).__name__}: {error}")
        self.process = process


class Process:
    """One process on one machine of its own; `host` is both their name. Subclasses know what their node says and hears."""

    def __init__(self, world: World, host: str) -> None:
        self.world = world
        self.host = host
        self.clock = Clock()
        self.state = State.DOWN
        self.has_power = True
        self.runs = 0
        """How often it was started; the current run's number."""
        self.node: Any = None
        self._backlog: list[tuple[Callable[..., None], tuple[Any, ...]]] = []
        self._wake_at_ns = -1

    # lifecycle

    def start(self) -> None:
        """Start the process, and its machine if that has no power."""
        if self.state is not State.DOWN:
            return
        if not self.has_power:
            self.has_power = True
            self.clock.boot(self.world.now_ns)
        self.state = State.RUNNING
        self.runs += 1
        self._wake_at_ns = -1
        self.node = self._make()
        self._step(self.node.start)

    def kill(self) -> None:
        """End the process at once, as `kill -9` does: its memory is gone, the kernel closes its connections."""
        if self.state is State.DOWN:
            return
        known = self._connections()
        self._forget()
        for connection in known:
            connection.end(self)

    def power_off(self) -> None:
        """Cut the machine's power: memory and unsynced data are gone, and nobody is told."""
        if not self.has_power:
            return
        known = self._connections()
        self._forget()
        for connection in known:
            connection.vanish(self)
        self.has_power = False

    def pause(self) -> None:
        """Stop the process without ending it, as SIGSTOP does: what arrives waits in the kernel."""
        if self.state is State.RUNNING:
            self.state = State.PAUSED

    def resume(self) -> None:
        """Let a paused process go on with everything that waited for it, in order."""
        if self.state is not State.PAUSED:
            return
        self.state = State.RUNNING
        backlog, self._backlog = self._backlog, []
        for number, (step, arguments) in enumerate(backlog):
            if self.state is not State.RUNNING:
                self._backlog = backlog[number:] + self._backlog
                return
            step(*arguments)
        self._arm()

    def _forget(self) -> None:
        if self.state is not State.DOWN:
            self.world.on_end(self.host)
        self.state = State.DOWN
        self.node = None
        self._backlog.clear()
        self._wake_at_ns = -1

    # what subclasses decide

    def _make(self) -> Any:
        raise AssertionError(self.host)

    def _drain(self) -> None:
        """Take the node's outbox and do what it says."""
        raise AssertionError(self.host)

    def _connections(self) -> list[Connection]:
        """The connections that this process knows."""
        raise AssertionError(self.host)

    # steps

    def instant(self) -> Instant:
        """What the machine's clocks show now."""
        return self.clock.instant(self.world.scheduler.now_ns)

    def _step(self, door: Callable[..., None], *arguments: Any) -> None:
        """One call of the node; while paused, later."""
        if self.state is State.PAUSED:
            self._backlog.append((self._step, (door, *arguments)))
            return
        if self.state is State.DOWN:
            return
        try:
            door(self.clock.instant(self.world.scheduler.now_ns), *arguments)
        except Exception as error:
            raise NodeFailed(self.host, error) from error
        if self.node.outbox:
            self._drain()
        self._settled()
        self._arm()

    def _settled(self) -> None:
        """Called after each step and what followed from it."""

    def _arm(self) -> None:
        """Be there when the node wants to be woken. An event that comes too early is cheaper than one taken back."""
        if self.state is not State.RUNNING:
            return
        deadline_ms = self.node.next_wake()
        if deadline_ms is None:
            return
        scheduler = self.world.scheduler
        at_ns = self.clock.reach(deadline_ms, scheduler.now_ns)
        if self._wake_at_ns < 0 or at_ns < self._wake_at_ns:
            self._wake_at_ns = at_ns
            scheduler.at(at_ns, self._wake, (self.runs, at_ns))

    def rearm(self) -> None:
        """The clock changed its rate: what was planned by the old one is planned anew."""
        self._wake_at_ns = -1
        self._arm()

    def _wake(self, planned: tuple[int, int]) -> None:
        run, at_ns = planned
        if run != self.runs or at_ns != self._wake_at_ns or self.state is State.DOWN:
            return
        self._wake_at_ns = -1
        if self.state is State.PAUSED:
            return
        deadline_ms = self.node.next_wake()
        if deadline_ms is not None and deadline_ms <= self.instant().monotonic_ms:
            self._step(self.node.wake)
        else:
            self._arm()

    # a machine's side of the network

    def hear(self, source: str, message: Any) -> None:
        """A message outside of any connection."""
        if self.has_power and self.state is not State.DOWN:
            self._step(self.node.receive, source, message)

    def powered(self) -> bool:
        """Whether the machine runs at all."""
        return self.has_power

    def listens(self) -> bool:
        """Whether connections are accepted: by default nobody's."""
        return False
