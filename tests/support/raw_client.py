"""A Kafka client with nothing in between: frames over one blocking socket, our own codec, any version, any bytes."""

from __future__ import annotations

import socket
from types import TracebackType
from typing import Any, Self

from tautolog.core.messages._base import Message
from tautolog.core.messages.create_topics import CreatableTopic, CreateTopicsRequest
from tautolog.core.messages.fetch import FetchPartition, FetchRequest, FetchTopic
from tautolog.core.messages.list_offsets import ListOffsetsPartition, ListOffsetsRequest, ListOffsetsTopic
from tautolog.core.messages.produce import PartitionProduceData, ProduceRequest, TopicProduceData
from tautolog.core.records.record import build
from tautolog.wire.codec import decode_response, encode_request

PRODUCE, FETCH, LIST_OFFSETS, CREATE_TOPICS = 0, 1, 2, 19


class RawClient:
    """One connection. `ask` sends and waits; `send` and `receive` are for pipelining."""

    def __init__(self, address: tuple[str, int], timeout: float = 10.0) -> None:
        self.socket = socket.create_connection(address, timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sent = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.socket.close()

    def frame(self, key: int, version: int, body: Message) -> bytes:
        """One request as bytes, size in front."""
        self.sent += 1
        return b"".join(encode_request(key, version, self.sent, "raw", body))

    def send(self, key: int, version: int, body: Message) -> tuple[int, int, int]:
        """Send one request; what `receive` needs to read its answer."""
        self.socket.sendall(self.frame(key, version, body))
        return key, version, self.sent

    def receive(self, sent: tuple[int, int, int]) -> Any:
        """Read the answer to `sent`; answers come in the order of the requests."""
        key, version, expected = sent
        size = int.from_bytes(self.exactly(4), "big")
        correlation_id, message = decode_response(key, version, self.exactly(size))
        assert correlation_id == expected
        return message

    def ask(self, key: int, version: int, body: Message) -> Any:
        """One request, one answer."""
        return self.receive(self.send(key, version, body))

    def exactly(self, size: int) -> bytes:
        """That many bytes; `EOFError` when the connection ends before."""
        data = bytearray()
        while len(data) < size:
            chunk = self.socket.recv(size - len(data))
            if not chunk:
                raise EOFError
            data += chunk
        return bytes(data)

    def create(self, topic: str, partitions: int = 1, configs: dict[str, str] | None = None) -> int:
        """Create a topic; its error code."""
        from tautolog.core.messages.create_topics import CreatableTopicConfig

        wanted = CreatableTopic(
            name=topic,
            num_partitions=partitions,
            replication_factor=1,
            configs=[CreatableTopicConfig(name, value) for name, value in (configs or {}).items()],
        )
        answer = self.ask(CREATE_TOPICS, 5, CreateTopicsRequest(topics=[wanted], timeout_ms=10_000))
        code: int = answer.topics[0].error_code
        return code

    def produce(self, topic: str, values: list[bytes], partition: int = 0, acks: int = -1) -> tuple[int, int]:
        """Append one batch; (error code, base offset)."""
        answer = self.ask(PRODUCE, 9, produce_request(topic, batch(values), partition, acks))
        partition_answer = answer.responses[0].partition_responses[0]
        return partition_answer.error_code, partition_answer.base_offset

    def fetch(self, topic: str, offset: int, partition: int = 0, max_bytes: int = 1_000_000) -> Any:
        """One partition's part of a fetch that does not wait."""
        answer = self.ask(FETCH, 11, fetch_request(topic, offset, partition, max_bytes))
        return answer.responses[0].partitions[0]

    def end_offset(self, topic: str, partition: int = 0) -> int:
        """The offset that the next record will get."""
        wanted = ListOffsetsTopic(name=topic, partitions=[ListOffsetsPartition(partition, -1, -1)])
        answer = self.ask(LIST_OFFSETS, 4, ListOffsetsRequest(replica_id=-1, topics=[wanted]))
        offset: int = answer.topics[0].partitions[0].offset
        return offset


def batch(values: list[bytes]) -> bytes:
    """One record batch of these values."""
    return bytes(build([(None, value) for value in values]))


def produce_request(topic: str, records: bytes, partition: int = 0, acks: int = -1) -> ProduceRequest:
    """A Produce of one partition."""
    data = TopicProduceData(name=topic, partition_data=[PartitionProduceData(index=partition, records=records)])
    return ProduceRequest(acks=acks, timeout_ms=10_000, topic_data=[data])


def fetch_request(
    topic: str, offset: int, partition: int = 0, max_bytes: int = 1_000_000, wait_ms: int = 0
) -> FetchRequest:
    """A Fetch of one partition, outside any session."""
    wanted = FetchPartition(partition=partition, fetch_offset=offset, partition_max_bytes=max_bytes)
    topics = [FetchTopic(topic=topic, partitions=[wanted])]
    return FetchRequest(max_wait_ms=wait_ms, min_bytes=1, max_bytes=max_bytes, session_epoch=-1, topics=topics)
