"""The page about a worker's designs: which promise each keeps, proved, and the shortest way in which it breaks the others.

It is made of the designs' declarations, proofs and explorations. A cell that turns out otherwise than declared is an error,
never a different page.
"""

from __future__ import annotations

from collections.abc import Sequence

import attrs

from tautolog_checkers.model.explore.search import explore
from tautolog_checkers.model.prove.obligations import prove
from tautolog_checkers.model.tables import Trace, event_text
from tautolog_spec.exhibits.bug import Bug
from tautolog_spec.models.delivery.designs import BOUNDS, Design
from tautolog_spec.models.delivery.invariants import PROMISES

HEAD = """# What a worker can promise

*Generated from the model [`delivery`](models/delivery.md), its proofs and its explorations.*

A worker reads a partition, applies the effect of each record to a sink, and commits offsets. It may crash between any two
steps; it may lose the partition and not know. Where it keeps its deduplication keys decides what it can promise.

*Proved* means: by induction, for any number of workers, records and attempts, crashes and rebalances. *n steps* means: there
is a run of so many steps that breaks the promise, and none that is shorter; it is shown below. A promise is broken when its
sentence is false, even if somebody is at work who might make it true again: that one may die. Each design is the model
without one fix (`tautolog explore delivery --without FIX`)."""

ADVICE = """## Which one to take

- If the sink is a database, take the **inbox in one transaction**: one row per record, written in the transaction of the effect or of the dead
  letter. It needs no lock, no order of commits, and nobody's clock.
- If the sink only knows keys (a payment provider with idempotency keys, an upsert), it is an **idempotent sink**: effects
  come once; whoever repairs a dead letter must use the same key.
- If the sink can only compare numbers, a **lease with fence** keeps late workers away; duplicates remain possible, and the
  effect must bear them.
- A **lease** alone makes duplicates rarer and promises no more than *key after*: it may expire under its holder.
- **Key before** is for effects that may rather be lost than done twice; all others lose records with it."""

SPOILED = """## What spoils even the inbox

Mistakes outside the ladder, each shown in the inbox, which keeps every promise without them. Of the keys: they must be kept
longer than any worker may sleep and any committed offset be set back."""


class DesignError(Exception):
    """A design does not keep, or does not break, what it says that it does."""


@attrs.frozen
class Cell:
    """What becomes of one promise in one design: proved, or the shortest trace that breaks it."""

    promise: str
    trace: Trace | None

    def __str__(self) -> str:
        return f"{len(self.trace)} steps" if self.trace else "proved"


def examine(design: Design) -> tuple[Cell, ...]:
    """Prove what a design keeps and look for the shortest trace of what it does not, promise by promise.

    Raises:
        DesignError: something is not as declared.

    """
    failed = prove(design.model()).failed
    if failed:
        raise DesignError(f"{design.name}: {', '.join(str(one.obligation) for one in failed)} not proved")
    return tuple(_cell(design, promise.name) for promise in PROMISES)


def _cell(design: Design, promise: str) -> Cell:
    steps = design.breaks.get(promise)
    if steps is None:
        return Cell(promise, None)
    found = explore(design.broken(promise), BOUNDS)
    if found.trace is None or len(found.trace) != steps:
        raise DesignError(f"{design.name}: {promise} is said to break in {steps} steps, found {found.verdict}")
    return Cell(promise, found.trace)


def page(designs: Sequence[Design], bugs: Sequence[Bug]) -> str:
    """The page, in Markdown: the designs, then the bugs of workers that spoil the best of them."""
    rows = [(design, examine(design)) for design in designs]
    columns = ("design", *(one.name.replace("_", " ") for one in PROMISES))
    table = [f"| {' | '.join(columns)} |", f"|{'---|' * len(columns)}"]
    table += [f"| {' | '.join((design.name, *map(str, cells)))} |" for design, cells in rows]
    promises = "\n".join(f"- **{one.name.replace('_', ' ')}**: {one.meaning} ({one.source})" for one in PROMISES)
    bounds = ", ".join(f"{name} = {number}" for name, number in BOUNDS.items())
    note = f"Shortest traces are looked for with {bounds}."
    rungs = {design.lacks for design in designs}
    spoilers = [bug for bug in bugs if bug.model == "delivery" and bug.fix not in rungs]
    parts = [HEAD, "\n".join(table), promises, note, ADVICE, *(_section(*row) for row in rows)]
    parts += [SPOILED, *map(_spoiler, spoilers)]
    return "\n\n".join(parts) + "\n"


def _spoiler(bug: Bug) -> str:
    breaks = f"Breaks **{bug.promise.replace('_', ' ')}** in {bug.steps} steps (`--without {bug.fix}`)."
    return f"- **{bug.title}.** {bug.story} {breaks} Told in: {bug.reported}."


def _section(design: Design, cells: tuple[Cell, ...]) -> str:
    without = f"`--without {design.lacks}`" if design.lacks else "all fixes in"
    lines = [f"## {design.name[0].upper()}{design.name[1:]}", "", f"{design.meaning} ({without})"]
    for cell in cells:
        if cell.trace is not None:
            lines += ["", f"**{cell.promise.replace('_', ' ')}** breaks:", "", "```"]
            model = design.broken(cell.promise)
            lines += [
                f"{number:2}  {event_text(model, event)}" for number, (event, _) in enumerate(cell.trace.steps, 1)
            ]
            lines.append("```")
    return "\n".join(lines)
