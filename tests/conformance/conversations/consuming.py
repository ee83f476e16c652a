"""Fetching: positions, sizes, waiting, sessions, epochs."""

from __future__ import annotations

from typing import Any

from conformance.batches import batch
from conformance.conversations.producing import produce
from conformance.talk import Talk, conversation
from tautolog.core.messages import offset_for_leader_epoch as epochs
from tautolog.core.messages.fetch import FetchPartition, FetchRequest, FetchTopic, ForgottenTopic
from tautolog.core.messages.produce import PartitionProduceData, ProduceRequest, TopicProduceData


def part(offset: int, *, index: int = 0, size: int = 1 << 20, epoch: int = -1, fetched: int = -1) -> FetchPartition:
    """One partition of a fetch."""
    return FetchPartition(index, epoch, offset, fetched, -1, size)


def request(
    talk: Talk,
    topic: str,
    parts: list[FetchPartition],
    *,
    wait: int = 0,
    least: int = 1,
    most: int = 1 << 24,
    session: tuple[int, int] = (0, -1),
    forget: list[int] | None = None,
) -> FetchRequest:
    """A consumer's fetch of one topic."""
    topic_id = talk.ids.get(topic, bytes(16))
    forgotten = [ForgottenTopic(topic, topic_id, forget)] if forget else []
    topics = [FetchTopic(topic, topic_id, parts)] if parts else []
    return FetchRequest(
        max_wait_ms=wait,
        min_bytes=least,
        max_bytes=most,
        session_id=session[0],
        session_epoch=session[1],
        topics=topics,
        forgotten_topics_data=forgotten,
    )


def fetch(talk: Talk, topic: str, *parts: FetchPartition, version: int = 12, **options: Any) -> Any:
    """Fetch and note the answer."""
    return talk.ask(request(talk, topic, list(parts), **options), version)


def fill(talk: Talk, topic: str, batches: int = 3, index: int = 0, size: int = 1) -> None:
    """Write some batches of two records."""
    for i in range(batches):
        data = batch(b"%d" % i * size, b"+" * size)
        body = ProduceRequest(
            None, -1, 30000, [TopicProduceData(topic, bytes(16), [PartitionProduceData(index, data)])]
        )
        assert talk.quietly(body, 9, "setup").responses[0].partition_responses[0].error_code == 0


@conversation
def fetch_each_version(talk: Talk) -> None:
    """The same fetch in every version."""
    topic = talk.topic()
    fill(talk, topic)
    for version in range(4, 19):
        fetch(talk, topic, part(0), version=version)


@conversation
def fetch_positions(talk: Talk) -> None:
    """From the start, from the middle of a batch, at the end, beyond it, before the start."""
    topic = talk.topic()
    fill(talk, topic)
    for offset in (0, 3, 5, 6, 7, -1, 100):
        fetch(talk, topic, part(offset))


@conversation
def fetch_at_the_end_waits(talk: Talk) -> None:
    """Nothing there: the answer comes after max_wait; a record ends the wait."""
    topic = talk.topic()
    fill(talk, topic, 1)
    fetch(talk, topic, part(2), wait=300)
    talk.send(request(talk, topic, [part(2)], wait=15000), 12, "b")
    talk.silent("b", 0.3)
    produce(talk, topic, batch(b"wake"))
    talk.receive("b")


@conversation
def fetch_waits_for_min_bytes(talk: Talk) -> None:
    """Fewer bytes than wanted are not worth an answer before the time is over."""
    topic = talk.topic()
    fill(talk, topic, 1)
    talk.send(request(talk, topic, [part(2)], wait=15000, least=150), 12, "b")
    produce(talk, topic, batch(b"x"))
    talk.silent("b", 0.3)
    produce(talk, topic, batch(b"x" * 100))
    talk.receive("b")


@conversation
def fetch_error_ends_the_wait(talk: Talk) -> None:
    """A partition out of range beside an idle one is answered at once; an unknown one is not."""
    topic = talk.topic(partitions=2)
    talk.send(request(talk, topic, [part(0), part(50, index=1)], wait=15000), 12, "b")
    talk.receive("b")
    talk.send(request(talk, topic, [part(0), part(0, index=9)], wait=500), 12, "b")
    talk.silent("b", 0.2)
    talk.receive("b")


@conversation
def fetch_first_batch_larger_than_asked(talk: Talk) -> None:
    """The first batch comes whole, however small the limits; the next ones do not."""
    topic = talk.topic(partitions=2)
    fill(talk, topic, 3, 0, 500)
    fill(talk, topic, 3, 1, 500)
    fetch(talk, topic, part(0, size=10), part(0, index=1, size=10))
    fetch(talk, topic, part(0, size=1100), part(0, index=1, size=3000))
    fetch(talk, topic, part(0), part(0, index=1), most=1)
    fetch(talk, topic, part(0), part(0, index=1), most=2500)
    fetch(talk, topic, part(0, size=0))


