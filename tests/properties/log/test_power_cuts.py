"""What a power cut leaves of a log: a beginning of what was written, no shorter than what was synced or had been read.

Small batches, many segments, many cuts in a row: what one recovery has cut or found must not be undone by the next cut.
"""

from hypothesis import given, settings
from hypothesis import strategies as st

from support.logs import Seeded, TryLog, at, everything

STEPS = st.lists(
    st.tuples(st.just("append"), st.integers(1, 8))
    | st.tuples(
        st.sampled_from(["power cut", "power cut", "sync", "checkpoint", "kill", "truncate"]), st.integers(0, 2**16)
    ),
    min_size=2,
    max_size=9,
)


def ends(tried, step, number, end, synced):
    """The end and what of it is durable, after a step that the model knows the outcome of."""
    match step:
        case "append":
            for at in range(number):
                tried.append(b"%d" % (end + at) * 10, epoch=0)
            return end + number, synced
        case "sync":
            tried.disk.sync_all()
        case "checkpoint":
            tried.log.checkpoint(end)
        case "kill":
            tried.reopen()
        case "truncate":
            shorter = number % (end + 1)
            tried.log.truncate_to(shorter)
            return (shorter, shorter) if shorter < end else (end, synced)
    return end, end


@settings(max_examples=400)
@given(STEPS, st.sampled_from([120, 250, 100_000]))
def test_nothing_synced_is_lost_and_nothing_is_invented(steps, segment_bytes):
    tried = TryLog(segment_bytes=segment_bytes, index_interval_bytes=100)
    end = synced = 0
    values = []
    for step, number in [*steps, ("power cut", 7), ("power cut", 8)]:
        if step == "power cut":
            tried.disk.power_cut(Seeded(number))
            tried.reopen()
            assert synced <= tried.log.end_offset <= end
            end = synced = tried.log.end_offset
        else:
            end, synced = ends(tried, step, number, end, synced)
        values = values[:end] + [b"%d" % at * 10 for at in range(len(values), end)]
        assert [record.value for _, _, record in everything(tried.log)] == values
        assert (tried.log.start_offset, tried.log.end_offset) == (0, end)


@settings(max_examples=300)
@given(
    st.integers(1, 14),
    st.integers(0, 14),
    st.sampled_from(["append", "checkpoint", "truncate", "delete", "retain", "close"]),
    st.integers(0, 14),
    st.integers(0, 25),
    st.integers(0, 2**16),
)
def test_in_the_middle_of_anything(count, synced, act, number, calls, seed):
    """Done or not, or half: the log is a beginning of what was written, and it starts where it did or where it shall."""
    tried = TryLog(segment_bytes=250, retention_ms=100)
    for offset in range(count):
        tried.append(b"%d" % offset * 10, timestamp=offset * 20)
        if offset + 1 == synced:
            tried.log.checkpoint(0)
    number = min(number, count)
    acts = {
        "append": lambda: [tried.append(b"%d" % (count + at) * 10) for at in range(number)],
        "checkpoint": lambda: tried.log.checkpoint(0),
        "truncate": lambda: tried.log.truncate_to(number),
        "delete": lambda: tried.log.delete_before(number),
        "retain": lambda: tried.log.retain(at(100 + number * 20)),
        "close": lambda: tried.log.close(count),
    }
    done = tried.cut_short(calls, seed, acts[act])
    start, end = tried.log.start_offset, tried.log.end_offset
    assert [record.value for _, _, record in everything(tried.log)] == [
        b"%d" % offset * 10 for offset in range(start, end)
    ]
    assert [record.offset for _, _, record in everything(tried.log)] == list(range(start, end))
    durable = count if done and act in {"checkpoint", "close"} else min(synced, count) if synced <= count else 0
    if act == "truncate":
        assert min(durable, number) <= end <= (number if done and number < count else count)
    else:
        assert durable <= max(end, start)
        assert end <= count + (number if act == "append" else 0)
    if act == "delete":
        assert start == number if done else start in {0, number}
    elif act != "retain":
        assert start == 0


@settings(max_examples=200)
@given(st.binary(max_size=300), st.integers(0, 12), st.booleans())
def test_any_bytes_behind_the_last_batch_are_cut_off(junk, batches, checkpoint):
    tried = TryLog(segment_bytes=400)
    tried.fill(batches, size=40)
    known = everything(tried.log)
    if checkpoint:
        tried.log.checkpoint(0)
    path = tried.log.segments[-1].log_path if batches else tried.path(0)
    size = tried.disk.size(path)
    tried.disk.append(path, junk)
    tried.reopen()
    assert (everything(tried.log), tried.log.end_offset) == (known, batches)
    assert tried.disk.size(path) == size
    assert len(tried.reports) == (len(junk) > 0)


@settings(max_examples=200)
@given(st.integers(0, 2000), st.integers(1, 255), st.integers(1, 12))
def test_a_log_with_a_rotten_byte_ends_before_it(place, mask, batches):
    """Of a log that no checkpoint vouches for. What no checksum covers are a batch's own place, its length and its epoch."""
    tried = TryLog(segment_bytes=400)
    tried.fill(batches, size=40)
    known = everything(tried.log)
    one = tried.log.size_bytes // batches
    batch, position = place % batches, 16 + place % (one - 16)
    segment = next(segment for segment in reversed(tried.log.segments) if segment.base_offset <= batch)
    tried.disk.rot(segment.log_path, (batch - segment.base_offset) * one + position, mask)
    tried.reopen()
    assert everything(tried.log) == known[:batch]
    assert tried.log.end_offset == batch
