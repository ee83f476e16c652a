"""The table of faults: what each one does to a world, how it ends, and what the number that comes with it means.

A fault is data, so a run's faults are a plan that can be written down, edited and replayed: when, which kind, on whom, how
much, for how long. This module knows how to begin and end each kind; who draws the plan, and which faults a promise covers,
is decided elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NamedTuple, TypeAlias

import attrs

from tautolog.sim.disk import Operation
from tautolog.sim.network import Link
from tautolog.sim.process import Process, State
from tautolog.sim.scheduler import MILLISECOND
from tautolog.sim.server import ServerProcess
from tautolog.sim.world import World


@attrs.frozen
class Fault:
    """One entry of a plan. `target` names one machine, or two whose links are meant; `amount` is in the kind's own unit."""

    at_ms: int
    kind: str
    target: tuple[str, ...]
    for_ms: int = 0
    amount: int = 0

    def as_json(self) -> dict[str, Any]:
        """The fields, as a plan or a history holds them."""
        return {
            "at_ms": self.at_ms,
            "kind": self.kind,
            "target": list(self.target),
            "for_ms": self.for_ms,
            "amount": self.amount,
        }


Act: TypeAlias = Callable[[World, Fault], None]


class Kind(NamedTuple):
    """How a kind of fault begins and ends. `amounts` are sensible least and greatest numbers, `lasts_ms` durations."""

    name: str
    layer: str
    text: str
    begin: Act
    end: Act
    amounts: tuple[int, int] = (0, 0)
    lasts_ms: tuple[int, int] = (100, 6000)


def apply(world: World, fault: Fault) -> None:
    """Begin a fault now; its end comes after `for_ms`."""
    kind = FAULTS[fault.kind]
    kind.begin(world, fault)
    world.scheduler.after(fault.for_ms * MILLISECOND, lambda _: kind.end(world, fault))


def _nothing(world: World, fault: Fault) -> None:
    """Nothing is left to be undone."""


# network


def _pair(world: World, fault: Fault) -> tuple[Link, Link]:
    one, other = fault.target
    return world.network.link(one, other), world.network.link(other, one)


def _set_links(**values: Callable[[int], int]) -> Act:
    def act(world: World, fault: Fault) -> None:
        for link in _pair(world, fault):
            for name, value in values.items():
                setattr(link, name, value(fault.amount))

    return act


def _latency(world: World, fault: Fault) -> None:
    for link in _pair(world, fault):
        link.latency_ns += fault.amount * MILLISECOND
        link.jitter_ns += fault.amount * MILLISECOND


def _latency_ends(world: World, fault: Fault) -> None:
    for link in _pair(world, fault):
        link.latency_ns -= fault.amount * MILLISECOND
        link.jitter_ns -= fault.amount * MILLISECOND


def _cut(world: World, fault: Fault) -> None:
    world.network.cut(*fault.target)


def _cut_one_way(world: World, fault: Fault) -> None:
    world.network.cut(*fault.target, both_ways=False)


def _heal(world: World, fault: Fault) -> None:
    world.network.heal(fault.target[0], fault.target[1])


def _others(world: World, host: str) -> list[str]:
    return [other for other in world.processes if other != host]


def _isolate(world: World, fault: Fault) -> None:
    for other in _others(world, fault.target[0]):
        world.network.cut(fault.target[0], other)


def _rejoin(world: World, fault: Fault) -> None:
    for other in _others(world, fault.target[0]):
        world.network.heal(fault.target[0], other)


def _clog(world: World, fault: Fault) -> None:
    world.network.clog(fault.target[0], fault.target[1], fault.for_ms * MILLISECOND)


def _reset(world: World, fault: Fault) -> None:
    for connection in world.network.between(*fault.target):
        connection.reset()


# processes


def _process(world: World, fault: Fault) -> Process:
    return world.processes[fault.target[0]]


def _server(world: World, fault: Fault) -> ServerProcess:
    process = _process(world, fault)
    assert isinstance(process, ServerProcess)
    return process


def _kill(world: World, fault: Fault) -> None:
    _process(world, fault).kill()


def _power_off(world: World, fault: Fault) -> None:
    _process(world, fault).power_off()


def _stop(world: World, fault: Fault) -> None:
    _server(world, fault).stop()


def _wipe(world: World, fault: Fault) -> None:
    process = _server(world, fault)
    process.power_off()
    process.disk.wipe()


def _start(world: World, fault: Fault) -> None:
    process = _process(world, fault)
    process.resume()
    process.start()


def _pause(world: World, fault: Fault) -> None:
    _process(world, fault).pause()


def _resume(world: World, fault: Fault) -> None:
    process = _process(world, fault)
    if process.state is State.PAUSED:
        process.resume()


# clocks


def _drift(world: World, fault: Fault) -> None:
    process = _process(world, fault)
    process.clock.drift(world.now_ns, fault.amount)
    process.rearm()


def _drift_ends(world: World, fault: Fault) -> None:
    process = _process(world, fault)
    process.clock.drift(world.now_ns, 0)
    process.rearm()


def _step_clock(world: World, fault: Fault) -> None:
    _process(world, fault).clock.step(fault.amount)


# disks


def _slow_disk(world: World, fault: Fault) -> None:
    _server(world, fault).sync_ns += fault.amount * MILLISECOND


def _disk_is_fast_again(world: World, fault: Fault) -> None:
    _server(world, fault).sync_ns -= fault.amount * MILLISECOND


def _stalled_disk(world: World, fault: Fault) -> None:
    _server(world, fault).sync_ns += fault.for_ms * MILLISECOND


