"""Hypothesis drives the simulated world: client calls, faults and the passing of time, with a model of what was promised.

The model knows which values were acknowledged where, which were surely refused, and what each group committed. In the end the
world is healed and everything is read once more: what was acknowledged stands where it was, nothing refused and nothing
unknown stands anywhere, nothing stands twice, and each group resumes from what it committed last.
"""

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from support.sim_lab import BROKER, Lab
from tautolog.client.consumer import Committed, Committing
from tautolog.sim.process import State

PARTITIONS = 2
FAULTS = [
    ("kill", (BROKER,), 0),
    ("power-off", (BROKER,), 0),
    ("stop", (BROKER,), 0),
    ("pause", (BROKER,), 0),
    ("sync-error", (BROKER,), 1),
    ("disk-full", (BROKER,), 40),
    ("write-error", (BROKER,), 3),
    ("read-error", (BROKER,), 3),
    ("disk-slow", (BROKER,), 200),
    ("isolate", (BROKER,), 0),
    ("clock-forward", (BROKER,), 50_000),
    ("clock-back", (BROKER,), -50_000),
]
QUICK = (Phase.generate, Phase.shrink)
"""Without the explanations, for which Hypothesis traces every line that runs."""
PRODUCERS = ("idempotent", "plain")
MEMBERS = ("member-1", "member-2")


