"""A log does what a list of records would do, through appends, rolls, cuts, deletions, failures, kills and power cuts.

After a power cut the log is a beginning of the list, and no shorter than what was synced: nothing synced is lost, nothing is
invented, and there are no holes.
"""

import contextlib

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from support.logs import Seeded, TryLog, everything, offsets
from tautolog.core.ports import StorageError
from tautolog.core.records.record import Record

SEEDS = st.integers(0, 2**20)
BATCHES = st.tuples(
    st.integers(1, 3), st.integers(0, 30) | st.integers(0, 200), st.integers(-1, 100), st.sampled_from([-1, -1, 7, 8])
)
"""How many records, how large, from what time on, by which producer."""


class LogAgainstAList(RuleBasedStateMachine):
    def __init__(self):
        super().__init__()
        self.tried = TryLog(segment_bytes=900, index_interval_bytes=150, segment_ms=80, retention_ms=-1)
        self.batches = []  # (epoch, producer id, base sequence, [records])
        self.start = 0
        self.synced = 0
        self.epoch = 0
        self.sequences = {}
        self.number = 0

    @property
    def log(self):
        return self.tried.log

    @property
    def end(self):
        return max(self.batches[-1][3][-1].offset + 1, self.start) if self.batches else self.start

    def entries(self, count, size, timestamp):
        self.number += 1
        return [
            Record(self.log.end_offset + at, timestamp + at, b"%d" % self.number, b"v" * size) for at in range(count)
        ]

    @rule(batches=st.lists(BATCHES, min_size=1, max_size=6))
    def append(self, batches):
        for count, size, timestamp, producer in batches:
            entries = self.entries(count, size, timestamp)
            sequence = self.sequences.get(producer, 0) if producer >= 0 else -1
            fields = {"producer_id": producer, "producer_epoch": 0, "base_sequence": sequence} if producer >= 0 else {}
            self.tried.append(*entries, epoch=self.epoch, **fields)
            self.batches.append((self.epoch, producer, sequence, entries))
            self.count_sequences()

    def count_sequences(self):
        self.sequences = {}
        for _, producer, sequence, entries in self.batches:
            if producer >= 0:
                self.sequences[producer] = sequence + len(entries)

    @rule(size=st.integers(0, 700), full=st.booleans())
    def refused(self, size, full):
        self.tried.disk.fail("append", full=full)
        try:
            self.tried.append(*self.entries(1, size, 0), epoch=self.epoch)
        except StorageError:
            return
        raise AssertionError("the disk refused")

    @rule()
    def new_leader(self):
        self.epoch += 1

    @rule(back=st.integers(0, 12))
    def truncate(self, back):
        self.log.truncate_to(max(self.end - back, 0))
        self.cut(self.log.end_offset, at_least=max(self.end - back - 3, self.start))
        self.synced = min(self.synced, self.end)

    @rule(forward=st.integers(0, 12))
    def delete_records(self, forward):
        self.start = min(self.start + forward, self.end)
        self.log.delete_before(self.start)
        self.tried.reports.clear()

    @rule()
    def checkpoint(self):
        self.log.checkpoint(self.end)
        self.synced = self.end

    @rule(after=st.integers(0, 6), operation=st.sampled_from(["append", "replace"]))
    def failed_checkpoint(self, after, operation):
        self.tried.disk.fail(operation, after=after)
        with contextlib.suppress(StorageError):
            self.log.checkpoint(self.end)
            self.synced = self.end
        self.tried.disk.heal()

    @rule()
    def sync_all(self):
        self.tried.disk.sync_all()
        self.synced = self.end

    @rule()
    def killed(self):
        self.tried.reopen()
        self.synced = self.end

    @rule()
    def closed(self):
        self.log.close(self.end)
        self.tried.reopen()
        assert self.log.unflushed_bytes == 0
        self.synced = self.end

    @rule(seed=SEEDS)
    def power_cut(self, seed):
        self.tried.disk.power_cut(Seeded(seed))
        self.tried.reopen()
        self.tried.reports.clear()
        self.cut(self.log.end_offset, at_least=self.synced)
        self.synced = self.end

    def cut(self, end, at_least):
        assert max(at_least, self.start) <= end <= self.end
        while self.batches and self.batches[-1][3][-1].offset >= end:
            dropped = self.batches.pop()
            assert dropped[3][0].offset >= end or end == self.start, "batches go whole"
        self.count_sequences()

    @rule(offset=st.integers(0, 60), max_bytes=st.integers(0, 1500), beyond=st.integers(0, 60))
    def read(self, offset, max_bytes, beyond):
        offset = min(self.start + offset, self.end)
        end = min(offset + beyond, self.end)
        expected = []
        for _, _, _, entries in self.batches:
            first, last = entries[0].offset, entries[-1].offset
            if last >= offset and last < end:
                expected.append((first, last))
        found = offsets(self.log.read(offset, max_bytes, end, at_least_one=True))
        assert found == expected[: len(found)]
        assert found or not expected
        assert not offsets(self.log.read(offset, 0, end, at_least_one=False))

    @invariant()
    def the_same_records(self):
        expected = [
            (epoch, producer, record)
            for epoch, producer, _, entries in self.batches
            for record in entries
            if record.offset >= self.start
        ]
        assert everything(self.log) == expected
        assert (self.log.start_offset, self.log.end_offset) == (self.start, self.end)
        assert self.log.size_bytes == sum(self.tried.disk.size(f"orders-0/{name}") for name in self.tried.names(".log"))
        assert self.tried.reports == []

    @invariant()
    def the_same_epochs(self):
        """Those of the records that can be read; where none can, the last one may stand at the start."""
        epochs = {}
        for epoch, _, _, entries in self.batches:
            if entries[-1].offset >= self.start:
                epochs.setdefault(epoch, max(entries[0].offset, self.start))
        known = self.log.epochs.entries
        assert [entry for entry in known if entry[1] < self.end] == list(epochs.items())
        assert all(offset == self.start for _, offset in known if offset >= self.end)

    @invariant()
    def the_same_producers(self):
        """The last batches of each, as many as five; of those below the start some may be forgotten."""
        for producer in (7, 8):
            mine = [(entries[0].offset, sequence) for _, owner, sequence, entries in self.batches if owner == producer]
            readable = [(offset, sequence) for offset, sequence in mine[-5:] if offset >= self.start]
            known = self.log.producers.producers.get(producer)
            found = [(entry.base_offset, entry.first_sequence) for entry in known.batches] if known else []
            assert found[len(found) - len(readable) :] == readable
            assert set(found) <= set(mine)

    @invariant()
    def indexes_are_as_if_built_anew(self):
        for segment in self.log.segments:
            segment.load()
            kept = segment.index.entries, segment.times.entries, segment.largest
            written = segment.index.written, segment.times.written
            again = type(segment)(
                self.tried.disk, print, segment.folder, segment.base_offset, interval=segment.interval, now_ms=0
            )
            for batch, buffer in self.log.batches(segment.base_offset):
                if segment.base_offset <= batch.base_offset and again.size < segment.size:
                    again.note(batch, again.size)
                    assert buffer is not None
            if segment.complete:
                again.finish()
            assert (again.index.entries, again.times.entries, again.largest) == kept
            assert written == (segment.index.written, segment.times.written)


TestLogAgainstAList = LogAgainstAList.TestCase
TestLogAgainstAList.settings = settings(max_examples=200, stateful_step_count=20, report_multiple_bugs=False)
