"""The core's disk on real files: what a failed call leaves, what a sync covers, which directories are refused."""

import contextlib
import os
import resource
from pathlib import Path

import pytest

from tautolog.core.ports import StorageError, StorageFull
from tautolog.net import storage as storage_module
from tautolog.net.directory import Refused, claim
from tautolog.net.storage import FileStorage, SyncFailed


@pytest.fixture
def storage(tmp_path):
    made = FileStorage(tmp_path)
    yield made
    made.close()


@contextlib.contextmanager
def file_size_limit(size):
    """What a full disk looks like to one process: writes past `size` come back short, then fail with EFBIG."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_append_returns_the_position_and_read_gives_the_bytes_back(storage):
    assert storage.append("orders-0/0.log", b"one") == 0
    assert storage.append("orders-0/0.log", memoryview(bytearray(b"two"))) == 3
    assert bytes(storage.read("orders-0/0.log", 2, 3)) == b"etw"
    assert bytes(storage.read("orders-0/0.log", 5, 100)) == b"o"
    assert bytes(storage.read("orders-0/0.log", 6, 1)) == b""
    assert storage.size("orders-0/0.log") == 6


def test_reading_what_is_not_there_is_refused_and_makes_nothing(storage, tmp_path):
    with pytest.raises(StorageError):
        storage.read("orders-0/0.log", 0, 1)
    assert storage.size("orders-0/0.log") == 0
    assert list(tmp_path.iterdir()) == []


def test_a_half_written_append_is_undone_and_works_again_when_there_is_room(storage, tmp_path):
    storage.append("a/0.log", b"x" * 1000)
    with file_size_limit(1500), pytest.raises(StorageFull):
        storage.append("a/0.log", b"y" * 1000)
    assert storage.size("a/0.log") == 1000
    assert (tmp_path / "a/0.log").stat().st_size == 1000
    assert storage.append("a/0.log", b"z" * 1000) == 1000
    assert (tmp_path / "a/0.log").read_bytes() == b"x" * 1000 + b"z" * 1000


def test_what_cannot_be_cut_off_is_still_never_read(storage, monkeypatch):
    storage.append("a/0.log", b"x" * 1000)
    with monkeypatch.context() as patch:
        patch.setattr(storage_module.os, "ftruncate", lambda *_: (_ for _ in ()).throw(OSError(5, "no")))
        with file_size_limit(1500), pytest.raises(StorageFull):
            storage.append("a/0.log", b"y" * 1000)
    assert bytes(storage.read("a/0.log", 990, 100)) == b"x" * 10
    assert storage.append("a/0.log", b"z") == 1000
    assert bytes(storage.read("a/0.log", 1000, 100)) == b"z"


def test_a_refused_replace_leaves_the_old_file(storage, tmp_path):
    storage.replace("checkpoint", b"old")
    with file_size_limit(4), pytest.raises(StorageFull):
        storage.replace("checkpoint", b"new and longer")
    assert bytes(storage.read("checkpoint", 0, 100)) == b"old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["checkpoint"]


def test_replace_is_seen_through_an_open_descriptor(storage):
    storage.append("checkpoint", b"old")
    storage.replace("checkpoint", b"newer")
    assert bytes(storage.read("checkpoint", 0, 100)) == b"newer"
    assert storage.append("checkpoint", b"!") == 5


def test_truncate_and_remove(storage, tmp_path):
    storage.append("a/0.log", b"0123456789")
    storage.truncate("a/0.log", 4)
    assert storage.append("a/0.log", b"x") == 4
    storage.remove("a/0.log")
    storage.remove("a/0.log")
    assert storage.size("a/0.log") == 0
    assert not (tmp_path / "a").exists()


def test_rename_of_a_file_and_of_a_folder_replaces_what_stood_there(storage):
    storage.append("a/0.log", b"a0")
    storage.append("a/1.log", b"a1")
    storage.rename("a/1.log", "a/0.log")
    assert bytes(storage.read("a/0.log", 0, 9)) == b"a1"
    storage.append("b/0.log", b"b0")
    storage.append("b/7.log", b"b7")
    storage.rename("a", "b")
    assert storage.list("a") == []
    assert storage.list("b") == ["0.log"]
    storage.append("b/0.log", b"+")
    assert bytes(storage.read("b/0.log", 0, 9)) == b"a1+"


def test_list_is_sorted_marks_folders_and_hides_the_house(tmp_path):
    _, lock = claim(tmp_path)
    storage = FileStorage(tmp_path)
    storage.append("z.txt", b"")
    storage.append("a-0/0.log", b"")
    assert storage.list("") == ["a-0/", "z.txt"]
    assert storage.list("a-0") == ["0.log"]
    assert storage.list("nowhere") == []
    storage.close()
    os.close(lock)


def test_descriptors_stay_bounded(tmp_path):
    storage = FileStorage(tmp_path, descriptors=8)
    for round_ in range(3):
        for index in range(50):
            storage.append(f"t-{index}/0.log", bytes([round_]))
    assert storage.open_files <= 8
    assert all(bytes(storage.read(f"t-{index}/0.log", 0, 9)) == b"\0\1\2" for index in range(50))
    storage.close()


@pytest.fixture
def synced(monkeypatch):
    """The paths that were synced, in order."""
    paths = []
    real = os.fsync

    def fsync(descriptor):
        paths.append(str(Path(f"/proc/self/fd/{descriptor}").readlink()))
        real(descriptor)

    monkeypatch.setattr(storage_module.os, "fsync", fsync)
    return paths


def test_sync_all_covers_files_names_and_new_folders(storage, synced, tmp_path):
    storage.append("a/0.log", b"x")
    assert storage.dirty
    storage.sync_all()
    assert set(synced) == {str(tmp_path / "a/0.log"), str(tmp_path / "a"), str(tmp_path)}
    assert not storage.dirty
    synced.clear()
    storage.append("a/0.log", b"x")
    storage.sync_all()
    assert synced == [str(tmp_path / "a/0.log")]


def test_replace_syncs_the_bytes_before_the_name(storage, synced, tmp_path):
    storage.replace("a/checkpoint", b"x")
    assert synced[0] == str(tmp_path / ".replacing")
    assert set(synced[1:]) == {str(tmp_path), str(tmp_path / "a")}
    assert not storage.dirty


def test_what_is_written_while_a_sync_runs_waits_for_the_next(storage, synced, tmp_path):
    storage.append("a/0.log", b"x")
    sync = storage.begin_sync()
    assert not storage.dirty
    storage.append("a/0.log", b"y")
    storage.append("a/1.log", b"y")
    sync.run()
    storage.end_sync()
    assert storage.dirty
    synced.clear()
    storage.sync_all()
    assert set(synced) == {str(tmp_path / "a/0.log"), str(tmp_path / "a/1.log"), str(tmp_path / "a")}


def test_sync_all_does_not_rely_on_a_sync_that_is_still_running(storage, synced, tmp_path):
    storage.append("a/0.log", b"x")
    sync = storage.begin_sync()
    storage.append("b/0.log", b"x")
    storage.sync_all()
    every = {str(tmp_path / name) for name in ("", "a", "b", "a/0.log", "b/0.log")}
    assert set(synced) == every
    synced.clear()
    storage.append("b/0.log", b"x")
    storage.sync("b/0.log")
    assert set(synced) == {str(tmp_path), str(tmp_path / "a"), str(tmp_path / "b/0.log")}
    sync.run()
    storage.end_sync()
    assert not storage.dirty


def test_a_file_removed_while_it_is_synced_keeps_its_descriptor_until_the_end(storage, tmp_path):
    storage.append("a/0.log", b"x")
    sync = storage.begin_sync()
    storage.remove("a/0.log")
    reopened = os.open(tmp_path, os.O_RDONLY)  # would be handed the descriptor, had it been closed
    sync.run()
    storage.end_sync()
    os.close(reopened)
    assert storage.open_files == 0


def test_a_failed_sync_is_no_storage_error(storage, monkeypatch):
    storage.append("a/0.log", b"x")
    monkeypatch.setattr(storage_module.os, "fsync", lambda _: (_ for _ in ()).throw(OSError(5, "Input/output error")))
    with pytest.raises(SyncFailed, match=r"a/0\.log: Input/output error"):
        storage.sync_all()
    assert not issubclass(SyncFailed, StorageError)


def test_a_folder_renamed_before_its_names_were_synced_is_synced_under_its_new_name(storage, synced, tmp_path):
    storage.append("a/0.log", b"x")
    storage.rename("a", "b")
    storage.sync_all()
    assert set(synced) == {str(tmp_path / "b/0.log"), str(tmp_path / "b"), str(tmp_path)}


def test_claim_writes_the_marker_once_and_keeps_the_identity(tmp_path):
    root = tmp_path / "deep" / "data"
    identity, lock = claim(root)
    os.close(lock)
    again, lock = claim(root)
    os.close(lock)
    assert identity == again
    assert len(identity.cluster_id) == 22
    assert identity.node_id == 1


def test_a_locked_directory_is_refused(tmp_path):
    _, lock = claim(tmp_path)
    with pytest.raises(Refused, match="in use by another broker"):
        claim(tmp_path)
    os.close(lock)
    os.close(claim(tmp_path)[1])


@pytest.mark.parametrize(
    "files",
    [
        {"letters.txt": "dear"},
        {"meta.properties": "version=1\ncluster.id=MkU3OEVBNTcwNTJENDM2Qk\nnode.id=1\n", "orders-0": ""},
        {".lock": "", "orders-0": ""},
        {".hidden": ""},
    ],
)
def test_a_directory_of_another_program_is_refused_and_stays_as_it_was(tmp_path, files):
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    with pytest.raises(Refused, match="was not written by Tautolog"):
        claim(tmp_path)
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == files


def test_a_start_that_died_before_the_marker_is_taken_up(tmp_path):
    (tmp_path / ".lock").touch()
    (tmp_path / ".replacing").touch()
    os.close(claim(tmp_path)[1])


def test_another_node_id_and_a_damaged_marker_are_refused(tmp_path):
    os.close(claim(tmp_path, 3)[1])
    with pytest.raises(Refused, match=r"belongs to node\.id 3, not 4"):
        claim(tmp_path, 4)
    (tmp_path / "meta.properties").write_text("written.by=tautolog\n")
    with pytest.raises(Refused, match="damaged"):
        claim(tmp_path)


def test_a_file_in_the_place_of_the_directory_is_refused(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(Refused, match="cannot be used"):
        claim(tmp_path / "file")
