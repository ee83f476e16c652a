"""Idempotent producers against a model that keeps everything and searches it."""

from hypothesis import given
from hypothesis import strategies as st

from support.small_broker import SmallBroker, batch
from tautolog.core.errors import ErrorCode

TOP = 2**31 - 1
REMEMBERED = 5


class Model:
    """Every batch ever appended, by producer id: (epoch, first sequence, last sequence, base offset)."""

    def __init__(self):
        self.written = {}
        self.end = 0

    def send(self, producer, epoch, first, count):
        """What Kafka answers: an error and an offset."""
        last = (first + count - 1) % 2**31
        batches = self.written.setdefault(producer, [])
        newest = max((e for e, *_ in batches), default=None)
        of_epoch = [b for b in batches if b[0] == epoch]
        if newest is not None and epoch < newest:
            return ErrorCode.INVALID_PRODUCER_EPOCH, -1
        for _, known_first, known_last, base in of_epoch[-REMEMBERED:]:
            if (known_first, known_last) == (first, last):
                return ErrorCode.NONE, base
        expected = {(of_epoch[-1][2] + 1) % 2**31} if of_epoch else {0}
        if newest is not None and first not in expected:
            return ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER, -1
        batches.append((epoch, first, last, self.end))
        self.end += count
        return ErrorCode.NONE, self.end - count


SENDS = st.lists(
    st.tuples(
        st.integers(0, 1),  # producer
        st.integers(0, 2),  # epoch
        st.sampled_from(["next", "next", "next", "again", "gap", "zero", "any"]),
        st.integers(0, 7),  # how far back
        st.integers(1, 3),  # records
    ),
    min_size=25,
    max_size=60,
)


@given(start=st.sampled_from([0, 1, TOP - 4, TOP]), sends=SENDS)
def test_every_batch_is_answered_as_the_model_does(start, sends):
    broker = SmallBroker()
    broker.controller.add("orders")
    model = Model()
    for producer, epoch, kind, back, fresh in sends:
        count = fresh
        batches = [b for b in model.written.get(producer, []) if b[0] == epoch]
        first = (batches[-1][2] + 1) % 2**31 if batches else start
        if kind == "again" and batches:
            _, first, last, _ = batches[max(0, len(batches) - 1 - back)]
            count = (last - first) % 2**31 + 1
        elif kind == "gap":
            first = (first + 1 + back) % 2**31
        elif kind == "zero":
            first = 0
        elif kind == "any":
            first = back
        expected = model.send(producer, epoch, first, count)
        data = batch(count, producer_id=producer, producer_epoch=epoch, base_sequence=first)
        answer = broker.produce("orders", data)
        assert (answer.error_code, answer.base_offset) == expected
        assert broker.replicas.get("orders", 0).log_end_offset == model.end
