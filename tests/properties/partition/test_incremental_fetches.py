"""A client that only ever hears what changed knows at all times what a full fetch would tell it."""

import hypothesis.strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from support.small_broker import SmallBroker, batch

from tautolog.core.errors import ErrorCode

TOPICS = ("a", "b")
INDEXES = (0, 1)
PARTITIONS = [(topic, index) for topic in TOPICS for index in INDEXES]
PARTITION = st.sampled_from(PARTITIONS)


def told(data):
    return data.error_code, data.high_watermark, data.log_start_offset


class Sessions(RuleBasedStateMachine):
    """`wanted` is what the client reads and from where, `known` what it was last told of each."""

    def __init__(self):
        super().__init__()
        self.broker = SmallBroker()
        for topic in TOPICS:
            self.broker.controller.add(topic, len(INDEXES))
        self.wanted = {}
        self.pending = set()
        self.forgotten = set()
        self.known = {}
        self.session, self.epoch = 0, 0

    def request(self, **fields):
        """One step of the protocol, whatever it takes; what it tells replaces what was known."""
        changes = self.wanted if self.epoch == 0 else {p: self.wanted[p] for p in self.wanted if p in self.pending}
        named = {}
        for topic, index in self.forgotten:
            named.setdefault(topic, []).append(index)
        answer = self.broker.fetch(
            [(*partition, offset) for partition, offset in changes.items()],
            session_id=self.session,
            session_epoch=self.epoch,
            forgotten=named if self.epoch else {},
            **fields,
        )
        assert answer.error_code == 0
        if self.epoch == 0:
            self.known.clear()
        heard = set()
        for topic in answer.responses:
            for data in topic.partitions:
                partition = topic.topic, data.partition_index
                assert partition not in heard
                heard.add(partition)
                self.known[partition] = told(data)
                self.unchanged_is_not_told(partition, data)
        self.epoch = 0 if answer.session_id == 0 else self.epoch + 1
        self.session = answer.session_id
        self.pending.clear()
        self.forgotten.clear()
        return answer

    def unchanged_is_not_told(self, partition, data):
        if self.epoch and not data.records and not data.error_code and partition in self.last:
            assert told(data) != self.last[partition]

    @initialize(partitions=st.sets(PARTITION, min_size=1))
    def begin(self, partitions):
        self.last = {}
        self.wanted = dict.fromkeys(sorted(partitions), 0)
        self.fetch()

    @rule()
    def fetch(self):
        self.request()
        everything = self.broker.fetch([(*partition, offset) for partition, offset in self.wanted.items()])
        full = {(t.topic, data.partition_index): data for t in everything.responses for data in t.partitions}
        assert {p: self.known[p] for p in self.wanted} == {p: told(data) for p, data in full.items()}
        self.last = dict(self.known)

    @rule()
    def consume(self):
        """Whoever has records is served whole, since nothing limits the answer; then it moves on."""
        answer = self.request()
        full = self.broker.fetch([(*partition, offset) for partition, offset in self.wanted.items()])
        assert {
            (t.topic, d.partition_index): bytes(d.records) for t in answer.responses for d in t.partitions if d.records
        } == {(t.topic, d.partition_index): bytes(d.records) for t in full.responses for d in t.partitions if d.records}
        for topic in answer.responses:
            for data in topic.partitions:
                if data.records:
                    self.move((topic.topic, data.partition_index), data.high_watermark)
        self.last = dict(self.known)

    def move(self, partition, offset):
        self.wanted[partition] = offset
        self.pending.add(partition)
        self.forgotten.discard(partition)

    @rule(partition=PARTITION, offset=st.integers(-1, 6))
    def seek(self, partition, offset):
        if partition not in self.wanted:
            self.last.pop(partition, None)
        self.move(partition, offset)

    @rule(partition=PARTITION)
    def leave(self, partition):
        if partition in self.wanted and len(self.wanted) > 1:
            del self.wanted[partition]
            self.pending.discard(partition)
            self.forgotten.add(partition)
            self.last.pop(partition, None)

    @rule(partition=PARTITION, count=st.integers(1, 3))
    def produce(self, partition, count):
        self.broker.produce(partition[0], batch(count), index=partition[1])

    @rule(partition=PARTITION)
    def delete_records(self, partition):
        self.broker.replicas.get(*partition).delete_records(-1)

    @rule(topic=st.sampled_from(TOPICS))
    def recreate(self, topic):
        self.broker.controller.drop(topic)
        self.broker.controller.add(topic, len(INDEXES))

    @rule()
    def restart(self):
        """The client starts over, and its old session is closed."""
        self.epoch = 0
        self.fetch()

    @rule(epoch=st.integers(-3, 9))
    def be_out_of_step(self, epoch):
        if epoch not in {-1, 0, self.epoch} and self.session:
            answer = self.broker.fetch([], session_id=self.session, session_epoch=epoch)
            assert answer.error_code == ErrorCode.INVALID_FETCH_SESSION_EPOCH

    @invariant()
    def one_session_at_most(self):
        assert len(self.broker.fetches.sessions) <= 1


TestSessions = Sessions.TestCase
