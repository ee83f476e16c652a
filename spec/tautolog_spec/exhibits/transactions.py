"""Bugs of idempotent producers and of transactions."""

from __future__ import annotations

from tautolog_spec.exhibits.bug import Bug
from tautolog_spec.fixes import Fix

KIP_98 = "KIP-98, https://cwiki.apache.org/confluence/display/KAFKA/KIP-98+-+Exactly+Once+Delivery+and+Transactional+Messaging"
KIP_890 = "KIP-890, https://cwiki.apache.org/confluence/display/KAFKA/KIP-890%3A+Transactions+Server-Side+Defense"

ONE_TRANSACTION = {"Producer": 1, "Transaction": 1, "Partition": 1, "Epoch": 2, "Offset": 1}
TWO_TRANSACTIONS = {"Producer": 1, "Transaction": 2, "Partition": 1, "Epoch": 3, "Offset": 2}

IDEMPOTENCE: tuple[Bug, ...] = (
    Bug(
        fix=Fix.KIP_98_SEQUENCE_NUMBERS,
        title="The retry that is stored again",
        story="The leader appends a batch and the answer is lost. The producer sends it again, as it must, and the leader "
        "cannot tell that it has it. Before Kafka 0.11 every retry could do that.",
        reported=KIP_98,
        model="idempotence",
        promise="no_duplicate",
        bounds={"Batch": 1, "Epoch": 1, "Offset": 2},
        steps=3,
        obligation="consecution append_next no_duplicate",
    ),
    Bug(
        fix=Fix.KIP_98_PRODUCER_EPOCH_FENCE,
        title="A batch from before the new beginning",
        story="A producer gives a batch up, bumps its epoch and goes on. The batch was still on its way. A leader that does "
        "not compare epochs stores it now, behind newer ones; and the first batch of an old epoch, sent again, a second time.",
        reported=f"{KIP_98}; KIP-360, "
        "https://cwiki.apache.org/confluence/display/KAFKA/KIP-360%3A+Improve+reliability+of+idempotent%2Ftransactional+producer",
        model="idempotence",
        promise="in_order",
        bounds={"Batch": 2, "Epoch": 2, "Offset": 2},
        steps=6,
        obligation="consecution append_first no_duplicate",
    ),
    Bug(
        fix=Fix.KAFKA_7190_KEEP_STATE,
        title="The producer that retention forgot",
        story="Where there is little traffic, retention deletes the last record of a producer, and with it went what the "
        "leader remembered of that producer: UNKNOWN_PRODUCER_ID. What comes next looks like a first batch, "
        "also if it is the repetition of one that consumers have read.",
        reported="KAFKA-7190, https://github.com/apache/kafka/pull/5448 and https://github.com/apache/kafka/pull/7388; KIP-360",
        model="idempotence",
        promise="no_duplicate",
        bounds={"Batch": 1, "Epoch": 1, "Offset": 2},
        steps=4,
        obligation="consecution expire stored_is_known",
    ),
    Bug(
        fix=Fix.KAFKA_14034_DRAIN,
        title="The new number of an old batch",
        story="One batch fails for good, the producer bumps its epoch and numbers all batches in flight anew, from zero. One "
        "of them was stored long ago, only its answer was late. Under its new number it is stored again.",
        reported="KAFKA-14034, https://github.com/apache/kafka/pull/13796; "
        "librdkafka #4953, https://github.com/confluentinc/librdkafka/issues/4953",
        model="idempotence",
        promise="no_duplicate",
        bounds={"Batch": 1, "Epoch": 2, "Offset": 2},
        steps=5,
        obligation="consecution bump_epoch in_doubt_is_present",
    ),
    Bug(
        fix=Fix.KAFKA_15591_FIRST_SEQUENCE,
        title="The second batch came first",
        story="Two batches are in flight to a new partition. The first is refused because the leader is not ready yet, the "
        "second one is not; and a leader that knows nothing of a producer took any sequence for the first. "
        "The first batch is out of order from then on, until its time is up, and lost.",
        reported="KAFKA-15591 (and KAFKA-14312, KAFKA-19880), https://github.com/apache/kafka/pull/23234",
        model="idempotence",
        promise="no_gap",
        bounds={"Batch": 2, "Epoch": 1, "Offset": 2},
        steps=3,
        obligation="consecution append_first no_gap",
    ),
)

