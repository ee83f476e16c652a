"""A client's process: what its node sends to an address travels over a connection, opened when it is first needed.

The node is a `tautolog.client` node, or an application around one; nothing of it outlives the process. What the old run of a
crashed client had already sent still arrives, after the new run's first requests if the network wants it so.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tautolog.client.link import Address, Hangup, Lost
from tautolog.core.errors import InvariantBroken
from tautolog.core.node import Reply, Request, Send
from tautolog.sim.network import DATA, Connection
from tautolog.sim.process import Process, State
from tautolog.wire.codec import decode_response, encode_request

if TYPE_CHECKING:
    from tautolog.sim.world import World


class Line:
    """The client's side of one connection."""

    __slots__ = ("address", "asked", "connection", "ready", "waiting")

    def __init__(self, address: Address, connection: Connection) -> None:
        self.address = address
        self.connection = connection
        self.ready = False
        self.waiting: list[bytes] = []
        self.asked: dict[int, tuple[int, int]] = {}
        """Correlation id -> key and version, to read the answer with."""


class CallerProcess(Process):
    """A process that only connects out. `make(process)` builds its node for one run."""

    def __init__(self, world: World, host: str, make: Callable[[CallerProcess], Any]) -> None:
        super().__init__(world, host)
        self._make_node = make
        self._lines: dict[Address, Line] = {}
        self._by_number: dict[int, Line] = {}

    def _make(self) -> Any:
        return self._make_node(self)

    def _forget(self) -> None:
        super()._forget()
        self._lines.clear()
        self._by_number.clear()

    def _connections(self) -> list[Connection]:
        return [line.connection for line in self._lines.values()]

    def act(self, action: Callable[..., None], *arguments: Any) -> None:
        """A step of the application: `action(now, *arguments)`, then whatever its node has to say."""
        self._step(action, *arguments)

    # the node's outbox

    def _drain(self) -> None:
        outbox = self.node.outbox
        for effect in outbox:
            if isinstance(effect, Send):
                self._send(effect.to, effect.message)
            elif isinstance(effect, Hangup):
                line = self._lines.pop(effect.to, None)
                if line is not None:
                    del self._by_number[line.connection.number]
                    line.connection.end(self)
            else:
                raise InvariantBroken(f"an effect that this world cannot carry out: {effect!r}")
        outbox.clear()

    def _send(self, address: Address, request: Request) -> None:
        line = self._lines.get(address)
        if line is None:
            connection = self.world.connect(self, address)
            line = self._lines[address] = self._by_number[connection.number] = Line(address, connection)
        chunks = encode_request(request.key, request.version, request.token, request.client_id, request.body)
        frame = b"".join(chunks)[4:]
        line.asked[request.token] = (request.key, request.version)
        if line.ready:
            line.connection.forward.send(DATA, frame, len(frame))
        else:
            line.waiting.append(frame)

    # the network's doors

    def opened(self, connection: Connection) -> None:
        """The connection is usable."""
        line = self._by_number.get(connection.number)
        if line is not None:
            line.ready = True
            for frame in line.waiting:
                connection.forward.send(DATA, frame, len(frame))
            line.waiting.clear()

    def arrived(self, connection: Connection, payload: Any) -> None:
        """An answer."""
        if self.state is State.PAUSED:
            self._backlog.append((self.arrived, (connection, payload)))
            return
        line = self._by_number.get(connection.number)
        if line is None:
            return
        correlation_id = int.from_bytes(payload[:4], "big")
        key, version = line.asked.pop(correlation_id)
        if key == 18 and version and int.from_bytes(payload[4:6], "big") == 35:
            version = 0  # a broker that does not know the version asked for answers in the first one
        _, message = decode_response(key, version, payload)
        self._step(self.node.receive, line.address, Reply(correlation_id, message))

    def closed(self, connection: Connection, reason: str) -> None:
        """The connection is gone."""
        if self.state is State.PAUSED:
            self._backlog.append((self.closed, (connection, reason)))
            return
        line = self._by_number.pop(connection.number, None)
        if line is not None and self._lines.get(line.address) is line:
            del self._lines[line.address]
            self._step(self.node.receive, line.address, Lost(reason))
