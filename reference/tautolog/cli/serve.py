"""`tautolog serve`: one broker, for any Kafka client, until a signal ends it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from tautolog.cli.errors import BUG, DONE, Usage

if TYPE_CHECKING:
    from tautolog.net.run import Options

DISK_FAILED = 74
"""The exit code when the disk fails at the start or at a sync: sysexits' EX_IOERR. Neither the user's mistake nor ours."""

Address = tuple[str, int]


@click.command()
@click.option("--data", type=click.Path(path_type=Path), help="Data directory.  [default: ./tautolog-data]")
@click.option("--listen", metavar="HOST:PORT", help="Address; port 0 picks a free one.  [default: 127.0.0.1:9092]")
@click.option("--advertise", metavar="HOST:PORT", help="What clients are told to connect to.  [default: as listening]")
@click.option(
    "--fsync",
    type=click.Choice(["never", "interval", "always"]),
    default="interval",
    show_default=True,
    help="When data is synced to the disk; always: before anything is acknowledged.",
)
@click.option(
    "--fsync-interval-ms", type=click.IntRange(1), default=1000, show_default=True, help="For --fsync interval."
)
@click.option(
    "--set", "pairs", metavar="NAME=VALUE", multiple=True, help="A broker config under Kafka's name; repeatable."
)
@click.option("--config", type=click.Path(path_type=Path), help="Broker configs: a TOML file, or lines NAME=VALUE.")
@click.option("--log-level", type=click.Choice(["error", "warning", "info"]), default="info", show_default=True)
def serve(
    *,
    data: Path | None,
    listen: str | None,
    advertise: str | None,
    fsync: str,
    fsync_interval_ms: int,
    pairs: tuple[str, ...],
    config: Path | None,
    log_level: str,
) -> int:
    """Run a broker for any Kafka client.

    Prints one line on standard output when it is ready, with the bootstrap address; logs on standard error. SIGTERM or
    Ctrl-C ends it, exit 0. Exit 74: the disk failed, nothing more could be acknowledged.
    """
    import logging

    from tautolog.core.ports import StorageError
    from tautolog.net.directory import Refused
    from tautolog.net.node import Fsync
    from tautolog.net.run import DiskTooSlow, run
    from tautolog.net.storage import SyncFailed

    settings = read_settings(config) | read_pairs(pairs)
    options = combine(settings, data, listen, advertise)._replace(
        fsync=Fsync(fsync), fsync_interval_ms=fsync_interval_ms
    )
    logging.basicConfig(level=log_level.upper(), format="%(asctime)s %(levelname)s %(message)s")
    place = options.data

    def ready(address: str) -> None:
        click.echo(f"tautolog: ready on {address} (data in {place})")

    try:
        ended = run(options, ready)
    except Refused as refusal:
        raise Usage(str(refusal)) from None
    if isinstance(ended, DiskTooSlow):
        import os

        os._exit(DONE)  # the thread that waits for the disk cannot be ended, and would be waited for
    if isinstance(ended, (StorageError, SyncFailed)):
        return DISK_FAILED
    return DONE if ended is None else BUG


def combine(settings: dict[str, str], data: Path | None, listen: str | None, advertise: str | None) -> Options:
    """The options of a broker: those of the command line win over the configs that mean the same."""
    from tautolog.core.controller.configs import BrokerConfig
    from tautolog.net.run import Options

    complaint = BrokerConfig.check(settings)
    if complaint is not None:
        raise Usage(complaint)
    configured = settings.get("log.dirs") or settings.get("log.dir")
    if data is None and configured is not None and "," in configured:
        raise Usage(f"log.dirs names more than one directory, and one is served: {configured}")
    host, port = parse_address("--listen", listen) if listen else listener(settings, "listeners") or ("127.0.0.1", 9092)
    own = {"node.id", "listeners", "advertised.listeners", "log.dirs", "log.dir"}
    return Options(
        data=data or Path(configured or "tautolog-data"),
        host=host,
        port=port,
        advertise=parse_address("--advertise", advertise) if advertise else listener(settings, "advertised.listeners"),
        node_id=int(settings["node.id"]) if "node.id" in settings else None,
        settings={name: text for name, text in settings.items() if name not in own},
    )


def parse_address(option: str, text: str) -> Address:
    """Read `HOST:PORT`.

    >>> parse_address("--listen", "127.0.0.1:0")
    ('127.0.0.1', 0)
    >>> parse_address("--listen", "[::1]:9092")
    ('::1', 9092)
    """
    host, colon, port = text.rpartition(":")
    if not colon or not port.isdecimal() or int(port) > 65_535 or (":" in host and not host.startswith("[")):
        raise Usage(f"{option} {text}: an address is HOST:PORT, for example 127.0.0.1:9092")
    return host.strip("[]"), int(port)


def listener(settings: dict[str, str], name: str) -> Address | None:
    """The address of the first listener in `name` that is for clients, or None where the config is not set."""
    if name not in settings:
        return None
    controllers = settings.get("controller.listener.names", "CONTROLLER").split(",")
    for entry in settings[name].split(","):
        protocol, _, address = entry.strip().partition("://")
        if protocol in controllers:
            continue
        if protocol != "PLAINTEXT":
            raise Usage(f"{name}={settings[name]}: only PLAINTEXT listeners are served")
        return parse_address(name, address)
    raise Usage(f"{name}={settings[name]}: there is no PLAINTEXT listener among them")


def read_pairs(pairs: tuple[str, ...]) -> dict[str, str]:
    """The values of `--set`."""
    settings = {}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        if not equals:
            raise Usage(f"--set {pair}: write NAME=VALUE, for example --set num.partitions=3")
        settings[name.strip()] = text.strip()
    return settings


def read_settings(path: Path | None) -> dict[str, str]:
    """The configs in a file: TOML by its ending, else lines as in Kafka's server.properties."""
    if path is None:
        return {}
    try:
        text = path.read_text("utf-8")
    except OSError as error:
        raise Usage(f"--config {path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise Usage(f"--config {path}: not a text file") from None
    return read_toml(path, text) if path.suffix == ".toml" else read_properties(path, text)


def read_properties(path: Path, text: str) -> dict[str, str]:
    r"""Lines `NAME=VALUE` or `NAME: VALUE`; `#` and `!` begin a comment, `\` at the end continues the line.

    >>> read_properties(Path("f"), "# mine\nnum.partitions=3\nlog.dirs: /a\n")
    {'num.partitions': '3', 'log.dirs': '/a'}
    """
    settings = {}
    for number, line in enumerate(text.replace("\\\n", "").splitlines(), 1):
        entry = line.strip()
        if not entry or entry[0] in "#!":
            continue
        cut = min((at for at in (entry.find("="), entry.find(":")) if at > 0), default=0)
        if not cut:
            raise Usage(f"--config {path}, line {number}: not a line NAME=VALUE: {entry}")
        settings[entry[:cut].strip()] = entry[cut + 1 :].strip()
    return settings


def read_toml(path: Path, text: str) -> dict[str, str]:
    """TOML: tables are joined with dots, so `[log] dirs = "/a"` and `log.dirs = "/a"` mean the same."""
    import tomllib

    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise Usage(f"--config {path}: {error}") from None
    settings: dict[str, str] = {}

    def flatten(prefix: str, value: object) -> None:
        if isinstance(value, dict):
            for name, inner in value.items():
                flatten(f"{prefix}.{name}" if prefix else name, inner)
        elif isinstance(value, bool):
            settings[prefix] = str(value).lower()
        elif isinstance(value, list):
            settings[prefix] = ",".join(map(str, value))
        else:
            settings[prefix] = str(value)

    flatten("", tables)
    return settings
