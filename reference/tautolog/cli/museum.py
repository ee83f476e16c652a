"""`tautolog museum`: the historical bugs; and each one's story, with the shortest trace found while you wait."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tautolog.cli.errors import DONE, Usage
from tautolog.cli.models import events, write
from tautolog.cli.printing import show, show_json

if TYPE_CHECKING:
    from tautolog_checkers.model.explore.search import Exploration
    from tautolog_spec.bugs import Bug
    from tautolog_spec.language import Model


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("switch", required=False, metavar="[SWITCH]")
@click.option("--html", "page", metavar="OUT", type=click.Path(path_type=Path), help="Draw the trace.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on standard output.")
def museum(switch: str | None, *, page: Path | None, as_json: bool) -> int:
    """List the bugs; with a SWITCH, tell the story and find the shortest trace of that bug."""
    from tautolog_spec.bugs import MUSEUM

    if switch is None:
        if page is not None:
            raise Usage("--html draws the trace of one bug: name its switch; `tautolog museum` lists them")
        _list(MUSEUM, as_json=as_json)
        return DONE
    chosen = [one for one in MUSEUM if one.fix == switch]
    if not chosen:
        raise Usage(f"the museum has no {switch}; it has {', '.join(one.fix for one in MUSEUM)}")
    _tell(chosen[0], page, as_json=as_json)
    return DONE


def _list(bugs: tuple[Bug, ...], *, as_json: bool) -> None:
    if as_json:
        show_json({"bugs": [_document(one) for one in bugs]})
        return
    rows = [(str(one.fix), one.model, one.promise, one.steps, one.failing) for one in bugs]
    show(("switch", "model", "promise", "steps", "obligation"), rows)


def _tell(bug: Bug, page: Path | None, *, as_json: bool) -> None:
    from tautolog_checkers.model.picture import picture
    from tautolog_spec.models import load

    broken = load(bug.model).without(bug.fix)
    if bug.nightly:
        click.echo("a large instance: this takes a while", err=True)
    found = _found(bug, broken)
    if page is not None:
        assert found.trace is not None
        write(page, picture(broken, found.trace, broken.promise(bug.promise).meaning, found.cycle))
    if as_json:
        assert found.trace is not None
        cycle = None if found.cycle is None else events(found.cycle)
        show_json({**_document(bug), "trace": events(found.trace), "cycle": cycle})
        return
    _print(bug, broken, found)


def _found(bug: Bug, broken: Model) -> Exploration:
    """The shortest way to the broken promise, found now."""
    from tautolog_checkers.model.explore.search import explore, with_liveness
    from tautolog_spec.language import Liveness

    promise = broken.promise(bug.promise)
    if isinstance(promise, Liveness):
        found = with_liveness(explore(broken, bug.bounds, goals={}), broken, bug.bounds, promises=(promise,))
    else:
        found = explore(broken, bug.bounds, goals={promise.name: promise.formula})
    steps = len(found.trace or ()) + len(found.cycle or ())
    if found.trace is None or steps != bug.steps:
        raise AssertionError(f"the exhibit {bug.fix} says {bug.steps} steps, and there are {steps}")
    return found


def _print(bug: Bug, broken: Model, found: Exploration) -> None:
    import textwrap

    from tautolog.cli.explore import print_trace

    bounds = " ".join(f"{name}={number}" for name, number in bug.bounds.items())
    click.echo(f"{bug.fix}: {bug.title}\n")
    click.echo(textwrap.fill(bug.story, 100))
    click.echo(f"\ntold in: {bug.reported}")
    click.echo(f"again:   tautolog explore {bug.model} --bound {bounds} --without {bug.fix}")
    if bug.obligation:
        click.echo(f"proof:   without it this obligation of {bug.proof or bug.model} fails: {bug.obligation}")
        click.echo(f"         tautolog prove {bug.proof or bug.model} --without {bug.fix}")
    else:
        click.echo(f"proof:   none fails, {_why_none(broken, bug)}")
    print_trace(broken, found)


def _why_none(model: Model, bug: Bug) -> str:
    from tautolog_spec.language import Liveness

    if isinstance(model.promise(bug.promise), Liveness):
        return "proofs are about what never happens, and this promise about what must"
    return f"model {model.name} is explored and not proved"


def _document(bug: Bug) -> dict[str, Any]:
    return {
        "switch": str(bug.fix),
        "title": bug.title,
        "story": bug.story,
        "reported": bug.reported,
        "model": bug.model,
        "promise": bug.promise,
        "bounds": dict(bug.bounds),
        "steps": bug.steps,
        "obligation": bug.obligation or None,
        "proof": (bug.proof or bug.model) if bug.obligation else None,
    }
