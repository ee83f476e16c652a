"""A broker's process: requests in, answers out in order, and nothing answered before its durability barrier.

The same rules as over TCP: a request that is not decided yet holds back those behind it on its connection, as in Kafka, where
the channel is muted, except that Produce may follow Produce; answers leave in the order of their requests; effects leave in
the order in which they were made. With `always` an effect leaves after a sync that began when everything it speaks of was
written; a failed sync stops the process, with nothing released after it, and no process of that machine runs again before
a reboot: until then the kernel shows bytes that are on no disk, and that no later sync brings there.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from tautolog.core.errors import ErrorCode, InvariantBroken, ProtocolError
from tautolog.core.messages.api_versions import ApiVersionsRequest
from tautolog.core.node import Disconnect, Effect, Peer, Reply, Report, Request, Send
from tautolog.core.ports import StorageError
from tautolog.sim.disk import SimDisk
from tautolog.sim.network import DATA, Connection
from tautolog.sim.process import NodeFailed, Process, State
from tautolog.sim.scheduler import MICROSECOND, MILLISECOND
from tautolog.wire.codec import decode_request, encode_response

if TYPE_CHECKING:
    from tautolog.sim.world import World

PRODUCE, API_VERSIONS = 0, 18


class Fsync(StrEnum):
    """When data is made durable: not at all, every so often, or before anything is answered."""

    NEVER = "never"
    INTERVAL = "interval"
    ALWAYS = "always"


class SyncFailed(Exception):  # noqa: N818  # it says what happened
    """A sync failed; as over TCP no `StorageError`, which would be answered to a client while the broker goes on."""


class MachineDisk(SimDisk):
    """The disk as a process sees it: a failed sync is the end of it."""

    def sync(self, path: str) -> None:
        """Make one file durable. Raises `SyncFailed`."""
        try:
            super().sync(path)
        except StorageError as error:
            raise SyncFailed(str(error)) from error

    def sync_all(self) -> None:
        """Make everything durable. Raises `SyncFailed`."""
        try:
            super().sync_all()
        except StorageError as error:
            raise SyncFailed(str(error)) from error


class Slot:
    """The place of one answer in the order of its connection; the token of its request."""

    __slots__ = ("correlation_id", "decided", "done", "frame", "key", "line", "unknown_version", "version")

    def __init__(self, line: Line, key: int, version: int, correlation_id: int) -> None:
        self.line = line
        self.key = key
        self.version = version
        self.correlation_id = correlation_id
        self.unknown_version = False
        self.decided = False
        self.done = False
        self.frame: bytes | None = None


class Line:
    """The broker's side of one connection."""

    __slots__ = ("connection", "open", "peer", "queue", "slots", "undecided")

    def __init__(self, connection: Connection, peer: Peer) -> None:
        self.connection = connection
        self.peer = peer
        self.open = True
        self.slots: deque[Slot] = deque()
        self.undecided: list[Slot] = []
        self.queue: deque[bytes] = deque()


