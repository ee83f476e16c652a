"""Brokers broken on purpose: each defect must be found by the simulation, under the name of the promise that it breaks."""

import pytest

from tautolog.campaign.profiles import PROFILES
from tautolog.campaign.run import Run, run_seed
from tautolog.core.errors import ErrorCode
from tautolog.core.groups.coordinator import GroupCoordinator
from tautolog.core.groups.offsets import Offsets
from tautolog.core.groups.rebalances import Rebalances
from tautolog.core.log.log import Log
from tautolog.core.log.producers import ProducerStates
from tautolog.core.messages.heartbeat import HeartbeatRequest
from tautolog.core.partition.leader import Appended, Partition
from tautolog.core.records.batch import batches
from tautolog.sim.server import Fsync, ServerProcess
from tautolog_checkers.verdict import Outcome


def acknowledges_what_it_did_not_append(patch):
    real = Partition.append
    calls = []

    def append(self, records, now):
        calls.append(1)
        if len(calls) % 20 == 0:
            return Appended(ErrorCode.NONE, self.log_end_offset, -1, 0)
        return real(self, records, now)

    patch.setattr(Partition, "append", append)


def forgets_what_it_has_seen_of_a_producer(patch):
    patch.setattr(ProducerStates, "check", lambda self, batch: ErrorCode.NONE)


def appends_what_it_refuses(patch):
    real = Partition.append
    calls = []

    def append(self, records, now):
        calls.append(1)
        done = real(self, records, now)
        if len(calls) % 20 == 0 and done.error == ErrorCode.NONE:
            return Appended(ErrorCode.POLICY_VIOLATION)
        return done

    patch.setattr(Partition, "append", append)


def skips_a_batch_in_fetches(patch):
    real = Partition._read
    calls = []

    def read(self, offset, *arguments, **options):
        calls.append(1)
        records = real(self, offset, *arguments, **options)
        first = next(batches(records), None)
        return records[first.size :] if first and len(calls) % 10 == 0 else records

    patch.setattr(Partition, "_read", read)


def takes_commits_of_any_generation(patch):
    patch.setattr(Offsets, "check_commit", lambda self, *arguments: ErrorCode.NONE)


def forgets_committed_offsets_when_it_restarts(patch):
    patch.setattr(GroupCoordinator, "_decode", lambda self, index, values: {})


def gives_everybody_the_same_partitions(patch):
    real = Rebalances.assign

    def assign(self, group, assignments):
        first = next(iter(assignments.values()), b"")
        real(self, group, dict.fromkeys(assignments, first))

    patch.setattr(Rebalances, "assign", assign)


def answers_before_it_syncs(patch):
    real = ServerProcess.__init__

    def init(self, *arguments, **options):
        real(self, *arguments, **(options | {"fsync": Fsync.NEVER}))

    patch.setattr(ServerProcess, "__init__", init)


def loses_the_last_batch_when_it_recovers(patch):
    real = Log.open

    def open_log(self, now):
        real(self, now)
        if self.end_offset > 1 and not self.folder.startswith("__"):
            self.truncate_to(self.end_offset - 1)

    patch.setattr(Log, "open", open_log)


def never_answers_heartbeats(patch):
    real = ServerProcess._receive

    def receive(self, now, peer, request):
        if not isinstance(request.body, HeartbeatRequest):
            real(self, now, peer, request)

    patch.setattr(ServerProcess, "_receive", receive)


def stops_at_an_empty_fetch(patch):
    real = Partition.fetch
    calls = []

    def fetch(self, *arguments, **options):
        calls.append(1)
        if len(calls) == 200:
            raise RuntimeError("a bug")
        return real(self, *arguments, **options)

    patch.setattr(Partition, "fetch", fetch)


DEFECTS = [
    (acknowledges_what_it_did_not_append, "calm", 5, {"vanished", "inconsistent-offsets", "unseen", "lost-write"}),
    (forgets_what_it_has_seen_of_a_producer, "network", 7, {"duplicate"}),
    (appends_what_it_refuses, "calm", 5, {"G1a"}),
    (skips_a_batch_in_fetches, "calm", 5, {"poll-skip", "int-poll-skip", "committed-unread"}),
    (takes_commits_of_any_generation, "process", 14, {"zombie-commit"}),
    (forgets_committed_offsets_when_it_restarts, "process", 0, {"committed-offset-regression"}),
    (gives_everybody_the_same_partitions, "calm", 0, {"two-owners"}),
    (answers_before_it_syncs, "power-cut", 0, {"vanished"}),
    (loses_the_last_batch_when_it_recovers, "process", 0, {"vanished", "inconsistent-offsets"}),
    (never_answers_heartbeats, "calm", 5, {"unconverged"}),
    (stops_at_an_empty_fetch, "calm", 5, {"broker-failed"}),
]


@pytest.mark.parametrize(
    ("defect", "profile", "first", "promises"), DEFECTS, ids=[defect.__name__ for defect, *_ in DEFECTS]
)
def test_a_defect_is_found(monkeypatch, defect, profile, first, promises):
    # `first` is a seed that finds it at the time of writing; when draws change, one of the next will
    defect(monkeypatch)
    found = set()
    for seed in range(first, first + 20):
        result = run_seed(seed, PROFILES[profile])
        if result.outcome is Outcome.VIOLATED:
            found = {name for verdict in result.verdicts for name in verdict.forbidden}
            break
    assert found & promises, f"found {found or 'nothing'}"


def test_a_broken_broker_can_be_handed_in():
    from tautolog.core.broker import Broker
    from tautolog.sim.choices import Seeded

    class Deaf(Broker):
        def receive(self, now, sender, message):
            if message.key != 0:
                super().receive(now, sender, message)

    result = Run(Seeded(1), PROFILES["calm"], Fsync.ALWAYS, make_broker=Deaf).execute()
    assert "unseen" not in result.verdicts[0].anomalies
    assert result.operations


@pytest.mark.parametrize("name", [name for name, profile in PROFILES.items() if profile.control])
def test_controls_are_violated(name):
    outcomes = [run_seed(seed, PROFILES[name]).outcome for seed in range(2)]
    assert outcomes == [Outcome.VIOLATED] * 2
