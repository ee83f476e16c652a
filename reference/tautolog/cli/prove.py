"""`tautolog prove`: every obligation of the models, without bounds, and as SMT-LIB files for another solver; or step by step."""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tautolog.cli.errors import DONE, UNKNOWN, VIOLATED, Usage
from tautolog.cli.models import events, load_model
from tautolog.cli.printing import show, show_json

if TYPE_CHECKING:
    from tautolog_checkers.model.prove.obligations import Proof, Result
    from tautolog_spec.language import Model


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("names", nargs=-1, metavar="[MODEL…]")
@click.option("--without", multiple=True, metavar="FIX", help="Take a fix out of the model; may be repeated.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on standard output.")
@click.option("--smtlib", metavar="DIR", type=click.Path(path_type=Path), help="Write every obligation as a file, too.")
@click.option(
    "--bounded",
    metavar="STEPS",
    type=click.IntRange(0),
    help="Instead of induction: can a promise break within so many steps from the initial state?",
)
@click.option(
    "--timeout", type=click.FloatRange(0.001, 1e6), default=30.0, show_default=True, help="Seconds for one query."
)
@click.option("--jobs", type=click.IntRange(1), metavar="N", help="Processes; as many as there are cores, unless said.")
def prove(
    names: tuple[str, ...],
    *,
    without: tuple[str, ...],
    as_json: bool,
    smtlib: Path | None,
    bounded: int | None,
    timeout: float,
    jobs: int | None,
) -> int:
    """Prove the models: 0 all is proved, 1 there is a counterexample, 2 the solver did not know."""
    if math.isnan(timeout):
        raise Usage("--timeout nan: a number of seconds is wanted")
    try:
        from tautolog_checkers.model.prove import obligations
    except ImportError as error:
        raise Usage("proofs need z3: pip install 'tautolog[prove]'") from error
    if smtlib is not None and bounded is not None:
        raise Usage("--smtlib writes what induction asks; --bounded asks something else")
    if bounded is not None:
        return _bounded(names, without, bounded, int(timeout * 1000), as_json=as_json)
    models = _chosen(names, without)
    if smtlib is not None:
        with _writing(smtlib):
            smtlib.mkdir(parents=True, exist_ok=True)
    for model in models:
        _warn(model)
    proofs = []
    for model in models:
        total = sum(1 for _ in obligations.obligations(model))
        with _progress(model.name, total) as step:
            proofs.append(
                obligations.prove_in_parallel(
                    model, jobs=jobs or _cores(), timeout_ms=int(timeout * 1000), progress=step
                )
            )
    if smtlib is not None:
        _write(models, proofs, smtlib)
    if as_json:
        show_json({"models": [_document(proof) for proof in proofs]})
    else:
        _print(proofs)
    if any(proof.refuted for proof in proofs):
        return VIOLATED
    return UNKNOWN if any(proof.failed for proof in proofs) else DONE


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _warn(model: Model) -> None:
    """One line on standard error where a solver may wander."""
    from tautolog_spec.language.lint import cycles

    edges = cycles(model.without())
    if edges:
        sorts = " and ".join(dict.fromkeys(f"{edge.source} → {edge.target}" for edge in edges))
        click.echo(
            f"{model.name}: quantifiers alternate in a cycle ({sorts}; {edges[0].where}), so a query may stay unknown",
            err=True,
        )


@contextmanager
def _writing(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise Usage(f"{error.filename or folder}: {error.strerror}") from error


def _write(models: list[Model], proofs: list[Proof], folder: Path) -> None:
    """One file an obligation, with our solver's answer; the count goes to standard error, beside the table."""
    from tautolog_checkers.model.prove.smtlib import write_smtlib

    with _writing(folder):
        for model, proof in zip(models, proofs, strict=True):
            written = write_smtlib(model, folder, {one.obligation: one.answer for one in proof.results})
            click.echo(f"{folder}: {written} files of {model.name}", err=True)


def _bounded(names: tuple[str, ...], without: tuple[str, ...], steps: int, timeout_ms: int, *, as_json: bool) -> int:
    """Every promise of the models from the initial state on, with any number of elements of every sort."""
    from tautolog_checkers.model.prove.bounded import shortest_violation
    from tautolog_checkers.model.tables import Trace, trace_lines

    if not names:
        raise Usage("--bounded wants a model: tautolog prove MODEL --bounded STEPS")
    rows: list[tuple[str, str, str, int | None]] = []
    documents: list[dict[str, Any]] = []
    told: list[str] = []
    for name in names:
        model = load_model(name, without)
        for one in model.invariants:
            if not one.is_safety:
                continue
            found = shortest_violation(model, one, steps, timeout_ms)
            verdict = "violated" if isinstance(found, Trace) else {"unsat": "holds"}.get(found, "unknown")
            rows.append((name, one.name, verdict, len(found) if isinstance(found, Trace) else None))
            trace = events(found) if isinstance(found, Trace) else None
            documents.append({"model": name, "promise": one.name, "verdict": verdict, "trace": trace})
            if isinstance(found, Trace):
                told += [f"\nbroken: {one.meaning} ({one.name}, {one.source})", *trace_lines(model, found)]
    if as_json:
        show_json({"steps": steps, "promises": documents})
    else:
        show(("model", "promise", f"within {steps} steps", "trace"), rows)
        for line in told:
            click.echo(line)
    verdicts = {row[2] for row in rows}
    return VIOLATED if "violated" in verdicts else UNKNOWN if "unknown" in verdicts else DONE


def _chosen(names: tuple[str, ...], without: tuple[str, ...]) -> list[Model]:
    """The models that are meant: all that are proved, or those of them that know the fixes to leave out."""
    from tautolog_spec.models import MODULES, load

    if not names:
        proved = {name: model for name in MODULES if (model := load(name)).proved}
        meant = [name for name, model in proved.items() if set(without) <= set(model.switches)]
        if not meant:
            known = sorted({switch for model in proved.values() for switch in model.switches})
            raise Usage(f"no model that is proved has the fix {', '.join(without)}; there are {', '.join(known)}")
        names = tuple(meant)
    models = [load_model(name, without) for name in dict.fromkeys(names)]
    for model in models:
        if not model.proved:
            proved_names = ", ".join(name for name in MODULES if load(name).proved)
            raise Usage(f"model {model.name} is explored, not proved; proved are {proved_names}")
    return models


@contextmanager
def _progress(name: str, total: int) -> Iterator[Any]:
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    # no thread refreshes the bar: processes are forked while it is shown
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[at]}"))
    with Progress(*columns, console=Console(stderr=True), transient=True, auto_refresh=False) as bar:
        task = bar.add_task(name, total=total, at="")

        def step(result: Result) -> None:
            bar.update(task, advance=1, at=str(result.obligation), refresh=True)

        yield step


def _document(proof: Proof) -> dict[str, Any]:
    document: dict[str, Any] = {
        "name": proof.model,
        "obligations": len(proof.results),
        "proved": len(proof.results) - len(proof.failed),
        "failed": len(proof.failed),
        "seconds": round(proof.seconds, 3),
    }
    if proof.failed:
        document["failures"] = [{"obligation": str(one.obligation), "answer": one.answer} for one in proof.failed]
    return document


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
