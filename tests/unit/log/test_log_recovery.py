"""Coming up after a crash: what is cut, what is kept, what the operator is told, and how much is looked at."""

import contextlib

import pytest

from support.logs import FOLDER, TryLog, everything
from tautolog.core.log.checkpoint import FILE, Checkpoint
from tautolog.core.log.epochs import FILE as EPOCHS_FILE
from tautolog.core.ports import StorageError
from tautolog.core.records.record import build


def grown(batches=10, *, checkpoint=None, **settings):
    """One producer's batches of one record, epochs changing at offset 5; a checkpoint after some of them."""
    tried = TryLog(**{"index_interval_bytes": 300, "segment_bytes": 10_000} | settings)
    for number in range(batches):
        tried.append(
            b"v" * 50, epoch=number // 5, producer_id=7, producer_epoch=0, base_sequence=number, timestamp=1000 + number
        )
        if number + 1 == checkpoint:
            tried.log.checkpoint(number)
    return tried


def state(log):
    for segment in log.segments:
        segment.load()
    return (
        log.start_offset, log.end_offset, log.size_bytes, everything(log), log.epochs.entries, log.producers.encode(),
        [(segment.base_offset, segment.index.entries, segment.times.entries, segment.largest) for segment in log.segments],
    )  # fmt: skip


def second_of(data):
    """Positions of batch boundaries in a file of equal batches."""
    return int.from_bytes(data[8:12], "big") + 12


class TestKilled:
    """The process died, the kernel lived: everything is there and nothing of it is known to be."""

    @pytest.mark.parametrize("checkpoint", [None, 1, 5, 10])
    @pytest.mark.parametrize("settings", [{}, {"segment_bytes": 350}, {"index_interval_bytes": 0}])
    def test_comes_up_as_it_was(self, checkpoint, settings):
        tried = grown(checkpoint=checkpoint, **settings)
        known = state(tried.log)
        assert state(tried.reopen()) == known
        assert tried.reports == []
        assert tried.log.high_watermark == (checkpoint or 1) - 1

    @pytest.mark.parametrize(("checkpoint", "scanned"), [(None, 10), (4, 6), (10, 0)])
    def test_looks_only_at_what_came_after_the_checkpoint(self, checkpoint, scanned):
        tried = grown(checkpoint=checkpoint)
        size = tried.log.size_bytes // 10
        tried.reopen()
        assert (tried.log.unflushed_bytes, tried.log.recovery_point) == (scanned * size, checkpoint or 0)

    def test_what_is_read_is_durable_first(self):
        tried = grown(checkpoint=4)
        tried.reopen()
        known = state(tried.log)
        tried.disk.power_cut()
        assert state(tried.reopen()) == known

    def test_goes_on(self):
        tried = grown(checkpoint=4, segment_bytes=350)
        tried.reopen()
        tried.append(b"next", epoch=2)
        assert [record.offset for _, _, record in everything(tried.reopen())] == list(range(11))
        assert tried.log.epochs.entries == [(0, 0), (1, 5), (2, 10)]


class TestClosed:
    @pytest.mark.parametrize("settings", [{}, {"segment_bytes": 350}])
    def test_nothing_is_looked_at(self, settings):
        tried = grown(**settings)
        tried.log.close(7)
        known = state(tried.log)
        tried.disk.power_cut()
        tried.disk.fail("read", "*.log", times=-1)
        tried.reopen()
        tried.disk.heal()
        assert (tried.log.unflushed_bytes, tried.log.high_watermark, tried.reports) == (0, 7, [])
        assert state(tried.log) == known


