"""Bugs of consumer groups and their offsets."""

from __future__ import annotations

from tautolog_spec.exhibits.bug import Bug
from tautolog_spec.fixes import Fix

KIPS = "https://cwiki.apache.org/confluence/display/KAFKA"
PULLS = "https://github.com/apache/kafka/pull"

CLASSIC: tuple[Bug, ...] = (
    Bug(
        fix=Fix.GROUP_GENERATION_FENCE,
        title="A commit of a generation that is over",
        story="A commit was accepted whatever generation it carried: so did the first coordinator for a group that it had just "
        "taken over, and so, for years, did every coordinator with transactional offset commits, whose requests named no "
        "generation at all. A late commit then stands where the new owner's should, and nobody notices.",
        reported=f"KIP-447, {KIPS}/KIP-447%3A+Producer+scalability+for+exactly+once+semantics; the discussion of KAFKA-2555, "
        f"{PULLS}/221",
        model="groups",
        promise="no_zombie_commits",
        bounds={"Member": 2, "Generation": 2, "Partition": 1, "Offset": 1},
        steps=11,
        obligation="consecution commit no_zombie_commits",
    ),
    Bug(
        fix=Fix.STATIC_MEMBER_FENCE,
        title="Two processes with one group.instance.id",
        story="A static member's successor takes its place without a rebalance, so both are in the same generation and the "
        "generation tells them apart no more. Unless the coordinator compares the member id, too, the old process, which "
        "was believed dead, goes on to commit beside the new one.",
        reported=f"KIP-345, {KIPS}/KIP-345%3A+Introduce+static+membership+protocol+to+reduce+consumer+rebalances; "
        f"KAFKA-8225, {PULLS}/6650",
        model="groups",
        promise="no_zombie_commits",
        bounds={"Member": 2, "Generation": 1, "Partition": 1, "Offset": 1},
        steps=9,
        obligation="consecution commit no_zombie_commits",
    ),
    Bug(
        fix=Fix.OFFSET_COMMIT_ORDER,
        title="A retried commit rewinds the offset",
        story="An asynchronous commit failed and was sent again, while a later one had already gone through. The coordinator "
        "keeps what comes last, so the committed offset moved back, and whoever got the partition next did the work again. "
        "Kafka's own client never retries such a commit for this reason; a framework above it did.",
        reported="Spring Kafka GH-2076, https://github.com/spring-projects/spring-kafka/pull/2088",
        model="groups",
        promise="offsets_never_go_back",
        bounds={"Member": 1, "Generation": 1, "Partition": 1, "Offset": 2},
        steps=13,
        obligation="consecution commit current_request_advances",
    ),
    Bug(
        fix=Fix.OFFSET_RESET_NEW_PARTITIONS,
        title="New partitions, read from their end",
        story="Partitions were added to a topic. Producers found them at once, the group when it next refreshed its "
        "metadata. There was no committed offset for them, auto.offset.reset was latest, so the group began behind all "
        "that had been written in between, and then committed past it. Nothing was logged.",
        reported=f"KAFKA-12261, {PULLS}/10167; KAFKA-12478 and KIP-842; KIP-1327, "
        f"{KIPS}/KIP-1327%3A+Prevent+Hot+Data+Loss+on+Partition+Expansion+for+Reset+Offset+Policy",
        model="groups",
        promise="at_least_once",
        bounds={"Member": 1, "Generation": 1, "Partition": 1, "Offset": 1},
        steps=6,
        obligation="consecution sync done_processed",
    ),
    Bug(
        fix=Fix.KIP_211_ACTIVE_GROUP_OFFSETS,
        title="The offset of a quiet partition expires",
        story="Each committed offset had a time to live of its own. Where a partition was quiet for longer, nobody committed, "
        "its offset expired though its owner was alive and well, and at the next rebalance the new owner began wherever the "
        "reset policy said: with the oldest record or behind the newest.",
        reported=f"KIP-211, {KIPS}/KIP-211%3A+Revise+Expiration+Semantics+of+Consumer+Group+Offsets (KAFKA-4682)",
        model="groups",
        promise="offsets_never_go_back",
        bounds={"Member": 1, "Generation": 1, "Partition": 1, "Offset": 1},
        steps=9,
        obligation="consecution expire_offset offsets_never_go_back",
    ),
    Bug(
        fix=Fix.REVOKE_BEFORE_ASSIGN,
        title="Given away before it was given up",
        story="Cooperative members keep consuming through a rebalance, so an assignor may not give what one of them claims to "
        "another in that same generation. The cooperative sticky assignor once did: a partition was taken from one member "
        "and given to another in a single round, and the new owner began before the old one had revoked.",
        reported=f"KIP-429, {KIPS}/KIP-429%3A+Kafka+Consumer+Incremental+Rebalance+Protocol; KAFKA-14639, {PULLS}/13550",
        model="groups",
        promise="one_owner",
        bounds={"Member": 2, "Generation": 2, "Partition": 1, "Offset": 0},
        steps=7,
        obligation="consecution complete assigned_is_free",
    ),
    Bug(
        fix=Fix.REJOIN_DROPS_PARTITIONS,
        title="A lost member id, and partitions that were kept",
        story="A consumer that lost its membership while it was joining joined again under a new member id, but its partitions "
        "were dropped only when a rebalance began, not when the membership was lost. So it went on with partitions that "
        "belonged to others, and claimed them towards the cooperative assignor, which then saw two owners of one partition.",
        reported=f"KAFKA-12983, {PULLS}/10986; KAFKA-12984, {PULLS}/10985",
        model="groups",
        promise="one_owner",
        bounds={"Member": 2, "Generation": 1, "Partition": 1, "Offset": 0},
        steps=6,
        obligation="consecution join one_owner",
    ),
    Bug(
        fix=Fix.REBALANCE_TIMEOUT,
        title="The rebalance that waits for ever",
        story="Since heartbeats come from a thread of their own, a member whose processing hangs stays alive for the "
        "coordinator and never joins the rebalance that the others wait in. Only a limit on the rebalance itself, and on the "
        "time between two polls, frees its partitions.",
        reported=f"KIP-62, {KIPS}/KIP-62%3A+Allow+consumer+to+send+heartbeats+from+a+background+thread",
        model="groups",
        promise="converges",
        bounds={"Member": 2, "Generation": 3, "Partition": 1, "Offset": 0},
        steps=5,
    ),
    Bug(
        fix=Fix.STICKY_ASSIGNMENT,
        title="One rebalance leads to the next",
        story="An assignor that takes a partition from a member though nobody is new makes that member revoke it and join "
        "again, which is the next rebalance, in which it may do the same. The sticky assignor gave up stickiness for balance "
        "where it need not, and its test for balance was wrong; a user counted hundreds of rebalances in ten minutes. The "
        "trace ends where the two generations that suffice are used up, and a member asks for a third.",
        reported=f"KAFKA-15106, {PULLS}/13920; KAFKA-8767 (KIP-54)",
        model="groups",
        promise="converges",
        bounds={"Member": 2, "Generation": 3, "Partition": 2, "Offset": 0},
        steps=13,
        nightly=True,
    ),
)

