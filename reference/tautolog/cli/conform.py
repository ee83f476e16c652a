"""`tautolog conform`: whether a recorded trace is a behaviour of the model."""

from __future__ import annotations

import os
from pathlib import Path

import click

from tautolog.cli.errors import DONE, UNKNOWN, VIOLATED, Usage
from tautolog.cli.models import load_model
from tautolog.cli.printing import count


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("trace", metavar="TRACE", type=click.Path(path_type=Path))
@click.option("--model", metavar="MODEL", help="Instead of the model that the trace names.")
@click.option("--without", multiple=True, metavar="FIX", help="Take a fix out of the model; may be repeated.")
def conform(trace: Path, *, model: str | None, without: tuple[str, ...]) -> int:
    """Validate a trace: 0 it is a behaviour of the model, 1 it is not, 2 too many states are possible."""
    from tautolog_checkers.model.conform.traces import TraceError, read_trace
    from tautolog_checkers.model.conform.validate import Validator, absent_actions
    from tautolog_spec.language import LanguageError

    try:
        recording = read_trace(trace)
    except (TraceError, UnicodeDecodeError) as error:
        raise Usage(f"{trace}: {error}") from error
    except OSError as error:
        raise Usage(f"{trace}: {os.strerror(error.errno or 0)}") from error
    text = load_model(model or recording.model, without)
    absent = absent_actions(load_model(text.name, None), text)
    try:
        found = Validator(text, recording.bounds, absent).run(recording)
    except LanguageError as error:
        raise Usage(f"{trace}: {error}") from error
    if found.verdict == "violated":
        click.echo(f"{trace}: line {found.line} is impossible in {text.name}: {found.reason}")
        return VIOLATED
    if found.verdict == "unknown":
        click.echo(f"{trace}: unknown: {found.reason}")
        return UNKNOWN
    click.echo(f"{trace}: {count(found.events, 'event')}, a behaviour of {text.name}")
    return DONE
