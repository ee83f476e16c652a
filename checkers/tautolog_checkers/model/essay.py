"""A model as a page of prose and tables, made of its own text: nothing in it is written by hand a second time."""

from __future__ import annotations

from collections.abc import Sequence

from tautolog_checkers.model.findings import Findings, fingerprint
from tautolog_checkers.model.mutation import Fate
from tautolog_spec.bugs import MUSEUM
from tautolog_spec.language.lint import cycles
from tautolog_spec.language.models import Action, Invariant, Model
from tautolog_spec.language.words import formula_text, update_text

OVERVIEW = """# What is proved, what is explored, what is only simulated

*Generated from the models.*

**Proved** means: by induction, for any number of replicas, epochs and offsets, every obligation answered by z3 and written on
request as an SMT-LIB file that another solver can check (`tautolog prove --smtlib DIR`). **Explored** means: in every reachable
state of the finite instances that the model's page lists, and no further. Both speak of the model, not of the running broker;
`tautolog conform` compares a recorded trace with a model.

**Only simulated** is what no model speaks of: that the broker does what the model says, and all that models leave out, such as
bytes on disk, timers, network frames and clients. Of that, `tautolog simulate` and the tests see as many runs as they have time
for, and prove nothing."""

MUTATIONS = """# Who would miss it?

*Generated from the models and from what was found out about them.*

Each conjunct of each guard and each update of every model, ghosts included, is dropped in turn, with all fixes in. It is missed
by *proof* if a consecution obligation of the action then has a counterexample; by *exploration* if a finite instance then breaks
a promise or a lemma, starves somebody for ever, never shows what must be possible, or has another number of states than it must
have; or by the *museum*, if the action is then what it was before one of the fixes, and an exhibit shows where that led. It is
*implied* if z3 proves, without bounds, that it follows from what stands beside it, or, in models that are not proved, if it does
in every state of every configuration. What is left is redundant, and the model says why it stands there.

`python -m tautolog_checkers.model.mutation MODEL [ACTION…]` finds this out anew."""


def essay(model: Model, findings: Findings | None = None) -> str:
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
    if model.sometimes or model.liveness:
        parts += ["## What must be possible, and what must come", *_possible(model)]
    shown = [one for one in MUSEUM if one.model == model.name]
    if shown:
        rows = [(f"`{one.fix}`", one.title, one.promise, one.steps, one.failing or "—") for one in shown]
        columns = ("without", "what happened", "breaks", "in steps", "fails to prove")
        parts += ["## Bugs shown here", "`tautolog museum SWITCH` tells the story.", _table(columns, rows)]
    if model.proved and findings is not None and findings.graph:
        parts += ["## What leans on what", *_graph(model, findings)]
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
        (
            ", ".join(f"{name} = {number}" for name, number in one.bounds.items()),
            f"{one.distinct:,}{', up to symmetry' if one.symmetric else ''}",
            one.depth,
            "by night" if one.nightly else "in every test run",
            "promises and fair cycles" if one.live else "promises",
        )
        for one in model.configurations
    ]
    switches = ", ".join(f"`{name}`" for name in model.switches) or "none"
    return [
        text,
        "Explored, state by state:",
        _table(("bounds", "distinct states", "depth", "when", "for"), rows),
        f"Fixes: {switches}.",
    ]


def _possible(model: Model) -> list[str]:
    parts = [f"**{one.name}**: {one.meaning}\n\n```\n{formula_text(one.formula)}\n```" for one in model.sometimes]
    for one in model.liveness:
        lines = (f"from   {formula_text(one.trigger)}", f"to     {formula_text(one.goal)}")
        fair = f"if     {', '.join(one.fair) or 'nobody'} is not starved"
        parts.append(f"**{one.name}** ({one.source}): {one.meaning}\n\n" + "\n".join(["```", *lines, fair, "```"]))
    return parts


