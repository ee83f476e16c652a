"""The cleaner: the last record of each key stays, at its offset; what is never touched; what a crash leaves."""

import pytest

from support.logs import FOLDER, TryLog, at, everything, opaque
from tautolog.core.log import compaction
from tautolog.core.ports import StorageError
from tautolog.core.records.batch import check, parse
from tautolog.core.records.control import ControlType, EndMarker, build_end_marker
from tautolog.core.records.record import Record

COMPACT = {
    "cleanup_policy": ("compact",),
    "min_cleanable_dirty_ratio": 0.0,
    "segment_bytes": 400,
    "index_interval_bytes": 0,
}
HOUR = 3_600_000


def compacting(**settings):
    return TryLog(**COMPACT | settings)


def keyed(key, value=b"v" * 50):
    return (key, value)


def clean(tried, wall_ms=2000):
    """A whole round; how many slices it took."""
    slices = 1
    while tried.log.compact(at(wall_ms), budget_bytes=1):
        slices += 1
    return slices


def kept(tried):
    return [(record.offset, record.key) for _, _, record in everything(tried.log)]


def roll(tried, **fields):
    """Fill the active segment, so that all before it may be cleaned."""
    tried.append(keyed(b"filler", b"v" * 400), **fields)
    tried.append(keyed(b"active", b"v"))


def test_the_last_of_each_key_stays_where_it_was():
    tried = compacting()
    for key in (b"a", b"b", b"a", b"c", b"b", b"a"):
        tried.append(keyed(key))
    roll(tried)
    clean(tried)
    assert kept(tried) == [(3, b"c"), (4, b"b"), (5, b"a"), (6, b"filler"), (7, b"active")]
    assert (tried.log.start_offset, tried.log.end_offset) == (0, 8)
    before = kept(tried)
    assert (kept_after_restart(tried), tried.reports) == (before, [])
    tried.append(keyed(b"a"))
    assert tried.log.end_offset == 9


def kept_after_restart(tried):
    tried.reopen()
    return kept(tried)


def test_within_a_batch():
    tried = compacting()
    tried.append(keyed(b"a"), keyed(b"b"), keyed(b"a"), keyed(b"c"))
    tried.append(keyed(b"c"))
    roll(tried)
    clean(tried)
    assert kept(tried)[:3] == [(1, b"b"), (2, b"a"), (4, b"c")]
    batch, buffer = next(tried.log.batches(0))
    assert (batch.base_offset, batch.last_offset, batch.record_count) == (0, 3, 2)
    assert check(buffer, batch.position, batch)


def test_headers_and_times_come_along():
    tried = compacting()
    record = Record(0, 1234, b"k", b"v", [("h", b"x"), ("n", None)])
    tried.append(keyed(b"a"), record, Record(0, 1000, b"a", b"w"))
    roll(tried)
    clean(tried)
    assert [found for _, _, found in everything(tried.log)][:2] == [
        record._replace(offset=1),
        Record(2, 1000, b"a", b"w"),
    ]
    assert tried.log.max_timestamp()[:2] == (1234, 1)


def test_records_without_a_key_go():
    tried = compacting()
    tried.append(b"no key", keyed(b"a"))
    roll(tried)
    clean(tried)
    assert kept(tried)[0] == (1, b"a")


class TestWhatIsLeftAlone:
    def test_the_active_segment(self):
        tried = compacting(segment_bytes=10_000)
        for _ in range(5):
            tried.append(keyed(b"a"))
        assert clean(tried) == 1
        assert len(kept(tried)) == 5

    def test_compressed_batches(self):
        tried = compacting()
        tried.append(keyed(b"a"))
        tried.append(keyed(b"a"), keyed(b"a"), change=opaque)
        tried.append(keyed(b"a"))
        roll(tried)
        clean(tried)
        assert [batch.base_offset for batch, _ in tried.log.batches(0)] == [1, 3, 4, 5]

    def test_control_batches(self):
        tried = compacting()
        tried.append(keyed(b"a"), producer_id=7, producer_epoch=0, base_sequence=0, transactional=True)
        tried.append_data(
            build_end_marker(EndMarker(ControlType.COMMIT, 0), timestamp=1, producer_id=7, producer_epoch=0)
        )
        roll(tried)
        clean(tried)
        assert [batch.base_offset for batch, _ in tried.log.batches(0) if batch.is_control] == [1]

    def test_what_is_above_the_high_watermark(self):
        tried = compacting(segment_bytes=100)
        for _ in range(4):
            tried.append(keyed(b"a"))
        while tried.log.compact(at(2000), 2):
            pass
        assert kept(tried) == [(1, b"a"), (2, b"a"), (3, b"a")]

    def test_what_is_younger_than_the_lag(self):
        tried = compacting(segment_bytes=100, min_compaction_lag_ms=500)
        for timestamp in (1000, 1100, 1600, 1700):
            tried.append(keyed(b"a"), timestamp=timestamp)
        clean(tried, wall_ms=1700)
        assert kept(tried) == [(1, b"a"), (2, b"a"), (3, b"a")]

    def test_logs_of_another_policy(self):
        tried = compacting(cleanup_policy=("delete",), segment_bytes=100)
        for _ in range(4):
            tried.append(keyed(b"a"))
        assert clean(tried) == 1
        assert len(kept(tried)) == 4

    def test_a_producers_last_sequence(self):
        tried = compacting()
        for sequence in range(3):
            tried.append(keyed(b"a"), producer_id=7, producer_epoch=1, base_sequence=sequence)
        tried.append(keyed(b"a"))
        roll(tried)
        known = tried.log.producers.producers[7].batches[-1]
        clean(tried)
        assert kept(tried)[0] == (3, b"a")
        empty = tried.log.batch_at(2)
        assert (empty.record_count, empty.producer_id, empty.producer_epoch, empty.last_sequence) == (0, 7, 1, 2)
        tried.log.close(0)
        for name in tried.names(".snapshot"):
            tried.disk.remove(f"{FOLDER}/{name}")
        assert tried.reopen().producers.producers[7].batches == [known]

    def test_the_last_offset_of_a_rewritten_segment(self):
        tried = compacting()
        for _ in range(3):
            tried.append(keyed(b"a"))
        tried.append(keyed(b"filler", b"v" * 400))
        tried.append(keyed(b"a"))
        tried.append(keyed(b"filler", b"v" * 400))
        tried.append(keyed(b"b"))
        clean(tried)
        first = tried.log.segments[0]
        last = [batch for batch, _ in tried.log.batches(0) if batch.base_offset < tried.log.segments[1].base_offset][-1]
        assert (first.base_offset, last.next_offset, last.record_count) == (0, tried.log.segments[1].base_offset, 0)


class TestTombstones:
    def grown(self):
        tried = compacting(delete_retention_ms=HOUR)
        tried.append(keyed(b"a"), keyed(b"b"))
        tried.append((b"a", None))
        roll(tried)
        return tried

    def test_stay_for_a_while(self):
        tried = self.grown()
        clean(tried, wall_ms=10_000)
        assert kept(tried)[:2] == [(1, b"b"), (2, b"a")]
        assert tried.log.batch_at(2).delete_horizon_ms == 10_000 + HOUR
        assert next(tried.log.records(2)).timestamp == 1000

    @pytest.mark.parametrize(("later", "left"), [(HOUR - 1, True), (HOUR, False)])
    def test_and_then_go(self, later, left):
        tried = self.grown()
        clean(tried, wall_ms=10_000)
        roll(tried)
        clean(tried, wall_ms=10_000 + later)
        assert ((2, b"a") in kept(tried)) == left
        assert (1, b"b") in kept(tried)
        assert (0, b"a") not in kept(tried)

    def test_go_at_once_when_a_later_record_has_their_key(self):
        tried = self.grown()
        tried.append(keyed(b"a"))
        roll(tried)
        clean(tried)
        assert (2, b"a") not in kept(tried)


class TestRounds:
    def test_only_when_enough_is_dirty(self):
        tried = compacting(min_cleanable_dirty_ratio=0.5, segment_bytes=250)
        for _ in range(20):
            tried.append(keyed(b"a"))
        clean(tried)
        size = tried.log.size_bytes
        tried.configure(min_cleanable_dirty_ratio=0.9)
        for number in range(4):
            tried.append(keyed(b"%d" % number))
        clean(tried)
        assert tried.log.size_bytes > size
        assert len(kept(tried)) > 5

    def test_in_any_case_after_the_longest_lag(self):
        tried = compacting(min_cleanable_dirty_ratio=1.0, max_compaction_lag_ms=500, segment_ms=10**9)
        for _ in range(8):
            tried.append(keyed(b"a"))
        clean(tried, wall_ms=1500)
        assert len(kept(tried)) == 8
        clean(tried, wall_ms=1501)
        assert len(kept(tried)) < 8

    def test_neighbours_are_put_together(self):
        tried = compacting()
        for number in range(40):
            tried.append(keyed(b"%d" % (number % 3)))
        before = len(tried.log.segments)
        clean(tried)
        roll(tried)
        clean(tried)
        assert len(tried.log.segments) < before / 2
        assert len(tried.names(".log")) == len(tried.log.segments)
        assert all(segment.size <= 500 for segment in tried.log.segments)

    def test_nothing_to_gain_writes_nothing(self):
        tried = compacting(segment_bytes=600)
        tried.append(keyed(b"a", b"v" * 500))
        tried.append(keyed(b"b", b"v" * 500))
        tried.append(keyed(b"c"))
        tried.log.checkpoint(0)
        content = {name: tried.content(f"{FOLDER}/{name}") for name in tried.names(".log")}
        clean(tried)
        assert {name: tried.content(f"{FOLDER}/{name}") for name in tried.names(".log")} == content

    def test_more_keys_than_fit_take_several_rounds(self, monkeypatch):
        monkeypatch.setattr(compaction, "MAX_KEYS", 3)
        tried = compacting()
        for number in range(30):
            tried.append(keyed(b"%d" % (number % 10)))
        roll(tried)
        rounds = 0
        while tried.log._cleaned_to < tried.log.segments[-1].base_offset:
            clean(tried)
            rounds += 1
        assert rounds > 3
        assert kept(tried) == [(20 + n, b"%d" % n) for n in range(10)] + [(30, b"filler"), (31, b"active")]

    def test_the_log_goes_on_meanwhile(self):
        tried = compacting()
        for number in range(40):
            tried.append(keyed(b"%d" % (number % 3)))
        slices = 0
        while tried.log.compact(at(2000), budget_bytes=1):
            slices += 1
            tried.append(keyed(b"meanwhile %d" % slices))
            assert tried.log.read(tried.log.end_offset - 1, 1, 10**6, at_least_one=True)
            if slices == 30:
                break
        assert slices > 3
        assert kept_after_restart(tried)[-1] == (tried.log.end_offset - 1, b"meanwhile %d" % slices)

    @pytest.mark.parametrize("act", ["truncate", "delete", "retain", "close", "delete log"])
    @pytest.mark.parametrize("slices", [1, 5, 20])
    def test_is_left_when_the_log_changes_its_shape(self, act, slices):
        tried = compacting(retention_ms=100, cleanup_policy=("compact", "delete"))
        for number in range(40):
            tried.append(keyed(b"%d" % (number % 3)), timestamp=1000 + number)
        for _ in range(slices):
            tried.log.compact(at(1000), budget_bytes=1)
        {
            "truncate": lambda: tried.log.truncate_to(5),
            "delete": lambda: tried.log.delete_before(35),
            "retain": lambda: tried.log.retain(at(1130)),
            "close": lambda: tried.log.close(0),
            "delete log": tried.log.delete,
        }[act]()
        assert not any(name.endswith((".cleaned", ".swap")) for name in tried.names())
        seen = kept(tried)
        assert kept_after_restart(tried) == seen
        while tried.log.compact(at(1000)):
            pass
        assert len(kept(tried)) <= len(seen)


