"""A whole broker over a simulated disk, driven by hand: `ask` for answers, `restart`, and a disk that fails when told.

Every request and every answer goes through the codec in its version, as over TCP: what a version does not carry is
lost, and what an answer must not hold is found.
"""

from __future__ import annotations

from tautolog.core.broker import Broker
from tautolog.core.node import Disconnect, Peer, Reply, Report, Request
from tautolog.core.ports import Instant, StorageError, StorageFull
from tautolog.sim.disk import SimDisk
from tautolog.wire import codec
from tautolog.wire.apis import NAMES

WALL_MS = 1_700_000_000_000
PEER = Peer(1, "/127.0.0.1")
KEYS = {name: key for key, name in NAMES.items()}


class Counting:
    """Chance that counts: every id is foreseen, and the first two are ones that no topic may have."""

    def __init__(self):
        self.given = -1

    def below(self, bound):
        self.given += 1
        return self.given % bound

    def uuid(self):
        self.given += 1
        return self.given.to_bytes(16, "big")


class FailingDisk:
    """A disk that refuses to write while `failing`; it passes everything else on."""

    def __init__(self, disk):
        self._disk = disk
        self.failing = False
        self.full = False

    def __getattr__(self, name):
        method = getattr(self._disk, name)
        if name not in {"append", "replace", "truncate", "rename", "sync"}:
            return method

        def guarded(*arguments):
            if self.failing:
                raise StorageError(f"{name} failed")
            if self.full and name in {"append", "replace"}:
                raise StorageFull("no space left")
            return method(*arguments)

        return guarded


class WholeBroker:
    """One broker, its disk and its clock."""

    def __init__(self, disk=None, **settings):
        self.disk = FailingDisk(SimDisk() if disk is None else disk)
        self.chance = Counting()
        self.settings = {name.replace("_", "."): str(value) for name, value in settings.items()}
        self.monotonic_ms = 0
        self.reports = []
        self.restart()

    def restart(self, **settings):
        """Start a new broker on the same disk, as after kill -9."""
        self.settings |= {name.replace("_", "."): str(value) for name, value in settings.items()}
        self.broker = Broker(
            self.disk, self.chance, cluster_id="dGF1dG9sb2ctb25lLWJyb2", settings=self.settings, endpoint=("here", 9092)
        )
        self.broker.start(self.now())
        self.reports += [effect.text for effect in self.broker.outbox if isinstance(effect, Report)]
        self.broker.outbox.clear()

    def now(self):
        self.monotonic_ms += 1
        return Instant(self.monotonic_ms, WALL_MS + self.monotonic_ms)

    def ask(self, body, version):
        """The answer to a request; the `Disconnect` if it ends the connection instead."""
        key = KEYS[type(body).__module__.rpartition(".")[2]]
        body = round_trip(codec.request_codec(key, version), body)
        self.broker.receive(self.now(), PEER, Request(key, version, "tests", body, "token"))
        effects, self.broker.outbox = self.broker.outbox, []
        self.broker.outbox = []
        self.reports += [effect.text for effect in effects if isinstance(effect, Report)]
        (answer,) = [effect for effect in effects if isinstance(effect, Reply | Disconnect)]
        if isinstance(answer, Disconnect):
            return answer
        assert answer.token == "token"
        return round_trip(codec.response_codec(key, version), answer.message)


def round_trip(compiled, message):
    """The message as the other side reads it."""
    data = b"".join(compiled.write(message, bytearray()))
    read, position = compiled.read(memoryview(bytearray(data)), 0)
    assert position == len(data)
    return read
