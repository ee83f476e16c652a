"""A deterministic producer: batching, retries, idempotence. Decides what is sent when; touches no socket and no clock.

`send` takes a record and gives a ticket; `take` hands out how each ticket ended (`Delivery`): acknowledged, surely not
written, or unknown. Each ticket ends exactly once, at the latest `delivery_timeout_ms` after its `send`.

Order: records of one partition are appended in the order of their `send` calls, if the producer is idempotent or has at most
one request in flight, as with Kafka's own producer. An idempotent producer never causes a duplicate: a batch keeps producer
id, epoch and sequence through its retries. When a numbered batch is given up with its fate unknown, or the broker has lost
its memory of the producer, the producer raises its epoch and starts the partition's sequences at 0 (KIP-360).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from tautolog.client.batches import Batch, Delivery, Header, Lane, Pending, murmur2
from tautolog.client.cluster import ClusterClient
from tautolog.client.link import Address, Failure, Outcome
from tautolog.core.errors import ErrorCode
from tautolog.core.messages._base import Message
from tautolog.core.messages.init_producer_id import InitProducerIdRequest, InitProducerIdResponse
from tautolog.core.messages.produce import (
    PartitionProduceData,
    PartitionProduceResponse,
    ProduceRequest,
    ProduceResponse,
    TopicProduceData,
)
from tautolog.core.ports import Chance, Instant
from tautolog.core.records.record import Record, build

PRODUCE: Final = 0
INIT_PRODUCER_ID: Final = 22
_LAST_EPOCH: Final = 32_766

RETRIABLE: Final = (
    ErrorCode.CORRUPT_MESSAGE,
    ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
    ErrorCode.LEADER_NOT_AVAILABLE,
    ErrorCode.NOT_LEADER_OR_FOLLOWER,
    ErrorCode.REQUEST_TIMED_OUT,
    ErrorCode.NETWORK_EXCEPTION,
    ErrorCode.NOT_ENOUGH_REPLICAS,
    ErrorCode.NOT_ENOUGH_REPLICAS_AFTER_APPEND,
    ErrorCode.KAFKA_STORAGE_ERROR,
    ErrorCode.FENCED_LEADER_EPOCH,
    ErrorCode.UNKNOWN_LEADER_EPOCH,
    ErrorCode.UNKNOWN_TOPIC_ID,
    ErrorCode.INCONSISTENT_TOPIC_ID,
)
MAYBE_WRITTEN: Final = (
    ErrorCode.UNKNOWN_SERVER_ERROR,
    ErrorCode.REQUEST_TIMED_OUT,
    ErrorCode.NETWORK_EXCEPTION,
    ErrorCode.NOT_ENOUGH_REPLICAS_AFTER_APPEND,
)
FORGOTTEN: Final = (
    ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER,
    ErrorCode.UNKNOWN_PRODUCER_ID,
    ErrorCode.INVALID_PRODUCER_EPOCH,
)


class Producer(ClusterClient):
    """One producer. Names and defaults of the options are those of Kafka's producer, times in milliseconds.

    `acks` is 0, 1 or -1 (all). `idempotent` needs acks -1 and at most 5 requests in flight per connection. `retries` bounds
    the attempts after the first.
    """

    def __init__(
        self,
        chance: Chance,
        *,
        bootstrap: Sequence[tuple[str, int]],
        client_id: str = "producer",
        acks: int = -1,
        idempotent: bool = True,
        linger_ms: int = 5,
        batch_size: int = 16_384,
        max_in_flight: int = 5,
        retries: int = 2_147_483_647,
        request_timeout_ms: int = 30_000,
        delivery_timeout_ms: int = 120_000,
        allow_auto_create: bool = True,
        speaks: Mapping[int, tuple[int, int]] | None = None,
    ) -> None:
        super().__init__(
            chance,
            bootstrap=bootstrap,
            client_id=client_id,
            request_timeout_ms=request_timeout_ms,
            allow_auto_create=allow_auto_create,
            speaks=speaks,
        )
        if idempotent and (acks != -1 or max_in_flight > 5):
            raise ValueError("an idempotent producer needs acks=all and at most 5 requests in flight")
        self.acks = acks
        self.idempotent = idempotent
        self.linger_ms = linger_ms
        self.batch_size = batch_size
        self.max_in_flight = max_in_flight
        self.retries = retries
        self.delivery_timeout_ms = delivery_timeout_ms
        self.producer_id = -1
        self.epoch = -1
        self._asking_id = False
        self._lanes: dict[tuple[str, int], Lane] = {}
        self._unplaced: list[Pending] = []
        self._requests: dict[Address, int] = {}
        self._deliveries: list[Delivery] = []
        self._ticket = 0
        self._sticky: dict[str, int] = {}

    # for the application

    def send(
        self,
        now: Instant,
        topic: str,
        value: bytes | None,
        *,
        key: bytes | None = None,
        partition: int | None = None,
        headers: Sequence[Header] = (),
    ) -> int:
        """Hand over one record; returns its ticket. Without a partition, the key decides, or else chance."""
        self.now = now
        self._ticket += 1
        deadline_ms = now.monotonic_ms + self.delivery_timeout_ms
        record = Pending(self._ticket, topic, partition, key, value, headers, now.wall_ms, deadline_ms)
        self.timers.at(deadline_ms, self._nothing)
        self.want(topic)
        if not self._place(record):
            self._unplaced.append(record)
        self._advance()
        return self._ticket

    def flush(self, now: Instant) -> None:
        """Do not linger with what was sent so far."""
        self.now = now
        for lane in self._lanes.values():
            lane.seal()
        self._advance()

    def take(self) -> list[Delivery]:
        """What has ended since the last call, in order of ending."""
        deliveries, self._deliveries = self._deliveries, []
        return deliveries

    def idle(self) -> bool:
        """Whether every ticket has ended."""
        return not self._unplaced and all(lane.idle() for lane in self._lanes.values())

    # records to lanes

    def _place(self, record: Pending) -> bool:
        view = self.topics.get(record.topic)
        partition = record.partition
        if partition is None:
            if view is None or view.error or not view.leaders:
                return False
            if record.key is not None:
                partition = (murmur2(record.key) & 0x7FFFFFFF) % len(view.leaders)
            else:
                partition = self._sticky_partition(record.topic, len(view.leaders))
            record.partition = partition
        lane = self._lanes.get((record.topic, partition))
        if lane is None:
            lane = self._lanes[record.topic, partition] = Lane(record.topic, partition)
        opened = lane.open
        lane.add(record, self.now.monotonic_ms, self.batch_size)
        if lane.open is not opened:
            self._sticky.pop(record.topic, None)
            if self.linger_ms:
                self.after(self.linger_ms, self._nothing)
        return True

    def _sticky_partition(self, topic: str, partitions: int) -> int:
        """Records without a key stay on one partition for a batch (KIP-480)."""
        partition = self._sticky.get(topic, -1)
        if not 0 <= partition < partitions:
            partition = self._sticky[topic] = self.chance.below(partitions)
        return partition

    def _nothing(self) -> None:
        """A timer that only wants `_advance` to run, which follows every step."""

    def _metadata_changed(self) -> None:
        waiting, self._unplaced = self._unplaced, []
        self._unplaced = [record for record in waiting if not self._place(record)]

    # lanes to requests

    def _advance(self) -> None:
        self._expire()
        if self.idempotent and not self._have_id():
            return
        ready: dict[Address, list[tuple[Lane, Batch]]] = {}
        again = True
        while again:
            ready.clear()
            for lane in self._lanes.values():
                batch = self._next_batch(lane)
                if batch is None:
                    continue
                leader = self.leader(lane.topic, lane.partition)
                if leader is not None and self._requests.get(leader, 0) < self.max_in_flight:
                    ready.setdefault(leader, []).append((lane, batch))
            for address, batches in ready.items():
                self._produce(address, batches)
            again = bool(ready)

    def _next_batch(self, lane: Lane) -> Batch | None:
        """The batch of this lane that may go out now."""
        now_ms = self.now.monotonic_ms
        if lane.open is not None and (self.linger_ms == 0 or lane.open.created_ms + self.linger_ms <= now_ms):
            lane.seal()
        if not lane.queue:
            return None
        batch = lane.queue[0]
        if batch.not_before_ms > now_ms:
            return None
        # a retry goes alone: what follows it must not overtake it
        if lane.in_flight and (batch.attempts or lane.in_flight[0].attempts > 1):
            return None
        if batch.sequence < 0 and self.idempotent and not self._may_number(lane):
            return None
        return batch

    def _may_number(self, lane: Lane) -> bool:
        """Whether the next batch may take a sequence; raises the epoch first where it must be."""
        if lane.unresolved:
            if lane.numbered():
                return False
            lane.unresolved = False
            self._raise_epoch()
            if self.producer_id < 0:
                return False
        if (lane.producer_id, lane.epoch) != (self.producer_id, self.epoch) and not lane.numbered():
            lane.producer_id, lane.epoch, lane.next_sequence = self.producer_id, self.epoch, 0
        return True

    def _raise_epoch(self) -> None:
        if self.epoch >= _LAST_EPOCH:
            self.producer_id = self.epoch = -1
            self._have_id()
        else:
            self.epoch += 1

    def _produce(self, address: Address, batches: list[tuple[Lane, Batch]]) -> None:
        topics: dict[str, list[PartitionProduceData]] = {}
        for lane, batch in batches:
            lane.queue.popleft()
            lane.in_flight.append(batch)
            if self.idempotent and batch.sequence < 0:
                batch.producer_id, batch.epoch, batch.sequence = lane.producer_id, lane.epoch, lane.next_sequence
                lane.next_sequence = (lane.next_sequence + len(batch.records)) & 0x7FFFFFFF
            batch.attempts += 1
            data = PartitionProduceData(lane.partition, encode(batch))
            topics.setdefault(lane.topic, []).append(data)
        named = {name: self.topics[name].topic_id for name in topics}

        def request(version: int) -> Message:
            data = [
                TopicProduceData("" if version >= 13 else name, named[name] if version >= 13 else bytes(16), partitions)
                for name, partitions in topics.items()
            ]
            return ProduceRequest(None, self.acks, self.request_timeout_ms, data)

        self._requests[address] = self._requests.get(address, 0) + 1
        highest = 13 if all(any(topic_id) for topic_id in named.values()) else 12
        by_id = {topic_id: name for name, topic_id in named.items()}
        self.call(
            address,
            PRODUCE,
            request,
            lambda outcome: self._produced(address, batches, by_id, outcome),
            highest=highest,
            answered=self.acks != 0,
        )

    # answers

    def _produced(
        self, address: Address, batches: list[tuple[Lane, Batch]], by_id: Mapping[bytes, str], outcome: Outcome
    ) -> None:
        self._requests[address] -= 1
        for lane, batch in batches:
            lane.in_flight.remove(batch)
        if isinstance(outcome, Failure):
            if self.acks == 0 and outcome.reason == "no answer wanted":
                for lane, batch in batches:
                    self._settle(lane, batch, "info", 0, "sent without asking for an answer")
                return
            self.refresh_soon()
            for lane, batch in batches:
                batch.maybe_written = batch.maybe_written or outcome.sent
                self._again(lane, batch, 0, outcome.reason)
            return
        assert isinstance(outcome, ProduceResponse)
        told: dict[tuple[str, int], PartitionProduceResponse] = {}
        for topic in outcome.responses:
            name = topic.name or by_id.get(topic.topic_id, "")
            for partition in topic.partition_responses:
                told[name, partition.index] = partition
        for lane, batch in batches:
            answer = told.get((lane.topic, lane.partition))
            if answer is None:
                batch.maybe_written = True
                self._again(lane, batch, int(ErrorCode.UNKNOWN_SERVER_ERROR), "the answer left this partition out")
            else:
                self._judge(lane, batch, answer)

    def _judge(self, lane: Lane, batch: Batch, answer: PartitionProduceResponse) -> None:
        error = answer.error_code
        if error == ErrorCode.NONE:
            self._settle(lane, batch, "ok", 0, "", answer.base_offset)
        elif error == ErrorCode.DUPLICATE_SEQUENCE_NUMBER:
            self._settle(lane, batch, "ok", 0, "already written")
        elif error in FORGOTTEN and self.idempotent:
            self._forgotten(lane, batch, error)
        else:
            if error in MAYBE_WRITTEN:
                batch.maybe_written = True
            if error in RETRIABLE:
                if error not in {ErrorCode.KAFKA_STORAGE_ERROR, ErrorCode.NOT_ENOUGH_REPLICAS}:
                    self.refresh_soon()
                self._again(lane, batch, error, _words(error))
            else:
                self._give_up(lane, batch, error, _words(error))

    def _forgotten(self, lane: Lane, batch: Batch, error: int) -> None:
        """The broker does not accept this sequence: an earlier batch is missing, or it lost its memory of us.

        A sequence is only taken in order, so a refused one was not written by any attempt either.
        """
        batch.maybe_written = False
        earlier = [other for other in (*lane.queue, *lane.in_flight) if 0 <= other.sequence < batch.sequence]
        if batch.settled:
            return
        if earlier:
            self._again(lane, batch, error, _words(error))
        elif lane.unresolved:
            self._give_up(lane, batch, error, "an earlier batch of this partition failed")
        else:
            lane.restart = True
            self._again(lane, batch, error, _words(error))

    def _again(self, lane: Lane, batch: Batch, error: int, reason: str) -> None:
        if batch.settled:
            return
        if batch.attempts > self.retries:
            self._give_up(lane, batch, error, reason)
            return
        wait_ms = self.backoff_ms(batch.attempts - 1)
        batch.not_before_ms = self.now.monotonic_ms + wait_ms
        lane.put_back(batch)
        self.after(wait_ms, self._nothing)
        if lane.restart and not lane.in_flight:
            lane.restart = False
            for queued in lane.queue:
                queued.sequence = -1
            self._raise_epoch()

    def _give_up(self, lane: Lane, batch: Batch, error: int, reason: str) -> None:
        if batch.sequence >= 0:
            lane.unresolved = True
        self._settle(lane, batch, "info" if batch.maybe_written else "fail", error, reason)

    def _settle(self, lane: Lane, batch: Batch, outcome: str, error: int, reason: str, base_offset: int = -1) -> None:
        if batch.settled:
            return
        batch.settled = True
        for position, record in enumerate(batch.records):
            offset = base_offset + position if base_offset >= 0 else -1
            ending = Delivery(record.ticket, lane.topic, lane.partition, outcome, offset, int(error), reason)
            self._deliveries.append(ending)

    def _expire(self) -> None:
        """End what has waited for longer than the delivery timeout."""
        now_ms = self.now.monotonic_ms
        for record in [record for record in self._unplaced if record.deadline_ms <= now_ms]:
            self._unplaced.remove(record)
            partition = -1 if record.partition is None else record.partition
            reason = "no partition became known"
            self._deliveries.append(Delivery(record.ticket, record.topic, partition, "fail", -1, 0, reason))
        for lane in self._lanes.values():
            if lane.open is not None and lane.open.deadline_ms <= now_ms:
                lane.seal()
            for batch in [queued for queued in lane.queue if queued.deadline_ms <= now_ms]:
                lane.queue.remove(batch)
                self._give_up(lane, batch, 0, "delivery timed out")
            for batch in lane.in_flight:
                if batch.deadline_ms <= now_ms and not batch.settled:
                    batch.maybe_written = True
                    self._give_up(lane, batch, 0, "delivery timed out")

    # the producer id

    def _have_id(self) -> bool:
        if self.producer_id >= 0:
            return True
        if not self._asking_id and (self._unplaced or any(not lane.idle() for lane in self._lanes.values())):
            self._asking_id = True
            body = InitProducerIdRequest(transactional_id=None, transaction_timeout_ms=2_147_483_647)
            self.call(self.any_broker(), INIT_PRODUCER_ID, lambda _: body, self._identified)
        return False

    def _identified(self, outcome: Outcome) -> None:
        if isinstance(outcome, InitProducerIdResponse) and outcome.error_code == ErrorCode.NONE:
            self._asking_id = False
            self.producer_id, self.epoch = outcome.producer_id, outcome.producer_epoch
            return
        self._turn += 1
        self.after(self.backoff_ms(3), self._ask_id_again)

    def _ask_id_again(self) -> None:
        self._asking_id = False


def encode(batch: Batch) -> bytearray:
    """The record batch as it travels."""
    return build(
        [Record(0, record.timestamp_ms, record.key, record.value, list(record.headers)) for record in batch.records],
        producer_id=batch.producer_id,
        producer_epoch=batch.epoch,
        base_sequence=batch.sequence,
    )


def _words(error: int) -> str:
    try:
        return ErrorCode(error).name
    except ValueError:
        return f"error {error}"
