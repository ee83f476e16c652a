"""The main job holds, and is seen to fail when the broker is broken on purpose."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tautolog.campaign.demo import sabotage
from tautolog.campaign.demo.breaks import BREAKS


def demo(*arguments, folder):
    command = [sys.executable, "-m", "tautolog", "demo", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False)


def running_brokers(folder):
    found = []
    for process in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = process.read_bytes()
        except OSError:
            continue
        if str(folder).encode() in command:
            found.append(command)
    return found


@pytest.fixture(scope="module")
def held(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo")
    return folder, demo("--out", str(folder / "out"), folder=folder)


def test_holds(held):
    _, result = held
    assert result.returncode == 0, result.stdout + result.stderr
    assert "verdict holds" in result.stdout
    assert re.search(r"acknowledged +6000 orders", result.stdout)
    assert re.search(r"lost +0\b", result.stdout)


def test_leaves_a_history_with_its_faults(held):
    folder, _ = held
    events = [json.loads(line) for line in (folder / "out" / "history.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [event["f"] for event in events if event["process"] == "nemesis"] == ["kill", "restart"]
    sent = [event["value"] for event in events if event["f"] == "send" and event["type"] == "ok"]
    assert sum(map(len, sent)) == 6000


def test_leaves_a_page_without_outside_links(held):
    folder, _ = held
    page = (folder / "out" / "history.html").read_text(encoding="utf-8")
    links = re.findall(r"https?://[^\s\"'<>]*", page)
    assert all(link.startswith("http://www.w3.org/") for link in links), links


def test_leaves_no_process(held):
    folder, _ = held
    assert running_brokers(folder) == []


@pytest.mark.parametrize("name", sorted(BREAKS))
def test_each_defect_is_found(name, tmp_path):
    result = demo("--out", str(tmp_path / "out"), "--break", name, folder=tmp_path)
    assert result.returncode == 1, result.stdout + result.stderr
    assert "verdict violated" in result.stdout
    assert running_brokers(tmp_path) == []


def test_a_folder_of_somebody_else_stays_as_it_is(tmp_path):
    precious = tmp_path / "data" / "thesis.txt"
    precious.parent.mkdir()
    precious.write_text("ten years of work", encoding="utf-8")
    result = demo("--out", ".", folder=tmp_path)
    assert precious.exists()
    assert (result.returncode, result.stderr.count("\n")) == (64, 1)
    assert list(tmp_path.iterdir()) == [precious.parent]


def test_unknown_defect(tmp_path):
    result = demo("--break", "nonsense", folder=tmp_path)
    assert result.returncode == 64
    assert result.stderr.count("\n") == 1
    assert "unsynced-ack" in result.stderr


def test_help_lists_the_defects(tmp_path):
    assert set(BREAKS) == set(sabotage.DEFECTS)
    text = "".join(demo("--help", folder=tmp_path).stdout.split())
    assert all(name in text for name in BREAKS)
