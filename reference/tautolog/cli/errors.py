"""How a command ends: the exit codes, and the one sentence that goes with each failure."""

from __future__ import annotations

from typing import IO, Any

import click

DONE, VIOLATED, UNKNOWN, USAGE, BUG = 0, 1, 2, 64, 70


class Usage(click.ClickException):
    """Bad input: one sentence that says what, where and what to do; exit 64."""

    exit_code = USAGE

    def show(self, file: IO[Any] | None = None) -> None:
        """Print the sentence on standard error."""
        click.echo(f"tautolog: {self.format_message()}", file=file, err=file is None)
