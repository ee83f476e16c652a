"""`tautolog check`: judge recorded histories, one file or a folder of them, on all cores."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tautolog.cli.errors import Usage, abandon_output

if TYPE_CHECKING:
    from concurrent.futures import ProcessPoolExecutor

    from tautolog_checkers.files import Checked, Options
    from tautolog_checkers.verdict import Verdict

SUFFIXES = (".jsonl", ".json", ".edn", ".log", ".txt", ".packed", ".gz")
"""What a folder is searched for."""


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("paths", nargs=-1, required=True, metavar="FILE|FOLDER…", type=click.Path(path_type=Path))
@click.option("--model", metavar="NAME", help="cas-register, register, kv, queue, log, kafka, … or MODULE:CLASS.")
@click.option("--format", "format_", metavar="NAME", help="The format of the files; recognised by content.")
@click.option("--profile", metavar="NAME", help="Which classes of anomaly are forbidden; Jepsen's rules by default.")
@click.option("--ww-deps", is_flag=True, help="Let cycles follow the order of writes within a partition, too.")
@click.option("--initial", metavar="JSON", help="The first state of the model.")
@click.option("--limit-seconds", type=click.FloatRange(min=0, min_open=True), help="Wall time for one file.")
@click.option("--limit-mb", type=click.FloatRange(min=0, min_open=True), help="Memory for one file.")
@click.option("--lenient", is_flag=True, help="Skip and count malformed lines.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on standard output.")
@click.option("--html", "page", metavar="OUT", type=click.Path(path_type=Path), help="Write a page for one file.")
@click.option("--certificate", is_flag=True, help="For a history that holds, print an order of effect.")
def check(
    paths: tuple[Path, ...],
    *,
    model: str | None,
    format_: str | None,
    profile: str | None,
    ww_deps: bool,
    initial: str | None,
    limit_seconds: float | None,
    limit_mb: float | None,
    lenient: bool,
    as_json: bool,
    page: Path | None,
    certificate: bool,
) -> int:
    """Judge recorded histories: 0 all hold, 1 one is violated, 2 one is unknown."""
    from tautolog_checkers.files import Options

    if model is not None and ":" in model and str(Path.cwd()) not in sys.path:
        sys.path.insert(0, str(Path.cwd()))  # MODULE:CLASS is looked for where the command is called
    options = Options(
        model=model,
        format=format_,
        profile=profile,
        ww_deps=ww_deps,
        initial=initial,
        limit_seconds=limit_seconds,
        limit_mb=limit_mb,
        lenient=lenient,
        certificate=certificate,
    )
    files = list(_files(paths))
    if page is not None and len(files) != 1:
        raise Usage(f"--html shows one history, and there are {len(files)}")
    refused: list[Usage] = []
    results = [_check_one(files[0], options, page)] if len(files) == 1 else _check_all(files, options, refused)
    if not results:
        raise _all_of(refused)
    worst = max(result.verdict.outcome for result in results)
    try:
        if as_json:
            document = {"verdict": str(worst), "files": [result.as_json() for result in results]}
            click.echo(json.dumps(document))
        elif len(results) == 1:
            _print(results[0], certificate=certificate)
        else:
            _print_table(results, certificate=certificate)
    except BrokenPipeError:  # who reads no further is still told the verdict, by the exit code
        abandon_output()
    if refused:
        raise _all_of(refused)
    return (0, 2, 1)[worst]


def _all_of(refused: list[Usage]) -> Usage:
    """One sentence for the files that could not be judged; the others were."""
    more = f" (and {len(refused) - 1} more of the files)" if len(refused) > 1 else ""
    return Usage(f"{refused[0].message}{more}")


def _files(paths: tuple[Path, ...]) -> Iterator[Path]:
    """The files that are meant, folders searched through, in a fixed order."""
    for path in paths:
        if path.is_dir():
            found = sorted(child for child in path.rglob("*") if child.is_file() and child.suffix in SUFFIXES)
            if not found:
                raise Usage(f"{path}: no history in this folder (looked for {', '.join(SUFFIXES)})")
            yield from found
        elif path.exists():
            yield path
        else:
            raise Usage(f"{path}: no such file or folder")


def _check_one(file: Path, options: Options, page: Path | None) -> Checked:
    """Judge one file in this process, and draw it where that was asked for."""
    from tautolog_checkers.files import check_loaded

    try:
        checked, history = check_loaded(file, options, keep=page is not None)
    except (OSError, ValueError) as error:
        raise _usage(error, file) from error
    if page is not None:
        from tautolog_checkers.report.page import write_page

        try:
            write_page(page, history, checked.verdict, file.name)
        except OSError as error:
            raise _usage(error, page) from error
    return checked


def _usage(error: OSError | ValueError, file: Path) -> Usage:
    """The sentence for what is wrong with a file or with what was asked of it; anything else goes on as it is."""
    from tautolog_checkers.history.problems import HistoryError
    from tautolog_checkers.judge import QuestionError

    if isinstance(error, HistoryError):
        return Usage(str(error))
    if isinstance(error, QuestionError):
        return Usage(f"{file}: {error}")
    if isinstance(error, OSError):
        return Usage(f"{error.filename or file}: {os.strerror(error.errno or 0)}")
    raise error


def _check_all(files: list[Path], options: Options, refused: list[Usage]) -> list[Checked]:
    """Judge many files on all cores; progress goes to a terminal's standard error. What cannot be judged is `refused`."""
    from concurrent.futures.process import BrokenProcessPool

    from rich.console import Console
    from rich.progress import Progress

    from tautolog_checkers.files import check_file

    results: list[Checked] = []
    console = Console(stderr=True)
    with Progress(console=console, disable=not console.is_terminal, transient=True) as progress:
        task = progress.add_task("judging", total=len(files))
        with _workers(min(len(files), os.cpu_count() or 1), options) as pool:
            futures = [pool.submit(check_file, file, options) for file in files]
            for file, future in zip(files, futures, strict=True):
                try:
                    results.append(future.result())
                except (OSError, ValueError) as error:
                    refused.append(_usage(error, file))
                except BrokenProcessPool:  # one was ended; whose fault it was shows when each has its own worker
                    try:
                        results.append(_check_alone(file, options))
                    except Usage as error:
                        refused.append(error)
                progress.advance(task)
    return results