CONSUMER_PROTOCOL: tuple[Bug, ...] = (
    Bug(
        fix=Fix.KIP_848_WITHHOLD_UNRELEASED,
        title="The whole target at once",
        story="A broker answered each heartbeat with the member's full target assignment. The new owner of a partition had it "
        "before the former one, who was still at work, had even been asked to give it up. A model of its reconciliation "
        "found it.",
        reported="crabka, https://github.com/robot-head/crabka/pull/521; KIP-848",
        model="groups-848",
        promise="released_before_given",
        bounds={"Member": 2, "Epoch": 2, "Partition": 1, "Offset": 0},
        steps=6,
        obligation="consecution advance released_before_given",
    ),
    Bug(
        fix=Fix.KAFKA_16147_PARTITION_EPOCH,
        title="A partition that is taken away and given back",
        story="A member was asked to give a partition up, and before the books were closed the target gave the partition back "
        "to it. The coordinator wrote down that it was given, and then struck out what had been revoked: the same partition. "
        "For its books it was nobody's, so the next target that named another gave it away beside its owner.",
        reported=f"KAFKA-16147, {PULLS}/15212",
        model="groups-848",
        promise="released_before_given",
        bounds={"Member": 2, "Epoch": 4, "Partition": 1, "Offset": 0},
        steps=14,
        obligation="consecution advance given_to_members",
    ),
    Bug(
        fix=Fix.MEMBER_EPOCH_FENCE,
        title="A commit from a former life",
        story="A member that was fenced joins again under the same member id. Without a look at the epoch of a commit, one "
        "that it sent before, for a partition that is now another's or nobody's, is as good as any.",
        reported="KIP-848, fencing by STALE_MEMBER_EPOCH; KAFKA-19779",
        model="groups-848",
        promise="no_zombie_commits",
        bounds={"Member": 1, "Epoch": 3, "Partition": 1, "Offset": 1},
        steps=9,
        obligation="consecution commit no_zombie_commits",
    ),
    Bug(
        fix=Fix.KIP_1251_ASSIGNMENT_EPOCH,
        title="The epoch is right, the partition is gone",
        story="A commit was accepted if it named its sender's epoch. But while the target lags behind the group epoch, a member "
        "that was fenced and joins again gets the very epoch that it had, without its partitions; and two revocations in a "
        "row free a partition while its former owner's epoch stays (KAFKA-19974). A late commit, from a connection that was "
        "lost meanwhile, then overwrites the new owner's. KIP-1251 compares the epoch in which the member was given the "
        "partition; Kafka 4.3.0 does so only if the member epochs differ, and still lets the commit of this trace through.",
        reported=f"KIP-1251, {KIPS}/KIP-1251%3A+Assignment+epochs+for+consumer+groups; KAFKA-19779; KIP-1263, "
        f"{KIPS}/KIP-1263%3A+Group+Coordinator+Assignment+Batching+and+Offload; KAFKA-19974, {PULLS}/21107",
        model="groups-848",
        promise="no_zombie_commits",
        bounds={"Member": 1, "Epoch": 3, "Partition": 1, "Offset": 1},
        steps=10,
        obligation="consecution commit no_zombie_commits",
    ),
)

EXHIBITS: tuple[Bug, ...] = (*CLASSIC, *CONSUMER_PROTOCOL)
