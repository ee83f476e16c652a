"""What is advertised is what is served, lies within Kafka's schemas, and is what Kafka 4.3.0 advertises, or less."""

import pytest

from support.whole_broker import PEER, WholeBroker
from tautolog.core import api
from tautolog.core.api import api_versions
from tautolog.core.messages.api_versions import ApiVersionsRequest
from tautolog.core.messages.metadata import MetadataRequest
from tautolog.core.node import Disconnect, Reply, Request
from tautolog.wire import schema

KAFKA = {
    "produce": (0, 13),
    "fetch": (4, 18),
    "list_offsets": (1, 11),
    "metadata": (0, 13),
    "offset_commit": (2, 10),
    "offset_fetch": (1, 10),
    "find_coordinator": (0, 6),
    "join_group": (0, 9),
    "heartbeat": (0, 4),
    "leave_group": (0, 5),
    "sync_group": (0, 5),
    "describe_groups": (0, 6),
    "list_groups": (0, 5),
    "api_versions": (0, 4),
    "create_topics": (2, 7),
    "delete_topics": (1, 6),
    "delete_records": (0, 2),
    "init_producer_id": (0, 5),
    "offset_for_leader_epoch": (2, 4),
    "describe_configs": (1, 4),
    "alter_configs": (0, 2),
    "describe_log_dirs": (1, 5),
    "create_partitions": (0, 3),
    "delete_groups": (0, 2),
    "incremental_alter_configs": (0, 1),
    "offset_delete": (0, 0),
    "describe_cluster": (0, 2),
    "describe_producers": (0, 0),
    "list_config_resources": (0, 1),
    "describe_topic_partitions": (0, 0),
}
"""What a single broker of Apache Kafka 4.3.0 advertises to clients, of the keys served here."""

SHORTER: dict[str, tuple[int, int]] = {}
"""Ranges that stop before a version whose meaning is not there yet."""


@pytest.fixture
def world():
    return WholeBroker()


@pytest.mark.parametrize("handler", api.handlers().values(), ids=lambda handler: handler.name)
def test_the_range_is_kafkas_and_the_schemas(handler):
    assert (handler.lowest, handler.last) == SHORTER.get(handler.name, KAFKA[handler.name])
    described = schema.load(handler.name)
    assert described.key == handler.key
    assert handler.first in described.request.versions
    assert handler.last in described.request.versions
    assert handler.last in described.response.versions
    assert "broker" in described.request.listeners


def test_nothing_is_served_by_two_modules_and_every_module_is_served():
    assert len(api.handlers()) == len(api.SERVED) == len(KAFKA)
    assert list(api.handlers()) == sorted(api.handlers())


@pytest.mark.parametrize("version", range(5))
def test_versions_are_read_off_the_handlers(world, version):
    answer = world.ask(ApiVersionsRequest("tests", "1.0"), version)
    assert answer.error_code == 0
    told = {key.api_key: (key.min_version, key.max_version) for key in answer.api_keys}
    assert told == {handler.key: (handler.lowest, handler.last) for handler in api.handlers().values()}


def test_features_that_are_not_served_are_not_named(world):
    for version in (0, 2):
        assert world.ask(ApiVersionsRequest(), version).finalized_features_epoch == -1
    old = world.ask(ApiVersionsRequest("a", "1"), 3)
    assert [(f.name, f.min_version, f.max_version) for f in old.supported_features] == [("metadata.version", 30, 30)]
    new = world.ask(ApiVersionsRequest("a", "1"), 4)
    assert {f.name for f in new.supported_features} == {"metadata.version", "eligible.leader.replicas.version"}
    finalized = {f.name: (f.min_version_level, f.max_version_level) for f in new.finalized_features}
    assert finalized == {"metadata.version": (30, 30), "eligible.leader.replicas.version": (1, 1)}
    assert new.finalized_features_epoch == world.broker.controller.metadata_offset >= 0
    for feature in ("group.version", "transaction.version", "share.version", "streams.version"):
        assert feature not in finalized


@pytest.mark.parametrize(("name", "version"), [("a", "1"), ("A9", "1.2-x"), ("a.b-c", "0"), ("a" * 300, "1")])
def test_software_names_that_are_taken(world, name, version):
    assert world.ask(ApiVersionsRequest(name, version), 3).error_code == 0


@pytest.mark.parametrize(
    ("name", "version"),
    [("", ""), ("a", ""), ("", "1"), ("a b", "1"), ("a", "1 "), ("-a", "1"), ("a-", "1"), ("ä", "1"), ("a_b", "1")],
)
def test_software_names_that_are_refused(world, name, version):
    answer = world.ask(ApiVersionsRequest(name, version), 3)
    assert (answer.error_code, answer.api_keys) == (42, [])


@pytest.mark.parametrize("version", [-1, 5, 99, 32767])
@pytest.mark.parametrize("body", [None, ApiVersionsRequest("a", "1")])
def test_an_unknown_version_is_told_the_known_ones(world, version, body):
    world.broker.receive(world.now(), PEER, Request(18, version, None, body, "token"))
    (reply,) = world.broker.outbox
    assert isinstance(reply, Reply)
    assert reply.message.error_code == 35
    assert [(k.api_key, k.min_version, k.max_version) for k in reply.message.api_keys] == [(18, *api_versions.VERSIONS)]


@pytest.mark.parametrize(("key", "version"), [(3, 14), (3, -1), (0, 2), (1, 3), (999, 0), (-1, 0), (68, 0), (52, 0)])
def test_anything_else_that_is_not_served_ends_the_connection(world, key, version):
    world.broker.receive(world.now(), PEER, Request(key, version, None, MetadataRequest(), "token"))
    (end,) = world.broker.outbox
    assert isinstance(end, Disconnect)
    assert end.peer is PEER
    assert end.reason == f"API key {key} version {version} is not served"
