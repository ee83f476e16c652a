"""Idempotent producers: what is new, what is repeated, what is refused; transactions; snapshots in Kafka's format."""

import struct

import pytest

from support.logs import TryLog
from tautolog.core.errors import ErrorCode
from tautolog.core.log.producers import ProducerBatch, ProducerStates
from tautolog.core.records.batch import assign, parse
from tautolog.core.records.control import ControlType, EndMarker, build_end_marker
from tautolog.core.records.crc32c import crc32c
from tautolog.core.records.record import Record, build

NONE, GAP, STALE = ErrorCode.NONE, ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER, ErrorCode.INVALID_PRODUCER_EPOCH


def batch(sequence, count=1, *, epoch=0, producer_id=7, offset=0, transactional=False, timestamp=1000):
    data = build(
        [Record(0, timestamp, None, b"v")] * count,
        base_offset=offset,
        producer_id=producer_id,
        producer_epoch=epoch,
        base_sequence=sequence,
        transactional=transactional,
    )
    return parse(data)


def states(*batches):
    made = ProducerStates()
    for one in batches:
        made.update(one)
    return made


def five():
    """Sequences 0-1, 2-3, … 8-9, at offsets 100, 102, …"""
    return states(*(batch(sequence, 2, offset=100 + sequence) for sequence in range(0, 10, 2)))


class TestCheck:
    @pytest.mark.parametrize("sequence", [0, 5])
    def test_an_unknown_producer_may_begin_anywhere(self, sequence):
        assert ProducerStates().check(batch(sequence)) is NONE

    @pytest.mark.parametrize("sequence", range(0, 10, 2))
    def test_the_last_five_are_recognised(self, sequence):
        assert five().check(batch(sequence, 2)) == ProducerBatch(
            sequence, sequence + 1, 100 + sequence, 101 + sequence, 1000
        )

    def test_an_older_one_is_a_gap(self):
        made = five()
        made.update(batch(10, 2, offset=110))
        assert made.check(batch(0, 2)) is GAP
        assert made.check(batch(2, 2)).base_offset == 102

    @pytest.mark.parametrize(
        ("sequence", "count", "answer"),
        [(10, 1, NONE), (10, 9, NONE), (11, 1, GAP), (9, 1, GAP), (8, 3, GAP), (0, 1, GAP)],
    )
    def test_the_next_sequence(self, sequence, count, answer):
        assert five().check(batch(sequence, count)) is answer

    def test_sequences_wrap_around(self):
        made = states(batch(2**31 - 2, 2))
        assert made.check(batch(0)) is NONE
        assert made.check(batch(1)) is GAP
        made.update(batch(0, 1, offset=2))
        assert made.check(batch(2**31 - 2, 2)).base_offset == 0
        across = states(batch(2**31 - 1, 2))
        assert (
            across.producers[7].last_sequence,
            across.check(batch(1)),
            across.check(batch(2**31 - 1, 2)).base_offset,
        ) == (0, NONE, 0)

    @pytest.mark.parametrize(
        ("epoch", "sequence", "answer"), [(4, 10, STALE), (4, 0, STALE), (6, 0, NONE), (6, 10, GAP)]
    )
    def test_epochs(self, epoch, sequence, answer):
        made = states(batch(0, 10, epoch=5))
        assert made.check(batch(sequence, epoch=epoch)) is answer

    def test_a_new_epoch_forgets_the_batches_of_the_old(self):
        made = states(batch(0, 2), batch(0, 1, epoch=1, offset=2))
        assert [entry.base_offset for entry in made.producers[7].batches] == [2]
        assert made.check(batch(0, 2, epoch=1)) is GAP

    def test_producers_are_apart(self):
        assert five().check(batch(0, producer_id=8)) is NONE


class TestTransactions:
    def test_the_first_open_offset(self):
        made = ProducerStates()
        assert made.first_open_offset() is None
        made.update(batch(0, offset=10, transactional=True))
        made.update(batch(0, offset=11, transactional=True, producer_id=8))
        made.update(batch(1, offset=12, transactional=True))
        assert made.first_open_offset() == 10
        made.end_transaction(batch(-1, offset=13), EndMarker(ControlType.COMMIT, 3))
        assert (made.first_open_offset(), made.producers[7].coordinator_epoch) == (11, 3)
        assert made.check(batch(2, transactional=True)) is NONE, "the sequence goes on"

    def test_nothing_else_while_one_is_open(self):
        made = states(batch(0, transactional=True))
        assert made.check(batch(1)) is ErrorCode.INVALID_TXN_STATE
        assert made.check(batch(1, transactional=True)) is NONE

    def test_an_open_one_keeps_its_producer(self):
        made = states(batch(0, transactional=True), batch(0, producer_id=8))
        made.expire(10**9, 10)
        assert list(made.producers) == [7]

    def test_markers_in_the_log(self):
        tried = TryLog()
        tried.append(b"v", producer_id=7, producer_epoch=0, base_sequence=0, transactional=True)
        assert tried.log.producers.first_open_offset() == 0
        marker = build_end_marker(EndMarker(ControlType.ABORT, 4), timestamp=2000, producer_id=7, producer_epoch=1)
        tried.append_data(marker)
        known = tried.log.producers.producers[7]
        assert (tried.log.producers.first_open_offset(), known.epoch, known.coordinator_epoch) == (None, 1, 4)
        assert (known.batches, known.last_timestamp) == ([], 2000)
        before = tried.log.producers.encode()
        assert tried.reopen().producers.encode() == before

    def test_a_later_versions_marker_is_let_pass(self):
        tried = TryLog()
        data = build([(b"\0\0\0\x09", b"")], control=True, producer_id=7, producer_epoch=0)
        tried.append_data(data)
        assert tried.log.producers.producers == {}
        tried.append_data(build([(b"", b"")], control=True, producer_id=7, producer_epoch=0))
        assert tried.log.producers.producers == {}


