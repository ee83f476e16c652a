"""Just-in-time linearization: the set of all configurations in which an object may be, event by event.

A configuration is a state, the pending operations that have taken effect, and how many of each kind of unknown operation
were used. Operations are linearized only when one of them returns (Lowe's just-in-time rule), and a pending operation
is a bit in a mask that is reused after its return, so the cost follows the concurrency and not the length. Beyond that:

* An operation that leaves the state as it is counts as done at once. If it only reads, nothing more can come of it; else
  it may still take effect later, before it returns: `done` says that it need not, `used` that it has.
* When a blind write takes effect, every other pending blind write may have done so right before and be hidden by it.
  Such a write counts as done, too, and may still take effect later.
* Unknown operations of one kind are counted, not told apart. Of two configurations that differ only in these counts the
  one that used no more of each kind makes the other superfluous.
* A state of which no operation to come can tell what it is, is as good as any other such state.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

from tautolog_checkers.linearizability.limits import Budget
from tautolog_checkers.linearizability.models.base import Model, State
from tautolog_checkers.linearizability.operations import FOREVER, Op
from tautolog_checkers.linearizability.plain import from_plain, op_from_plain, op_to_plain, to_plain
from tautolog_checkers.linearizability.transitions import Row, Transitions

Configuration: TypeAlias = tuple[int, int, int, int]
"""(state, done, used, spent): `done` pending operations that need no more; `used` ones whose effect is used up; `spent`
unknown operations, `WIDTH` bits a kind."""

Origins: TypeAlias = dict[Configuration, tuple[Configuration, "Op | None"]]
"""Configuration -> the one it came from, and the operation that took effect in between, if one did."""

Pending: TypeAlias = tuple[int, Row, Op, bool]
"""An operation that has begun: its bit, where it leads, and whether it may change the state by what it finds there."""

WIDTH = 24
"""Bits for the count of one kind of unknown operation, the topmost one kept free: up to eight million of a kind."""
OFTEN = 128
"""How many configurations are expanded between two looks at the limits."""


class Search:
    """All configurations of one object.

    Args:
        model: the object.
        ops: all operations, where they are known in advance.
        initial: the first state; the model's own by default.
        budget: limits.
        most: after how many expanded configurations to give up.

    """

    __slots__ = (
        "_budget",
        "_free",
        "_guard",
        "_kinds",
        "_model",
        "_most",
        "_pending",
        "_reads",
        "_slots",
        "_unknown",
        "_until_check",
        "_writes",
        "configurations",
        "expanded",
        "trace",
        "transitions",
    )  # fmt: skip

    def __init__(
        self,
        model: Model,
        ops: Sequence[Op] | None = None,
        initial: State | None = None,
        budget: Budget | None = None,
        most: int | None = None,
    ) -> None:
        self._model = model
        self.transitions = Transitions(model, ops)
        first = self.transitions.intern(model.initial if initial is None else initial)
        self.configurations: set[Configuration] = {(first, 0, 0, 0)}
        self._pending: dict[int, Pending] = {}
        self._slots: dict[int, int] = {}
        self._free: list[int] = []
        self._kinds: dict[tuple[object, object], list[int]] = {}
        self._unknown: list[tuple[Op, Row, bool]] = []
        self._guard = 0
        self._reads = 0
        self._writes = 0
        self._budget = budget
        self._most = most
        self._until_check = OFTEN if most is None else min(OFTEN, most)
        self.expanded = 0
        self.trace: list[Origins] | None = None

    def call(self, op: Op) -> None:
        """An operation begins. Its result must be known unless it never returns."""
        model = self._model
        row = self.transitions.row(op)
        if not op.known:
            self._add_unknown(op, row)
            return
        slot = self._free.pop() if self._free else len(self._pending)
        bit = 1 << slot
        self._slots[op.index] = bit
        readonly, blind = model.readonly(op), model.blind(op)
        self._pending[bit] = (bit, row, op, not readonly and not blind)
        if readonly:
            self._reads |= bit
        elif blind:
            self._writes |= bit
        fill = self.transitions.fill
        absorbed = set()
        for state in {configuration[0] for configuration in self.configurations}:
            after = row.get(state)
            if (fill(row, op, state) if after is None else after) == state:
                absorbed.add(state)
        if absorbed:
            before = self.configurations
            self.configurations = {
                (state, done | bit, used, spent) if state in absorbed else (state, done, used, spent)
                for state, done, used, spent in before
            }
            if self.trace is not None:
                self.trace.append(
                    {
                        (s, done | bit, used, spent): ((s, done, used, spent), None)
                        for s, done, used, spent in before
                        if s in absorbed
                    }
                )

    def _add_unknown(self, op: Op, row: Row) -> None:
        """One more of a kind that may take effect at any time, or never."""
        key = (op.f, op.argument)
        kind = self._kinds.get(key)
        if kind is None:
            number = len(self._kinds)
            self._kinds[key] = kind = [number * WIDTH, 0]
            self._guard |= 1 << ((number + 1) * WIDTH - 1)
            self._unknown.append((op, row, self._model.blind(op)))
        kind[1] += 1

    def ret(self, op: Op) -> bool:
        """An operation returns; whether any configuration allows that. If none does, the configurations stay."""
        bit = self._slots.pop(op.index)
        now = op.ret
        origins: Origins | None = None if self.trace is None else {}
        passed = self._close(bit, now, origins)
        if not passed:
            return False
        keep = ~bit
        if self.trace is not None and origins is not None:
            self.trace += (origins, self._stripped(passed, keep, now))
        transitions = self.transitions
        if transitions.reduces:
            until, dead = transitions.until, transitions.dead
            passed = {
                (state if until[state] > now else dead, done & keep, used & keep, spent)
                for state, done, used, spent in passed
            }
        else:
            passed = {(state, done & keep, used & keep, spent) for state, done, used, spent in passed}
        self.configurations = self._undominated(passed) if self._kinds and len(passed) > 1 else passed
        del self._pending[bit]
        self._writes &= keep
        self._reads &= keep
        self._free.append(bit.bit_length() - 1)
        return True

    def _stripped(self, passed: set[Configuration], keep: int, now: int) -> Origins:
        """Where the configurations come from that forget about a returned operation."""
        until, dead, reduces = self.transitions.until, self.transitions.dead, self.transitions.reduces
        origins: Origins = {}
        for configuration in passed:
            state, done, used, spent = configuration
            after = dead if reduces and until[state] <= now else state
            origins[after, done & keep, used & keep, spent] = (configuration, None)
        return origins

    def _close(self, bit: int, now: int, origins: Origins | None) -> set[Configuration]:
        """All configurations in which the returning operation has taken effect, by as few steps as possible."""
        readonly = bool(self._reads & bit)
        passed: set[Configuration] = set()
        waiting: list[Configuration] = []
        for configuration in self.configurations:
            if configuration[1] & bit:
                passed.add(configuration)
                if readonly or configuration[2] & bit:
                    continue
            waiting.append(configuration)
        if not waiting:
            return passed
        moves = self._moves(now)
        work: list[Configuration] = []
        for configuration in waiting:
            state, done, used, spent = configuration
            all_done = done | moves.around(state)[0]  # more than when it was made, where the state died meanwhile
            if all_done != done:
                if origins is not None:
                    origins[state, all_done, used, spent] = (configuration, None)
                configuration = (state, all_done, used, spent)  # noqa: PLW2901  # the same one, as it is now
                if all_done & bit:
                    passed.add(configuration)
                    if readonly:
                        continue
            work.append(configuration)
        if work:
            expand = self._expand_counting if self._kinds else self._expand
            expand(bit, work, passed, moves, origins, readonly=readonly)
        return passed

    def _moves(self, now: int) -> _Moves:
        """What can take effect now, sorted by what it is."""
        moves = _Moves(self.transitions, now, self._writes)
        any_state = next(iter(self.configurations))[0]
        moves.all = list(self._pending.values())
        if self._writes:
            moves.writes = [
                (bit, moves.alive(row, op, any_state)) for bit, row, op, _ in moves.all if bit & self._writes
            ]
        for shift, count in self._kinds.values():
            op, row, blind = self._unknown[shift // WIDTH]
            if blind:
                moves.unknown_writes.append((moves.alive(row, op, any_state), shift, count))
            else:
                moves.unknown.append((row, op, shift, count))
        return moves

    def _expand(
        self,
        bit: int,
        work: list[Configuration],
        passed: set[Configuration],
        moves: _Moves,
        origins: Origins | None,
        *,
        readonly: bool,
    ) -> None:
        """Where no operation is unknown: breadth is bounded by what is pending alone."""
        seen = set(work)
        roots = frozenset() if origins is None else self.configurations | seen
        writes_mask, writes, around = moves.mask, moves.writes, moves.around
        while work:
            state, done, used, _ = work.pop()
            self.expanded += 1
            if self.expanded >= self._until_check:
                self._look()
            following = [
                (after, done | writes_mask, used | b, b) for b, after in writes if not used & b and after != state
            ]
            following += [(after, done | b, used | b, b) for b, after in around(state)[1] if not used & b]
            for after, now_done, now_used, b in following:
                all_done = now_done | around(after)[0]
                made = (after, all_done, now_used, 0)
                if origins is not None and made not in origins and made not in roots:
                    origins[made] = ((state, done, used, 0), self._pending[b][2])
                if all_done & bit:
                    if b == bit or not done & bit:
                        passed.add(made)
                    if readonly or now_used & bit:
                        continue
                if made not in seen:
                    seen.add(made)
                    work.append(made)

    def _expand_counting(
        self,
        bit: int,
        work: list[Configuration],
        passed: set[Configuration],
        moves: _Moves,
        origins: Origins | None,
        *,
        readonly: bool,
    ) -> None:
        """The same with unknown operations, and without configurations that spent more of them than needed.

        Where an unknown operation did nothing but change the state, a blind write next would make it superfluous, so only
        what depends on that state follows.
        """
        seen: dict[tuple[int, int, int], list[int]] = {}
        for state, done, used, spent in work:
            self._improves(seen, (state, done, used), spent)
        writes_mask, mask, around, get_after = moves.mask, (1 << (WIDTH - 1)) - 1, moves.around, moves.alive
        roots = frozenset() if origins is None else self.configurations | set(work)
        bare = [False] * len(work)
        for number, (state, done, used, spent) in enumerate(work):  # grows; what spent less comes first
            if spent not in seen[state, done, used]:
                continue  # one that spent less came meanwhile
            self.expanded += 1
            if self.expanded >= self._until_check:
                self._look()
            following = []
            if not bare[number]:
                following = [
                    (after, done | writes_mask, used | b, spent, b)
                    for b, after in moves.writes
                    if not used & b and after != state
                ]
                following += [
                    (after, done | writes_mask, used, spent + (1 << shift), -1 - shift)
                    for after, shift, count in moves.unknown_writes
                    if (after != state or writes_mask & ~done) and (spent >> shift) & mask < count
                ]
            following += [(after, done | b, used | b, spent, b) for b, after in around(state)[1] if not used & b]
            for row, op, shift, count in moves.unknown:
                if (spent >> shift) & mask < count:
                    after = get_after(row, op, state)
                    if after >= 0 and after != state:
                        following.append((after, done, used, spent + (1 << shift), -1 - shift))
            for after, now_done, now_used, now_spent, b in following:
                made = (after, now_done | around(after)[0], now_used, now_spent)
                if origins is not None and made not in origins and made not in roots:
                    op = self._pending[b][2] if b > 0 else self._unknown[(-1 - b) // WIDTH][0]
                    origins[made] = ((state, done, used, spent), op)
                if made[1] & bit:
                    if b == bit or not done & bit:
                        passed.add(made)
                    if readonly or now_used & bit:
                        continue
                if self._improves(seen, made[:3], now_spent):
                    work.append(made)
                    bare.append(b < 0 and made[1] == done)

    def pending(self) -> dict[int, Op]:
        """Bit -> operation that has begun, returned to nobody and may still return."""
        return {bit: op for bit, _, op, _ in self._pending.values()}

    def copy(self) -> Search:
        """The same search, to be taken further without changing this one; what is known of states is shared."""
        other = Search.__new__(Search)
        for name in self.__slots__:
            setattr(other, name, getattr(self, name))
        other.configurations = set(self.configurations)
        other._pending = dict(self._pending)  # noqa: SLF001  # a copy of itself
        other._slots = dict(self._slots)  # noqa: SLF001  # a copy of itself
        other._free = list(self._free)  # noqa: SLF001  # a copy of itself
        other._kinds = {key: list(kind) for key, kind in self._kinds.items()}  # noqa: SLF001  # a copy of itself
        other._unknown = list(self._unknown)  # noqa: SLF001  # a copy of itself
        return other

    def save(self) -> dict[str, Any]:
        """The search as JSON; see `load`."""
        states = self.transitions.states
        return {
            "configurations": [[to_plain(states[c[0]]), c[1], c[2], c[3]] for c in sorted(self.configurations)],
            "pending": [[bit, op_to_plain(op)] for bit, _, op, _ in self._pending.values()],
            "free": self._free,
            "kinds": [[op_to_plain(self._unknown[n][0]), kind[1]] for n, kind in enumerate(self._kinds.values())],
        }

    @classmethod
    def load(cls, model: Model, kept: dict[str, Any]) -> Search:
        """A search as it was kept. Nothing is known of operations to come."""
        search = cls(model)
        for plain, count in kept["kinds"]:
            op = op_from_plain(plain)
            for _ in range(count):
                search._add_unknown(op, search.transitions.row(op))
        for bit, plain in kept["pending"]:
            op = op_from_plain(plain)
            readonly, blind = model.readonly(op), model.blind(op)
            search._pending[bit] = (bit, search.transitions.row(op), op, not readonly and not blind)
            search._slots[op.index] = bit
            if readonly:
                search._reads |= bit
            elif blind:
                search._writes |= bit
        search._free = list(kept["free"])
        search.configurations = {
            (search.transitions.intern(from_plain(state)), done, used, spent)
            for state, done, used, spent in kept["configurations"]
        }
        return search

    def _look(self) -> None:
        """Look at the limits, now and then."""
        self._until_check = self.expanded + OFTEN
        if self._most is not None and self.expanded >= self._most:
            raise TooMany
        if self._budget is not None:
            self._budget.check()

    def _improves(self, best: dict[tuple[int, int, int], list[int]], key: tuple[int, int, int], spent: int) -> bool:
        """Keep `spent` unless something kept is no greater in any kind; drop what it makes superfluous."""
        kept = best.get(key)
        if kept is None:
            best[key] = [spent]
            return True
        guard = self._guard
        for other in kept:
            if other == spent or ((spent | guard) - other) & guard == guard:
                return False
        if len(kept) > 1 or ((kept[0] | guard) - spent) & guard == guard:
            kept[:] = [other for other in kept if ((other | guard) - spent) & guard != guard]
        kept.append(spent)
        return True

    def _undominated(self, configurations: Iterable[Configuration]) -> set[Configuration]:
        best: dict[tuple[int, int, int], list[int]] = {}
        for state, done, used, spent in sorted(configurations, key=lambda configuration: configuration[3]):
            self._improves(best, (state, done, used), spent)
        return {(*key, spent) for key, kept in best.items() for spent in kept}


class _Moves:
    """What can take effect while one operation returns."""

    __slots__ = ("_around", "_now", "_transitions", "all", "mask", "unknown", "unknown_writes", "writes")

    def __init__(self, transitions: Transitions, now: int, mask: int) -> None:
        self._transitions = transitions
        self._now = now
        self._around: dict[int, tuple[int, list[tuple[int, int]]]] = {}
        self.mask = mask
        self.all: list[Pending] = []
        self.writes: list[tuple[int, int]] = []
        self.unknown: list[tuple[Row, Op, int, int]] = []
        self.unknown_writes: list[tuple[int, int, int]] = []

    def alive(self, row: Row, op: Op, state: int) -> int:
        """The state after an operation, or the dead one where nothing to come can tell what it is."""
        transitions = self._transitions
        after = row.get(state)
        if after is None:
            after = transitions.fill(row, op, state)
        if transitions.reduces and after >= 0 and transitions.until[after] < self._now:
            return transitions.dead
        return after

    def around(self, state: int) -> tuple[int, list[tuple[int, int]]]:
        """The pending operations that leave `state` as it is; and where the rest leads that are no blind writes."""
        found = self._around.get(state)
        if found is not None:
            return found
        transitions, now = self._transitions, self._now
        reduces, until, dead = transitions.reduces, transitions.until, transitions.dead
        mask = 0
        ways: list[tuple[int, int]] = []
        for bit, row, op, leads in self.all:
            after = row.get(state)
            if after is None:
                after = transitions.fill(row, op, state)
            if reduces and after >= 0 and until[after] < now:
                after = dead
            if after == state:
                mask |= bit
            elif leads and after >= 0:
                ways.append((bit, after))
        found = self._around[state] = (mask, ways)
        return found


class TooMany(Exception):  # noqa: N818  # the caller asked to be told
    """More configurations were expanded than the caller wanted."""


def search(
    model: Model,
    ops: Sequence[Op],
    initial: State | None = None,
    budget: Budget | None = None,
    *,
    most: int | None = None,
) -> tuple[Op | None, Search]:
    """Decide one object's history.

    Returns:
        The first operation whose return no configuration allows, or None; and the search as it stands there.

    Raises:
        LimitReached: the budget is spent.
        TooMany: more than about `most` configurations were expanded.

    """
    run = Search(model, ops, initial, budget, most)
    for _, returns, op in timeline(ops):
        if not returns:
            run.call(op)
        elif not run.ret(op):
            return op, run
    return None, run


def timeline(ops: Sequence[Op]) -> list[tuple[int, bool, Op]]:
    """Calls and returns in their order; what never returns only begins."""
    events = [(op.call, False, op) for op in ops]
    events += [(op.ret, True, op) for op in ops if op.ret != FOREVER]
    events.sort(key=lambda event: event[0])
    return events
