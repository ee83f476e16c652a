"""Why the quorum model keeps its promises."""

from __future__ import annotations

from tautolog_spec.language import Formula, Invariant, Variable, auxiliary, exists, forall, safety
from tautolog_spec.models.quorum.text import (
    Epoch,
    Offset,
    Quorum,
    Replica,
    acknowledged,
    at,
    candidacy,
    committed,
    elected,
    empty_candidacy,
    epoch_has,
    epoch_log,
    gave_up,
    has,
    leads,
    left,
    log,
    member,
    stood,
    voted,
)

RAFT = "Ongaro and Ousterhout 2014"


def given_up(epoch: Variable, quorum: Variable) -> Formula:
    """Some member of the quorum has given the epoch's leader up."""
    return exists(Replica, lambda r: member(r, quorum) & gave_up(epoch, r))


PROMISES: tuple[Invariant, ...] = (
    safety(
        "state_machines_agree",
        forall(
            *(Epoch, Epoch, Offset, Offset, Offset, Epoch, Epoch),
            lambda c, d, p, q, o, e, x: (
                (
                    (committed(c, p) & committed(d, q) & (c < d))
                    & ((o <= p) & (o <= q) & epoch_log(c, o, e) & epoch_log(d, o, x))
                )
                >> (e == x)
            ),
        ),
        meaning="No two leaders commit different records at one offset.",
        source=f"{RAFT}, state machine safety",
    ),
    safety(
        "leader_is_complete",
        forall(
            *(Epoch, Offset, Epoch, Offset, Epoch),
            lambda c, p, d, o, e: (
                (committed(c, p) & elected(d) & (c < d) & (o <= p) & epoch_log(c, o, e)) >> epoch_log(d, o, e)
            ),
        ),
        meaning="Every later leader has every committed record.",
        source=f"{RAFT}, leader completeness",
    ),
    safety(
        "one_leader_per_epoch",
        forall(Epoch, Replica, Replica, lambda e, r, n: (leads(e, r) & leads(e, n)) >> (r == n)),
        meaning="An epoch has at most one leader.",
        source=f"{RAFT}, election safety",
    ),
    safety(
        "logs_match",
        forall(
            *(Replica, Replica, Offset, Epoch, Offset, Epoch),
            lambda r, n, o, e, p, x: (log(r, o, e) & log(n, o, e) & (p <= o)) >> log(r, p, x).iff(log(n, p, x)),
        ),
        meaning="Two logs that have a record in common have all earlier records in common.",
        source=f"{RAFT}, log matching",
    ),
    safety(
        "followed_leader_stays",
        forall(
            *(Epoch, Quorum),
            lambda d, q: given_up(d, q) | forall(Replica, lambda r: leads(d, r) >> (~left(r, d) | gave_up(d, r))),
        ),
        meaning="A leader that does not give up is in office for as long as nobody of some quorum gives it up.",
        source="KIP-996",
    ),
)


def reached(voter: Variable, epoch: Variable) -> Formula:
    """The voter is in the epoch or beyond it."""
    return at(voter, epoch) | left(voter, epoch)


EPOCHS: tuple[Invariant, ...] = (
    auxiliary(
        "one_epoch",
        forall(Replica, Epoch, Epoch, lambda r, e, x: (at(r, e) & at(r, x)) >> (e == x)),
        meaning="A voter is in one epoch at a time.",
    ),
    auxiliary(
        "left_earlier",
        forall(Replica, Epoch, Epoch, lambda r, e, x: (at(r, e) & (x < e)) >> left(r, x)),
        meaning="A voter has left all epochs before its own.",
    ),
    auxiliary(
        "left_only_earlier",
        forall(Replica, Epoch, Epoch, lambda r, e, x: (at(r, e) & left(r, x)) >> (x < e)),
        meaning="A voter has left only epochs before its own.",
    ),
    auxiliary(
        "left_downward",
        forall(Replica, Epoch, Epoch, lambda r, e, x: (left(r, e) & (x < e)) >> left(r, x)),
        meaning="Whoever left an epoch left all before it.",
    ),
)

CANDIDATES: tuple[Invariant, ...] = (
    auxiliary(
        "gave_up_reached",
        forall(Epoch, Replica, lambda e, r: gave_up(e, r) >> reached(r, e)),
        meaning="Nobody gives up an epoch before its time.",
    ),
    auxiliary(
        "gave_up_downward",
        forall(Epoch, Epoch, Replica, lambda d, e, r: (gave_up(e, r) & (d < e)) >> gave_up(d, r)),
        meaning="Whoever gave up an epoch gave up all before it.",
    ),
    auxiliary(
        "stood_when_given_up",
        forall(
            *(Epoch, Quorum),
            lambda d, q: given_up(d, q) | forall(Epoch, Replica, lambda e, r: stood(e, r) >> (e <= d)),
        ),
        meaning="Nobody stands for an epoch after one that a quorum holds to.",
    ),
    auxiliary(
        "stood_gave_up",
        forall(Epoch, Epoch, Replica, lambda d, e, r: (stood(e, r) & (d < e)) >> gave_up(d, r)),
        meaning="Whoever stands has given up all earlier epochs itself.",
    ),
    auxiliary(
        "stood_reached",
        forall(Epoch, Replica, lambda e, r: stood(e, r) >> reached(r, e)),
        meaning="Whoever stands for an epoch has reached it.",
    ),
    auxiliary(
        "candidacy_stood",
        forall(Epoch, Replica, Epoch, Offset, lambda e, r, x, o: candidacy(e, r, x, o) >> stood(e, r)),
        meaning="Candidates stand.",
    ),
    auxiliary(
        "empty_candidacy_stood",
        forall(Epoch, Replica, lambda e, r: empty_candidacy(e, r) >> stood(e, r)),
        meaning="So do those with an empty log.",
    ),
)

