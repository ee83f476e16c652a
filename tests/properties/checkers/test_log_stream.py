"""A packed log judged block by block: as the exhaustive judge says, wherever it does not ask for the whole."""

import itertools
import random
from array import array

import pytest

from support.checker_histories import random_history
from tautolog_checkers import Outcome
from tautolog_checkers.files import Options, check_file
from tautolog_checkers.history.packed import APPEND, MAGIC, READ, READ_END, LogBlock, pack_log_block
from tautolog_checkers.history.problems import HistoryError
from tautolog_checkers.linearizability.exhaustive import linearizable
from tautolog_checkers.linearizability.log_stream import NeedsAllError, check_blocks
from tautolog_checkers.linearizability.models import load_model


def columns(rows):
    """(kind, call, return, offset, values) as a block."""
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


def block(ops):
    rows = []
    for op in sorted(ops, key=lambda op: op.ret):
        if op.f == "append":
            rows.append((APPEND, op.call, op.ret if op.known else -1, op.result if op.known else 0, [op.argument]))
        elif op.known:
            values, end = op.result
            rows.append((READ_END if end else READ, op.call, op.ret, op.argument, list(values)))
    return columns(rows)


def agree(most, salt):
    """The streamed judge on `most` histories that it decides; how many of them hold, and how many do not."""
    model = load_model("log")
    answers = {True: 0, False: 0}
    for seed in itertools.count():
        if sum(answers.values()) == most:
            break
        chance = random.Random(f"stream{salt}{seed}")
        ops = random_history(chance, "log", model.initial, crashes=chance.choice((0, 0, 0.2)))
        try:
            broken, count, _ = check_blocks([block(ops)])
        except NeedsAllError:
            continue
        truth = linearizable(model, [op for op in ops if op.known or op.f == "append"])
        answers[truth] += 1
        assert (broken is None) is truth, (seed, broken, ops)
        assert count <= len(ops)
    return answers


def test_it_agrees_with_the_exhaustive_judge():
    answers = agree(2000, "")
    assert min(answers.values()) > 100, answers


@pytest.mark.nightly
def test_it_agrees_on_very_many():
    answers = agree(100_000, "nightly")
    assert min(answers.values()) > 5000, answers


APPENDED, READ_BEFORE = (APPEND, 0, 1, 0, [7]), (READ_END, 2, 3, 0, [])
LEAST = -(1 << 63)


@pytest.mark.parametrize(
    "blocks",
    [
        [[READ_BEFORE, APPENDED]],
        [[READ_BEFORE], [APPENDED]],
        [[(APPEND, 5, 1, 0, [7])]],
        [[(APPEND, 0, -1, 0, [7]), READ_BEFORE]],
        [[(APPEND, 0, 1, 0, [LEAST]), (READ, 2, 3, 0, [5])]],
    ],
)
def test_what_does_not_stand_as_documented_is_left_to_those_who_hold_all_of_it(blocks):
    with pytest.raises(NeedsAllError):
        check_blocks(map(columns, blocks))


def test_in_a_file_too_the_verdict_does_not_depend_on_how_it_is_read(tmp_path):
    for name, rows in {
        "order": [READ_BEFORE, APPENDED],
        "least": [(APPEND, 0, 1, 0, [LEAST]), (READ, 2, 3, 0, [5])],
    }.items():
        file = tmp_path / f"{name}.packed"
        file.write_bytes(MAGIC + pack_log_block(columns(rows)))
        assert check_file(file, Options()).verdict.outcome is Outcome.VIOLATED
    for values in ([], [1, 2]):
        file.write_bytes(MAGIC + pack_log_block(columns([(APPEND, 0, 1, 0, values)])))
        with pytest.raises(HistoryError, match="one value in each append"):
            check_file(file, Options())
