"""Every fault of the table does what it says, to a real broker and real client nodes, and ends when it ends."""

import pytest

from support.sim_lab import BROKER, Lab
from tautolog.client.consumer import Revoked, Trouble
from tautolog.sim.faults import FAULTS
from tautolog.sim.process import State
from tautolog.sim.server import Fsync

PRODUCER = "producer-1"
TESTED = set()


def covers(*kinds):
    TESTED.update(kinds)
    return lambda test: test


@pytest.fixture
def lab():
    return Lab()


def timed(lab, producer, value=b"x", patience_ms=60_000):
    began = lab.now_ms
    delivery = lab.sent(producer, value, patience_ms)
    return delivery, lab.now_ms - began


# network


@covers("latency")
def test_latency_slows_and_ends(lab):
    producer = lab.producer()
    lab.sent(producer, b"warm up")
    lab.fault("latency", PRODUCER, BROKER, for_ms=5000, amount=300)
    delivery, took_ms = timed(lab, producer)
    assert (delivery.outcome, took_ms > 600) == ("ok", True)
    lab.run(6000)
    assert timed(lab, producer)[1] < 50


@covers("loss")
def test_loss_is_a_retransmission_delay_on_a_connection(lab):
    producer = lab.producer()
    lab.sent(producer, b"warm up")
    lab.fault("loss", PRODUCER, BROKER, for_ms=20_000, amount=500_000)
    took = [timed(lab, producer)[1] for _ in range(10)]
    assert max(took) >= 200
    assert lab.world.network.link(PRODUCER, BROKER).lost > 0
    lab.run(20_000)
    assert timed(lab, producer)[1] < 50


@covers("duplication", "reordering")
@pytest.mark.parametrize(("kind", "seen"), [("duplication", 2), ("reordering", 1)])
def test_datagrams_feel_duplication_and_reordering(lab, kind, seen):
    lab.fault(kind, PRODUCER, BROKER, for_ms=1000, amount=1_000_000)
    heard = []
    lab.world.network.datagram(PRODUCER, BROKER, heard.append, "one")
    lab.world.run_for(1)
    late = len(heard)
    lab.world.run_for(10)
    assert len(heard) == seen
    assert late < seen or kind == "duplication"
    lab.run(1000)
    link = lab.world.network.link(PRODUCER, BROKER)
    assert (link.duplicate_ppm, link.reorder_ppm) == (0, 0)


@covers("cut")
def test_a_cut_stops_everything_between_two_machines_only(lab):
    producer, other = lab.producer(), lab.producer("producer-2")
    lab.sent(producer, b"warm up")
    lab.fault("cut", PRODUCER, BROKER, for_ms=3000)
    assert lab.sent(producer, b"held", patience_ms=2500) is None
    assert lab.sent(other, b"passes", patience_ms=500).outcome == "ok"
    lab.run(3000)
    assert [delivery.outcome for delivery in producer.node.take()] == ["ok"]


@covers("cut-one-way")
def test_a_one_way_cut_lets_the_request_through_and_holds_the_answer(lab):
    producer = lab.producer()
    lab.sent(producer, b"warm up")
    lab.fault("cut-one-way", BROKER, PRODUCER, for_ms=1500)
    assert lab.sent(producer, b"written", patience_ms=1000) is None
    assert lab.read_all() == [b"warm up", b"written"]
    lab.run(2000)
    assert [delivery.offset for delivery in producer.node.take()] == [1]


@covers("isolate")
def test_isolation_stops_everybody(lab):
    producers = [lab.producer(f"producer-{number}") for number in (1, 2)]
    lab.fault("isolate", BROKER, for_ms=2000)
    assert [lab.sent(producer, b"x", patience_ms=800) for producer in producers] == [None, None]
    lab.run(5000)
    assert [producer.node.take()[0].outcome for producer in producers] == ["ok", "ok"]


@covers("clog")
def test_a_clog_holds_back_and_loses_nothing(lab):
    producer = lab.producer()
    lab.sent(producer, b"warm up")
    lab.fault("clog", PRODUCER, BROKER, for_ms=1500)
    delivery, took_ms = timed(lab, producer)
    assert (delivery.outcome, 1400 < took_ms < 1700) == ("ok", True)


