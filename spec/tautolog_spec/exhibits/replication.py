"""Bugs of partition replication: how committed records were lost, and how consumers missed them."""

from __future__ import annotations

from tautolog_spec.exhibits.bug import Bug
from tautolog_spec.fixes import Fix

TWO_EPOCHS = {"Replica": 2, "Epoch": 2, "Offset": 1}
THREE_EPOCHS = {"Replica": 3, "Epoch": 3, "Offset": 1}
ONE_PROPOSAL = {"Replica": 2, "Epoch": 1, "PartitionEpoch": 3, "Offset": 1}
JIRA = "https://issues.apache.org/jira/browse/"

LOGS: tuple[Bug, ...] = (
    Bug(
        fix=Fix.KIP_106_CLEAN_ELECTION,
        title="Acknowledged by one, led by another",
        story="The ISR had shrunk to the leader alone, which went on to acknowledge writes. When it was cut off, a replica "
        "that had been dropped from the ISR was elected, as unclean.leader.election.enable allowed by default, and all "
        "that had been acknowledged meanwhile was thrown away. Kafka 0.11 changed the default.",
        reported="Jepsen: Kafka, 2013, https://aphyr.com/posts/293-jepsen-kafka; KIP-106",
        model="replication",
        promise="isr_is_complete",
        bounds=TWO_EPOCHS,
        steps=5,
        obligation="consecution elect_uncleanly isr_is_complete",
    ),
    Bug(
        fix=Fix.KIP_101_TRUNCATE_BY_EPOCH,
        title="A follower forgets what the whole ISR had",
        story="A follower that began to follow cut its log at its own high watermark, which lags one fetch behind the "
        "leader's. It dropped a record that was committed; when it was elected next, the record was gone everywhere. "
        "In kip-320 the same takes 11 steps.",
        reported=f"KIP-101; KAFKA-1211, {JIRA}KAFKA-1211",
        model="replication",
        promise="isr_is_complete",
        bounds=TWO_EPOCHS,
        steps=9,
        obligation="consecution become_follower isr_is_complete",
    ),
    Bug(
        fix=Fix.KIP_279_EPOCH_LOOKUP,
        title="One question was not enough",
        story="Since KIP-101 a follower asks where the epoch of its last record ends in the leader's log. After two quick "
        "elections the leader had never had that epoch. It answered with the start of the next one that it knew, below "
        "which the follower had records of another history and kept them: the logs differed for good. Or it knew no later "
        "one and could not answer; then the follower cut its log at its own high watermark, as before KIP-101, and a "
        "committed record with it. That is the shorter way, and the one shown.",
        reported=f"KIP-279; KAFKA-6361, {JIRA}KAFKA-6361",
        model="kip-320",
        promise="strong_isr",
        bounds={"Replica": 3, "LogSize": 2, "MaxRecords": 2, "MaxLeaderEpoch": 2},
        steps=13,
    ),
    Bug(
        fix=Fix.KAFKA_7164_TRUNCATE_EACH_EPOCH,
        title="Same leader, so nothing happened",
        story="A follower skipped truncation when it learned of a new leader epoch with the leader that it already "
        "followed. It had missed the epoch between, in which another one led and its leader had cut its own log back.",
        reported=f"KAFKA-7164, {JIRA}KAFKA-7164",
        model="replication",
        promise="isr_is_complete",
        bounds=THREE_EPOCHS,
        steps=13,
        obligation="consecution keep_following follower_has_prefix",
        nightly=True,
    ),
    Bug(
        fix=Fix.KAFKA_13141_DIVERGING_FETCH,
        title="Counted before it was cut",
        story="Since Kafka 2.7 a follower finds out by fetching that its log diverges. The leader told it where to cut, but "
        "had already noted the offset that was asked for as what the follower held, and moved the high watermark over "
        "records that the follower had never seen.",
        reported=f"KAFKA-13141, {JIRA}KAFKA-13141",
        model="replication",
        promise="isr_is_complete",
        bounds=TWO_EPOCHS,
        steps=8,
        obligation="consecution follow_diverging follower_has_prefix",
    ),
    Bug(
        fix=Fix.KIP_320_FENCED_TRUNCATION,
        title="Truncated by a leader of yesterday",
        story="A follower that learned of a new leader before that one had learned of its office compared logs with it all "
        "the same. What it was told was true of an earlier epoch; by the time the leader took office it had cut its own "
        "log, and the follower kept what nobody else had. kip-320 shows it in 13 steps.",
        reported=f"KIP-320; KAFKA-7395, {JIRA}KAFKA-7395",
        model="replication",
        promise="isr_is_complete",
        bounds=THREE_EPOCHS,
        steps=12,
        obligation="consecution become_follower leader_entered",
        nightly=True,
    ),
    Bug(
        fix=Fix.KIP_320_FENCED_HIGH_WATERMARK,
        title="A zombie is counted",
        story="A broker that heard no more from the controller went on to fetch from the leader that it knew. When that one "
        "was elected again, later, it counted the zombie's fetches for its high watermark. The zombie had yet to go "
        "through the epoch between, and dropped there what was committed. kip-320 shows it in 12 steps.",
        reported=f"KIP-320; KAFKA-6880, {JIRA}KAFKA-6880",
        model="replication",
        promise="isr_is_complete",
        bounds=THREE_EPOCHS,
        steps=11,
        obligation="consecution commit isr_is_complete",
        nightly=True,
    ),
    Bug(
        fix=Fix.ISR_AFTER_EPOCH_START,
        title="Caught up with a mark that lags",
        story="A new leader does not know yet how far the last one had committed: its high watermark lags. It let a follower "
        "into the ISR that had reached this mark and lacked committed records beyond it. Now a follower must also have "
        "all that lies before the leader's own epoch. The models replication-async and replication-elr know the rule, "
        "too, and kip-320, where it takes 11 steps.",
        reported=f"KAFKA-7128, {JIRA}KAFKA-7128",
        model="replication",
        promise="isr_is_complete",
        bounds={"Replica": 3, "Epoch": 2, "Offset": 1},
        steps=10,
        obligation="consecution expand_isr isr_is_complete",
    ),
)

