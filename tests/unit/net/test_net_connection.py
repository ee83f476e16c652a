"""Connections around a node that answers when it is told to: order, back-pressure, bounds, bad frames, group commit."""

import asyncio
import os
import struct
import threading

import pytest
import uvloop

from support.net_world import API_VERSIONS, FETCH, HEARTBEAT, PRODUCE, World
from tautolog.core.messages.api_versions import ApiVersionsRequest
from tautolog.core.messages.fetch import FetchRequest
from tautolog.core.messages.heartbeat import HeartbeatRequest, HeartbeatResponse
from tautolog.core.messages.produce import ProduceRequest, ProduceResponse
from tautolog.core.node import Disconnect
from tautolog.net import connection as connection_module
from tautolog.net import server as server_module
from tautolog.net.node import Fsync
from tautolog.net.server import Limits
from tautolog.net.storage import SyncFailed
from tautolog.wire.codec import encode_request


@pytest.fixture(params=[asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def run(request):
    def run(coroutine):
        with asyncio.Runner(loop_factory=request.param) as runner:
            return runner.run(asyncio.wait_for(coroutine, 20))

    return run


def test_answers_come_in_order_whatever_the_cuts_in_the_stream(run, tmp_path):
    async def scene():
        async with World(tmp_path) as world:
            client = await world.client()
            frames = b"".join(
                b"".join(encode_request(HEARTBEAT, 4, n, None, HeartbeatRequest(generation_id=n))) for n in range(40)
            )
            for cut in (1, 3, 7, 50, 1000):
                for start in range(0, len(frames), cut):
                    client.writer.write(frames[start : start + cut])
                    await asyncio.sleep(0)
                for n in range(40):
                    assert (await client.receive((HEARTBEAT, 4, n))).error_code == n

    run(scene())


def test_a_request_that_waits_holds_back_those_behind_it(run, tmp_path):
    async def scene():
        async with World(tmp_path) as world:
            world.node.later.add("slow")
            client = await world.client()
            sent = [client.heartbeat(1, "slow"), client.heartbeat(2), client.heartbeat(3)]
            await world.until(lambda: world.node.waiting)
            await asyncio.sleep(0.01)
            assert len(world.node.received) == 1
            world.node.due = 0
            world.driver.settle()
            assert [(await client.receive(one)).error_code for one in sent] == [1, 2, 3]
            assert ("info", "woken") in world.said

    run(scene())


def test_produces_may_follow_each_other_and_are_answered_in_order(run, tmp_path):
    async def scene():
        async with World(tmp_path) as world:
            world.node.later.add("slow")
            client = await world.client()
            sent = [
                client.send(PRODUCE, 9, ProduceRequest(acks=-1), "slow"),
                client.send(PRODUCE, 9, ProduceRequest(acks=1)),
                client.heartbeat(7),
            ]
            await world.until(lambda: len(world.node.received) == 2)
            await asyncio.sleep(0.01)
            assert len(world.node.received) == 2, "the heartbeat waits, as in Kafka"
            world.node.due = 0
            world.driver.settle()
            assert [type(await client.receive(one)) for one in sent] == [
                ProduceResponse,
                ProduceResponse,
                HeartbeatResponse,
            ]

    run(scene())


def test_an_answer_that_is_none_is_not_sent(run, tmp_path):
    async def scene():
        async with World(tmp_path) as world:
            client = await world.client()
            client.send(PRODUCE, 9, ProduceRequest(acks=0))
            assert (await client.receive(client.heartbeat(5))).error_code == 5

    run(scene())


def test_an_unknown_version_of_api_versions_is_answered_as_version_0(run, tmp_path):
    async def scene():
        async with World(tmp_path) as world:
            client = await world.client()
            client.writer.write(struct.pack(">ihhih", 10, 18, 99, 4711, -1))
            answer = await client.receive((API_VERSIONS, 0, 4711))
            assert answer.error_code == 35
            assert [(one.api_key, one.min_version, one.max_version) for one in answer.api_keys] == [(18, 0, 4)]
            assert await client.receive(client.send(API_VERSIONS, 3, ApiVersionsRequest("a", "1")))

    run(scene())


BAD = {
    "negative": (struct.pack(">i", -1), "a frame of negative size announced"),
    "too large": (struct.pack(">i", 1001), "the limit is 1000"),
    "http": (b"GET / HTTP/1.1\r\n\r\n", "the peer speaks HTTP"),
    "no header": (struct.pack(">i", 3) + b"abc", "a request header takes 10 bytes"),
    "unknown key": (struct.pack(">ihhih", 10, 999, 0, 1, -1), "API key 999"),
    "cut body": (struct.pack(">ihhihb", 11, 12, 4, 1, -1, 0), "Heartbeat"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_frame_ends_its_connection_with_one_line(run, tmp_path, name):
    data, reason = BAD[name]

    async def scene():
        async with World(tmp_path, limits=Limits(socket_request_max_bytes=1000)) as world:
            client, other = await world.client(), await world.client()
            sent = client.heartbeat(9)
            client.writer.write(data + b"more")
            assert (await client.receive(sent)).error_code == 9
            assert await client.reader.read() == b""
            assert (await other.receive(other.heartbeat(1))).error_code == 1
            assert [level for level, _ in world.said] == ["warning"]
            assert reason in world.said[0][1]
            await world.until(lambda: len(world.node.gone) == 1)
            assert not world.failures

    run(scene())


def test_the_node_may_end_a_connection(run, tmp_path):
    async def scene():
        async with World(tmp_path) as world:
            client = await world.client()
            client.heartbeat(1, group="refused")
            assert await client.reader.read() == b""
            assert len(world.said) == 1
            assert "not like this" in world.said[0][1]
            client = await world.client()
            await client.receive(client.heartbeat(1))
            world.node.outbox.append(Disconnect(world.connections[0].peer, "go"))
            world.driver.disconnected(world.connections[0].peer)
            assert await client.reader.read() == b""

    run(scene())


def test_an_exception_in_the_node_stops_it_and_nothing_more_leaves(run, tmp_path):
    async def scene():
        async with World(tmp_path) as world:
            client = await world.client()
            client.heartbeat(1, group="broken")
            await world.until(lambda: world.failures)
            assert isinstance(world.driver.failure, ZeroDivisionError)
            client.heartbeat(2)
            await asyncio.sleep(0.01)
            assert len(world.node.received) == 1
            assert len(world.failures) == 1

    run(scene())


def test_memory_follows_what_is_received_not_what_is_announced(run, tmp_path):
    async def scene():
        async with World(tmp_path) as world:
            client = await world.client()
            client.writer.write(struct.pack(">i", 90_000_000) + bytes(64 * 1024))
            await world.until(lambda: world.connections and world.connections[0]._end >= 64 * 1024)
            assert len(world.connections[0]._own) <= 256 * 1024

    run(scene())


def test_idle_connections_own_no_buffer(run, tmp_path):
    async def scene():
        async with World(tmp_path) as world:
            client = await world.client()
            body = ProduceRequest(acks=1, transactional_id="x" * 30_000)
            for _ in range(3):
                await client.receive(client.send(PRODUCE, 9, body))
            assert world.connections[0]._own is None

    run(scene())


def test_large_frames_arrive_whole_and_their_buffer_is_given_back(run, tmp_path, monkeypatch):
    async def scene():
        async with World(tmp_path) as world:
            client = await world.client()
            names = [f"{number}-{'x' * size}" for number, size in enumerate((2_000_000, 10, 3_000_000, 70_000))]
            sent = [client.send(HEARTBEAT, 4, HeartbeatRequest(group_id=names[0][:30_000]))]
            produced = [
                client.send(PRODUCE, 9, ProduceRequest(acks=1, topic_data=topics(name.encode()))) for name in names
            ]
            for one in sent + produced:
                await client.receive(one)
            bodies = [body for key, body in world.node.received if key == PRODUCE]
            assert len(bodies) == 4
            world.server._sweep()
            assert world.connections[0]._own is not None
            monkeypatch.setattr(connection_module, "LINGER_MS", -1)
            world.server._sweep()
            assert world.connections[0]._own is None

    def topics(data):
        from tautolog.core.messages.produce import PartitionProduceData, TopicProduceData

        return [TopicProduceData(name="t", partition_data=[PartitionProduceData(records=data)])]

    run(scene())


def test_a_peer_that_does_not_read_is_not_served(run, tmp_path):
    async def scene():
        async with World(tmp_path) as world:
            client = await world.client()
            client.writer.transport.pause_reading()
            sent = [client.send(FETCH, 4, FetchRequest(max_bytes=1_000_000)) for _ in range(300)]
            await world.until(lambda: world.connections and world.connections[0]._paused)
            await asyncio.sleep(0.05)
            served = len(world.node.received)
            assert served < 30
            assert 0 < world.server._owed < 4_000_000
            client.writer.transport.resume_reading()
            for one in sent:
                await client.receive(one)
            assert len(world.node.received) == 300
            assert world.server._owed == 0

    run(scene())


def test_fetches_are_lean_while_much_is_unsent(run, tmp_path):
    async def scene():
        async with World(tmp_path) as world:
            world.server.owe(server_module.LEAN_BYTES + 1)
            client = await world.client()
            answer = await client.receive(client.send(FETCH, 4, FetchRequest(max_bytes=50_000_000)))
            assert len(answer.responses[0].partitions[0].records) == connection_module.LEAN_FETCH

    run(scene())


def test_while_too_much_is_unsent_fetches_wait_and_the_deaf_are_sent_away(run, tmp_path, monkeypatch):
    async def scene():
        monkeypatch.setattr(server_module, "MOST_BYTES", 500_000)
        async with World(tmp_path) as world:
            client, deaf = await world.client(), await world.client()
            deaf.writer.transport.pause_reading()
            for _ in range(20):
                deaf.send(FETCH, 4, FetchRequest(max_bytes=1_000_000))
            await world.until(lambda: world.server.crowded)
            served = len(world.node.received)
            sent = [client.heartbeat(1), client.send(FETCH, 4, FetchRequest(max_bytes=10)), client.heartbeat(2)]
            assert (await client.receive(sent[0])).error_code == 1
            await asyncio.sleep(0.01)
            assert len(world.node.received) == served + 1, "the fetch waits, and what is behind it"
            world.server._sweep()
            assert len(world.connections) == 2, "it may still read"
            monkeypatch.setattr(connection_module, "LINGER_MS", -1)
            world.server._sweep()
            assert (await client.receive(sent[1])).responses
            assert (await client.receive(sent[2])).error_code == 2
            await world.until(lambda: len(world.connections) == 1)
            assert "takes no answers" in world.said[-1][1]

    run(scene())


def test_what_waits_behind_a_waiting_request_is_bounded(run, tmp_path):
    async def scene():
        async with World(tmp_path) as world:
            world.node.later.add("slow")
            client = await world.client()
            sent = [client.heartbeat(1, "slow")]
            body = HeartbeatRequest(group_id="x" * 30_000, generation_id=3)
            sent += [client.send(HEARTBEAT, 4, body) for _ in range(300)]
            await world.until(lambda: not world.connections[0]._reading if world.connections else False)
            assert len(world.connections[0]._own) <= 1024 * 1024
            world.node.due = 0
            world.driver.settle()
            for one in sent:
                await client.receive(one)

    run(scene())


def test_a_large_frame_behind_a_waiting_request_is_read_when_its_turn_comes(run, tmp_path):
    async def scene():
        async with World(tmp_path) as world:
            world.node.later.add("slow")
            client = await world.client()
            sent = [
                client.heartbeat(1, "slow"),
                client.send(PRODUCE, 9, ProduceRequest(acks=1, transactional_id="x" * 32_000)),
            ]
            sent.append(client.send(FETCH, 4, FetchRequest(max_bytes=10)))
            client.writer.write(struct.pack(">ihhih", 1_000_010, 18, 99, 4711, -1) + bytes(1_000_000))
            await world.until(lambda: not world.connections[0]._reading if world.connections else False)
            world.node.due = 0
            world.driver.settle()
            for one in sent:
                await client.receive(one)
            assert (await client.receive((API_VERSIONS, 0, 4711))).error_code == 35

    run(scene())


def test_one_connection_too_many_and_an_idle_one_are_closed(run, tmp_path):
    async def scene():
        async with World(tmp_path, limits=Limits(max_connections=1, connections_max_idle_ms=30)) as world:
            first = await world.client()
            await first.receive(first.heartbeat(1))
            second = await world.client()
            assert await second.reader.read() == b""
            assert "one connection too many" in world.said[0][1]
            assert await first.reader.read() == b""

    run(scene())


class SlowDisk:
    """Holds every fsync until it is let go; counts them."""

    def __init__(self, monkeypatch):
        self.count = 0
        self.gate = threading.Event()
        self.entered = threading.Event()
        real = os.fsync

        def fsync(descriptor):
            self.count += 1
            self.entered.set()
            assert self.gate.wait(5)
            real(descriptor)

        monkeypatch.setattr("tautolog.net.storage.os.fsync", fsync)


def test_nothing_is_answered_before_the_sync_that_covers_it(run, tmp_path, monkeypatch):
    async def scene():
        disk = SlowDisk(monkeypatch)
        async with World(tmp_path, fsync=Fsync.ALWAYS) as world:
            client, other = await world.client(), await world.client()
            sent = [client.send(PRODUCE, 9, ProduceRequest(acks=1))]
            await world.until(disk.entered.is_set)
            sent += [client.send(PRODUCE, 9, ProduceRequest(acks=1)) for _ in range(50)]
            await world.until(lambda: len(world.node.received) == 51)
            seen = other.heartbeat(1)
            await world.until(lambda: len(world.node.received) == 52)
            assert not client.reader._buffer
            assert not other.reader._buffer, "it might speak of what is not yet durable"
            disk.gate.set()
            for one in sent:
                await client.receive(one)
            await other.receive(seen)
            assert disk.count <= 3, "log, folder, and once more the log for all that came meanwhile"

    run(scene())


def test_fetches_do_not_pile_up_behind_a_sync(run, tmp_path, monkeypatch):
    async def scene():
        disk = SlowDisk(monkeypatch)
        async with World(tmp_path, fsync=Fsync.ALWAYS) as world:
            client = await world.client()
            sent = [client.send(PRODUCE, 9, ProduceRequest(acks=1)) for _ in range(3)]
            sent += [client.send(FETCH, 4, FetchRequest(max_bytes=10)) for _ in range(5)]
            await world.until(disk.entered.is_set)
            await asyncio.sleep(0.01)
            assert [key for key, _ in world.node.received] == [PRODUCE, PRODUCE, PRODUCE, FETCH]
            disk.gate.set()
            for one in sent:
                await client.receive(one)

    run(scene())


def test_without_writes_nothing_waits_for_a_sync(run, tmp_path, monkeypatch):
    async def scene():
        disk = SlowDisk(monkeypatch)
        async with World(tmp_path, fsync=Fsync.ALWAYS) as world:
            client = await world.client()
            assert (await client.receive(client.heartbeat(3))).error_code == 3
            assert disk.count == 0

    run(scene())


def test_after_a_failed_sync_nothing_is_acknowledged(run, tmp_path, monkeypatch):
    async def scene():
        async with World(tmp_path, fsync=Fsync.ALWAYS) as world:
            monkeypatch.setattr(
                "tautolog.net.storage.os.fsync", lambda _: (_ for _ in ()).throw(OSError(5, "Input/output error"))
            )
            client = await world.client()
            client.send(PRODUCE, 9, ProduceRequest(acks=1))
            await world.until(lambda: world.failures)
            assert isinstance(world.driver.failure, SyncFailed)
            client.heartbeat(1)
            await asyncio.sleep(0.02)
            assert not client.reader._buffer

    run(scene())


def test_the_interval_syncs_without_being_asked(run, tmp_path, monkeypatch):
    async def scene():
        disk = SlowDisk(monkeypatch)
        disk.gate.set()
        async with World(tmp_path, fsync=Fsync.INTERVAL) as world:
            client = await world.client()
            await client.receive(client.send(PRODUCE, 9, ProduceRequest(acks=1)))
            await world.until(lambda: disk.count == 2)
            await world.until(lambda: not world.storage.dirty)

    run(scene())


def test_a_stop_releases_what_is_decided_and_serves_nothing_more(run, tmp_path, monkeypatch):
    async def scene():
        disk = SlowDisk(monkeypatch)
        async with World(tmp_path, fsync=Fsync.ALWAYS) as world:
            client = await world.client()
            sent = client.send(PRODUCE, 9, ProduceRequest(acks=1))
            await world.until(disk.entered.is_set)
            await world.server.stop()
            client.heartbeat(1)
            stopping = asyncio.ensure_future(world.driver.stop(5))
            await asyncio.sleep(0.01)
            assert not stopping.done()
            disk.gate.set()
            await stopping
            closing = asyncio.ensure_future(world.server.close())
            await client.receive(sent)
            assert await client.reader.read() == b""
            client.writer.close()
            await closing
            assert world.node.stopped
            assert len(world.node.received) == 1

    run(scene())


def test_a_stop_waits_for_answers_under_way_but_not_for_ever(run, tmp_path, monkeypatch):
    async def scene():
        monkeypatch.setattr("tautolog.net.server.LINGER_MS", 200)
        monkeypatch.setattr("tautolog.net.server.GLANCE_MS", 20)
        async with World(tmp_path) as world:
            client, deaf = await world.client(), await world.client()
            deaf.writer.transport.pause_reading()
            for _ in range(20):
                deaf.send(FETCH, 4, FetchRequest(max_bytes=1_000_000))
            sent = client.send(FETCH, 4, FetchRequest(max_bytes=8_000_000))
            await world.until(lambda: [one._paused for one in world.connections] == [True, True])
            await world.server.stop()
            closing = asyncio.ensure_future(world.server.close())
            assert len((await client.receive(sent)).responses[0].partitions[0].records) == 8_000_000
            client.writer.close()
            await closing
            await world.until(lambda: not world.connections)

    run(scene())


def test_a_stop_does_not_wait_for_ever_for_the_disk(run, tmp_path, monkeypatch):
    async def scene():
        disk = SlowDisk(monkeypatch)
        async with World(tmp_path, fsync=Fsync.ALWAYS) as world:
            client = await world.client()
            client.send(PRODUCE, 9, ProduceRequest(acks=1))
            await world.until(disk.entered.is_set)
            with pytest.raises(TimeoutError):
                await world.driver.stop(0.01)
            disk.gate.set()
            await world.until(lambda: not world.driver._syncing)

    run(scene())
