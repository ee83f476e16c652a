"""A connection under any cutting of its stream, any order of answers, any back-pressure: driven by hand, without a loop.

Every buffer handed to the node is overwritten when the call that brought it returns, and the shared receive buffer after each
read: what a handler or the connection itself would keep of them shows as a wrong answer.
"""

from collections import deque

from hypothesis import given, settings
from hypothesis import strategies as st

from tautolog.core.messages.heartbeat import HeartbeatRequest, HeartbeatResponse
from tautolog.core.messages.produce import (
    PartitionProduceData,
    PartitionProduceResponse,
    ProduceRequest,
    ProduceResponse,
    TopicProduceData,
    TopicProduceResponse,
)
from tautolog.net.connection import READ_AHEAD, SCRATCH, SMALLEST, Connection
from tautolog.wire.codec import decode_response, encode_request

PRODUCE, HEARTBEAT = 0, 12


class Loop:
    def __init__(self):
        self.soon = deque()

    def call_soon(self, callback):
        self.soon.append(callback)

    def run(self):
        while self.soon:
            self.soon.popleft()()


class Transport:
    """Takes everything; `reading` is whether more may be fed."""

    def __init__(self):
        self.written = bytearray()
        self.reading = True
        self.closed = False

    def set_write_buffer_limits(self, high):
        self.high = high

    def get_extra_info(self, name):
        return ("127.0.0.1", 4711)

    def get_write_buffer_size(self):
        return 1

    def write(self, data):
        assert not self.closed
        self.written += data

    def pause_reading(self):
        assert self.reading
        self.reading = False

    def resume_reading(self):
        assert not self.reading
        self.reading = True

    def is_closing(self):
        return self.closed

    def close(self):
        self.closed = True


class Driver:
    """Answers at once or later, by the request's own words."""

    def __init__(self):
        self.open = []
        self.served = 0

    def receive(self, now, peer, request):
        self.served += 1
        assert all(request.key == waiting.key == PRODUCE for waiting, _ in self.open), "it had to wait"
        body = request.body
        if request.key == PRODUCE:
            records = body.topic_data[0].partition_data[0].records
            answer = None if body.acks == 0 else produced(bytes(records[:8]), len(records))
            assert bytes(records) == bytes([records[0]]) * len(records)
            records[:] = b"\xdd" * len(records)
        else:
            answer = HeartbeatResponse(error_code=body.generation_id)
        if request.client_id == "later":
            self.open.append((request, answer))
        else:
            request.token.answer(answer)

    def settle(self):
        pass

    def disconnected(self, peer):
        pass

    def fail(self, error):
        raise error


class Server:
    def __init__(self):
        self.loop = Loop()
        self.driver = Driver()
        self.scratch = memoryview(bytearray(SCRATCH))
        self.frame_limit = 1 << 20
        self.lean = self.crowded = self.gathers = False
        self.lines = []

    def next_connection(self):
        return 1

    def joined(self, connection, name):
        pass

    def left(self, connection):
        pass

    def owe(self, size):
        pass

    def say(self, level, text):
        self.lines.append(text)


def produced(head, size):
    return ProduceResponse(
        responses=[
            TopicProduceResponse(
                name="t",
                partition_responses=[PartitionProduceResponse(index=0, base_offset=size, log_start_offset=head[0])],
            )
        ]
    )


requests = st.lists(
    st.one_of(
        st.tuples(st.just(HEARTBEAT), st.booleans(), st.just(0)),
        st.tuples(st.just(PRODUCE), st.booleans(), st.sampled_from([-100, 8, 300, 5000, 70_000, 100_000, 300_000])),
    ),
    min_size=1,
    max_size=10,
)
steps = st.lists(
    st.one_of(
        st.sampled_from([1, 3, 4, 37, 1000, 65_536, SCRATCH]),
        st.sampled_from([1000, 65_536, SCRATCH]),
        st.sampled_from(["answer", "answer last", "pause", "resume", "run"]),
    ),
    max_size=60,
)


