"""`tautolog prove`: every obligation of the models, without bounds; or as SMT-LIB files for another solver."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tautolog.cli.errors import DONE, UNKNOWN, VIOLATED, Usage
from tautolog.cli.models import load_model
from tautolog.cli.printing import show, show_json

if TYPE_CHECKING:
    from tautolog_checkers.model.prove.obligations import Proof, Result
    from tautolog_spec.language import Model


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("names", nargs=-1, metavar="[MODEL…]")
@click.option("--without", multiple=True, metavar="FIX", help="Take a fix out of the model; may be repeated.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on standard output.")
@click.option("--smtlib", metavar="DIR", type=click.Path(path_type=Path), help="Write obligations as files instead.")
@click.option("--timeout", default=30.0, show_default=True, help="Seconds for one obligation.")
def prove(
    names: tuple[str, ...], *, without: tuple[str, ...], as_json: bool, smtlib: Path | None, timeout: float
) -> int:
    """Prove the models: 0 all is proved, 1 there is a counterexample, 2 the solver did not know."""
    try:
        from tautolog_checkers.model.prove import obligations
    except ImportError as error:
        raise Usage("proofs need z3: pip install 'tautolog[prove]'") from error
    models = _chosen(names, without)
    if smtlib is not None:
        from tautolog_checkers.model.prove.smtlib import write_smtlib

        try:
            show(("model", "files"), [(model.name, write_smtlib(model, smtlib)) for model in models])
        except OSError as error:
            raise Usage(f"{smtlib}: {error.strerror}") from error
        return DONE
    proofs = []
    for model in models:
        total = sum(1 for _ in obligations.obligations(model))
        with _progress(model.name, total) as step:
            proofs.append(obligations.prove(model, timeout_ms=int(timeout * 1000), progress=step))
    if as_json:
        show_json({"models": [_document(proof) for proof in proofs]})
    else:
        _print(proofs)
    if any(proof.refuted for proof in proofs):
        return VIOLATED
    return UNKNOWN if any(proof.failed for proof in proofs) else DONE


def _chosen(names: tuple[str, ...], without: tuple[str, ...]) -> list[Model]:
    """The models that are meant: all that are proved, or those of them that know the fixes to leave out."""
    from tautolog_spec.models import MODULES, load

    proved = [name for name in MODULES if load(name).proved]
    for name in names:
        if name in MODULES and name not in proved:
            raise Usage(f"model {name} is explored, not proved; proved are {', '.join(proved)}")
    if not names and without:
        names = tuple(name for name in proved if set(without) <= set(load(name).switches))
        if not names:
            known = sorted({switch for name in proved for switch in load(name).switches})
            raise Usage(f"no model that is proved has the fix {', '.join(without)}; there are {', '.join(known)}")
    return [load_model(name, without) for name in names or proved]


@contextmanager
def _progress(name: str, total: int) -> Iterator[Any]:
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[at]}"))
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(name, total=total, at="")

        def step(result: Result) -> None:
            bar.update(task, advance=1, at=str(result.obligation))

        yield step


def _document(proof: Proof) -> dict[str, Any]:
    return {
        "name": proof.model,
        "obligations": len(proof.results),
        "proved": len(proof.results) - len(proof.failed),
        "failed": len(proof.failed),
        "seconds": round(proof.seconds, 3),
        "failures": [{"obligation": str(one.obligation), "answer": one.answer} for one in proof.failed],
    }


def _print(proofs: list[Proof]) -> None:
    rows = [
        (p.model, len(p.results), len(p.results) - len(p.failed), f"{p.seconds:.1f} s", f"{p.worst:.2f} s")
        for p in proofs
    ]
    show(("model", "obligations", "proved", "time", "worst"), rows)
    for proof in proofs:
        for one in proof.failed:
            words = {"sat": "fails", "unsat": "can never be satisfied"}.get(one.answer, "is unknown")
            click.echo(f"\n{proof.model}: {one.obligation} {words}")
            for line in one.lines:
                click.echo(f"  {line}")
