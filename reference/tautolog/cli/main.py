"""`tautolog`: the list of commands. Each is imported when it is called, so that `--help` stays fast."""

from __future__ import annotations

import errno
import sys
from importlib import import_module
from io import TextIOWrapper
from typing import Any

import click

from tautolog import __version__
from tautolog.cli.errors import BUG, UNKNOWN, USAGE, abandon_output

COMMANDS = {
    "demo": ("demo", "The whole story: real clients, a broker killed in the middle, a verdict."),
    "serve": ("serve", "Run a broker for any Kafka client."),
    "topic": ("topic", "Create, list, describe, alter and delete topics."),
    "produce": ("produce", "Send lines of standard input to a topic."),
    "consume": ("consume", "Print the records of a topic."),
    "group": ("group", "List, describe, reset and delete consumer groups."),
    "simulate": ("simulate", "Run the broker in the simulator, seed by seed, and judge what happened."),
    "check": ("check", "Judge recorded histories."),
    "prove": ("prove", "Prove the models, for any number of replicas, epochs and offsets."),
    "explore": ("explore", "Visit every state of a finite instance of a model; print the shortest trace of a bug."),
    "conform": ("conform", "Tell whether a recorded trace is a behaviour of a model."),
    "museum": ("museum", "Historical bugs: what happened, the promise that broke, the shortest trace."),
    "convert": ("convert", "Convert a history from one format to another."),
}
"""Command name -> module in this package, whose attribute of the same name is the click command; and its help line."""


FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""What a disk says that takes no more."""


class Commands(click.Group):
    """A click group whose commands are imported on demand."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  # click's signature
        """The names, in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002  # click's signature
        """Import one command."""
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"tautolog.cli.{COMMANDS[cmd_name][0]}")
        command: click.Command = getattr(module, cmd_name)
        return command

    def invoke(self, ctx: click.Context) -> Any:
        """Call the command; if nobody reads its output any longer, nobody knows how it would have ended."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:  # click would make it 1, which says "violated"
            abandon_output()
            return UNKNOWN

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002  # click's signature
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


@click.command(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="tautolog")
def tautolog() -> None:
    """A message queue that carries its own proof.

    Exit codes: 0 holds or done, 1 violated, 2 unknown, 64 wrong usage, 70 a bug of ours.
    """


def main() -> None:
    """The entry point: click's usage errors become exit 64, what nobody expected exit 70."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # whatever stands in a history can be printed
    try:
        code = tautolog.main(standalone_mode=False, prog_name="tautolog")
    except click.exceptions.Abort:
        sys.exit(130)
    except click.UsageError as error:
        command = error.ctx.command_path if error.ctx else "tautolog"
        click.echo(f"tautolog: {error.format_message().rstrip('.')} ({command} --help tells more)", err=True)
        sys.exit(USAGE)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except Exception as error:  # noqa: BLE001  # the last line of defence: say that it is our bug
        if isinstance(error, OSError) and error.errno in FULL:
            abandon_output()
            click.echo(f"tautolog: {error.filename or 'standard output'}: {error.strerror}", err=True)
            sys.exit(USAGE)
        import traceback

        traceback.print_exc()
        click.echo(f"tautolog: a bug of ours: {type(error).__name__}: {error}", err=True)
        sys.exit(BUG)
    sys.exit(code if isinstance(code, int) else 0)