def _graph(model: Model, findings: Findings) -> list[str]:
    """The proof's graph from unsat cores, the promises drawn, all of it as a table."""
    promises = [one.name for one in model.invariants if one.is_safety]
    arrows = [f"  {name} --> {other}" for name in promises for other in findings.graph.get(name, {})]
    helped: dict[str, int] = {}
    for edges in findings.graph.values():
        for other in edges:
            helped[other] = helped.get(other, 0) + 1
    rows = []
    for one in model.invariants:
        edges = findings.graph.get(one.name, {})
        leans = ", ".join(f"{other} ({', '.join(acts)})" for other, acts in edges.items())
        rows.append(
            (f"**{one.name}**" if one.is_safety else one.name, leans or "itself alone", helped.get(one.name, 0))
        )
    drawn = ["```mermaid\ngraph LR\n" + "\n".join(arrows) + "\n```"] if arrows else []
    stale = "" if findings.fingerprint == fingerprint(model) else " *Found out about an earlier text of the model.*"
    words = (
        "Which invariants, besides itself, the consecution of each one leans on, and over which actions: from the solver's "
        f"unsat cores, which are small but not smallest. The picture shows what holds up the promises.{stale}"
    )
    return [
        words,
        *drawn,
        _table(("invariant", "leans on", "holds up"), rows),
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
    """What is proved and what is explored, promise by promise, in Markdown."""
    rows = [
        (
            f"[{model.name}]({model.name}.md)",
            model.title,
            "proved without bounds" if model.proved else "explored within bounds",
            f"{len(_obligations(model)):,}" if model.proved else "—",
            max((f"{one.distinct:,}" for one in model.configurations), key=lambda text: (len(text), text), default="—"),
            "yes" if cycles(model.without()) else "no",
        )
        for model in models
    ]
    table = _table(("model", "what it is", "status", "obligations", "largest instance", "alternation cycle"), rows)
    promises = [
        (
            f"[{model.name}]({model.name}.md)",
            one.name,
            one.meaning,
            "proved" if model.proved else "explored",
            one.source,
        )
        for model in models
        for one in model.invariants
        if one.is_safety
    ]
    promises += [
        (f"[{model.name}]({model.name}.md)", one.name, one.meaning, "explored (fair cycles)", one.source)
        for model in models
        for one in model.liveness
    ]
    listed = _table(("model", "promise", "in words", "how", "source"), promises)
    every = sum(len(_obligations(model)) for model in models if model.proved)
    closing = (
        f"All {every:,} obligations are asked in every test run; an `unknown` is a failure. Who would miss each conjunct and each "
        "update of these models is on [a page of its own](../mutations.md)."
    )
    return f"{OVERVIEW}\n\n{table}\n\n{closing}\n\n## Promise by promise\n\n{listed}\n"


def _obligations(model: Model) -> range:
    acts, count = len(model.without().actions), len(model.invariants)
    return range(count * (acts + 1) + acts)


def mutation_page(known: list[tuple[Model, Findings | None]]) -> str:
    """Who misses each part of every model, in Markdown."""
    kinds = ("proof", "promise", "lemma", "liveness", "sometimes", "count", "museum", "implied", "")
    rows = []
    for model, findings in known:
        fates = findings.fates if findings is not None else ()
        counted = [sum(fate.by == kind for fate in fates) for kind in kinds]
        rows.append((f"[{model.name}](models/{model.name}.md)", len(fates), *counted, _score(model, fates)))
    columns = ("model", "parts", *kinds[:-1], "redundant", "accounted for")
    parts = [MUTATIONS, _table(columns, rows)]
    for model, findings in known:
        parts.append(f"## {model.name}")
        if findings is None:
            parts.append("Not found out yet.")
            continue
        if findings.fingerprint != fingerprint(model):
            parts.append("*Found out about an earlier text of the model.*")
        listed = [
            (f"`{_cell(fate.part)}`", fate.by or "redundant", _cell(_missed(model, fate))) for fate in findings.fates
        ]
        parts.append(_table(("part", "missed by", "where"), listed))
    return "\n\n".join(parts) + "\n"


def _score(model: Model, fates: Sequence[Fate]) -> str:
    lost = sum(not fate.by and fate.part not in model.redundant for fate in fates)
    return f"{100 * (len(fates) - lost) / len(fates):.0f} %" if fates else "—"


def _missed(model: Model, fate: Fate) -> str:
    bounds = ", ".join(f"{name} = {number}" for name, number in fate.bounds.items())
    reason = f" {model.redundant[fate.part]}" if fate.part in model.redundant else ""
    match fate.by:
        case "proof":
            return f"`{fate.what}`"
        case "implied":
            return f"follows from {fate.what}{f' ({bounds})' if bounds else ''}.{reason}"
        case "":
            return reason.strip() or "**nobody, and nothing says why it stands there**"
        case "sometimes":
            return f"{fate.what} never happens ({bounds})"
        case "count":
            return f"{fate.what} ({bounds}).{reason}"
        case _:
            return f"{fate.what}, {fate.steps} steps ({bounds})"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
