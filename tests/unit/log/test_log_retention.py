"""Retention by time and size, DeleteRecords, and truncation: which files go, and what survives a crash in between."""

import pytest

from support.logs import FOLDER, TryLog, at, everything, offsets
from tautolog.core.ports import StorageError
from tautolog.core.records.record import Record


def grown(batches=10, **settings):
    """Two batches of one record a segment; the batch at offset n is stamped 1000 + n."""
    tried = TryLog(**{"segment_bytes": 250, "retention_ms": -1} | settings)
    for number in range(batches):
        tried.append(b"v" * 50, timestamp=1000 + number, producer_id=7, producer_epoch=0, base_sequence=number)
    return tried


def bases(tried):
    assert [int(name[:20]) for name in tried.names(".log")] == [segment.base_offset for segment in tried.log.segments]
    return [segment.base_offset for segment in tried.log.segments]


class TestByTime:
    @pytest.mark.parametrize(
        ("wall_ms", "left"),
        [(1101, [0, 2, 4, 6, 8]), (1102, [2, 4, 6, 8]), (1103, [2, 4, 6, 8]), (1108, [8]), (1109, [8]), (1110, [10])],
    )
    def test_whole_segments_whose_newest_record_is_too_old(self, wall_ms, left):
        tried = grown(retention_ms=100)
        tried.log.retain(at(wall_ms))
        assert (bases(tried), tried.log.start_offset, tried.log.end_offset) == (left, left[0], 10)

    def test_none_behind_one_that_stays(self):
        tried = grown(4, retention_ms=100)
        tried.append(b"v" * 50, timestamp=1)
        tried.append(b"v" * 50, timestamp=1)
        tried.log.retain(at(1102))
        assert bases(tried) == [2, 4]

    def test_without_limit(self):
        tried = grown()
        assert tried.log.retain(at(10**15)) == 0

    def test_records_without_time_are_as_old_as_their_append(self):
        tried = TryLog(retention_ms=100, now=at(5000))
        tried.append(b"v", timestamp=-1)
        assert (tried.log.retain(at(5100)), tried.log.retain(at(5101))) == (0, 1)

    def test_offsets_go_on_after_everything_is_gone(self):
        tried = grown(retention_ms=100)
        assert tried.log.retain(at(10**6)) == 5
        assert (tried.log.size_bytes, everything(tried.log), tried.log.max_timestamp()) == (0, [], None)
        assert tried.log.retain(at(10**6)) == 0
        assert tried.disk.size(tried.path(10)) == 0
        for lost in (None, f"{FOLDER}/log-checkpoint", tried.path(10)):
            if lost:
                tried.disk.remove(lost)
            tried.reopen()
            assert (tried.log.start_offset, tried.log.end_offset) == (10, 10), lost
            tried.log.checkpoint(10)
        assert tried.append(b"v").base_offset == 10


class TestBySize:
    def test_down_to_the_limit_and_not_below(self):
        tried = grown()
        one = tried.log.segments[0].size
        for limit, left in ((5 * one, 5), (5 * one - 1, 5), (4 * one, 4), (3 * one + 1, 4), (one, 1), (1, 1), (0, 1)):
            tried.configure(retention_bytes=limit)
            tried.log.retain(at(0))
            assert len(tried.log.segments) == left, limit
        assert (tried.log.size_bytes, tried.log.start_offset) == (0, 10)


def test_only_when_the_policy_says_delete():
    tried = grown(retention_ms=1, retention_bytes=0, cleanup_policy=("compact",))
    assert tried.log.retain(at(10**6)) == 0
    tried.configure(cleanup_policy=("compact", "delete"))
    assert tried.log.retain(at(10**6)) == 5


@pytest.mark.parametrize(("high_watermark", "left"), [(0, 0), (3, 2), (4, 4), (9, 8), (10, 10)])
def test_never_above_the_high_watermark(high_watermark, left):
    tried = grown(retention_ms=1)
    tried.log.retain(at(10**6), high_watermark)
    assert tried.log.start_offset == left


