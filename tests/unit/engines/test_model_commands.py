"""`prove`, `explore`, `conform`: what they print, how they end, and the sentence for a wrong name."""

import json

import pytest
from click.testing import CliRunner

from support.small_models import TOKEN
from tautolog.cli.main import tautolog
from tautolog_checkers.model.conform.traces import emit
from tautolog_checkers.model.explore.search import explore
from tautolog_spec import models
from tautolog_spec.bugs import bug
from tautolog_spec.models import MODULES, load

SMALL = {"Replica": 2, "Epoch": 2, "Offset": 1}


@pytest.fixture
def token(monkeypatch):
    """The token model under the name of one that is known, so that proofs take no time."""
    monkeypatch.setattr(models, "MODULES", {"token": "token"})
    monkeypatch.setattr(models, "load", lambda name: TOKEN if name == "token" else load(name))


def run(*arguments):
    result = CliRunner().invoke(tautolog, [str(one) for one in arguments], standalone_mode=False)
    return (result.exception or result.return_value), result.output


def test_prove_prints_a_table(token):
    code, output = run("prove")
    assert code == 0
    assert output.split("\t")[:3] == ["token", "7", "7"]


def test_prove_prints_the_counterexample(token):
    code, output = run("prove", "--without", "ONE_HOLDER")
    assert code == 1
    assert "token: consecution grant exclusive fails" in output
    assert "after:  holder: +node" in output


def test_prove_as_json(token):
    code, output = run("prove", "token", "--json")
    (one,) = json.loads(output)["models"]
    assert code == 0
    assert {key: one[key] for key in ("name", "obligations", "proved", "failed")} == {
        "name": "token",
        "obligations": 7,
        "proved": 7,
        "failed": 0,
    }


def test_prove_writes_smtlib(token, tmp_path):
    code, output = run("prove", "--smtlib", tmp_path / "out")
    assert code == 0
    assert output.startswith(f"{tmp_path / 'out'}: 7 files of token\ntoken\t7\t7\t")
    files = list((tmp_path / "out").glob("*.smt2"))
    assert len(files) == 7
    assert all(f"(set-info :status {'sat' if 'vacuity' in one.name else 'unsat'})" in one.read_text() for one in files)


def test_what_fails_is_not_said_to_hold_in_its_file(tmp_path):
    switch = "COMMIT_AFTER_PROCESSING"
    assert run("prove", "delivery", "delivery", "--without", switch, "--smtlib", tmp_path, "--json")[0] == 1
    failing = tmp_path / f"delivery-{bug(switch).obligation.replace(' ', '-')}.smt2"
    wrong = [one for one in tmp_path.glob("delivery-consecution-*") if "(set-info :status sat)" in one.read_text()]
    assert wrong == [failing]


def test_default_bounds_that_show_nothing_give_way_to_the_museum_s():
    code, output = run("explore", "kip-320", "--without", "KIP_279_EPOCH_LOOKUP")
    assert code == 1
    assert "too few to show it; now with the museum's Replica=3 LogSize=2 MaxRecords=2 MaxLeaderEpoch=2" in output
    assert f"takes {bug('KIP_279_EPOCH_LOOKUP').steps} steps" in output
    code, output = run("explore", "quorum", "Replica=2", "--without", "QUORUM_UP_TO_DATE_VOTE")
    assert code == 0
    assert "the museum shows it with tautolog explore quorum-disks --bound Replica=3" in output


def test_a_trace_of_a_bug_is_rejected_where_the_fix_forbids_its_action(tmp_path):
    trace = tmp_path / "trace.jsonl"
    assert run("explore", "replication", "--without", "KIP_106_CLEAN_ELECTION", "--trace", trace)[0] == 1
    assert run("conform", trace, "--without", "KIP_106_CLEAN_ELECTION")[0] == 0
    code, output = run("conform", trace)
    assert code == 1
    assert "elect_uncleanly is not possible, the model has it only without KIP_106_CLEAN_ELECTION" in output


@pytest.mark.parametrize("name", MODULES)
def test_a_trace_without_bounds_is_told_which_are_wanted(name, tmp_path):
    trace = tmp_path / "trace.jsonl"
    trace.write_text(json.dumps({"model": name, "bounds": {}}))
    error, _ = run("conform", trace)
    assert error.exit_code == 64
    assert f"model {name} also needs a bound for " in error.message
    assert all(bound in error.message for bound in load(name).bound_names())


def test_prove_that_does_not_know_ends_with_two(token, monkeypatch):
    import z3

    monkeypatch.setattr(z3.Solver, "check", lambda *_: z3.unknown)
    code, output = run("prove")
    assert code == 2
    assert "consecution grant exclusive is unknown" in output