ELECTIONS: tuple[Invariant, ...] = (
    auxiliary(
        "one_vote",
        forall(Epoch, Replica, Replica, Replica, lambda e, v, r, n: (voted(e, v, r) & voted(e, v, n)) >> (r == n)),
        meaning="A voter gives one vote an epoch.",
    ),
    auxiliary(
        "voter_reached",
        forall(Epoch, Replica, Replica, lambda e, v, r: voted(e, v, r) >> reached(v, e)),
        meaning="Votes are given in an epoch that the voter has reached.",
    ),
    auxiliary(
        "candidate_reached",
        forall(Epoch, Replica, Replica, lambda e, v, r: voted(e, v, r) >> reached(r, e)),
        meaning="Votes go to candidates that have reached the epoch.",
    ),
    auxiliary(
        "elected_leader",
        forall(Epoch, lambda e: elected(e) >> exists(Replica, lambda r: leads(e, r))),
        meaning="An elected epoch has a leader.",
    ),
    auxiliary(
        "leader_elected",
        forall(Epoch, Replica, lambda e, r: leads(e, r) >> (elected(e) & reached(r, e))),
        meaning="A leader's epoch is elected, and the leader has reached it.",
    ),
    auxiliary(
        "elected_by_quorum",
        forall(
            Epoch,
            lambda e: (
                elected(e)
                >> exists(
                    Quorum,
                    lambda q: forall(Replica, Replica, lambda v, r: (member(v, q) & leads(e, r)) >> voted(e, v, r)),
                )
            ),
        ),
        meaning="A quorum voted for the leader.",
    ),
    auxiliary(
        "candidate_waits",
        forall(
            *(Epoch, Replica, Epoch, Offset, Offset),
            lambda e, r, x, o, p: (
                (candidacy(e, r, x, o) & at(r, e) & ~elected(e)) >> (log(r, o, x) & ((o < p) >> ~has(r, p)))
            ),
        ),
        meaning="Until somebody is elected a candidate's log ends where it said.",
    ),
    auxiliary(
        "empty_candidate_waits",
        forall(Epoch, Replica, Offset, lambda e, r, o: (empty_candidacy(e, r) & at(r, e) & ~elected(e)) >> ~has(r, o)),
        meaning="Or stays empty.",
    ),
)

