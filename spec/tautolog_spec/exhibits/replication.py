"""Bugs of partition replication."""

from __future__ import annotations

from tautolog_spec.exhibits.bug import Bug
from tautolog_spec.fixes import Fix

KIP_320 = {"Replica": 3, "LogSize": 2, "MaxRecords": 2, "MaxLeaderEpoch": 1}

EXHIBITS: tuple[Bug, ...] = (
    Bug(
        fix=Fix.KIP_101_TRUNCATE_BY_EPOCH,
        title="A follower forgets what the whole ISR had",
        story="A follower that began to follow cut its log at its own high watermark, which lags one fetch behind the "
        "leader's. It dropped a record that was committed; when it was elected next, the record was gone everywhere.",
        reported="KIP-101, https://cwiki.apache.org/confluence/display/KAFKA/KIP-101 (KAFKA-1211)",
        model="kip-320",
        promise="strong_isr",
        bounds=KIP_320,
        steps=11,
    ),
)
