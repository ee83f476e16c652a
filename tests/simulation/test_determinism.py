"""Same seed, same history, same bytes on disk: across runs, processes, hash seeds, time zones, languages and folders."""

import json
import os
import subprocess
import sys

import pytest

from tautolog.campaign.profiles import PROFILES
from tautolog.campaign.run import Run, run_seed
from tautolog.sim.choices import Recorded, Recording, Seeded
from tautolog.sim.server import Fsync

SEEDS = "3..4"


def simulate(folder, out, **environment):
    folder.mkdir()
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("LC_", "PYTHON"))}
    command = [sys.executable, "-m", "tautolog", "simulate", "--seeds", SEEDS, "--out", str(out), "--json"]
    done = subprocess.run(command, cwd=folder, env=clean | environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    seeds = json.loads(done.stdout)["seeds"]
    return [(one["seed"], one["verdict"], one["digest"]) for one in seeds], [
        (out / f"{one['seed']}.jsonl").read_bytes() for one in seeds
    ]


def test_processes_with_other_surroundings_give_the_same_bytes(tmp_path):
    here = simulate(tmp_path / "a", tmp_path / "out-a", PYTHONHASHSEED="1", TZ="UTC", LANG="C")
    there = simulate(
        tmp_path / "some where else",
        tmp_path / "out-b",
        PYTHONHASHSEED="4242",
        TZ="Asia/Kathmandu",
        LANG="tr_TR.UTF-8",
        LC_ALL="tr_TR.UTF-8",
    )
    assert here == there


@pytest.mark.parametrize("profile", ["default", "process", "disk"])
def test_runs_in_one_process_leave_nothing_behind_for_the_next(profile):
    first = run_seed(21, PROFILES[profile])
    run_seed(22, PROFILES[profile])
    again = run_seed(21, PROFILES[profile])
    assert (first.history, first.digest) == (again.history, again.digest)


def test_another_seed_is_another_run():
    assert run_seed(21, PROFILES["calm"]).digest != run_seed(22, PROFILES["calm"]).digest


def test_a_recorded_run_replays_to_the_byte():
    recording = Recording(Seeded(31))
    original = Run(recording, PROFILES["default"], Fsync.ALWAYS, seed=31).execute()
    replayed = Run(Recorded(recording.decisions), PROFILES["default"], Fsync.ALWAYS, seed=31).execute()
    assert (replayed.history, replayed.digest) == (original.history, original.digest)


def test_the_digest_covers_the_disk_too(monkeypatch):
    plain = run_seed(23, PROFILES["calm"])
    monkeypatch.setattr("tautolog.sim.disk.SimDisk.digest", lambda self: "other bytes")
    other = run_seed(23, PROFILES["calm"])
    assert other.history == plain.history
    assert other.digest != plain.digest


def test_histories_tell_virtual_time_only():
    lines = [json.loads(line) for line in run_seed(24, PROFILES["calm"]).history.splitlines()]
    assert [line["index"] for line in lines] == list(range(len(lines)))
    assert lines[0]["time"] == 0
    assert lines == sorted(lines, key=lambda line: line["time"])
    assert lines[-1]["time"] < 3_600_000_000_000
