"""The simulated disk and the real one show the same files after the same calls, whatever they are."""

import tempfile
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from tautolog.core.ports import StorageError
from tautolog.net.storage import FileStorage
from tautolog.sim.disk import SimDisk

PATHS = st.sampled_from(["top", "a/x", "a/y", "a/z", "b/x", "b/y"])
DATA = st.binary(max_size=40)


class TwoDisks(RuleBasedStateMachine):
    def __init__(self):
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.real = FileStorage(Path(self.folder.name), descriptors=8, durable=False)
        self.simulated = SimDisk()

    def teardown(self):
        self.real.close()
        self.folder.cleanup()

    def both(self, call):
        answers = []
        for disk in (self.real, self.simulated):
            try:
                answers.append(call(disk))
            except StorageError:
                answers.append(StorageError)
        assert answers[0] == answers[1]

    @rule(path=PATHS, data=DATA)
    def append(self, path, data):
        self.both(lambda disk: disk.append(path, data))

    @rule(path=PATHS, length=st.integers(0, 50))
    def truncate(self, path, length):
        self.both(lambda disk: disk.truncate(path, length))

    @rule(path=PATHS, data=DATA)
    def replace(self, path, data):
        self.both(lambda disk: disk.replace(path, data))

    @rule(path=PATHS)
    def remove(self, path):
        self.both(lambda disk: disk.remove(path))

    @rule(path=PATHS, onto=PATHS)
    def rename(self, path, onto):
        if path != onto:
            self.both(lambda disk: disk.rename(path, onto))

    @rule(folders=st.sampled_from([("a", "b"), ("b", "a"), ("a", "c"), ("c", "a")]))
    def rename_folder(self, folders):
        self.both(lambda disk: disk.rename(*folders))

    @rule(path=PATHS, position=st.integers(0, 60), length=st.integers(0, 60))
    def read(self, path, position, length):
        self.both(lambda disk: bytes(disk.read(path, position, length)))

    @rule(path=PATHS)
    def sync(self, path):
        self.both(lambda disk: disk.sync(path))
        self.both(lambda disk: disk.sync_all())

    @invariant()
    def alike(self):
        self.both(lambda disk: [disk.list(folder) for folder in ("", "a", "b", "c")])
        for path in ("top", "a/x", "b/x", "c/x"):
            self.both(lambda disk, path=path: disk.size(path))

    @invariant()
    def the_simulated_one_counts_right(self):
        names = [f"{folder}/{name}" for folder in "abc" for name in self.simulated.list(folder)] + ["top"]
        assert self.simulated.used_bytes == sum(self.simulated.size(name) for name in names)


TestTwoDisks = TwoDisks.TestCase
TestTwoDisks.settings = settings(max_examples=60, stateful_step_count=30, report_multiple_bugs=False)
