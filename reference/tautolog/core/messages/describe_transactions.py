"""DescribeTransactions: generated from `wire/schemas/describe_transactions.schema`; do not edit."""

from __future__ import annotations

from tautolog.core.messages._base import NEW, Message


class DescribeTransactionsRequest(Message):
    """Key 65, versions 0-0."""

    __slots__ = ("transactional_ids",)

    def __init__(
        self,
        transactional_ids: list[str] = NEW,
    ) -> None:
        self.transactional_ids: list[str] = [] if transactional_ids is NEW else transactional_ids


class TopicData(Message):
    """Part of DescribeTransactionsResponse."""

    __slots__ = ("topic", "partitions")

    def __init__(
        self,
        topic: str = "",
        partitions: list[int] = NEW,
    ) -> None:
        self.topic = topic
        self.partitions: list[int] = [] if partitions is NEW else partitions


class TransactionState(Message):
    """Part of DescribeTransactionsResponse."""

    __slots__ = ("error_code", "transactional_id", "transaction_state", "transaction_timeout_ms", "transaction_start_time_ms", "producer_id", "producer_epoch", "topics")

    def __init__(
        self,
        error_code: int = 0,
        transactional_id: str = "",
        transaction_state: str = "",
        transaction_timeout_ms: int = 0,
        transaction_start_time_ms: int = 0,
        producer_id: int = 0,
        producer_epoch: int = 0,
        topics: list[TopicData] = NEW,
    ) -> None:
        self.error_code = error_code
        self.transactional_id = transactional_id
        self.transaction_state = transaction_state
        self.transaction_timeout_ms = transaction_timeout_ms
        self.transaction_start_time_ms = transaction_start_time_ms
        self.producer_id = producer_id
        self.producer_epoch = producer_epoch
        self.topics: list[TopicData] = [] if topics is NEW else topics


class DescribeTransactionsResponse(Message):
    """Key 65, versions 0-0."""

    __slots__ = ("throttle_time_ms", "transaction_states")

    def __init__(
        self,
        throttle_time_ms: int = 0,
        transaction_states: list[TransactionState] = NEW,
    ) -> None:
        self.throttle_time_ms = throttle_time_ms
        self.transaction_states: list[TransactionState] = [] if transaction_states is NEW else transaction_states