class TestCrash:
    """Whenever it happens, the log reads as before the round or as after it, or between: never less than the last values."""

    @pytest.mark.parametrize("operation", ["append", "sync", "rename", "remove", "replace"])
    @pytest.mark.parametrize("after", range(10))
    @pytest.mark.parametrize("cut", [False, True])
    def test_at_any_write(self, operation, after, cut):
        tried = compacting()
        for number in range(30):
            tried.append(keyed(b"%d" % (number % 4)))
        tried.log.checkpoint(0)
        values = {record.key: record for _, _, record in everything(tried.log)}
        tried.disk.fail(operation, f"{FOLDER}/*", after=after)
        while tried.log.compact(at(2000)):
            pass
        tried.disk.heal()
        assert {record.key: record for _, _, record in everything(tried.log)} == values
        if cut:
            tried.disk.power_cut(Coin(after))
        seen = everything(tried.reopen())
        assert {record.key: record for _, _, record in seen} == values
        assert [record.offset for _, _, record in seen] == sorted({record.offset for _, _, record in seen})
        assert tried.log.end_offset == 30
        while tried.log.compact(at(2000)):
            pass
        assert {record.key: record for _, _, record in everything(tried.log)} == values
        assert not any(name.endswith((".cleaned", ".swap")) for name in tried.names())

    def test_a_disk_without_room(self):
        tried = compacting()
        for number in range(30):
            tried.append(keyed(b"%d" % (number % 4)))
        tried.log.checkpoint(0)
        tried.disk.capacity = tried.disk.used_bytes + 10
        assert not tried.log.compact(at(2000))
        assert "No space left" in tried.reports[0][1]
        assert tried.names(".cleaned") == []
        tried.disk.capacity = None
        clean(tried)
        assert len(kept(tried)) < 10

    def test_damaged_batches_are_not_cleaned_away(self):
        tried = compacting()
        for number in range(30):
            tried.append(keyed(b"%d" % (number % 4)))
        tried.log.checkpoint(0)
        names = tried.names(".log")
        tried.disk.rot(tried.path(0), 100)
        for _ in range(3):
            assert not tried.log.compact(at(2000))
        assert [text.split(": ")[1] for _, text in tried.reports] == ["compaction stopped"]
        assert tried.names(".log")[:1] == names[:1]
        with pytest.raises(StorageError):
            tried.disk.read(f"{FOLDER}/00000000000000000000.log.cleaned", 0, 1)


class Coin:
    def __init__(self, first):
        self.next = first

    def below(self, bound):
        self.next += 1
        return self.next * 7 % 11 % bound


def test_an_emptied_batch_is_one():
    tried = TryLog()
    batch = tried.append(b"v", producer_id=3, producer_epoch=1, base_sequence=4)
    data = compaction.emptied(batch)
    empty = parse(data)
    assert (empty.size, empty.record_count, empty.base_offset, empty.last_offset) == (61, 0, 0, 0)
    assert check(data, 0, empty)