TRANSACTIONS: tuple[Bug, ...] = (
    Bug(
        fix=Fix.KIP_98_INIT_PRODUCER_ID_EPOCH,
        title="Two instances of one application",
        story="An instance hangs in a long pause, and another one takes its work over, with the same transactional id. If that "
        "gives it no new epoch, the first one wakes up and commits what the second one does again.",
        reported=KIP_98,
        model="transactions",
        promise="zombie_is_fenced",
        bounds=ONE_TRANSACTION,
        steps=7,
        obligation="consecution init_producer_id zombie_is_past",
    ),
    Bug(
        fix=Fix.KAFKA_6119_TIMEOUT_EPOCH,
        title="The second half of a transaction that was aborted",
        story="The coordinator aborts a transaction that takes too long. Its client knows nothing of that and sends on, under "
        "the same epoch: the coordinator takes it for a new transaction. Then the client commits, is told "
        "`committed`, and the first half is gone.",
        reported="KAFKA-6119 (silent data loss in the transactional producer), https://github.com/apache/kafka/pull/4137",
        model="transactions",
        promise="zombie_is_fenced",
        bounds=ONE_TRANSACTION,
        steps=10,
        obligation="consecution give_up zombie_is_past",
    ),
    Bug(
        fix=Fix.KAFKA_9807_ONE_LOOK,
        title="Read committed, from a transaction that was aborted",
        story="A fetch sees that no transaction is open: so all up to the high watermark is stable. Then it reads the high "
        "watermark, which has moved meanwhile, over records of a transaction that has just begun.",
        reported="KAFKA-9807, https://github.com/apache/kafka/pull/8418",
        model="transactions",
        promise="stable_is_decided",
        bounds=ONE_TRANSACTION,
        steps=6,
        obligation="consecution read stable_is_decided",
    ),
    Bug(
        fix=Fix.KIP_890_VERIFICATION,
        title="The transaction that hangs",
        story="A batch is late. Its client gives up, the transaction is aborted, the partition has its marker. Then the batch "
        "arrives, and opens a transaction that nobody will ever end. Readers at `read_committed` stand still before it, and "
        "compaction too. Asking the coordinator is not enough: a marker may come between its answer and the append.",
        reported=f"{KIP_890}, first part (KAFKA-14402); KAFKA-14884, https://github.com/apache/kafka/pull/13787; KIP-664",
        model="transactions-1",
        promise="no_hanging_transaction",
        bounds=ONE_TRANSACTION,
        steps=7,
        obligation="consecution finish_abort verified_is_added",
    ),
    Bug(
        fix=Fix.KIP_890_EPOCH_BUMP,
        title="One epoch for all transactions",
        story="All transactions of a client ran under one epoch, so that nothing told a late message from one of the next "
        "transaction. Verification did not help, for there was a transaction, just not the right one. Shortest is "
        "this: a marker is sent twice, and the second one ends the transaction after.",
        reported=f"{KIP_890}, second part (KAFKA-14562, https://github.com/apache/kafka/pull/16719)",
        model="transactions",
        promise="no_aborted_read",
        bounds={**TWO_TRANSACTIONS, "Epoch": 2},
        steps=13,
        obligation="consecution begin one_in_an_epoch",
    ),
    Bug(
        fix=Fix.KIP_890_PRODUCE_EPOCH,
        title="The late batch that joins the next transaction",
        story="A batch of a transaction that is over arrives during the next one. The partition takes part, or is added, so "
        "verification says yes; the batch is committed with the others. An aborted read, which survives the first part of "
        "KIP-890 wherever the epoch that the leader asks with is not the transaction's own.",
        reported=f"{KIP_890}, second part",
        model="transactions",
        promise="no_aborted_read",
        bounds=TWO_TRANSACTIONS,
        steps=12,
        obligation="consecution add_partition one_in_play",
    ),
    Bug(
        fix=Fix.KAFKA_17754_END_TXN_EPOCH,
        title="The commit that came too late, and committed something else",
        story="A client commits and, without an answer in time, sends EndTxn again. The first one is slow, not lost: it arrives "
        "during the next transaction and commits its first half. Committed transactions are lost, aborted ones are "
        "read, others are torn. Seen in Bufstream and in Kafka itself.",
        reported="KAFKA-17754, https://issues.apache.org/jira/browse/KAFKA-17754; "
        "Jepsen 2024, Bufstream 0.1.0, https://jepsen.io/analyses/bufstream-0.1.0",
        model="transactions",
        promise="no_aborted_read",
        bounds=TWO_TRANSACTIONS,
        steps=14,
        obligation="consecution prepare_commit open_as_told",
    ),
    Bug(
        fix=Fix.KIP_1228_MARKER_EPOCH,
        title="The marker whose epoch is the next transaction's",
        story="In version 2 a marker carries the epoch that it begins, which is the one of the next transaction. A leader that "
        "refuses only earlier epochs takes the same marker again in the middle of that transaction, and ends it.",
        reported="KIP-1228 (KAFKA-19446), https://github.com/apache/kafka/pull/20882",
        model="transactions",
        promise="no_aborted_read",
        bounds=TWO_TRANSACTIONS,
        steps=13,
        obligation="consecution write_commit no_aborted_read",
    ),
    Bug(
        fix=Fix.KAFKA_19999_MARKER_AGAIN,
        title="The fence that locked the coordinator out",
        story="Once leaders refused every marker whose epoch they know, a marker whose answer was lost was refused when it was "
        "sent again, as the coordinator does until it hears a yes. It stays between decision and end for ever, and "
        "its client gets CONCURRENT_TRANSACTIONS.",
        reported="KAFKA-19999, https://github.com/apache/kafka/pull/21176",
        model="transactions",
        promise="decisions_are_carried_out",
        bounds=ONE_TRANSACTION,
        steps=5,
    ),
)

EXHIBITS: tuple[Bug, ...] = (*IDEMPOTENCE, *TRANSACTIONS)
