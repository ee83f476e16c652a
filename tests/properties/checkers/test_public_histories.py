"""Public histories with known verdicts, where `TAUTOLOG_HISTORIES` names the folder that holds them."""

import csv
import gzip
import json
import os
from pathlib import Path

import pytest

from tautolog_checkers.files import Options, check_file

FOLDER = Path(os.environ.get("TAUTOLOG_HISTORIES", ""))
pytestmark = pytest.mark.skipif(
    not os.environ.get("TAUTOLOG_HISTORIES"), reason="TAUTOLOG_HISTORIES names no folder of public histories"
)
VERDICTS = {"linearizable": "holds", "not-linearizable": "violated", True: "holds", False: "violated"}


def verdict(file, **options):
    return str(check_file(file, Options(**options)).verdict.outcome)


def test_porcupine_logs():
    rows = list(csv.DictReader((FOLDER / "porcupine/manifest.csv").read_text(encoding="utf-8").splitlines()))
    assert len(rows) > 100
    for row in rows:
        file = FOLDER / "porcupine" / row["file"]
        expected = "unknown" if file.stat().st_size == 0 else VERDICTS[row["expected"]]
        assert verdict(file) == expected, row["file"]


def test_knossos_and_elle_cli_histories():
    entries = json.loads((FOLDER / "jepsen/manifest.json").read_text(encoding="utf-8"))
    models = {"cas-register": {}, "mutex": {}, "multi-register": {"initial": '{"x":0,"y":0}'}, "counter": {}, "set": {}}
    judged = 0
    for entry in entries:
        if entry.get("model") in models and "local" in entry:
            file = FOLDER / "jepsen" / entry["local"]
            got = verdict(file, **models[entry["model"]])
            assert got == VERDICTS[entry["expected_valid"]] or (got == "unknown" and ":read" not in file.read_text()), (
                file
            )
            judged += 1
    assert judged > 120


def test_small_queues(tmp_path):
    with gzip.open(FOLDER / "queue/limo_small_queues.jsonl.gz", "rt") as file:
        for number, text in enumerate(file):
            entry = json.loads(text)
            path = tmp_path / f"{number}.log"
            path.write_text("\n".join(entry["events"]) + "\n")
            assert verdict(path, model="queue") == VERDICTS[entry["expected"]], entry["file"]