class ServerProcess(Process):
    """A process that listens: a broker and its disk. `make(disk, process)` builds its node for one run."""

    def __init__(
        self,
        world: World,
        host: str,
        make: Callable[[SimDisk, ServerProcess], Any],
        *,
        disk: SimDisk,
        fsync: Fsync = Fsync.ALWAYS,
        sync_interval_ms: int = 1000,
    ) -> None:
        super().__init__(world, host)
        self.disk = disk
        self.fsync = fsync
        self.sync_interval_ms = sync_interval_ms
        self.sync_ns = 200 * MICROSECOND
        """What a sync takes; a slow disk takes longer, a stalled one until it is let go on."""
        self._make_node = make
        self._lines: dict[int, Line] = {}
        self._held: list[tuple[Effect, bytes | None]] = []
        self._syncing = False
        self.answered = 0
        self.restart_ms = 1000
        """When the process ended by itself, because of its disk: how long until it is started again."""

    # lifecycle

    def start(self) -> None:
        """Start the process; one whose disk does not let it come up ends again, and tries later.

        Whoever asks for it, a machine on which a sync failed is rebooted first.
        """
        if self.state is State.DOWN and self.disk.lost_a_sync:
            self.power_off()
        try:
            super().start()
        except NodeFailed as failure:
            if not isinstance(failure.__cause__, StorageError):
                raise
            self._ended(f"cannot start: {failure.__cause__}")

    def _step(self, door: Callable[..., None], *arguments: Any) -> None:
        """One call of the node; a failed sync within it ends the process."""
        try:
            super()._step(door, *arguments)
        except NodeFailed as failure:
            if not isinstance(failure.__cause__, SyncFailed):
                raise
            self._sync_failed(failure.__cause__)

    def _sync_failed(self, error: SyncFailed) -> None:
        self._ended(f"a sync failed, so nothing can be promised any more: {error}")

    def _ended(self, text: str) -> None:
        """The process ends by itself, and is started again after a while."""
        self.world.report(self.host, "error", text)
        self.kill()
        run = self.runs

        def again(_: None) -> None:
            if self.runs == run and self.state is State.DOWN and self.has_power:
                self.start()

        self.world.scheduler.after(self.restart_ms * MILLISECOND, again)

    def _make(self) -> Any:
        if self.fsync is Fsync.INTERVAL:
            self.world.scheduler.after(self.sync_interval_ms * MILLISECOND, self._tick, self.runs + 1)
        return self._make_node(self.disk, self)

    def stop(self) -> None:
        """End the process as SIGTERM does: what is decided is answered, the storage is left clean."""
        if self.state is not State.RUNNING:
            return
        try:
            self.node.stop(self.instant())
            self._collect()
            self.disk.sync_all()
        except (StorageError, SyncFailed):
            pass  # nothing more can be promised: it ends as if it had been killed
        else:
            held, self._held = self._held, []
            self._release(held)
        self.kill()

    def power_off(self) -> None:
        """Cut the machine's power: the disk keeps what was synced, and some of the rest."""
        if self.has_power:
            super().power_off()
            self.disk.power_cut()

    def _forget(self) -> None:
        super()._forget()
        for line in self._lines.values():
            line.open = False
        self._lines.clear()
        self._held.clear()
        self._syncing = False

    def _connections(self) -> list[Connection]:
        return [line.connection for line in self._lines.values()]

    def listens(self) -> bool:
        """Whether connections are accepted; a paused process's kernel goes on doing so."""
        return self.state is not State.DOWN

    # the network's doors

    def opened(self, connection: Connection) -> None:
        """A client connects."""
        peer = Peer(connection.number, f"/{connection.caller.host}")
        self._lines[connection.number] = Line(connection, peer)

    def arrived(self, connection: Connection, payload: Any) -> None:
        """A frame of a client."""
        if self.state is State.PAUSED:
            self._backlog.append((self.arrived, (connection, payload)))
            return
        line = self._lines.get(connection.number)
        if line is not None:
            line.queue.append(payload)
            self._serve(line)

    def closed(self, connection: Connection, reason: str) -> None:
        """A client is gone."""
        if self.state is State.PAUSED:
            self._backlog.append((self.closed, (connection, reason)))
            return
        line = self._lines.pop(connection.number, None)
        if line is not None:
            line.open = False
            self._step(self.node.disconnected, line.peer)

    # requests

    def _serve(self, line: Line) -> None:
        """Hand the node what it may see of this connection now."""
        while line.queue and line.open and self.state is State.RUNNING:
            frame = line.queue[0]
            if line.undecided and not (
                int.from_bytes(frame[:2], "big") == PRODUCE and all(slot.key == PRODUCE for slot in line.undecided)
            ):
                return
            line.queue.popleft()
            self._request(line, frame)

    def _request(self, line: Line, frame: bytes) -> None:
        try:
            key, version, correlation_id, client_id, body = decode_request(bytearray(frame))
        except ProtocolError as error:
            self.world.report(self.host, "warning", f"{line.peer.host}: {error}")
            self._disconnect(line.peer)
            return
        slot = Slot(line, key, version, correlation_id)
        if body is None:
            slot.unknown_version = True
            slot.version = version = 0
            body = ApiVersionsRequest()
        line.slots.append(slot)
        line.undecided.append(slot)
        self._step(self._receive, line.peer, Request(key, version, client_id, body, slot))

    def _receive(self, now: Any, peer: Peer, request: Request) -> None:
        try:
            self.node.receive(now, peer, request)
        except ProtocolError as error:
            self.node.outbox.append(Disconnect(peer, str(error)))

    # effects

    def _drain(self) -> None:
        served = self._collect()
        if self.fsync is Fsync.ALWAYS and (self._syncing or self.disk.dirty):
            self._commit()
        else:
            held, self._held = self._held, []
            self._release(held)
        for line in served:
            if line.queue:
                self._serve(line)

    def _settled(self) -> None:
        """Sync what nobody waits for, too: what a node writes unasked is durable soon after."""
        if self.fsync is Fsync.ALWAYS and not self._syncing and self.disk.dirty and self.state is State.RUNNING:
            self._commit()

    def _collect(self) -> list[Line]:
        """Move the outbox behind the barrier, every answer as the bytes it is now; say which lines may go on."""
        served: list[Line] = []
        outbox = self.node.outbox
        for effect in outbox:
            frame = None
            if isinstance(effect, Reply):
                slot: Slot = effect.token
                if not slot.decided:
                    slot.decided = True
                    if slot in slot.line.undecided:
                        slot.line.undecided.remove(slot)
                    served.append(slot.line)
                if effect.message is not None:
                    frame = self._encode(slot, effect.message)
            self._held.append((effect, frame))
        outbox.clear()
        return served

    def _encode(self, slot: Slot, message: Any) -> bytes:
        if slot.unknown_version:
            message.error_code = ErrorCode.UNSUPPORTED_VERSION
            message.api_keys = [served for served in message.api_keys if served.api_key == API_VERSIONS]
        try:
            return b"".join(encode_response(slot.key, slot.version, slot.correlation_id, message))[4:]
        except Exception as error:
            raise NodeFailed(self.host, error) from error

    def _commit(self) -> None:
        """Begin a sync that covers everything decided so far, unless one is under way."""
        if self._syncing:
            return
        self._syncing = True
        covered, self._held = self._held, []
        self.world.scheduler.after(self.sync_ns, self._committed, (self.runs, covered))

    def _committed(self, sync: tuple[int, list[tuple[Effect, bytes | None]]]) -> None:
        run, covered = sync
        if run != self.runs or self.state is State.DOWN:
            return
        if self.state is State.PAUSED:
            self._backlog.append((self._committed, (sync,)))
            return
        self._syncing = False
        if not self._sync():
            return
        self._release(covered)
        if self._held and self.state is State.RUNNING:
            self._commit()

    def _sync(self) -> bool:
        try:
            self.disk.sync_all()
        except SyncFailed as error:
            self._sync_failed(error)
            return False
        return True

    def _tick(self, run: int) -> None:
        if run == self.runs and self.state is not State.DOWN:
            if self.state is State.RUNNING and not self._sync():
                return
            self.world.scheduler.after(self.sync_interval_ms * MILLISECOND, self._tick, run)

    def _release(self, effects: list[tuple[Effect, bytes | None]]) -> None:
        for effect, frame in effects:
            if isinstance(effect, Reply):
                self._answer(effect.token, frame)
            elif isinstance(effect, Report):
                self.world.report(self.host, effect.level, effect.text)
            elif isinstance(effect, Disconnect):
                self.world.report(self.host, "warning", f"{effect.peer.host}: {effect.reason}")
                self._disconnect(effect.peer)
            elif isinstance(effect, Send):
                self.world.datagram(self.host, effect.to, effect.message)
            else:
                raise InvariantBroken(f"an effect that this world cannot carry out: {effect!r}")

    def _answer(self, slot: Slot, frame: bytes | None) -> None:
        slot.done = True
        slot.frame = frame
        line = slot.line
        while line.slots and line.slots[0].done:
            frame = line.slots.popleft().frame
            if frame is not None and line.open:
                self.answered += 1
                line.connection.backward.send(DATA, frame, len(frame))

    def _disconnect(self, peer: Peer) -> None:
        line = self._lines.pop(peer.connection, None)
        if line is not None:
            line.open = False
            line.connection.end(self)
            self._step(self.node.disconnected, line.peer)
