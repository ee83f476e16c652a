"""The listening side: who is connected, what the limits are, and an orderly end.

Owns the connections and the one receive buffer that they share. Decides when a connection is too many, too long idle or
beyond waiting for; never looks into a frame.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import sys
from typing import NamedTuple

from tautolog.core.node import Peer
from tautolog.net import clock
from tautolog.net.connection import LINGER_MS, SCRATCH, Connection
from tautolog.net.directory import Refused
from tautolog.net.node import Driver, Say

LEAN_BYTES = 48 * 1024 * 1024
"""Answers, over all connections, that wait for their sockets; above it fetches are kept lean."""
MOST_BYTES = 96 * 1024 * 1024
"""Above it no fetch is served, and peers that have long not taken theirs are sent away."""
SWEEP_MS = 2000
"""How often connections are looked through."""
GLANCE_MS = 250
"""How often a stop looks whether the last answers have left."""
GATHERS = (3, 13, 2)
"""From this Python on asyncio hands many buffers to a socket in one call and says when they pile up (python/cpython#127655)."""


class Limits(NamedTuple):
    """Kafka's limits of connections, under its config names with underscores."""

    socket_request_max_bytes: int = 104_857_600
    connections_max_idle_ms: int = 600_000
    max_connections: int = 2_147_483_647


def listen(host: str, port: int) -> socket.socket:
    """A socket bound to the address, not yet accepting; port 0 picks a free one. `Refused` when that cannot be."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
    except OSError as error:
        raise Refused(f"cannot listen on {host}:{port}: {error.strerror or error}") from None
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
    except OSError as error:
        listener.close()
        raise Refused(f"cannot listen on {host}:{port}: {(error.strerror or str(error)).lower()}") from None
    listener.setblocking(False)  # noqa: FBT003  # the socket's own signature
    return listener


class Server:
    """Every connection of one listener, served by one driver."""

    def __init__(self, driver: Driver, limits: Limits, say: Say) -> None:
        self.driver = driver
        self.say = say
        self.loop = asyncio.get_running_loop()
        self.scratch = memoryview(bytearray(SCRATCH))
        self.frame_limit = limits.socket_request_max_bytes
        self.gathers = type(self.loop).__module__.startswith("uvloop") or sys.version_info >= GATHERS
        self.lean = False
        self.crowded = False
        self._owed = 0
        self._held: dict[Connection, None] = {}
        self._limits = limits
        self._connections: dict[int, Connection] = {}
        self._last_connection = 0
        self._listening: asyncio.Server | None = None
        self._swept: asyncio.TimerHandle | None = None
        self._none_left = asyncio.Event()
        driver.disconnect = self._disconnect

    async def start(self, listener: socket.socket) -> None:
        """Accept connections from here on."""
        self._listening = await self.loop.create_server(lambda: Connection(self), sock=listener, backlog=1024)
        self._sweep()

    async def stop(self) -> None:
        """Accept nobody, serve nothing more, and let the answers that are made leave."""
        if self._listening is not None:
            self._listening.close()
        if self._swept is not None:
            self._swept.cancel()
        for connection in self._connections.values():
            connection.halt()

    async def close(self) -> None:
        """End every connection: at once when the peer has gone, soon when it has taken its answers, at last anyhow."""
        for connection in list(self._connections.values()):
            connection.finish()
        for _ in range(LINGER_MS // GLANCE_MS):
            if not self._connections:
                return
            self._none_left.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._none_left.wait(), GLANCE_MS / 1000)
            if not any(connection.unsent for connection in self._connections.values()):
                break
        self.abort()

    def abort(self) -> None:
        """End every connection at once."""
        if self._listening is not None:
            self._listening.close()
        for connection in list(self._connections.values()):
            connection.abort()

    # what connections call

    def next_connection(self) -> int:
        """A number that no other connection of this run has."""
        self._last_connection += 1
        return self._last_connection

    def joined(self, connection: Connection, name: str) -> None:
        """A connection is open."""
        self._connections[connection.peer.connection] = connection
        if len(self._connections) > self._limits.max_connections:
            self.say(
                "warning", f"{name}: one connection too many ({self._limits.max_connections} are allowed); it is closed"
            )
            connection.close()

    def owe(self, size: int) -> None:
        """So many bytes more, or fewer, wait for their sockets."""
        self._owed += size
        self.lean = self._owed > LEAN_BYTES
        crowded, self.crowded = self.crowded, self._owed > MOST_BYTES
        if crowded and not self.crowded:
            for connection in self._held:
                connection.continue_soon()
            self._held.clear()

    def hold(self, connection: Connection) -> None:
        """A connection wants to fetch while there is no room; it is told to go on when there is."""
        self._held[connection] = None

    def left(self, connection: Connection) -> None:
        """A connection is gone."""
        self._held.pop(connection, None)
        if self._connections.pop(connection.peer.connection, None) is not None:
            self.driver.disconnected(connection.peer)
        if not self._connections:
            self._none_left.set()

    def _disconnect(self, peer: Peer, reason: str) -> None:
        """The node ends a connection."""
        connection = self._connections.get(peer.connection)
        if connection is not None:
            connection.refuse(reason)

    def _sweep(self) -> None:
        """Close what was idle for too long, and take back buffers that are not used."""
        now = clock.now().monotonic_ms
        crowded = self.crowded
        for connection in list(self._connections.values()):
            connection.sweep(now, self._limits.connections_max_idle_ms)
            if crowded and connection.stuck(now):
                self.say("warning", f"{connection.name}: takes no answers, and too many wait; the connection is closed")
                connection.abort()
        every_ms = max(10, min(SWEEP_MS, self._limits.connections_max_idle_ms // 2))
        self._swept = self.loop.call_later(every_ms / 1000, self._sweep)
