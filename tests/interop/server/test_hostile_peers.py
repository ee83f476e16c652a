"""Peers that mean no good, against a real process: its memory stays bounded, everybody else is served on."""

import random
import select
import socket
import struct
import time

import pytest

from support.raw_client import FETCH, PRODUCE, RawClient, batch, fetch_request, produce_request
from support.served import Served, wait_for

LIMIT_MB = 300


@pytest.fixture(scope="module")
def broker(tmp_path_factory):
    with Served(tmp_path_factory.mktemp("hostile")) as served:
        with RawClient(served.address) as client:
            assert client.create("big") == 0
            records = batch([bytes(250_000)] * 4)
            for _ in range(8):
                answer = client.ask(PRODUCE, 9, produce_request("big", records))
                assert answer.responses[0].partition_responses[0].error_code == 0
        yield served


def is_served(broker):
    """How long somebody else waits for an answer, in seconds."""
    began = time.monotonic()
    with RawClient(broker.address) as client:
        assert client.end_offset("big") == 32
    return time.monotonic() - began


def connect(broker):
    peer = socket.create_connection(broker.address, 5)
    peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return peer


def test_idle_connections_announced_frames_and_readers_that_never_read(broker):
    peers = [connect(broker) for _ in range(500)]
    try:
        assert is_served(broker) < 5
        assert broker.resident_mb() < LIMIT_MB
        for peer in peers[:40]:
            peer.sendall(struct.pack(">i", 90_000_000) + bytes(64 * 1024))
        assert is_served(broker) < 5
        assert broker.resident_mb() < LIMIT_MB
        for _ in range(10):
            client = RawClient(broker.address)
            peers.append(client.socket)
            frame = client.frame(FETCH, 11, fetch_request("big", 0))
            client.socket.sendall(frame * 300)
        for _ in range(20):
            assert is_served(broker) < 5
            assert broker.resident_mb() < LIMIT_MB
    finally:
        for peer in peers:
            peer.close()
    assert is_served(broker) < 5


def test_a_reader_that_wakes_up_gets_every_answer_in_order(broker):
    with RawClient(broker.address) as client:
        request = fetch_request("big", 0)
        frames = b"".join(client.frame(FETCH, 11, request) for _ in range(50))
        client.socket.sendall(frames)
        select.select([client.socket], [], [], 10)  # the first answer is on its way, and nobody reads
        for number in range(1, 51):
            answer = client.receive((FETCH, 11, number))
            assert len(answer.responses[0].partitions[0].records) > 900_000


def test_garbage_ends_one_connection_with_one_line(broker):
    chance = random.Random(7)
    before = len(broker.log_text().splitlines())
    for number in range(60):
        with connect(broker) as peer:
            size = chance.randrange(1, 400)
            body = chance.randbytes(size)
            header = struct.pack(">hhih", *chance.choice([(0, 9), (1, 11), (3, 9), (18, 3), (999, 0)]), 1, -1)
            data = chance.choice(
                [chance.randbytes(64), struct.pack(">i", size) + body, struct.pack(">i", size + 10) + header + body]
            )
            peer.sendall(data)
            peer.shutdown(socket.SHUT_WR)
            peer.settimeout(5)
            try:
                while peer.recv(65536):
                    pass
            except ConnectionResetError:
                pass
        assert len(broker.log_text().splitlines()) - before <= number + 1
    assert is_served(broker) < 5
    assert "Traceback" not in broker.log_text()


def test_cut_frames_leave_nothing_behind(broker):
    whole = RawClient(broker.address)
    frame = whole.frame(PRODUCE, 9, produce_request("big", batch([b"never"])))
    for cut in range(1, len(frame), 7):
        with connect(broker) as peer:
            peer.sendall(frame[:cut])
    whole.socket.close()
    assert is_served(broker) < 5


def test_more_partitions_than_anybody_needs_are_refused(broker):
    from tautolog.core.messages.create_partitions import CreatePartitionsRequest, CreatePartitionsTopic

    with RawClient(broker.address) as client:
        assert client.create("huge", 10_001) != 0
        wanted = CreatePartitionsRequest(topics=[CreatePartitionsTopic(name="big", count=10_002)], timeout_ms=1000)
        assert client.ask(37, 2, wanted).results[0].error_code != 0
        assert client.ask(37, 2, wanted).results[0].name == "big"
    assert is_served(broker) < 5


def test_an_idle_connection_is_closed(tmp_path):
    with Served(tmp_path, {"connections.max.idle.ms": "100"}) as broker, RawClient(broker.address) as client:
        assert client.create("t") == 0
        with pytest.raises((EOFError, ConnectionResetError)):
            client.exactly(1)


def test_memory_comes_back_after_the_peers_have_gone(broker):
    def settled():
        return broker.resident_mb() < 200

    wait_for(settled)
