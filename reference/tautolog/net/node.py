"""Drives one node in real time: calls it, wakes it, and releases its outbox behind the durability barrier.

Decides when an effect leaves the node; never what it says. With `Fsync.ALWAYS` an effect leaves after a sync that began when
everything it speaks of was written. Syncs run in a thread of their own while the node goes on, and all that was decided
meanwhile shares the next one (group commit). Effects leave in the order in which they were made, under every policy.

Anything unexpected out of the node is a bug of ours, and a failed sync means that the disk lied: both stop the node, with
nothing released after them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from enum import StrEnum
from typing import Any, Protocol

from tautolog.core.errors import InvariantBroken, ProtocolError
from tautolog.core.node import Disconnect, Effect, Peer, Reply, Report, Request
from tautolog.core.ports import Instant, StorageError
from tautolog.net import clock
from tautolog.net.storage import FileStorage, SyncFailed


class Fsync(StrEnum):
    """When data is made durable: not at all, every so often, or before anything is answered."""

    NEVER = "never"
    INTERVAL = "interval"
    ALWAYS = "always"


class ServedNode(Protocol):
    """A node that answers peers: the contract of `tautolog.core.node`, and the two calls of a server's life."""

    outbox: list[Effect]

    def start(self, now: Instant) -> None:
        """Come up."""

    def receive(self, now: Instant, sender: Peer, message: Request) -> None:
        """Take in one request."""

    def wake(self, now: Instant) -> None:
        """Do what is due."""

    def next_wake(self) -> int | None:
        """When `wake` is wanted next."""

    def disconnected(self, now: Instant, sender: Peer) -> None:
        """A peer is gone."""

    def stop(self, now: Instant) -> None:
        """Leave a clean storage."""


class Ticket(Protocol):
    """What this world hands to the core as a request's token."""

    def decide(self) -> None:
        """The answer is made, but may not leave yet."""

    def answer(self, message: Any) -> None:
        """Send the answer, or nothing where it is None."""


Failed = Callable[[BaseException], None]
Say = Callable[[str, str], None]


