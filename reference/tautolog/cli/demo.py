"""`tautolog demo`: the main job, with figures, a verdict and a picture."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tautolog.campaign.demo.breaks import BREAKS
from tautolog.cli.errors import BUG, USAGE, VIOLATED, Usage

if TYPE_CHECKING:
    from rich.console import Console

    from tautolog.campaign.demo.run import Outcome
    from tautolog_checkers import Verdict

EPILOG = "Names for --break: " + "; ".join(f"{name} ({what})" for name, what in BREAKS.items()) + "."


@click.command(epilog=EPILOG)
@click.option(
    "--out", type=click.Path(path_type=Path), default=Path("tautolog-demo"), show_default=True, help="Folder."
)
@click.option("--break", "sabotage", metavar="NAME", help="Break the broker on purpose, and see the verdict fail.")
def demo(*, out: Path, sabotage: str | None) -> int:
    """Play the whole story: real clients, a broker killed in the middle, a verdict.

    Some thousand orders with keys go over six partitions to a group of three consumers, which process them into an embedded
    store; the broker is killed with -9 half-way and started again. Exit 0 only if the verdict is "holds".
    """
    if sabotage is not None and sabotage not in BREAKS:
        raise Usage(f"--break {sabotage}: there is no such defect; choose one of {', '.join(BREAKS)}")
    from rich.console import Console

    console = Console(highlight=False)
    outcome = _play(out, sabotage, console)
    from tautolog_checkers import check_history
    from tautolog_checkers.history.jsonl import read_jsonl
    from tautolog_checkers.report.page import write_page

    history = read_jsonl(outcome.history)
    verdict = check_history(history)
    page = outcome.history.with_suffix(".html")
    write_page(page, history, verdict, "tautolog demo")
    _table(console, outcome)
    _verdict(console, verdict, outcome, page, _again(out, sabotage))
    if verdict.holds and (outcome.lost or outcome.problems or outcome.disordered or outcome.doubled):
        return VIOLATED
    return verdict.exit_code


def _again(out: Path, sabotage: str | None) -> str:
    """The line that plays the same story again; real time and real processes have no seed."""
    folder = "" if out == Path("tautolog-demo") else f" --out {shlex.quote(str(out))}"
    return "tautolog demo" + folder + ("" if sabotage is None else f" --break {sabotage}")


def _play(out: Path, sabotage: str | None, console: Console) -> Outcome:
    from tautolog.campaign.demo.broker import BrokerDied
    from tautolog.campaign.demo.run import NotOurs, run

    try:
        if not console.is_terminal:
            said: list[str] = []

            def say(line: str, _: float) -> None:
                if not line[0].isdigit() and line not in said:
                    said.append(line)
                    console.print(line)

            return run(out, say, sabotage)
        from rich.progress import BarColumn, Progress, TextColumn

        with Progress(BarColumn(), TextColumn("{task.description}"), console=console, transient=True) as bar:
            task = bar.add_task("", total=1.0)
            return run(out, lambda line, done: bar.update(task, description=line, completed=done), sabotage)
    except BrokerDied as error:
        click.echo(f"tautolog: {error}", err=True)
        raise click.exceptions.Exit(BUG) from None
    except NotOurs as error:
        raise Usage(f"--out: {error}") from None
    except NotADirectoryError as error:
        click.echo(f"tautolog: --out {out}: {error.strerror}; name a folder", err=True)
        raise click.exceptions.Exit(USAGE) from None


def _table(console: Console, outcome: Outcome) -> None:
    from rich.table import Table

    table = Table(show_header=False, box=None, pad_edge=False)
    table.add_row(
        "acknowledged", f"{outcome.acknowledged} orders" + (f", {outcome.unknown} unknown" if outcome.unknown else "")
    )
    table.add_row("consumed", f"{outcome.processed} orders in {outcome.delivered} deliveries")
    table.add_row("lost", f"{outcome.lost}")
    table.add_row("duplicated", f"{outcome.doubled} in the log; {outcome.repeated} delivered again, applied once")
    table.add_row("order per key", "kept" if not outcome.disordered else f"broken {outcome.disordered} times")
    table.add_row(
        "without service", f"{outcome.quiet_seconds:.2f} s around kill -9 (restart {outcome.restart_seconds:.2f} s)"
    )
    console.print(table)
    for problem in outcome.problems:
        console.print(problem)


def _verdict(console: Console, verdict: Verdict, outcome: Outcome, page: Path, again: str) -> None:
    from tautolog_checkers.promises import broken_promise

    color = {"holds": "green", "violated": "red"}.get(str(verdict.outcome), "yellow")
    console.print(f"verdict [bold {color}]{verdict.outcome}[/]: {verdict.reason}")
    if verdict.anomalies:
        allowed = {name: "" if name in verdict.forbidden else " (allowed)" for name in verdict.anomalies}
        console.print(
            "found: " + ", ".join(f"{name} {count}{allowed[name]}" for name, count in verdict.anomalies.items())
        )
    promise = broken_promise(verdict)
    if promise is not None:
        console.print(f"broken promise: {promise}", soft_wrap=True)
        console.print("seed: none, these are real processes in real time", soft_wrap=True)
        console.print(f"replay: {again}", soft_wrap=True)
    console.print(f"history {outcome.history}", soft_wrap=True)
    console.print(f"picture {page}", soft_wrap=True)
