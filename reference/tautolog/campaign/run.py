"""One seed, from its first event to its verdict. The same seed gives the same history and the same bytes on disk.

A run has three phases: the topics are made while nothing fails; the workload runs while the plan's faults come and go; then all is
healed, nothing new is sent, and everything must come to rest within a bound of virtual time: every send ended, every group
caught up with all offsets committed, everything read once more from the beginning. Only then the judges see the history.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import Any, Final

import attrs

from tautolog.campaign.applications import FinalReader, MemberApplication, SendingApplication, Stage
from tautolog.campaign.faults import Nemesis, draw_plan
from tautolog.campaign.profiles import Profile
from tautolog.campaign.recorder import Recorder
from tautolog.campaign.workload import BOOTSTRAP, BROKER, Cast
from tautolog.client.admin import Admin
from tautolog.core.broker import Broker
from tautolog.sim.caller import CallerProcess
from tautolog.sim.choices import Choices, Seeded
from tautolog.sim.faults import Fault
from tautolog.sim.process import NodeFailed
from tautolog.sim.server import Fsync
from tautolog.sim.world import World
from tautolog_checkers.delivery.judge import judge_delivery
from tautolog_checkers.history.jsonl import read_lines
from tautolog_checkers.history.problems import Problems
from tautolog_checkers.kafka import profiles as judged
from tautolog_checkers.kafka.judge import judge_kafka
from tautolog_checkers.verdict import Outcome, Verdict, joined

TOPICS: Final = {"orders": 3, "audit": 1}
PATIENCE_MS: Final = 180_000
"""Virtual time within which everything must have come to rest."""

PROMISES: Final = judged.Profile(
    "simulation",
    frozenset(judged.JEPSEN + judged.ALWAYS) - {"int-send-skip", "G0", "G0-process", "G0-realtime"},
)
"""One broker: nothing acknowledged is lost, doubled or out of order; rebalances are told apart by their assignments."""


@attrs.frozen
class Result:
    """What one run came to. `digest` is over the history and the broker's disk; `verdicts` are the judges'."""

    seed: int
    profile: str
    fsync: str
    outcome: Outcome
    reason: str
    digest: str
    history: bytes
    events: int
    operations: int
    virtual_ms: int
    steps: int
    faults: dict[str, int]
    verdicts: tuple[Verdict, ...]

    @property
    def verdict(self) -> Verdict:
        """What all judges say together."""
        return joined(*self.verdicts)

    @property
    def replay(self) -> str:
        """The one line that runs this seed again."""
        return f"tautolog simulate --seeds {self.seed}..{self.seed} --profile {self.profile} --fsync {self.fsync}"


class Run:
    """One run in the making. `make_broker` and `plan` may be replaced: by a broken broker, by a shrunk plan."""

    def __init__(
        self,
        choices: Choices,
        profile: Profile,
        fsync: Fsync,
        *,
        seed: int = 0,
        make_broker: Callable[..., Any] = Broker,
        plan: Sequence[Fault] | None = None,
    ) -> None:
        self.seed = seed
        self.profile = profile
        self.fsync = fsync
        self.world = World(choices)
        self.recorder = Recorder(lambda: self.world.now_ns)
        self.stage = Stage(self.recorder, dict(TOPICS))
        self.cast = Cast(self.world, self.stage, profile, fsync, make_broker)
        self.world.on_report = self._reported
        self.world.on_end = self.recorder.crashed
        self._plan = plan
        self.nemesis = Nemesis(self.world, self.recorder, ())
        self._network_character()

    def _reported(self, process: str, level: str, text: str) -> None:
        self.recorder.note(process, "report", {"level": level, "text": text})

    def _network_character(self) -> None:
        stream = self.world.choices.stream("character")
        latency_ns = stream.pick([50_000, 150_000, 1_000_000, 8_000_000])
        jitter_ns = stream.pick([20_000, 500_000, 4_000_000])

        def adjust(link: Any) -> None:
            link.latency_ns, link.jitter_ns = latency_ns, jitter_ns

        self.world.network.prepare(adjust)

    # phases

    def execute(self) -> Result:
        """Run all phases and judge."""
        about = {"seed": self.seed, "profile": self.profile.name, "fsync": str(self.fsync)}
        self.recorder.note("cluster", "run", about)
        try:
            self._set_up()
            self._safety_phase()
            self._quiet_phase()
        except NodeFailed as failure:
            if failure.process != BROKER:
                raise
            self.recorder.note(BROKER, "failed", f"{type(failure.__cause__).__name__}: {failure.__cause__}")
        self.recorder.close()
        return self._judge()

    def _set_up(self) -> None:
        """Make the topics while nothing fails."""
        self.cast.broker.start()

        def make(process: CallerProcess) -> Admin:
            return Admin(self.world.choices.stream(process.host), bootstrap=BOOTSTRAP, client_id=process.host)

        process = self.world.add_caller("setup", make)
        process.start()
        configs = self.cast.topic_configs()
        for topic, partitions in TOPICS.items():
            process.act(lambda now, t=topic, n=partitions: process.node.create_topic(now, t, n, configs))
        made: list[Any] = []

        def ready() -> bool:
            made.extend(process.node.take())
            return len(made) == len(TOPICS)

        if not self.world.run_for(60_000, ready) or any(result.error for result in made):
            raise NodeFailed(BROKER, RuntimeError(f"the workload's topics were not made: {made}"))
        process.kill()

    def _safety_phase(self) -> None:
        self.cast.populate()
        start_ms = self.world.now_ns // 1_000_000
        if self._plan is None:
            stream = self.world.choices.stream("faults")
            clients = [one.host for one in self.cast.clients if one.host.startswith(self.profile.victims)]
            self._plan = draw_plan(stream, self.profile, self.fsync, BROKER, clients, after_ms=start_ms)
        self.nemesis = Nemesis(self.world, self.recorder, self._plan)
        for process in self.cast.clients:
            process.start()
        last_ms = max((fault.at_ms + fault.for_ms for fault in self._plan), default=0)
        self.world.run_for(max(self.profile.seconds * 1000, last_ms - start_ms + 1))

    def _quiet_phase(self) -> None:
        self.nemesis.heal()
        self.stage.quiet = True
        began_ns = self.world.now_ns
        rested = self._wait(self._senders_rest)
        reader = self.cast.final_reader()
        reader.start()
        application: FinalReader = reader.node
        rested = self._wait(lambda: [] if application.done else ["the last read"]) and rested
        rested = self._wait(self._groups_rest) and rested
        waiting = [] if rested else self._senders_rest() + self._groups_rest()
        if not application.done:
            waiting.append("the last read")
        value = {"converged": not waiting, "waiting": waiting, "after_ms": (self.world.now_ns - began_ns) // 1_000_000}
        self.recorder.note("cluster", "quiet", value)
        self.cast.broker.stop()

    def _wait(self, waiting: Callable[[], list[str]]) -> bool:
        """Let time pass until nothing is waited for, at most `PATIENCE_MS`; looks every 100 ms."""
        for _ in range(PATIENCE_MS // 100):
            if not waiting():
                return True
            self.world.run_for(100)
        return not waiting()

    def _senders_rest(self) -> list[str]:
        """Whose sends have not ended, or may still arrive on a connection that nobody waits for any more."""
        waiting = []
        for process in self.cast.senders:
            connections = self.world.network.between(process.host, BROKER)
            if isinstance(process.node, SendingApplication) and process.node.open:
                waiting.append(f"{process.host} has sends open")
            elif any(one.forward.under_way and not one.forward.dead for one in connections):
                waiting.append(f"{process.host} has requests under way")
        return waiting

    def _groups_rest(self) -> list[str]:
        """Which groups have not caught up: each partition read to its end by one member, and committed."""
        waiting: list[str] = []
        groups: dict[str, list[MemberApplication]] = {}
        for process in self.cast.members:
            groups.setdefault(process.node.group, []).append(process.node)
        for group, members in groups.items():
            for place in self.stage.partitions():
                holders = [member for member in members if place in member.client.positions]
                name = f"{group} at {place[0]}-{place[1]}"
                if len(holders) != 1:
                    waiting.append(f"{name}: held by {len(holders)} members")
                    continue
                at, end = holders[0].client.positions[place].next_offset, self.stage.ends.get(place, -1)
                if at != end:
                    waiting.append(f"{name}: at {at} of {end}")
                elif at and self.stage.committed.get((group, place)) != at:
                    waiting.append(f"{name}: at {at}, {self.stage.committed.get((group, place))} committed")
        return waiting

    # verdict

    def _judge(self) -> Result:
        history = self.recorder.history()
        events = read_lines(history, Problems(f"seed {self.seed}"))
        verdicts = (judge_kafka(events, PROMISES), judge_delivery(events))
        together = joined(*verdicts)
        digest = sha256(history + self.cast.broker.disk.digest().encode()).hexdigest()[:32]
        return Result(
            seed=self.seed,
            profile=self.profile.name,
            fsync=str(self.fsync),
            outcome=together.outcome,
            reason=together.reason,
            digest=digest,
            history=history,
            events=self.recorder.events,
            operations=verdicts[0].operations,
            virtual_ms=self.world.now_ns // 1_000_000,
            steps=self.world.scheduler.executed,
            faults=dict(sorted(self.nemesis.fired.items())),
            verdicts=verdicts,
        )


class RunFailed(Exception):  # noqa: N818  # named after what happened, not a kind of caller's error
    """A run did not come to a verdict: a bug of the simulation or of its clients. Says which seed shows it."""


def run_seed(seed: int, profile: Profile, fsync: Fsync = Fsync.ALWAYS) -> Result:
    """Run one seed of a profile."""
    policy = fsync if profile.fsync is None else Fsync(profile.fsync)
    try:
        return Run(Seeded(seed), profile, policy, seed=seed).execute()
    except Exception as error:
        raise RunFailed(f"seed {seed}, profile {profile.name}, fsync {policy}: {error}") from error
