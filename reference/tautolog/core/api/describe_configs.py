"""DescribeConfigs, versions 1-4: topics, brokers, groups, client metrics subscriptions and the broker's loggers.

Every config that Kafka 4.3 lists is listed, whether this broker acts on it or not (docs/reference/configs.md tells
which), with its source, and from version 3 on its type and a pointer to its documentation. A secret's value is never
shown.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from tautolog.core.controller import alteration, definitions, effective, names
from tautolog.core.controller.creation import Refusal
from tautolog.core.controller.definitions import Definition, Resource, Source
from tautolog.core.controller.effective import Synonym
from tautolog.core.errors import ErrorCode
from tautolog.core.messages.describe_configs import (
    DescribeConfigsRequest,
    DescribeConfigsResource,
    DescribeConfigsResourceResult,
    DescribeConfigsResponse,
    DescribeConfigsResult,
    DescribeConfigsSynonym,
)
from tautolog.core.node import Peer, Request

if TYPE_CHECKING:
    from tautolog.core.broker import Broker

KEY = 32
VERSIONS = (1, 4)

_Result = DescribeConfigsResourceResult


def handle(broker: Broker, peer: Peer, request: Request) -> DescribeConfigsResponse:  # noqa: ARG001  # every handler is called alike
    """Describe each resource: all its configs, or those that are named and exist.

    A kind of resource that there is not spoils the whole request, as in Kafka.
    """
    body = request.body
    assert isinstance(body, DescribeConfigsRequest)
    results = []
    odd = next(
        (resource.resource_type for resource in body.resources if resource.resource_type not in list(Resource)), None
    )
    refused = None if odd is None else Refusal(ErrorCode.INVALID_REQUEST, f"Unsupported resource type {odd}")
    for resource in body.resources:
        kind, name = resource.resource_type, resource.resource_name
        entries = refused or _entries(broker, resource)
        if isinstance(entries, Refusal):
            results.append(DescribeConfigsResult(entries.error, entries.message or "", kind, name))
            continue
        wanted = set(resource.configuration_keys or ())
        configs = [entry for entry in entries if not wanted or entry.name in wanted]
        for entry in configs:
            if not body.include_synonyms:
                entry.synonyms = []
            if not body.include_documentation and kind != Resource.BROKER_LOGGER:
                entry.documentation = None
        results.append(DescribeConfigsResult(ErrorCode.NONE, "", kind, name, configs))
    return DescribeConfigsResponse(0, results)


def _entries(broker: Broker, resource: DescribeConfigsResource) -> Iterable[_Result] | Refusal:
    kind, name = resource.resource_type, resource.resource_name
    bad = ErrorCode.INVALID_REQUEST
    if kind == Resource.TOPIC:
        return _topic(broker, name)
    if kind == Resource.BROKER:
        if not name:
            return _of_all_brokers(broker)
        return _not_this_broker(broker, name, " or empty string,") or _broker(broker)
    if kind == Resource.BROKER_LOGGER:
        if not name:
            return Refusal(bad, "Broker id must not be empty")
        return _not_this_broker(broker, name, "") or _loggers(broker)
    if kind == Resource.GROUP:
        return _group(broker, name) if name else Refusal(bad, "Group name must not be empty")
    if not name:
        return Refusal(bad, "Client metrics subscription name must not be empty")
    return _client_metrics(broker, name)


def _not_this_broker(broker: Broker, name: str, alternative: str) -> Refusal | None:
    bad = ErrorCode.INVALID_REQUEST
    if not re.fullmatch(r"[+-]?[0-9]{1,10}", name):
        return Refusal(bad, f"Broker id must be an integer, but it is: {name}")
    if int(name) != broker.node_id:
        return Refusal(bad, f"Unexpected broker id, expected {broker.node_id}{alternative} but received {name}")
    return None


def _topic(broker: Broker, name: str) -> Iterable[_Result] | Refusal:
    problem = names.problem(name)
    if problem is not None:
        return Refusal(ErrorCode.INVALID_TOPIC_EXCEPTION, problem)
    topic = broker.controller.topics.get(name)
    if topic is None:
        return Refusal(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
    config = broker.config
    values = effective.topic_values(config, topic.configs)
    return [
        _entry(d, values.get(d.name), effective.topic_synonyms(config, topic.configs, d), "topicconfigs")
        for d in definitions.topic().values()
        if not d.internal or d.name in topic.configs
    ]


def _broker(broker: Broker) -> Iterable[_Result]:
    config = broker.config
    known = definitions.broker()
    entries = [
        _entry(d, config.text(name), effective.broker_synonyms(config, name), "brokerconfigs")
        for name, d in known.items()
        if not d.internal
    ]
    unknown = dict.fromkeys(name for _, layer in config.all_layers() for name in layer if name not in known)
    entries += (_unlisted(config.text(name), effective.broker_synonyms(config, name), name) for name in unknown)
    return entries


def _of_all_brokers(broker: Broker) -> Iterable[_Result]:
    """What was set as the default of all brokers; nothing else is known about them."""
    entries = []
    for name, text in alteration.set_on(broker.controller.state, Resource.BROKER, "").items():
        all_synonyms = effective.broker_synonyms(broker.config, name)
        synonyms = [synonym for synonym in all_synonyms if synonym.source is Source.DYNAMIC_DEFAULT_BROKER]
        definition = definitions.broker().get(name)
        if definition is None:
            entries.append(_unlisted(text, synonyms, name))
        else:
            entries.append(_entry(definition, text, synonyms, "brokerconfigs"))
    return entries


def _group(broker: Broker, name: str) -> Iterable[_Result]:
    overrides = broker.controller.group_configs(name)
    entries = []
    for d in definitions.group().values():
        inherited, _ = effective.inherited(broker.config, d)
        behind = effective.broker_synonyms(broker.config, d.synonyms[0]) if d.synonyms else []
        if d.name in overrides:
            synonyms = [Synonym(d.name, d.shown(overrides[d.name]), Source.DYNAMIC_GROUP), *behind]
        else:
            synonyms = behind or [Synonym(d.name, d.default, Source.DEFAULT)]
        entries.append(_entry(d, overrides.get(d.name, inherited), synonyms, "groupconfigs"))
    return entries


def _client_metrics(broker: Broker, name: str) -> Iterable[_Result]:
    overrides = alteration.set_on(broker.controller.state, Resource.CLIENT_METRICS, name)
    entries = []
    for d in definitions.client_metrics().values():
        value = overrides.get(d.name, d.default)
        source = Source.DYNAMIC_CLIENT_METRICS
        synonyms = [Synonym(d.name, d.shown(value), source)] if d.name in overrides else []
        entries.append(_entry(d, value, synonyms, "clientmetricsconfigs"))
    return entries


def _loggers(broker: Broker) -> Iterable[_Result]:
    source = Source.DYNAMIC_BROKER_LOGGER
    levels = broker.loggers.levels
    return [_Result(name, level, read_only=False, config_source=source) for name, level in levels.items()]


def _entry(definition: Definition, value: str | None, synonyms: list[Synonym], chapter: str) -> _Result:
    return _Result(
        definition.name,
        definition.shown(value),
        definition.mode == "static",
        synonyms[0].source if synonyms else Source.DEFAULT,
        definition.sensitive,
        [DescribeConfigsSynonym(*synonym) for synonym in synonyms],
        definition.type_code,
        f"See https://kafka.apache.org/documentation/#{chapter}_{definition.name}",
    )


def _unlisted(value: str | None, synonyms: list[Synonym], name: str) -> _Result:
    """A config that Kafka has no name for, or one confined to a listener: shown like a secret unless it is known."""
    definition = definitions.broker().get(effective.base_name(name))
    if definition is not None:
        entry = _entry(definition, value, synonyms, "brokerconfigs")
        entry.name, entry.read_only = name, True
        return entry
    source = synonyms[0].source if synonyms else Source.DEFAULT
    shown = [DescribeConfigsSynonym(*synonym) for synonym in synonyms]
    return _Result(name, None, read_only=True, config_source=source, is_sensitive=True, synonyms=shown)
