"""Just-in-time linearization: the set of all configurations in which an object may be, event by event.

A configuration is a state, the pending operations that have taken effect, and how many of each kind of unknown operation
were used. Operations are linearized only when one of them returns (Lowe's just-in-time rule), and a pending operation
is a bit in a mask that is reused after its return, so the cost follows the concurrency and not the length. Beyond that:

* A read takes effect as soon as the state allows it: it changes nothing, so waiting never helps.
* When a blind write takes effect, every other pending blind write may have done so right before and be hidden by it.
  Such a write counts as done and may still take effect later, before it returns.
* Unknown operations of one kind are counted, not told apart. Of two configurations that differ only in these counts the
  one that used no more of each kind makes the other superfluous.
* A state of which no operation to come can tell what it is, is as good as any other such state.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeAlias

from tautolog_checkers.linearizability.limits import Budget
from tautolog_checkers.linearizability.models.base import Model, State
from tautolog_checkers.linearizability.operations import FOREVER, Op
from tautolog_checkers.linearizability.transitions import Row, Transitions

Configuration: TypeAlias = tuple[int, int, int, int]
"""(state, done, used, spent): `done` pending operations that need no more; `used` blind writes whose effect is used up;
`spent` unknown operations, `WIDTH` bits a kind."""

WIDTH = 24
OFTEN = 2048
"""How many configurations are expanded between two looks at the limits."""


class Search:
    """All configurations of one object.

    Args:
        model: the object.
        ops: all operations, where they are known in advance.
        initial: the first state; the model's own by default.
        budget: limits.

    """

    __slots__ = (
        "_blind", "_budget", "_free", "_guard", "_kinds", "_model", "_pending", "_slots", "_until_check", "_writes",
        "configurations", "expanded", "transitions",
    )  # fmt: skip

    def __init__(
        self, model: Model, ops: Sequence[Op] | None = None, initial: State | None = None, budget: Budget | None = None
    ) -> None:
        self._model = model
        self.transitions = Transitions(model, ops)
        first = self.transitions.intern(model.initial if initial is None else initial)
        self.configurations: set[Configuration] = {(first, 0, 0, 0)}
        self._pending: dict[int, tuple[Op, Row, bool]] = {}
        self._slots: dict[int, int] = {}
        self._free: list[int] = []
        self._kinds: dict[tuple[object, object], list[int]] = {}
        self._blind: dict[int, tuple[Op, Row, bool]] = {}
        self._guard = 0
        self._writes = 0
        self._budget = budget
        self._until_check = OFTEN
        self.expanded = 0

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
        readonly = model.readonly(op)
        self._pending[bit] = (op, row, readonly)
        if readonly:
            fill = self.transitions.fill
            allowed = set()
            for state, _, _, _ in self.configurations:
                after = row.get(state)
                if (fill(row, op, state) if after is None else after) >= 0:
                    allowed.add(state)
            if allowed:
                self.configurations = {
                    (state, done | bit, used, spent) if state in allowed else (state, done, used, spent)
                    for state, done, used, spent in self.configurations
                }
        elif model.blind(op):
            self._writes |= bit
            self._blind[bit] = self._pending[bit]

    def _add_unknown(self, op: Op, row: Row) -> None:
        """One more of a kind that may take effect at any time, or never."""
        key = (op.f, op.argument)
        kind = self._kinds.get(key)
        if kind is None:
            number = len(self._kinds)
            self._kinds[key] = kind = [number * WIDTH, 0]
            self._guard |= 1 << ((number + 1) * WIDTH - 1)
            self._blind[-1 - number] = (op, row, self._model.blind(op))
        kind[1] += 1

    def ret(self, op: Op) -> bool:
        """An operation returns; whether any configuration allows that. If none does, the configurations stay."""
        bit = self._slots.pop(op.index)
        now = op.ret
        passed = self._close(bit, now)
        if not passed:
            return False
        keep = ~bit
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
        self._blind.pop(bit, None)
        self._writes &= keep
        self._free.append(bit.bit_length() - 1)
        return True

    def _close(self, bit: int, now: int) -> set[Configuration]:
        """All configurations in which the returning operation has taken effect, by as few steps as possible."""
        blind_target = bit & self._writes
        passed: set[Configuration] = set()
        work: list[Configuration] = []
        for configuration in self.configurations:
            if configuration[1] & bit:
                passed.add(configuration)
                if not blind_target or configuration[2] & bit:
                    continue
            work.append(configuration)
        if not work:
            return passed
        moves = self._moves(now)
        if self._kinds:
            self._expand_counting(bit, work, passed, moves)
        else:
            self._expand(bit, work, passed, moves)
        return passed

    def _moves(self, now: int) -> _Moves:
        """What can take effect now, sorted by what it is."""
        moves = _Moves(self.transitions, now, self._writes)
        any_state = next(iter(self.configurations))[0]
        for bit, (op, row, readonly) in self._pending.items():
            if readonly:
                moves.reads.append((bit, row, op))
            elif bit & self._writes:
                moves.writes.append((bit, moves.alive(row, op, any_state)))
            else:
                moves.others.append((bit, row, op))
        for shift, count in self._kinds.values():
            op, row, blind = self._blind[-1 - shift // WIDTH]
            if blind:
                moves.unknown_writes.append((moves.alive(row, op, any_state), shift, count))
            else:
                moves.unknown.append((row, op, shift, count))
        return moves

    def _expand(self, bit: int, work: list[Configuration], passed: set[Configuration], moves: _Moves) -> None:
        """Where no operation is unknown: breadth is bounded by what is pending alone."""
        seen = set(work)
        writes_mask = moves.mask
        reads, fill = moves.reads, self.transitions.fill
        until, dead, now = self.transitions.until, self.transitions.dead, moves.now
        reduces = self.transitions.reduces
        blind_target = bit & writes_mask
        while work:
            state, done, used, _ = work.pop()
            self._count()
            following = [(after, done | writes_mask, used | b, b) for b, after in moves.writes if not used & b]
            for b, row, op in moves.others:
                if not done & b:
                    known = row.get(state)
                    after = fill(row, op, state) if known is None else known
                    if after >= 0:
                        if reduces and until[after] < now:
                            after = dead
                        following.append((after, done | b, used, b))
            for after, now_done, now_used, b in following:
                if after != state:
                    for r, row, op in reads:
                        if not now_done & r:
                            known = row.get(after)
                            if (fill(row, op, after) if known is None else known) >= 0:
                                now_done |= r  # noqa: PLW2901  # the reads that this state lets through
                made = (after, now_done, now_used, 0)
                if now_done & bit:
                    if b == bit or not done & bit:
                        passed.add(made)
                    if not blind_target or now_used & bit:
                        continue
                if made not in seen:
                    seen.add(made)
                    work.append(made)

    def _expand_counting(self, bit: int, work: list[Configuration], passed: set[Configuration], moves: _Moves) -> None:
        """The same with unknown operations, and without configurations that spent more of them than needed."""
        seen: dict[tuple[int, int, int], list[int]] = {}
        for state, done, used, spent in work:
            self._improves(seen, (state, done, used), spent)
        writes_mask, mask = moves.mask, (1 << (WIDTH - 1)) - 1
        reads, fill = moves.reads, self.transitions.fill
        blind_target = bit & writes_mask
        while work:
            state, done, used, spent = work.pop()
            if spent not in seen[state, done, used]:
                continue  # one that spent less came meanwhile
            self._count()
            following = [(after, done | writes_mask, used | b, spent, b) for b, after in moves.writes if not used & b]
            for b, row, op in moves.others:
                if not done & b:
                    after = moves.alive(row, op, state)
                    if after >= 0:
                        following.append((after, done | b, used, spent, b))
            for after, shift, count in moves.unknown_writes:
                if (after != state or writes_mask & ~done) and (spent >> shift) & mask < count:
                    following.append((after, done | writes_mask, used, spent + (1 << shift), 0))
            for row, op, shift, count in moves.unknown:
                if (spent >> shift) & mask < count:
                    after = moves.alive(row, op, state)
                    if after >= 0 and after != state:
                        following.append((after, done, used, spent + (1 << shift), 0))
            for after, now_done, now_used, now_spent, b in following:
                if after != state:
                    for r, row, op in reads:
                        if not now_done & r:
                            known = row.get(after)
                            if (fill(row, op, after) if known is None else known) >= 0:
                                now_done |= r  # noqa: PLW2901  # the reads that this state lets through
                if now_done & bit:
                    if b == bit or not done & bit:
                        passed.add((after, now_done, now_used, now_spent))
                    if not blind_target or now_used & bit:
                        continue
                if self._improves(seen, (after, now_done, now_used), now_spent):
                    work.append((after, now_done, now_used, now_spent))

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

    def _count(self) -> None:
        self.expanded += 1
        if self._budget is not None and self.expanded >= self._until_check:
            self._until_check = self.expanded + OFTEN
            self._budget.check()


class _Moves:
    """What can take effect while one operation returns."""

    __slots__ = ("mask", "now", "others", "reads", "transitions", "unknown", "unknown_writes", "writes")

    def __init__(self, transitions: Transitions, now: int, mask: int) -> None:
        self.transitions = transitions
        self.now = now
        self.mask = mask
        self.reads: list[tuple[int, Row, Op]] = []
        self.writes: list[tuple[int, int]] = []
        self.others: list[tuple[int, Row, Op]] = []
        self.unknown: list[tuple[Row, Op, int, int]] = []
        self.unknown_writes: list[tuple[int, int, int]] = []

    def alive(self, row: Row, op: Op, state: int) -> int:
        """The state after an operation, or the dead one where nothing to come can tell what it is."""
        transitions = self.transitions
        after = row.get(state)
        if after is None:
            after = transitions.fill(row, op, state)
        if transitions.reduces and after >= 0 and transitions.until[after] < self.now:
            return transitions.dead
        return after


def search(
    model: Model, ops: Sequence[Op], initial: State | None = None, budget: Budget | None = None
) -> tuple[Op | None, Search]:
    """Decide one object's history.

    Returns:
        The first operation whose return no configuration allows, or None; and the search as it stands there.

    Raises:
        LimitReached: the budget is spent.

    """
    run = Search(model, ops, initial, budget)
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
