"""The simulated network: links between machines, datagrams, and connections on top of them.

What a fault means depends on the layer, as it does in the world:

* **Datagrams** (what brokers of one quorum will say to each other through `Send`) feel a link as it is: a datagram may be
  lost, duplicated, overtaken by a later one, delayed, or die at a cut.
* **Connections** (what Kafka's clients use) are TCP. Within one connection nothing is lost, doubled or overtaken: a lost
  segment becomes a retransmission delay that also holds up everything behind it, a cut or clogged link holds everything
  until it heals, and the only other outcome is the end of the connection, with what was under way gone in either direction.
  Two connections know no order between each other: a request on a closed connection may still arrive after the same
  request on the next one.

How a connection ends: `fin` (the peer's process closed it or was killed; what it had written before still arrives),
`reset` (both ends learn it, everything under way is lost), or silence (the peer's machine lost power; nothing is said until
that machine is up again and answers a segment of a connection it does not know with a reset). Nothing here times out:
patience is the business of the nodes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, Protocol

from tautolog.sim.choices import Choices, Stream
from tautolog.sim.scheduler import MICROSECOND, MILLISECOND, SECOND, Scheduler

RETRANSMIT_NS: Final = 200 * MILLISECOND
"""The smallest retransmission timeout of TCP; it doubles with each loss of the same segment."""

DATA, SYN, OPEN, FIN, RESET = range(5)


class End(Protocol):
    """One machine's side of a connection, as the network sees it."""

    host: str

    def powered(self) -> bool:
        """Whether the machine runs at all; if not, nothing answers."""

    def listens(self) -> bool:
        """Whether a process accepts connections; if not, the machine refuses them."""

    def opened(self, connection: Connection) -> None:
        """A connection is usable: asked for (the caller) or accepted (the listener)."""

    def arrived(self, connection: Connection, payload: Any) -> None:
        """The next message of the peer."""

    def closed(self, connection: Connection, reason: str) -> None:
        """The peer or the network ended the connection; `reason` is `refused`, `closed` or `reset`."""


class Link:
    """One direction between two machines: how long it takes, and what is wrong with it."""

    __slots__ = (
        "bytes_per_second",
        "clogged_until_ns",
        "cut",
        "delivered",
        "duplicate_ppm",
        "free_at_ns",
        "jitter_ns",
        "latency_ns",
        "loss_ppm",
        "lost",
        "pipes",
        "reorder_ppm",
        "source",
        "stream",
        "target",
    )

    def __init__(self, source: str, target: str, stream: Stream) -> None:
        self.source = source
        self.target = target
        self.stream = stream
        self.latency_ns = 150 * MICROSECOND
        self.jitter_ns = 100 * MICROSECOND
        self.loss_ppm = 0
        self.duplicate_ppm = 0
        self.reorder_ppm = 0
        self.bytes_per_second = 0
        """0 is unlimited."""
        self.cut = False
        self.clogged_until_ns = 0
        self.free_at_ns = 0
        self.pipes: list[Pipe] = []
        """Connections' directions over this link that hold something back, in the order in which they began to."""
        self.lost = 0
        self.delivered = 0

    def delay_ns(self, now_ns: int, size: int) -> int:
        """How long a segment of `size` bytes takes that enters the link now."""
        delay = self.latency_ns
        if self.jitter_ns:
            delay += self.stream.below(self.jitter_ns)
        if self.bytes_per_second:
            start = max(self.free_at_ns, now_ns)
            self.free_at_ns = start + size * SECOND // self.bytes_per_second
            delay += self.free_at_ns - now_ns
        return delay

    def retransmissions_ns(self) -> int:
        """The extra delay of a segment that a connection sends: the time to notice each loss."""
        extra = 0
        timeout = RETRANSMIT_NS
        while self.loss_ppm and timeout < 60 * SECOND and self.stream.happens(self.loss_ppm):
            self.lost += 1
            extra += timeout
            timeout *= 2
        return extra


