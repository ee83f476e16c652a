"""What the README says can be counted and played again; here it is."""

import gzip
import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
NUMBERS = ("nine", "ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen")


def models():
    from tautolog_spec.models import MODULES, load

    return [load(name) for name in MODULES]


def bugs():
    from tautolog_spec.bugs import MUSEUM

    return MUSEUM


def recorded():
    return list((ROOT / "tests/conformance/recorded").glob("*.json"))


def clients():
    with gzip.open(ROOT / "tests/fixtures/frames/frames.jsonl.gz", "rt", encoding="utf-8") as frames:
        return {json.loads(line)["client"] for line in frames} - {"synthetic"}


@pytest.mark.parametrize(
    ("sentence", "counted"),
    [
        (r"\| (\d+) historical bugs", bugs),
        (r"\| (\d+) conversations held", recorded),
        (r"golden frames of (\d+) clients", clients),
        (r"\[(\w+) models\]", models),
        (r"models\].*?, (\w+) with inductive proofs", lambda: [model for model in models() if model.proved]),
    ],
)
def test_its_figures_are_counted(sentence, counted):
    said = re.search(sentence, README)[1]
    number = int(said) if said.isdecimal() else 9 + NUMBERS.index(said)
    assert number == len(counted())


def test_its_failing_history_is_found_again(tmp_path, monkeypatch):
    from tautolog.cli.main import tautolog

    shown = re.search(r"^\$ tautolog (simulate .*)\n((?:.+\n)+?)```", README, re.MULTILINE)
    monkeypatch.chdir(tmp_path)
    played = CliRunner().invoke(tautolog, shown[1].split(), standalone_mode=False)
    assert played.return_value == 1
    assert played.output.startswith(shown[2])
    replayed = CliRunner().invoke(tautolog, re.search(r"replay: tautolog (.*)", shown[2])[1].split())
    assert replayed.output.startswith(shown[2])
    assert all((tmp_path / path).is_file() for path in re.findall(r"(?:history|picture): (\S+)", shown[2]))