class OneBroker(RuleBasedStateMachine):
    """A broker with one topic, an idempotent and a plain producer, a group of two members, and a model beside them."""

    @initialize(seed=st.integers(0, 2**32 - 1))
    def build(self, seed):
        self.lab = Lab(seed=seed, partitions=PARTITIONS, **{"group.min.session.timeout.ms": "1000"})
        common = {"request_timeout_ms": 1500, "delivery_timeout_ms": 8000}
        self.lab.producer("idempotent", **common)
        self.lab.producer("plain", idempotent=False, retries=0, max_in_flight=1, **common)
        for host in MEMBERS:
            self.lab.consumer(
                host, group_id="g", session_timeout_ms=3000, heartbeat_interval_ms=700, max_poll_interval_ms=6000
            )
            self.subscribe(host)
        self.values = 0
        self.open = {}
        self.acknowledged = {}
        self.refused = set()
        self.unknown = set()
        self.polled = {}
        self.reached = {}
        self.commits = {}
        self.committing = {}
        self.since_rest = []

    def process(self, host):
        return self.lab.world.processes[host]

    def subscribe(self, host):
        member = self.process(host)
        member.act(lambda now: member.node.subscribe(now, ["orders"]))

    # what clients do

    @rule(
        host=st.sampled_from(PRODUCERS), partition=st.integers(0, PARTITIONS - 1), size=st.sampled_from([0, 10, 3000])
    )
    def send(self, host, partition, size):
        producer = self.process(host)
        if producer.state is State.DOWN:
            return
        self.values += 1
        value = b"%d %b" % (self.values, b"." * size)
        producer.act(
            lambda now: self.open.__setitem__(
                (host, producer.runs, producer.node.send(now, "orders", value, partition=partition)), value
            )
        )

    @rule(host=st.sampled_from(MEMBERS))
    def poll(self, host):
        member = self.process(host)
        if member.state is not State.RUNNING:
            return
        records = []
        member.act(lambda now: records.extend(member.node.poll(now, 50)))
        for record in records:
            place = (record.partition, record.offset)
            assert self.polled.setdefault(place, record.value) == record.value
            assert record.value not in self.refused

    @rule(host=st.sampled_from(MEMBERS))
    def commit(self, host):
        member = self.process(host)
        if member.state is State.RUNNING:
            member.act(member.node.commit)

    # what happens to them

    @rule(fault=st.sampled_from(FAULTS), seconds=st.sampled_from([0.05, 0.5, 3]))
    def fault(self, fault, seconds):
        kind, target, amount = fault
        self.lab.fault(kind, *target, for_ms=int(seconds * 1000), amount=amount)

    @rule(host=st.sampled_from(PRODUCERS + MEMBERS), kind=st.sampled_from(["reset", "cut", "cut-one-way", "clog"]))
    def break_link(self, host, kind):
        self.lab.fault(kind, host, BROKER, for_ms=2500)

    @rule(host=st.sampled_from(PRODUCERS + MEMBERS), seconds=st.sampled_from([0.3, 4]))
    def lose_answers(self, host, seconds):
        self.lab.fault("cut-one-way", BROKER, host, for_ms=int(seconds * 1000))

    @rule(host=st.sampled_from(PRODUCERS + MEMBERS))
    def crash_client(self, host):
        process = self.process(host)
        self.collect()
        process.kill()
        for ticket in [ticket for ticket in self.open if ticket[0] == host]:
            self.unknown.add(self.open.pop(ticket))
        for ticket in [ticket for ticket in self.committing if ticket[0] == host]:
            self.commits.setdefault("maybe", []).append(self.committing.pop(ticket))
        process.start()
        if host in MEMBERS:
            self.subscribe(host)

    @rule(seconds=st.sampled_from([0.001, 0.02, 0.3, 2, 7]))
    def time_passes(self, seconds):
        self.lab.run(int(seconds * 1000))

    @rule(host=st.sampled_from(PRODUCERS), partition=st.integers(0, PARTITIONS - 1))
    def send_and_get_no_answer(self, host, partition):
        self.lab.fault("cut-one-way", BROKER, host, for_ms=2500)
        self.send(host, partition, 0)
        self.lab.run(1600)

    @rule(steps=st.integers(1, 12))
    def a_few_steps_pass(self, steps):
        for _ in range(steps):
            self.lab.world.scheduler.step()

    # the model

    @invariant()
    def collect(self):
        if not hasattr(self, "lab"):
            return
        for host in PRODUCERS:
            process = self.process(host)
            for delivery in process.node.take():
                value = self.open.pop((host, process.runs, delivery.ticket))
                if delivery.outcome == "ok":
                    place = (delivery.partition, delivery.offset)
                    assert delivery.offset >= 0
                    assert self.acknowledged.setdefault(place, value) == value
                elif delivery.outcome == "fail":
                    self.refused.add(value)
                else:
                    self.unknown.add(value)
        for host in MEMBERS:
            process = self.process(host)
            for event in process.node.take_events():
                ticket = (host, process.runs, getattr(event, "ticket", 0))
                if isinstance(event, Committing):
                    self.committing[ticket] = event.offsets
                elif isinstance(event, Committed):
                    offsets = self.committing.pop(ticket)
                    kind = {"ok": "sure", "info": "maybe", "fail": "never"}[event.outcome]
                    self.commits.setdefault(kind, []).append(offsets)

    @precondition(lambda self: hasattr(self, "lab"))
    @invariant()
    def an_offset_holds_one_value(self):
        for place, value in self.acknowledged.items():
            assert self.polled.get(place, value) == value

    def teardown(self):
        if not hasattr(self, "lab"):
            return
        lab = self.lab
        lab.run(12_000)  # the longest fault and the longest patience are over
        for process in lab.world.processes.values():
            process.resume()
            process.start()
        assert lab.until(lambda: self.collect() or not self.open, 20_000), self.open
        for host in PRODUCERS:  # what nobody waits for any more may still arrive
            lab.until(lambda host=host: not any(
                one.forward.under_way and not one.forward.dead for one in lab.world.network.between(host, BROKER)
            ))  # fmt: skip
        logs = {partition: lab.read_all(f"final-{partition}", partition=partition) for partition in range(PARTITIONS)}
        self.judge_records(logs)
        self.judge_offsets()

    def judge_records(self, logs):
        stored = {(partition, offset): value for partition, log in logs.items() for offset, value in enumerate(log)}
        for place, value in (self.acknowledged | self.polled).items():
            assert stored.get(place) == value, f"{value[:12]} is not at {place}"
        values = list(stored.values())
        assert len(values) == len(set(values)), "something was written twice"
        assert not self.refused & set(values), "something refused was written"
        assert set(values) <= set(self.acknowledged.values()) | self.unknown

    def judge_offsets(self):
        """The committed offset is one that some commit wrote."""
        lab = self.lab
        asker = lab.consumer("asker", group_id="g")
        asker.act(
            lambda now: (
                setattr(asker.node, "now", now),
                asker.node.want("orders"),
                asker.node.assign(now, [("orders", partition) for partition in range(PARTITIONS)]),
            )
        )
        assert lab.until(lambda: all(one.next_offset >= 0 for one in asker.node.positions.values()), 20_000)
        found = {place: position.next_offset for place, position in asker.node.positions.items()}
        for place, offset in found.items():
            sure = [offsets[place] for offsets in self.commits.get("sure", []) if place in offsets]
            maybe = [offsets[place] for offsets in self.commits.get("maybe", []) if place in offsets]
            maybe += [offsets[place] for offsets in self.committing.values() if place in offsets]
            assert offset in [*sure, *maybe, *([] if sure else [0])], f"{place} resumes at {offset}, committed {sure}"


def test_one_broker_keeps_its_promises_whatever_happens():
    run_state_machine_as_test(
        OneBroker,
        settings=settings(
            max_examples=100,
            stateful_step_count=30,
            deadline=None,
            derandomize=True,
            phases=QUICK,
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.mark.nightly
def test_one_broker_keeps_its_promises_for_a_long_time():
    run_state_machine_as_test(
        OneBroker,
        settings=settings(
            max_examples=1500,
            stateful_step_count=60,
            deadline=None,
            phases=QUICK,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_the_machine_sees_a_broken_promise(monkeypatch):
    from tautolog.core.errors import ErrorCode
    from tautolog.core.log.producers import ProducerStates

    monkeypatch.setattr(ProducerStates, "check", lambda self, batch: ErrorCode.NONE)
    with pytest.raises(AssertionError, match="written twice"):
        run_state_machine_as_test(
            OneBroker,
            settings=settings(
                max_examples=300,
                stateful_step_count=30,
                deadline=None,
                derandomize=True,
                phases=[Phase.generate],
                print_blob=False,
                suppress_health_check=list(HealthCheck),
            ),
        )
