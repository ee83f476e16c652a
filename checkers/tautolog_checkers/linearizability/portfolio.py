"""Which algorithm decides: a polynomial one where what it needs is verified, else the search for any model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import attrs

from tautolog_checkers.linearizability import logs, queues, registers, sets
from tautolog_checkers.linearizability.configurations import Search, TooMany, search
from tautolog_checkers.linearizability.conflicts import Answer, Conflict, Inapplicable
from tautolog_checkers.linearizability.greedy import greedy_order
from tautolog_checkers.linearizability.limits import Budget
from tautolog_checkers.linearizability.models.base import Model, State
from tautolog_checkers.linearizability.models.collection import Set
from tautolog_checkers.linearizability.models.log import Log
from tautolog_checkers.linearizability.models.queue import Queue
from tautolog_checkers.linearizability.models.register import CasRegister, Register
from tautolog_checkers.linearizability.operations import ILLEGAL, Op, text_of

SEARCH = "just-in-time configurations"
GREEDY = "greedy depth-first search"

FIRST_TRY = 4096
FIRST_TRY_UNKNOWN = 256
"""Configurations after which the search is set aside for a moment, to try what a greedy order does; fewer where unknown
operations make each of them dearer."""
GREEDY_OPS = 20_000
GREEDY_STEPS = 8
"""Up to how long a history a greedy order is tried for, and how many steps it may take for each operation."""

STUCK_STATES = 6
"""How many of the last states are told."""

POLYNOMIAL: dict[type[Model], tuple[str, Callable[[Sequence[Op], Any], Answer]]] = {
    Queue: (queues.NAME, queues.check_queue),
    Log: (logs.NAME, logs.check_log),
    Set: (sets.NAME, sets.check_set),
    Register: (registers.NAME, registers.check_register),
    CasRegister: (registers.NAME, registers.check_register),
}
"""Exactly these classes: a model derived from one of them may do something else."""


@attrs.frozen
class Decision:
    """What an algorithm found.

    Attributes:
        algorithm: its name.
        culprit: the operation whose return nothing allowed, where the search found one.
        conflict: what a polynomial algorithm found.
        order: an order of effect, where the algorithm came across one.
        stuck: in words, the states the object can have been in then, and what each did not allow.

    """

    algorithm: str
    culprit: Op | None = None
    conflict: Conflict | None = None
    order: tuple[Op, ...] = ()
    stuck: tuple[str, ...] = ()

    @property
    def broken(self) -> bool:
        """Whether the history is not linearizable."""
        return self.culprit is not None or self.conflict is not None


def decide(model: Model, ops: Sequence[Op], initial: State, budget: Budget | None = None) -> Decision:
    """Decide one object.

    Raises:
        LimitReached: the budget is spent.

    """
    polynomial = POLYNOMIAL.get(type(model))
    if polynomial is not None:
        name, check = polynomial
        answer = check(ops, initial)
        if answer is None:
            return Decision(name)
        if not isinstance(answer, Inapplicable):
            return Decision(name, conflict=answer)
    try:
        most = FIRST_TRY if all(op.known for op in ops) else FIRST_TRY_UNKNOWN
        culprit, run = search(model, ops, initial, budget, most=most)
    except TooMany:
        if len(ops) <= GREEDY_OPS:
            order = greedy_order(model, ops, initial, GREEDY_STEPS * len(ops))
            if order is not None:
                return Decision(GREEDY, order=tuple(order))
        culprit, run = search(model, ops, initial, budget)
    return Decision(SEARCH, culprit, stuck=() if culprit is None else _stuck(model, run, culprit))


def _stuck(model: Model, run: Search, culprit: Op) -> tuple[str, ...]:
    """The states in which the search ended, with the pending operations that each does not allow; the first few."""
    lines = []
    states = sorted({configuration[0] for configuration in run.configurations})
    for number in states[:STUCK_STATES]:
        state = run.transitions.states[number]
        name = "any other state" if number == run.transitions.dead else f"state {text_of(state)}"
        refused = [op for op in run.pending().values() if model.step(state, op) is ILLEGAL]
        refused.sort(key=lambda op: (op is not culprit, op.call))
        names = "; ".join(f"{op.index} {op.words}" for op in refused[:4])
        lines.append(f"in {name} not allowed: {names}" if names else f"{name} led no further")
    if len(states) > STUCK_STATES:
        lines.append(f"and {len(states) - STUCK_STATES} more states")
    return tuple(lines)