class Pipe:
    """One direction of a connection: first in, first out, or not at all."""

    __slots__ = ("_held", "_last_ns", "connection", "dead", "link", "network", "to_listener", "under_way")

    def __init__(self, network: Network, connection: Connection, link: Link, *, to_listener: bool) -> None:
        self.network = network
        self.connection = connection
        self.link = link
        self.to_listener = to_listener
        self.dead = False
        self.under_way = 0
        """Segments that were sent and have not come out."""
        self._last_ns = 0
        self._held: list[tuple[int, Any]] = []

    def send(self, kind: int, payload: Any = None, size: int = 60) -> None:
        """Put a segment on the wire."""
        link, scheduler = self.link, self.network.scheduler
        now_ns = scheduler.now_ns
        arrival = now_ns + link.delay_ns(now_ns, size) + link.retransmissions_ns()
        self._last_ns = max(self._last_ns, arrival)
        self.under_way += 1
        scheduler.at(self._last_ns, self._arrive, (kind, payload))

    def _arrive(self, segment: tuple[int, Any]) -> None:
        if self.dead:
            return
        link = self.link
        if self._held or link.cut or link.clogged_until_ns > self.network.scheduler.now_ns:
            if not self._held:
                link.pipes.append(self)
            self._held.append(segment)
            return
        link.delivered += 1
        self.under_way -= 1
        self.connection.take(self, segment)

    def flush(self) -> None:
        """Deliver what was held back, in order."""
        held, self._held = self._held, []
        for position, segment in enumerate(held):
            if self.dead:
                return
            if self.link.cut:
                self._held = held[position:] + self._held
                self.link.pipes.append(self)
                return
            self.link.delivered += 1
            self.under_way -= 1
            self.connection.take(self, segment)


class Connection:
    """A connection between a caller and a listener. Each end keeps what it likes in `caller_state` and `listener_state`."""

    __slots__ = ("backward", "caller", "caller_state", "forward", "knows", "listener", "listener_state", "number")

    def __init__(self, network: Network, number: int, caller: End, listener: End) -> None:
        self.number = number
        self.caller = caller
        self.listener = listener
        self.caller_state: Any = None
        self.listener_state: Any = None
        self.forward = Pipe(network, self, network.link(caller.host, listener.host), to_listener=True)
        self.backward = Pipe(network, self, network.link(listener.host, caller.host), to_listener=False)
        self.knows = [True, False]
        """Whether the caller and the listener still know this connection."""

    def take(self, pipe: Pipe, segment: tuple[int, Any]) -> None:
        """A segment comes out of a pipe."""
        kind, payload = segment
        end = self.listener if pipe.to_listener else self.caller
        side = int(pipe.to_listener)
        if not end.powered():
            return
        if kind == SYN:
            if end.listens():
                self.knows[side] = True
                end.opened(self)
                self.backward.send(OPEN)
            else:
                self.backward.send(RESET, "refused")
        elif not self.knows[side]:
            if kind in {DATA, OPEN}:
                (self.backward if pipe.to_listener else self.forward).send(RESET, "reset")
        elif kind == DATA:
            end.arrived(self, payload)
        elif kind == OPEN:
            end.opened(self)
        else:
            self.knows[side] = False
            end.closed(self, payload)

    def end(self, end: object) -> None:
        """One end closes: it hears nothing any more; what it sent before still arrives, then the other end learns it."""
        side = int(end is self.listener)
        if self.knows[side]:
            self.knows[side] = False
            (self.backward if side else self.forward).send(FIN, "closed")

    def vanish(self, end: object) -> None:
        """One end's machine lost power: it forgets, and nobody is told."""
        self.knows[int(end is self.listener)] = False

    def reset(self) -> None:
        """The network ends the connection: what is under way is lost, both ends learn it now."""
        self.forward.dead = self.backward.dead = True
        for side, end in ((0, self.caller), (1, self.listener)):
            if self.knows[side]:
                self.knows[side] = False
                if end.powered():
                    end.closed(self, "reset")