@covers("slow-link")
def test_a_slow_link_takes_time_by_size(lab):
    producer = lab.producer()
    lab.sent(producer, b"warm up")
    lab.fault("slow-link", PRODUCER, BROKER, for_ms=60_000, amount=10_000)
    assert timed(lab, producer, b"." * 10_000)[1] > 1000
    assert timed(lab, producer, b".")[1] < 500


@covers("reset")
def test_a_reset_ends_connections_and_clients_come_back(lab):
    producer = lab.producer()
    lab.sent(producer, b"warm up")
    before = lab.world.network.between(PRODUCER, BROKER)
    lab.send(producer, b"under way")
    lab.fault("reset", PRODUCER, BROKER)
    lab.run(2000)
    after = lab.world.network.between(PRODUCER, BROKER)
    assert before
    assert not set(before) & set(after)
    assert [delivery.outcome for delivery in producer.node.take()] == ["ok"]
    assert lab.read_all() == [b"warm up", b"under way"]


# processes


@covers("kill")
@pytest.mark.parametrize("fsync", list(Fsync))
def test_a_kill_takes_memory_and_leaves_the_disk(fsync):
    lab = Lab(fsync=fsync)
    producer = lab.producer()
    lab.sent(producer, b"kept")
    node = lab.broker.node
    lab.fault("kill", BROKER, for_ms=1000)
    assert (lab.broker.state, lab.broker.node) == (State.DOWN, None)
    delivery, took_ms = timed(lab, producer, b"after")
    assert lab.broker.node is not node
    assert (delivery.outcome, delivery.offset, took_ms > 900) == ("ok", 1, True)
    assert lab.read_all() == [b"kept", b"after"]


@covers("power-off")
@pytest.mark.parametrize(("fsync", "kept"), [(Fsync.ALWAYS, True), (Fsync.NEVER, False)])
def test_a_power_cut_leaves_what_was_synced(fsync, kept):
    lost = 0
    for seed in range(5):
        lab = Lab(fsync=fsync, seed=seed)
        producer = lab.producer()
        lab.sent(producer, b"acknowledged")
        lab.fault("power-off", BROKER, for_ms=500)
        lab.run(5000)
        lost += lab.read_all() != [b"acknowledged"]
    assert (lost == 0) is kept


@covers("power-off")
def test_a_power_cut_is_silent_and_leaves_connections_half_open(lab):
    producer = lab.producer(request_timeout_ms=4000)
    lab.sent(producer, b"warm up")
    lab.fault("power-off", BROKER, for_ms=1000)
    lab.run(500)
    assert producer.node._lines  # nobody told it
    lab.run(1000)
    assert producer.node._lines  # the machine is back, and knows nothing of it
    delivery, took_ms = timed(lab, producer)
    assert (delivery.outcome, took_ms < 1000) == ("ok", True)  # told by a reset as soon as it spoke


@covers("stop")
def test_a_graceful_stop_answers_what_is_decided_and_restarts_clean(lab):
    producer = lab.producer()
    lab.sent(producer, b"kept")
    lab.fault("stop", BROKER, for_ms=500)
    assert lab.broker.state is State.DOWN
    assert not lab.broker.disk.dirty
    lab.run(3000)
    assert lab.sent(producer, b"after").offset == 1
    assert lab.read_all() == [b"kept", b"after"]


@covers("pause")
def test_a_pause_keeps_everything_for_later(lab):
    producer = lab.producer(request_timeout_ms=10_000)
    lab.sent(producer, b"warm up")
    lab.fault("pause", BROKER, for_ms=3000)
    delivery, took_ms = timed(lab, producer)
    assert (delivery.outcome, 2900 < took_ms < 3200) == ("ok", True)


@covers("wipe")
def test_a_wiped_machine_comes_back_empty(lab):
    producer = lab.producer()
    lab.sent(producer, b"gone")
    lab.fault("wipe", BROKER, for_ms=100)
    lab.run(1000)
    assert "orders" not in lab.broker.node.controller.topics


@covers("kill")
def test_a_client_may_die_between_any_two_steps(lab):
    for number in range(12):
        producer = lab.producer(f"producer-{number}")
        lab.send(producer, b"%d" % number)
        for _ in range(number):
            lab.world.scheduler.step()
        lab.fault("kill", producer.host, for_ms=60_000)
        assert producer.node is None
    lab.run(3000)
    values = lab.read_all()
    assert len(values) == len(set(values)) < 12