REQUESTS: tuple[Bug, ...] = (
    Bug(
        fix=Fix.ISR_MAXIMALITY,
        title="In the ISR, and not counted",
        story="With AlterIsr (since: AlterPartition) a leader asks the controller for a new ISR and learns the answer late. A "
        "leader that goes on with the ISR that it knows does not wait for a replica which the controller may already "
        "elect. So it must count everybody who is in the old ISR or in the one that it asked for.",
        reported=f"KIP-497, and the review of KAFKA-8836, {JIRA}KAFKA-8836, https://github.com/apache/kafka/pull/9100",
        model="replication-async",
        promise="maximal_isr_covers",
        bounds=ONE_PROPOSAL,
        steps=5,
        obligation="consecution propose_expansion proposal_is_counted",
    ),
    Bug(
        fix=Fix.ALTER_PARTITION_EPOCH,
        title="A request from before",
        story="A request for a new ISR may be delayed or sent twice. Applied on top of a state that the leader did not know "
        "when it asked, it brings a member back that the controller has dropped and that the leader no longer counts. "
        "The partition epoch (once the zkVersion) says on top of which state a request was made.",
        reported=f"KIP-497; KAFKA-8836, {JIRA}KAFKA-8836",
        model="replication-async",
        promise="maximal_isr_covers",
        bounds=ONE_PROPOSAL,
        steps=6,
        obligation="consecution accept maximal_isr_covers",
    ),
)

