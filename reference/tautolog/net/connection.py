"""One client's connection: bytes in, requests to the node, answers out, in order.

Decides how much of a peer is taken in at a time; knows nothing of what the requests mean. Memory follows what a peer has
sent, not what it announces, and what it reads, not what it asks for:

* Between frames a connection owns no buffer: the kernel's bytes land in one scratch buffer that all connections share, and
  whole frames are served out of it in place. What is left of a frame moves into a buffer of the connection's own, which
  grows by doubling as bytes really arrive.
* While the socket does not take answers, no further request is served, and soon none is read.
* A request whose answer cannot leave yet holds back those behind it, as in Kafka, where the channel is muted; only Produce
  requests may follow each other, for their answers are small. So what one peer can make wait is bounded.
* While what all sockets do not take is more than `tautolog.net.server` allows, nobody's fetches are served.

Buffers handed to the node are views into the receive buffer, writable, and valid until the call returns.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterator
from struct import Struct
from typing import TYPE_CHECKING, Any, cast

from tautolog.core.errors import ErrorCode, ProtocolError
from tautolog.core.messages._base import Buffer
from tautolog.core.messages.api_versions import ApiVersionsRequest
from tautolog.core.node import Peer, Request
from tautolog.core.ports import Instant
from tautolog.net import clock
from tautolog.wire.codec import decode_request, encode_response
from tautolog.wire.frames import SIZE_BYTES, frame_size

if TYPE_CHECKING:
    from tautolog.net.server import Server

PRODUCE, FETCH, API_VERSIONS = 0, 1, 18

SCRATCH = 256 * 1024
"""Bytes of the shared receive buffer."""
SMALLEST = 4096
"""A connection's own receive buffer starts here."""
READ_AHEAD = 64 * 1024
"""Bytes read of a connection that may not be served just now; beyond that it is not read."""
GATHERED = 256 * 1024
"""Bytes of answers that are handed to the socket before more requests are served."""
JOINED = 32 * 1024
"""Chunks up to this size are joined before they are written."""
IN_FLIGHT = 512
"""Requests of one connection that may wait for their answers to leave."""
TURN = 64
"""Requests served in one go, before other connections have their turn."""
LINGER_MS = 3000
"""How long a closed connection may take to send its last answers, and an empty buffer stay."""
LEAN_FETCH = 256 * 1024
"""What a fetch may return while the answers that sockets do not take are many."""

_size = Struct(">i").unpack_from


class Slot:
    """The place of one answer in the order of its connection; the token of its request."""

    __slots__ = ("connection", "correlation_id", "decided", "done", "key", "message", "unknown_version", "version")

    def __init__(self, connection: Connection, key: int, version: int, correlation_id: int) -> None:
        self.connection = connection
        self.key = key
        self.version = version
        self.correlation_id = correlation_id
        self.unknown_version = False
        self.decided = False
        self.done = False
        self.message: Any = None

    def decide(self) -> None:
        """The node has decided; the answer may leave later."""
        self.decided = True
        self.connection.decided(self)

    def answer(self, message: Any) -> None:
        """The answer may leave, as soon as those before it have left. None: no answer is sent."""
        self.message = message
        self.done = True
        if not self.decided:
            self.decide()
        self.connection.answered(self)


