"""Whatever the cleaner does, slice by slice, and whenever the power goes: the last value of each key can be read.

The model is a list of all records and a dict of the last one of each key. A clean log holds no other record of those keys
below the dirty part; records never move, never change and never come back once a later one of their key was seen alone.
"""

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from support.logs import Seeded, TryLog, at, everything, opaque
from tautolog.core.records.record import batch_records

KEYS = st.sampled_from([b"a", b"b", b"c", b"d"])
HOUR = 3_600_000


class CompactionAgainstADict(RuleBasedStateMachine):
    def __init__(self):
        super().__init__()
        self.tried = TryLog(
            segment_bytes=400,
            index_interval_bytes=150,
            cleanup_policy=("compact",),
            min_cleanable_dirty_ratio=0.0,
            delete_retention_ms=HOUR,
        )
        self.written = {}  # offset -> record
        self.closed_books = set()  # offsets of records behind compressed batches, whose keys nobody sees
        self.synced = 0
        self.clock = 10_000
        self.tombstones_may_go = False
        self.gone = set()

    @property
    def log(self):
        return self.tried.log

    @rule(
        entries=st.lists(st.tuples(KEYS, st.none() | st.binary(max_size=60)), min_size=1, max_size=5),
        producer=st.sampled_from([-1, 7]),
    )
    def append(self, entries, producer):
        fields = {"producer_id": 7, "producer_epoch": 0, "base_sequence": self.log.end_offset} if producer == 7 else {}
        batch = self.tried.append(*entries, **fields)
        for record, (key, value) in zip(range(batch.base_offset, batch.next_offset), entries, strict=True):
            self.written[record] = (key, value)

    @rule()
    def append_compressed(self):
        batch = self.tried.append((b"a", b"hidden"), change=opaque)
        self.closed_books.add(batch.base_offset)

    @rule(slices=st.integers(1, 8))
    def clean(self, slices):
        for _ in range(slices):
            if not self.log.compact(at(self.clock), budget_bytes=1):
                break

    @rule()
    def clean_to_the_end(self):
        while self.log.compact(at(self.clock)):
            pass
        self.synced = max(self.synced, self.log.recovery_point)
        if self.log._cleaned_to < (border := self.log.segments[-1].base_offset if self.log.segments else 0):
            return
        last = {key: offset for offset, (key, _) in sorted(self.written.items())}
        for _, _, record in self.readable():
            assert record.offset >= border or last[record.key] == record.offset or self.later_is_dirty(record, border)

    def later_is_dirty(self, record, border):
        """Its successor lies in the active segment, which no round has mapped."""
        return not any(
            record.offset < offset < border and key == record.key for offset, (key, _) in self.written.items()
        )

    @rule()
    def checkpoint(self):
        self.log.checkpoint(self.log.end_offset)
        self.synced = self.log.end_offset

    @rule()
    def an_hour_passes(self):
        self.clock += HOUR
        self.tombstones_may_go = True

    @rule()
    def killed(self):
        self.tried.reopen()
        self.synced = self.log.end_offset

    @rule(seed=st.integers(0, 2**20))
    def power_cut(self, seed):
        self.tried.disk.power_cut(Seeded(seed))
        self.tried.reopen()
        assert self.log.end_offset >= self.synced
        self.synced = self.log.end_offset
        for offsets in (self.written, self.closed_books):
            for offset in [offset for offset in offsets if offset >= self.log.end_offset]:
                offsets.pop(offset) if isinstance(offsets, dict) else offsets.discard(offset)
        self.tried.reports.clear()
        self.gone.clear()  # what a refused round had not made durable may be back

    @rule()
    def sync(self):
        self.tried.disk.sync_all()
        self.synced = self.log.end_offset

    @rule(operation=st.sampled_from(["append", "rename", "remove", "replace"]), after=st.integers(0, 5))
    def a_refusal_while_cleaning(self, operation, after):
        self.tried.disk.fail(operation, after=after)
        while self.log.compact(at(self.clock)):
            pass
        self.tried.disk.heal()
        self.tried.reports.clear()

    def readable(self):
        return [
            (batch.leader_epoch, batch.producer_id, record)
            for batch, buffer in self.log.batches(0)
            if not batch.compression
            for record in batch_records(buffer, batch)
        ]

    @invariant()
    def the_last_value_of_each_key(self):
        seen = self.readable()
        for _, _, record in seen:
            assert self.written[record.offset] == (record.key, record.value)
        offsets = {record.offset for _, _, record in seen}
        assert not self.gone & offsets, "what was cleaned away is back"
        self.gone |= self.written.keys() - offsets
        last, found = {}, {record.key: record.offset for _, _, record in seen}
        for offset in sorted(self.written):
            last[self.written[offset][0]] = offset
        for key, offset in last.items():
            gone = self.written[offset][1] is None and self.tombstones_may_go and key not in found
            assert gone or found.get(key) == offset
        hidden = {batch.base_offset for batch, _ in self.log.batches(0) if batch.compression}
        assert hidden == self.closed_books

    @invariant()
    def no_left_overs(self):
        assert [text for level, text in self.tried.reports if level != "info"] == []
        if self.log._round is None:
            assert all(not name.endswith(".cleaned") for name in self.tried.names())


TestCompactionAgainstADict = CompactionAgainstADict.TestCase
TestCompactionAgainstADict.settings = settings(max_examples=100, stateful_step_count=25, report_multiple_bugs=False)


@settings(max_examples=300)
@given(st.lists(KEYS, min_size=12, max_size=40), st.integers(0, 40), st.integers(0, 2**16), st.integers(1, 2))
def test_a_power_cut_in_the_middle_of_cleaning(keys, calls, seed, rounds):
    tried = TryLog(segment_bytes=400, cleanup_policy=("compact",), min_cleanable_dirty_ratio=0.0)
    for number, key in enumerate(keys):
        tried.append((key, b"%d" % number * 20))
    tried.log.checkpoint(0)
    if rounds == 2:
        while tried.log.compact(at(2000)):
            pass
        for number, key in enumerate(keys):
            tried.append((key, b"%d" % number * 20))
        tried.log.checkpoint(0)
    before = {record.key: record for _, _, record in everything(tried.log)}

    def clean():
        while tried.log.compact(at(2000)):
            pass

    tried.cut_short(calls, seed, clean)
    for _ in range(2):
        seen = [record for _, _, record in everything(tried.log)]
        assert {record.key: record for record in seen} == before
        assert [record.offset for record in seen] == sorted({record.offset for record in seen})
        assert tried.log.end_offset == len(keys) * rounds
        clean()
    assert not any(name.endswith((".cleaned", ".swap")) for name in tried.names())
    assert all(level == "info" for level, _ in tried.reports)
