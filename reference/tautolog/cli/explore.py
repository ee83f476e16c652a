"""`tautolog explore`: every reachable state of a finite instance of a model, and the shortest way to a broken promise."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tautolog.cli.errors import DONE, UNKNOWN, VIOLATED, Usage
from tautolog.cli.models import load_model, parse_bounds, sentences
from tautolog.cli.printing import show, show_json

if TYPE_CHECKING:
    from tautolog_checkers.model.explore.search import Exploration
    from tautolog_spec.language import Model


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("model", metavar="MODEL")
@click.argument("more", nargs=-1, metavar="[SORT=N…]")
@click.option("--bound", "bounds", multiple=True, metavar="SORT=N", help="How many of a sort; more may follow.")
@click.option("--without", multiple=True, metavar="FIX", help="Take a fix out of the model; may be repeated.")
@click.option(
    "--symmetric", is_flag=True, help="Count states once that differ by renaming things of an unordered sort."
)
@click.option("--limit", default=20_000_000, show_default=True, help="States after which to give up.")
@click.option("--html", "page", metavar="OUT", type=click.Path(path_type=Path), help="Draw the trace.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on standard output.")
def explore(
    model: str,
    more: tuple[str, ...],
    *,
    bounds: tuple[str, ...],
    without: tuple[str, ...],
    symmetric: bool,
    limit: int,
    page: Path | None,
    as_json: bool,
) -> int:
    """Explore a model: 0 its promises hold in every state, 1 one is broken, 2 there are too many states."""
    from tautolog_checkers.model.explore import search

    text = load_model(model, without)
    wanted = parse_bounds((*bounds, *more))
    if text.configurations:
        wanted = {**text.configurations[0].bounds, **wanted}
    with sentences():
        found = search.explore(text, wanted, symmetric=symmetric, limit=limit)
    if page is not None:
        _draw(page, text, found)
    if as_json:
        show_json(_document(found))
    else:
        _print(text, found, wanted)
    return {"holds": DONE, "violated": VIOLATED}.get(found.verdict, UNKNOWN)


def _draw(page: Path, model: Model, found: Exploration) -> None:
    from tautolog_checkers.model.picture import picture

    if found.trace is None:
        raise Usage(f"--html draws the trace of a broken promise, and the verdict is {found.verdict}")
    broken = next(one for one in model.invariants if one.name == found.broken)
    try:
        page.write_text(picture(model, found.trace, broken.meaning), encoding="utf-8")
    except OSError as error:
        raise Usage(f"{page}: {error.strerror}") from error


def _document(found: Exploration) -> dict[str, Any]:
    steps = None
    if found.trace is not None:
        steps = [
            {
                "action": event.action,
                "values": dict(event.values),
                "chosen": {k: list(v) for k, v in event.chosen.items()},
            }
            for event, _ in found.trace.steps
        ]
    return {
        "model": found.model,
        "distinct": found.distinct,
        "depth": found.depth,
        "seconds": round(found.seconds, 3),
        "verdict": found.verdict,
        "trace": steps,
        "broken": found.broken or None,
        "never": list(found.never),
    }


def _print(model: Model, found: Exploration, bounds: dict[str, int]) -> None:
    from tautolog_checkers.model.tables import trace_lines

    rate = f"{found.distinct / max(found.seconds, 1e-6):,.0f}/s"
    bound = " ".join(f"{name}={number}" for name, number in bounds.items())
    row = (model.name, bound, found.verdict, found.distinct, found.depth, f"{found.seconds:.1f} s", rate)
    show(("model", "bounds", "verdict", "distinct", "depth", "time", "states"), [row])
    for one in model.sometimes:
        if one.name in found.never:
            click.echo(f"never: {one.meaning} ({one.name}); larger bounds may show it")
    if found.trace is not None:
        broken = next(one for one in model.invariants if one.name == found.broken)
        click.echo(f"\nbroken: {broken.meaning} ({broken.name}, {broken.source})")
        click.echo(f"the shortest way there takes {len(found.trace)} steps:\n")
        for line in trace_lines(model, found.trace):
            click.echo(line)