LOGS: tuple[Invariant, ...] = (
    auxiliary(
        "one_record",
        forall(Replica, Offset, Epoch, Epoch, lambda r, o, e, x: (log(r, o, e) & log(r, o, x)) >> (e == x)),
        meaning="A log has one record at an offset.",
    ),
    auxiliary(
        "record_below_end",
        forall(Replica, Offset, Epoch, lambda r, o, e: log(r, o, e) >> has(r, o)),
        meaning="Records lie below the log end.",
    ),
    auxiliary(
        "no_gaps",
        forall(Replica, Offset, Offset, lambda r, o, p: (has(r, p) & (o < p)) >> has(r, o)),
        meaning="A log has no gaps.",
    ),
    auxiliary(
        "epoch_one_record",
        forall(Epoch, Offset, Epoch, Epoch, lambda d, o, e, x: (epoch_log(d, o, e) & epoch_log(d, o, x)) >> (e == x)),
        meaning="A leader shows one record at an offset.",
    ),
    auxiliary(
        "epoch_record_below_end",
        forall(Epoch, Offset, Epoch, lambda d, o, e: epoch_log(d, o, e) >> epoch_has(d, o)),
        meaning="What a leader shows lies below its log end.",
    ),
    auxiliary(
        "epoch_no_gaps",
        forall(Epoch, Offset, Offset, lambda d, o, p: (epoch_has(d, p) & (o < p)) >> epoch_has(d, o)),
        meaning="What a leader shows has no gaps.",
    ),
    auxiliary(
        "epoch_has_leader",
        forall(Epoch, Offset, lambda d, o: epoch_has(d, o) >> elected(d)),
        meaning="Only leaders show records.",
    ),
    auxiliary(
        "epoch_shows_earlier",
        forall(Epoch, Offset, Epoch, lambda d, o, e: epoch_log(d, o, e) >> (e <= d)),
        meaning="A leader shows records of its own epoch and earlier ones.",
    ),
    auxiliary(
        "record_epoch_reached",
        forall(Replica, Offset, Epoch, lambda r, o, e: log(r, o, e) >> reached(r, e)),
        meaning="A voter has reached the epochs of its records.",
    ),
    auxiliary(
        "record_was_shown",
        forall(Replica, Offset, Epoch, lambda r, o, e: log(r, o, e) >> epoch_log(e, o, e)),
        meaning="Every record was shown by the leader of its epoch.",
    ),
    auxiliary(
        "record_anchors_log",
        forall(
            *(Replica, Offset, Epoch, Offset, Epoch),
            lambda r, o, e, p, x: (log(r, o, e) & (p <= o)) >> log(r, p, x).iff(epoch_log(e, p, x)),
        ),
        meaning="Below a record a log is what the leader of the record's epoch showed.",
    ),
    auxiliary(
        "shown_was_shown_first",
        forall(Epoch, Offset, Epoch, lambda d, o, e: epoch_log(d, o, e) >> epoch_log(e, o, e)),
        meaning="What a leader shows, the leader of the record's epoch showed.",
    ),
    auxiliary(
        "record_anchors_epoch_log",
        forall(
            *(Epoch, Offset, Epoch, Offset, Epoch),
            lambda d, o, e, p, x: (epoch_log(d, o, e) & (p <= o)) >> epoch_log(d, p, x).iff(epoch_log(e, p, x)),
        ),
        meaning="And so it is with all below it.",
    ),
    auxiliary(
        "leader_shows_its_log",
        forall(
            *(Epoch, Replica, Offset, Epoch),
            lambda d, r, o, e: (
                (leads(d, r) & at(r, d)) >> (log(r, o, e).iff(epoch_log(d, o, e)) & has(r, o).iff(epoch_has(d, o)))
            ),
        ),
        meaning="A leader in office has exactly what it has shown.",
    ),
    auxiliary(
        "epoch_log_ascends",
        forall(
            *(Epoch, Offset, Offset, Epoch, Epoch),
            lambda d, o, p, e, x: (epoch_log(d, o, e) & epoch_log(d, p, x) & (o < p)) >> (e <= x),
        ),
        meaning="Epochs never fall along what a leader shows.",
    ),
    auxiliary(
        "epochs_ascend",
        forall(
            *(Replica, Offset, Offset, Epoch, Epoch),
            lambda r, o, p, e, x: (log(r, o, e) & log(r, p, x) & (o < p)) >> (e <= x),
        ),
        meaning="Epochs never fall along a log.",
    ),
)


def blocked(epoch: Variable, offset: Variable, quorum: Variable) -> Formula:
    """Some member of the quorum has left the epoch without acknowledging the record, and so never will."""
    return exists(Replica, lambda r: member(r, quorum) & left(r, epoch) & ~acknowledged(epoch, r, offset))


COMMITMENTS: tuple[Invariant, ...] = (
    auxiliary(
        "acknowledged_shown",
        forall(Epoch, Replica, Offset, lambda d, r, o: acknowledged(d, r, o) >> (reached(r, d) & epoch_has(d, o))),
        meaning="What is acknowledged was shown, to somebody in the epoch.",
    ),
    auxiliary(
        "committed_own_epoch",
        forall(Epoch, Offset, lambda d, o: committed(d, o) >> epoch_log(d, o, d)),
        meaning="A leader commits up to a record of its own epoch.",
    ),
    auxiliary(
        "committed_by_quorum",
        forall(
            *(Epoch, Offset),
            lambda d, o: (
                committed(d, o)
                >> exists(Quorum, lambda q: forall(Replica, lambda r: member(r, q) >> acknowledged(d, r, o)))
            ),
        ),
        meaning="What is committed a quorum has acknowledged.",
    ),
    auxiliary(
        "chosen_stays",
        forall(
            *(Epoch, Offset, Quorum),
            lambda c, o, q: (
                ~epoch_log(c, o, c)
                | blocked(c, o, q)
                | forall(Replica, lambda r: acknowledged(c, r, o) >> log(r, o, c))
            ),
        ),
        meaning="While a quorum may still acknowledge a record, nobody who did has lost it.",
    ),
    auxiliary(
        "chosen_votes",
        forall(
            *(Epoch, Offset, Quorum),
            lambda c, o, q: (
                ~epoch_log(c, o, c)
                | blocked(c, o, q)
                | forall(
                    *(Replica, Epoch, Replica),
                    lambda r, d, n: (
                        (acknowledged(c, r, o) & voted(d, r, n) & (c < d) & ~elected(d) & at(n, d)) >> log(n, o, c)
                    ),
                )
            ),
        ),
        meaning="Nor did anybody who acknowledged it vote for a candidate that lacks it.",
    ),
    auxiliary(
        "chosen_leads",
        forall(
            *(Epoch, Offset, Quorum),
            lambda c, o, q: (
                ~epoch_log(c, o, c)
                | blocked(c, o, q)
                | forall(Epoch, lambda d: (elected(d) & (c < d)) >> epoch_log(d, o, c))
            ),
        ),
        meaning="Nor was a leader elected that lacks it.",
    ),
)

INVARIANTS = (*PROMISES, *EPOCHS, *CANDIDATES, *ELECTIONS, *LOGS, *COMMITMENTS)
