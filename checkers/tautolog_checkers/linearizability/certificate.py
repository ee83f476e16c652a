"""The order that makes a history linearizable, found again from the search and confirmed in linear time.

The search keeps sets of configurations; run once more with their origins kept, one way through them can be walked back.
What counted as done without an effect is put where it was absorbed: right behind the operation that led to the state, or,
for a blind write, right before the one that hid it.
"""

from __future__ import annotations

from collections.abc import Sequence

from tautolog_checkers.linearizability.configurations import Configuration, Search, timeline
from tautolog_checkers.linearizability.limits import Budget
from tautolog_checkers.linearizability.models.base import Model, State
from tautolog_checkers.linearizability.operations import Op
from tautolog_checkers.linearizability.replay import carry_out


def confirm(model: Model, order: Sequence[Op], ops: Sequence[Op], initial: State | None = None) -> str:
    """Why an order is no linearization of the operations, in words; empty if it is one. Linear in time.

    It must contain every operation that returned and none that is not of the history, none twice, respect real time and fit
    the model.
    """
    if len({op.index for op in order}) != len(order):
        return "an operation stands in it twice"
    placed = {id(op) for op in order}
    missing = [op.index for op in ops if op.known and id(op) not in placed]
    if missing:
        return f"operation {min(missing)} is missing"
    if len(placed) != sum(id(op) in placed for op in ops):
        return "an operation stands in it that is none of the history"
    latest = -1
    for op in order:
        latest = max(latest, op.call)
        if op.ret < latest:
            return f"operation {op.index} had returned before one in front of it began"
    act = carry_out(model, model.initial if initial is None else initial)
    for op in order:
        if not act(op):
            return f"operation {op.index} does not fit"
    return ""


def linearization(
    model: Model, ops: Sequence[Op], initial: State | None = None, budget: Budget | None = None
) -> list[Op] | None:
    """An order in which the operations can have taken effect, or None where there is none.

    Raises:
        LimitReached: the budget is spent.

    """
    run = Search(model, ops, initial, budget)
    run.trace = []
    steps: list[tuple[int, dict[int, Op]]] = []
    for _, returns, op in timeline(ops):
        if not returns:
            run.call(op)
            alive = run.pending()
        else:
            alive = run.pending()
            if not run.ret(op):
                return None
        steps += [(number, alive) for number in range(len(steps), len(run.trace))]
    return _walk_back(model, run, steps, ops)


def _walk_back(model: Model, run: Search, steps: list[tuple[int, dict[int, Op]]], ops: Sequence[Op]) -> list[Op]:
    """The operations in the order of their effects, from the last configuration to the first."""
    trace = run.trace or []
    at: Configuration = min(run.configurations)
    backwards: list[Op] = []
    placed: set[int] = set()
    uses: list[Op] = []
    for number, alive in reversed(steps):
        origins = trace[number]
        while at in origins:
            before, effect = origins[at]
            del origins[at]
            fresh = [op for bit, op in alive.items() if at[1] & ~before[1] & bit and op is not effect]
            hidden = [] if effect is None or not model.blind(effect) else [op for op in fresh if model.blind(op)]
            _place([op for op in fresh if op not in hidden], backwards, placed)
            if effect is not None:
                if effect.known:
                    _place([effect], backwards, placed)
                else:
                    backwards.append(effect)
                    uses.append(effect)
            _place(hidden, backwards, placed)
            at = before
    return _with_unknown(backwards[::-1], len(uses), ops)


def _place(found: list[Op], backwards: list[Op], placed: set[int]) -> None:
    """Put operations in, unless they took effect later: walking back, the last place is met first."""
    for op in found:
        if op.index not in placed:
            placed.add(op.index)
            backwards.append(op)


def _with_unknown(order: list[Op], uses: int, ops: Sequence[Op]) -> list[Op]:
    """Each use of a kind of unknown operation is given to one of that kind, the earliest call first."""
    if not uses:
        return order
    kinds: dict[tuple[object, object], list[Op]] = {}
    for op in sorted(ops, key=lambda op: -op.call):
        if not op.known:
            kinds.setdefault((op.f, op.argument), []).append(op)
    return [op if op.known else kinds[op.f, op.argument].pop() for op in order]


def merge_orders(orders: list[list[Op]]) -> list[Op]:
    """The orders of independent objects as one that respects real time among all of them.

    Each operation is given an instant between its call and its return, as early as its own order allows; the instants are
    merged.
    """
    timed: list[tuple[int, int, int, Op]] = []
    for number, order in enumerate(orders):
        instant = -1
        for place, op in enumerate(order):
            instant = max(instant, op.call)
            timed.append((instant, number, place, op))
    timed.sort(key=lambda entry: entry[:3])
    return [op for _, _, _, op in timed]
