"""What does not hold leaves its history and its picture behind, and says which promise it broke and how to play it again."""

import json

import attrs
import pytest

from tautolog.campaign.run import Result
from tautolog.cli import simulate
from tautolog_checkers.delivery.judge import judge_delivery
from tautolog_checkers.history.jsonl import read_lines
from tautolog_checkers.history.problems import Problems
from tautolog_checkers.kafka.judge import judge_kafka
from tautolog_checkers.verdict import Outcome, broken_class, joined


def history(*, lost):
    lines = []

    def add(process, kind, f, value, **extra):
        lines.append(
            {"index": len(lines), "time": 0, "process": process, "type": kind, "f": f, "value": value, **extra}
        )

    for offset in range(2):
        add(0, "invoke", "send", [["send", "x", offset]])
        add(0, "ok", "send", [["send", "x", [offset, offset]]])
    add(1, "invoke", "assign", ["x"], final=True)
    add(1, "ok", "assign", ["x"], final=True)
    add(1, "invoke", "poll", [["poll"]])
    add(1, "ok", "poll", [["poll", {"x": [[offset, offset] for offset in range(2) if not (lost and offset == 0)]}]])
    add("cluster", "info", "final-read", {})
    return "".join(json.dumps(line) + "\n" for line in lines).encode()


def result(*, lost):
    data = history(lost=lost)
    events = read_lines(data, Problems("test"))
    verdicts = (judge_kafka(events), judge_delivery(events))
    together = joined(*verdicts)
    return Result(
        seed=7, profile="calm", fsync="always", outcome=together.outcome, reason=together.reason, digest="0" * 32,
        history=data, events=10, operations=4, virtual_ms=1, steps=1, faults={}, verdicts=verdicts,
    )  # fmt: skip


def test_a_run_that_holds_leaves_nothing_behind(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert result(lost=False).outcome is Outcome.HOLDS
    assert simulate._keep(result(lost=False), None) == (None, None)
    assert list(tmp_path.iterdir()) == []
    path, picture = simulate._keep(result(lost=False), tmp_path)
    assert (path.name, picture) == ("7.jsonl", None)


@pytest.mark.parametrize("out", [None, "runs"])
def test_a_run_that_does_not_leaves_its_history_and_its_picture(out, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "runs").mkdir()
    failed = result(lost=True)
    path, picture = simulate._keep(failed, tmp_path / out if out else None)
    assert path.parent.name == (out or simulate.FALLBACK)
    assert path.read_bytes() == failed.history
    page = picture.read_text(encoding="utf-8")
    assert "<h1>Violated</h1>" in page
    assert "lost-write" in page
    assert "vanished" in page
    simulate._print(failed, path, picture)
    said = capsys.readouterr().out
    assert "seed 7: violated" in said
    assert "  broken promise: what was acknowledged or read is still there at the end\n" in said
    assert "  replay: tautolog simulate --seeds 7..7 --profile calm --fsync always\n" in said
    assert f"  picture: {picture}\n" in said
    assert simulate._fields(failed, path, picture)["picture"] == str(picture)


def test_verdicts_together_are_as_bad_as_the_worst_and_open_with_a_cause():
    kafka, delivery = result(lost=True).verdicts
    together = joined(kafka, delivery)
    assert set(together.forbidden) == {"lost-write", "unseen", "vanished"}
    assert broken_class(together) == "vanished"
    restless = attrs.evolve(delivery, forbidden=("unconverged",), reason="unconverged: x", anomalies={"unconverged": 1})
    assert broken_class(joined(kafka, restless)) == "lost-write"
    assert joined(kafka, restless).witness == kafka.witness
    fine = result(lost=False).verdicts
    assert joined(fine[0], kafka).outcome is Outcome.VIOLATED
    assert joined(*fine).outcome is Outcome.HOLDS
    assert broken_class(joined(*fine)) is None