class Network:
    """All links and connections of a world."""

    def __init__(self, scheduler: Scheduler, choices: Choices) -> None:
        self.scheduler = scheduler
        self.connections: dict[int, Connection] = {}
        """Every connection that an end still knows, by number."""
        self._choices = choices
        self._links: dict[tuple[str, str], Link] = {}
        self._opened = 0
        self._prepare: Callable[[Link], None] = lambda _: None

    def link(self, source: str, target: str) -> Link:
        """The link from one machine to another."""
        link = self._links.get((source, target))
        if link is None:
            link = Link(source, target, self._choices.stream(f"network/{source}>{target}"))
            self._prepare(link)
            self._links[source, target] = link
        return link

    def links(self) -> list[Link]:
        """Every link used so far, in the order of first use."""
        return list(self._links.values())

    def prepare(self, adjust: Callable[[Link], None]) -> None:
        """Give every link, present and future, its character (latency, jitter, …)."""
        self._prepare = adjust
        for link in self._links.values():
            adjust(link)

    def connect(self, caller: End, listener: End) -> Connection:
        """Ask for a connection; `opened` or `closed` follows, or nothing ever if the listener's machine has no power."""
        self._opened += 1
        connection = Connection(self, self._opened, caller, listener)
        self.connections[connection.number] = connection
        connection.forward.send(SYN)
        if len(self.connections) > 64:
            self.connections = {c.number: c for c in self.connections.values() if any(c.knows)}
        return connection

    def between(self, source: str, target: str) -> list[Connection]:
        """The connections of two machines that somebody still knows, oldest first."""
        pair = {source, target}
        return [c for c in self.connections.values() if any(c.knows) and {c.caller.host, c.listener.host} == pair]

    def datagram(self, source: str, target: str, deliver: Callable[[Any], None], message: Any) -> None:
        """Send one message outside of any connection; it may be lost, doubled, late or early, as the link decides."""
        link = self.link(source, target)
        stream = link.stream
        copies = 2 if stream.happens(link.duplicate_ppm) else 1
        for _ in range(copies):
            if stream.happens(link.loss_ppm):
                link.lost += 1
                continue
            delay = link.delay_ns(self.scheduler.now_ns, 100)
            if stream.happens(link.reorder_ppm):
                delay += stream.below(10 * (link.latency_ns + link.jitter_ns) + 1)
            self.scheduler.after(delay, self._land, (link, deliver, message))

    def _land(self, datagram: tuple[Link, Callable[[Any], None], Any]) -> None:
        link, deliver, message = datagram
        if link.cut:
            link.lost += 1
        elif link.clogged_until_ns > self.scheduler.now_ns:
            self.scheduler.at(link.clogged_until_ns, self._land, datagram)
        else:
            link.delivered += 1
            deliver(message)

    def cut(self, source: str, target: str, *, both_ways: bool = True) -> None:
        """Let nothing through from one machine to another."""
        self.link(source, target).cut = True
        if both_ways:
            self.link(target, source).cut = True

    def clog(self, source: str, target: str, for_ns: int) -> None:
        """Hold everything back on one link for a while, losing nothing."""
        link = self.link(source, target)
        link.clogged_until_ns = max(link.clogged_until_ns, self.scheduler.now_ns + for_ns)
        self.scheduler.at(link.clogged_until_ns, self._release, link)

    def heal(self, source: str, target: str) -> None:
        """End the cut of both directions; connections go on after their next retransmission."""
        for link in (self.link(source, target), self.link(target, source)):
            if link.cut:
                link.cut = False
                self.scheduler.after(link.stream.below(RETRANSMIT_NS), self._release, link)

    def _release(self, link: Link) -> None:
        if link.cut or link.clogged_until_ns > self.scheduler.now_ns:
            return
        pipes, link.pipes = link.pipes, []
        for pipe in pipes:
            pipe.flush()
