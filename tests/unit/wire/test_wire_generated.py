"""The generated classes are what the generator writes, and the schemas are those of Apache Kafka 4.3.0."""

from importlib import import_module
from pathlib import Path

import pytest

import tautolog.core.messages
from tautolog.wire import apis, codec, generate, schema

FOLDER = Path(tautolog.core.messages.__file__).parent

# What Apache Kafka 4.3.0 answers to ApiVersions on a broker, and on a controller for the rest. Produce is advertised from 0 and
# closes the connection below 3; InitProducerId 6 exists but is unstable and not advertised.
VERSIONS = """
Produce 3-13, Fetch 4-18, ListOffsets 1-11, Metadata 0-13, OffsetCommit 2-10, OffsetFetch 1-10, FindCoordinator 0-6,
JoinGroup 0-9, Heartbeat 0-4, LeaveGroup 0-5, SyncGroup 0-5, DescribeGroups 0-6, ListGroups 0-5, SaslHandshake 0-1,
ApiVersions 0-4, CreateTopics 2-7, DeleteTopics 1-6, DeleteRecords 0-2, InitProducerId 0-6, OffsetForLeaderEpoch 2-4,
AddPartitionsToTxn 0-5, AddOffsetsToTxn 0-4, EndTxn 0-5, WriteTxnMarkers 1-2, TxnOffsetCommit 0-5, DescribeAcls 1-3,
CreateAcls 1-3, DeleteAcls 1-3, DescribeConfigs 1-4, AlterConfigs 0-2, AlterReplicaLogDirs 1-2, DescribeLogDirs 1-5,
SaslAuthenticate 0-2, CreatePartitions 0-3, CreateDelegationToken 1-3, RenewDelegationToken 1-2, ExpireDelegationToken 1-2,
DescribeDelegationToken 1-3, DeleteGroups 0-2, ElectLeaders 0-2, IncrementalAlterConfigs 0-1, AlterPartitionReassignments 0-1,
ListPartitionReassignments 0-0, OffsetDelete 0-0, DescribeClientQuotas 0-1, AlterClientQuotas 0-1,
DescribeUserScramCredentials 0-0, AlterUserScramCredentials 0-0, DescribeQuorum 0-2, UpdateFeatures 0-2, DescribeCluster 0-2,
DescribeProducers 0-0, UnregisterBroker 0-0, DescribeTransactions 0-0, ListTransactions 0-2, ConsumerGroupHeartbeat 0-1,
ConsumerGroupDescribe 0-1, GetTelemetrySubscriptions 0-0, PushTelemetry 0-0, ListConfigResources 0-1,
DescribeTopicPartitions 0-0, ShareGroupHeartbeat 1-1, ShareGroupDescribe 1-1, ShareFetch 1-2, ShareAcknowledge 1-2,
AddRaftVoter 0-1, RemoveRaftVoter 0-0, InitializeShareGroupState 0-0, ReadShareGroupState 0-0, DeleteShareGroupState 0-0,
WriteShareGroupState 0-1, ReadShareGroupStateSummary 0-1, StreamsGroupHeartbeat 0-0, StreamsGroupDescribe 0-0,
DescribeShareGroupOffsets 0-1, AlterShareGroupOffsets 0-0, DeleteShareGroupOffsets 0-0, Vote 0-2, BeginQuorumEpoch 0-1,
EndQuorumEpoch 0-1, AlterPartition 2-3, Envelope 0-0, FetchSnapshot 0-1, BrokerRegistration 0-4, BrokerHeartbeat 0-2,
AllocateProducerIds 0-0, ControllerRegistration 0-0, AssignReplicasToDirs 0-0, UpdateRaftVoter 0-0
"""


@pytest.mark.parametrize("name", schema.names())
def test_classes_are_what_the_generator_writes(name):
    written = (FOLDER / f"{name}.py").read_text(encoding="utf-8")
    assert written == generate.render(schema.load(name)), "run: python -m tautolog.wire.generate"


def test_no_module_is_left_over():
    modules = {path.stem for path in FOLDER.glob("*.py")} - {"__init__", "_base"}
    assert modules == set(schema.names())


def test_class_names_are_unique_within_an_api():
    for name in schema.names():
        api = schema.load(name)
        request, response = generate.structures(api.request), generate.structures(api.response)
        assert not request.keys() & response.keys(), name


def test_the_table_of_keys_is_that_of_the_schemas():
    assert {key: name for name in schema.names() for key in [schema.load(name).key]} == apis.NAMES
    assert list(apis.NAMES) == [0, 1, 2, 3, *range(8, 93)]


def test_names_and_versions_are_those_of_kafka():
    found = set()
    for name in schema.names():
        api = schema.load(name)
        assert api.request.versions == api.response.versions
        assert api.request.key == api.response.key
        assert api.response.name == api.request.name.removesuffix("Request") + "Response"
        versions = api.request.versions
        found.add(f"{api.request.name.removesuffix('Request')} {versions.first}-{versions.last}")
    assert found == {entry.strip() for entry in VERSIONS.split(",")}


@pytest.mark.parametrize("name", schema.names())
def test_everything_compiles_and_the_defaults_travel(name):
    module = import_module(f"tautolog.core.messages.{name}")
    api = schema.load(name)
    for version in range(api.request.versions.first, api.request.versions.last + 1):
        for message, load in ((api.request, codec.request_codec), (api.response, codec.response_codec)):
            made = getattr(module, message.name)()
            found = load(api.key, version)
            encoded = b"".join(found.write(made, bytearray()))
            assert found.read(memoryview(encoded), 0) == (made, len(encoded))
