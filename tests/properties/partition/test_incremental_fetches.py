"""A client that only ever hears what changed knows at all times what a full fetch would tell it."""

from hypothesis import given
from hypothesis import strategies as st

from support.small_broker import SmallBroker, batch
from tautolog.core.errors import ErrorCode

TOPICS = ("a", "b")
PARTITIONS = [(topic, index) for topic in TOPICS for index in (0, 1)]


def bounds(data):
    return data.error_code, data.high_watermark, data.log_start_offset


def by_partition(answer):
    told = [((topic.topic, data.partition_index), data) for topic in answer.responses for data in topic.partitions]
    assert len(dict(told)) == len(told)
    return dict(told)


class Client:
    """`wanted` is what it reads and from where, `known` what it was last told of each partition."""

    def __init__(self, partitions):
        self.broker = SmallBroker()
        for topic in TOPICS:
            self.broker.controller.add(topic, 2)
        self.wanted = dict.fromkeys(partitions, 0)
        self.changed = set(partitions)
        self.left = set()
        self.known = {}
        self.session = self.epoch = 0

    def fetch(self):
        """One request; afterwards it knows what a full one would have told, and was told nothing twice."""
        full = by_partition(self.broker.fetch([(*partition, offset) for partition, offset in self.wanted.items()]))
        named = self.wanted if self.epoch == 0 else {p: o for p, o in self.wanted.items() if p in self.changed}
        forgotten = {topic: [index for name, index in self.left if name == topic] for topic in TOPICS}
        answer = self.broker.fetch(
            [(*partition, offset) for partition, offset in named.items()],
            session_id=self.session,
            session_epoch=self.epoch,
            forgotten=forgotten if self.epoch else {},
        )
        assert answer.error_code == 0
        for partition, data in by_partition(answer).items():
            if self.epoch and not data.records and not data.error_code:
                assert self.known.get(partition) != bounds(data)
            self.known[partition] = bounds(data)
        assert {p: self.known[p] for p in self.wanted} == {p: bounds(data) for p, data in full.items()}
        assert {p: bytes(data.records) for p, data in by_partition(answer).items() if data.records} == {
            p: bytes(data.records) for p, data in full.items() if data.records
        }
        self.session, self.epoch = answer.session_id, self.epoch + 1
        self.changed.clear()
        self.left.clear()
        assert self.session > 0
        assert len(self.broker.fetches.sessions) == 1

    def seek(self, partition, offset):
        if partition not in self.wanted and partition not in self.left:
            self.known.pop(partition, None)
        self.wanted[partition] = offset
        self.changed.add(partition)
        self.left.discard(partition)

    def leave(self, partition):
        if partition in self.wanted and len(self.wanted) > 1:
            del self.wanted[partition]
            self.changed.discard(partition)
            self.left.add(partition)

    def start_over(self):
        self.epoch = 0
        self.known.clear()

    def out_of_step(self, epoch):
        if self.epoch and epoch not in {-1, 0, self.epoch}:
            answer = self.broker.fetch([], session_id=self.session, session_epoch=epoch)
            assert (answer.error_code, answer.responses) == (ErrorCode.INVALID_FETCH_SESSION_EPOCH, [])


PARTITION = st.sampled_from(PARTITIONS)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("fetch")),
        st.tuples(st.just("fetch")),
        st.tuples(st.just("seek"), PARTITION, st.integers(-1, 4)),
        st.tuples(st.just("seek to the end"), PARTITION),
        st.tuples(st.just("seek to the end"), PARTITION),
        st.tuples(st.just("produce"), PARTITION, st.integers(1, 3)),
        st.tuples(st.just("leave"), PARTITION),
        st.tuples(st.just("delete records"), PARTITION),
        st.tuples(st.just("recreate"), st.sampled_from(TOPICS)),
        st.tuples(st.just("start over")),
        st.tuples(st.just("out of step"), st.integers(-3, 9)),
    ),
    min_size=30,
    max_size=60,
)


@given(partitions=st.lists(PARTITION, min_size=1, unique=True), steps=STEPS)
def test_incremental_answers_add_up_to_full_ones(partitions, steps):
    client = Client(partitions)
    broker = client.broker
    for kind, *arguments in steps:
        match kind, arguments:
            case "fetch", _:
                client.fetch()
            case "seek", [partition, offset]:
                client.seek(partition, offset)
            case "seek to the end", [partition]:
                client.seek(partition, broker.replicas.get(*partition).high_watermark)
            case "produce", [(topic, index), count]:
                assert broker.produce(topic, batch(count), index=index).error_code == 0
            case "leave", [partition]:
                client.leave(partition)
            case "delete records", [partition]:
                assert broker.replicas.get(*partition).delete_records(-1) == 0
            case "recreate", [topic]:
                broker.controller.drop(topic)
                broker.controller.add(topic, 2)
            case "start over", _:
                client.start_over()
            case "out of step", [epoch]:
                client.out_of_step(epoch)
    client.fetch()
