"""Lookup by time: exact among readable records, as near as the header allows among compressed ones."""

import pytest

from support.logs import TryLog, appended_at, opaque
from tautolog.core.log.lookup import TimestampOffset
from tautolog.core.records.record import Record


def stamped(*timestamps):
    return [Record(0, timestamp, None, b"v" * 30) for timestamp in timestamps]


def filled(*batches, **settings):
    tried = TryLog(**settings)
    for epoch, timestamps in enumerate(batches):
        tried.append(*stamped(*timestamps), epoch=epoch)
    return tried


BATCHES = ([10, 30, 20], [25, 5], [40, 40, 50], [45], [50, 60, 60])


@pytest.fixture(params=[{}, {"segment_bytes": 200, "index_interval_bytes": 0}])
def tried(request):
    return filled(*BATCHES, **request.param)


@pytest.mark.parametrize(
    ("timestamp", "found"),
    [
        (-1, (10, 0, 0)), (0, (10, 0, 0)), (10, (10, 0, 0)), (11, (30, 1, 0)), (21, (30, 1, 0)), (31, (40, 5, 2)),
        (41, (50, 7, 2)), (50, (50, 7, 2)), (51, (60, 10, 4)), (60, (60, 10, 4)), (61, None),
    ],
)  # fmt: skip
def test_the_first_at_or_after(tried, timestamp, found):
    assert tried.log.lookup_timestamp(timestamp) == (found and TimestampOffset(*found))
    tried.log.close(0)
    assert tried.reopen().lookup_timestamp(timestamp) == (found and TimestampOffset(*found))


def test_the_newest_is_the_first_of_those(tried):
    assert tried.log.max_timestamp() == (60, 10, 4)
    assert tried.reopen().max_timestamp() == (60, 10, 4)


@pytest.mark.parametrize(
    ("start", "found", "newest"), [(1, 1, 10), (2, 5, 10), (10, 10, 10), (11, 11, 11), (12, None, None)]
)
def test_only_from_the_start_of_the_log_on(tried, start, found, newest):
    tried.log.delete_before(start)
    timestamp = 60 if start > 8 else 30
    result = tried.log.lookup_timestamp(timestamp)
    assert (result and result.offset) == found
    result = tried.log.max_timestamp()
    assert (result and result.offset) == newest


def test_the_newest_left_when_the_newest_of_all_is_deleted():
    tried = filled([10, 90, 20, 30], [25])
    tried.log.delete_before(2)
    assert tried.log.max_timestamp() == (30, 3, 0)


def test_nothing_in_an_empty_log_nor_without_times():
    assert TryLog().log.lookup_timestamp(0) is None
    assert TryLog().log.max_timestamp() is None
    tried = filled([-1, -1])
    assert (tried.log.lookup_timestamp(0), tried.log.max_timestamp()) == (None, None)


def compressed(*timestamps, change=opaque):
    tried = TryLog()
    tried.append(*stamped(*timestamps), change=change)
    return tried.log


class TestCompressed:
    """Kafka decompresses and answers with the record; here the batch answers."""

    @pytest.mark.parametrize(
        ("timestamp", "found"), [(5, (10, 0)), (10, (10, 0)), (15, (10, 0)), (30, (10, 0)), (31, None)]
    )
    def test_the_base_offset_for_a_time(self, timestamp, found):
        result = compressed(10, 20, 30).lookup_timestamp(timestamp)
        assert (result and result[:2]) == found

    def test_the_last_offset_for_the_newest(self):
        assert compressed(10, 20, 30).max_timestamp() == (30, 2, 0)

    def test_the_base_offset_where_all_have_one_time(self):
        assert compressed(10, 10, 10).max_timestamp() == (10, 0, 0)

    def test_append_time_is_exact(self):
        log = compressed(10, 20, 30, change=lambda data: opaque(appended_at(data, 99)))
        assert (log.lookup_timestamp(99), log.lookup_timestamp(11), log.max_timestamp()) == ((99, 0, 0),) * 3
        assert log.lookup_timestamp(100) is None

    def test_nothing_below_the_start(self):
        log = compressed(10, 20, 30)
        log.delete_before(1)
        assert log.lookup_timestamp(10).offset == 1


def test_append_time():
    tried = TryLog()
    tried.append(*stamped(10, 20), change=lambda data: appended_at(data, 99))
    assert (tried.log.lookup_timestamp(15), tried.log.max_timestamp()) == ((99, 0, 0), (99, 0, 0))


def test_a_header_that_claims_more_than_its_records_hold_is_passed_over():
    def claim(data):
        data = appended_at(data, 99)
        data[22] &= ~0x08
        return data

    tried = TryLog(segment_bytes=150)
    tried.append(*stamped(10), change=claim)
    tried.append(*stamped(50))
    assert tried.log.lookup_timestamp(50).offset == 1
