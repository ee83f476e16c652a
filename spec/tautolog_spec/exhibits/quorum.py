"""Bugs of the metadata quorum, and of Raft in other hands.

Elections are shown message by message in `quorum`, where the proof is; what needs longer ways is shown in `quorum-disks` and
`quorum-voters`, where an election is one step, and the proof that fails is still that of `quorum`.
"""

from __future__ import annotations

from tautolog_spec.exhibits.bug import Bug
from tautolog_spec.fixes import Fix

TWO_VOTERS = {"Replica": 2, "Epoch": 2, "Offset": 1}

EXHIBITS: tuple[Bug, ...] = (
    Bug(
        fix=Fix.QUORUM_UP_TO_DATE_VOTE,
        title="A leader that never had the record",
        story="A request for a vote says where the candidate's log ends, and nobody read that. A record that two of three "
        "voters had was committed; the third, which lacked it, was elected with the vote of one that had it, and had all "
        "others drop it.",
        reported="akka-raft #30, https://github.com/ktoso/akka-raft/issues/30; the same in jgroups-raft #14, "
        "https://github.com/jgroups-extras/jgroups-raft/issues/14; the rule is that of Ongaro and Ousterhout 2014, "
        "section 5.4.1",
        model="quorum-disks",
        promise="leader_is_complete",
        bounds={"Replica": 3, "Epoch": 2, "Offset": 1, "Value": 1},
        steps=6,
        proof="quorum",
        obligation="consecution vote chosen_votes",
    ),
    Bug(
        fix=Fix.QUORUM_VOTE_PERSISTED,
        title="A vote that was forgotten",
        story="A voter that heard of its leader took that down and struck out whom it had voted for. Asked again in the "
        "same epoch, it was free to vote again; two candidates had the votes of a quorum each.",
        reported="Zeebe #5356, https://github.com/camunda/camunda/issues/5356; the same in Hazelcast #16643, "
        "https://github.com/hazelcast/hazelcast/pull/16643",
        model="quorum",
        promise="one_leader_per_epoch",
        bounds=TWO_VOTERS,
        steps=8,
        obligation="consecution vote_with_empty_log one_vote",
    ),
    Bug(
        fix=Fix.QUORUM_VOTE_FOR_ITSELF,
        title="A candidate that did not write down its own vote",
        story="A candidate counted itself among those who had voted for it, and did not take its own vote down. When "
        "another candidate of the same epoch asked, it still had a vote to give.",
        reported="NebulaGraph #3415, https://github.com/vesoft-inc/nebula/pull/3415",
        model="quorum",
        promise="one_leader_per_epoch",
        bounds=TWO_VOTERS,
        steps=8,
        obligation="consecution become_leader one_leader_per_epoch",
    ),
    Bug(
        fix=Fix.QUORUM_COUNT_VOTES_OF_EPOCH,
        title="Elected by the votes of the last election",
        story="A candidate that stood again after a timeout counted a vote that had been given to it for the earlier "
        "epoch and came late. The voter had meanwhile voted for somebody else in the new one.",
        reported="little-raft #44, https://github.com/andreev-io/little-raft/issues/44",
        model="quorum",
        promise="one_leader_per_epoch",
        bounds={"Replica": 2, "Epoch": 4, "Offset": 1},
        steps=14,
        obligation="consecution become_leader_by_old_votes one_leader_per_epoch",
    ),
    Bug(
        fix=Fix.QUORUM_COMMIT_OWN_EPOCH,
        title="Raft's figure 8: committed, and overwritten",
        story="A leader replicated a record of an earlier epoch to a quorum and took it for committed. Another voter had "
        "a later record at that offset, in a log that no quorum had but that was the better one: it was elected and "
        "overwrote what was committed. Kafka knew the rule, a leader commits a record of its own epoch first, but was off "
        "by one: to reach the start of the epoch was enough.",
        reported="Ongaro and Ousterhout 2014, figure 8; KAFKA-12619, https://github.com/apache/kafka/pull/10481; "
        "NATS #7955, https://github.com/nats-io/nats-server/pull/7955",
        model="quorum-disks",
        promise="leader_is_complete",
        bounds={"Replica": 3, "Epoch": 4, "Offset": 1, "Value": 1},
        steps=9,
        proof="quorum",
        obligation="consecution commit committed_own_epoch",
    ),
    Bug(
        fix=Fix.QUORUM_LAST_FETCHED_EPOCH,
        title="Records on top of another history",
        story="A leader that had stepped down still had a record that it never committed. The new leader's records were "
        "appended behind it: the offset fitted, and nobody asked for the epoch of the record before. In KRaft a fetch "
        "names the epoch of the last record that the follower has, and the leader answers with the point where they part.",
        reported="lightraft #11, https://github.com/jasonrogena/lightraft/pull/11; akin to it Zeebe #5360, "
        "https://github.com/camunda/camunda/issues/5360 (the old leader's record bore the new epoch, and passed for the new "
        "leader's), and Copycat #265, https://github.com/atomix/copycat/issues/265 (it was not cut off, and committed); the "
        "field is KIP-595's LastFetchedEpoch",
        model="quorum-disks",
        promise="logs_match",
        bounds={"Replica": 3, "Epoch": 2, "Offset": 2, "Value": 1},
        steps=6,
        proof="quorum",
        obligation="consecution acknowledge chosen_stays",
    ),
    Bug(
        fix=Fix.QUORUM_PRE_VOTE,
        title="The voter that comes back and unseats the leader",
        story="A voter that is cut off hears of no leader, stands for the next epoch, and for the next; when its words "
        "get through, the leader and all who follow it must go to its epoch and elect anew, although nobody needed that.",
        reported="KIP-996, https://cwiki.apache.org/confluence/display/KAFKA/KIP-996%3A+Pre-Vote (KAFKA-16164)",
        model="quorum",
        promise="followed_leader_stays",
        bounds={"Replica": 3, "Epoch": 3, "Offset": 1},
        steps=7,
        obligation="consecution become_empty_candidate stood_when_given_up",
    ),
    Bug(
        fix=Fix.QUORUM_FLUSH_BEFORE_FETCH,
        title="Fetched, committed, and not on disk",
        story="A follower fetched on without a flush, and the leader counted the record. A record that was committed by "
        "two of three voters was gone when one of them lost power, and the next leader had never seen it.",
        reported="KAFKA-10533, https://github.com/apache/kafka/pull/9352",
        model="quorum-disks",
        promise="leader_is_complete",
        bounds={"Replica": 3, "Epoch": 2, "Offset": 1, "Value": 1},
        steps=7,
    ),
    Bug(
        fix=Fix.QUORUM_NO_EPOCH_RESUME,
        title="The same epoch, the same offset, another record",
        story="A leader died before its last record was on disk, came back, read in its own notes that it leads the "
        "epoch, and went on. It wrote another record at the offset of the lost one, which a follower had fetched: one "
        "epoch and one offset, two records, and no comparison of logs can tell them apart.",
        reported="KAFKA-10527, https://github.com/apache/kafka/pull/9348; since then a leader comes back resigned",
        model="quorum-disks",
        promise="logs_match",
        bounds={"Replica": 2, "Epoch": 1, "Offset": 1, "Value": 2},
        steps=5,
    ),
    Bug(
        fix=Fix.QUORUM_VOTER_DIRECTORY_ID,
        title="A voter with another disk under the old name",
        story="The disk of a controller was replaced and formatted, and the controller came back as the voter that it "
        "had been. It had forgotten its votes and every record that it had acknowledged; it voted a second time in the "
        "same epoch.",
        reported="KAFKA-14077 and KIP-856, solved by the directory ids of KIP-853, "
        "https://cwiki.apache.org/confluence/display/KAFKA/KIP-856%3A+KRaft+Disk+Failure+Recovery",
        model="quorum-disks",
        promise="one_leader_per_epoch",
        bounds={"Replica": 3, "Epoch": 2, "Offset": 1, "Value": 1},
        steps=3,
    ),
    Bug(
        fix=Fix.QUORUM_ONE_VOTER_A_CHANGE,
        title="From one set of voters to another in one leap",
        story="The voters were changed by several at once. A majority of the new set committed records, and a majority "
        "of the old set, which has no voter in common with it, elected a leader that lacked them.",
        reported="akka-raft #49, https://github.com/ktoso/akka-raft/issues/49; async-raft #62, "
        "https://github.com/async-raft/async-raft/issues/62; Ongaro and Ousterhout 2014, section 6; KIP-853",
        model="quorum-voters",
        promise="leader_is_complete",
        bounds={"Replica": 3, "Epoch": 2, "Offset": 2},
        steps=7,
    ),
    Bug(
        fix=Fix.QUORUM_ONE_CHANGE_AT_A_TIME,
        title="A second change on top of one that may still fail",
        story="A leader began a change of voters while the last was not committed. Each of them changed one voter, and "
        "each was harmless; together they were a leap.",
        reported="NuRaft #67, https://github.com/eBay/NuRaft/pull/67 (a new leader made a change of its own and left its "
        "predecessor's, which was not committed, out of account); KIP-853, https://cwiki.apache.org/confluence/"
        "display/KAFKA/KIP-853%3A+KRaft+Controller+Membership+Changes",
        model="quorum-voters",
        promise="leader_is_complete",
        bounds={"Replica": 3, "Epoch": 2, "Offset": 3},
        steps=8,
    ),
    Bug(
        fix=Fix.QUORUM_CHANGE_AFTER_OWN_COMMIT,
        title="Two leaders by two changes, each of one voter",
        story="Of four voters one leader removed the fourth, and no one else heard of it; the next leader, which had not "
        "heard of it, removed the third. The majorities of the two sets do not meet. It was in the dissertation and in "
        "the implementations that followed it: a leader must commit a record of its own epoch before it changes voters.",
        reported="Ongaro on raft-dev, 2015, https://groups.google.com/forum/#!topic/raft-dev/t4xj6dJTP6E; Copycat #23, "
        "https://github.com/atomix/copycat/issues/23; braft #182, https://github.com/baidu/braft/issues/182",
        model="quorum-voters",
        promise="one_leader_per_epoch",
        bounds={"Replica": 4, "Epoch": 3, "Offset": 1},
        steps=6,
    ),
    Bug(
        fix=Fix.QUORUM_REMOVED_LEADER_NOT_COUNTED,
        title="The removed leader counts itself",
        story="A leader that had removed itself went on until that was committed, as it should, and took its own log for "
        "one of the voters'. What it committed thereby a majority of the voters did not have, and one of them led next.",
        reported="KAFKA-16530, https://github.com/apache/kafka/pull/16079; Zeebe #15232, "
        "https://github.com/camunda/camunda/pull/15232",
        model="quorum-voters",
        promise="leader_is_complete",
        bounds={"Replica": 2, "Epoch": 2, "Offset": 3},
        steps=9,
    ),
)
