"""Plans of faults: drawn from the choices, swarm style, and carried out.

Each seed first draws *which* kinds of fault exist for it at all, then how many there are, then each one: so that some runs
see only resets and others everything at once (Groce et al., Swarm Testing, 2012). The plan is data before anything runs.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from tautolog.campaign.profiles import Profile
from tautolog.campaign.recorder import Recorder
from tautolog.sim.choices import Stream
from tautolog.sim.faults import FAULTS, Fault, apply
from tautolog.sim.process import State
from tautolog.sim.scheduler import MILLISECOND
from tautolog.sim.server import Fsync
from tautolog.sim.world import World

_CLIENTS: Final = "client-"
_ONE_WAY: Final = {"cut-requests": True, "cut-answers": False}


def kinds_of(profile: Profile, fsync: Fsync) -> tuple[str, ...]:
    """Which faults a profile may draw under a policy: power is cut only where what was acknowledged was synced."""
    return profile.faults + (profile.durable_faults if fsync is Fsync.ALWAYS else ())


def draw_plan(
    stream: Stream, profile: Profile, fsync: Fsync, broker: str, clients: Sequence[str], *, after_ms: int
) -> list[Fault]:
    """A plan for the safety phase that begins at `after_ms`, in order of time."""
    kinds = kinds_of(profile, fsync)
    enabled = [kind for kind in kinds if stream.happens(500_000)]
    count = stream.between(0, profile.most_faults) if enabled else 0
    chosen = [stream.pick(enabled) for _ in range(count)] + list(profile.certain)
    span_ms = profile.seconds * 1000
    plan = []
    for kind in chosen:
        at_ms = after_ms + stream.between(span_ms // 20, span_ms)
        plan.append(_draw(stream, kind, at_ms, broker, clients))
    return sorted(plan, key=lambda fault: (fault.at_ms, fault.kind, fault.target))


def _draw(stream: Stream, kind: str, at_ms: int, broker: str, clients: Sequence[str]) -> Fault:
    name: str = kind
    target: tuple[str, ...] = (broker,)
    client = stream.pick(clients)
    if kind.startswith(_CLIENTS):
        name, target = kind.removeprefix(_CLIENTS), (client,)
    elif kind in _ONE_WAY:
        name, target = "cut-one-way", (client, broker) if _ONE_WAY[kind] else (broker, client)
    elif FAULTS[kind].layer == "network" and kind != "isolate":
        target = (client, broker) if stream.happens(500_000) else (broker, client)
    elif FAULTS[kind].layer == "clock":
        target = (stream.pick([broker, client]),)
    least, most = FAULTS[name].amounts
    shortest, longest = FAULTS[name].lasts_ms
    return Fault(at_ms, name, target, stream.between(shortest, longest), stream.between(least, most))


class Nemesis:
    """Carries a plan out and writes down what it did."""

    def __init__(self, world: World, recorder: Recorder, plan: Sequence[Fault]) -> None:
        self.world = world
        self.recorder = recorder
        self.plan = list(plan)
        self.fired: dict[str, int] = {}
        for fault in self.plan:
            world.scheduler.at(fault.at_ms * MILLISECOND, self._begin, fault)

    def _begin(self, fault: Fault) -> None:
        self.fired[fault.kind] = self.fired.get(fault.kind, 0) + 1
        value = fault.as_json()
        del value["at_ms"], value["kind"]
        self.recorder.note("nemesis", fault.kind, value)
        apply(self.world, fault)

    def heal(self) -> None:
        """The end of the safety phase: every machine runs, every link passes, every disk has room and works."""
        self.recorder.note("nemesis", "heal")
        network = self.world.network
        for link in network.links():
            network.heal(link.source, link.target)
            link.loss_ppm = link.duplicate_ppm = link.reorder_ppm = link.bytes_per_second = 0
        for process in self.world.processes.values():
            process.resume()
            if process.state is State.DOWN:
                process.start()