@conversation
def fetch_min_bytes_zero(talk: Talk) -> None:
    """min_bytes 0 never waits."""
    topic = talk.topic()
    fetch(talk, topic, part(0), wait=10000, least=0)


@conversation
def fetch_unknown_topics(talk: Talk) -> None:
    """By name and by id."""
    fetch(talk, "fetch-unknown-topics-nowhere", part(0))
    fetch(talk, "fetch-unknown-topics-nowhere", part(0), version=13)
    topic = talk.topic()
    fetch(talk, topic, part(0, index=4))
    fetch(talk, topic, part(0, index=4), version=16)


@conversation
def fetch_leader_epochs(talk: Talk) -> None:
    """An older epoch is fenced, a newer one unknown; a diverging last fetched epoch is told where to go."""
    topic = talk.topic()
    fill(talk, topic)
    for epoch in (0, 1, -1):
        fetch(talk, topic, part(0, epoch=epoch))
    for fetched in (0, 3):
        fetch(talk, topic, part(2, fetched=fetched))


@conversation
def epoch_end_offsets(talk: Talk) -> None:
    """Where an epoch ends: the current one, one of the future, a wrong current one, an unknown partition."""
    topic = talk.topic()
    fill(talk, topic)
    for version in (2, 3, 4):
        for current, wanted in ((-1, 0), (0, 0), (0, 1), (5, 0), (-1, -1)):
            one = epochs.OffsetForLeaderPartition(0, current, wanted)
            talk.ask(epochs.OffsetForLeaderEpochRequest(-2, [epochs.OffsetForLeaderTopic(topic, [one])]), version)
    one = epochs.OffsetForLeaderPartition(8, -1, 0)
    talk.ask(epochs.OffsetForLeaderEpochRequest(-2, [epochs.OffsetForLeaderTopic(topic, [one])]), 4)
    talk.ask(epochs.OffsetForLeaderEpochRequest(-2, [epochs.OffsetForLeaderTopic("nowhere-at-all", [one])]), 4)


@conversation
def fetch_session(talk: Talk) -> None:
    """A session: the full fetch, then only what changed; forgetting; wrong epochs; closing."""
    topic = talk.topic(partitions=3)
    fill(talk, topic, 1, 0)
    fill(talk, topic, 1, 1)
    first = fetch(talk, topic, part(0), part(0, index=1), part(0, index=2), session=(0, 0))
    sid = first.session_id
    fetch(talk, topic, session=(sid, 1))
    fetch(talk, topic, part(2), part(2, index=1), session=(sid, 2))
    fill(talk, topic, 1, 2)
    fetch(talk, topic, session=(sid, 3))
    fetch(talk, topic, session=(sid, 4), forget=[2])
    fetch(talk, topic, session=(sid, 5))
    fetch(talk, topic, session=(sid, 9))
    fetch(talk, topic, session=(sid, 6))
    fetch(talk, topic, session=(sid, -1))
    fetch(talk, topic, session=(sid, 7))
    fetch(talk, topic, session=(123456, 1))


@conversation
def fetch_session_with_unknown(talk: Talk) -> None:
    """An unknown partition in a session is named again and again."""
    topic = talk.topic()
    first = fetch(talk, topic, part(0), part(0, index=7), session=(0, 0))
    fetch(talk, topic, session=(first.session_id, 1))
    fetch(talk, topic, session=(first.session_id, 2))


@conversation
def fetch_session_by_id(talk: Talk) -> None:
    """Sessions with topic ids."""
    topic = talk.topic(partitions=2)
    fill(talk, topic, 1)
    first = fetch(talk, topic, part(0), part(0, index=1), session=(0, 0), version=15)
    fetch(talk, topic, part(2), session=(first.session_id, 1), version=15)
    fill(talk, topic, 1, 1)
    fetch(talk, topic, session=(first.session_id, 2), version=15)


@conversation
def fetch_read_committed(talk: Talk) -> None:
    """Without transactions the isolation level changes only the list of aborted ones."""
    topic = talk.topic()
    fill(talk, topic)
    body = request(talk, topic, [part(0)])
    body.isolation_level = 1
    for version in (4, 11, 12, 17):
        talk.ask(body, version)


@conversation
def fetch_after_deletion_of_records(talk: Talk) -> None:
    """Below the log start offset is out of range; the answer names the start."""
    from tautolog.core.messages import delete_records

    topic = talk.topic()
    fill(talk, topic)
    one = delete_records.DeleteRecordsPartition(0, 3)
    talk.ask(delete_records.DeleteRecordsRequest([delete_records.DeleteRecordsTopic(topic, [one])], 30000), 2)
    for offset in (0, 2, 3):
        fetch(talk, topic, part(offset))
