"""What a producer may say, and what it gets back: checks before the append, idempotence, sizes, acks."""

from __future__ import annotations

import gzip
import struct
from typing import Any

from conformance.batches import batch
from conformance.talk import Talk, conversation
from tautolog.core.messages import delete_records, describe_producers, init_producer_id
from tautolog.core.messages.produce import PartitionProduceData, ProduceRequest, TopicProduceData


def produce(
    talk: Talk,
    topic: str,
    records: bytes | None,
    version: int = 11,
    *,
    acks: int = -1,
    index: int = 0,
    tid: str | None = None,
) -> Any:
    """Send one batch to one partition and note the answer."""
    data = TopicProduceData(topic, talk.ids.get(topic, bytes(16)), [PartitionProduceData(index, records)])
    return talk.ask(ProduceRequest(tid, acks, 30000, [data]), version)


def producer(talk: Talk) -> int:
    """A fresh producer id."""
    request = init_producer_id.InitProducerIdRequest(None, 60000, -1, -1)
    answer = talk.until(lambda: talk.quietly(request, 4, "setup"), lambda a: a.error_code == 0)
    return int(answer.producer_id)


@conversation
def produce_each_version(talk: Talk) -> None:
    """The same batch in every version that is worked."""
    topic = talk.topic()
    for version in range(3, 14):
        produce(talk, topic, batch(b"one", b"two"), version)


@conversation
def produce_removed_versions(talk: Talk) -> None:
    """Versions 0 to 2 are advertised, and end the connection: seen as a closed socket."""
    talk["a"].socket.sendall(struct.pack(">ihhih1shii", 21, 0, 2, 1, 1, b"a", 1, 1000, 0))
    talk.note("closed", talk["a"].socket.recv(4) == b"")


@conversation
def produce_each_acks(talk: Talk) -> None:
    """-1 and 1 are answered; 2 is refused; after acks=0 the next request is answered first."""
    topic = talk.topic()
    produce(talk, topic, batch(b"x"), acks=1)
    produce(talk, topic, batch(b"x"), acks=-1)
    produce(talk, topic, batch(b"x"), acks=2)
    data = TopicProduceData(topic, bytes(16), [PartitionProduceData(0, batch(b"silent"))])
    talk["a"].send(ProduceRequest(None, 0, 30000, [data]), 11)
    talk["a"].awaited.pop()
    produce(talk, topic, batch(b"after"))


@conversation
def produce_to_the_unknown(talk: Talk) -> None:
    """An unknown topic, an unknown partition, an unknown id."""
    topic = talk.topic()
    produce(talk, "produce-to-the-unknown-nowhere", batch(b"x"))
    produce(talk, topic, batch(b"x"), index=5)
    produce(talk, "never-created", batch(b"x"), 13)
    produce(talk, topic, batch(b"x"), index=-1)


@conversation
def produce_invalid_names(talk: Talk) -> None:
    """Topic names that no topic may have."""
    for name in ("", ".", "..", "a b", "ä", "x" * 250, "a/b"):
        produce(talk, name, batch(b"x"))


@conversation
def produce_damaged_batches(talk: Talk) -> None:
    """Wrong checksum, magic, counts, offsets; two batches; no batch; garbage behind a good one."""
    topic = talk.topic()
    good = batch(b"a", b"b")
    produce(talk, topic, batch(b"a", crc=7))
    produce(talk, topic, batch(b"a", magic=1))
    produce(talk, topic, batch(b"a", magic=3))
    produce(talk, topic, batch(b"a", b"b", count=3))
    produce(talk, topic, batch(b"a", b"b", count=1))
    produce(talk, topic, batch(b"a", b"b", last_offset_delta=5))
    produce(talk, topic, batch(b"a", b"b", count=0, last_offset_delta=-1, body=b""))
    produce(talk, topic, batch(b"a", base_offset=9))
    produce(talk, topic, good + good)
    produce(talk, topic, b"")
    produce(talk, topic, good[:-1])
    produce(talk, topic, good[:40])
    produce(talk, topic, good)


