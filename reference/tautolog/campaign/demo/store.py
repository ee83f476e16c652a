"""Where the demo's consumers keep the effects of the orders they processed: an embedded store, a SQLite file.

The effect of a record and the note that it was processed are one transaction, so that a record delivered twice takes effect
once. Survives kill -9 (write-ahead log).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from pathlib import Path

SCHEMA = """
CREATE TABLE IF NOT EXISTS inbox (
    id INTEGER PRIMARY KEY, topic TEXT NOT NULL, part INTEGER NOT NULL, position INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS totals (customer TEXT PRIMARY KEY, orders INTEGER NOT NULL, last INTEGER NOT NULL, disordered INTEGER NOT NULL) WITHOUT ROWID;
"""


class SqliteStore:
    """One connection to the store; each thread opens its own."""

    def __init__(self, path: Path) -> None:
        self._database = sqlite3.connect(path, timeout=30.0, isolation_level=None)
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = NORMAL")
        self._database.executescript(SCHEMA)

    def close(self) -> None:
        """Give the file back."""
        self._database.close()

    def process(self, orders: Iterable[tuple[int, str, int, str, int, int]]) -> int:
        """Apply orders in one transaction; return how many had been applied before and were left alone.

        Args:
            orders: (order id, customer, the customer's own order number, topic, partition, offset) each.

        """
        repeated = 0
        run = self._database.execute
        run("BEGIN IMMEDIATE")
        try:
            for order, customer, number, topic, part, offset in orders:
                fresh = run("INSERT OR IGNORE INTO inbox VALUES (?, ?, ?, ?)", (order, topic, part, offset)).rowcount
                if not fresh:
                    repeated += 1
                    continue
                run(
                    "INSERT INTO totals VALUES (?, 1, ?, 0) ON CONFLICT (customer) DO UPDATE SET orders = orders + 1,"
                    " disordered = disordered + (excluded.last <= last), last = max(last, excluded.last)",
                    (customer, number),
                )
        except BaseException:
            run("ROLLBACK")
            raise
        run("COMMIT")
        return repeated

    def processed(self) -> set[int]:
        """The ids of all orders that took effect."""
        return {row[0] for row in self._database.execute("SELECT id FROM inbox")}

    def disordered(self) -> int:
        """How many orders took effect after a later one of the same customer."""
        (count,) = self._database.execute("SELECT coalesce(sum(disordered), 0) FROM totals").fetchone()
        return int(count)
