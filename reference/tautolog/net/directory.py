"""A data directory and who may write in it: the lock, and the marker that says that it is ours.

Decides whether a directory may be used, and does it before the first byte is written: what another program wrote stays as
it was. Never looks at what the broker keeps there.

`meta.properties` names the cluster and the node, as Apache Kafka's file of that name does, and one line more,
`written.by=tautolog`: Kafka's own directory looks alike and is refused for the want of it.
"""

from __future__ import annotations

import base64
import fcntl
import os
from pathlib import Path
from typing import NamedTuple

LOCK = ".lock"
MARKER = "meta.properties"
REPLACING = ".replacing"
OWN = frozenset({LOCK, MARKER, REPLACING, "lost+found"})
"""Names at the root that are not the broker's files; the last one is what a fresh ext4 file system holds."""


class Refused(Exception):  # noqa: N818  # it says what happened to the one who asked
    """The world does not let the broker run; the text is one sentence for the operator."""


class Identity(NamedTuple):
    """Which cluster and which node a directory belongs to."""

    cluster_id: str
    node_id: int


def claim(root: Path, node_id: int | None = None) -> tuple[Identity, int]:
    """Take `root` for this process, making it if need be; return whose it is and the descriptor that holds the lock.

    Raises `Refused` for a directory in use, for one that is not empty and not ours, for one of another node than `node_id`,
    and for one that cannot be written. The lock is the kernel's: it goes when the process goes, however it goes.
    """
    try:
        names = {entry.name for entry in root.iterdir()} if root.exists() else set()
        written = _marker(root / MARKER) if MARKER in names else None
        if names - {LOCK, REPLACING, "lost+found"} and (written is None or written.get("written.by") != "tautolog"):
            raise Refused(f"{root} is not empty and was not written by Tautolog; nothing was changed in it")
        root.mkdir(parents=True, exist_ok=True)
        lock = os.open(root / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise Refused(f"the data directory {root} cannot be used: {error.strerror}") from None
    try:
        return _identify(root, lock, node_id), lock
    except BaseException:
        os.close(lock)
        raise


def _identify(root: Path, lock: int, node_id: int | None) -> Identity:
    """Lock first, then read or write the marker, so that of two that start at once only one makes the identity."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        raise Refused(f"the data directory {root} is in use by another broker") from None
    written = _marker(root / MARKER)
    if written is None:
        identity = Identity(
            base64.urlsafe_b64encode(os.urandom(16)).decode().rstrip("="), 1 if node_id is None else node_id
        )
        _write_marker(root, identity)
        return identity
    try:
        identity = Identity(written["cluster.id"], int(written["node.id"]))
    except (KeyError, ValueError):
        raise Refused(f"{root / MARKER} is damaged: it names no cluster.id and node.id") from None
    if node_id is not None and node_id != identity.node_id:
        raise Refused(f"{root} belongs to node.id {identity.node_id}, not {node_id}")
    return identity


def _marker(path: Path) -> dict[str, str] | None:
    """The properties in the marker, or None where there is none."""
    try:
        lines = path.read_text("utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        return None
    pairs = (line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))
    return {name.strip(): value.strip() for name, value in pairs}


def _write_marker(root: Path, identity: Identity) -> None:
    """Durable before anything else is written here, so that no later start takes its own directory for a stranger's."""
    text = f"version=1\nwritten.by=tautolog\ncluster.id={identity.cluster_id}\nnode.id={identity.node_id}\n"
    try:
        with (root / REPLACING).open("wb") as file:
            file.write(text.encode())
            file.flush()
            os.fsync(file.fileno())
        (root / REPLACING).replace(root / MARKER)
        for folder in (root, root.parent):
            descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
    except OSError as error:
        raise Refused(f"the data directory {root} cannot be written: {error.strerror}") from None
