"""Doubles around a connection: a node that answers when it is told to, a world of sockets, a client of raw frames."""

import asyncio
import contextlib

from tautolog.core.errors import ProtocolError
from tautolog.core.messages.api_versions import ApiVersion, ApiVersionsResponse
from tautolog.core.messages.fetch import FetchableTopicResponse, FetchResponse, PartitionData
from tautolog.core.messages.heartbeat import HeartbeatRequest, HeartbeatResponse
from tautolog.core.messages.produce import ProduceResponse
from tautolog.core.node import Reply, Report
from tautolog.net.node import Driver, Fsync
from tautolog.net.server import Limits, Server, listen
from tautolog.net.storage import FileStorage
from tautolog.wire.codec import decode_response, encode_request

PRODUCE, FETCH, HEARTBEAT, API_VERSIONS = 0, 1, 12, 18


class Node:
    """Answers at once but for what is in `later`; writes a byte for each Produce."""

    def __init__(self, storage):
        self.storage = storage
        self.outbox = []
        self.received = []
        self.waiting = []
        self.gone = []
        self.later = set()
        self.due = None
        self.stopped = False
        self.started = False

    def start(self, _now):
        self.started = True

    def receive(self, _now, _sender, request):
        self.received.append((request.key, request.body))
        if request.key == PRODUCE:
            self.storage.append("log", b"x")
        if request.client_id in self.later:
            self.waiting.append(request)
            return
        self.outbox.append(Reply(request.token, self.answer(request)))

    def answer(self, request):
        if request.key == API_VERSIONS:
            return ApiVersionsResponse(api_keys=[ApiVersion(1, 4, 18), ApiVersion(18, 0, 4)])
        if request.key == FETCH:
            data = PartitionData(records=bytes(request.body.max_bytes))
            return FetchResponse(responses=[FetchableTopicResponse(partitions=[data])])
        if request.key == HEARTBEAT and request.body.group_id == "broken":
            raise ZeroDivisionError
        if request.key == HEARTBEAT and request.body.group_id == "refused":
            raise ProtocolError("not like this")
        if request.key == PRODUCE:
            return None if request.body.acks == 0 else ProduceResponse()
        return HeartbeatResponse(error_code=request.body.generation_id)

    def wake(self, _now):
        self.due = None
        self.outbox += [Reply(request.token, self.answer(request)) for request in self.waiting]
        self.outbox.append(Report("info", "woken"))
        self.waiting.clear()

    def next_wake(self):
        return self.due

    def disconnected(self, _now, _sender):
        self.gone.append(_sender)

    def stop(self, _now):
        self.stopped = True


class World:
    """A server on a free port, and what it said."""

    def __init__(self, path, *, fsync=Fsync.NEVER, limits=None):
        self.said = []
        self.failures = []
        self.storage = FileStorage(path)
        self.node = Node(self.storage)
        self.driver = Driver(
            self.node,
            self.storage,
            fsync=fsync,
            interval_ms=5,
            say=lambda level, text: self.said.append((level, text)),
            failed=self.failures.append,
        )
        self.server = Server(self.driver, limits or Limits(), lambda level, text: self.said.append((level, text)))

    async def __aenter__(self):
        listener = listen("127.0.0.1", 0)
        self.address = listener.getsockname()
        self.odd = []
        asyncio.get_running_loop().set_exception_handler(lambda _, context: self.odd.append(context))
        self.driver.start()
        await self.server.start(listener)
        self.writers = []
        return self

    async def __aexit__(self, *_):
        self.server.abort()
        await self.server.stop()
        for writer in self.writers:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()
        self.driver.close()
        self.storage.close()
        assert not self.odd

    async def client(self):
        reader, writer = await asyncio.open_connection(*self.address)
        self.writers.append(writer)
        return Client(reader, writer)

    @property
    def connections(self):
        return list(self.server._connections.values())

    async def until(self, condition):
        async with asyncio.timeout(5):
            while not condition():  # noqa: ASYNC110  # looked at from outside, by whatever is public
                await asyncio.sleep(0)


class Client:
    def __init__(self, reader, writer):
        self.reader = reader
        self.writer = writer
        self.sent = 0

    def send(self, key, version, body, name=None):
        self.sent += 1
        self.writer.writelines(encode_request(key, version, self.sent, name, body))
        return key, version, self.sent

    def heartbeat(self, number, name=None, group="g"):
        return self.send(HEARTBEAT, 4, HeartbeatRequest(group_id=group, generation_id=number), name)

    async def receive(self, sent):
        key, version, correlation_id = sent
        size = int.from_bytes(await self.reader.readexactly(4), "big")
        answered, message = decode_response(key, version, await self.reader.readexactly(size))
        assert answered == correlation_id
        return message
