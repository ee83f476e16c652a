"""`tautolog convert`: a history from any format that can be read to one that can be written."""

from __future__ import annotations

import os
from pathlib import Path

import click

from tautolog.cli.errors import Usage


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("source", metavar="IN", type=click.Path(path_type=Path))
@click.argument("target", metavar="OUT", type=click.Path(path_type=Path))
@click.option("--format", "format_", metavar="NAME", help="The format of IN; recognised by content.")
@click.option("--lenient", is_flag=True, help="Skip and count malformed lines.")
def convert(source: Path, target: Path, *, format_: str | None, lenient: bool) -> None:
    """Convert a history; the suffix of OUT says to what: .jsonl, .edn or .packed."""
    from tautolog_checkers.history.formats import READERS, WRITERS, read_history
    from tautolog_checkers.history.problems import HistoryError

    if target.suffix not in WRITERS:
        raise Usage(f"{target}: the suffix must be one of {', '.join(WRITERS)}")
    if format_ is not None and format_ not in READERS:
        raise Usage(f"no format {format_!r}; there are {', '.join(READERS)}")
    try:
        history = read_history(source, format=format_, lenient=lenient)
    except HistoryError as error:
        raise Usage(str(error)) from error
    except OSError as error:
        raise Usage(f"{error.filename or source}: {os.strerror(error.errno or 0)}") from error
    try:
        count = WRITERS[target.suffix](history.events, target)
    except OSError as error:
        raise Usage(f"{error.filename or target}: {os.strerror(error.errno or 0)}") from error
    except RecursionError:
        raise Usage(f"{target}: a value of {source} is nested too deep for this format") from None
    skipped = f", {history.problems.count} malformed ones skipped" if history.problems.count else ""
    click.echo(f"{target}: {count} events{skipped}")
