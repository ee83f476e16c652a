"""What real clients asked an Apache Kafka gets the same error codes here, on a broker that has the same topics."""

import pytest

from support.whole_broker import PEER, WholeBroker
from support.wire_frames import read
from tautolog.core.messages._base import Message
from tautolog.core.node import Reply, Request
from tautolog.wire import codec

METADATA, CREATE, DELETE, DESCRIBE, ALTER, GROW, CHANGE, PARTITIONS = 3, 19, 20, 32, 33, 37, 44, 75
KEYS = {METADATA, 18, CREATE, DELETE, DESCRIBE, ALTER, GROW, CHANGE, 60, 74, PARTITIONS}
ELSEWHERE = {29, 31, 41}
"""Codes of what is not here: an authorizer, a second controller."""

PAIRS = [
    pair
    for pair in read()
    if pair.key in KEYS and pair.response and "controller" not in pair.note and not ELSEWHERE & set(pair.errors or ())
    # copies on three brokers
    if pair.key != CREATE
    or all(t.replication_factor <= 1 for t in codec.decode_request(bytearray(pair.request))[4].topics)
]


def errors(message):
    """Every error code of an answer, sorted."""
    found = [message.error_code] if hasattr(message, "error_code") else []
    for name in message.__slots__:
        value = getattr(message, name)
        for part in value if isinstance(value, list) else [value]:
            if isinstance(part, Message):
                found += errors(part)
    return sorted(found)


def there(key, request, answer):
    """The topics that there must have been, for Kafka to answer like this: name, id or None, partitions."""
    if key in {METADATA, PARTITIONS}:
        for topic in answer.topics:
            if topic.error_code == 0:
                goes_on = getattr(answer, "next_cursor", None) is not None
                count = max((p.partition_index for p in topic.partitions), default=0) + 1 + goes_on
                yield topic.name, topic.topic_id, count
    elif key == CREATE:
        yield from ((topic.name, None, 1) for topic in answer.topics if topic.error_code == 36)
    elif key == DELETE:
        yield from ((topic.name, topic.topic_id, 1) for topic in answer.responses if topic.error_code == 0)
    elif key == GROW:
        asked = {topic.name: topic for topic in request.topics}
        for result in answer.results:
            topic = asked[result.name]
            if result.error_code == 0:
                yield topic.name, None, max(topic.count - len(topic.assignments or [0]), 1)
            elif result.error_code != 3:
                yield topic.name, None, topic.count + (1 if result.error_code == 37 else -2)
    else:
        for result in getattr(answer, "results", None) or getattr(answer, "responses", []):
            if result.resource_type == 2 and result.error_code in {0, 40}:
                yield result.resource_name, None, 1


@pytest.mark.parametrize("pair", PAIRS, ids=repr)
def test_the_same_codes(pair):
    _, theirs = codec.decode_response(pair.key, pair.answered, pair.response)
    key, version, _, client, body = codec.decode_request(bytearray(pair.request))
    world = WholeBroker()
    controller = world.broker.controller
    for name, topic_id, partitions in there(key, body, theirs):
        if name not in controller.topics:
            topic = controller.create_topic(name, max(partitions, 1), {})
            if topic_id and any(topic_id):
                del controller.by_id[topic.topic_id]
                topic.topic_id = topic_id
                controller.by_id[topic_id] = topic
    world.broker.receive(world.now(), PEER, Request(key, version, client, body, "token"))
    (reply,) = [effect for effect in world.broker.outbox if isinstance(effect, Reply)]
    answer = b"".join(codec.encode_response(key, pair.answered, 7, reply.message))[4:]
    _, ours = codec.decode_response(key, pair.answered, answer)
    assert errors(ours) == errors(theirs)


def test_there_are_enough():
    assert {pair.key for pair in PAIRS} == KEYS
    assert len(PAIRS) > 80
