"""How a command ends: the exit codes, and the one sentence that goes with each failure."""

from __future__ import annotations

import os
import sys
from typing import IO, Any

import click

DONE, VIOLATED, UNKNOWN, USAGE, BUG = 0, 1, 2, 64, 70


def abandon_output() -> None:
    """Let what is still to be written to standard output go nowhere: its reader went away, or its disk is full."""
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, sys.stdout.fileno())
    os.close(nothing)


class Usage(click.ClickException):
    """Bad input: one sentence that says what, where and what to do; exit 64."""

    exit_code = USAGE

    def show(self, file: IO[Any] | None = None) -> None:
        """Print the sentence on standard error."""
        click.echo(f"tautolog: {self.format_message()}", file=file, err=file is None)
