"""What every `Storage` promises, held against each of them."""

import pytest

from tautolog.core.ports import StorageError
from tautolog.net.storage import FileStorage
from tautolog.sim.disk import SimDisk

STORAGES = {
    "SimDisk": lambda _: SimDisk(),
    "FileStorage": FileStorage,
    "FileStorage with few descriptors": lambda path: FileStorage(path, descriptors=8),
    "FileStorage without syncs": lambda path: FileStorage(path, durable=False),
}


@pytest.fixture(params=STORAGES)
def storage(request, tmp_path):
    made = STORAGES[request.param](tmp_path)
    yield made
    getattr(made, "close", lambda: None)()


def content(storage, path):
    return bytes(storage.read(path, 0, 1 << 20))


def everything(storage, folder=""):
    found = {}
    for name in storage.list(folder):
        path = f"{folder}/{name}" if folder else name
        if name.endswith("/"):
            found |= everything(storage, path.rstrip("/"))
        else:
            found[path] = content(storage, path)
    return found


class TestAppend:
    def test_says_where(self, storage):
        assert [
            storage.append("a/log", b"12345"),
            storage.append("a/log", b"678"),
            storage.append("a/other", b"9"),
        ] == [0, 5, 0]
        assert (content(storage, "a/log"), storage.size("a/log")) == (b"12345678", 8)

    @pytest.mark.parametrize("make", [bytes, bytearray, memoryview, lambda data: memoryview(b"<" + data + b">")[1:-1]])
    def test_takes_any_buffer(self, storage, make):
        storage.append("a", make(b"data"))
        assert content(storage, "a") == b"data"

    def test_of_nothing_makes_the_file(self, storage):
        assert storage.append("a/empty", b"") == 0
        assert (storage.list("a"), content(storage, "a/empty")) == (["empty"], b"")

    def test_keeps_what_it_was_given(self, storage):
        buffer = bytearray(b"data")
        storage.append("a", buffer)
        buffer[:] = b"XXXX"
        assert content(storage, "a") == b"data"

    def test_goes_on_behind_a_cut(self, storage):
        storage.append("a", b"12345")
        storage.truncate("a", 2)
        assert (storage.append("a", b"x"), content(storage, "a")) == (2, b"12x")

    def test_to_many_files(self, storage):
        for round_ in range(3):
            for at in range(40):
                assert storage.append(f"folder-{at % 7}/{at}", b"%d" % round_) == round_
        assert everything(storage) == {f"folder-{at % 7}/{at}": b"012" for at in range(40)}


class TestRead:
    @pytest.mark.parametrize(
        ("position", "length", "expected"), [(0, 3, b"012"), (3, 100, b"3456789"), (9, 1, b"9"), (10, 5, b""), (50, 5, b""), (2, 0, b"")]
    )  # fmt: skip
    def test_is_short_only_at_the_end(self, storage, position, length, expected):
        storage.append("a", b"0123456789")
        assert storage.read("a", position, length) == expected

    def test_stays_as_it_was_read(self, storage):
        storage.append("a", b"0123456789")
        data = storage.read("a", 0, 10)
        storage.truncate("a", 1)
        storage.append("a", b"X" * 9)
        assert bytes(data) == b"0123456789"

    def test_of_nothing_is_an_error(self, storage):
        with pytest.raises(StorageError):
            storage.read("a/missing", 0, 1)
        assert (storage.size("a/missing"), storage.list("a")) == (0, [])


class TestTruncate:
    @pytest.mark.parametrize(("length", "left"), [(0, b""), (2, b"01"), (5, b"01234"), (9, b"01234")])
    def test_cuts(self, storage, length, left):
        storage.append("a", b"01234")
        storage.truncate("a", length)
        assert (content(storage, "a"), storage.size("a")) == (left, len(left))

    def test_nothing(self, storage):
        with pytest.raises(StorageError):
            storage.truncate("a", 0)


class TestReplace:
    def test_puts_a_file_in_place(self, storage):
        storage.replace("a/b", b"old")
        storage.append("a/b", b"er")
        storage.replace("a/b", b"new")
        assert content(storage, "a/b") == b"new"
        assert (storage.append("a/b", b"er"), storage.size("a/b"), storage.list("a")) == (3, 5, ["b"])

    def test_at_the_root(self, storage):
        storage.replace("name", b"x")
        assert storage.list("") == ["name"]


class TestRemove:
    def test_and_begin_anew(self, storage):
        storage.append("a/b", b"old")
        storage.remove("a/b")
        assert (storage.list("a"), storage.size("a/b")) == ([], 0)
        assert (storage.append("a/b", b"new"), content(storage, "a/b")) == (0, b"new")

    def test_nothing(self, storage):
        storage.append("a/b", b"")
        storage.remove("a/c")
        storage.remove("x/y")
        assert everything(storage) == {"a/b": b""}

    def test_folders_go_with_their_last_file(self, storage):
        storage.append("a/b", b"")
        storage.append("c/d", b"")
        storage.remove("a/b")
        assert storage.list("") == ["c/"]


class TestRename:
    def test_a_file_over_another(self, storage):
        storage.append("a/x", b"x")
        storage.append("a/y", b"yy")
        storage.rename("a/x", "a/y")
        assert everything(storage) == {"a/y": b"x"}
        assert (storage.append("a/y", b"+"), storage.size("a/x")) == (1, 0)

    def test_a_file_to_another_folder(self, storage):
        storage.append("a/x", b"x")
        storage.rename("a/x", "b/x")
        assert (storage.list(""), content(storage, "b/x")) == (["b/"], b"x")

    def test_a_folder(self, storage):
        storage.append("a/x", b"x")
        storage.append("a/y", b"y")
        storage.append("ab/x", b"not meant")
        storage.rename("a", "c")
        assert everything(storage) == {"ab/x": b"not meant", "c/x": b"x", "c/y": b"y"}
        assert storage.append("c/x", b"+") == 1

    def test_a_folder_over_another(self, storage):
        storage.append("a/x", b"x")
        storage.append("c/old", b"y")
        storage.rename("a", "c")
        assert everything(storage) == {"c/x": b"x"}

    def test_nothing(self, storage):
        with pytest.raises(StorageError):
            storage.rename("a", "b")


class TestList:
    def test_is_sorted_and_marks_folders(self, storage):
        for path in ("b/2", "b/10", "a", "b/c/d", "c/x"):
            storage.append(path, b"")
        assert storage.list("") == ["a", "b/", "c/"]
        assert storage.list("b") == ["10", "2", "c/"]
        assert storage.list("b/c") == ["d"]
        assert storage.list("a") == storage.list("missing") == []


class TestSync:
    def test_changes_nothing_that_is_seen(self, storage):
        storage.append("a/x", b"x")
        storage.append("a/y", b"y")
        storage.sync("a/x")
        storage.remove("a/y")
        storage.sync_all()
        storage.sync_all()
        assert everything(storage) == {"a/x": b"x"}
