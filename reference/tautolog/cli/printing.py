"""How commands print: a table on a terminal, tab-separated lines when piped, one JSON document on request."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from typing import Any

import click

NOTHING = "-"
"""What stands for a missing value in tables and lines."""


def show(columns: Sequence[str], rows: Iterable[Sequence[Any]], *, title: str | None = None) -> None:
    """Print rows under their columns; only a terminal gets the header and the title."""
    if not sys.stdout.isatty():
        for row in rows:
            click.echo("\t".join(_text(value) for value in row))
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold")
    body = [list(row) for row in rows]
    for index, name in enumerate(columns):
        numbers = all(isinstance(row[index], int) or row[index] is None for row in body)
        table.add_column(name, justify="right" if numbers and body else "left", overflow="fold")
    for row in body:
        table.add_row(*(Text(_text(value)) for value in row))
    console = Console()
    if title is not None:
        console.print(Text(title))
    console.print(table)


def show_json(document: Any) -> None:
    """Print one JSON document."""
    click.echo(json.dumps(document, indent=2, ensure_ascii=False))


def say(text: str) -> None:
    """Print one line of prose on a terminal; whoever reads a pipe wants the lines alone."""
    if sys.stdout.isatty():
        click.echo(text)


def _text(value: Any) -> str:
    if value is None or value == "":
        return NOTHING
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ",".join(map(str, value)) or NOTHING
    return str(value)


def count(number: int, noun: str) -> str:
    """A number with its noun.

    >>> count(1, "record"), count(3, "record")
    ('1 record', '3 records')
    """
    return f"{number} {noun}{'' if number == 1 else 's'}"