@covers("pause")
def test_a_paused_member_is_a_zombie_and_is_told_when_it_wakes():
    lab = Lab(**{"group.min.session.timeout.ms": "1000"})
    options = {"group_id": "g", "session_timeout_ms": 1500, "heartbeat_interval_ms": 300}
    first, second = lab.consumer("member-1", **options), lab.consumer("member-2", **options)

    def poll_all():
        for member in (first, second):
            member.act(lambda now, member=member: member.node.poll(now))

    for member in (first, second):
        member.act(lambda now, member=member: member.node.subscribe(now, ["orders"]))
    lab.until(lambda: poll_all() or first.node.positions or second.node.positions)
    holder, other = (first, second) if first.node.positions else (second, first)
    lab.fault("pause", holder.host, for_ms=6000)
    assert lab.until(lambda: other.act(other.node.poll) or other.node.positions, 5500)
    assert holder.node.positions  # it still believes
    holder.node.take_events()
    told = []
    lab.until(lambda: told.extend(holder.node.take_events()) or told, 9000)
    assert isinstance(told[0], Revoked)
    assert told[0].lost


# clocks


@covers("clock-drift")
def test_a_fast_clock_waits_shorter(lab):
    plain, fast = lab.producer("producer-1", linger_ms=1000), lab.producer("producer-2", linger_ms=1000)
    lab.fault("clock-drift", "producer-2", for_ms=60_000, amount=200_000)
    assert 1000 <= timed(lab, plain)[1] < 1100
    assert 830 <= timed(lab, fast)[1] < 930


@covers("clock-forward", "clock-back")
@pytest.mark.parametrize(("kind", "amount"), [("clock-forward", 90_000), ("clock-back", -90_000)])
def test_a_step_moves_the_time_of_day_of_one_machine(lab, kind, amount):
    producer = lab.producer()
    lab.fault(kind, PRODUCER, amount=amount)
    lab.sent(producer, b"stamped")
    reader = lab.consumer()
    reader.act(lambda now: reader.node.assign(now, [("orders", 0)]))
    got = []
    lab.until(lambda: reader.act(lambda now: got.extend(reader.node.poll(now))) or got)
    assert abs(got[0].timestamp_ms - lab.broker.instant().wall_ms - amount) < 1000
    assert abs(producer.instant().monotonic_ms - lab.broker.instant().monotonic_ms) < 5


# disks


@covers("disk-slow")
def test_a_slow_disk_delays_answers_that_wait_for_a_sync(lab):
    producer = lab.producer()
    lab.sent(producer, b"warm up")
    lab.fault("disk-slow", BROKER, for_ms=5000, amount=300)
    assert 300 <= timed(lab, producer)[1] < 700
    lab.run(5000)
    assert timed(lab, producer)[1] < 50


@covers("disk-stall")
def test_a_stalled_disk_answers_when_it_goes_on(lab):
    producer = lab.producer(request_timeout_ms=9000)
    lab.sent(producer, b"warm up")
    lab.fault("disk-stall", BROKER, for_ms=4000)
    delivery, took_ms = timed(lab, producer)
    assert (delivery.outcome, 3900 < took_ms < 4300) == ("ok", True)


@covers("disk-full")
def test_a_full_disk_refuses_and_works_again_without_a_restart(lab):
    producer = lab.producer(idempotent=False, retries=0)
    lab.sent(producer, b"warm up")
    lab.fault("disk-full", BROKER, for_ms=3000, amount=10)
    refused = lab.sent(producer, b"no room")
    assert (refused.outcome, refused.reason) == ("fail", "KAFKA_STORAGE_ERROR")
    lab.run(3000)
    assert lab.sent(producer, b"room").offset == 1
    assert (lab.read_all(), lab.broker.runs) == ([b"warm up", b"room"], 1)


@covers("write-error")
def test_a_write_error_is_refused_and_undone(lab):
    producer = lab.producer(idempotent=False, retries=0)
    lab.sent(producer, b"warm up")
    lab.fault("write-error", BROKER, for_ms=3000, amount=1)
    assert lab.sent(producer, b"refused").outcome == "fail"
    assert lab.sent(producer, b"next").offset == 1
    assert lab.read_all() == [b"warm up", b"next"]


