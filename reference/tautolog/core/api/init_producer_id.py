"""InitProducerId: versions 0-5; version 6 brings two-phase commit, which is not here.

Without a transactional id every request gets a producer id of its own with epoch 0; the id and epoch that versions 3 and later
may bring are checked for being given together and then not used, as in Kafka: an idempotent producer raises its epoch itself.

There is no transaction coordinator yet. A transactional id is refused with 53 TRANSACTIONAL_ID_AUTHORIZATION_FAILED: every
client takes that for final and says so at once, where "coordinator not available" would keep it trying for a minute.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tautolog.core.errors import ErrorCode
from tautolog.core.messages.init_producer_id import InitProducerIdRequest, InitProducerIdResponse
from tautolog.core.node import Peer, Request

if TYPE_CHECKING:
    from tautolog.core.broker import Broker

KEY = 22
VERSIONS = (0, 5)

_NONE: Final = -1


def handle(broker: Broker, peer: Peer, request: Request) -> InitProducerIdResponse:  # noqa: ARG001  # every handler is called alike
    """Give out a producer id that was never given out before."""
    body = request.body
    assert isinstance(body, InitProducerIdRequest)
    error = _refusal(broker, body)
    if error:
        return InitProducerIdResponse(0, error, _NONE, _NONE)
    producer_id = broker.controller.next_producer_id()
    if isinstance(producer_id, ErrorCode):
        return InitProducerIdResponse(0, producer_id, _NONE, _NONE)
    return InitProducerIdResponse(0, ErrorCode.NONE, producer_id, 0)


def _refusal(broker: Broker, body: InitProducerIdRequest) -> ErrorCode:
    if (body.producer_id == _NONE) != (body.producer_epoch == _NONE) or body.transactional_id == "":
        return ErrorCode.INVALID_REQUEST
    if body.transactional_id is None:
        return ErrorCode.NONE
    if not 0 < body.transaction_timeout_ms <= broker.config.get_int("transaction.max.timeout.ms"):
        return ErrorCode.INVALID_TRANSACTION_TIMEOUT
    return ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED
