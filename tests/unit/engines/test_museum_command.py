"""`museum`, and what `explore` writes: lassos, pictures, traces and walks."""

import json

import attrs
import pytest
from click.testing import CliRunner

from support.small_models import TOKEN
from tautolog.cli.main import tautolog
from tautolog_checkers.model.explore.liveness import check_liveness
from tautolog_checkers.model.explore.search import explore, with_liveness
from tautolog_checkers.model.picture import picture
from tautolog_checkers.model.tables import cycle_lines
from tautolog_spec import bugs, models
from tautolog_spec.bugs import MUSEUM, Bug, Fix
from tautolog_spec.language import TRUE, Liveness
from tautolog_spec.language.models import LanguageError

KIP_101 = "KIP_101_TRUNCATE_BY_EPOCH"


def run(*arguments):
    result = CliRunner().invoke(tautolog, [str(one) for one in arguments], standalone_mode=False)
    return (result.exception or result.return_value), result.output


@pytest.fixture
def token(monkeypatch):
    """The token model in place of every other."""
    monkeypatch.setattr(models, "load", lambda _: attrs.evolve(TOKEN, name="token"))


def test_the_table_has_a_row_for_every_bug():
    code, output = run("museum")
    rows = [line.split("\t") for line in output.splitlines()]
    assert code == 0
    assert [(row[0], row[1], row[2], row[3]) for row in rows] == [
        (str(one.fix), one.model, one.promise, str(one.steps)) for one in MUSEUM
    ]
    assert all(row[4] == (one.failing or "-") for row, one in zip(rows, MUSEUM, strict=True))
    assert "consecution vote chosen_votes (of quorum)" in output


def test_the_table_as_json():
    code, output = run("museum", "--json")
    found = json.loads(output)["bugs"]
    assert code == 0
    assert [one["switch"] for one in found] == [str(one.fix) for one in MUSEUM]
    assert set(found[0]) == {
        *("switch", "title", "story", "reported", "model", "promise", "bounds", "steps", "obligation", "proof"),
    }
    proofs = {one["switch"]: one["proof"] for one in found}
    assert proofs["QUORUM_UP_TO_DATE_VOTE"] == "quorum"
    assert proofs[KIP_101] == "replication"
    assert proofs["KIP_279_EPOCH_LOOKUP"] is None


def test_a_proof_that_fails_in_another_model_is_asked_for_there():
    code, output = run("museum", "QUORUM_UP_TO_DATE_VOTE")
    assert code == 0
    assert "this obligation of quorum fails: consecution vote chosen_votes" in output
    assert "tautolog prove quorum --without QUORUM_UP_TO_DATE_VOTE" in output


def test_a_story_with_its_trace(tmp_path):
    page = tmp_path / "page.html"
    code, output = run("museum", KIP_101, "--html", page)
    one = bugs.bug(KIP_101)
    assert code == 0
    assert one.title in output
    assert one.reported in output
    assert f"the shortest way there takes {one.steps} steps" in output
    assert f"--without {KIP_101}" in output
    assert page.read_text(encoding="utf-8").count('<g class="') == one.steps


def test_a_story_as_json():
    code, output = run("museum", KIP_101, "--json")
    found = json.loads(output)
    assert code == 0
    assert len(found["trace"]) == found["steps"] == bugs.bug(KIP_101).steps
    assert found["cycle"] is None


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("museum", "KIP_1"), f"the museum has no KIP_1; it has {MUSEUM[0].fix}, {MUSEUM[1].fix}"),
        (("museum", "--html", "x.html"), "name its switch"),
        (("museum", KIP_101, "--html", "/nowhere/x.html"), "/nowhere/x.html: No such file"),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(arguments, words):
    error, _ = run(*arguments)
    assert error.exit_code == 64
    assert words in str(error.message)


