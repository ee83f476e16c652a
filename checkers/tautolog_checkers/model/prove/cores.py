"""Unsat cores: which assumptions a proof leans on. A core is small, not smallest; another solver may name another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import z3

from tautolog_checkers.model.prove.obligations import Obligation, Prover, obligations
from tautolog_checkers.model.prove.translate import changed
from tautolog_spec.language.formulas import Not


def core(prover: Prover, named: Mapping[str, Any], rest: Sequence[Any]) -> tuple[str, ...] | None:
    """The names of assumptions that contradict the rest; None if no contradiction is found."""
    context = prover.translation.context
    solver = z3.Solver(ctx=context)
    solver.set("timeout", prover.timeout_ms)
    solver.set("core.minimize", True)  # noqa: FBT003  # z3's signature
    solver.add(list(rest))
    for name, assertion in named.items():
        solver.assert_and_track(assertion, z3.Bool(f"because {name}", context))
    if solver.check() != z3.unsat:
        return None
    used = {str(one).strip("|").removeprefix("because ") for one in solver.unsat_core()}
    return tuple(name for name in named if name in used)


def invariants_before(prover: Prover) -> dict[str, Any]:
    """Every invariant in the state before a step, by name."""
    return {one.name: prover.translation.formula(one.formula) for one in prover.model.invariants}


def leans_on(prover: Prover, obligation: Obligation) -> tuple[str, ...] | None:
    """The invariants that the consecution of one invariant over one action leans on."""
    translation = prover.translation
    act = prover.model.action(obligation.action)
    goal = next(one.formula for one in prover.model.invariants if one.name == obligation.invariant)
    rest = [*translation.background(), *translation.move(act), translation.formula(Not(goal), changed(act))]
    return core(prover, invariants_before(prover), rest)


def proof_graph(prover: Prover) -> dict[str, dict[str, tuple[str, ...]]]:
    """For each invariant: which invariants its consecution leans on besides itself, and over which actions."""
    graph: dict[str, dict[str, list[str]]] = {one.name: {} for one in prover.model.invariants}
    for obligation in obligations(prover.model):
        if obligation.kind != "consecution":
            continue
        for name in leans_on(prover, obligation) or ():
            if name != obligation.invariant:
                graph[obligation.invariant].setdefault(name, []).append(obligation.action)
    return {name: {other: tuple(acts) for other, acts in edges.items()} for name, edges in graph.items()}
