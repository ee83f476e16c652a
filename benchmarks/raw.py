"""Load from one blocking socket and frames that were made before: no client at all between the clock and the broker."""

from __future__ import annotations

import socket
import struct
import time

from tautolog.core.messages.create_topics import CreatableTopic, CreateTopicsRequest
from tautolog.core.messages.delete_topics import DeleteTopicsRequest
from tautolog.core.messages.produce import PartitionProduceData, ProduceRequest, TopicProduceData
from tautolog.core.records.record import build
from tautolog.wire.codec import decode_response, encode_request

PRODUCE, CREATE_TOPICS, DELETE_TOPICS = 0, 19, 20


def connect(bootstrap: str) -> socket.socket:
    host, _, port = bootstrap.rpartition(":")
    connection = socket.create_connection((host, int(port)), 30)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def exactly(connection: socket.socket, size: int) -> bytes:
    data = bytearray()
    while len(data) < size:
        chunk = connection.recv(size - len(data))
        if not chunk:
            raise EOFError("the broker ended the connection")
        data += chunk
    return bytes(data)


def answer(connection: socket.socket) -> bytes:
    return exactly(connection, struct.unpack(">i", exactly(connection, 4))[0])


def create_topic(bootstrap: str, name: str) -> None:
    request = CreateTopicsRequest(topics=[CreatableTopic(name, 1, 1)], timeout_ms=10_000)
    with connect(bootstrap) as connection:
        connection.sendall(b"".join(encode_request(CREATE_TOPICS, 5, 1, "bench", request)))
        created = decode_response(CREATE_TOPICS, 5, answer(connection))[1]
        assert created.topics[0].error_code == 0, created
    time.sleep(0.2)  # until every part of the broker knows


def delete_topic(bootstrap: str, name: str) -> None:
    with connect(bootstrap) as connection:
        request = DeleteTopicsRequest(topic_names=[name], timeout_ms=10_000)
        connection.sendall(b"".join(encode_request(DELETE_TOPICS, 5, 1, "bench", request)))
        answer(connection)


def frame(topic: str, size: int, acks: int) -> bytes:
    """One Produce of one record."""
    records = bytes(build([(None, bytes(size))], timestamp=time.time_ns() // 1_000_000))
    data = TopicProduceData(name=topic, partition_data=[PartitionProduceData(0, records)])
    body = ProduceRequest(acks=acks, timeout_ms=10_000, topic_data=[data])
    return b"".join(encode_request(PRODUCE, 9, 1, "bench", body))


def check(data: bytes) -> None:
    produced = decode_response(PRODUCE, 9, data)[1]
    assert produced.responses[0].partition_responses[0].error_code == 0, produced


def latency(bootstrap: str, topic: str, count: int) -> list[float]:
    """The milliseconds of each of `count` requests of one record of 100 bytes, acks=all, one at a time; sorted."""
    request = frame(topic, 100, -1)
    times = []
    with connect(bootstrap) as connection:
        connection.sendall(request)
        check(answer(connection))
        for _ in range(count):
            began = time.perf_counter_ns()
            connection.sendall(request)
            answer(connection)
            times.append((time.perf_counter_ns() - began) / 1e6)
    return sorted(times)


def pipelined(bootstrap: str, topic: str, seconds: float, in_flight: int) -> float:
    """Requests a second: one record of 100 bytes each, acks=1, `in_flight` of them under way."""
    request = frame(topic, 100, 1)
    done = 0
    with connect(bootstrap) as connection:
        connection.sendall(request)
        one = answer(connection)
        check(one)
        size = len(one) + 4
        began = time.perf_counter()
        connection.sendall(request * in_flight)
        buffer = bytearray(1 << 16)
        pending = 0
        while time.perf_counter() - began < seconds:
            pending += connection.recv_into(buffer)
            answered, pending = divmod(pending, size)
            if answered:
                connection.sendall(request * answered)
                done += answered
        return done / (time.perf_counter() - began)
