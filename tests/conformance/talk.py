"""One conversation with a broker over raw sockets, written down so that two brokers' answers can be compared.

A conversation sends typed requests over named connections; each answer is normalised (ids, times, generated names, message
texts) and noted in order. The same conversation held with Apache Kafka and with Tautolog must leave the same notes.
"""

from __future__ import annotations

import select
import socket
import struct
from collections.abc import Callable
from typing import Any

from tautolog.core.messages import create_topics, list_offsets, metadata
from tautolog.core.messages._base import ZERO_UUID, Message
from tautolog.core.records import batch as record_batch
from tautolog.core.records import record
from tautolog.wire import codec, schema

ANSWER_SECONDS = 20.0
KEYS = {schema.load(name).request.name: schema.load(name).key for name in schema.names()}

Conversation = Callable[["Talk"], None]
CONVERSATIONS: dict[str, Conversation] = {}


def conversation(function: Conversation) -> Conversation:
    """Register a conversation under its function's name; the docstring says what it is about."""
    assert function.__name__ not in CONVERSATIONS, function.__name__
    CONVERSATIONS[function.__name__] = function
    return function


class Closed(Exception):  # noqa: N818  # what happens, not a mistake
    """The broker ended the connection instead of answering."""


class Connection:
    """One socket; requests are answered in order, so what is awaited is a queue."""

    def __init__(self, address: tuple[str, int], client_id: str) -> None:
        self.client_id = client_id
        self.socket = socket.create_connection(address, ANSWER_SECONDS)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.awaited: list[tuple[int, int, int]] = []
        self.correlation = 0

    def send(self, body: Message, version: int) -> None:
        """Send one request without waiting."""
        self.correlation += 1
        key = KEYS[type(body).__name__]
        for chunk in codec.encode_request(key, version, self.correlation, self.client_id, body):
            self.socket.sendall(chunk)
        self.awaited.append((key, version, self.correlation))

    def receive(self) -> Message:
        """The next answer."""
        key, version, correlation = self.awaited.pop(0)
        (size,) = struct.unpack(">i", self._exactly(4))
        frame = self._exactly(size)
        got, body = codec.decode_response(key, version, memoryview(bytearray(frame)))
        assert got == correlation
        return body

    def ready(self, seconds: float) -> bool:
        """Whether an answer starts to arrive within `seconds`."""
        return bool(select.select([self.socket], [], [], seconds)[0])

    def _exactly(self, size: int) -> bytes:
        data = bytearray()
        while len(data) < size:
            try:
                more = self.socket.recv(size - len(data))
            except ConnectionError as error:
                raise Closed from error
            if not more:
                raise Closed
            data += more
        return bytes(data)


