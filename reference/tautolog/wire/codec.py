"""Frames to messages and back: the whole face of `tautolog.wire` towards servers and clients.

A codec is compiled from its schema when its key and version are first used. Decoding raises `ProtocolError` and nothing else,
whatever the bytes are, with one sentence that names message, version, field and position; what it allocates is bounded by the
bytes that are there, never by what they announce. Bytes after the last field are ignored, as Kafka does: librdkafka sends some.

`bytes`, strings and ids are copied out of the frame. A record set is a view into it: writable where the frame is, and valid
as long as the frame's buffer is left alone. Encoding hands record sets on as chunks of their own, not copied.

This module never reads a socket and never decides which versions a broker serves.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any, Final

from tautolog.core.errors import ProtocolError
from tautolog.core.messages._base import Buffer, Message
from tautolog.wire import schema
from tautolog.wire.apis import NAMES
from tautolog.wire.decoder import decoder
from tautolog.wire.encoder import encoder
from tautolog.wire.primitives import Malformed, read_varint, skip_tags
from tautolog.wire.source import About, failing_frame

API_VERSIONS: Final = 18

_READ_FAILURES = (IndexError, struct.error, UnicodeDecodeError, Malformed)
_WRITE_FAILURES = (struct.error, TypeError, AttributeError, UnicodeEncodeError, OverflowError, ValueError, Malformed)


class Codec:
    """One message in one version: `decode(data, position)` and `encode(message, out, chunks)`, compiled.

    `title` is how refusals call it; `flexible` says whether its header has tagged fields too.
    """

    __slots__ = ("_decode_about", "_encode_about", "decode", "encode", "flexible", "title")

    decode: Callable[[memoryview, int], tuple[Any, int]]
    encode: Callable[[Any, bytearray, list[Buffer]], bytearray]

    def __init__(self, api: str, message: schema.Message, version: int) -> None:
        name = message.name.removesuffix(message.kind.capitalize())
        self.title = f"{name} {message.kind} version {version}"
        self.flexible = version in message.flexible
        self.decode, self._decode_about = decoder(api, message, version)
        self.encode, self._encode_about = encoder(api, message, version)

    def read(self, data: memoryview, position: int) -> tuple[Message, int]:
        """Decode the message at `position` and return it with the position after it."""
        try:
            found: tuple[Message, int] = self.decode(data, position)
        except _READ_FAILURES as error:
            text = self._why_unreadable(error, data)
        else:
            return found
        raise ProtocolError(text)  # outside the handler: no context that would keep the frame alive

    def write(self, message: Message, out: bytearray) -> list[Buffer]:
        """Encode a message behind what `out` holds already; the chunks in order, `out` first."""
        chunks: list[Buffer] = []
        try:
            last = self.encode(message, out, chunks)
        except _WRITE_FAILURES as error:
            text = self._why_unwritable(error)
        else:
            chunks.append(last)
            return chunks
        raise ProtocolError(text)

    def _why_unreadable(self, error: Exception, data: memoryview) -> str:
        field, position, left = "", 0, 0
        found = failing_frame(error.__traceback__, self.decode)
        if found is not None:
            line, names = found
            position = names["o"]
            field, position, left = _first_outside(self._decode_about[line - 1], position, len(data))
        where = f"{self.title}: {field or 'the message'} at byte {position}: "
        if isinstance(error, Malformed):
            return where + str(error)
        if isinstance(error, UnicodeDecodeError):
            return f"{where}byte {error.start} of the string is not UTF-8"
        return f"{where}the frame ends here, {max(left, 0)} bytes left"

    def _why_unwritable(self, error: Exception) -> str:
        found = failing_frame(error.__traceback__, self.encode)
        fields = [path for path, _ in self._encode_about[found[0] - 1]] if found is not None else []
        return f"{self.title}: cannot write {', '.join(fields) or 'the message'}: {error}"


def _first_outside(about: About, position: int, end: int) -> tuple[str, int, int]:
    """Of the fields read by one line: the first that does not fit, where it begins, and the bytes left there."""
    for path, size in about[:-1]:
        if position + size > end:
            return path, position, end - position
        position += size
    return about[-1][0] if about else "", position, end - position


class _Nameless:
    """Stands in for the body of an ApiVersions request whose version is not known: only its header is read."""

    flexible = False

    @staticmethod
    def read(_data: memoryview, position: int) -> tuple[None, int]:
        """No body."""
        return None, position


_NAMELESS: Final = _Nameless()
_REQUESTS: dict[tuple[int, int], Codec] = {}
_RESPONSES: dict[tuple[int, int], Codec] = {}


def request_codec(key: int, version: int) -> Codec:
    """The codec of one request, compiled on first use; `ProtocolError` where there is no such key or version."""
    found = _REQUESTS.get((key, version))
    if found is None:
        api = _known(key, version)
        found = _REQUESTS[key, version] = Codec(api.name, api.request, version)
    return found


def response_codec(key: int, version: int) -> Codec:
    """The codec of one response, compiled on first use; `ProtocolError` where there is no such key or version."""
    found = _RESPONSES.get((key, version))
    if found is None:
        api = _known(key, version)
        found = _RESPONSES[key, version] = Codec(api.name, api.response, version)
    return found


def _known(key: int, version: int) -> schema.Api:
    name = NAMES.get(key)
    if name is None:
        raise ProtocolError(f"API key {key} is none of Kafka's")
    api = schema.load(name)
    served = api.request.versions
    if version not in served:
        title = api.request.name.removesuffix("Request")
        raise ProtocolError(f"{title} version {version} is outside {served.first}-{served.last}")
    return api


_read_header = struct.Struct(">hhih").unpack_from  # key, version, correlation id, length of the client id
_REQUEST_START = struct.Struct(">ihhi")  # size of the frame, then as above
_RESPONSE_START = struct.Struct(">ii")
_FLEXIBLE_RESPONSE_START = struct.Struct(">iix")
_SIZE = struct.Struct(">i")


def decode_request(frame: Buffer) -> tuple[int, int, int, str | None, Message | None]:
    """Read one frame, without its four bytes of size: key, version, correlation id, client id, message.

    The message is None for an ApiVersions request of an unknown version, which is answered as version 0 with error 35;
    every other unknown key or version is a `ProtocolError`.
    """
    data = frame if type(frame) is memoryview else memoryview(frame)
    if len(data) < 10:
        raise ProtocolError(f"a request header takes 10 bytes, the frame has {len(data)}")
    key, version, correlation_id, size = _read_header(data)
    codec = _REQUESTS.get((key, version)) or _served(key, version)
    position = 10
    client_id = None
    if size >= 0:
        position += size
        client_id = _client_id(data, size)
    elif size != -1:
        raise ProtocolError(f"request header: a negative length of the client id, {size}")
    if codec.flexible:
        position = _skip_header_tags(data, position)
    return key, version, correlation_id, client_id, codec.read(data, position)[0]


def _served(key: int, version: int) -> Codec | _Nameless:
    if key == API_VERSIONS and version not in schema.load(NAMES[key]).request.versions:
        return _NAMELESS
    return request_codec(key, version)


def _client_id(data: memoryview, size: int) -> str:
    if size > len(data) - 10:
        raise ProtocolError(f"request header: a client id of {size} bytes announced, {len(data) - 10} left")
    try:
        return str(data[10 : 10 + size], "utf-8")
    except UnicodeDecodeError:
        pass
    raise ProtocolError("request header: the client id is not UTF-8")


def _skip_header_tags(data: memoryview, position: int) -> int:
    try:
        count = data[position]
        if not count:
            return position + 1
        return _skip_tag_section(data, position)
    except IndexError:
        text = f"the frame ends in its header, at byte {position}"
    except Malformed as error:
        text = f"tagged fields of the header at byte {position}: {error}"
    raise ProtocolError(text)


def _skip_tag_section(data: memoryview, position: int) -> int:
    count, position = read_varint(data, position)
    return skip_tags(data, position, count)


def encode_response(key: int, version: int, correlation_id: int, message: Message) -> list[Buffer]:
    """One answer as chunks to be sent in order, the four bytes of size in front."""
    codec = _RESPONSES.get((key, version)) or response_codec(key, version)
    # whoever asks for ApiVersions cannot know yet which header it will get: always the first one
    flexible = codec.flexible and key != API_VERSIONS
    start = _FLEXIBLE_RESPONSE_START if flexible else _RESPONSE_START
    return _sized(codec.write(message, bytearray(start.pack(0, correlation_id))))


def decode_response(key: int, version: int, frame: Buffer) -> tuple[int, Message]:
    """Read one answer, without its four bytes of size: correlation id and message."""
    data = frame if type(frame) is memoryview else memoryview(frame)
    codec = _RESPONSES.get((key, version)) or response_codec(key, version)
    if len(data) < 4:
        raise ProtocolError(f"a response header takes 4 bytes, the frame has {len(data)}")
    position = 4
    if codec.flexible and key != API_VERSIONS:
        position = _skip_header_tags(data, position)
    return _SIZE.unpack_from(data)[0], codec.read(data, position)[0]


def encode_request(
    key: int, version: int, correlation_id: int, client_id: str | None, message: Message
) -> list[Buffer]:
    """One request as chunks to be sent in order, the four bytes of size in front."""
    codec = _REQUESTS.get((key, version)) or request_codec(key, version)
    out = bytearray(_REQUEST_START.pack(0, key, version, correlation_id))
    name = None if client_id is None else client_id.encode()
    out += b"\xff\xff" if name is None else len(name).to_bytes(2, "big") + name
    if codec.flexible:
        out.append(0)
    return _sized(codec.write(message, out))


def _sized(chunks: list[Buffer]) -> list[Buffer]:
    """Fill in the size that stands in front of a frame."""
    first = chunks[0]
    assert isinstance(first, bytearray)
    _SIZE.pack_into(first, 0, sum(map(len, chunks)) - 4)
    return chunks
