"""Appending: offsets, files, when a segment is rolled, and what a disk that refuses leaves behind."""

import pytest

from support.logs import FOLDER, TryLog, at, everything
from tautolog.core.errors import InvariantBroken
from tautolog.core.ports import StorageError, StorageFull
from tautolog.core.records.batch import assign, parse
from tautolog.core.records.record import Record, build


def bases(log):
    return [segment.base_offset for segment in log.segments]


def test_an_empty_log_has_no_files():
    tried = TryLog()
    assert (tried.log.start_offset, tried.log.end_offset, tried.log.size_bytes, tried.names()) == (0, 0, 0, [])
    tried.log.checkpoint(0)
    tried.log.close(0)
    assert tried.disk.list("") == []


def test_offsets_and_sizes():
    tried = TryLog()
    first, second = tried.append(b"a", b"b"), tried.append(b"c")
    assert (first.base_offset, second.base_offset, tried.log.end_offset) == (0, 2, 3)
    assert (
        tried.log.size_bytes == tried.log.unflushed_bytes == first.size + second.size == tried.disk.size(tried.path(0))
    )
    assert tried.names() == ["00000000000000000000.log"]


def test_several_batches_at_once():
    tried = TryLog(index_interval_bytes=0)
    data = bytearray()
    batches = []
    for offset in (0, 2, 4):
        part = build([Record(0, 1000, None, b"x")] * 2)
        batch = parse(part)
        assign(part, batch, offset, 5)
        batch.position = len(data)
        data += part
        batches.append(batch)
    tried.log.append(data, batches, 5, tried.now)
    assert (tried.log.end_offset, len(everything(tried.log))) == (6, 6)
    assert [offset for offset, _ in tried.log.segments[0].index.entries] == [3, 5]


def test_data_that_is_not_made_of_its_batches_is_a_bug_of_ours():
    tried = TryLog()
    data = build([(None, b"x")])
    with pytest.raises(InvariantBroken):
        tried.log.append(data + b"more", [parse(data)], 0, tried.now)


def test_a_file_that_is_not_as_long_as_it_should_is_a_bug_of_ours():
    tried = TryLog()
    tried.append(b"x")
    tried.disk.append(tried.path(0), b"from elsewhere")
    with pytest.raises(InvariantBroken):
        tried.append(b"y")


class TestRoll:
    def test_by_size(self):
        tried = TryLog(segment_bytes=300)
        tried.fill(6, size=30)
        size = tried.log.segments[0].size // 3
        assert size * 3 <= 300 < size * 4
        assert (bases(tried.log), tried.names(".log")) == (
            [0, 3],
            ["00000000000000000000.log", "00000000000000000003.log"],
        )

    def test_a_batch_larger_than_a_segment_stands_alone(self):
        tried = TryLog(segment_bytes=200)
        for size in (300, 10, 300):
            tried.append(b"v" * size)
        assert bases(tried.log) == [0, 1, 2]

    def test_by_the_records_own_time(self):
        tried = TryLog(segment_ms=100)
        for timestamp in (1000, 1100, 1101, 1102, 1000, 1202):
            tried.append(b"v", timestamp=timestamp)
        assert bases(tried.log) == [0, 2, 5]

    def test_by_the_clock_when_records_have_no_time(self):
        tried = TryLog(segment_ms=100, now=at(5000))
        for wall_ms in (5000, 5100, 5101, 5102):
            tried.now = at(wall_ms)
            tried.append(b"v", timestamp=-1)
        assert bases(tried.log) == [0, 2]

    def test_the_first_time_is_found_again_after_a_restart(self):
        tried = TryLog(segment_ms=100)
        tried.append(b"v", timestamp=1000)
        tried.log.close(1)
        tried.reopen()
        tried.append(b"v", timestamp=1101)
        assert bases(tried.log) == [0, 1]

    def test_sooner_for_the_sake_of_compaction(self):
        tried = TryLog(segment_ms=100, max_compaction_lag_ms=10, cleanup_policy=("compact",))
        tried.append(b"v", timestamp=1000)
        tried.append(b"v", timestamp=1011)
        assert bases(tried.log) == [0, 1]

    def test_when_the_index_is_full(self):
        tried = TryLog(index_interval_bytes=0, segment_index_bytes=24)
        tried.fill(8)
        assert [len(segment.index) for segment in tried.log.segments] == [3, 3]
        assert bases(tried.log) == [0, 4]

    def test_before_offsets_do_not_fit(self):
        tried = TryLog()
        tried.append(b"v")
        data = build([(None, b"far")])
        batch = parse(data)
        assign(data, batch, 2**32, 0)
        tried.log.append(data, [batch], 0, tried.now)
        assert (bases(tried.log), tried.log.end_offset) == ([0, 2**32], 2**32 + 1)

    def test_settings_may_change(self):
        tried = TryLog()
        tried.fill(3)
        tried.configure(segment_bytes=100)
        tried.fill(2)
        assert bases(tried.log) == [0, 3, 4]


class TestRefused:
    """A failed append has not happened: in memory, on disk, for readers, and after a restart."""

    @pytest.mark.parametrize("error", [{"full": True}, {"full": False}])
    @pytest.mark.parametrize("settings", [{}, {"segment_bytes": 100}])
    @pytest.mark.parametrize("before", [0, 3])
    def test_append(self, error, settings, before):
        tried = TryLog(**settings)
        tried.fill(before, producer_id=1, producer_epoch=0, base_sequence=0)
        state = self.state(tried)
        tried.disk.fail("append", **error)
        with pytest.raises(StorageFull if error["full"] else StorageError):
            tried.append(b"refused", epoch=9, producer_id=2, producer_epoch=0, base_sequence=0)
        assert self.state(tried) == state
        tried.append(b"next")
        assert everything(tried.log)[-1][2].value == b"next"
        seen = everything(tried.log)
        assert everything(tried.reopen()) == seen
        assert tried.reports == []

    def state(self, tried):
        log = tried.log
        return (
            log.end_offset, log.size_bytes, log.unflushed_bytes, bases(log), log.epochs.entries, log.producers.encode(),
            everything(log), log.max_timestamp(), tried.disk.digest(),
        )  # fmt: skip

    def test_the_time_of_the_first_batch_cannot_be_read(self):
        tried = TryLog(segment_ms=100)
        tried.append(b"v")
        tried.log.close(1)
        tried.reopen()
        tried.disk.fail("read", "*.log")
        with pytest.raises(StorageError):
            tried.append(b"w")
        tried.append(b"w")
        assert tried.log.end_offset == 2


def test_deleted():
    tried = TryLog(segment_bytes=200)
    tried.fill(5, producer_id=1, producer_epoch=0, base_sequence=0)
    tried.log.close(5)
    tried.disk.append(f"{FOLDER}/partition.metadata", b"")
    tried.log.delete()
    assert tried.disk.list("") == []


def test_leader_epochs_are_noted():
    tried = TryLog()
    for epoch in (0, 0, 2, 2, 5):
        tried.append(b"v", epoch=epoch)
    assert tried.log.epochs.entries == [(0, 0), (2, 2), (5, 4)]
    assert [tried.log.end_offset_for_epoch(epoch) for epoch in range(7)] == [
        (0, 2), (0, 2), (2, 4), (2, 4), (2, 4), (5, 5), (-1, -1),
    ]  # fmt: skip