def test_idle_producers_go():
    tried = grown(producer_id_expiration_ms=500)
    tried.log.retain(at(1400))
    assert list(tried.log.producers.producers) == [7]
    tried.log.retain(at(1600))
    assert tried.log.producers.producers == {}


class TestCrash:
    """A power cut at any moment of a deletion: the start offset has moved or not; no record below it comes back."""

    @pytest.mark.parametrize("operation", ["append", "sync", "replace", "remove"])
    @pytest.mark.parametrize("after", range(6))
    @pytest.mark.parametrize(
        "act", [lambda log: log.retain(at(1106)), lambda log: log.retain(at(10**6)), lambda log: log.delete_before(5)]
    )
    def test_in_between(self, operation, after, act):
        for seed in range(3):
            tried = grown(retention_ms=100)
            seen = everything(tried.log)
            tried.disk.fail(operation, after=after)
            try:
                act(tried.log)
            except StorageError:
                assert (tried.log.start_offset, everything(tried.log)) == (0, seen)
            start = tried.log.start_offset
            assert everything(tried.log) == seen[start:]
            tried.disk.heal()
            tried.disk.sync_all() if seed == 0 else tried.disk.power_cut(Alternating(seed))
            tried.reopen()
            assert tried.log.start_offset == start
            if start:
                assert (everything(tried.log), tried.log.end_offset) == (seen[start:], 10)
            assert all(level == "warning" or "recovery point" in text for level, text in tried.reports)


class Alternating:
    def __init__(self, first):
        self.next = first

    def below(self, bound):
        self.next += 1
        return self.next % bound


class TestDeleteRecords:
    @pytest.mark.parametrize(
        ("offset", "left"), [(1, [0, 2, 4, 6, 8]), (2, [2, 4, 6, 8]), (5, [4, 6, 8]), (9, [8]), (10, [8]), (99, [8])]
    )
    def test_raises_the_start(self, offset, left):
        tried = grown()
        tried.log.delete_before(offset)
        start = min(offset, 10)
        assert (bases(tried), tried.log.start_offset, tried.log.end_offset) == (left, start, 10)
        assert [record.offset for _, _, record in everything(tried.log)] == list(range(start, 10))
        tried.disk.power_cut()
        assert tried.reopen().start_offset == start

    def test_never_lowers_it(self):
        tried = grown()
        tried.log.delete_before(5)
        tried.log.delete_before(3)
        assert tried.log.start_offset == 5

    def test_within_a_batch(self):
        tried = TryLog()
        tried.append(b"a", b"b", b"c", timestamp=5)
        tried.log.delete_before(1)
        assert offsets(tried.log.read(1, 100, 10, at_least_one=True)) == [(0, 2)]
        assert [record.value for record in tried.log.records(tried.log.start_offset)] == [b"b", b"c"]
        assert tried.log.lookup_timestamp(0).offset == tried.log.max_timestamp().offset == 1

    def test_everything_of_an_unsynced_log(self):
        """The start offset is durable at once, the batches below it are not: offsets go on behind it all the same."""
        tried = grown(segment_bytes=10_000)
        tried.log.delete_before(10)
        tried.disk.power_cut()
        tried.reopen()
        assert (tried.log.start_offset, tried.log.end_offset) == (10, 10)
        assert tried.append(b"v").base_offset == 10

    def test_epochs_begin_there(self):
        tried = TryLog()
        for epoch in range(4):
            tried.append(b"v", epoch=epoch)
        tried.log.delete_before(2)
        assert tried.log.epochs.entries == [(2, 2), (3, 3)]
        assert tried.reopen().epochs.entries == [(2, 2), (3, 3)]

    def test_expired_by_retention_too(self):
        tried = grown(cleanup_policy=("compact",))
        tried.log.delete_before(5)
        tried.append(b"x")
        assert tried.log.retain(at(0)) == 0


