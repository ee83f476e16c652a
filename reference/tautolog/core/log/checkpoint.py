"""The one small file of a log that must be right: from where on the rest has to be looked at after a crash.

Put in place atomically and only after everything it speaks of is durable. Text, one name and number a line, with a checksum
in the last line; a file that does not check is as good as none, and then the whole log is looked at.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from tautolog.core.messages._base import Buffer
from tautolog.core.records.crc32c import crc32c

FILE: Final = "log-checkpoint"
_VERSION: Final = 0


class Checkpoint(NamedTuple):
    """What is known to be durable, and the offsets that a log must remember.

    The recovery point is the offset up to which batches, indexes, epochs and producers are synced; it lies at
    `position` of the segment that starts at `segment`, whose index files had `index_entries` and `time_entries` entries and
    whose largest timestamp was `max_timestamp`, last in the batch that ends with `max_offset`.
    """

    start_offset: int = 0
    high_watermark: int = 0
    recovery_point: int = 0
    segment: int = 0
    position: int = 0
    index_entries: int = 0
    time_entries: int = 0
    max_timestamp: int = -1
    max_offset: int = 0
    snapshot: int = -1
    """Offset of the producer snapshot that holds at the recovery point; -1 if there were no producers."""
    cleaned_to: int = 0
    """The cleaner's first dirty offset."""

    def encode(self) -> bytes:
        """The file's content."""
        lines = [f"version {_VERSION}\n"]
        lines += [f"{name} {value}\n" for name, value in self._asdict().items()]
        text = "".join(lines).encode()
        return text + f"crc32c {crc32c(text)}\n".encode()

    @classmethod
    def decode(cls, content: Buffer) -> Checkpoint | None:
        """What the file says, None if it is damaged or of another version."""
        text, separator, last = bytes(content).rpartition(b"crc32c ")
        try:
            if not separator or int(last) != crc32c(text):
                return None
            fields = {name: int(value) for name, value in (line.split(" ") for line in text.decode().splitlines())}
            if fields.pop("version") != _VERSION:
                return None
            return cls(**fields)
        except (ValueError, KeyError, TypeError):
            return None