@covers("read-error")
def test_a_read_error_delays_the_reader(lab):
    producer = lab.producer()
    lab.sent(producer, b"there")
    lab.fault("kill", BROKER, for_ms=100)
    lab.run(2000)
    lab.fault("read-error", BROKER, for_ms=3000, amount=3)
    assert lab.read_all() == [b"there"]
    assert any("cannot be read" in text for _, _, text in lab.reports)


@covers("sync-error")
def test_a_failed_sync_ends_the_process_before_it_answers(lab):
    producer = lab.producer(idempotent=False, retries=0)
    lab.sent(producer, b"warm up")
    lab.fault("sync-error", BROKER, for_ms=100)
    unknown = lab.sent(producer, b"never answered")
    assert unknown.outcome == "info"
    assert any("a sync failed" in text for _, _, text in lab.reports)
    assert lab.until(lambda: lab.broker.runs == 2 and lab.broker.state is State.RUNNING)
    assert lab.sent(producer, b"after").outcome == "ok"
    assert lab.read_all() in ([b"warm up", b"after"], [b"warm up", b"never answered", b"after"])


def sync_fails_with_an_answer_due(lab, producer):
    lab.fault("sync-error", BROKER, for_ms=100)
    assert lab.sent(producer, b"never answered").outcome == "info"


def sync_fails_at_a_graceful_stop(lab, producer):
    lab.send(producer, b"never answered")
    while not lab.broker.disk.dirty:
        lab.world.scheduler.step()
    lab.fault("sync-error", BROKER, for_ms=1)
    lab.broker.stop()
    assert lab.until(producer.node.take)


@covers("sync-error")
@pytest.mark.parametrize("sync_fails", [sync_fails_with_an_answer_due, sync_fails_at_a_graceful_stop])
def test_no_process_reads_again_what_a_failed_sync_lost_whoever_starts_it(lab, sync_fails):
    producer = lab.producer(idempotent=False, retries=0)
    lab.sent(producer, b"warm up")
    sync_fails(lab, producer)
    assert (lab.broker.state, lab.broker.runs) == (State.DOWN, 1)
    lab.fault("kill", BROKER, for_ms=1)  # one that hits nobody, and starts the broker when it ends
    lab.run(2)
    assert (lab.broker.state, lab.broker.runs) == (State.RUNNING, 2)
    assert lab.sent(producer, b"after").outcome == "ok"
    lab.fault("power-off", BROKER, for_ms=50)
    lab.run(100)
    assert lab.broker.state is State.RUNNING
    assert lab.read_all() == [b"warm up", b"after"]


def broken_batch_is_never_taken_for_a_record(lab, good):
    values = lab.read_all(patience_ms=1000)
    assert set(values) <= set(good)
    return values


@covers("bit-rot")
def test_a_rotten_bit_is_noticed_by_the_checksum(lab):
    producer = lab.producer()
    lab.sent(producer, b"." * 4000)
    disk = lab.broker.disk
    lengths = [disk.size(f"{folder}{name}") for folder in disk.list("") for name in disk.list(folder[:-1])
               if name.endswith(".log") and folder < "orders"]  # fmt: skip
    lab.fault("bit-rot", BROKER, amount=sum(lengths) + 2000)
    assert broken_batch_is_never_taken_for_a_record(lab, [b"." * 4000]) == []
    assert any(isinstance(event, Trouble) and "checksum" in event.text for event in lab.troubles)


@covers("bit-rot-on-read")
def test_a_bit_that_flips_on_read_is_noticed_and_read_again(lab):
    producer = lab.producer()
    lab.sent(producer, b"." * 4000)
    lab.fault("kill", BROKER, for_ms=100)
    lab.run(2000)
    lab.fault("bit-rot-on-read", BROKER, for_ms=3000, amount=1)
    values = lab.read_all()
    assert values == [b"." * 4000]


@covers("misdirected-write")
def test_a_misdirected_write_is_never_taken_for_a_record(lab):
    producer = lab.producer()
    lab.sent(producer, b"first")
    lab.fault("misdirected-write", BROKER, for_ms=3000, amount=1)
    lab.sent(producer, b"second", patience_ms=2000)
    values = broken_batch_is_never_taken_for_a_record(lab, [b"first", b"second"])
    assert values != [b"first", b"second"]


def test_every_fault_of_the_table_is_tested():
    assert set(FAULTS) == TESTED
