"""Lookup by time gives what looking at every record gives, however the log is cut into batches and segments."""

from hypothesis import given
from hypothesis import strategies as st

from support.logs import TryLog, everything, opaque
from tautolog.core.records.record import Record

TIMES = st.integers(-1, 30)
BATCHES = st.lists(st.tuples(st.integers(0, 60), st.lists(TIMES, min_size=1, max_size=4)), max_size=12)
SHAPES = st.fixed_dictionaries(
    {"segment_bytes": st.sampled_from([150, 400, 10_000]), "index_interval_bytes": st.sampled_from([0, 200, 4096])}
)


def filled(batches, shape, start, *, change=None):
    tried = TryLog(**shape)
    for epoch, (size, times) in enumerate(batches):
        tried.append(*(Record(0, time, None, b"v" * size) for time in times), epoch=epoch, change=change)
    tried.log.delete_before(start)
    return tried


@given(BATCHES, SHAPES, st.integers(0, 20), st.booleans(), st.lists(TIMES, min_size=1, max_size=5))
def test_readable_records(batches, shape, start, restarted, asked):
    tried = filled(batches, shape, start)
    if restarted:
        tried.log.close(0)
        tried.reopen()
    seen = [(record.timestamp, record.offset, epoch) for epoch, _, record in everything(tried.log)]
    for timestamp in asked:
        expected = next((found for found in seen if found[0] >= timestamp), None)
        if timestamp >= 0:
            assert tried.log.lookup_timestamp(timestamp) == expected
    newest = max((found for found in seen if found[0] >= 0), key=lambda found: (found[0], -found[1]), default=None)
    assert tried.log.max_timestamp() == newest


@given(BATCHES, SHAPES, st.lists(st.integers(0, 30), min_size=1, max_size=5))
def test_compressed_ones_are_never_passed_over(batches, shape, asked):
    """Whoever goes on from the answer sees the record; what comes before it in its batch is all that is seen too much."""
    tried = filled(batches, shape, 0, change=opaque)
    seen = []
    for size, times in batches:
        base = len(seen)
        seen += [(base, time) for time in times]
        assert size >= 0
    for timestamp in asked:
        expected = next((base for base, time in seen if time >= timestamp), None)
        found = tried.log.lookup_timestamp(timestamp)
        assert (found and found.offset) == expected