class Talk:
    """The notes of one conversation, and the means to hold it."""

    def __init__(self, name: str, bootstrap: str) -> None:
        host, _, port = bootstrap.rpartition(":")
        self.name = name
        self.address = (host, int(port))
        self.notes: list[Any] = []
        self.connections: dict[str, Connection] = {}
        self.symbols: dict[tuple[str, Any], str] = {}
        self.ids: dict[str, bytes] = {}

    def __getitem__(self, who: str) -> Connection:
        """The connection called `who`, opened when first named; its name is its client id."""
        if who not in self.connections:
            self.connections[who] = Connection(self.address, who)
        return self.connections[who]

    def close(self) -> None:
        """End every connection."""
        for connection in self.connections.values():
            connection.socket.close()

    # --- asking and noting

    def ask(self, body: Message, version: int, who: str = "a") -> Any:
        """Send, wait, note the answer, and return it as it came."""
        self[who].send(body, version)
        return self.receive(who)

    def quietly(self, body: Message, version: int, who: str = "a") -> Any:
        """Ask without noting: to prepare, or to wait until something is so."""
        self[who].send(body, version)
        return self[who].receive()

    def send(self, body: Message, version: int, who: str = "a") -> None:
        """Send a request whose answer is received later."""
        self[who].send(body, version)

    def receive(self, who: str = "a") -> Any:
        """Wait for the next answer on a connection and note it; a closed connection is a note as well."""
        key, version, _ = self[who].awaited[0]
        try:
            answer: Message | None = self[who].receive()
        except Closed:
            del self.connections[who]
            answer = None
        seen = "closed" if answer is None else self.normal(answer)
        self.notes.append({"who": who, "key": key, "version": version, "answer": seen})
        return answer

    def note(self, text: str, value: Any) -> None:
        """Write down something that was observed."""
        self.notes.append({text: self.normal(value)})

    def silent(self, who: str, seconds: float) -> None:
        """Note whether nothing arrives on a connection for `seconds`."""
        self.notes.append({f"{who} is silent for {seconds} s": not self[who].ready(seconds)})

    def until(self, ask: Callable[[], Any], good: Callable[[Any], bool], tries: int = 200) -> Any:
        """Ask quietly until the answer is good: coordinators need a moment to load."""
        for _ in range(tries):
            answer = ask()
            if good(answer):
                return answer
            select.select([], [], [], 0.05)
        msg = f"{self.name}: never came about; the last answer was {answer!r}"
        raise AssertionError(msg)

    # --- names

    def topic(self, suffix: str = "topic", partitions: int = 1, **configs: str) -> str:
        """Create a topic of this conversation's own, wait until it is led, return its name; configs have `_` for `.`."""
        name = f"{self.name}.{suffix}".replace("_", "-")
        entries = [create_topics.CreatableTopicConfig(k.replace("_", "."), v) for k, v in configs.items()]
        wanted = create_topics.CreatableTopic(name, partitions, 1, [], entries)
        answer = self.quietly(create_topics.CreateTopicsRequest([wanted], 30000), 7, "setup")
        assert answer.topics[0].error_code == 0, answer
        self.ids[name] = answer.topics[0].topic_id
        seen = metadata.MetadataRequest([metadata.MetadataRequestTopic(ZERO_UUID, name)], False, False, False)
        self.until(lambda: self.quietly(seen, 9, "setup"), lambda a: _led(a, partitions))
        every = [list_offsets.ListOffsetsPartition(index, -1, -1) for index in range(partitions)]
        ends = list_offsets.ListOffsetsRequest(-1, 0, [list_offsets.ListOffsetsTopic(name, every)])
        self.until(
            lambda: self.quietly(ends, 7, "setup"), lambda a: not any(p.error_code for p in a.topics[0].partitions)
        )
        return name

    def group(self, suffix: str = "group") -> str:
        """A group id of this conversation's own."""
        return f"{self.name}.{suffix}".replace("_", "-")

    # --- normalising

    def normal(self, value: Any, field: str = "") -> Any:
        """A value as JSON, with everything that differs between two honest runs replaced by a symbol."""
        if isinstance(value, Message):
            return {name: self.normal(getattr(value, name), name) for name in value.__slots__ if name not in SKIPPED}
        if isinstance(value, list):
            items = sorted(value, key=_order) if field in UNORDERED else value
            return [self.normal(item, field) for item in items]
        if field in SYMBOLS and value not in {"", -1, None} and (field != "session_id" or value):
            return self.symbol(SYMBOLS[field], value)
        if field in PRESENCE and value is not None:
            return "…" if value else value
        if isinstance(value, bytes | bytearray | memoryview):
            return self._bytes(bytes(value), field)
        if isinstance(value, int) and not isinstance(value, bool) and 1_600_000_000_000 < value < 4_000_000_000_000:
            return "<time>"
        return value

    def symbol(self, kind: str, value: Any) -> str:
        """The n-th different value of its kind."""
        seen = sum(1 for k, _ in self.symbols if k == kind)
        return self.symbols.setdefault((kind, value), f"<{kind} {seen + 1}>")

    def _bytes(self, value: bytes, field: str) -> Any:
        if field == "records":
            return _records(value)
        if field.endswith("_id") and len(value) == 16:
            return None if value == ZERO_UUID else self.symbol("id", value)
        return value.decode("latin-1")


SKIPPED = {
    "throttle_time_ms",
    "rack",
    "finalized_features_epoch",
    "cluster_authorized_operations",
    "topic_authorized_operations",
}
SYMBOLS = {
    "member_id": "member",
    "leader": "member",
    "producer_id": "producer",
    "session_id": "session",
    "cluster_id": "cluster",
    "host": "host",
    "port": "port",
    "log_dir": "folder",
}
PRESENCE = {"error_message", "batch_index_error_message", "documentation"}
UNORDERED = {
    "topics",
    "groups",
    "configs",
    "members",
    "results",
    "responses",
    "api_keys",
    "brokers",
    "partitions",
    "partition_responses",
    "resources",
    "config_resources",
}


def _led(answer: Any, partitions: int) -> bool:
    """Whether the topic is known with all its partitions and their leaders."""
    found = answer.topics[0]
    return found.error_code == 0 and [p.leader_id for p in found.partitions] == [1] * partitions


def _order(item: Any) -> str:
    names = (
        "name",
        "topic",
        "group_id",
        "resource_name",
        "api_key",
        "partition_index",
        "index",
        "client_id",
        "member_id",
        "node_id",
    )
    if not isinstance(item, Message):
        return f"{item:>12}" if isinstance(item, int) else str(item)
    return "|".join(f"{getattr(item, n, '')!s:>12}" for n in names)


def _records(data: bytes) -> Any:
    """Batches as facts: offsets, attributes, producer, and the records of uncompressed ones."""
    notes, position = [], 0
    while position + 61 <= len(data):
        if position + 12 + int.from_bytes(data[position + 8 : position + 12], "big") > len(data):
            break  # Kafka cuts the last batch at the limit; clients drop it
        one = record_batch.parse(data, position)
        note: dict[str, Any] = {
            "base_offset": one.base_offset,
            "last_offset_delta": one.last_offset_delta,
            "leader_epoch": one.leader_epoch,
            "attributes": one.attributes,
            "sequence": one.base_sequence,
            "count": one.record_count,
        }
        if not one.compression:
            body = data[position : position + one.size]
            note["records"] = [
                [r.offset, (r.key or b"").decode("latin-1"), (r.value or b"").decode("latin-1")]
                for r in record.records(body)
            ]
        notes.append(note)
        position += one.size
    return notes
