"""A model as a page of prose and tables, made of its own text: nothing in it is written by hand a second time."""

from __future__ import annotations

from collections.abc import Sequence

from tautolog_spec.language.lint import cycles
from tautolog_spec.language.models import Action, Invariant, Model
from tautolog_spec.language.words import formula_text, update_text

OVERVIEW = """# What is proved, and what is explored

*Generated from the models.*

*Proved* means: by induction, for any number of replicas, epochs and offsets, every obligation answered by z3 and written on
request as an SMT-LIB file that another solver can check (`tautolog prove --smtlib DIR`). *Explored* means: in every
reachable state of the finite instances that the model's page lists. Both speak of the model, not of the running broker;
`tautolog conform` compares a recorded trace with a model."""


def essay(model: Model) -> str:
    """The page of one model, in Markdown."""
    parts = [
        f"# {model.title}",
        f"*Model `{model.name}`. Generated from the model's text.*",
        model.essay.strip(),
        *_claims(model),
        "## Variables",
        _table(
            ("relation", "kind", "meaning"),
            [(f"`{one}`", one.kind.value, one.meaning) for one in model.relations],
        ),
        "## Actions",
        *(_action(act) for act in model.actions),
        "## Promises",
        *(_invariant(one) for one in model.invariants if one.is_safety),
    ]
    helpers = [one for one in model.invariants if not one.is_safety]
    if helpers:
        parts += ["## What the proof leans on", *(_invariant(one) for one in helpers)]
    if model.proved:
        parts += ["## Where a solver may wander", *_alternations(model)]
    return "\n\n".join(parts) + "\n"


def _claims(model: Model) -> list[str]:
    safety = sum(one.is_safety for one in model.invariants)
    if model.proved:
        count = len(model.invariants)
        acts = len(model.without().actions)
        text = (
            f"**Proved** for any number of elements of every sort: {safety} promises, by {count} invariants that are "
            f"inductive together; {count * (acts + 1) + acts} obligations."
        )
    else:
        text = f"**Explored**, not proved: {safety} promises."
    rows = [
        (", ".join(f"{name} = {number}" for name, number in one.bounds.items()), f"{one.distinct:,}", one.depth)
        for one in model.configurations
    ]
    switches = ", ".join(f"`{name}`" for name in model.switches) or "none"
    return [
        text,
        "Explored in every test run:",
        _table(("bounds", "distinct states", "depth"), rows),
        f"Fixes: {switches}.",
    ]


def _action(act: Action) -> str:
    parameters = ", ".join(map(repr, act.parameters))
    only = f" (only {'with' if act.with_fix else 'without'} {act.switch})" if act.switch else ""
    lines = [f"### `{act.name}({parameters})`{only}", "", act.meaning, "", "```"]
    lines += [f"requires  {formula_text(formula)}" for formula in act.requires]
    for update in act.updates:
        fix = f"   [{'with' if update.with_fix else 'without'} {update.switch}]" if update.switch else ""
        lines.append(f"then      {update_text(update)}{fix}")
    return "\n".join([*lines, "```"])


def _invariant(one: Invariant) -> str:
    return f"**{one.name}** ({one.source}): {one.meaning}\n\n```\n{formula_text(one.formula)}\n```"


def _alternations(model: Model) -> list[str]:
    edges = cycles(model)
    if not edges:
        return ["No cycle of quantifier alternations: every obligation is decidable."]
    listed = "\n".join(f"- {edge}" for edge in edges)
    return [
        "Quantifier alternations on a cycle, so that decidability is not guaranteed, though every query ends:",
        listed,
    ]


def _table(columns: tuple[str, ...], rows: Sequence[tuple[object, ...]]) -> str:
    head = f"| {' | '.join(columns)} |\n|{'---|' * len(columns)}"
    return "\n".join([head, *(f"| {' | '.join(map(str, row))} |" for row in rows)])


def overview(models: list[Model]) -> str:
    """What is proved and what is explored, model by model, in Markdown."""
    rows = [
        (
            f"[{model.name}]({model.name}.md)",
            model.title,
            "proved without bounds" if model.proved else "explored within bounds",
            ", ".join(one.name for one in model.invariants if one.is_safety),
        )
        for model in models
    ]
    table = _table(("model", "what it is", "status", "promises"), rows)
    return f"{OVERVIEW}\n\n{table}\n"
