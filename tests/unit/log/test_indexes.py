"""The two indexes: Kafka's formats, rebuilt when missing or damaged, an entry that leads astray is noticed."""

import struct

import pytest

from support.logs import TryLog, everything, offsets
from tautolog.core.log.index import OffsetIndex, TimeIndex


def filled(**settings):
    """Forty batches in segments of ten."""
    tried = TryLog(**{"segment_bytes": 1700, "index_interval_bytes": 300} | settings)
    for number in range(40):
        tried.append(b"v" * 100, timestamp=1000 + number * 7 % 40)
    tried.log.close(40)
    return tried


def entries(tried):
    found = []
    for segment in tried.log.segments:
        segment.load()
        found.append((segment.index.entries, segment.times.entries))
    return found


class TestFormats:
    def test_offset_index(self):
        tried = filled()
        batch_size = tried.log.segments[0].size // 10
        pairs = list(struct.iter_unpack(">II", tried.content(tried.path(10, ".index"))))
        assert pairs == [(2, 2 * batch_size), (4, 4 * batch_size), (6, 6 * batch_size), (8, 8 * batch_size)]

    def test_time_index(self):
        tried = filled()
        found = list(struct.iter_unpack(">qI", tried.content(tried.path(0, ".timeindex"))))
        stamps = [1000 + number * 7 % 40 for number in range(10)]
        expected = []
        for last in (2, 4, 6, 8, 9):
            newest = max(stamps[: last + 1])
            if not expected or newest > expected[-1][0]:
                expected.append((newest, stamps.index(newest)))
        assert found == expected

    def test_a_segment_without_times_has_an_empty_time_index(self):
        tried = TryLog(segment_bytes=200)
        tried.fill(2, timestamp=-1)
        tried.log.close(2)
        assert (tried.content(tried.path(0, ".timeindex")), tried.content(tried.path(0, ".index"))) == (b"", b"")


class TestDamage:
    @pytest.mark.parametrize("suffix", [".index", ".timeindex"])
    @pytest.mark.parametrize("base", [0, 20, 30])
    @pytest.mark.parametrize(
        "damage",
        [
            lambda disk, path: disk.remove(path),
            lambda disk, path: disk.truncate(path, 3),
            lambda disk, path: disk.truncate(path, 0),
            lambda disk, path: disk.append(path, b"\xff\xff"),
            lambda disk, path: disk.append(path, bytes(24)),
            lambda disk, path: disk.append(path, b"\x7f" * 24),
            lambda disk, path: disk.rot(path, 3, 0x70),
        ],
    )
    def test_the_log_reads_as_before(self, suffix, base, damage):
        tried = filled()
        known, seen = entries(tried), everything(tried.log)
        damage(tried.disk, tried.path(base, suffix))
        tried.reopen()
        assert everything(tried.log) == seen
        for offset in range(40):
            assert offsets(tried.log.read(offset, 1, 100, at_least_one=True)) == [(offset, offset)]
        for timestamp in range(999, 1042):
            expected = next((n for n in range(40) if 1000 + n * 7 % 40 >= timestamp), None)
            found = tried.log.lookup_timestamp(timestamp)
            assert (found and found.offset) == expected
        assert all("built anew" in text for _, text in tried.reports)
        tried.log.close(40)
        tried.reopen()
        assert everything(tried.log) == seen
        assert len(entries(tried)) == len(known)

    def test_missing_ones_come_back_as_they_were(self):
        tried = filled()
        known = entries(tried)
        for name in tried.names("index"):
            tried.disk.remove(f"orders-0/{name}")
        tried.reopen()
        assert entries(tried) == known
        assert len(tried.reports) == len(known)
        tried.log.close(40)
        tried.reports.clear()
        tried.reopen()
        assert (entries(tried), tried.reports) == (known, [])

    def test_an_entry_that_leads_astray_is_noticed(self):
        tried = filled()
        known, path = entries(tried), tried.path(10, ".index")
        tried.disk.rot(path, 8 + 3, 0x01)  # the last offset of the second entry
        tried.disk.rot(path, 8 + 7, 0x01)  # and its position
        tried.reopen()
        assert [offsets(tried.log.read(offset, 1, 100, at_least_one=True)) for offset in range(19, 9, -1)] == [
            [(offset, offset)] for offset in range(19, 9, -1)
        ]
        assert entries(tried) == known
        assert [text.split(": ")[1] for _, text in tried.reports] == ["index damaged, built anew"]

    def test_an_entry_that_leads_astray_ends_no_read(self):
        tried = filled()
        tried.disk.rot(tried.path(10, ".index"), 8 + 7, 0x01)
        tried.reopen()
        batch_size = tried.log.segments[0].size // 10
        data = tried.log.read(10, 4 * batch_size + 61, 100, at_least_one=True)
        assert offsets(data) == [(offset, offset) for offset in range(10, 14)]


class TestOffsetIndex:
    def index(self):
        index = OffsetIndex()
        for offset, position in ((4, 100), (9, 250), (10, 400)):
            index.append(offset, position)
        return index

    @pytest.mark.parametrize(
        ("offset", "found"),
        [(0, (0, 100, -1)), (4, (0, 100, -1)), (5, (100, 250, 4)), (9, (100, 250, 4)), (10, (250, 400, 9)), (11, (400, -1, 10))],
    )  # fmt: skip
    def test_around(self, offset, found):
        assert self.index().around(offset) == found

    @pytest.mark.parametrize(
        ("position", "end", "found"), [(99, 99, (0, -1)), (100, 99, (100, 4)), (399, 99, (250, 9)), (999, 99, (400, 10)), (999, 10, (250, 9)), (999, 4, (0, -1))]
    )  # fmt: skip
    def test_position_before(self, position, end, found):
        assert self.index().position_before(position, end) == found

    @pytest.mark.parametrize(("position", "left"), [(0, 0), (100, 0), (101, 1), (400, 2), (999, 3)])
    def test_cut(self, position, left):
        index = self.index()
        index.written = 3
        assert (index.cut(position), len(index), index.written) == (left, left, left)

    def test_the_file_gets_what_it_lacks(self):
        index = self.index()
        first = index.unwritten()
        index.written = 3
        index.append(20, 500)
        loaded = OffsetIndex()
        assert loaded.load(first + index.unwritten(), 501)
        assert loaded.entries == index.entries
        assert not OffsetIndex().load(first + index.unwritten(), 500)
        assert not OffsetIndex().load(first + first, 10_000)


class TestTimeIndex:
    def test_only_later_times_are_noted(self):
        times = TimeIndex()
        for entry in ((100, 4), (100, 9), (90, 10), (120, 11)):
            times.append(*entry)
        assert times.entries == [(100, 4), (120, 11)]
        assert [times.before(timestamp) for timestamp in (99, 100, 101, 120, 121)] == [-1, -1, 4, 4, 11]
        times.written = 2
        times.cut_offset(11)
        assert (times.entries, times.written, times.last) == ([(100, 4)], 1, (100, 4))
        times.cut(0)
        assert (times.last, times.before(5), len(times)) == ((-1, 0), -1, 0)
