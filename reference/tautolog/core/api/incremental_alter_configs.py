"""IncrementalAlterConfigs, versions 0-1 (KIP-339): set, delete, append to and subtract from configs.

Each resource stands for itself: one that is refused keeps none of its changes, the others get theirs. A resource that
is named twice is refused each time. The broker's loggers are changed here too; that is not kept over a restart.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from tautolog.core.controller import loggers
from tautolog.core.controller.alteration import Change, Operation, check_changes
from tautolog.core.controller.creation import Refusal
from tautolog.core.controller.definitions import Resource
from tautolog.core.errors import ErrorCode
from tautolog.core.messages.incremental_alter_configs import (
    AlterConfigsResourceResponse,
    IncrementalAlterConfigsRequest,
    IncrementalAlterConfigsResponse,
)
from tautolog.core.node import Peer, Request

if TYPE_CHECKING:
    from tautolog.core.broker import Broker

KEY = 44
VERSIONS = (0, 1)

TWICE = Refusal(ErrorCode.INVALID_REQUEST, "Each resource must appear at most once.")


def handle(broker: Broker, peer: Peer, request: Request) -> IncrementalAlterConfigsResponse:  # noqa: ARG001  # every handler is called alike
    """Make the changes of each resource, or say why not."""
    body = request.body
    assert isinstance(body, IncrementalAlterConfigsRequest)
    counts = Counter((resource.resource_type, resource.resource_name) for resource in body.resources)
    responses = []
    for resource in body.resources:
        kind, name = resource.resource_type, resource.resource_name
        changes = [Change(config.name, config.config_operation, config.value) for config in resource.configs]
        if counts[kind, name] > 1:
            refusal: Refusal | None = TWICE
        elif kind == Resource.BROKER_LOGGER:
            refusal = _alter_loggers(broker, name, changes, validate_only=body.validate_only)
        else:
            refusal = broker.controller.alter_configs(kind, name, changes, validate_only=body.validate_only)
        error, text = refusal or (ErrorCode.NONE, None)
        responses.append(AlterConfigsResourceResponse(error, text, kind, name))
    return IncrementalAlterConfigsResponse(0, responses)


def _alter_loggers(broker: Broker, name: str, changes: Sequence[Change], *, validate_only: bool) -> Refusal | None:
    bad = ErrorCode.INVALID_REQUEST
    if not re.fullmatch(r"[+-]?[0-9]{1,10}", name):
        return Refusal(bad, f"Node id must be an integer, but it is: {name}")
    if int(name) != broker.node_id:
        return Refusal(bad, f"Unexpected node id. Expected {broker.node_id}, but received {int(name)}")
    refusal = check_changes(changes)
    if refusal is not None:
        return refusal
    for logger, operation, level in changes:
        if operation in {Operation.APPEND, Operation.SUBTRACT}:
            text = f"{Operation(operation).name} operation is not allowed for the BROKER_LOGGER resource"
            return Refusal(bad, text)
        if logger not in broker.loggers.levels:
            return Refusal(ErrorCode.INVALID_CONFIG, f"Logger {logger} does not exist!")
        if operation == Operation.DELETE:
            return Refusal(bad, "Removing the log level of the root logger is not allowed")
        if level not in loggers.LEVELS:
            text = (
                f"Cannot set the log level of {logger} to {level} as it is not a supported log level. "
                f"Valid log levels are {', '.join(sorted(loggers.LEVELS))}"
            )
            return Refusal(ErrorCode.INVALID_CONFIG, text)
    if not validate_only:
        for logger, _, level in changes:
            broker.loggers.set(logger, level or "")
    return None
