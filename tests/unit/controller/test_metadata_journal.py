"""The metadata log: what was appended is there after a restart, with and without a snapshot, and nothing else is."""

import pytest

from support.whole_broker import WALL_MS, FailingDisk
from tautolog.core.controller.journal import FOLDER, Journal
from tautolog.core.controller.records import ConfigRecord, FeatureLevelRecord
from tautolog.core.ports import Instant, StorageError
from tautolog.sim.disk import SimDisk

NOW = Instant(0, WALL_MS)
A, B, C = (FeatureLevelRecord(name, 1) for name in "abc")


@pytest.fixture
def disk():
    return FailingDisk(SimDisk())


def reopened(disk):
    reports = []
    journal = Journal(disk, lambda level, text: reports.append((level, text)))
    records = list(journal.open(NOW))
    return journal, records


def snapshots(disk):
    return [name for name in disk.list(FOLDER) if name.endswith(".checkpoint")]


def test_an_empty_disk_holds_nothing(disk):
    journal, records = reopened(disk)
    assert records == []
    assert (journal.end_offset, journal.epoch) == (0, 1)


def test_what_was_appended_is_there_in_order(disk):
    journal, _ = reopened(disk)
    journal.append([A, B], NOW)
    journal.append([C], NOW)
    assert journal.end_offset == 3
    _, records = reopened(disk)
    assert records == [A, B, C]


def test_every_run_writes_under_a_new_epoch(disk):
    for epoch in (1, 2, 3):
        journal, _ = reopened(disk)
        assert journal.epoch == epoch
        journal.append([A], NOW)


def test_a_snapshot_stands_for_what_was_before_it(disk):
    journal, _ = reopened(disk)
    journal.append([A, B, C], NOW)
    journal.snapshot([B], NOW)
    assert reopened(disk)[1] == [B]
    journal.append([A], NOW)
    assert reopened(disk)[1] == [B, A]


def test_a_new_snapshot_replaces_the_old_one(disk):
    journal, _ = reopened(disk)
    journal.append([A], NOW)
    journal.snapshot([A], NOW)
    journal.append([B], NOW)
    journal.snapshot([A, B], NOW)
    assert snapshots(disk) == ["00000000000000000002-0000000001.checkpoint"]
    assert reopened(disk)[1] == [A, B]


def test_epochs_go_on_behind_a_snapshot(disk):
    journal, _ = reopened(disk)
    journal.append([A], NOW)
    journal.snapshot([A], NOW)
    assert reopened(disk)[0].epoch == 2


def test_a_large_snapshot_is_whole(disk):
    many = [ConfigRecord(2, f"topic-{number}", "retention.ms", str(number)) for number in range(2500)]
    journal, _ = reopened(disk)
    journal.append([A], NOW)
    journal.snapshot(many, NOW)
    assert reopened(disk)[1] == many


def test_an_empty_snapshot_is_one(disk):
    journal, _ = reopened(disk)
    journal.append([A], NOW)
    journal.snapshot([], NOW)
    assert reopened(disk)[1] == []


@pytest.mark.parametrize("state", ["failing", "full"])
def test_what_the_disk_refused_is_not_there_and_does_not_stand_in_the_way(disk, state):
    journal, _ = reopened(disk)
    journal.append([A], NOW)
    setattr(disk, state, True)
    with pytest.raises(StorageError):
        journal.append([B], NOW)
    setattr(disk, state, False)
    journal.append([C], NOW)
    assert reopened(disk)[1] == [A, C]


def test_what_could_not_be_made_durable_is_taken_back(disk, monkeypatch):
    journal, _ = reopened(disk)
    journal.append([A], NOW)
    log = journal._log
    working = log.checkpoint

    def refuse(_high_watermark):
        raise StorageError("sync failed")

    monkeypatch.setattr(log, "checkpoint", refuse)
    with pytest.raises(StorageError):
        journal.append([B], NOW)
    monkeypatch.setattr(log, "checkpoint", working)
    journal.append([C], NOW)
    assert reopened(disk)[1] == [A, C]


def test_what_was_appended_survives_a_power_cut(disk):
    journal, _ = reopened(disk)
    journal.append([A, B], NOW)
    journal.snapshot([A], NOW)
    journal.append([C], NOW)
    disk.power_cut()
    assert reopened(disk)[1] == [A, C]


def test_a_failed_snapshot_leaves_everything_as_it_was(disk):
    journal, _ = reopened(disk)
    journal.append([A], NOW)
    disk.failing = True
    with pytest.raises(StorageError):
        journal.snapshot([B], NOW)
    disk.failing = False
    assert snapshots(disk) == []
    assert reopened(disk)[1] == [A]


@pytest.mark.parametrize("where", [30, 100, -1])
def test_a_damaged_snapshot_is_told_not_trusted(disk, where):
    journal, _ = reopened(disk)
    journal.append([A], NOW)
    journal.snapshot([A], NOW)
    path = f"{FOLDER}/{snapshots(disk)[0]}"
    data = bytearray(disk.read(path, 0, disk.size(path)))
    data[where] ^= 0xFF
    disk.replace(path, data)
    with pytest.raises(StorageError):
        reopened(disk)


def test_a_snapshot_that_was_cut_is_told_not_trusted(disk):
    journal, _ = reopened(disk)
    journal.append([A], NOW)
    journal.snapshot([A], NOW)
    path = f"{FOLDER}/{snapshots(disk)[0]}"
    data = disk.read(path, 0, disk.size(path))
    disk.replace(path, bytes(data[:-79]))
    with pytest.raises(StorageError):
        reopened(disk)


def test_a_log_that_ends_before_its_snapshot_is_told(disk):
    journal, _ = reopened(disk)
    journal.append([A, B], NOW)
    journal.snapshot([A, B], NOW)
    for name in disk.list(FOLDER):
        if not name.endswith(".checkpoint"):
            disk.remove(f"{FOLDER}/{name}")
    with pytest.raises(StorageError, match="snapshot"):
        reopened(disk)