def test_an_exhibit_that_lies_is_a_bug_of_ours(monkeypatch):
    truth = bugs.bug(KIP_101)
    lie = attrs.evolve(truth, steps=3)
    monkeypatch.setattr(bugs, "MUSEUM", (lie,))
    error, _ = run("museum", KIP_101)
    assert isinstance(error, AssertionError)
    assert f"says 3 steps, and there are {truth.steps}" in str(error)


def test_a_broken_liveness_promise_is_told_with_its_cycle(monkeypatch):
    exhibit = Bug(Fix.KIP_101_TRUNCATE_BY_EPOCH, "t", "s", "r", "token", "all_served", {"Node": 2}, steps=0)
    monkeypatch.setattr(models, "load", lambda _: _Switched())
    monkeypatch.setattr(bugs, "MUSEUM", (exhibit,))
    code, output = run("museum", KIP_101)
    assert code == 0
    assert "0 steps lead to a cycle of 0 in which nobody is starved" in output
    assert "and there everything rests, for ever" in output


class _Switched:
    """The token model, which lets any switch be taken out."""

    def without(self, *_switches):
        return TOKEN.without()


def test_explore_tells_the_lasso(token, tmp_path):
    page, trace = tmp_path / "page.html", tmp_path / "trace.jsonl"
    code, output = run("explore", "token", "Node=2", "--html", page, "--trace", trace, "--json")
    found = json.loads(output)
    assert code == 1
    assert (found["verdict"], found["broken"], found["trace"], found["cycle"]) == ("violated", "all_served", [], [])
    assert "here everything rests" in page.read_text(encoding="utf-8")
    assert trace.read_text(encoding="utf-8").count("\n") == 1
    assert run("explore", "token", "Node=2", "--safety")[0] == 0


def test_exactly_the_documented_keys():
    output = run("explore", "replication", "--json")[1]
    assert set(json.loads(output)) == {
        *("model", "distinct", "depth", "seconds", "verdict", "trace", "cycle", "broken", "never"),
    }


def test_walks_and_traces_conform(tmp_path):
    walk, trace = tmp_path / "walk.jsonl", tmp_path / "trace.jsonl"
    assert run("explore", "replication", "--walk", "3", "--steps", "15", "--trace", walk)[0] == 0
    assert run("conform", walk) == (0, f"{walk}: 15 events, a behaviour of replication\n")
    assert run("explore", "replication", "--without", KIP_101, "--trace", trace)[0] == 1
    assert run("conform", trace, "--without", KIP_101)[0] == 0
    assert run("conform", trace)[0] == 1
    assert "  1  elect(" in run("explore", "replication", "--walk", "3")[1]


def test_the_lasso_is_the_shortest():
    """With one node that is never starved: its first round, which leaves a mark, is the way, and any later one the cycle."""
    promise = Liveness("an_end", TRUE, ~TRUE, ("ask", "grant", "release"), "It ends.", "wishful thinking")
    found = check_liveness(TOKEN, {"Node": 1}, promise).cycle
    assert [event.action for event, _ in found.way.steps] == ["ask", "grant", "release"]
    assert [event.action for event, _ in found.around.steps] == ["ask", "grant", "release"]
    page = picture(TOKEN, found.way, "words", found.around)
    assert 'class="bar"' in page
    assert page.count('<g class="cycle">') == 3
    assert "and from there, for ever:" in "\n".join(cycle_lines(TOKEN, found.way, found.around))


def test_liveness_is_asked_only_where_safety_holds():
    broken = TOKEN.without("ONE_HOLDER")
    found = explore(broken, {"Node": 2})
    assert with_liveness(found, broken, {"Node": 2}) == found
    assert with_liveness(explore(TOKEN, {"Node": 3}), TOKEN, {"Node": 3}, limit=5).verdict == "unknown"


def test_a_promise_that_nobody_made():
    with pytest.raises(LanguageError, match="promises no peace; it has exclusive, token_returns, all_served"):
        TOKEN.promise("peace")