def test_explore_takes_bounds_in_a_row():
    arguments = ("--bound", "Replica=3", "LogSize=2", "MaxRecords=2", "MaxLeaderEpoch=1")
    code, output = run("explore", "kip-320", *arguments, "--json")
    found = json.loads(output)
    assert code == 0
    assert (found["distinct"], found["depth"], found["verdict"], found["trace"]) == (39_619, 22, "holds", None)


def test_explore_prints_and_draws_the_trace(tmp_path):
    page = tmp_path / "page.html"
    bounds = [f"{name}={number}" for name, number in SMALL.items()]
    code, output = run("explore", "replication", *bounds, "--without", "KIP_101_TRUNCATE_BY_EPOCH", "--html", page)
    assert code == 1
    assert "the shortest way there takes 9 steps" in output
    text = page.read_text(encoding="utf-8")
    assert text.count("<circle") >= 9
    assert "http" not in text


def test_where_nothing_is_broken_the_page_says_what_was_explored(tmp_path):
    page, trace = tmp_path / "page.html", tmp_path / "trace.jsonl"
    code, output = run("explore", "quorum", "Replica=2", "--html", page, "--trace", trace, "--json")
    assert code == 0
    assert f"{trace}: not written, no promise is broken (the verdict is holds)" in output
    assert '"distinct": 1380' in output
    assert list(tmp_path.iterdir()) == [page]
    text = page.read_text(encoding="utf-8")
    assert "every promise holds" in text
    assert "All 1,380 states of Replica = 2, " in text
    assert "<li>An epoch has at most one leader.</li>" in text
    assert run("explore", "quorum", "Replica=2", "--limit", "10", "--html", page)[0] == 2
    assert "Of Replica = 2, " in page.read_text(encoding="utf-8")


def test_explore_that_gives_up_ends_with_two():
    assert run("explore", "replication", "--limit", "10")[0] == 2


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("explore", "nothing"), "there is no model nothing; there are kip-320, replication"),
        (("explore", "replication", "Replicas=2"), "no bound Replicas; it has Replica, Offset, Epoch"),
        (("explore", "replication", "Replica"), "Replica: a bound is written SORT=NUMBER"),
        (("explore", "kip-320", "--without", "X"), "no fix X; it has ISR_AFTER_EPOCH_START"),
        (("explore", "replication", "Replica=2", "Replica=3"), "bound Replica is given twice: 2 and 3"),
        (("explore", "replication", "Replica=" + "9" * 5000), "a bound is written SORT=NUMBER"),
        (("explore", "replication", "Replica=0"), "at least 1 is wanted"),
        (("explore", "replication", "Replica=-1"), "a bound is written SORT=NUMBER"),
        (("explore", "replication", "Replica=40"), "with Replica=40 Epoch=2 Offset=2 is too large"),
        (("explore", "replication", "Epoch=2000"), "is too large for a search of states"),
        (("explore", "quorum", "Replica=40"), "bound Replica is 40, and at most 12 is possible"),
        (("explore", "replication", "Replica=9", "--symmetric"), "362880 or more renamings are too many"),
        (("explore", "replication", "--walk", "1", "--json"), "--json belongs to a search"),
        (("explore", "replication", "--steps", "1"), "--steps says how far to --walk"),
        (("prove", "quorum", "--timeout", "nan"), "a number of seconds is wanted"),
        (("prove", "quorum", "--smtlib", "x", "--bounded", "1"), "--smtlib writes what induction asks"),
        (("prove", "delivery", "--smtlib", "/dev/null/x"), "/dev/null/x: Not a directory"),
        (("explore", "kip-320", "--bound", "Replica"), "Replica=3; there are Replica, LogSize, MaxRecords"),
        (("prove", "nothing"), "there is no model nothing"),
        (("prove", "kip-320"), "explored, not proved"),
        (
            ("prove", "--without", "X"),
            "no model that is proved has the fix X; there are ALTER_PARTITION_EPOCH, ",
        ),
        (("conform", "/nowhere"), "/nowhere: No such file"),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(arguments, words):
    error, _ = run(*arguments)
    assert error.exit_code == 64
    assert words in str(error.message)


def test_conform_tells_the_line(tmp_path):
    broken = load("replication").without("KIP_101_TRUNCATE_BY_EPOCH")
    lines = emit("replication", SMALL, explore(broken, SMALL).trace, states=True)
    path = tmp_path / "trace.jsonl"
    path.write_text("\n".join(lines), encoding="utf-8")
    code, output = run("conform", path)
    assert code == 1
    assert "line 10 is impossible in replication: after become_follower" in output
    code, output = run("conform", path, "--without", "KIP_101_TRUNCATE_BY_EPOCH")
    assert (code, output) == (0, f"{path}: 9 events, a behaviour of replication\n")
