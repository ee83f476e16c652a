"""What the commands that speak to a cluster share: the options that name it, its clients, and failures in one sentence.

Nothing here knows whose broker answers: the client library is kafka-python, the cluster is whatever `--bootstrap` names. It is
imported when a command runs, for `--help` has no use for it. Its warnings are kept off the terminal: what went wrong is said
once, by us, with exit code 1; wrong usage is exit code 64.
"""

from __future__ import annotations

import logging
import re
import socket
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any, Final, TypeVar

import click

from tautolog.cli.errors import Usage
from tautolog.core.errors import ErrorCode

if TYPE_CHECKING:
    from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer

BOOTSTRAP: Final = "127.0.0.1:9092"
CONNECT_SECONDS: Final = 3.0
"""For one address of the bootstrap list to accept a connection."""
ANSWER_MS: Final = 5_000
"""For whoever accepted it to answer as a broker does."""
PATIENCE_SECONDS: Final = 10.0
"""For a state of the cluster that passes by itself, such as a coordinator that is being elected."""

Result = TypeVar("Result")


class Failed(click.ClickException):
    """The cluster refused or did not answer: one sentence that says what and where; exit 1."""

    exit_code = 1

    def show(self, file: IO[Any] | None = None) -> None:
        """Print the sentence on standard error."""
        click.echo(f"tautolog: {self.format_message()}", file=file, err=file is None)


def cluster_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add `--bootstrap` and `-X`, handed on as one `cluster` argument."""

    def wrapped(*args: Any, bootstrap: str, properties: tuple[str, ...], **kwargs: Any) -> Any:
        return command(*args, cluster=Cluster(bootstrap, pairs(properties, "-X")), **kwargs)

    wrapped.__doc__ = command.__doc__
    wrapped.__name__ = command.__name__
    wrapped.__click_params__ = getattr(command, "__click_params__", [])  # type: ignore[attr-defined]  # where click keeps options until a command is made
    named = click.option(
        "--bootstrap",
        metavar="HOST:PORT,…",
        default=BOOTSTRAP,
        envvar="TAUTOLOG_BOOTSTRAP",
        show_default=True,
        show_envvar=True,
        help="Brokers of the cluster.",
    )
    more = click.option(
        "-X",
        "properties",
        metavar="NAME=VALUE",
        multiple=True,
        help="A client config under Kafka's name, such as security.protocol=SASL_SSL; repeatable.",
    )
    return named(more(wrapped))


def pairs(texts: tuple[str, ...], option: str) -> dict[str, str]:
    """Read NAME=VALUE of a repeatable option."""
    found = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise Usage(f"{option} {text!r} is not NAME=VALUE")
        found[name] = value
    return found


class Cluster:
    """The cluster that a command speaks to; `str` is how sentences call it."""

    def __init__(self, bootstrap: str, properties: dict[str, str]) -> None:
        self.addresses = [_address(part) for part in bootstrap.split(",") if part.strip()]
        if not self.addresses:
            raise Usage("--bootstrap names no broker: give HOST:PORT")
        self.name = ",".join(f"{host}:{port}" for host, port in self.addresses)
        self.properties = properties

    def __str__(self) -> str:
        return self.name

    @contextmanager
    def admin(self) -> Iterator[KafkaAdminClient]:
        """An admin client, closed at the end."""
        _quiet()
        from kafka import KafkaAdminClient

        client = self._connect(KafkaAdminClient, {})
        try:
            with self.failures():
                yield client
        finally:
            client.close()

    @contextmanager
    def producer(self, **config: Any) -> Iterator[KafkaProducer]:
        """A producer; closing it waits for what is under way unless the command failed."""
        _quiet()
        from kafka import KafkaProducer

        client = self._connect(KafkaProducer, config)
        timeout = 0.0
        try:
            with self.failures():
                yield client
            timeout = PATIENCE_SECONDS
        finally:
            client.close(timeout=timeout)

    @contextmanager
    def consumer(self, **config: Any) -> Iterator[KafkaConsumer]:
        """A consumer that never commits by itself; a member leaves its group at the end."""
        _quiet()
        from kafka import KafkaConsumer

        client = self._connect(KafkaConsumer, {"enable_auto_commit": False, **config})
        try:
            with self.failures():
                yield client
        finally:
            client.close(autocommit=False, timeout_ms=2000)

    @contextmanager
    def failures(self) -> Iterator[None]:
        """Turn what the client library raises into one sentence."""
        from kafka.errors import BrokerResponseError, KafkaError, KafkaTimeoutError, UnsupportedCodecError

        try:
            yield
        except BrokerResponseError as error:
            code, text = error.errno, str(error.args[0]) if error.args else ""
            raise Failed(self.refusal("the request", code, text)) from None
        except KafkaTimeoutError as error:
            raise Failed(f"{self} did not answer in time: {error.args[0] if error.args else error}") from None
        except UnsupportedCodecError as error:
            raise Failed(f"{error.args[0] if error.args else error}: pip install 'tautolog[codecs]'") from None
        except KafkaError as error:
            raise Failed(f"{self} cannot be used: {error}") from None

    def refusal(self, what: str, code: int, message: str | None) -> str:
        """The sentence for an error code: `what` is the thing asked about, such as "topic orders"."""
        if code in _PLAIN:
            return f"{what} {_PLAIN[code]} on {self}"
        try:
            name = ErrorCode(code).name
        except ValueError:  # of a newer Kafka
            name = f"error {code}"
        because = f": {message.rstrip('.')}" if message else ""
        return f"{self} refused {what}{because} ({name})"

    def _connect(self, client: Callable[..., Any], config: dict[str, Any]) -> Any:
        from kafka.errors import KafkaConfigurationError, KafkaError

        options = {
            "bootstrap_servers": [f"{host}:{port}" for host, port in self.addresses],
            "client_id": "tautolog",
            "bootstrap_timeout_ms": ANSWER_MS,
            **config,
            **self._client_config(client),
        }
        if "proxy_url" not in options:
            self._reach()
        try:
            return client(**options)
        except (KafkaConfigurationError, AssertionError, ValueError) as error:
            raise Usage(f"the client does not accept its configuration: {error}") from None
        except (KafkaError, OSError):
            raise Failed(f"{self} accepts connections but does not answer as a Kafka broker") from None

    def _client_config(self, client: Any) -> dict[str, Any]:
        """The `-X` pairs in the client library's spelling and types."""
        known = client.DEFAULT_CONFIG
        found: dict[str, Any] = {}
        for name, value in self.properties.items():
            key = name.replace(".", "_")
            if key not in known:
                raise Usage(f"-X {name}: the client has no such config")
            kind = type(known[key])
            try:
                found[key] = value.lower() == "true" if kind is bool else kind(value) if kind in {int, float} else value
            except ValueError:
                raise Usage(f"-X {name}: {value!r} is not a number") from None
        return found

    def _reach(self) -> None:
        """Fail at once, with the reason, where no address accepts a connection."""
        reason = ""
        for host, port in self.addresses:
            try:
                socket.create_connection((host, port), CONNECT_SECONDS).close()
            except OSError as error:
                reason = "no answer in time" if isinstance(error, TimeoutError) else error.strerror or str(error)
            else:
                return
        raise Failed(f"no broker can be reached at {self}: {reason.lower()}")


