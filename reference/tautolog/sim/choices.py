"""Where every decision of a simulated run comes from: a seed, Hypothesis, or a recorded list.

A run asks `Choices` for named streams (`"network"`, `"faults"`, `"broker-1"`), each independent of the others, so that one
more draw in one room shifts nothing elsewhere. A stream knows one primitive, `below(bound)`; everything else is made of it,
so the three backends cannot disagree. Nothing here reads a clock, an environment or the process's own randomness.

The generator is SplitMix64 (Steele, Lea, Flood 2014): 64 bits of state, the same on every machine and Python version.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from hashlib import blake2b
from typing import Final, Protocol, TypeVar

T = TypeVar("T")

_MASK: Final = (1 << 64) - 1
_MILLION: Final = 1_000_000


class ReplayDiverged(Exception):  # noqa: N818  # named after what happened, not a kind of caller's error
    """A recorded run asked for a decision that the record does not hold: code or configuration differ."""


class Stream:
    """One room's decisions. Implements the core's `Chance` port."""

    __slots__ = ()

    def below(self, bound: int) -> int:
        """An integer from 0 to `bound - 1`, evenly."""
        raise AssertionError(bound)

    def between(self, low: int, high: int) -> int:
        """An integer from `low` to `high`, both included."""
        return low + self.below(high - low + 1)

    def happens(self, per_million: int) -> bool:
        """True in `per_million` of a million cases; certain answers cost no draw."""
        if per_million <= 0:
            return False
        return per_million >= _MILLION or self.below(_MILLION) < per_million

    def pick(self, options: Sequence[T]) -> T:
        """One of `options`."""
        return options[self.below(len(options))]

    def some(self, options: Sequence[T], per_million: int) -> list[T]:
        """Each option with the given probability, in the given order."""
        return [option for option in options if self.happens(per_million)]

    def shuffled(self, options: Sequence[T]) -> list[T]:
        """All options in a drawn order (Fisher-Yates)."""
        result = list(options)
        for last in range(len(result) - 1, 0, -1):
            other = self.below(last + 1)
            result[last], result[other] = result[other], result[last]
        return result

    def uuid(self) -> bytes:
        """Sixteen bytes of a fresh id (version 4, so never the zero id)."""
        raw = bytearray()
        for _ in range(4):
            raw += self.below(1 << 32).to_bytes(4, "big")
        raw[6] = raw[6] & 0x0F | 0x40
        raw[8] = raw[8] & 0x3F | 0x80
        return bytes(raw)


class Choices(Protocol):
    """A source of independent streams by name; the same name gives the same stream object."""

    def stream(self, name: str) -> Stream:
        """The stream of that name."""


class SeededStream(Stream):
    """SplitMix64; the bound is reached by multiply-and-shift, whose bias is below `bound / 2**64`."""

    __slots__ = ("_state",)

    def __init__(self, seed: int, name: str) -> None:
        self._state = int.from_bytes(blake2b(f"{seed}/{name}".encode(), digest_size=8).digest(), "big")

    def below(self, bound: int) -> int:
        """An integer from 0 to `bound - 1`."""
        self._state = state = (self._state + 0x9E3779B97F4A7C15) & _MASK
        mixed = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & _MASK
        return ((mixed ^ (mixed >> 31)) * bound) >> 64


class DrawnStream(Stream):
    """Decisions drawn from outside, usually by Hypothesis: `draw(name, bound)` answers `below(bound)`."""

    __slots__ = ("_draw", "_name")

    def __init__(self, name: str, draw: Callable[[str, int], int]) -> None:
        self._name = name
        self._draw = draw

    def below(self, bound: int) -> int:
        """An integer from 0 to `bound - 1`; a bound of 1 leaves nothing to draw."""
        return self._draw(self._name, bound) if bound > 1 else 0


class RecordedStream(Stream):
    """Decisions read back from a list."""

    __slots__ = ("_decisions", "_name", "_position", "_strict")

    def __init__(self, name: str, decisions: Sequence[int], *, strict: bool) -> None:
        self._name = name
        self._decisions = decisions
        self._position = 0
        self._strict = strict

    def below(self, bound: int) -> int:
        """The next recorded decision."""
        position = self._position
        self._position += 1
        if position < len(self._decisions) and self._decisions[position] < bound:
            return self._decisions[position]
        if self._strict:
            what = "is out of range" if position < len(self._decisions) else "was never recorded"
            raise ReplayDiverged(f"decision {position} of stream {self._name!r} (below {bound}) {what}")
        return self._decisions[position] % bound if position < len(self._decisions) else 0


class RecordingStream(Stream):
    """Passes another stream's decisions on and keeps them."""

    __slots__ = ("_kept", "_source")

    def __init__(self, source: Stream, kept: list[int]) -> None:
        self._source = source
        self._kept = kept

    def below(self, bound: int) -> int:
        """What the source says."""
        value = self._source.below(bound)
        self._kept.append(value)
        return value


class _Streams:
    """Streams made on first use, one per name."""

    def __init__(self) -> None:
        self._streams: dict[str, Stream] = {}

    def stream(self, name: str) -> Stream:
        """The stream of that name."""
        stream = self._streams.get(name)
        if stream is None:
            stream = self._streams[name] = self._make(name)
        return stream

    def _make(self, name: str) -> Stream:
        raise AssertionError(name)


class Seeded(_Streams):
    """Every decision follows from one integer."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self.seed = seed

    def _make(self, name: str) -> Stream:
        return SeededStream(self.seed, name)


class Drawn(_Streams):
    """Every decision is asked for, usually from Hypothesis.

    >>> Drawn(lambda name, bound: bound - 1).stream("network").between(3, 5)
    5
    """

    def __init__(self, draw: Callable[[str, int], int]) -> None:
        super().__init__()
        self._draw = draw

    def _make(self, name: str) -> Stream:
        return DrawnStream(name, self._draw)


class Recorded(_Streams):
    """Every decision is read back, stream by stream.

    Strict replay raises `ReplayDiverged` where the run asks for something that was not recorded; otherwise (while a plan
    is being shrunk) a missing decision is 0 and one too large is taken modulo the bound.
    """

    def __init__(self, decisions: Mapping[str, Sequence[int]], *, strict: bool = True) -> None:
        super().__init__()
        self._decisions = decisions
        self._strict = strict

    def _make(self, name: str) -> Stream:
        return RecordedStream(name, self._decisions.get(name, ()), strict=self._strict)


class Recording(_Streams):
    """Another source whose decisions are kept in `decisions`, ready for `Recorded`."""

    def __init__(self, source: Choices) -> None:
        super().__init__()
        self._source = source
        self.decisions: dict[str, list[int]] = {}

    def _make(self, name: str) -> Stream:
        kept = self.decisions.setdefault(name, [])
        return RecordingStream(self._source.stream(name), kept)