class Connection(asyncio.BufferedProtocol):
    """A `BufferedProtocol`: asyncio reads into the buffer that is given to it."""

    __slots__ = (
        "_backlog",
        "_begin",
        "_closing",
        "_continuing",
        "_end",
        "_halted",
        "_held",
        "_other",
        "_out",
        "_out_bytes",
        "_own",
        "_paused",
        "_paused_ms",
        "_reading",
        "_server",
        "_serving",
        "_slots",
        "_transport",
        "_undecided",
        "last_ms",
        "peer",
    )

    def __init__(self, server: Server) -> None:
        self._server = server
        self._transport: asyncio.Transport = None  # type: ignore[assignment]  # set before anything else is called
        self.peer = Peer(0, "")
        self.last_ms = 0
        self._own: memoryview | None = None
        self._begin = self._end = 0
        self._slots: deque[Slot] = deque()
        self._undecided: dict[Slot, None] = {}  # Produce requests that the node has not decided
        self._other: Slot | None = None  # any other request whose answer has not left
        self._out: list[Buffer] = []
        self._out_bytes = 0
        self._backlog = 0
        self._paused = False
        self._paused_ms = 0
        self._held = False
        self._reading = True
        self._serving = False
        self._continuing = False
        self._closing = False
        self._halted = False

    # what asyncio calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client has come."""
        self._transport = transport = cast("asyncio.Transport", transport)
        transport.set_write_buffer_limits(0)  # a large answer is held whole while any of it is not sent: one is enough
        self.last_ms = clock.now().monotonic_ms
        address = transport.get_extra_info("peername") or ("unknown", 0)
        self.peer = Peer(self._server.next_connection(), f"/{address[0]}")
        self._server.joined(self, f"{address[0]}:{address[1]}")

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  # why it went makes no difference
        """The client has gone, or was sent away."""
        self._closing = True
        self._owe(0)
        self._own = None
        self._out.clear()
        self._slots.clear()
        self._undecided.clear()
        self._other = None
        self._server.left(self)

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002  # the kernel tells how much there is
        """Where the next bytes go."""
        if self._own is None:
            return self._server.scratch
        if self._end == len(self._own):
            self._make_room(self._own)
        return self._own[self._end :]

    def buffer_updated(self, nbytes: int) -> None:
        """So many bytes have come."""
        if self._closing or self._halted:
            return
        if self._own is None:
            scratch = self._server.scratch
            position = self._serve(scratch, 0, nbytes)
            if position < nbytes and not self._closing:
                self._keep(scratch[position:nbytes], nbytes)
        else:
            self._end += nbytes
            self._serve_own(self._own)
        if self._reading and self._end - self._begin >= READ_AHEAD and (self._continuing or self._stalled()):
            self._reading = False
            self._transport.pause_reading()

    def pause_writing(self) -> None:
        """The socket does not take what is written; called from within `_flush`."""
        self._paused = True
        self._paused_ms = self.last_ms
        self._owe(max(self._transport.get_write_buffer_size(), self._out_bytes))  # a chunk half sent is held whole

    def resume_writing(self) -> None:
        """The socket has taken what was written."""
        self._paused = False
        self._owe(0)
        self.continue_soon()

    # what the server calls

    def refuse(self, reason: str) -> None:
        """End the connection because of what the peer sent: one log line. What was answered before still leaves."""
        if not self._closing:
            self._server.say("warning", f"{self.name}: {reason}; the connection is closed")
            self._flush()
            self.close()

    def close(self) -> None:
        """End the connection; what is written still leaves."""
        self._closing = True
        self._own = None
        self.last_ms = clock.now().monotonic_ms
        self._transport.close()

    def abort(self) -> None:
        """End the connection at once; what it has not taken is given up."""
        self._closing = True
        self._owe(0)
        self._transport.abort()

    def halt(self) -> None:
        """Serve nothing more, and read only to throw away; answers still leave."""
        self._halted = True
        self._own = None

    def finish(self) -> None:
        """After `halt`: tell the peer that no more answers come, and wait for it to go.

        Closing at once would reset the connection where the peer has sent more, and take answers that are under way with it.
        """
        if not self._closing:
            self._transport.write_eof()
            self._transport.resume_reading()

    @property
    def name(self) -> str:
        """The peer's address, for log lines."""
        address = self._transport.get_extra_info("peername") or ("unknown", 0)
        return f"{address[0]}:{address[1]}"

    @property
    def unsent(self) -> int:
        """Bytes of answers that the socket has not taken."""
        return self._transport.get_write_buffer_size()

    def stuck(self, now_ms: int) -> bool:
        """Whether the peer has long not taken what was written."""
        return self._paused and not self._closing and now_ms - self._paused_ms > LINGER_MS

    def sweep(self, now_ms: int, idle_ms: int) -> None:
        """Look after a connection from which nothing comes: close it after `idle_ms`, take back a buffer that is empty."""
        quiet_ms = now_ms - self.last_ms
        if self._closing:
            if quiet_ms > LINGER_MS:
                self.abort()
        elif quiet_ms > idle_ms:
            self.close()
        elif self._own is not None and self._begin == self._end and quiet_ms > LINGER_MS:
            self._own = None

    # answers

    def decided(self, slot: Slot) -> None:
        """The node has decided about this request: those that it held back may be served."""
        if slot in self._undecided:
            del self._undecided[slot]
            self.continue_soon()

    def answered(self, slot: Slot) -> None:
        """One more answer may leave: let all leave that have nothing before them."""
        if self._closing:
            return
        slots = self._slots
        if slot is self._other:
            self._other = None
            self.continue_soon()
        elif len(slots) == IN_FLIGHT:
            self.continue_soon()
        while slots and slots[0].done:
            self._write(slots.popleft())
        if not self._serving:
            self._flush()

    def _write(self, slot: Slot) -> None:
        message = slot.message
        if message is None:
            return
        if slot.unknown_version:
            message.error_code = ErrorCode.UNSUPPORTED_VERSION
            message.api_keys = [served for served in message.api_keys if served.api_key == API_VERSIONS]
        try:
            chunks = encode_response(slot.key, slot.version, slot.correlation_id, message)
        except Exception as error:  # noqa: BLE001  # an answer that cannot be written is a bug of ours
            self._server.driver.fail(error)
            return
        self._out += chunks
        self._out_bytes += sum(map(len, chunks)) if len(chunks) > 1 else len(chunks[0])

    def _flush(self) -> None:
        """Hand the answers to the transport: small chunks joined, large ones as they are."""
        out = self._out
        if not out:
            return
        if self._out_bytes <= JOINED:
            self._transport.write(out[0] if len(out) == 1 else b"".join(out))
        elif self._server.gathers:
            self._transport.writelines(out)
        else:
            for chunk in joined(out):
                self._transport.write(chunk)
        out.clear()
        self._out_bytes = 0

    def _owe(self, size: int) -> None:
        """So many bytes wait for this socket."""
        self._server.owe(size - self._backlog)
        self._backlog = size

    # requests

    def _stalled(self) -> bool:
        """Whether no request may be served just now."""
        return self._held or self._other is not None or bool(self._undecided) or self._full()

    def _full(self) -> bool:
        return self._paused or self._closing or len(self._slots) >= IN_FLIGHT

    def _serve(self, buffer: memoryview, begin: int, end: int) -> int:
        """Serve the whole frames in `buffer[begin:end]`, as many as may be; return where the first unserved byte is."""
        now = clock.now()
        self.last_ms = now.monotonic_ms
        limit = self._server.frame_limit
        left = TURN
        self._serving = True
        while end - begin >= SIZE_BYTES:
            size: int = _size(buffer, begin)[0]
            if not 0 <= size <= limit:
                self._misframed(buffer, begin)
                break
            stop = begin + SIZE_BYTES + size
            if stop > end:
                break
            if self._full() or (
                (self._other is not None or self._undecided or self._server.crowded) and not self._may_go(buffer, begin)
            ):
                break
            if not left:
                self.continue_soon()
                break
            left -= 1
            self._request(now, buffer[begin + SIZE_BYTES : stop])
            begin = stop
            if self._out_bytes >= GATHERED:
                self._flush()
        self._serving = False
        self._flush()
        self._server.driver.settle()
        return begin

    def _may_go(self, buffer: memoryview, begin: int) -> bool:
        """Whether the next request may be served though others wait, of this connection or of all."""
        key = int.from_bytes(buffer[begin + SIZE_BYTES : begin + SIZE_BYTES + 2], "big")
        if key == FETCH and self._server.crowded:
            self._held = True
            self._server.hold(self)
            return False
        if self._other is not None:
            return False
        return key == PRODUCE or not self._undecided

    def _misframed(self, buffer: memoryview, begin: int) -> None:
        try:
            frame_size(buffer, begin, self._server.frame_limit)
        except ProtocolError as error:
            self.refuse(str(error))

    def _request(self, now: Instant, frame: memoryview) -> None:
        """Decode one frame and give it to the node."""
        try:
            key, version, correlation_id, client_id, body = decode_request(frame)
        except ProtocolError as error:
            self.refuse(str(error))
            return
        slot = Slot(self, key, version, correlation_id)
        if body is None:
            slot.unknown_version = True
            slot.version = version = 0
            body = ApiVersionsRequest()
        elif key == FETCH and self._server.lean:
            body.max_bytes = min(body.max_bytes, LEAN_FETCH)  # type: ignore[attr-defined]  # a FetchRequest, by its key
        self._slots.append(slot)
        self._server.driver.receive(now, self.peer, Request(key, version, client_id, body, slot))
        if not slot.done:
            if key != PRODUCE:
                self._other = slot
            elif not slot.decided:
                self._undecided[slot] = None

    # the receive buffer

    def continue_soon(self) -> None:
        """Serve what is waiting in the buffer, when this step is over."""
        if not self._continuing:
            self._continuing = True
            self._server.loop.call_soon(self._continue)

    def _continue(self) -> None:
        self._continuing = self._held = False
        if self._closing or self._halted or self._transport.is_closing():  # the last: a reset not yet told
            return
        if self._own is not None and self._begin < self._end:
            self._serve_own(self._own)
        self._read_on()

    def _read_on(self) -> None:
        """Read again, once what was read may be served or has been."""
        waiting = self._continuing or self._stalled()
        if self._reading or self._closing or (waiting and self._end - self._begin >= READ_AHEAD):
            return
        self._reading = True
        self._transport.resume_reading()

    def _serve_own(self, own: memoryview) -> None:
        self._begin = self._serve(own, self._begin, self._end)
        if self._begin == self._end:
            self._begin = self._end = 0
            if len(own) < SCRATCH:
                self._own = None
        elif self._begin > len(own) // 2:
            self._move_down(own)

    def _keep(self, rest: memoryview, received: int) -> None:
        """Keep what is left of the scratch buffer: in twice the room that was just filled, for there is more to come."""
        self._own = memoryview(bytearray(max(SMALLEST, 2 * received)))
        self._own[: len(rest)] = rest
        self._begin, self._end = 0, len(rest)

    def _move_down(self, own: memoryview) -> None:
        left = self._end - self._begin
        own[:left] = own[self._begin : self._end]
        self._begin, self._end = 0, left

    def _make_room(self, own: memoryview) -> None:
        """The buffer is full to its end: move down what is left or, where that is all of it, double, up to the frame's size.

        A buffer of just the frame's size makes a stream of large frames come without leftovers to be moved.
        """
        if self._begin:
            self._move_down(own)
            return
        wanted = SIZE_BYTES + int(_size(own, 0)[0])
        room = 2 * len(own)
        if len(own) < wanted < room:
            room = wanted
        self._own = memoryview(bytearray(room))
        self._own[: self._end] = own


def joined(chunks: list[Buffer]) -> Iterator[Buffer]:
    """The same bytes with small neighbours joined, so that they take one call together."""
    small: list[Buffer] = []
    for chunk in chunks:
        if len(chunk) <= JOINED:
            small.append(chunk)
            continue
        if small:
            yield b"".join(small)
            small.clear()
        yield chunk
    if small:
        yield b"".join(small)
