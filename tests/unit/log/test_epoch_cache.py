"""The leader-epoch cache: Kafka's answers to "where does this epoch end", and Kafka's file."""

import pytest

from tautolog.core.log.epochs import EpochCache

LOG_END = 100


def cache(*entries):
    made = EpochCache()
    for epoch, start in entries:
        made.assign(epoch, start)
    return made


@pytest.mark.parametrize(
    ("assigned", "kept"),
    [
        ([(0, 0), (1, 10)], [(0, 0), (1, 10)]),
        ([(0, 0), (0, 10)], [(0, 0)]),  # the same epoch goes on
        ([(0, 10), (0, 5)], [(0, 5)]),  # and cannot begin later than it did
        ([(0, 0), (2, 10), (1, 10)], [(0, 0), (1, 10)]),  # another log's history takes its place
        ([(0, 0), (2, 10), (1, 20)], [(0, 0), (1, 20)]),
        ([(0, 0), (1, 10), (2, 20), (3, 5)], [(0, 0), (3, 5)]),
        ([(0, 0), (1, 0)], [(1, 0)]),  # an epoch without records
        ([(-1, 0)], []),
    ],
)
def test_assign(assigned, kept):
    assert cache(*assigned).entries == kept


@pytest.mark.parametrize(
    ("epoch", "answer"),
    [
        (-1, (-1, -1)),
        (0, (0, 10)),
        (1, (1, 10)),
        (2, (2, 20)),
        (3, (2, 20)),
        (4, (2, 20)),
        (5, (5, LOG_END)),
        (6, (-1, -1)),
    ],
)
def test_end_offset(epoch, answer):
    """Epoch 1 lies below the first known one: the answer names it, with the first known start, as Kafka's does."""
    if epoch == 1:
        assert cache((2, 10), (5, 20)).end_offset_for(1, LOG_END) == answer
    else:
        assert cache((0, 0), (2, 10), (5, 20)).end_offset_for(epoch, LOG_END) == answer


def test_end_offset_without_epochs():
    assert EpochCache().end_offset_for(0, LOG_END) == (-1, -1)
    assert EpochCache().latest == -1


@pytest.mark.parametrize(("offset", "epoch"), [(0, -1), (5, 0), (9, 0), (10, 2), (19, 2), (20, 5), (999, 5)])
def test_epoch_at(offset, epoch):
    assert cache((0, 5), (2, 10), (5, 20)).epoch_at(offset) == epoch


@pytest.mark.parametrize(("end", "left"), [(0, 0), (5, 0), (6, 1), (10, 1), (11, 2), (20, 2), (21, 3), (99, 3)])
def test_cut_at_the_end(end, left):
    made = cache((0, 5), (2, 10), (5, 20))
    made.changed = False
    made.truncate_from_end(end)
    assert made.entries == [(0, 5), (2, 10), (5, 20)][:left]
    assert made.changed == (left < 3)


@pytest.mark.parametrize(
    ("start", "left"),
    [
        (0, [(0, 5), (2, 10), (5, 20)]),
        (5, [(0, 5), (2, 10), (5, 20)]),
        (7, [(0, 7), (2, 10), (5, 20)]),
        (10, [(2, 10), (5, 20)]),
        (15, [(2, 15), (5, 20)]),
        (99, [(5, 99)]),
    ],
)
def test_cut_at_the_start(start, left):
    made = cache((0, 5), (2, 10), (5, 20))
    made.changed = False
    made.truncate_from_start(start)
    assert made.entries == left
    assert made.changed == (start > 5)


def test_the_file_is_kafkas():
    made = cache((0, 5), (2, 10))
    assert made.encode() == b"0\n2\n0 5\n2 10\n"
    loaded = EpochCache()
    assert loaded.changed, "there is no file yet"
    assert loaded.load(made.encode())
    assert (loaded.entries, loaded.changed) == (made.entries, False)
    loaded.assign(3, 20)
    assert loaded.changed
    loaded.clear()
    assert (loaded.entries, loaded.encode()) == ([], b"0\n0\n")


@pytest.mark.parametrize(
    "content",
    [
        b"", b"1\n0\n", b"0\n1\n", b"0\n2\n0 5\n", b"0\n1\n0\n", b"0\n1\n0 x\n", b"0\n2\n1 5\n1 6\n", b"0\n2\n1 5\n2 5\n",
        b"0\n1\n-1 5\n", b"0\n1\n0 -5\n", b"\xff\xfe", b"0\n1\n0 5 6\n", b"0\n0\n0 5\n",
    ],
)  # fmt: skip
def test_a_damaged_file_is_none(content):
    loaded = cache((7, 7))
    assert not loaded.load(content)
    assert (loaded.entries, loaded.changed) == ([], True)
