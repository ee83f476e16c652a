"""What the commands about models share: names and bounds from the command line, and wrong ones as one sentence."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tautolog.cli.errors import Usage

if TYPE_CHECKING:
    from tautolog_checkers.model.tables import Trace
    from tautolog_spec.language import Model


LONGEST = 18
"""Digits of a number that is meant."""


@contextmanager
def sentences() -> Iterator[None]:
    """What the language refuses is wrong usage."""
    from tautolog_spec.language import LanguageError

    try:
        yield
    except LanguageError as error:
        raise Usage(str(error)) from error


def load_model(name: str, without: tuple[str, ...] | None) -> Model:
    """A model by name, with some fixes taken out; with None the whole text, switches and all."""
    from tautolog_spec.models import load

    with sentences():
        return load(name) if without is None else load(name).without(*without)


def parse_bounds(texts: tuple[str, ...], known: Sequence[str] = ("Replica",)) -> dict[str, int]:
    """`Replica=3` and the like; `known` are the names to tell whoever writes it otherwise.

    >>> parse_bounds(("Replica=3", "Epoch=2"))
    {'Replica': 3, 'Epoch': 2}

    """
    bounds: dict[str, int] = {}
    for text in texts:
        name, sign, number = text.partition("=")
        if not name or not sign or not (number.isascii() and number.isdecimal() and len(number) < LONGEST):
            names = f"; there are {', '.join(known)}" if len(known) > 1 else ""
            raise Usage(f"{text:.60}: a bound is written SORT=NUMBER, for instance {known[0]}=3{names}")
        if name in bounds:
            raise Usage(f"bound {name} is given twice: {bounds[name]} and {number}")
        bounds[name] = int(number)
    return bounds


def events(trace: Trace) -> list[dict[str, Any]]:
    """The events of a trace for a JSON document."""
    return [
        {"action": event.action, "values": dict(event.values), "chosen": {k: list(v) for k, v in event.chosen.items()}}
        for event, _ in trace.steps
    ]


def write(path: Path, text: str) -> None:
    """Write a file; `-` is standard output."""
    import click

    if str(path) == "-":
        click.echo(text, nl=False)
        return
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise Usage(f"{path}: {error.strerror}") from error
