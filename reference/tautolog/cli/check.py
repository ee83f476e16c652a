"""`tautolog check`: judge recorded histories, one file or a folder of them, on all cores."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tautolog.cli.errors import Usage

if TYPE_CHECKING:
    from tautolog_checkers.files import Checked, Options

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
    results = [_check(file, options, page) for file in files]
    if as_json:
        document = {"verdict": str(_worst(results)), "files": [result.as_json() for result in results]}
        click.echo(json.dumps(document, ensure_ascii=False, indent=None))
    else:
        for result in results:
            _print(result)
    return (0, 2, 1)[_worst(results)]


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


def _check(file: Path, options: Options, page: Path | None) -> Checked:
    from tautolog_checkers.files import check_loaded
    from tautolog_checkers.history.problems import HistoryError
    from tautolog_checkers.judge import QuestionError

    try:
        checked, history = check_loaded(file, options)
    except HistoryError as error:
        raise Usage(str(error)) from error
    except QuestionError as error:
        raise Usage(f"{file}: {error}") from error
    except OSError as error:
        raise Usage(f"{file}: {os.strerror(error.errno or 0)}") from error
    if page is not None:
        from tautolog_checkers.report.page import write_page

        try:
            write_page(page, history, checked.verdict, file.name)
        except OSError as error:
            raise Usage(f"{page}: {os.strerror(error.errno or 0)}") from error
    return checked


def _worst(results: list[Checked]) -> int:
    return max(result.verdict.outcome for result in results)


def _print(result: Checked) -> None:
    verdict = result.verdict
    click.echo(f"{result.file}: {verdict.outcome} ({verdict.model}; {verdict.profile or verdict.algorithm})")
    click.echo(f"  {verdict.reason}")
    for name, count in verdict.anomalies.items():
        click.echo(f"  {name}: {count}" + ("" if name in verdict.forbidden else " (allowed)"))
        for finding in verdict.findings.get(name, ())[:3]:
            click.echo(f"    {finding.text}")
    if verdict.witness:
        click.echo(f"  witness: operations {', '.join(map(str, verdict.witness))}")
    if result.skipped:
        click.echo(f"  {result.skipped} malformed lines skipped, the first: {result.problems[0]}", file=sys.stderr)
