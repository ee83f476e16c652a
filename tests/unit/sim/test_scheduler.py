"""Virtual time: order, ties, livelock; clocks that drift and step."""

import pytest

from tautolog.core.errors import InvariantBroken
from tautolog.sim.scheduler import EPOCH_WALL_MS, MILLISECOND, SECOND, Clock, Scheduler


def test_events_run_by_time_and_ties_in_posting_order():
    scheduler = Scheduler()
    seen = []
    for time, name in ((20, "c"), (10, "a"), (10, "b"), (30, "d")):
        scheduler.at(time, seen.append, name)
    assert not scheduler.run_until(20)
    assert (seen, scheduler.now_ns) == (["a", "b", "c"], 20)
    scheduler.run_until(100)
    assert (seen[-1], scheduler.now_ns) == ("d", 100)


def test_an_event_in_the_past_runs_now():
    scheduler = Scheduler()
    scheduler.run_until(50)
    times = []
    scheduler.at(10, lambda _: times.append(scheduler.now_ns))
    scheduler.step()
    assert times == [50]


def test_stopping_early_leaves_the_rest():
    scheduler = Scheduler()
    seen = []
    for time in (1, 2, 3):
        scheduler.at(time, seen.append, time)
    assert scheduler.run_until(10, lambda: len(seen) == 2)
    assert (seen, scheduler.now_ns) == ([1, 2], 2)


def test_a_livelock_is_our_bug_and_stops_the_run():
    scheduler = Scheduler()

    def again(_):
        scheduler.after(0, again)

    scheduler.at(5, again)
    with pytest.raises(InvariantBroken, match="time stands still at 5 ns"):
        scheduler.run_until(10)


def test_an_offset_is_in_the_time_of_day_only():
    instant = Clock(offset_ms=-250).instant(SECOND)
    assert instant == (1000, EPOCH_WALL_MS - 250 + 1000)


@pytest.mark.parametrize(("ppm", "shown"), [(50_000, 1050), (-50_000, 950), (0, 1000)])
def test_drift_makes_a_second_longer_or_shorter(ppm, shown):
    clock = Clock()
    clock.drift(0, ppm)
    assert clock.instant(SECOND) == (shown, EPOCH_WALL_MS + shown)


def test_changing_the_drift_does_not_jump():
    clock = Clock()
    clock.drift(0, 100_000)
    before = clock.instant(SECOND)
    clock.drift(SECOND, -100_000)
    assert clock.instant(SECOND) == before
    assert clock.instant(2 * SECOND).monotonic_ms == before.monotonic_ms + 900


@pytest.mark.parametrize("by_ms", [60_000, -60_000])
def test_a_step_moves_the_time_of_day_and_not_the_monotonic_clock(by_ms):
    clock = Clock()
    clock.step(by_ms)
    assert clock.instant(SECOND) == (1000, EPOCH_WALL_MS + 1000 + by_ms)


def test_booting_starts_the_monotonic_clock_anew_and_keeps_the_time_of_day():
    clock = Clock()
    clock.step(5)
    clock.boot(3 * SECOND)
    assert clock.instant(3 * SECOND) == (0, EPOCH_WALL_MS + 3005)
    assert clock.instant(4 * SECOND) == (1000, EPOCH_WALL_MS + 4005)


@pytest.mark.parametrize("ppm", [-200_000, -7, 0, 13, 333_333])
def test_reach_is_the_first_moment_that_shows_the_deadline(ppm):
    clock = Clock()
    clock.drift(17 * MILLISECOND, ppm)
    moment = clock.reach(12_345, 0)
    assert clock.instant(moment).monotonic_ms >= 12_345
    assert clock.instant(moment - 1).monotonic_ms < 12_345
