"""Each fault of the simulated disk, seen to happen; and what must survive every one of them."""

import random

import pytest

from tautolog.core.ports import StorageError, StorageFull
from tautolog.sim.disk import SECTOR, SimDisk


class Dice:
    """Chance from a list of answers, then zeros."""

    def __init__(self, *answers):
        self.answers = list(answers)

    def below(self, bound):
        return self.answers.pop(0) % bound if self.answers else 0


class Seeded(Dice):
    def __init__(self, seed):
        self.random = random.Random(seed)

    def below(self, bound):
        return self.random.randrange(bound)


def content(disk, path):
    return bytes(disk.read(path, 0, 1 << 20))


def outcomes(write, path="a", tries=300):
    """What a power cut may leave of a file, over many cuts."""
    found = {}
    for seed in range(tries):
        disk = SimDisk()
        write(disk)
        disk.power_cut(Seeded(seed))
        found[content(disk, path) if disk.size(path) or path in disk.list("") else None] = seed
    return found


class TestPowerCut:
    def test_without_chance_takes_all_that_was_not_synced(self):
        disk = SimDisk()
        disk.append("a", b"synced")
        disk.sync("a")
        disk.append("a", b"lost")
        disk.append("b", b"lost")
        assert disk.dirty
        disk.power_cut()
        assert (content(disk, "a"), disk.list(""), disk.used_bytes, disk.dirty) == (b"synced", ["a"], 6, False)

    def test_leaves_nothing_all_or_a_part(self):
        def write(disk):
            disk.append("a", b"synced")
            disk.sync("a")
            disk.append("a", b"12345")
            disk.append("a", b"67890")

        found = outcomes(write)
        assert {b"synced", b"synced1234567890", b"synced12345", b"synced123"} <= found.keys()
        assert b"synced" + bytes(5) + b"67890" in found, "the second write without the first"
        assert None not in found
        assert all(left.startswith(b"synced") for left in found)

    def test_tears_a_write_at_sectors(self):
        def write(disk):
            disk.append("a", b"x" * (3 * SECTOR))
            disk.sync("a")
            disk.append("a", b"1" * SECTOR + b"2" * SECTOR + b"3" * SECTOR)

        found = outcomes(write)
        assert b"x" * (3 * SECTOR) + bytes(SECTOR) + b"2" * SECTOR + b"3" * SECTOR in found

    def test_has_no_order_across_files(self):
        found = set()
        for seed in range(60):
            disk = SimDisk()
            disk.append("first", b"1")
            disk.append("second", b"2")
            disk.sync_all()
            disk.append("first", b"+")
            disk.append("second", b"+")
            disk.power_cut(Seeded(seed))
            found.add((disk.size("first"), disk.size("second")))
        assert {(1, 2), (2, 1), (1, 1), (2, 2)} <= found

    def test_may_take_back_a_cut(self):
        def write(disk):
            disk.append("a", b"12345")
            disk.sync("a")
            disk.truncate("a", 2)

        assert outcomes(write).keys() == {b"12345", b"12"}

    def test_may_take_back_a_removal(self):
        def write(disk):
            disk.append("a", b"12345")
            disk.sync("a")
            disk.remove("a")

        assert outcomes(write).keys() == {b"12345", None}

    def test_may_take_back_a_rename(self):
        def write(disk):
            disk.append("a", b"old")
            disk.append("b", b"new")
            disk.sync_all()
            disk.rename("b", "a")

        assert outcomes(write).keys() == {b"old", b"new"}
        assert outcomes(write, "b").keys() == {b"new", None}

    def test_renames_a_folder_whole_or_not(self):
        found = set()
        for seed in range(40):
            disk = SimDisk()
            disk.append("a/x", b"x")
            disk.append("a/y", b"y")
            disk.sync_all()
            disk.rename("a", "b")
            disk.power_cut(Seeded(seed))
            found.add((tuple(disk.list("a")), tuple(disk.list("b"))))
        assert found == {(("x", "y"), ()), ((), ("x", "y"))}

    def test_may_take_a_new_name(self):
        assert None in outcomes(lambda disk: disk.append("a", b"12345"))

    @pytest.mark.parametrize("seed", range(30))
    def test_never_takes_what_was_synced(self, seed):
        disk = SimDisk(Seeded(seed))
        disk.append("removed", b"gone")
        disk.append("old", b"renamed")
        disk.sync_all()
        disk.append("a", b"all of it")
        disk.append("cut", b"12345")
        disk.truncate("cut", 2)
        disk.rename("old", "new")
        disk.remove("removed")
        disk.append("removed", b"back")
        for path in ("a", "cut", "new", "removed"):
            disk.sync(path)
        disk.replace("put", b"whole")
        disk.remove("put")
        disk.replace("put", b"again")
        disk.power_cut()
        assert {name: content(disk, name) for name in disk.list("")} == {
            "a": b"all of it", "cut": b"12", "new": b"renamed", "put": b"again", "removed": b"back",
        }  # fmt: skip

    @pytest.mark.parametrize("seed", range(10))
    def test_takes_nothing_after_a_sync_of_all(self, seed):
        disk = SimDisk(Seeded(seed))
        disk.append("a", b"1")
        disk.append("b", b"2")
        disk.sync_all()
        disk.remove("a")
        disk.rename("b", "c")
        disk.append("c", b"3")
        disk.sync_all()
        before = disk.digest()
        disk.power_cut()
        assert (disk.digest(), disk.list("")) == (before, ["c"])

    def test_replace_is_the_old_one_or_the_new_one(self):
        def write(disk):
            disk.replace("a", b"old")
            disk.append("a", b"+")
            disk.replace("a", b"new")

        assert outcomes(write).keys() == {b"new"}


