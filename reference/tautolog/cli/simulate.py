"""`tautolog simulate`: the broker and its clients in the simulated world, seed by seed, each one judged."""

from __future__ import annotations

import json
import os
import re
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tautolog.cli.errors import Usage

if TYPE_CHECKING:
    from tautolog.campaign.run import Result

FALLBACK = "tautolog-simulation"
"""Where a seed that does not hold is written if no folder was named: a failure without its history is worth little."""

_RANGE = re.compile(r"([0-9]+)(?:\.\.([0-9]+))?", re.ASCII)
_MOST = 2**63 - 1


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--seeds",
    default="0..9",
    show_default=True,
    metavar="A..B",
    help="The seeds to run, both ends included; or one seed.",
)
@click.option(
    "--out",
    metavar="DIR",
    type=click.Path(path_type=Path),
    help=f"Write each history to DIR/SEED.jsonl; without it, what does not hold is written to {FALLBACK}.",
)
@click.option("--jobs", type=click.IntRange(1, 1024), default=1, show_default=True, help="Processes to run seeds in.")
@click.option("--profile", default="default", show_default=True, metavar="P", help="What happens; `list` lists them.")
@click.option(
    "--fsync",
    type=click.Choice(["always", "interval", "never"]),
    default="always",
    show_default=True,
    help="When the broker makes data durable; power is only cut where it was, or where a profile says so.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON document on standard output.")
def simulate(*, seeds: str, out: Path | None, jobs: int, profile: str, fsync: str, as_json: bool) -> int:
    """Run the broker in the simulator: same seed, same history, same bytes on disk.

    Each seed draws its own clients, settings and faults, lets everything come to rest, and is judged. Exit 0 if every seed
    holds, 1 if one is violated, 2 if one is unknown.
    """
    from tautolog.campaign.profiles import PROFILES

    if profile == "list":
        for known in PROFILES.values():
            click.echo(f"{known.name}: {known.text}")
        return 0
    if profile not in PROFILES:
        raise Usage(f"--profile {profile}: there is no such profile; choose one of {', '.join(PROFILES)}")
    wanted = _range(seeds)
    if out is not None:
        _make(out)
    began = time.perf_counter()
    results: list[dict[str, Any]] = []
    worst = 0
    for result in _results(wanted, profile, fsync, jobs):
        path, picture = _keep(result, out)
        worst = max(worst, int(result.outcome))
        results.append(_fields(result, path, picture))
        if not as_json:
            _print(result, path, picture)
    _summary(results, time.perf_counter() - began, as_json=as_json)
    return (0, 2, 1)[worst]


def _range(text: str) -> range:
    match = _RANGE.fullmatch(text)
    if match is None:
        raise Usage(f"--seeds {text}: expected A..B, as in 0..99")
    first = int(match[1])
    last = first if match[2] is None else int(match[2])
    if last < first:
        raise Usage(f"--seeds {text}: the last seed is smaller than the first")
    if last > _MOST:
        raise Usage(f"--seeds {text}: seeds go up to {_MOST}")
    return range(first, last + 1)


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Usage(f"--out {folder}: {os.strerror(error.errno or 0)}") from error


def _keep(result: Result, out: Path | None) -> tuple[Path | None, Path | None]:
    """Write the history where it was asked for or does not hold, and a page of what does not hold; return both paths."""
    if out is None and not result.outcome:
        return None, None
    folder = out or Path(FALLBACK)
    if out is None:
        _make(folder)
    path = folder / f"{result.seed}.jsonl"
    _write(path, result.history)
    if not result.outcome:
        return path, None
    from tautolog_checkers.history.jsonl import read_lines
    from tautolog_checkers.history.problems import Problems
    from tautolog_checkers.report.page import render_page

    picture = path.with_suffix(".html")
    history = read_lines(result.history, Problems(str(path), lenient=True))
    _write(picture, render_page(history, result.verdict, f"seed {result.seed}, {result.profile}").encode())
    return path, picture


def _write(path: Path, history: bytes) -> None:
    try:
        path.write_bytes(history)
    except OSError as error:
        raise Usage(f"{path}: {os.strerror(error.errno or 0)}") from error


def _results(seeds: range, profile: str, fsync: str, jobs: int) -> Iterator[Result]:
    """The results as they come, under a progress bar where somebody watches."""
    from tautolog.campaign.executor import run_seeds

    results = run_seeds(seeds, profile, fsync, jobs)
    if not sys.stderr.isatty() or len(seeds) == 1:
        yield from results
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

    columns = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=len(seeds))
        for result in results:
            yield result
            bar.advance(task)


def _fields(result: Result, path: Path | None, picture: Path | None) -> dict[str, Any]:
    return {
        "seed": result.seed,
        "verdict": str(result.outcome),
        "reason": result.reason,
        "digest": result.digest,
        "profile": result.profile,
        "fsync": result.fsync,
        "operations": result.operations,
        "events": result.events,
        "steps": result.steps,
        "virtual_ms": result.virtual_ms,
        "faults": result.faults,
        "anomalies": {name: count for verdict in result.verdicts for name, count in verdict.anomalies.items()},
        "replay": result.replay,
        "history": None if path is None else str(path),
        "picture": None if picture is None else str(picture),
    }


def _print(result: Result, path: Path | None, picture: Path | None) -> None:
    from tautolog_checkers.promises import broken_promise

    faults = ", ".join(f"{name} {count}" for name, count in result.faults.items()) or "no faults"
    size = f"{result.operations} operations in {result.virtual_ms / 1000:.1f} virtual s"
    click.echo(f"seed {result.seed}: {result.outcome} {result.digest} ({size}; {faults})")
    if result.outcome:
        promise = broken_promise(result.verdict)
        if promise is not None:
            click.echo(f"  broken promise: {promise}")
        click.echo(f"  {'found' if result.outcome == 2 else 'undecided'}: {result.reason}")
        click.echo(f"  replay: {result.replay}")
        click.echo(f"  history: {path}")
        click.echo(f"  picture: {picture}")


def _summary(results: list[dict[str, Any]], seconds: float, *, as_json: bool) -> None:
    counts = {name: sum(one["verdict"] == name for one in results) for name in ("holds", "violated", "unknown")}
    virtual = sum(one["virtual_ms"] for one in results) / 1000
    if as_json:
        verdict = next((name for name in ("violated", "unknown") if counts[name]), "holds")
        document = {"verdict": verdict, **counts, "seeds": results, "seconds": round(seconds, 3)}
        click.echo(json.dumps(document, ensure_ascii=False))
        return
    told = ", ".join(f"{count} {name}" for name, count in counts.items() if count or name == "holds")
    speed = f"{virtual:.0f} virtual s in {seconds:.1f} s"
    click.echo(f"{len(results)} seed{'s' * (len(results) != 1)}: {told}; {speed}")
