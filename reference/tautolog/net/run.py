"""A broker in the real world, from its options to its end: directory, storage, loop, signals.

Composition only. What the operator got wrong is a `Refused` before anything is written; what stops a running broker is
returned. The order of a start: bind the address, take the directory, recover, and only then accept and say so.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import resource
import signal
import socket
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from tautolog.core.broker import Broker
from tautolog.core.controller.configs import BrokerConfig
from tautolog.core.ports import StorageError
from tautolog.net.clock import SystemChance
from tautolog.net.directory import claim
from tautolog.net.node import Driver, Fsync
from tautolog.net.server import Limits, Server, listen
from tautolog.net.storage import FileStorage, SyncFailed

STOP_S = 6.0
"""How long a stop waits for the disk; with what peers may take, it stays below ten seconds."""

_log = logging.getLogger("tautolog")
_LEVELS = {"info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}


class Options(NamedTuple):
    """How a broker is to run. `settings` are broker configs under Kafka's names, checked; `advertise` None: as bound."""

    data: Path
    host: str = "127.0.0.1"
    port: int = 9092
    advertise: tuple[str, int] | None = None
    fsync: Fsync = Fsync.INTERVAL
    fsync_interval_ms: int = 1000
    node_id: int | None = None
    settings: dict[str, str] = {}  # noqa: RUF012  # never changed


def run(options: Options, ready: Callable[[str], None]) -> BaseException | None:
    """Run a broker until a signal ends it; return None then, or else what stopped it.

    `ready` is called once with the bootstrap address. Raises `Refused` when it cannot start at all.
    """
    gc.disable()  # nothing made while starting is garbage
    descriptors = _raise_descriptors()
    listener = listen(options.host, options.port)
    with contextlib.closing(listener):
        identity, _lock = claim(options.data, options.node_id)
        storage = FileStorage(options.data, descriptors=descriptors // 2, durable=options.fsync is not Fsync.NEVER)
        endpoint = options.advertise or _endpoint(options.host, listener)
        settings = {
            "node.id": str(identity.node_id),
            "listeners": f"PLAINTEXT://{_join(options.host, listener.getsockname()[1])}",
            "advertised.listeners": f"PLAINTEXT://{_join(*endpoint)}",
            "log.dirs": str(options.data.absolute()),
        } | options.settings
        broker = Broker(
            storage,
            SystemChance(),
            node_id=identity.node_id,
            cluster_id=identity.cluster_id,
            endpoint=endpoint,
            settings=settings,
        )
        config = BrokerConfig(settings)
        limits = Limits(
            config.get_int("socket.request.max.bytes"),
            config.get_int("connections.max.idle.ms"),
            min(config.get_int("max.connections"), descriptors - descriptors // 2 - 16),
        )
        with asyncio.Runner(loop_factory=_fast_loop()) as runner:
            return runner.run(_serve(broker, storage, listener, options, limits, lambda: ready(_join(*endpoint))))


async def _serve(
    broker: Broker,
    storage: FileStorage,
    listener: socket.socket,
    options: Options,
    limits: Limits,
    ready: Callable[[], None],
) -> BaseException | None:
    """The life of a broker on a running loop."""
    loop = asyncio.get_running_loop()
    ended: asyncio.Future[BaseException | None] = loop.create_future()

    def end(error: BaseException | None = None) -> None:
        if not ended.done():
            ended.set_result(error)

    def odd(_loop: asyncio.AbstractEventLoop, context: dict[str, object]) -> None:
        error = context.get("exception")
        if isinstance(error, BaseException) and not isinstance(error, OSError):
            driver.fail(error)
        else:
            _say("warning", f"{context.get('message')}: {error}")

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, end)
    loop.set_exception_handler(odd)
    driver = Driver(broker, storage, fsync=options.fsync, interval_ms=options.fsync_interval_ms, say=_say, failed=end)
    server = Server(driver, limits, _say)
    try:
        driver.start()
    except (StorageError, SyncFailed) as refusal:
        end(refusal)
    if not ended.done():
        await server.start(listener)
        gc.freeze()
        gc.set_threshold(20_000, 20, 50)  # messages hold no cycles; a rare look is enough
        gc.enable()
        _say("info", f"listening on {_join(*listener.getsockname()[:2])}, node {broker.node_id} of {broker.cluster_id}")
        ready()
    error = await ended
    if error is None:
        error = await _stop(server, driver)
    if error is not None:
        _confess(error)
        server.abort()
    driver.close()
    storage.close()
    return error


async def _stop(server: Server, driver: Driver) -> BaseException | None:
    """The orderly end: what is decided is answered, what is written is synced."""
    _say("info", "stopping")
    await server.stop()
    try:
        await driver.stop(STOP_S)
    except TimeoutError:
        return DiskTooSlow(f"the disk took longer than {STOP_S:.0f} s; the next start will recover")
    await server.close()
    return driver.failure


class DiskTooSlow(Exception):  # noqa: N818  # it says what happened
    """A stop that could not wait for its last sync: nothing acknowledged is lost, the next start recovers."""


def _confess(error: BaseException) -> None:
    """Say what stopped the broker: with all there is to know where it is a bug of ours."""
    if isinstance(error, DiskTooSlow):
        _say("warning", str(error))
    elif isinstance(error, StorageError):
        _say("error", f"the broker cannot start: {error}")
    elif isinstance(error, SyncFailed):
        what = f"a sync failed, so nothing more can be acknowledged: {error}; the broker stops"
        _say("error", f"{what}; reboot before it starts again, the kernel may show what is on no disk")
    else:
        trace = "".join(traceback.format_exception(error))
        _say("error", f"a bug of ours, the broker stops before it does harm: {type(error).__name__}: {error}\n{trace}")


def _say(level: str, text: str) -> None:
    _log.log(_LEVELS[level], text)


def _fast_loop() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """The loop of uvloop where that is installed (the extra `fast`), else asyncio's own."""
    try:
        import uvloop  # noqa: PLC0415  # optional
    except ImportError:
        return None
    factory: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop
    return factory


def _raise_descriptors() -> int:
    """Ask for as many descriptors as there may be: connections and segments need one each; return how many there are."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 65_536 if hard == resource.RLIM_INFINITY else min(hard, 65_536)
    if soft < wanted:
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
            return wanted
    return soft


def _endpoint(host: str, listener: socket.socket) -> tuple[str, int]:
    """What clients are told to connect to; a wildcard address means nothing to them, the machine's name does."""
    wildcard = host in {"", "0.0.0.0", "::"}  # noqa: S104  # compared, not bound
    return (socket.gethostname() if wildcard else host), listener.getsockname()[1]


def _join(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
