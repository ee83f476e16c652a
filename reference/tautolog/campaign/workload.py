"""Who takes part in a run: drawn from the choices, so that every seed has another mix of clients and settings.

Producers with unique values (idempotent, or not and then without repetition), readers that choose their partitions, groups with every
assignor and way to commit, an admin who changes things beside them. Some clients speak older protocol versions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from tautolog.campaign.applications import (
    AdminApplication,
    Application,
    FinalReader,
    MemberApplication,
    ReadingApplication,
    ReadingHabits,
    SendingApplication,
    SendingHabits,
    Stage,
)
from tautolog.campaign.profiles import Profile
from tautolog.client.admin import Admin
from tautolog.client.consumer import Consumer
from tautolog.client.link import SPOKEN
from tautolog.client.producer import Producer
from tautolog.core.broker import Broker
from tautolog.sim.caller import CallerProcess
from tautolog.sim.choices import Stream
from tautolog.sim.disk import SimDisk
from tautolog.sim.server import Fsync, ServerProcess
from tautolog.sim.world import World

BROKER: Final = "broker-1"
PORT: Final = 9092
BOOTSTRAP: Final = [(BROKER, PORT)]
CLUSTER_ID: Final = "c2ltdWxhdGVkLWNsdXN0ZXI"

Make = Callable[[CallerProcess], Any]


class Cast:
    """The processes of one run. `broker` builds the broker's node; tests put a broken one there."""

    def __init__(
        self,
        world: World,
        stage: Stage,
        profile: Profile,
        fsync: Fsync,
        make_broker: Callable[..., Any] = Broker,
    ) -> None:
        self.world = world
        self.stage = stage
        self.profile = profile
        self._make_broker = make_broker
        self._stream = world.choices.stream("workload")
        self.settings = self._broker_settings()
        self.broker = world.add_server(BROKER, PORT, self._broker, fsync=fsync)
        self.senders: list[CallerProcess] = []
        self.members: list[CallerProcess] = []
        self.others: list[CallerProcess] = []

    @property
    def clients(self) -> list[CallerProcess]:
        """Every client process of the workload."""
        return self.senders + self.members + self.others

    def _broker_settings(self) -> dict[str, str]:
        stream = self._stream
        return {
            "group.initial.rebalance.delay.ms": str(stream.pick([0, 500, 3000])),
            "group.min.session.timeout.ms": "1000",
            "offsets.topic.num.partitions": str(stream.pick([1, 3, 50])),
        }

    def _broker(self, disk: SimDisk, process: ServerProcess) -> Any:
        chance = self.world.choices.stream(f"{process.host}/chance")
        return self._make_broker(
            disk, chance, node_id=1, cluster_id=CLUSTER_ID, endpoint=(process.host, PORT), settings=self.settings
        )

    # clients

    def populate(self) -> None:
        """Draw the clients and add their processes; nothing is started."""
        stream = self._stream
        for number in range(stream.between(1, 3)):
            self.senders.append(self._add(f"producer-{number + 1}", self._sender(number)))
        for number in range(stream.below(3)):
            self.others.append(self._add(f"reader-{number + 1}", self._reader()))
        for number in range(stream.between(1, 2)):
            self._group(f"group-{number + 1}")
        if stream.happens(600_000):
            self.others.append(self._add("admin-1", self._admin()))

    def _add(self, host: str, make: Make) -> CallerProcess:
        return self.world.add_caller(host, make)

    def _app_stream(self, process: CallerProcess) -> Stream:
        return self.world.choices.stream(f"{process.host}/{process.runs}")

    def _speaks(self) -> dict[int, tuple[int, int]]:
        """Most clients are as new as we are; some stopped at older versions of some APIs."""
        stream = self._stream
        if stream.happens(650_000):
            return {}
        return {key: (low, stream.between(low, high)) for key, (low, high) in SPOKEN.items() if stream.happens(400_000)}

    def _sender(self, number: int) -> Make:
        stream = self._stream
        idempotent = not self.profile.retrying and (number == 0 or stream.happens(500_000))
        repeats = idempotent or self.profile.retrying
        options: dict[str, Any] = {
            "idempotent": idempotent,
            "acks": -1 if repeats else stream.pick([-1, 1, 1, 0]),
            "linger_ms": stream.pick([0, 0, 5, 50]),
            "batch_size": stream.pick([200, 1000, 16_384]),
            "max_in_flight": stream.between(1, 5) if idempotent else 1,
            "retries": 2_147_483_647 if repeats else 0,
            "request_timeout_ms": stream.between(800, 5000),
            "delivery_timeout_ms": stream.between(5000, 20_000),
            "speaks": self._speaks(),
        }
        habits = SendingHabits(
            threads=stream.between(1, 4),
            most_sends=stream.between(1, 5) if idempotent else 1,
            least_pause_ms=stream.pick([0, 5, 20]),
            most_pause_ms=stream.pick([20, 120, 600]),
            most_padding=stream.pick([0, 60, 900]),
            keyed=stream.happens(500_000),
        )

        def make(process: CallerProcess) -> Application:
            own = self._app_stream(process)
            client = Producer(own, bootstrap=BOOTSTRAP, client_id=process.host, **options)
            return SendingApplication(client, self.stage, own, process.host, habits)

        return make

    def _consumer_options(self) -> dict[str, Any]:
        stream = self._stream
        min_bytes, max_partition_bytes = stream.pick([(1, 300), (1, 4000), (1, 1_048_576), (2000, 1_048_576)])
        return {
            "max_wait_ms": stream.pick([20, 100, 500]),
            "min_bytes": min_bytes,
            "max_partition_bytes": max_partition_bytes,
            "fetch_sessions": stream.happens(750_000),
            "request_timeout_ms": stream.between(1500, 6000),
            "speaks": self._speaks(),
        }

    def _reader(self) -> Make:
        options = self._consumer_options()
        habits = self._reading_habits("none")

        def make(process: CallerProcess) -> Application:
            own = self._app_stream(process)
            client = Consumer(own, bootstrap=BOOTSTRAP, client_id=process.host, auto_offset_reset="earliest", **options)
            return ReadingApplication(client, self.stage, own, process.host, habits)

        return make

    def _reading_habits(self, commits: str) -> ReadingHabits:
        stream = self._stream
        return ReadingHabits(
            least_pause_ms=stream.pick([5, 20, 100]),
            most_pause_ms=stream.pick([100, 300, 1500]),
            most_records=stream.pick([1, 10, 500]),
            commits=commits,
            commit_ppm=stream.pick([200_000, 700_000, 1_000_000]),
            rewind_ppm=stream.pick([0, 10_000]),
            slow_ppm=stream.pick([0, 0, 15_000]),
            commit_first=self.profile.commit_first,
        )

    def _group(self, group_id: str) -> None:
        stream = self._stream
        assignors = stream.pick([["range"], ["roundrobin"], ["cooperative-sticky"], ["roundrobin", "range"]])
        commits = "sync" if self.profile.commit_first else stream.pick(["sync", "sync", "async", "auto"])
        fixed = stream.happens(200_000)
        session_ms = stream.between(3000, 9000)
        options: dict[str, Any] = {
            "group_id": group_id,
            "assignors": assignors,
            "session_timeout_ms": session_ms,
            "heartbeat_interval_ms": session_ms // 3,
            "max_poll_interval_ms": stream.between(4000, 15_000),
            "auto_commit": commits == "auto",
            "auto_commit_interval_ms": stream.pick([300, 1000, 5000]),
            "auto_offset_reset": "earliest",
            "api_timeout_ms": stream.between(3000, 15_000),
        }
        for number in range(stream.between(1, 3)):
            instance = f"{group_id}-instance-{number + 1}" if fixed else None
            make = self._member({**options, "instance_id": instance, **self._consumer_options()}, commits)
            self.members.append(self._add(f"{group_id}-member-{number + 1}", make))

    def _member(self, options: Mapping[str, Any], commits: str) -> Make:
        habits = self._reading_habits(commits)

        def make(process: CallerProcess) -> Application:
            own = self._app_stream(process)
            client = Consumer(own, bootstrap=BOOTSTRAP, client_id=process.host, **options)
            return MemberApplication(client, self.stage, own, process.host, habits)

        return make

    def _admin(self) -> Make:
        def make(process: CallerProcess) -> Application:
            own = self._app_stream(process)
            client = Admin(own, bootstrap=BOOTSTRAP, client_id=process.host, request_timeout_ms=3000)
            return AdminApplication(client, self.stage, own, process.host)

        return make

    def final_reader(self) -> CallerProcess:
        """Add the process that reads everything once more."""

        def make(process: CallerProcess) -> Application:
            own = self._app_stream(process)
            client = Consumer(own, bootstrap=BOOTSTRAP, client_id=process.host, auto_offset_reset="earliest")
            return FinalReader(client, self.stage, own, process.host)

        return self._add("final-reader", make)

    def topic_configs(self) -> dict[str, str]:
        """Configs of the workload's topics: segments that roll often, indexes that are dense, or defaults."""
        stream = self._stream
        configs = {}
        if stream.happens(600_000):
            configs["segment.ms"] = str(stream.pick([500, 2000, 8000]))
        if stream.happens(500_000):
            configs["index.interval.bytes"] = str(stream.pick([0, 64, 1024]))
        if stream.happens(200_000):
            configs["message.timestamp.type"] = "LogAppendTime"
        return configs