TAILS = {
    "garbage": lambda _: b"\x8f\x13garbage" * 20,
    "a few bytes": lambda _: b"\x01\x02\x03",
    "zeros": lambda _: bytes(5000),
    "half a batch": lambda good: good[: len(good) // 2],
    "a header": lambda good: good[:61],
    "a batch with a wrong checksum": lambda good: good[:-1] + b"\xff",
    "a batch of another format": lambda good: good[:16] + b"\1" + good[17:],
    "an older batch": lambda good: good,
}


class TestTornTail:
    """Whatever stands behind the last good batch is cut off, with one line that says where."""

    @pytest.mark.parametrize("tail", TAILS.values(), ids=TAILS)
    @pytest.mark.parametrize("checkpoint", [None, 3, 10])
    def test_is_cut(self, tail, checkpoint):
        tried = grown(checkpoint=checkpoint)
        known, size = state(tried.log), tried.disk.size(tried.path(0))
        good = tried.content(tried.path(0))[: second_of(tried.content(tried.path(0)))]
        junk = tail(good)
        tried.disk.append(tried.path(0), junk)
        assert state(tried.reopen()) == known
        [(level, line)] = tried.reports
        assert level == "warning"
        assert line.startswith(f"{tried.path(0)}: cut at position {size}, offset 10: ")
        assert line.endswith(f"; {len(junk)} bytes dropped")
        assert tried.disk.size(tried.path(0)) == size
        assert tried.append(b"next", epoch=1).base_offset == 10

    @pytest.mark.parametrize("cut", [1, 60, 61, 100])
    def test_a_cut_last_batch(self, cut):
        tried = grown()
        size = tried.disk.size(tried.path(0))
        tried.disk.truncate(tried.path(0), size - cut)
        tried.reopen()
        assert (tried.log.end_offset, len(everything(tried.log)), len(tried.reports)) == (9, 9, 1)
        assert tried.log.producers.producers[7].last_sequence == 8

    @pytest.mark.parametrize("bad", range(10))
    def test_at_the_first_bad_one(self, bad):
        tried = grown(checkpoint=None)
        size = tried.log.size_bytes // 10
        tried.disk.rot(tried.path(0), bad * size + 100)
        tried.reopen()
        assert tried.log.end_offset == bad
        assert [record.offset for _, _, record in everything(tried.log)] == list(range(bad))
        assert tried.log.epochs.entries == [(0, 0), (1, 5)][: (bad > 0) + (bad > 5)]
        assert tried.reports == [
            (
                "warning",
                f"{tried.path(0)}: cut at position {bad * size}, offset {bad}: wrong checksum; {(10 - bad) * size} bytes dropped",
            )
        ]

    def test_segments_behind_go_too(self):
        tried = grown(segment_bytes=350)
        names = tried.names(".log")
        assert len(names) == 5
        tried.disk.rot(tried.path(4), 100)
        tried.reopen()
        assert (tried.log.end_offset, tried.names(".log")) == (4, names[:3])
        assert tried.reports[0][1].endswith("bytes dropped, and 2 segments behind")
        tried.append(b"next", epoch=1)
        assert [record.offset for _, _, record in everything(tried.reopen())] == list(range(5))

    def test_a_lost_segment_ends_the_log(self):
        tried = grown(segment_bytes=350)
        tried.disk.remove(tried.path(4))
        tried.reopen()
        assert tried.log.end_offset == 4
        assert "the next segment starts at offset 6; 0 bytes dropped, and 2 segments behind" in tried.reports[0][1]

    def test_what_was_cut_never_comes_back(self):
        """Not even when the log has grown again to where the segment that was dropped began."""
        tried = grown(segment_bytes=350)
        tried.disk.sync_all()
        tried.disk.rot(tried.path(2), 200)
        assert tried.reopen().end_offset == 3
        tried.append(b"again", epoch=1)
        tried.disk.sync(tried.path(2))
        tried.disk.power_cut()
        assert tried.reopen().end_offset == 4
        assert len(tried.reports) == 1

    def test_a_new_segment_of_nothing_but_junk(self):
        tried = grown(segment_bytes=350)
        tried.disk.append(tried.path(10), b"junk")
        tried.reopen()
        assert (tried.log.end_offset, tried.log.size_bytes, tried.disk.size(tried.path(10))) == (
            10,
            tried.log.size_bytes,
            0,
        )
        tried.append(b"next", epoch=1)
        assert tried.disk.size(tried.path(10)) > 0

    def test_a_first_segment_that_was_never_durable(self):
        tried = grown(segment_bytes=350)
        tried.disk.remove(tried.path(0))
        tried.reopen()
        assert (tried.log.start_offset, tried.log.end_offset, tried.names()) == (0, 0, [])
        assert "starts at offset 2" in tried.reports[0][1]

    def test_nothing_but_junk(self):
        tried = TryLog(opened=False)
        tried.disk.append(tried.path(0), b"junk")
        assert tried.reopen().end_offset == 0
        tried.append(b"v")
        assert len(everything(tried.reopen())) == 1


class TestLostBesides:
    """Whatever is kept beside the batches may be lost: it is read from them again."""

    @pytest.mark.parametrize("damage", ["lost", "rotten"])
    @pytest.mark.parametrize("name", [FILE, EPOCHS_FILE, "00000000000000000010.snapshot"])
    @pytest.mark.parametrize("settings", [{}, {"segment_bytes": 350}])
    def test_after_a_clean_end(self, damage, name, settings):
        tried = grown(**settings)
        tried.log.close(10)
        known = state(tried.log)
        path = f"{FOLDER}/{name}"
        if damage == "lost":
            tried.disk.remove(path)
        else:
            tried.disk.rot(path, tried.disk.size(path) - 3, 0x10)
        tried.reopen()
        assert state(tried.log) == known
        tried.log.close(10)
        tried.reports.clear()
        tried.reopen()
        assert (state(tried.log), tried.reports) == (known, [])

    def test_index_of_the_active_segment(self):
        tried = grown(checkpoint=6)
        known = state(tried.log)
        tried.disk.remove(tried.path(0, ".index"))
        assert state(tried.reopen()) == known
        assert "built anew" in tried.reports[0][1]

    def test_an_index_that_ran_ahead_is_cut_back(self):
        tried = grown(checkpoint=6)
        known = state(tried.log)
        tried.disk.append(tried.path(0, ".index"), b"\x7f" * 24)
        tried.disk.append(tried.path(0, ".timeindex"), b"\x7f" * 25)
        assert state(tried.reopen()) == known
        assert tried.reports == []

    def test_indexes_without_a_segment_are_left_overs(self):
        tried = grown()
        tried.disk.append(tried.path(10, ".index"), b"\x7f" * 8)
        tried.disk.append(tried.path(99, ".timeindex"), b"\x7f" * 12)
        tried.disk.append(tried.path(99, ".snapshot"), b"\x7f" * 12)
        tried.reopen()
        assert tried.names("index") == tried.names("snapshot") == []

    def test_other_names_are_let_be(self):
        tried = grown()
        for name in ("partition.metadata", "x.log", "0000000000000000000x.log"):
            tried.disk.append(f"{FOLDER}/{name}", b"x")
        assert tried.reopen().end_offset == 10
        assert len(tried.names()) == 4


class TestLostBelowTheRecoveryPoint:
    """The disk broke its word. What is left is served; offsets that were given out are not given out again if all is gone."""

    def test_the_end_of_a_file(self):
        tried = grown(checkpoint=10)
        tried.disk.truncate(tried.path(0), 3 * tried.log.size_bytes // 10)
        tried.reopen()
        assert (tried.log.end_offset, tried.reports[0][0]) == (3, "error")
        assert tried.log.producers.producers[7].last_sequence == 2
        assert tried.log.epochs.entries == [(0, 0)]

    def test_every_file(self):
        tried = grown(checkpoint=10)
        tried.disk.remove(tried.path(0))
        tried.reopen()
        assert (tried.log.start_offset, tried.log.end_offset) == (10, 10)
        assert tried.reports[0] == ("error", f"{FOLDER}: everything below offset 10 is lost")
        tried.append(b"next", epoch=1)
        assert [record.offset for _, _, record in everything(tried.reopen())] == [10]

    def test_the_first_segment(self):
        tried = grown(checkpoint=10, segment_bytes=350)
        tried.disk.remove(tried.path(0))
        tried.reopen()
        assert (tried.log.start_offset, tried.log.end_offset, tried.reports[0][0]) == (2, 10, "error")
        assert len(everything(tried.log)) == 8

    def test_the_last_segment(self):
        tried = grown(checkpoint=10, segment_bytes=350)
        tried.disk.remove(tried.path(8))
        tried.reopen()
        assert (tried.log.end_offset, tried.reports[0][0]) == (8, "error")
        assert len(everything(tried.log)) == 8


class TestCheckpoints:
    def test_what_they_say(self):
        tried = grown(checkpoint=6)
        known = Checkpoint.decode(tried.content(f"{FOLDER}/{FILE}"))
        size = tried.log.size_bytes // 10
        assert known == Checkpoint(0, 5, 6, 0, 6 * size, 1, 1, 1005, 5, 6, 0)
        assert Checkpoint.decode(known.encode()) == known

    @pytest.mark.parametrize(
        "content", [b"", b"version 1\n", Checkpoint().encode()[:-2], Checkpoint().encode().replace(b"0", b"1", 1)]
    )
    def test_a_damaged_one_is_none(self, content):
        assert Checkpoint.decode(content) is None

    def test_nothing_is_written_when_nothing_changed(self):
        tried = grown(checkpoint=10)
        tried.disk.fail("replace", times=-1)
        tried.log.checkpoint(9)
        with pytest.raises(StorageError):
            tried.log.checkpoint(10)

    @pytest.mark.parametrize("operation", ["append", "replace", "sync"])
    @pytest.mark.parametrize("after", range(5))
    def test_a_failed_one_loses_nothing(self, operation, after):
        tried = grown(segment_bytes=350)
        known = state(tried.log)
        tried.disk.fail(operation, after=after)
        failed = False
        try:
            tried.log.checkpoint(10)
        except StorageError:
            failed = True
        assert failed or after > 2
        assert state(tried.log) == known
        assert state(tried.reopen()) == known
        tried.log.checkpoint(10)
        assert tried.reopen().high_watermark == 10

    def test_after_a_failed_sync_nothing_counts_as_durable(self):
        tried = grown(checkpoint=3)
        tried.disk.fail("sync", "*.log")
        with pytest.raises(StorageError):
            tried.log.checkpoint(10)
        tried.log.checkpoint(10)
        assert (tried.log.recovery_point, tried.reports[0][0]) == (3, "error")
        tried.disk.power_cut()
        assert tried.reopen().end_offset == 3

    def test_the_high_watermark_is_never_above_the_end(self):
        tried = grown(checkpoint=5)
        tried.log.checkpoint(10)
        tried.disk.truncate(tried.path(0), 7 * tried.log.size_bytes // 10)
        assert tried.reopen().high_watermark == 7


def test_a_log_of_another_is_not_mixed_in():
    tried = grown()
    tried.disk.append("orders-1/00000000000000000000.log", build([(None, b"other")]))
    assert len(everything(tried.reopen())) == 10


@pytest.mark.parametrize("after", range(12))
def test_a_disk_that_refuses_while_coming_up(after):
    tried = grown(checkpoint=4, segment_bytes=350)
    known = state(tried.log)
    tried.disk.append(tried.path(8), b"junk")
    for operation in ("read", "truncate", "sync", "remove"):
        tried.disk.fail(operation, after=after)
    with contextlib.suppress(StorageError):
        tried.reopen()
    tried.disk.heal()
    assert state(tried.reopen()) == known
