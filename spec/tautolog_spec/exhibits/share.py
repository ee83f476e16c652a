"""Bugs of share groups (KIP-932), most of them between the change of a leader's memory and the answer of its write."""

from __future__ import annotations

from tautolog_spec.exhibits.bug import Bug
from tautolog_spec.fixes import Fix

SMALLEST = {"Member": 1, "Offset": 1, "Limit": 1, "Epoch": 1}
TWICE_TO_TWO = {"Member": 2, "Offset": 1, "Limit": 2, "Epoch": 1}
JIRA = "https://issues.apache.org/jira/browse/"
PULL = "https://github.com/apache/kafka/pull/"

EXHIBITS: tuple[Bug, ...] = (
    Bug(
        fix=Fix.SHARE_ACKNOWLEDGED_BY_HOLDER,
        title="An acknowledgement after the lock has expired",
        story="A member's lock runs out, the record goes to another member, and then the first one acknowledges it. The "
        "leader looked whether the record was acquired, and kept the former holder's name in it; with the record now in "
        "somebody else's hands the late acknowledgement must be refused.",
        reported="https://github.com/confluentinc/kafka/pull/1214 (the member id of acknowledge, release and lock timeout), "
        "before KIP-932 came to Apache Kafka",
        model="share",
        promise="late_acknowledgement_is_refused",
        bounds=TWICE_TO_TWO,
        steps=4,
        obligation="consecution accept late_acknowledgement_is_refused",
    ),
    Bug(
        fix=Fix.KAFKA_17796_READ_FENCES,
        title="The deposed leader's write comes after the new leader's read",
        story="The share coordinator kept the leader epoch of a read in memory without writing it down. A write of the "
        "deposed leader that arrived later was taken: one member was told that its acknowledgement was taken, while the "
        "new leader, which had read the older state, gave the record to the next.",
        reported=f"KAFKA-17796, {JIRA}KAFKA-17796, {PULL}17580",
        model="share",
        promise="acknowledged_is_final",
        bounds={"Member": 1, "Offset": 1, "Limit": 1, "Epoch": 2},
        steps=5,
        obligation="consecution change_leader fence_is_leader",
    ),
    Bug(
        fix=Fix.KAFKA_18084_ACQUIRE_WHEN_SETTLED,
        title="Acquired by two",
        story="A released record is available in the leader's memory while the release is being written. Another member "
        "acquires it, then the write fails, and the roll-back gives it to the first one again.",
        reported=f"KAFKA-18084, {JIRA}KAFKA-18084, {PULL}17965",
        model="share",
        promise="one_holder",
        bounds=TWICE_TO_TWO,
        steps=4,
        obligation="consecution acquire settling_is_released",
    ),
    Bug(
        fix=Fix.KAFKA_19436_START_AFTER_WRITE,
        title="The start offset passes what may come back",
        story="An acknowledgement that completes moves the start offset over all acknowledged records, among them one "
        "whose own write is still under way. That write fails, and the record, acquired again, lies below the start.",
        reported=f"KAFKA-19436, {JIRA}KAFKA-19436, {PULL}20041",
        model="share",
        promise="start_passes_finished",
        bounds=SMALLEST,
        steps=4,
        obligation="consecution advance start_is_settled",
    ),
    Bug(
        fix=Fix.KAFKA_19476_TIMER_CANCELLED,
        title="The timer that ran after it was cancelled",
        story="The timer of a lock fires just as the acknowledgement is taken. It is cancelled too late, waits for the "
        "leader's lock, and makes the record available, though it is acknowledged and the member was told so.",
        reported=f"KAFKA-19476 (third part), {JIRA}KAFKA-19476, {PULL}20286",
        model="share",
        promise="acknowledged_is_final",
        bounds=SMALLEST,
        steps=5,
        obligation="consecution expire_late told_is_acknowledged",
    ),
    Bug(
        fix=Fix.KAFKA_19476_TIMEOUT_NOTED,
        title="Acquired for ever",
        story="A lock's timer fires while an acknowledgement is being written, finds the record not acquired, and is gone. "
        "The write fails; the record is acquired again, without a timer, by a member that may be dead.",
        reported=f"KAFKA-19476 (second part), {JIRA}KAFKA-19476, {PULL}20286",
        model="share",
        promise="everything_ends",
        bounds=SMALLEST,
        steps=4,
        obligation="consecution expire settling_has_timer",
    ),
    Bug(
        fix=Fix.KAFKA_19476_LIMIT_AFTER_TIMEOUT,
        title="One delivery too many",
        story="The lock of a record's last delivery runs out while its acknowledgement is being written, and the write "
        "fails. The record became available without a look at the limit.",
        reported=f"KAFKA-19476, {JIRA}KAFKA-19476, {PULL}20310",
        model="share",
        promise="within_delivery_limit",
        bounds=SMALLEST,
        steps=5,
        obligation="consecution fail available_within_limit",
    ),
    Bug(
        fix=Fix.KAFKA_19859_START_NEVER_BACK,
        title="The start offset falls back",
        story="Old records are deleted, and the start offset moves past them. Then one of them that was in flight is "
        "acknowledged, and the start offset becomes the one after it, before where it was.",
        reported=f"KAFKA-19859, {JIRA}KAFKA-19859, {PULL}20823",
        model="share",
        promise="start_never_falls",
        bounds={"Member": 1, "Offset": 2, "Limit": 1, "Epoch": 1},
        steps=5,
        obligation="consecution set_start start_never_falls",
    ),
    Bug(
        fix=Fix.KAFKA_19972_SESSION_COUNTS,
        title="The record that kills its members",
        story="When a session ended, what it held was released and the delivery count was lowered, as nobody might have "
        "looked at the records. A record that crashes whoever reads it was delivered again and again, and never archived.",
        reported=f"KAFKA-19972, {JIRA}KAFKA-19972, {PULL}21092; the lowering came with KAFKA-17541, {PULL}19430",
        model="share",
        promise="everything_ends",
        bounds=SMALLEST,
        steps=3,
        obligation="consecution end_session_uncounted stored_counts_behind",
    ),
)