@conversation
def produce_control_batch(talk: Talk) -> None:
    """A client may not write control batches; undefined attribute bits are another matter."""
    topic = talk.topic()
    produce(talk, topic, batch(b"a", attributes=0x20))
    produce(talk, topic, batch(b"a", attributes=0x30, producer_id=1, producer_epoch=0, sequence=0))
    produce(talk, topic, batch(b"a", attributes=0x80))


@conversation
def produce_too_large(talk: Talk) -> None:
    """A batch over max.message.bytes is refused, one of just that size is taken."""
    topic = talk.topic(max_message_bytes="200")
    produce(talk, topic, batch(b"x" * 300))
    small = batch(b"")
    room = 200 - len(small)
    produce(talk, topic, batch(b"x" * (room - 1)))
    produce(talk, topic, batch(b"x" * (room - 2)))
    produce(talk, topic, batch(b"x" * 100))


@conversation
def produce_compressed(talk: Talk) -> None:
    """gzip passes; zstd only from version 7; codecs 5 to 7 do not exist."""
    topic = talk.topic()
    body = gzip.compress(batch(b"hello")[61:], mtime=0)
    produce(talk, topic, batch(b"hello", attributes=1, body=body))
    produce(talk, topic, batch(b"hello", attributes=4), 3)
    produce(talk, topic, batch(b"hello", attributes=5))


@conversation
def produce_sequences(talk: Talk) -> None:
    """Duplicates return the first offset, gaps are refused, epochs fence."""
    topic, pid = talk.topic(), producer(talk)
    for sequence in (0, 1, 2, 1, 0, 5, 3):
        produce(talk, topic, batch(b"x", producer_id=pid, producer_epoch=0, sequence=sequence))
    produce(talk, topic, batch(b"x", producer_id=pid, producer_epoch=1, sequence=5))
    produce(talk, topic, batch(b"x", producer_id=pid, producer_epoch=1, sequence=0))
    produce(talk, topic, batch(b"x", producer_id=pid, producer_epoch=0, sequence=4))
    produce(talk, topic, batch(b"x", producer_id=pid, producer_epoch=1, sequence=1))


@conversation
def produce_old_duplicate(talk: Talk) -> None:
    """A duplicate among the last five batches is known, an older one is out of order."""
    topic, pid = talk.topic(), producer(talk)
    for sequence in range(7):
        produce(talk, topic, batch(b"x", producer_id=pid, producer_epoch=0, sequence=sequence))
    for sequence in (2, 1, 0, 6):
        produce(talk, topic, batch(b"x", producer_id=pid, producer_epoch=0, sequence=sequence))


@conversation
def produce_overlapping_duplicate(talk: Talk) -> None:
    """A batch that only partly repeats an older one is no duplicate."""
    topic, pid = talk.topic(), producer(talk)
    produce(talk, topic, batch(b"a", b"b", b"c", producer_id=pid, producer_epoch=0, sequence=0))
    produce(talk, topic, batch(b"a", b"b", producer_id=pid, producer_epoch=0, sequence=0))
    produce(talk, topic, batch(b"b", b"c", producer_id=pid, producer_epoch=0, sequence=1))
    produce(talk, topic, batch(b"a", b"b", b"c", producer_id=pid, producer_epoch=0, sequence=0))
    produce(talk, topic, batch(b"d", producer_id=pid, producer_epoch=0, sequence=3))


@conversation
def produce_sequence_wraps(talk: Talk) -> None:
    """Sequences wrap from 2^31-1 to 0; an unknown producer may begin anywhere."""
    topic, pid = talk.topic(), producer(talk)
    produce(talk, topic, batch(b"a", producer_id=pid, producer_epoch=0, sequence=2147483646))
    produce(talk, topic, batch(b"a", b"b", producer_id=pid, producer_epoch=0, sequence=2147483647))
    produce(talk, topic, batch(b"a", producer_id=pid, producer_epoch=0, sequence=1))
    produce(talk, topic, batch(b"a", producer_id=pid, producer_epoch=0, sequence=3))


@conversation
def produce_incomplete_idempotence(talk: Talk) -> None:
    """A producer id without epoch or sequence, and the other way round."""
    topic, pid = talk.topic(), producer(talk)
    produce(talk, topic, batch(b"a", producer_id=pid, producer_epoch=-1, sequence=0))
    produce(talk, topic, batch(b"a", producer_id=pid, producer_epoch=0, sequence=-1))
    produce(talk, topic, batch(b"a", producer_id=-1, producer_epoch=0, sequence=0))