_PLAIN: Final[dict[int, str]] = {
    ErrorCode.TOPIC_ALREADY_EXISTS: "already exists",
    ErrorCode.UNKNOWN_TOPIC_OR_PARTITION: "does not exist",
    ErrorCode.GROUP_ID_NOT_FOUND: "does not exist",
    ErrorCode.NON_EMPTY_GROUP: "still has members",
}
"""Error codes that say everything themselves."""

_RESULT = re.compile(r"\[Error (-?\d+)\] \w+(?:: (.*))?", re.DOTALL)


def error_in(result: str | None) -> tuple[int, str] | None:
    """Code and message in a result that the admin client gives as text; None for success.

    >>> error_in("OK")
    >>> error_in("[Error 40] InvalidConfigurationError: Unknown topic config name: x")
    (40, 'Unknown topic config name: x')
    """
    if result is None or result == "OK":
        return None
    found = _RESULT.fullmatch(result)
    return (int(found[1]), found[2] or "") if found else (int(ErrorCode.UNKNOWN_SERVER_ERROR), result)


def patiently(call: Callable[[], Result]) -> Result:
    """Call again while the cluster is in a state that passes by itself: the admin client does not."""
    from kafka.errors import KafkaError, KafkaTimeoutError

    deadline, pause = time.monotonic() + PATIENCE_SECONDS, threading.Event()
    while True:
        try:
            return call()
        except KafkaError as error:
            if not error.retriable or isinstance(error, KafkaTimeoutError) or time.monotonic() > deadline:
                raise
        pause.wait(0.1)


def _address(text: str) -> tuple[str, int]:
    host, colon, port = text.strip().rpartition(":")
    if not colon:
        host, port = text.strip(), "9092"
    if not host or not port.isdecimal() or not 0 < int(port) < 65536:
        raise Usage(f"--bootstrap: {text.strip()!r} is not HOST:PORT")
    return host.strip("[]"), int(port)


def _quiet() -> None:
    """Keep the client library's log lines and import warnings to itself."""
    logger = logging.getLogger("kafka")
    logger.addHandler(logging.NullHandler())
    logger.propagate = False
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import kafka  # noqa: F401  # it reads its schemas by a way that Python 3.11 deprecates
