"""The switches: each fix that a replicated log once lacked, by the name that models, broker and simulator share."""

from __future__ import annotations

from enum import StrEnum


class Fix(StrEnum):
    """What was changed, named after the proposal or the mechanism that changed it. Every fix is in unless taken out."""

    KIP_101_TRUNCATE_BY_EPOCH = "KIP_101_TRUNCATE_BY_EPOCH"
    KIP_279_EPOCH_LOOKUP = "KIP_279_EPOCH_LOOKUP"
    KIP_320_FENCED_TRUNCATION = "KIP_320_FENCED_TRUNCATION"
    KIP_320_FENCED_HIGH_WATERMARK = "KIP_320_FENCED_HIGH_WATERMARK"
    ISR_AFTER_EPOCH_START = "ISR_AFTER_EPOCH_START"
    ISR_MAXIMALITY = "ISR_MAXIMALITY"
    ALTER_PARTITION_EPOCH = "ALTER_PARTITION_EPOCH"

    QUORUM_UP_TO_DATE_VOTE = "QUORUM_UP_TO_DATE_VOTE"
    QUORUM_VOTE_PERSISTED = "QUORUM_VOTE_PERSISTED"
    QUORUM_COMMIT_OWN_EPOCH = "QUORUM_COMMIT_OWN_EPOCH"
