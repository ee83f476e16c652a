"""A packed log judged block by block: as the exhaustive judge says, wherever it does not ask for the whole."""

import random
from array import array

from support.checker_histories import random_history
from tautolog_checkers.history.packed import APPEND, READ, READ_END, LogBlock
from tautolog_checkers.linearizability.exhaustive import linearizable
from tautolog_checkers.linearizability.log_stream import NeedsAllError, check_blocks
from tautolog_checkers.linearizability.models import load_model


def block(ops):
    rows = []
    for op in sorted(ops, key=lambda op: op.ret):
        if op.f == "append":
            rows.append((APPEND, op.call, op.ret if op.known else -1, op.result if op.known else 0, [op.argument]))
        elif op.known:
            values, end = op.result
            rows.append((READ_END if end else READ, op.call, op.ret, op.argument, list(values)))
    return LogBlock(
        kinds=array("b", [row[0] for row in rows]),
        processes=array("q", [0] * len(rows)),
        partitions=array("q", [3] * len(rows)),
        calls=array("q", [row[1] for row in rows]),
        returns=array("q", [row[2] for row in rows]),
        offsets=array("q", [row[3] for row in rows]),
        counts=array("q", [len(row[4]) for row in rows]),
        values=array("q", [value for row in rows for value in row[4]]),
    )


def test_it_agrees_with_the_exhaustive_judge():
    model = load_model("log")
    answers = {True: 0, False: 0}
    for seed in range(2500):
        chance = random.Random(f"stream{seed}")
        ops = random_history(chance, "log", model.initial, crashes=chance.choice((0, 0, 0.2)))
        try:
            broken, count, _ = check_blocks([block(ops)])
        except NeedsAllError:
            continue
        truth = linearizable(model, [op for op in ops if op.known or op.f == "append"])
        answers[truth] += 1
        assert (broken is None) is truth, (seed, broken, ops)
        assert count <= len(ops)
    assert min(answers.values()) > 100, answers
