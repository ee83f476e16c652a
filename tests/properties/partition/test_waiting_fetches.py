"""A waiting fetch is answered by the append that makes it worth it: none sooner, none later, and never twice."""

from hypothesis import given
from hypothesis import strategies as st

from support.small_broker import SmallBroker, batch

SIZE = len(batch())
PARTITIONS = 3


@given(
    before=st.lists(st.integers(0, PARTITIONS - 1), max_size=4),
    wanted=st.lists(st.integers(0, PARTITIONS - 1), min_size=1, max_size=PARTITIONS, unique=True),
    limits=st.lists(st.integers(1, 4), min_size=PARTITIONS, max_size=PARTITIONS),
    max_batches=st.integers(0, 6),
    min_batches=st.integers(1, 6),
    steps=st.lists(st.one_of(st.integers(0, PARTITIONS - 1), st.just("time")), min_size=8, max_size=16),
)
def test_the_first_append_that_is_enough_ends_the_wait(before, wanted, limits, max_batches, min_batches, steps):
    broker = SmallBroker()
    broker.controller.add("orders", PARTITIONS)
    ends = [0] * PARTITIONS
    for index in before:
        broker.produce("orders", batch(), index=index)
        ends[index] += 1
    asked = [("orders", index, 0, {"partition_max_bytes": limits[index] * SIZE}) for index in wanted]
    max_bytes = max_batches * SIZE
    enough = min(min_batches, max_batches)

    def counted():
        """Batches that count: of each partition no more than it may answer."""
        return sum(min(ends[index], limits[index]) for index in wanted)

    def readable():
        answer = broker.fetch(asked, max_bytes=max_bytes)
        return sum(len(data.records) for topic in answer.responses for data in topic.partitions) // SIZE

    waited_from = readable()
    answer = broker.fetch(asked, max_bytes=max_bytes, min_bytes=min_batches * SIZE, max_wait_ms=100, token="it")
    assert (answer is not None) == (waited_from >= enough)
    left = 100
    for step in steps if answer is None else []:
        if step == "time":
            broker.wait(40)
            left -= 40
        else:
            broker.produce("orders", batch(), index=step)
            ends[step] += 1
        answers = [message for token, message in broker.answers() if token == "it"]
        assert len(answers) <= 1
        if answers:
            answer = answers[0]
            assert left <= 0 or counted() >= enough
            break
        assert left > 0
        assert readable() < enough
    broker.wait(1000)
    late = [token for token, _ in broker.answers() if token == "it"]
    assert len(late) == (answer is None)
    assert not any(partition.waiting for partition in broker.replicas.partitions.values())