RESTARTS: tuple[Bug, ...] = (
    Bug(
        fix=Fix.KIP_380_BROKER_GENERATION,
        title="Mail for the one who lived here before",
        story="A broker was restarted so quickly that requests of the controller to its earlier self reached it. It had "
        "forgotten which leader epochs it had seen and took them for news; at worst it led again, in an epoch whose "
        "records it had lost. Broker epochs tell whom a request is for; with KRaft a broker knows the metadata up to its own "
        "registration before it does anything.",
        reported=f"KIP-380; KAFKA-7235, {JIRA}KAFKA-7235",
        model="replication-elr",
        promise="leader_is_complete",
        bounds={"Replica": 2, "Epoch": 2, "PartitionEpoch": 3, "Offset": 1, "BrokerEpoch": 2},
        steps=9,
        obligation="consecution restart record_epoch_reached",
    ),
    Bug(
        fix=Fix.KIP_841_FENCED_JOIN,
        title="The dead join",
        story="A broker was shutting down, or already fenced, and the controller had taken it out of the ISR. Its leader did "
        "not know that and asked for it to join again, and the controller agreed: a broker that is taken for dead was "
        "back in the ISR, and could be elected.",
        reported=f"KIP-841; KAFKA-13916, {JIRA}KAFKA-13916",
        model="replication-elr",
        promise="isr_is_alive",
        bounds={"Replica": 2, "Epoch": 1, "PartitionEpoch": 3, "Offset": 1, "BrokerEpoch": 1},
        steps=6,
        obligation="consecution accept isr_is_alive",
    ),
    Bug(
        fix=Fix.KIP_903_BROKER_EPOCH,
        title="It had caught up, before its disk was replaced",
        story="A follower outside the ISR caught up and its leader asked for it to join. Before the controller read the "
        "request, the follower's broker restarted with an empty disk and registered. Nothing of the partition had "
        "changed, so the request was accepted, and a replica with an empty log could be elected.",
        reported=f"KIP-903; KAFKA-14139, {JIRA}KAFKA-14139",
        model="replication-elr",
        promise="eligible_are_complete",
        bounds={"Replica": 3, "Epoch": 1, "PartitionEpoch": 3, "Offset": 1, "BrokerEpoch": 2},
        steps=13,
        obligation="consecution accept eligible_are_complete",
    ),
    Bug(
        fix=Fix.KIP_966_LAST_REPLICA_STANDING,
        title="The last replica standing",
        story="The ISR shrank to one member, and that one's machine lost power. The controller never took the last member "
        "out of the ISR; the broker came back without what had not been flushed, was elected again since nobody else was "
        "in the ISR, and everybody cut off the committed records that it had lost. Now it leaves the ISR like any "
        "other, and those who left before it are eligible to lead.",
        reported="KIP-966, https://cwiki.apache.org/confluence/display/KAFKA/KIP-966%3A+Eligible+Leader+Replicas",
        model="replication-elr",
        promise="eligible_are_complete",
        bounds={"Replica": 2, "Epoch": 2, "PartitionEpoch": 3, "Offset": 1, "BrokerEpoch": 2},
        steps=9,
        obligation="consecution fence_leader isr_unfenced",
    ),
    Bug(
        fix=Fix.KIP_966_HIGH_WATERMARK_MIN_ISR,
        title="Committed to less than min ISR",
        story="min.insync.replicas decided which writes with acks=all were refused, and not how far the high watermark went: "
        "records written with acks=1 became visible while the ISR was below it. Then those who have left the ISR miss "
        "committed records, and none of them could ever be elected safely.",
        reported=f"KIP-966; KAFKA-15583, {JIRA}KAFKA-15583",
        model="replication-elr",
        promise="eligible_are_complete",
        bounds={"Replica": 2, "Epoch": 1, "PartitionEpoch": 2, "Offset": 1, "BrokerEpoch": 1},
        steps=5,
        obligation="consecution commit eligible_are_complete",
    ),
    Bug(
        fix=Fix.KIP_966_UNCLEAN_SHUTDOWN,
        title="Eligible with holes",
        story="An eligible leader replica whose broker stops uncleanly may lose what made it eligible. A broker that has shut "
        "down cleanly says so by its previous broker epoch when it registers; every other one is taken out of ISR and "
        "ELR first. The detection came after the ELR itself, was switched off for a time, and back on.",
        reported=f"KIP-966; KAFKA-15586, {JIRA}KAFKA-15586; KAFKA-18635, {JIRA}KAFKA-18635",
        model="replication-elr",
        promise="eligible_are_complete",
        bounds={"Replica": 2, "Epoch": 1, "PartitionEpoch": 2, "Offset": 1, "BrokerEpoch": 2},
        steps=8,
        obligation="consecution restart eligible_are_complete",
    ),
)

CONSUMERS: tuple[Bug, ...] = (
    Bug(
        fix=Fix.CONSUMER_POSITION_CHECK,
        title="The offset is there again, the record is another",
        story="After an unclean election the log was shorter, and soon as long as before. A consumer went on at its old "
        "offset without a word: it had read records that were no more, and skipped those that stood in their place. "
        "Since KIP-320 it asks the new leader where the epoch of its last record ends before it reads on.",
        reported=f"KIP-320; KAFKA-7747, {JIRA}KAFKA-7747",
        model="replication-consumer",
        promise="nothing_skipped",
        bounds={"Replica": 2, "Epoch": 2, "Offset": 2},
        steps=11,
        obligation="consecution consume nothing_skipped",
    ),
    Bug(
        fix=Fix.CONSUMER_FENCED_FETCH,
        title="Answered in another epoch",
        story="A consumer whose metadata are old asked a broker that had lost its office, cut its log and led again since, "
        "and was served. The comparison that it had made was with an earlier state of that log. With the leader epoch in "
        "the request the broker refuses (FENCED_LEADER_EPOCH), and the consumer learns of the new epoch first.",
        reported=f"KIP-320; KAFKA-7440, {JIRA}KAFKA-7440",
        model="replication-consumer",
        promise="nothing_skipped",
        bounds={"Replica": 2, "Epoch": 3, "Offset": 2},
        steps=14,
        obligation="consecution consume nothing_skipped",
    ),
)

EXHIBITS: tuple[Bug, ...] = (*LOGS, *REQUESTS, *RESTARTS, *CONSUMERS)
"""All of them: what happens to logs, to requests, to brokers and to consumers."""