@pytest.mark.parametrize(("wall_ms", "left"), [(1499, [7, 8]), (1500, [8]), (1999, [8]), (2000, [])])
def test_idle_producers_are_forgotten(wall_ms, left):
    made = states(batch(0, timestamp=1000), batch(0, producer_id=8, timestamp=1500))
    made.changed = False
    made.expire(wall_ms, 500)
    assert (list(made.producers), made.changed) == (left, len(left) < 2)


class TestSnapshots:
    def test_kafkas_part(self):
        made = states(batch(2**31 - 1, 3, offset=40, epoch=2, transactional=True, timestamp=77))
        made.producers[7].coordinator_epoch = 5
        content = made.encode()
        version, crc, count = struct.unpack_from(">hIi", content)
        assert (version, crc, count) == (1, crc32c(content[6:]), 1)
        entry = struct.unpack_from(">qhiqiqiq", content, 10)
        assert entry == (7, 2, 1, 42, 2, 77, 5, 40)
        assert struct.unpack_from(">i", content, 56) == (0,)

    def test_round_trip(self):
        made = five()
        made.update(batch(3, 2, producer_id=1, offset=50, transactional=True))
        made.update(batch(0, 1, producer_id=2, offset=45, transactional=True))
        made.end_transaction(batch(-1, producer_id=3, epoch=9), EndMarker(ControlType.COMMIT, 1))
        loaded = ProducerStates()
        assert loaded.load(made.encode())
        assert (loaded.encode(), loaded.first_open_offset(), loaded.changed) == (made.encode(), 45, False)
        assert loaded.producers[7].batches == made.producers[7].batches
        assert [loaded.check(batch(sequence, 2)).base_offset for sequence in (0, 8)] == [100, 108]

    def test_one_that_kafka_wrote(self):
        body = struct.pack(">i", 1) + struct.pack(">qhiqiqiq", 7, 2, 9, 42, 4, 77, 5, -1)
        loaded = ProducerStates()
        assert loaded.load(struct.pack(">hI", 1, crc32c(body)) + body)
        assert loaded.producers[7].batches == [ProducerBatch(5, 9, 38, 42, 77)]

    @pytest.mark.parametrize(
        "damage",
        [
            lambda data: b"",
            lambda data: data[:5],
            lambda data: data[:-1],
            lambda data: data + b"\0",
            lambda data: b"\0\2" + data[2:],
            lambda data: data[:20] + bytes([data[20] ^ 1]) + data[21:],
            lambda data: _resealed(data[:30]),
            lambda data: _resealed(data[:-10]),
            lambda data: _resealed(data[:6] + b"\0\0\0\0" + data[6 + 4 + 46 :]),
        ],
    )
    def test_a_damaged_one_is_none(self, damage):
        loaded = states(batch(0, producer_id=99))
        assert not loaded.load(damage(five().encode()))
        assert (loaded.producers, loaded.first_open_offset()) == ({}, None)


def _resealed(data):
    return data[:2] + crc32c(data[6:]).to_bytes(4, "big") + data[6:]


def test_a_log_keeps_them_over_restarts():
    tried = TryLog(segment_bytes=400)
    for sequence in range(12):
        tried.append(b"v" * 50, producer_id=7, producer_epoch=0, base_sequence=sequence)
        if sequence == 6:
            tried.log.checkpoint(0)
    known = tried.log.producers.encode()
    assert tried.reopen().producers.encode() == known
    tried.log.close(12)
    assert tried.reopen().producers.encode() == known
    repeated = parse(build([Record(0, 1000, None, b"v")], producer_id=7, producer_epoch=0, base_sequence=7))
    assert tried.log.producers.check(repeated).base_offset == 7


def test_snapshots_do_not_pile_up():
    tried = TryLog()
    for sequence in range(6):
        tried.append(b"v", producer_id=7, producer_epoch=0, base_sequence=sequence)
        tried.log.checkpoint(0)
    assert tried.names(".snapshot") == ["00000000000000000005.snapshot", "00000000000000000006.snapshot"]
    tried.append(b"without a producer")
    tried.log.close(7)
    assert tried.names(".snapshot")[-1] == "00000000000000000006.snapshot"


@pytest.mark.parametrize("damage", [lambda disk, path: disk.remove(path), lambda disk, path: disk.rot(path, 12)])
def test_without_its_snapshot_the_log_is_read(damage):
    tried = TryLog(segment_bytes=400)
    for sequence in range(12):
        tried.append(b"v" * 50, producer_id=7, producer_epoch=0, base_sequence=sequence)
    known = tried.log.producers.encode()
    tried.log.close(12)
    damage(tried.disk, tried.path(12, ".snapshot"))
    assert tried.reopen().producers.encode() == known
    assert [text.split(" is ")[1] for _, text in tried.reports] == [
        "missing or damaged: producers are read from the log"
    ]
    tried.log.close(12)
    tried.reports.clear()
    assert tried.reopen().producers.encode() == known
    assert tried.reports == []


def test_a_batch_parsed_elsewhere_is_assigned_first():
    data = build([Record(0, 5, None, b"v")], producer_id=7, producer_epoch=0, base_sequence=0)
    one = parse(data)
    assign(data, one, 50, 0)
    assert states(one).producers[7].batches[0].base_offset == 50