def encode(number, request):
    key, later, size = request
    client = "later" if later else "now"
    if key == HEARTBEAT:
        return b"".join(encode_request(key, 4, number, client, HeartbeatRequest(generation_id=number)))
    records = bytes([number + 1]) * abs(size)
    topic = TopicProduceData(name="t", partition_data=[PartitionProduceData(0, records)])
    body = ProduceRequest(acks=0 if size < 0 else 1, topic_data=[topic])
    return b"".join(encode_request(key, 9, number, client, body))


def feed(connection, server, data):
    """As a loop would: into the buffer that the connection offers, as much as fits; what was taken."""
    room = connection.get_buffer(-1)
    assert len(room) > 0
    size = min(len(room), len(data))
    room[:size] = data[:size]
    connection.buffer_updated(size)
    server.scratch[:] = b"\xee" * SCRATCH
    return size


@settings(max_examples=300)
@given(requests, steps)
def test_every_request_is_answered_once_in_order_with_its_own_bytes(wanted, plan):
    server = Server()
    transport = Transport()
    connection = Connection(server)
    connection.connection_made(transport)
    stream = b"".join(encode(number, request) for number, request in enumerate(wanted))
    fed = 0
    paused = False

    def step(action):
        nonlocal fed, paused
        if isinstance(action, int):
            if transport.reading and fed < len(stream):
                served = server.driver.served
                fed += feed(connection, server, stream[fed : fed + action])
                assert not paused or server.driver.served == served, "a peer that does not read is not served"
                own = 0 if connection._own is None else len(connection._own)
                assert own <= max(SMALLEST, 2 * SCRATCH, 2 * fed), "memory follows what was received"
        elif action.startswith("answer") and server.driver.open:
            request, answer = server.driver.open.pop(-1 if action == "answer last" else 0)
            request.token.answer(answer)
        elif action == "pause" and not paused:
            paused = True
            connection.pause_writing()
        elif action == "resume" and paused:
            paused = False
            connection.resume_writing()
        elif action == "run":
            server.loop.run()

    for action in plan:
        step(action)
        unread = connection._end - connection._begin
        assert transport.reading or unread >= READ_AHEAD or connection._continuing
    step("resume")
    turns = 0
    while fed < len(stream) or server.driver.open or server.loop.soon:
        turns += 1
        assert turns < 1000, "it stands still"
        for action in (SCRATCH, "answer", "run"):
            step(action)
    assert server.driver.served == len(wanted)
    assert not transport.closed
    assert not server.lines
    expected = [(number, request) for number, request in enumerate(wanted) if request[2] >= 0]
    assert answers(transport.written, expected) == [
        (number, number if key == HEARTBEAT else (number + 1, size)) for number, (key, _, size) in expected
    ]
    assert transport.reading


def answers(data, expected):
    """The answers in the stream, as (correlation id, what they say)."""
    found = []
    position = 0
    for _, (key, _, _) in expected:
        size = int.from_bytes(data[position : position + 4], "big")
        frame = bytes(data[position + 4 : position + 4 + size])
        position += 4 + size
        number, message = decode_response(key, 4 if key == HEARTBEAT else 9, frame)
        if key == HEARTBEAT:
            found.append((number, message.error_code))
        else:
            answer = message.responses[0].partition_responses[0]
            found.append((number, (answer.log_start_offset, answer.base_offset)))
    assert position == len(data)
    return found


@given(st.binary(max_size=400), st.integers(1, 50))
def test_any_bytes_end_the_connection_or_wait_for_more(data, cut):
    server = Server()
    transport = Transport()
    connection = Connection(server)
    connection.connection_made(transport)
    for start in range(0, len(data), cut):
        if not transport.closed:
            feed(connection, server, data[start : start + cut])
    assert len(server.lines) == transport.closed
    server.loop.run()
