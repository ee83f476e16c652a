"""Configurations that somebody wants to change: what is wrong with the wish, or the records that fulfil it.

Reads the state and changes nothing. AlterConfigs and IncrementalAlterConfigs meet here as one list of changes to one
resource. Codes and sentences are Kafka's: what a topic, a group or a subscription does not take is INVALID_CONFIG,
what a broker does not take is INVALID_REQUEST, and a broker takes names that it does not know.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from enum import IntEnum
from typing import Final, NamedTuple

from tautolog.core.controller import definitions, names
from tautolog.core.controller.configs import BrokerConfig
from tautolog.core.controller.creation import Refusal, check_topic_configs
from tautolog.core.controller.definitions import BadValue, Definition, Resource
from tautolog.core.controller.effective import base_name
from tautolog.core.controller.records import ConfigRecord, MetadataRecord
from tautolog.core.controller.state import State
from tautolog.core.errors import ErrorCode

MIN_INSYNC: Final = "min.insync.replicas"
MAX_VALUE_BYTES: Final = 32767

_INTERVAL_MS: Final = range(100, 3_600_001)
_MATCHED: Final = (
    "client_instance_id",
    "client_id",
    "client_software_name",
    "client_software_version",
    "client_source_address",
    "client_source_port",
)
_MAX_PATTERN: Final = 4096


class Operation(IntEnum):
    """What IncrementalAlterConfigs does with a value, as the protocol numbers it."""

    SET = 0
    DELETE = 1
    APPEND = 2
    SUBTRACT = 3


class Change(NamedTuple):
    """One config of a resource, and what is wanted of it; `operation` may be a number that means nothing."""

    name: str
    operation: int
    value: str | None


class _Wish(NamedTuple):
    state: State
    config: BrokerConfig
    node_id: int
    resource: str
    now: Mapping[str, str]
    then: dict[str, str]


def _bad_request(text: str) -> Refusal:
    return Refusal(ErrorCode.INVALID_REQUEST, text)


def _bad_config(text: str) -> Refusal:
    return Refusal(ErrorCode.INVALID_CONFIG, text)


def config_records(
    state: State, config: BrokerConfig, node_id: int, kind: int, resource: str, changes: Sequence[Change]
) -> list[MetadataRecord] | Refusal:
    """The records that make `changes` to the configuration of one topic, broker, group or subscription."""
    judge = _JUDGES.get(kind)
    if judge is None:
        return _bad_request(f"Unknown resource type {kind}")
    malformed = check_changes(changes)
    if malformed is not None:
        return malformed
    now = set_on(state, kind, resource)
    then = _outcome(_definitions(kind), now, changes)
    if isinstance(then, Refusal):
        missing = _resource_problem(state, node_id, kind, resource)
        return missing or then
    refusal = _resource_problem(state, node_id, kind, resource) or judge(
        _Wish(state, config, node_id, resource, now, then)
    )
    if refusal is not None:
        return refusal
    changed = (name for name in dict.fromkeys([*now, *then]) if now.get(name) != then.get(name))
    return [ConfigRecord(kind, resource, name, then.get(name)) for name in changed]


def replaced(now: Mapping[str, str], given: Sequence[tuple[str, str | None]]) -> list[Change]:
    """AlterConfigs as changes: what is given is set, what is not given is taken away."""
    named = {name for name, _ in given}
    removed = [Change(name, Operation.DELETE, None) for name in now if name not in named]
    return [*(Change(name, Operation.SET, value) for name, value in given), *removed]


def check_changes(changes: Sequence[Change]) -> Refusal | None:
    """What is wrong with the changes themselves, whatever they are made to."""
    if len({change.name for change in changes}) < len(changes):
        return _bad_request("Error due to duplicate config keys")
    without = [c.name for c in changes if c.value is None and c.operation != Operation.DELETE]
    if without:
        return _bad_request(f"Null value not supported for : {','.join(without)}")
    unknown = next((c.operation for c in changes if c.operation not in Operation.__members__.values()), None)
    return None if unknown is None else _bad_request(f"Unknown config operation {unknown}")


def set_on(state: State, kind: int, resource: str) -> Mapping[str, str]:
    """What is set on a resource now."""
    if kind == Resource.TOPIC:
        topic = state.topics.get(resource)
        return {} if topic is None else topic.configs
    return state.configs.get((kind, resource), {})


def _definitions(kind: int) -> Mapping[str, Definition]:
    if kind == Resource.TOPIC:
        return definitions.topic()
    if kind == Resource.BROKER:
        return definitions.broker()
    return definitions.group() if kind == Resource.GROUP else definitions.client_metrics()


def _outcome(
    known: Mapping[str, Definition], now: Mapping[str, str], changes: Sequence[Change]
) -> dict[str, str] | Refusal:
    """What would be set on the resource after the changes."""
    then = dict(now)
    for name, operation, value in changes:
        if operation == Operation.DELETE:
            then.pop(name, None)
        elif operation == Operation.SET:
            then[name] = value or ""
        else:
            definition = known.get(base_name(name))
            if definition is None or definition.type != "list":
                verb = Operation(operation).name
                return _bad_config(f"Can't {verb} to key {name} because its type is not LIST.")
            current = now.get(name, definition.default)
            items = [] if not current else current.split(",")
            wanted = (value or "").split(",")
            if operation == Operation.APPEND:
                items += [item for item in wanted if item not in items]
            else:
                items = [item for item in items if item not in wanted]
            then[name] = ",".join(items)
        if len(then.get(name, "").encode()) > MAX_VALUE_BYTES:
            text = f"it exceeds the maximum value size of {MAX_VALUE_BYTES} bytes"
            return _bad_config(f"The configuration value cannot be added because {text}.")
    return then


def _resource_problem(state: State, node_id: int, kind: int, resource: str) -> Refusal | None:
    if kind == Resource.BROKER:
        return _broker_problem(node_id, resource)
    if not resource:
        return _bad_request(
            "Subscription name can't be empty"
            if kind == Resource.CLIENT_METRICS
            else f"Default {Resource(kind).name.lower()} resources are not allowed."
        )
    if kind == Resource.TOPIC:
        problem = names.problem(resource)
        if problem is not None:
            return Refusal(ErrorCode.INVALID_TOPIC_EXCEPTION, problem)
        if resource not in state.topics:
            return Refusal(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, f"The topic '{resource}' does not exist.")
    return None


def _broker_problem(node_id: int, resource: str) -> Refusal | None:
    if resource in {"", str(node_id)}:
        return None
    if not re.fullmatch(r"[+-]?[0-9]{1,10}", resource):
        return _bad_request(f"Node id must be an integer, but it is: {resource}")
    if int(resource) == node_id:
        return None
    return _bad_request(f"Unexpected broker id, expected {node_id}, but received {int(resource)}")


def _judge_topic(wish: _Wish) -> Refusal | None:
    return check_topic_configs(wish.config, wish.then)


def _judge_broker(wish: _Wish) -> Refusal | None:
    known = definitions.broker()
    found = {name: known.get(base_name(name)) for name in wish.then}
    static = [name for name, d in found.items() if d is not None and d.mode == "static" and name == d.name]
    if static:
        return _bad_request(f"Cannot update these configs dynamically: [{', '.join(static)}]")
    single = [name for name, d in found.items() if d is not None and (d.mode == "broker" or name != d.name)]
    if not wish.resource and single:
        text = "Cannot update these configs at default cluster level, broker id must be specified"
        return _bad_request(f"{text}: [{', '.join(single)}]")
    secret = [name for name, d in found.items() if d is not None and name == d.name and name.startswith(_PER_LISTENER)]
    if secret:
        text = "These security configs can be dynamically updated only per-listener using the listener prefix"
        return _bad_request(f"{text}: [{', '.join(secret)}]")
    try:
        for name, definition in found.items():
            if definition is not None:
                definition.read(wish.then[name])
    except BadValue as error:
        return _bad_request(str(error))
    if wish.resource and wish.now.get(MIN_INSYNC) != wish.then.get(MIN_INSYNC):
        return _bad_config(f"Broker-level {MIN_INSYNC} cannot be altered while ELR is enabled.")
    if not wish.resource and MIN_INSYNC in wish.now and MIN_INSYNC not in wish.then:
        return _bad_config(f"Cluster-level {MIN_INSYNC} cannot be removed while ELR is enabled.")
    return None


_PER_LISTENER: Final = ("ssl.keystore.", "ssl.truststore.", "ssl.key.")


def _judge_group(wish: _Wish) -> Refusal | None:
    known = definitions.group()
    for name in sorted(wish.then):
        if name not in known:
            return _bad_config(f"Unknown group config name: {name}")
    for name, text in wish.then.items():
        try:
            value = known[name].read(text)
        except BadValue as error:
            return _bad_config(str(error))
        if type(value) is not int:
            continue
        kind, _, rest = name.partition(".")
        for bound, word, exceeds in (("min", "greater", int.__lt__), ("max", "less", int.__gt__)):
            limit = f"group.{kind}.{bound}.{rest.removeprefix('num.')}"
            if limit in definitions.broker() and exceeds(value, wish.config.get_int(limit)):
                return _bad_config(f"{name} must be {word} than or equal to {limit}")
    return None


def _judge_client_metrics(wish: _Wish) -> Refusal | None:
    for name, text in wish.then.items():
        if name not in definitions.client_metrics():
            return _bad_request(f"Unknown client metrics configuration: {name}")
        try:
            value = definitions.client_metrics()[name].read(text)
        except BadValue as error:
            return _bad_config(str(error))
        if name == "interval.ms" and value not in _INTERVAL_MS:
            return _bad_request(f"Invalid value {value} for {name}, interval must be between 100 and 3600000 (1 hour)")
        if name == "match" and isinstance(value, list):
            for pattern in value:
                if not _is_match(pattern):
                    return _bad_config(f"Illegal client matching pattern: {pattern}")
    return None


def _is_match(pattern: str) -> bool:
    selector, _, expression = pattern.partition("=")
    if selector.strip() not in _MATCHED or not expression or len(expression) > _MAX_PATTERN:
        return False
    try:
        re.compile(expression)
    except (re.error, OverflowError, RecursionError):
        return False
    return True


_JUDGES = {
    int(Resource.TOPIC): _judge_topic,
    int(Resource.BROKER): _judge_broker,
    int(Resource.GROUP): _judge_group,
    int(Resource.CLIENT_METRICS): _judge_client_metrics,
}
