"""Properties of the simulated world: determinism, connections, clocks, decisions drawn by Hypothesis."""

import attrs
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from support.sim_lab import BROKER, Lab
from tautolog.campaign.profiles import PROFILES
from tautolog.campaign.run import run_seed
from tautolog.sim.choices import Drawn, Recorded, Recording, Seeded
from tautolog.sim.network import DATA, Network
from tautolog.sim.scheduler import MILLISECOND, Clock, Scheduler

QUICK = (Phase.explicit, Phase.generate, Phase.shrink)
"""Without the explanations, for which Hypothesis traces every line that runs."""


@settings(max_examples=10, phases=QUICK)
@given(seed=st.integers(0, 2**63 - 1), profile=st.sampled_from(["default", "process"]))
def test_the_same_seed_gives_the_same_history_and_disk(seed, profile):
    short = attrs.evolve(PROFILES[profile], seconds=4)
    first, again = (run_seed(seed, short) for _ in range(2))
    assert (first.digest, first.history) == (again.digest, again.history)


class Quiet:
    """A machine that keeps what it gets."""

    def __init__(self, host):
        self.host = host
        self.got = []
        self.ended = 0

    def powered(self):
        return True

    def listens(self):
        return True

    def opened(self, connection):
        self.connection = connection

    def arrived(self, connection, payload):
        assert not self.ended
        self.got.append(payload)

    def closed(self, connection, reason):
        self.ended += 1


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("send"), st.booleans()),
        st.tuples(st.just("wait"), st.integers(0, 3000)),
        st.tuples(st.sampled_from(["cut", "one-way", "heal", "clog", "loss"]), st.booleans()),
        st.tuples(st.sampled_from(["close", "reset"]), st.booleans()),
    ),
    max_size=60,
)


@settings(phases=QUICK)
@given(steps=STEPS, seed=st.integers(0, 1000))
def test_a_connection_delivers_a_prefix_in_order_whatever_happens(steps, seed):
    scheduler = Scheduler()
    network = Network(scheduler, Seeded(seed))
    ends = [Quiet("a"), Quiet("b")]
    connection = network.connect(*ends)
    sent = {True: 0, False: 0}
    gone = {True: False, False: False}
    was_reset = False
    for what, flag in steps:
        source, target = ("a", "b") if flag else ("b", "a")
        if what == "send" and not gone[flag]:
            (connection.forward if flag else connection.backward).send(DATA, sent[flag])
            sent[flag] += 1
        elif what == "wait":
            scheduler.run_until(scheduler.now_ns + flag * MILLISECOND)
        elif what == "cut":
            network.cut(source, target)
        elif what == "one-way":
            network.cut(source, target, both_ways=False)
        elif what == "heal":
            network.heal(source, target)
        elif what == "clog":
            network.clog(source, target, 700 * MILLISECOND)
        elif what == "loss":
            network.link(source, target).loss_ppm = 300_000
        elif what == "close":
            gone[flag] = True
            connection.end(ends[0] if flag else ends[1])
        elif what == "reset":
            was_reset = True
            connection.reset()
    network.heal("a", "b")
    scheduler.run_until(scheduler.now_ns + 600_000 * MILLISECOND)
    for flag, end in ((True, ends[1]), (False, ends[0])):
        assert end.got == list(range(len(end.got))), "out of order, or with a gap"
        assert end.ended <= 1
        undisturbed = not was_reset and not any(gone.values())
        if undisturbed and flag:
            assert len(end.got) == sent[flag], "lost without an end of the connection"


@given(
    changes=st.lists(
        st.tuples(st.integers(1, 10**10), st.sampled_from(["drift", "step"]), st.integers(-300_000, 300_000)),
        max_size=20,
    ),
    ahead_ms=st.integers(0, 100_000),
)
def test_the_monotonic_clock_never_goes_back_and_reach_is_exact(changes, ahead_ms):
    clock = Clock()
    now = last = 0
    for passed, what, amount in changes:
        now += passed
        if what == "drift":
            clock.drift(now, amount)
        else:
            clock.step(amount)
        monotonic = clock.instant(now).monotonic_ms
        assert monotonic >= last
        last = monotonic
    moment = clock.reach(last + ahead_ms, now)
    assert clock.instant(moment).monotonic_ms >= last + ahead_ms
    assert moment == now or clock.instant(moment - 1).monotonic_ms < last + ahead_ms


def values_after(choices):
    lab = Lab(choices=choices)
    producer = lab.producer()
    lab.send(producer, b"one")
    stream = lab.world.choices.stream("test")
    lab.run(stream.below(3))
    lab.fault(stream.pick(["kill", "reset", "pause"]), *stream.pick([(BROKER, "producer-1"), ("producer-1", BROKER)]),
              for_ms=stream.between(1, 3000))  # fmt: skip
    lab.run(8000)
    assert len(producer.node.take()) in {0, 1}
    return lab.read_all()


@settings(max_examples=20, phases=QUICK)
@given(data=st.data())
def test_hypothesis_may_take_every_decision_of_a_world(data):
    recording = Recording(Drawn(lambda name, bound: data.draw(st.integers(0, bound - 1), label=name)))
    values = values_after(recording)
    assert values in ([], [b"one"])
    assert values_after(Recorded(recording.decisions)) == values
