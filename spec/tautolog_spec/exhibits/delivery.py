"""Bugs of workers: where the deduplication key is set, what happens to failures, and when offsets are committed."""

from __future__ import annotations

from tautolog_spec.exhibits.bug import Bug
from tautolog_spec.fixes import Fix

ONE_WORKER = {"Worker": 1, "Offset": 1, "Attempt": 2}
TWO_WORKERS = {"Worker": 2, "Offset": 1, "Attempt": 2}

EXHIBITS: tuple[Bug, ...] = (
    Bug(
        fix=Fix.COMMIT_AFTER_PROCESSING,
        title="The offset of a record that was only received",
        story="With automatic commits the offset of a record is committed once the application was handed the record, and "
        "before it is through with it: early Java clients did so at the end of a poll, librdkafka does unless told "
        "otherwise. The process dies while it works at the record; whoever takes over begins behind it. In the model groups "
        "the same takes 7 steps.",
        reported="KAFKA-3824, https://github.com/apache/kafka/pull/1502; librdkafka #1122 and #2609, "
        "https://github.com/confluentinc/librdkafka/issues/1122; franz-go #57, https://github.com/twmb/franz-go/issues/57",
        model="delivery",
        promise="at_least_once",
        bounds=ONE_WORKER,
        steps=2,
        obligation="consecution commit_on_receipt at_least_once",
    ),
    Bug(
        fix=Fix.DEDUP_KEY_AFTER_EFFECT,
        title="The key that was set before the work",
        story="So that no two workers do the same, the key is set first, and only if it is not there (SETNX). A worker "
        "dies between the key and the effect. The record is delivered again, its key is there, it is skipped and "
        "committed: nobody will ever process it.",
        reported="Redis #9651 (a lock key outlives the instance that set it, and its record is never processed), "
        "https://github.com/redis/redis/issues/9651; against it: Leach 2017, Implementing Stripe-like idempotency keys "
        "in Postgres, https://brandur.org/idempotency-keys",
        model="delivery",
        promise="at_least_once",
        bounds=ONE_WORKER,
        steps=6,
        obligation="consecution begin key_with_outcome",
    ),
    Bug(
        fix=Fix.DEDUP_LEASE,
        title="The key that was set after the work",
        story="A worker looks for the key, charges the card, and sets the key. Between looking and setting another one "
        "looks: after a crash, or while both believe that the partition is theirs. The card is charged twice.",
        reported="Idempotency layers in event-driven systems with Redis and Lua (its first, flawed example), "
        "https://devtechtools.org/en/blog/idempotency-layers-event-driven-architectures-redis-lua",
        model="delivery",
        promise="effect_at_most_once",
        bounds=TWO_WORKERS,
        steps=6,
        obligation="consecution apply effect_at_most_once",
    ),
    Bug(
        fix=Fix.DEDUP_FENCING_TOKEN,
        title="The zombie that writes after its lease has expired",
        story="A worker takes a lock, pauses for longer than the lock lives, wakes up and writes, after the next holder "
        "has. It cannot know better; the sink could, if each holder showed the number of its lock.",
        reported="Kleppmann 2016, How to do distributed locking, "
        "https://martin.kleppmann.com/2016/02/08/how-to-do-distributed-locking.html",
        model="delivery",
        promise="no_late_effect",
        bounds=TWO_WORKERS,
        steps=7,
        obligation="consecution apply no_late_effect",
    ),
    Bug(
        fix=Fix.DEDUP_KEY_IN_SINK,
        title="Effect here, key there",
        story="The effect is in one system and the key in another. A worker dies between the two, or is at work for longer "
        "than its lock lives; the lock expires, the next worker finds no key, holds the newer token, and applies the "
        "effect again.",
        reported="CAP #1682, https://github.com/dotnetcore/CAP/issues/1682 (a lock of 30 seconds, and messages that were "
        "processed twice); against it: Helland 2012, Idempotence is not a medical condition, https://queue.acm.org/detail.cfm?id=2187821",
        model="delivery",
        promise="effect_at_most_once",
        bounds=ONE_WORKER,
        steps=8,
        obligation="consecution apply effect_at_most_once",
    ),
    Bug(
        fix=Fix.DEDUP_INBOX,
        title="A dead letter of what was done",
        story="The send of a dead letter times out at the worker while the producer still delivers it. The record is tried "
        "again and succeeds; or it was done by another worker before. Somebody finds the dead letter, repairs it, and "
        "does it a second time.",
        reported="Spring Kafka #1749, https://github.com/spring-projects/spring-kafka/issues/1749",
        model="delivery",
        promise="dead_letter_xor_effect",
        bounds=TWO_WORKERS,
        steps=6,
        obligation="consecution bury dead_letter_xor_effect",
    ),
    Bug(
        fix=Fix.DEDUP_KEY_KEPT,
        title="The key that was forgotten too early",
        story="Keys are kept for minutes or weeks, as memory allows. A record that comes again later, from a worker that "
        "slept or a group that was set back, is new to the sink.",
        reported="Amazon SQS FIFO queues keep a deduplication id for 5 minutes, "
        "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/using-messagededuplicationid-property.html"
        "; Segment 2017, Delivering billions of messages exactly once (4 weeks), "
        "https://segment.com/blog/exactly-once-delivery/",
        model="delivery",
        promise="effect_at_most_once",
        bounds=TWO_WORKERS,
        steps=7,
        obligation="consecution forget effect_has_key",
    ),
    Bug(
        fix=Fix.DEAD_LETTER_ON_FAILURE,
        title="Logged, and on to the next",
        story="A handler raises, the container logs it and goes on with the next record, and the next commit covers the "
        "one that failed. It was a popular framework's default until 2020.",
        reported="Spring Kafka #1455, https://github.com/spring-projects/spring-kafka/pull/1455",
        model="delivery",
        promise="at_least_once",
        bounds=ONE_WORKER,
        steps=5,
        obligation="consecution give_up done_with_outcome",
    ),
    Bug(
        fix=Fix.DEAD_LETTER_ACKNOWLEDGED,
        title="Committed before the dead letter was there",
        story="The worker hands a dead letter to its producer, does not wait for the answer, and commits. The send fails, "
        "or the process dies with the dead letter in its buffer: the record is in neither topic any more.",
        reported="Spring Kafka #1542, https://github.com/spring-projects/spring-kafka/issues/1542 (closed at first because "
        "the failure is logged)",
        model="delivery",
        promise="at_least_once",
        bounds=ONE_WORKER,
        steps=5,
        obligation="consecution post done_with_outcome",
    ),
    Bug(
        fix=Fix.RETRY_IN_PLACE,
        title="The retry topic lets others overtake",
        story="So that a failing record does not block its partition, it goes to a retry topic. The withdrawal is "
        "processed before the deposit that it followed.",
        reported="Spring for Apache Kafka, Non-Blocking Retries (by this, the ordering guarantee for the topic is lost), "
        "https://docs.spring.io/spring-kafka/reference/retrytopic/how-the-pattern-works.html; "
        "https://dev.to/devgeist/ordered-retries-in-kafka-why-the-retry-topic-is-breaking-downstream-a31",
        model="delivery",
        promise="in_order",
        bounds={"Worker": 1, "Offset": 2, "Attempt": 1},
        steps=6,
        obligation="consecution postpone done_with_outcome",
    ),
)