class Driver:
    """One node, its storage and the loop it lives on.

    `say(level, text)` writes a line to the operator; `failed(error)` is called once, with what stopped the node;
    `disconnect(peer, reason)` ends a connection. `failure` is what stopped the node, or None.
    """

    def __init__(
        self,
        node: ServedNode,
        storage: FileStorage,
        *,
        fsync: Fsync,
        interval_ms: int,
        say: Say,
        failed: Failed,
    ) -> None:
        self._node = node
        self._storage = storage
        self._barrier = fsync is Fsync.ALWAYS
        self._interval_ms = interval_ms if fsync is Fsync.INTERVAL else None
        self._say = say
        self._failed = failed
        self._loop = asyncio.get_running_loop()
        self._thread: ThreadPoolExecutor | None = None
        self._held: list[Effect] = []
        self._syncing = False
        self._commit_due = False
        self._wake: asyncio.TimerHandle | None = None
        self._wake_ms = 0
        self._dead = False
        self.failure: BaseException | None = None
        self._idle = asyncio.Event()
        self._idle.set()
        self.disconnect: Callable[[Peer, str], None] = lambda _peer, _reason: None

    def start(self) -> None:
        """Recover the node; what it has to say is said at once."""
        self._node.start(clock.now())
        self._settle_outbox()
        self.settle()
        if self._interval_ms is not None:
            self._loop.call_later(self._interval_ms / 1000, self._tick)

    def receive(self, now: Instant, peer: Peer, request: Request) -> None:
        """Give one request to the node, and release what it has to say."""
        node = self._node
        if self._dead:
            return
        try:
            node.receive(now, peer, request)
        except ProtocolError as error:
            node.outbox.append(Disconnect(peer, str(error)))
        except Exception as error:  # noqa: BLE001  # whatever it is, the node cannot go on
            self.fail(error)
            return
        outbox = node.outbox
        if len(outbox) == 1 and not self._barrier:
            effect = outbox[0]
            if type(effect) is Reply:  # nearly always
                outbox.clear()
                effect.token.answer(effect.message)
                return
        if outbox:
            self._settle_outbox()

    def disconnected(self, peer: Peer) -> None:
        """Tell the node that a peer is gone."""
        self._step(lambda: self._node.disconnected(clock.now(), peer))

    def settle(self) -> None:
        """After one or more steps: be there when the node wants to be woken, and sync what nobody waits for."""
        deadline = self._node.next_wake()
        if deadline is not None and (self._wake is None or deadline < self._wake_ms):
            if self._wake is not None:
                self._wake.cancel()
            self._wake_ms = deadline
            delay = max(0, deadline - clock.now().monotonic_ms)
            self._wake = self._loop.call_later(delay / 1000, self._on_wake)
        if self._barrier and not self._syncing and not self._commit_due and self._storage.dirty:
            self._commit_soon()

    def fail(self, error: BaseException) -> None:
        """Stop for good: nothing more goes in, nothing more goes out."""
        if self._dead:
            return
        self._dead = True
        self.failure = error
        self._held.clear()
        self._node.outbox.clear()
        if self._wake is not None:
            self._wake.cancel()
        self._failed(error)

    async def stop(self, seconds: float) -> None:
        """Release what is decided, then leave the storage clean; `TimeoutError` when the disk takes longer than that.

        The long sync is done here, in the thread, so that the node's own, within its `stop`, finds little to do.
        """
        if self._wake is not None:
            self._wake.cancel()
        async with asyncio.timeout(seconds):
            while not self._dead and (self._syncing or self._commit_due or self._storage.dirty):
                if not self._syncing:
                    self._commit()
                await self._idle.wait()
        if not self._dead:
            self._step(self._leave)
        self._dead = True

    def _leave(self) -> None:
        try:
            self._node.stop(clock.now())
        except StorageError as error:
            self._say("warning", f"the storage is not left clean, the next start will recover: {error}")

    def close(self) -> None:
        """Give the thread back."""
        if self._thread is not None:
            self._thread.shutdown(wait=False)

    def _step(self, step: Callable[[], None]) -> None:
        """One step of the node that is no request."""
        if self._dead:
            return
        try:
            step()
        except Exception as error:  # noqa: BLE001  # whatever it is, the node cannot go on
            self.fail(error)
            return
        if self._node.outbox:
            self._settle_outbox()

    def _on_wake(self) -> None:
        self._wake = None
        self._step(lambda: self._node.wake(clock.now()))
        if not self._dead:
            self.settle()

    def _settle_outbox(self) -> None:
        """Release the outbox, or hold it until it is covered by a sync."""
        outbox = self._node.outbox
        if self._barrier and (self._held or self._syncing or self._storage.dirty):
            self._held += outbox
            for effect in outbox:
                if type(effect) is Reply:
                    effect.token.decide()
            outbox.clear()
            if not self._syncing and not self._commit_due:
                self._commit_soon()
            return
        effects = outbox.copy()
        outbox.clear()
        self._release(effects)

    def _release(self, effects: list[Effect]) -> None:
        for effect in effects:
            if type(effect) is Reply:
                effect.token.answer(effect.message)
            elif type(effect) is Report:
                self._say(effect.level, effect.text)
            elif type(effect) is Disconnect:
                self.disconnect(effect.peer, effect.reason)
            else:
                self.fail(InvariantBroken(f"an effect that this world cannot carry out: {effect!r}"))

    def _commit_soon(self) -> None:
        """Commit when the requests that have come in together are all decided."""
        self._commit_due = True
        self._idle.clear()
        self._loop.call_soon(self._commit)

    def _commit(self) -> None:
        """Begin a sync that covers everything decided so far."""
        self._commit_due = False
        if self._dead or self._syncing:
            return
        covered, self._held = self._held, []
        if not self._storage.dirty:
            self._idle.set()
            self._release(covered)
            return
        self._syncing = True
        self._idle.clear()
        sync = self._storage.begin_sync()
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, "sync")
        future = self._loop.run_in_executor(self._thread, sync.run)
        future.add_done_callback(lambda done: self._committed(done, covered))

    def _committed(self, done: asyncio.Future[None], covered: list[Effect]) -> None:
        """A sync is over: release what it covers, and begin the next one where something waits for it."""
        self._syncing = False
        self._storage.end_sync()
        if self._dead or done.cancelled():
            self._idle.set()
            return
        error = done.exception()
        if error is not None:
            self._idle.set()
            self.fail(error if isinstance(error, SyncFailed) else InvariantBroken(f"a sync ended oddly: {error!r}"))
            return
        self._release(covered)
        if self._held or (self._barrier and self._storage.dirty):
            self._commit()
        else:
            self._idle.set()

    def _tick(self) -> None:
        """`Fsync.INTERVAL`: sync what came since the last time."""
        if self._dead or self._interval_ms is None:
            return
        if not self._syncing and self._storage.dirty:
            self._commit()
        self._loop.call_later(self._interval_ms / 1000, self._tick)