def _workers(count: int, options: Options) -> ProcessPoolExecutor:
    """Processes that judge; under a limit of memory each judges one file only, so that none pays for what another left."""
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    if options.limit_mb is None:
        return ProcessPoolExecutor(count)
    return ProcessPoolExecutor(count, mp_context=get_context("spawn"), max_tasks_per_child=1)


def _check_alone(file: Path, options: Options) -> Checked:
    """Judge one file in a process of its own; if the system ends it, the verdict is unknown."""
    from concurrent.futures.process import BrokenProcessPool

    from tautolog_checkers.files import Checked, check_file
    from tautolog_checkers.verdict import Outcome, Verdict

    with _workers(1, options) as pool:
        try:
            return pool.submit(check_file, file, options).result()
        except (OSError, ValueError) as error:
            raise _usage(error, file) from error
        except BrokenProcessPool:
            verdict = Verdict(outcome=Outcome.UNKNOWN, reason="the system ended the judge, most likely for its memory")
            return Checked(file=str(file), verdict=verdict, load_seconds=0.0)


def _print(result: Checked, *, certificate: bool) -> None:
    """One verdict, with its reasons."""
    from tautolog_checkers.report.words import abridged

    verdict = result.verdict
    how = "; ".join(part for part in (verdict.model, verdict.algorithm, verdict.profile) if part)
    click.echo(f"{result.file}: {verdict.outcome}" + (f" ({how})" if how else ""))
    click.echo(f"  {abridged(verdict.reason)}")
    for name, count in verdict.anomalies.items():
        click.echo(f"  {name}: {count}" + ("" if name in verdict.forbidden else " (allowed)"))
        for finding in verdict.findings.get(name, ())[:3]:
            click.echo(f"    {abridged(finding.text)}")
    if len(verdict.partitions) > 1:
        broken = [str(key) for key, outcome in verdict.partitions.items() if outcome != 0]
        click.echo(f"  {len(verdict.partitions)} keys" + (f", not holding: {', '.join(broken[:20])}" if broken else ""))
    if verdict.witness:
        click.echo(f"  witness: operations {', '.join(map(str, verdict.witness))}")
    for step in verdict.stuck:
        click.echo(f"  {abridged(step)}")
    if certificate:
        _print_certificate("", verdict)
    _print_skipped(result)


def _print_certificate(of: str, verdict: Verdict) -> None:
    """The order of effect of a history that holds, or why there is none."""
    if verdict.certificate:
        click.echo(f"  {of}certificate: {' '.join(map(str, verdict.certificate))}")
    elif verdict.holds:
        click.echo(f"  {of}certificate: none, sends and polls are not put in one order")


def _print_skipped(result: Checked) -> None:
    if result.skipped:
        click.echo(
            f"  {result.file}: {result.skipped} malformed events skipped, the first: {result.problems[0]}", err=True
        )


def _print_table(results: list[Checked], *, certificate: bool) -> None:
    """Many verdicts: a table on a terminal, plain lines otherwise."""
    from collections import Counter

    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Column, Table
    from rich.text import Text

    from tautolog_checkers.report.words import abridged

    console = Console()
    if console.is_terminal:
        table = Table(Column("history", overflow="fold"), box=SIMPLE_HEAD, pad_edge=False)
        for name in ("verdict", "model", "operations", "seconds"):
            table.add_column(name, no_wrap=True, justify="right" if name in {"operations", "seconds"} else "left")
        table.add_column("why", overflow="fold")
        for result in results:
            verdict = result.verdict
            outcome = Text(str(verdict.outcome), ("green", "yellow", "red")[verdict.outcome])
            reason = Text("" if verdict.holds else abridged(verdict.reason))  # no markup, whatever the history holds
            judged = f"{verdict.model}; {verdict.profile}" if verdict.profile else verdict.model
            row = (Text(result.file), outcome, Text(judged), str(verdict.operations))
            table.add_row(*row, f"{verdict.check_seconds:.3f}", reason)
        console.print(table)
    else:
        for result in results:
            verdict = result.verdict
            why = "" if verdict.holds else f": {abridged(verdict.reason)}"
            judged = f"; {verdict.profile}" if verdict.profile else ""
            click.echo(
                f"{result.file}: {verdict.outcome} ({verdict.model}, {verdict.operations} operations{judged}){why}"
            )
    counts = Counter(str(result.verdict.outcome) for result in results)
    click.echo(f"{len(results)} histories: " + ", ".join(f"{count} {name}" for name, count in sorted(counts.items())))
    for result in results:
        if certificate:
            _print_certificate(f"{result.file}: ", result.verdict)
        _print_skipped(result)
