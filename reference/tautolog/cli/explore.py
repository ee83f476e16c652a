"""`tautolog explore`: every reachable state of a finite instance of a model, and the shortest way to a broken promise.

Promises of safety are looked for in every state, promises of liveness in every fair cycle. A random walk instead of the
search gives traces to feed to `tautolog conform`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tautolog.cli.errors import DONE, UNKNOWN, VIOLATED, Usage
from tautolog.cli.models import events, load_model, parse_bounds, sentences, write
from tautolog.cli.printing import show, show_json

if TYPE_CHECKING:
    from tautolog_checkers.model.explore.search import Exploration
    from tautolog_spec.language import Model

STEPS = 100


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("model", metavar="MODEL")
@click.argument("more", nargs=-1, metavar="[SORT=N…]")
@click.option("--bound", "bounds", multiple=True, metavar="SORT=N", help="How many of a sort; more may follow.")
@click.option("--without", multiple=True, metavar="FIX", help="Take a fix out of the model; may be repeated.")
@click.option(
    "--symmetric", is_flag=True, help="Count states once that differ by renaming things of an unordered sort."
)
@click.option("--safety", is_flag=True, help="Leave the liveness promises out.")
@click.option("--limit", type=click.IntRange(1), default=20_000_000, show_default=True, help="States to give up after.")
@click.option("--walk", metavar="SEED", type=int, help="Instead of searching, walk at random.")
@click.option("--steps", type=click.IntRange(1), metavar="N", help="How far to walk; 100 steps, unless said.")
@click.option("--html", "page", metavar="OUT", type=click.Path(path_type=Path), help="Draw the trace.")
@click.option("--trace", "out", metavar="OUT", type=click.Path(path_type=Path), help="Write the trace for `conform`.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on standard output.")
def explore(
    model: str,
    more: tuple[str, ...],
    *,
    bounds: tuple[str, ...],
    without: tuple[str, ...],
    symmetric: bool,
    safety: bool,
    limit: int,
    walk: int | None,
    steps: int | None,
    page: Path | None,
    out: Path | None,
    as_json: bool,
) -> int:
    """Explore a model: 0 its promises hold, 1 one is broken, 2 there are too many states."""
    from tautolog_checkers.model.explore import search

    text = load_model(model, without)
    given = parse_bounds((*bounds, *more), text.bound_names())
    wanted = {**text.configurations[0].bounds, **given} if text.configurations else given
    if walk is not None:
        _only_walking(page, as_json=as_json, symmetric=symmetric, safety=safety)
        return _walk(text, wanted, steps or STEPS, walk, out)
    if steps is not None:
        raise Usage("--steps says how far to --walk; to search so far only, there is `tautolog prove --bounded`")

    def searched(instance: dict[str, int]) -> Exploration:
        with sentences():
            found = search.explore(text, instance, symmetric=symmetric, limit=limit)
            return found if safety else search.with_liveness(found, text, instance, limit=limit)

    found = searched(wanted)
    if found.verdict == "holds":
        for shown in _exhibited(text.name, without, wanted, chosen=bool(given)):
            wanted, found = shown, searched(shown)
    if page is not None:
        write(page, _picture(text, wanted, found))
    if out is not None and found.trace is not None:
        write(out, _lines(text, wanted, found))
    elif out is not None:
        click.echo(f"{out}: not written, no promise is broken (the verdict is {found.verdict})", err=True)
    if as_json:
        show_json(_document(found))
    else:
        _print(text, found, wanted)
    return {"holds": DONE, "violated": VIOLATED}.get(found.verdict, UNKNOWN)


def _exhibited(
    model: str, without: tuple[str, ...], explored: dict[str, int], *, chosen: bool
) -> Iterator[dict[str, int]]:
    """Where nothing is broken without a fix: the instance in which the museum shows it, unless one was chosen."""
    from tautolog_spec.bugs import bug

    for one in filter(None, map(bug, without)):
        bounds = " ".join(f"{name}={number}" for name, number in one.bounds.items())
        if one.model == model and dict(one.bounds) != explored and not chosen and not one.nightly:
            click.echo(f"{one.fix}: too few to show it; now with the museum's {bounds}", err=True)
            yield dict(one.bounds)
            return
        if one.model != model or dict(one.bounds) != explored:
            click.echo(f"{one.fix}: the museum shows it with tautolog explore {one.model} --bound {bounds}", err=True)


def _only_walking(page: Path | None, *, as_json: bool, symmetric: bool, safety: bool) -> None:
    """Refuse options that a walk has no use for."""
    for given, name in ((page, "--html"), (as_json, "--json"), (symmetric, "--symmetric"), (safety, "--safety")):
        if given:
            raise Usage(f"{name} belongs to a search; --walk goes with --bound, --without, --steps and --trace")


def _walk(model: Model, bounds: dict[str, int], steps: int, seed: int, out: Path | None) -> int:
    from tautolog_checkers.model.conform.traces import emit
    from tautolog_checkers.model.explore.walk import random_walk
    from tautolog_checkers.model.tables import trace_lines

    with sentences():
        trace = random_walk(model, bounds, steps=steps, seed=seed)
    if out is None:
        for line in trace_lines(model, trace):
            click.echo(line)
    else:
        write(out, "\n".join([*emit(model.name, bounds, trace, states=True), ""]))
    return DONE


def _lines(model: Model, bounds: dict[str, int], found: Exploration) -> str:
    from tautolog_checkers.model.conform.traces import emit
    from tautolog_checkers.model.tables import Trace

    assert found.trace is not None
    around = found.cycle.steps if found.cycle is not None else ()
    whole = Trace(found.trace.first, (*found.trace.steps, *around))
    return "\n".join([*emit(model.name, bounds, whole, states=True), ""])


def _picture(model: Model, bounds: dict[str, int], found: Exploration) -> str:
    from tautolog_checkers.model.picture import nothing_broken, picture

    if found.trace is None:
        return nothing_broken(model, bounds, found)
    return picture(model, found.trace, model.promise(found.broken).meaning, found.cycle)


def _document(found: Exploration) -> dict[str, Any]:
    return {
        "model": found.model,
        "distinct": found.distinct,
        "depth": found.depth,
        "seconds": round(found.seconds, 3),
        "verdict": found.verdict,
        "trace": None if found.trace is None else events(found.trace),
        "cycle": None if found.cycle is None else events(found.cycle),
        "broken": found.broken or None,
        "never": list(found.never),
    }


def _print(model: Model, found: Exploration, bounds: dict[str, int]) -> None:
    rate = f"{found.distinct / max(found.seconds, 1e-6):,.0f}/s"
    bound = " ".join(f"{name}={number}" for name, number in bounds.items())
    row = (model.name, bound, found.verdict, found.distinct, found.depth, f"{found.seconds:.1f} s", rate)
    show(("model", "bounds", "verdict", "distinct", "depth", "time", "states"), [row])
    for one in model.sometimes:
        if one.name in found.never:
            click.echo(f"never: {one.meaning} ({one.name}); larger bounds may show it")
    if found.trace is not None:
        print_trace(model, found)


def print_trace(model: Model, found: Exploration) -> None:
    """The broken promise in words, and the shortest trace as a table."""
    from tautolog_checkers.model.tables import cycle_lines, trace_lines

    assert found.trace is not None
    broken = model.promise(found.broken)
    click.echo(f"\nbroken: {broken.meaning} ({broken.name}, {broken.source})")
    if found.cycle is None:
        click.echo(f"the shortest way there takes {len(found.trace)} steps:\n")
        lines = trace_lines(model, found.trace)
    else:
        click.echo(f"{len(found.trace)} steps lead to a cycle of {len(found.cycle)} in which nobody is starved:\n")
        lines = cycle_lines(model, found.trace, found.cycle)
    for line in lines:
        click.echo(line)