class TestFull:
    def test_an_append_that_does_not_fit_changes_nothing(self):
        disk = SimDisk(capacity=10)
        disk.append("a", b"12345678")
        before = disk.digest()
        for write in (
            lambda: disk.append("a", b"123"),
            lambda: disk.append("new", b"123"),
            lambda: disk.replace("new", b"123"),
        ):
            with pytest.raises(StorageFull):
                write()
        assert disk.digest() == before
        disk.append("a", b"90")

    def test_room_comes_back(self):
        disk = SimDisk(capacity=10)
        disk.append("a", b"1234567890")
        disk.truncate("a", 5)
        disk.append("b", b"12345")
        disk.remove("a")
        disk.replace("b", b"1234567890")
        disk.rename("b", "c")
        with pytest.raises(StorageFull):
            disk.append("c", b"1")
        disk.capacity = 11
        disk.append("c", b"1")
        assert disk.used_bytes == 11


class TestErrors:
    @pytest.mark.parametrize(
        ("operation", "call"),
        [
            ("append", lambda disk: disk.append("a/x", b"+")),
            ("read", lambda disk: disk.read("a/x", 0, 1)),
            ("truncate", lambda disk: disk.truncate("a/x", 0)),
            ("replace", lambda disk: disk.replace("a/x", b"+")),
            ("remove", lambda disk: disk.remove("a/x")),
            ("rename", lambda disk: disk.rename("a/x", "a/y")),
            ("sync", lambda disk: disk.sync("a/x")),
            ("sync", lambda disk: disk.sync_all()),
        ],
    )
    def test_come_when_ordered_and_change_nothing(self, operation, call):
        disk = SimDisk()
        disk.append("a/x", b"data")
        before = disk.digest()
        disk.fail(operation, "b/*")
        disk.fail(operation, "a/*", after=0, times=2)
        for _ in range(2):
            disk._change(disk._names["a/x"], 0, b"data")
            with pytest.raises(StorageError):
                call(disk)
            assert disk.digest() == before
        call(disk)

    def test_after_some_calls(self):
        disk = SimDisk()
        disk.fail("append", after=2, full=True)
        disk.append("a", b"1")
        disk.append("a", b"2")
        with pytest.raises(StorageFull):
            disk.append("a", b"3")
        disk.append("a", b"4")
        assert content(disk, "a") == b"124"

    def test_can_be_called_off(self):
        disk = SimDisk()
        disk.fail("append")
        disk.heal()
        disk.append("a", b"1")
        assert content(disk, "a") == b"1"

    def test_a_failed_sync_is_never_made_up_for(self):
        disk = SimDisk()
        disk.append("a", b"1111")
        disk.sync("a")
        disk.append("a", b"2222")
        disk.fail("sync", "a")
        with pytest.raises(StorageError):
            disk.sync("a")
        disk.append("a", b"3333")
        disk.sync("a")
        assert (content(disk, "a"), disk.lost_a_sync) == (b"111122223333", True)
        disk.power_cut()
        assert (content(disk, "a"), disk.lost_a_sync) == (b"1111" + bytes(4) + b"3333", False)


class TestSilentFaults:
    def test_bit_rot_stays(self):
        disk = SimDisk()
        disk.append("a", b"0000")
        disk.sync("a")
        disk.rot("a", 2, 0x01)
        assert content(disk, "a") == b"0010"
        disk.power_cut()
        assert content(disk, "a") == b"0010"

    def test_bit_rot_on_read_passes(self):
        disk = SimDisk(Dice(2, 0))
        disk.append("a", b"0000")
        disk.rot_reads("a")
        assert [content(disk, "a"), content(disk, "a")] == [b"0010", b"0000"]

    def test_a_misdirected_write(self):
        disk = SimDisk(Dice(1))
        disk.append("a", b"0000")
        disk.misdirect("a")
        assert disk.append("a", b"22") == 4
        assert (content(disk, "a"), disk.size("a"), disk.used_bytes) == (b"0220\0\0", 6, 6)
        disk.sync("a")
        disk.power_cut()
        assert content(disk, "a") == b"0220\0\0"


def test_digest_tells_names_and_bytes_apart():
    def digest(**files):
        disk = SimDisk()
        for name, data in files.items():
            disk.append(name, data)
        return disk.digest()

    digests = [digest(), digest(a=b""), digest(b=b""), digest(a=b"x"), digest(a=b"x", b=b""), digest(a=b"", b=b"x")]
    assert len(set(digests)) == len(digests)
    assert digest(a=b"1", b=b"2") == digest(b=b"2", a=b"1")


def test_the_same_chance_leaves_the_same_disk():
    def run():
        disk = SimDisk(Seeded(5))
        for at in range(20):
            disk.append(f"f/{at % 3}", b"%d" % at * at)
        disk.rename("f/1", "g/1")
        disk.power_cut()
        return disk.digest()

    assert run() == run()


def test_wiped():
    disk = SimDisk(capacity=10)
    disk.append("a", b"1234567890")
    disk.wipe()
    assert (disk.list(""), disk.used_bytes, disk.dirty) == ([], 0, False)
    disk.append("a", b"1234567890")