@conversation
def produce_transactional_without_id(talk: Talk) -> None:
    """A transactional batch in a request without transactional id."""
    topic, pid = talk.topic(), producer(talk)
    produce(talk, topic, batch(b"a", attributes=0x10, producer_id=pid, producer_epoch=0, sequence=0))


@conversation
def produce_compacted_needs_keys(talk: Talk) -> None:
    """A compacted topic refuses records without key and names them."""
    topic = talk.topic(cleanup_policy="compact")
    produce(talk, topic, batch(b"a", b"b", b"c", keys=(b"k", None, None)))
    produce(talk, topic, batch(b"a", b"b", keys=(b"k", b"l")))
    produce(talk, topic, batch(None, keys=(b"k",)))


@conversation
def produce_many_partitions(talk: Talk) -> None:
    """One request, several partitions, some of them refused: each has its own answer."""
    topic = talk.topic(partitions=3)
    parts = [
        PartitionProduceData(0, batch(b"a")),
        PartitionProduceData(1, batch(b"b", crc=1)),
        PartitionProduceData(2, batch(b"c", b"d")),
        PartitionProduceData(3, batch(b"e")),
    ]
    talk.ask(ProduceRequest(None, -1, 30000, [TopicProduceData(topic, bytes(16), parts)]), 9)


@conversation
def producer_ids(talk: Talk) -> None:
    """InitProducerId without transactional id, in every version; odd arguments."""
    for version in range(6):
        talk.until(
            lambda v=version: talk.quietly(init_producer_id.InitProducerIdRequest(None, 60000, -1, -1), v),
            lambda a: a.error_code == 0,
        )
        talk.ask(init_producer_id.InitProducerIdRequest(None, 60000, -1, -1), version)
    talk.ask(init_producer_id.InitProducerIdRequest(None, 0, -1, -1), 4)
    talk.ask(init_producer_id.InitProducerIdRequest("", 60000, -1, -1), 4)
    talk.ask(init_producer_id.InitProducerIdRequest(None, 60000, 5, -1), 4)
    talk.ask(init_producer_id.InitProducerIdRequest(None, 60000, -1, 3), 4)


@conversation
def producers_described(talk: Talk) -> None:
    """Who writes to a partition, with epoch and last sequence."""
    topic, pid = talk.topic(partitions=2), producer(talk)
    produce(talk, topic, batch(b"a", b"b", producer_id=pid, producer_epoch=0, sequence=0))
    talk.ask(describe_producers.DescribeProducersRequest([describe_producers.TopicRequest(topic, [0, 1, 2])]), 0)
    talk.ask(describe_producers.DescribeProducersRequest([describe_producers.TopicRequest("nobody-knows", [0])]), 0)


@conversation
def records_deleted(talk: Talk) -> None:
    """DeleteRecords moves the start: to an offset, to the high watermark, never beyond it."""
    topic = talk.topic()
    for _ in range(4):
        produce(talk, topic, batch(b"a", b"b"))
    for offset in (3, 2, -1, 9, -5):
        part = delete_records.DeleteRecordsPartition(0, offset)
        talk.ask(delete_records.DeleteRecordsRequest([delete_records.DeleteRecordsTopic(topic, [part])], 30000), 2)
    part = delete_records.DeleteRecordsPartition(7, 0)
    talk.ask(delete_records.DeleteRecordsRequest([delete_records.DeleteRecordsTopic(topic, [part])], 30000), 1)
    talk.ask(
        delete_records.DeleteRecordsRequest([delete_records.DeleteRecordsTopic("no-such-topic", [part])], 30000), 0
    )
    produce(talk, topic, batch(b"a"))


@conversation
def records_deleted_from_compacted(talk: Talk) -> None:
    """A compacted topic does not have its records deleted by offset."""
    topic = talk.topic(cleanup_policy="compact")
    produce(talk, topic, batch(b"a", keys=(b"k",)))
    part = delete_records.DeleteRecordsPartition(0, 1)
    talk.ask(delete_records.DeleteRecordsRequest([delete_records.DeleteRecordsTopic(topic, [part])], 30000), 2)
