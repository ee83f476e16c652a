"""Every class of anomaly, and the promise that it breaks, in one sentence each: what pages and command lines print."""

from __future__ import annotations

from tautolog_checkers.verdict import Verdict, broken_class

PROMISES: dict[str, str] = {
    "nonlinearizable": "there is an order of effect in which every answer is right, each between its call and its return",
    # sends, polls and transactions
    "inconsistent-offsets": "one offset of a partition holds one record, for everybody and for ever",
    "duplicate": "a record that is sent once stands in its partition once",
    "lost-write": "who reads past a record that was surely written has read it",
    "unseen": "an acknowledged record is read in the end",
    "G1a": "nobody reads a record whose send surely failed",
    "precommitted-read": "what a transaction sends is visible to nobody before it commits, itself included",
    "poll-skip": "a consumer goes on right behind the last record that it read",
    "nonmonotonic-poll": "a consumer does not go back behind what it read",
    "int-poll-skip": "the records of one poll follow each other without a gap",
    "int-nonmonotonic-poll": "the records of one poll go forward",
    "int-send-skip": "the records of one operation stand right behind each other",
    "int-nonmonotonic-send": "the records of one operation stand in the order in which they were sent",
    "nonmonotonic-send": "what a client sends later stands later",
    "G0": "two transactions do not overwrite each other's writes in opposite orders",
    "G0-process": "writes follow the order in which each client made them",
    "G0-realtime": "a write that was acknowledged before another one began stands before it",
    "G1c": "no two transactions have each read what the other sent",
    "G1c-process": "what is read agrees with the order in which each client did things",
    "G1c-realtime": "nobody reads what is only sent afterwards",
    "phantom-read": "every record that is read was sent by somebody",
    "corrupt-payload": "what is read at an offset is what was sent there",
    "unexplained-hole": "no offset is left out without a reason",
    "log-nonlinearizable": "a partition grows at its end only",
    "torn-transaction": "a transaction is seen as a whole or not at all",
    "fractured-read": "who sees a transaction in one partition sees it in the others",
    "G-single": "nobody reads what follows from a write that the same reader missed",
    "G2": "no reads miss each other's writes in a circle",
    "read-beyond-lso": "a reader of committed records stays below the last stable offset",
    "high-watermark-regression": "the high watermark does not go back",
    "committed-offset-regression": "a group is told the offset that it committed last",
    "two-owners": "in one generation a partition has one owner",
    "zombie-write": "a producer that was replaced writes no more",
    "zombie-commit": "a member or a producer that was replaced commits no more",
    "sequence-gap": "an idempotent producer's records stand without a gap",
    "sequence-duplicate": "an idempotent producer's record stands once",
    "consumed-twice": "a group does not get again what it is done with",
    "unprocessed": "every acknowledged record is processed or put in the dead-letter topic",
    "processed-and-dead-lettered": "no record is processed and put in the dead-letter topic, too",
    "effect-applied-twice": "an effect on the outside world is applied once",
    "duplicates-beyond-window": "no more is processed again than was in flight when something broke",
    "order-per-key": "records of one key are processed in their order",
    # a whole run, with a last read of everything
    "broker-failed": "a broker does not stop by itself",
    "unconverged": "left alone, everything comes to rest",
    "vanished": "what was acknowledged or read is still there at the end",
    "committed-unread": "a group does not commit past a record that none of its members was given",
}
"""Class -> the promise, as a sentence without its full stop."""


def broken_promise(verdict: Verdict) -> str | None:
    """The promise that a violated verdict opens with, in words and without its full stop; None for any other verdict."""
    name = broken_class(verdict)
    return None if name is None else PROMISES.get(name, name)