def _disk_goes_on(world: World, fault: Fault) -> None:
    _server(world, fault).sync_ns -= fault.for_ms * MILLISECOND


def _full_disk(world: World, fault: Fault) -> None:
    disk = _server(world, fault).disk
    disk.capacity = disk.used_bytes + fault.amount


def _room_again(world: World, fault: Fault) -> None:
    _server(world, fault).disk.capacity = None


def _failing(operation: Operation, pattern: str = "*") -> Act:
    def act(world: World, fault: Fault) -> None:
        _server(world, fault).disk.fail(operation, pattern, times=max(1, fault.amount))

    return act


def _disk_heals(world: World, fault: Fault) -> None:
    _server(world, fault).disk.heal()


def _rot_reads(world: World, fault: Fault) -> None:
    _server(world, fault).disk.rot_reads("*.log", times=max(1, fault.amount))


def _rot(world: World, fault: Fault) -> None:
    """One stored bit of some log is flipped; `amount` says which, over all logs' bytes."""
    disk = _server(world, fault).disk
    logs = [
        f"{folder}{name}" for folder in disk.list("") for name in disk.list(folder.rstrip("/")) if name[-4:] == ".log"
    ]
    sizes = [disk.size(path) for path in logs]
    if not sum(sizes):
        return
    at = fault.amount % sum(sizes)
    for path, size in zip(logs, sizes, strict=True):
        if at < size:
            disk.rot(path, at, 1 << fault.amount % 8)
            return
        at -= size


def _misdirect(world: World, fault: Fault) -> None:
    _server(world, fault).disk.misdirect("*.log", times=max(1, fault.amount))


_KINDS: Final = (
    # name, layer, meaning, begin, end, amounts, durations
    Kind("latency", "network", "`amount` ms more, and as much jitter", _latency, _latency_ends, (1, 400)),
    Kind(
        "loss", "network", "each segment is lost with `amount` in a million; connections repeat it, datagrams do not",
        _set_links(loss_ppm=lambda amount: amount), _set_links(loss_ppm=lambda _: 0), (10_000, 400_000),
    ),
    Kind(
        "duplication", "network", "each datagram arrives twice with `amount` in a million",
        _set_links(duplicate_ppm=lambda amount: amount), _set_links(duplicate_ppm=lambda _: 0), (10_000, 400_000),
    ),
    Kind(
        "reordering", "network", "each datagram is held back with `amount` in a million",
        _set_links(reorder_ppm=lambda amount: amount), _set_links(reorder_ppm=lambda _: 0), (10_000, 400_000),
    ),
    Kind("cut", "network", "nothing passes between two machines", _cut, _heal, lasts_ms=(100, 9000)),
    Kind("cut-one-way", "network", "nothing passes from the first machine to the second", _cut_one_way, _heal),
    Kind("isolate", "network", "nothing passes between one machine and any other", _isolate, _rejoin),
    Kind("clog", "network", "everything from the first machine to the second waits", _clog, _nothing),
    Kind(
        "slow-link", "network", "`amount` bytes a second",
        _set_links(bytes_per_second=lambda amount: amount), _set_links(bytes_per_second=lambda _: 0), (500, 50_000),
    ),
    Kind("reset", "network", "every connection between two machines ends", _reset, _nothing, lasts_ms=(0, 0)),
    Kind("kill", "process", "kill -9; peers see their connections close; started again at the end", _kill, _start),
    Kind(
        "power-off", "process", "no power: unsynced data is lost, peers see silence; started again at the end",
        _power_off, _start,
    ),
    Kind("stop", "process", "SIGTERM: a clean end; started again at the end", _stop, _start),
    Kind("pause", "process", "SIGSTOP, and SIGCONT at the end", _pause, _resume, lasts_ms=(100, 15_000)),
    Kind("wipe", "process", "power off, and an empty disk at the start", _wipe, _start),
    Kind("clock-drift", "clock", "`amount` parts per million fast", _drift, _drift_ends, (-200_000, 200_000)),
    Kind("clock-forward", "clock", "the time of day is set `amount` ms ahead", _step_clock, _nothing, (1, 3_000_000)),
    Kind("clock-back", "clock", "the time of day is set back by -`amount` ms", _step_clock, _nothing, (-3_000_000, -1)),
    Kind("disk-slow", "disk", "each sync takes `amount` ms longer", _slow_disk, _disk_is_fast_again, (1, 300)),
    Kind("disk-stall", "disk", "no sync ends before the fault does", _stalled_disk, _disk_goes_on, lasts_ms=(500, 5000)),
    Kind("disk-full", "disk", "room for `amount` bytes more", _full_disk, _room_again, (0, 5000)),
    Kind("write-error", "disk", "the next `amount` appends fail and change nothing", _failing("append"), _disk_heals, (1, 20)),
    Kind("read-error", "disk", "the next `amount` reads fail", _failing("read"), _disk_heals, (1, 20)),
    Kind("sync-error", "disk", "the next sync fails, and its data is lost", _failing("sync"), _disk_heals, (1, 1)),
    Kind("bit-rot", "disk", "one stored bit is flipped, the one that `amount` says", _rot, _nothing, (0, 1 << 40), (0, 0)),
    Kind("bit-rot-on-read", "disk", "`amount` reads of logs have one bit flipped", _rot_reads, _disk_heals, (1, 5)),
    Kind("misdirected-write", "disk", "`amount` appends to logs land in the wrong place", _misdirect, _disk_heals, (1, 3)),
)  # fmt: skip

FAULTS: Final = {kind.name: kind for kind in _KINDS}
"""Every kind by its name. A client's crash is `kill`, `power-off` or `pause` of its machine; a machine that comes back
without its memory of connections makes its peers' half open."""
