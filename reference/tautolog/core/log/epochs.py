"""The leader-epoch cache (KIP-101, KIP-279): at which offset each leader epoch began.

It answers a follower's question "where does my epoch end in your log?", the question that keeps two logs from diverging.
It is a digest of the batches' own leader epochs: what is lost of it at a crash is rebuilt from them. The file
`leader-epoch-checkpoint` has Kafka's text format: a version, the number of entries, one `epoch offset` a line.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import Final

from tautolog.core.messages._base import Buffer

FILE: Final = "leader-epoch-checkpoint"
NO_EPOCH: Final = -1
NO_OFFSET: Final = -1


class EpochCache:
    """Epochs and their first offsets, both strictly ascending. `changed` says that the file is behind."""

    __slots__ = ("_epochs", "_starts", "changed")

    def __init__(self) -> None:
        self._epochs: list[int] = []
        self._starts: list[int] = []
        self.changed = True  # a log that has a checkpoint has this file, be it empty

    @property
    def latest(self) -> int:
        """The newest epoch, -1 if there is none."""
        return self._epochs[-1] if self._epochs else NO_EPOCH

    @property
    def entries(self) -> list[tuple[int, int]]:
        """All (epoch, start offset), oldest first."""
        return list(zip(self._epochs, self._starts, strict=True))

    def assign(self, epoch: int, start_offset: int) -> None:
        """Note that `epoch` begins at `start_offset`; entries that contradict it are dropped, a repetition changes nothing."""
        epochs, starts = self._epochs, self._starts
        if epoch < 0 or (epochs and epochs[-1] == epoch and starts[-1] <= start_offset):
            return
        while epochs and (epochs[-1] >= epoch or starts[-1] >= start_offset):
            epochs.pop()
            starts.pop()
        epochs.append(epoch)
        starts.append(start_offset)
        self.changed = True

    def epoch_at(self, offset: int) -> int:
        """The leader epoch under which the record at `offset` was written, -1 if unknown."""
        index = bisect_right(self._starts, offset) - 1
        return self._epochs[index] if index >= 0 else NO_EPOCH

    def end_offset_for(self, epoch: int, log_end_offset: int) -> tuple[int, int]:
        """The largest known epoch not above `epoch`, and the offset at which it ends here: KIP-279's answer.

        (-1, -1) if `epoch` is unknown and newer than all, or undefined.
        """
        epochs, starts = self._epochs, self._starts
        if epoch < 0 or not epochs or epoch > epochs[-1]:
            return NO_EPOCH, NO_OFFSET
        if epoch == epochs[-1]:
            return epoch, log_end_offset
        index = bisect_right(epochs, epoch)
        return (epochs[index - 1] if index else epoch), starts[index]

    def truncate_from_end(self, end_offset: int) -> None:
        """Forget epochs that begin at or after `end_offset`: the log was cut there."""
        while self._starts and self._starts[-1] >= end_offset:
            self._epochs.pop()
            self._starts.pop()
            self.changed = True

    def truncate_from_start(self, start_offset: int) -> None:
        """Forget epochs that ended before `start_offset`; the one that holds it begins there now."""
        drop = bisect_right(self._starts, start_offset) - 1
        if drop >= 0 and self._starts[drop] != start_offset:
            self._starts[drop] = start_offset
            self.changed = True
        if drop > 0:
            del self._epochs[:drop], self._starts[:drop]
            self.changed = True

    def clear(self) -> None:
        """Forget everything."""
        self.changed = True
        self._epochs.clear()
        self._starts.clear()

    def encode(self) -> bytes:
        """The file's content."""
        lines = [f"{epoch} {start}\n" for epoch, start in self.entries]
        return f"0\n{len(lines)}\n{''.join(lines)}".encode()

    def load(self, content: Buffer) -> bool:
        """Take over a file's content; False, and empty, if it is damaged."""
        self.clear()
        self.changed = True
        try:
            lines = bytes(content).decode("ascii").splitlines()
            entries = [(int(epoch), int(start)) for epoch, start in (line.split(" ") for line in lines[2:])]
            if lines[0] != "0" or int(lines[1]) != len(entries):
                return False
        except (ValueError, IndexError):
            return False
        for epoch, start in entries:
            if epoch <= self.latest or epoch < 0 or (self._starts and start <= self._starts[-1]) or start < 0:
                self._epochs.clear()
                self._starts.clear()
                return False
            self._epochs.append(epoch)
            self._starts.append(start)
        self.changed = False
        return True
