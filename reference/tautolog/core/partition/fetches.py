"""Fetches that wait for more, and the fetch sessions of KIP-227.

A fetch waits until `min_bytes` have arrived, a partition it reads turns erroneous, or `max_wait_ms` have passed; then
everything is read again and answered. Waiting is a core timer and a mark in each partition it reads; nothing blocks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tautolog.core.broker import Broker
    from tautolog.core.node import Peer


class WaitingFetch:
    """One fetch that waits: who asked, for what, and how many bytes it still lacks."""

    __slots__ = ()


class Fetches:
    """All waiting fetches and all fetch sessions of one broker."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker

    def forget(self, peer: Peer) -> None:
        """The connection is gone: nothing that waits for it will be answered. Its sessions stay until they are evicted."""
