"""Reading: whole batches, from where, up to where, and how many reads of the disk it takes."""

import pytest

from support.logs import TryLog, offsets
from tautolog.core.ports import StorageError
from tautolog.core.records.batch import parse


class Counted:
    """A disk that counts its reads."""

    def __init__(self, disk):
        self._disk = disk
        self.reads = []

    def __getattr__(self, name):
        return getattr(self._disk, name)

    def read(self, path, position, length):
        self.reads.append((path, position, length))
        return self._disk.read(path, position, length)


@pytest.fixture(params=[0, 150, 4096])
def tried(request):
    """Ten batches of two records, three a segment, with dense and sparse indexes."""
    tried = TryLog(segment_bytes=600, index_interval_bytes=request.param)
    for _ in range(10):
        tried.append(b"v" * 50, b"w" * 50)
    assert len(tried.log.segments) == 4
    return tried


def size(tried):
    return parse(tried.log.read(0, 1, 100, at_least_one=True)).size


@pytest.mark.parametrize("offset", range(20))
def test_the_batch_that_holds_the_offset(tried, offset):
    base = offset // 2 * 2
    assert offsets(tried.log.read(offset, 1, 100, at_least_one=True)) == [(base, base + 1)]


def test_nothing_behind_the_end(tried):
    assert tried.log.read(20, 1000, 100, at_least_one=True) == b""


@pytest.mark.parametrize(("batches", "more"), [(1, 0), (1, 1), (1, -1), (2, 0), (2, 60), (2, -1), (3, 0), (3, 10_000)])
def test_as_many_as_fit(tried, batches, more):
    expected = batches - (more < 0)
    found = offsets(tried.log.read(0, batches * size(tried) + more, 100, at_least_one=False))
    assert found == [(base, base + 1) for base in range(0, 2 * expected, 2)]


@pytest.mark.parametrize("max_bytes", [0, 1, 61, 100])
def test_the_first_one_however_large(tried, max_bytes):
    assert tried.log.read(3, max_bytes, 100, at_least_one=False) == b""
    assert offsets(tried.log.read(3, max_bytes, 100, at_least_one=True)) == [(2, 3)]


@pytest.mark.parametrize("end", range(7))
def test_only_what_ends_below_the_end_offset(tried, end):
    expected = [(base, base + 1) for base in range(0, end - 1, 2)]
    assert offsets(tried.log.read(0, 10_000, end, at_least_one=True)) == expected


def test_one_segment_at_a_time(tried):
    assert offsets(tried.log.read(2, 10_000, 100, at_least_one=True))[-1] == (4, 5)


@pytest.mark.parametrize("max_bytes", [1, 200, 350, 10_000])
def test_a_reader_that_goes_on_sees_everything_once(tried, max_bytes):
    seen, offset = [], 0
    while data := tried.log.read(offset, max_bytes, 100, at_least_one=True):
        seen += offsets(data)
        offset = seen[-1][1] + 1
    assert seen == [(base, base + 1) for base in range(0, 20, 2)]


def test_going_on_takes_one_read_of_the_disk():
    tried = TryLog(index_interval_bytes=0)
    tried.fill(20)
    disk = tried.log._storage = Counted(tried.disk)
    assert len(offsets(tried.log.read(0, 1000, 100, at_least_one=True))) == 5
    for offset in (5, 10, 15):
        disk.reads.clear()
        tried.log.read(offset, 1000, 100, at_least_one=True)
        assert len(disk.reads) == 1
    tried.fill(1)
    disk.reads.clear()
    tried.log.read(20, 1000, 100, at_least_one=True)
    assert len(disk.reads) == 1


def test_many_readers_do_not_grow_the_log():
    tried = TryLog()
    tried.fill(300)
    for offset in range(300):
        tried.log.read(offset, 1, 1000, at_least_one=True)
    assert len(tried.log._cursors) <= 64


def test_while_the_log_grows(tried):
    assert tried.log.read(20, 1000, 100, at_least_one=True) == b""
    for offset in range(20, 40, 2):
        tried.append(b"x", b"y")
        assert offsets(tried.log.read(offset, 1000, 100, at_least_one=True)) == [(offset, offset + 1)]


def test_a_large_batch_takes_a_second_read():
    tried = TryLog()
    tried.append(b"v" * 10_000)
    tried.append(b"w")
    assert offsets(tried.log.read(0, 100, 100, at_least_one=True)) == [(0, 0)]
    assert offsets(tried.log.read(1, 100, 100, at_least_one=True)) == [(1, 1)]


def test_batches_and_records(tried):
    assert [batch.base_offset for batch, _ in tried.log.batches(5)] == list(range(4, 20, 2))
    assert [record.offset for record in tried.log.records(5)] == list(range(5, 20))
    assert tried.log.batch_at(13).base_offset == 12
    assert tried.log.batch_at(20) is None


def test_a_disk_that_refuses(tried):
    tried.disk.fail("read")
    with pytest.raises(StorageError):
        tried.log.read(0, 1000, 100, at_least_one=True)
    assert len(offsets(tried.log.read(0, 1000, 100, at_least_one=True))) == 3


def test_damage_is_an_error_and_no_endless_loop(tried):
    for position in range(8, 12):
        tried.disk.rot(tried.path(0), position, 0xFF)
    with pytest.raises(StorageError, match="damaged"):
        tried.log.read(0, 1000, 100, at_least_one=True)