class TestTruncate:
    @pytest.mark.parametrize("offset", range(11))
    @pytest.mark.parametrize("checkpoint", [None, 4, 10])
    def test_cuts(self, offset, checkpoint):
        tried = grown(0)
        for number in range(10):
            tried.append(
                b"v" * 50,
                timestamp=1000 + number,
                epoch=number // 3,
                producer_id=7,
                producer_epoch=0,
                base_sequence=number,
            )
            if number + 1 == checkpoint:
                tried.log.checkpoint(number)
        tried.log.truncate_to(offset)
        for _ in range(2):
            assert (tried.log.end_offset, [record.offset for _, _, record in everything(tried.log)]) == (
                offset,
                list(range(offset)),
            )
            assert tried.log.epochs.entries == [(epoch, 3 * epoch) for epoch in range(4) if 3 * epoch < offset]
            known = tried.log.producers.producers.get(7)
            assert (known.last_sequence if known else -1) == offset - 1
            newest = tried.log.max_timestamp()
            assert (newest and newest.offset) == (offset - 1 if offset else None)
            assert tried.log.high_watermark <= offset
            if offset < 10:
                tried.disk.power_cut()
            tried.reopen()
        assert tried.append(b"next", epoch=5).base_offset == offset
        assert tried.log.lookup_timestamp(1000).offset == 0
        assert tried.reports == []

    def test_a_batch_goes_whole(self):
        tried = TryLog()
        tried.append(b"a", b"b")
        tried.append(b"c", b"d", b"e")
        tried.log.truncate_to(3)
        assert tried.log.end_offset == 2

    def test_not_below_the_start(self):
        tried = TryLog()
        tried.append(b"a", b"b", b"c", b"d")
        tried.log.delete_before(2)
        tried.log.truncate_to(1)
        assert (tried.log.start_offset, tried.log.end_offset) == (2, 2)
        tried.append(b"x", b"y")
        assert [record.offset for _, _, record in everything(tried.reopen())] == [2, 3]

    def test_readers_that_were_behind_it_see_what_came_instead(self):
        tried = TryLog()
        tried.fill(6, size=50)
        one = tried.log.size_bytes // 6
        assert offsets(tried.log.read(0, 2 * one, 10, at_least_one=True)) == [(0, 0), (1, 1)]
        tried.log.truncate_to(1)
        for value in (b"x" * 500, b"y"):
            tried.append(value)
        assert offsets(tried.log.read(2, 1000, 10, at_least_one=True)) == [(2, 2)]

    @pytest.mark.parametrize("operation", ["append", "sync", "replace", "remove", "truncate", "read"])
    @pytest.mark.parametrize("after", range(10))
    def test_a_disk_that_refuses(self, operation, after):
        tried = grown()
        tried.log.checkpoint(10)
        seen = everything(tried.log)
        tried.disk.fail(operation, after=after)
        try:
            tried.log.truncate_to(3)
            done = True
        except StorageError:
            done = False
        tried.disk.heal()
        end = tried.log.end_offset
        assert 3 <= end <= 10
        assert end == 3 or not done
        assert everything(tried.log) == seen[:end]
        tried.disk.power_cut()
        assert everything(tried.reopen()) == seen[: tried.log.end_offset]
        tried.log.truncate_to(3)
        tried.append(b"next")
        assert [record.offset for _, _, record in everything(tried.reopen())] == [0, 1, 2, 3]


def test_index_entries_of_a_cut_segment_are_as_if_it_had_never_been_longer():
    tried = TryLog(index_interval_bytes=150)
    for number in range(20):
        tried.append(Record(0, 1000 + number * 7 % 20, None, b"v" * 50))
    tried.log.close(20)
    tried.log.truncate_to(13)
    kept = tried.log.segments[0].index.entries, tried.log.segments[0].times.entries, tried.log.segments[0].largest
    tried.log.segments[0].rebuild("tried")
    assert (
        tried.log.segments[0].index.entries,
        tried.log.segments[0].times.entries,
        tried.log.segments[0].largest,
    ) == kept
