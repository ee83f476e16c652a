"""Logs to try things on: batches made in one line, a log over a simulated disk, and what a reader of it sees."""

from __future__ import annotations

import contextlib
import random

from tautolog.core.log.config import LogConfig
from tautolog.core.log.log import Log
from tautolog.core.ports import Instant
from tautolog.core.records.batch import LOG_APPEND_TIME, assign, batches, parse
from tautolog.core.records.crc32c import crc32c
from tautolog.core.records.record import Record, batch_records, build
from tautolog.sim.disk import SimDisk

FOLDER = "orders-0"
START = Instant(0, 1_000_000)


def at(wall_ms):
    return Instant(wall_ms, wall_ms)


def sealed(data):
    """The batch with its checksum made right again, after a test changed its bytes."""
    data[17:21] = crc32c(memoryview(data)[21:]).to_bytes(4, "big")
    return data


def opaque(data, codec=4):
    """The batch as if its records were compressed: nobody may look inside."""
    data[22] |= codec
    return sealed(data)


def appended_at(data, timestamp):
    data[22] |= LOG_APPEND_TIME
    data[35:43] = timestamp.to_bytes(8, "big")
    return sealed(data)


class TryLog:
    """A log with one-line appends. `reports` are the lines it gave its operator."""

    def __init__(self, disk=None, *, opened=True, now=START, **settings):
        self.disk = SimDisk() if disk is None else disk
        self.config = LogConfig(**settings)
        self.reports = []
        self.now = now
        self.log = None
        if opened:
            self.reopen()

    def reopen(self, **settings):
        """A new process: nothing is left of the old one's memory."""
        self.config = self.config._replace(**settings)
        self.log = Log(self.disk, FOLDER, self.config, lambda level, text: self.reports.append((level, text)))
        self.log.open(self.now)
        return self.log

    def cut_short(self, calls, seed, act):
        """Let the power go during `act`, after so many changes of the disk, and come up again. Whether `act` was done."""
        whole, done = self.disk, False
        self.disk = CutShort(whole, calls)
        self.log._storage = self.disk
        for segment in self.log.segments:
            segment._storage = self.disk
        with contextlib.suppress(PowerGone):
            act()
            done = True
        self.disk = whole
        self.disk.power_cut(Seeded(seed))
        self.reopen()
        return done

    def configure(self, **settings):
        self.config = self.log.config = self.config._replace(**settings)

    def append(self, *entries, epoch=0, timestamp=1000, change=None, **fields):
        """One batch; an entry is a value, a (key, value), or a `Record` with a timestamp of its own."""
        records = [
            entry
            if isinstance(entry, Record)
            else Record(0, timestamp, *(entry if isinstance(entry, tuple) else (None, entry)))
            for entry in entries
        ]
        data = build(records, **fields)
        if change is not None:
            data = change(data)
        return self.append_data(data, epoch=epoch)

    def append_data(self, data, epoch=0):
        batch = parse(data)
        assign(data, batch, self.log.end_offset, epoch)
        self.log.append(data, [batch], epoch, self.now)
        return batch

    def fill(self, count, size=100, **fields):
        for _ in range(count):
            self.append(b"v" * size, **fields)

    def path(self, offset, suffix=".log"):
        return f"{FOLDER}/{offset:020d}{suffix}"

    def names(self, suffix=""):
        return [name for name in self.disk.list(FOLDER) if name.endswith(suffix)]

    def content(self, path):
        return bytes(self.disk.read(path, 0, self.disk.size(path)))


class PowerGone(Exception):  # noqa: N818  # what happens, not a mistake
    """The machine stops in the middle of a call: nothing that comes after it happens, not even tidying up."""


class CutShort:
    """A disk that stands still at the n-th call that would change it, and at all after."""

    def __init__(self, disk, calls):
        self._disk = disk
        self._left = calls

    def __getattr__(self, name):
        method = getattr(self._disk, name)
        if name in {"read", "size", "list"}:
            return method

        def call(*arguments):
            if not self._left:
                raise PowerGone
            self._left -= 1
            return method(*arguments)

        return call


class Seeded:
    """Chance from a seed."""

    def __init__(self, seed):
        self._random = random.Random(seed)

    def below(self, bound):
        return self._random.randrange(bound)


def offsets(data):
    """(base offset, last offset) of each batch."""
    return [(batch.base_offset, batch.last_offset) for batch in batches(data)]


def everything(log):
    """All records of a log, with how each batch was marked, as a reader from its start sees them."""
    return [
        (batch.leader_epoch, batch.producer_id, record)
        for batch, buffer in log.batches(log.start_offset)
        for record in batch_records(buffer, batch)
        if record.offset >= log.start_offset
    ]
