"""Keeps what plugins keep in a SQLite file that several processes may use."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path

from ..connection import Connection
from ..forking import WHOLE
from ._store import Change

FORGET_EVERY = 1_000
"""After so many updates, what is too old to matter is taken out."""

_TABLE = """
CREATE TABLE IF NOT EXISTS kept (
    key TEXT PRIMARY KEY, value BLOB NOT NULL, at REAL NOT NULL
) WITHOUT ROWID
"""


class SQLiteStore:
    """A store in the file `path`. Shared by threads and processes of one machine.

    Args:
        path: the file, made where there is none; its folder must exist.
        timeout: seconds to wait for another process that writes; its writes take microseconds.
        keep_seconds: a key that was not updated for longer is forgotten.

    The file is in WAL mode: a read never waits, and a write is not synced to the disk one by one,
    so a power failure may lose the last of them. It must not lie on a network file system.
    """

    blocking = True

    def __init__(self, path: Path, timeout: float = 0.25, keep_seconds: float = 7 * 86_400) -> None:
        self._path = path
        self._timeout = timeout
        self._keep_seconds = keep_seconds
        self._connection = Connection(self._open)
        self._updates = 0

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle as a store of the same file."""
        return SQLiteStore, (self._path, self._timeout, self._keep_seconds)

    def load(self, key: str) -> bytes | None:
        """Return what is kept under `key`; raise `sqlite3.Error` where the file cannot be read."""
        with WHOLE.lock, self._connection.lock:
            return _row(self._connection.opened(), key)

    def update(self, key: str, change: Change) -> bytes:
        """Keep what `change` makes of what is kept, and return it; raise `sqlite3.Error`."""
        with WHOLE.lock, self._connection.lock:
            base = self._connection.opened()
            base.execute("BEGIN IMMEDIATE")
            try:
                value, now = change(_row(base, key)), time.time()
                base.execute(
                    "INSERT INTO kept VALUES (?, ?, ?) "
                    "ON CONFLICT (key) DO UPDATE SET value = excluded.value, at = excluded.at",
                    (key, value, now),
                )
                self._forget(base, now)
                base.execute("COMMIT")
            except BaseException:
                self._connection.undo()
                raise
            return value

    def close(self) -> None:
        """Close the file; a later call opens it again."""
        self._connection.close()

    def _open(self) -> sqlite3.Connection:
        base = sqlite3.connect(
            self._path, timeout=self._timeout, isolation_level=None, check_same_thread=False
        )
        try:
            base.execute("PRAGMA journal_mode = WAL")
            base.execute("PRAGMA synchronous = NORMAL")
            base.execute(_TABLE)
        except BaseException:
            base.close()
            raise
        return base

    def _forget(self, base: sqlite3.Connection, now: float) -> None:
        self._updates += 1
        if self._updates % FORGET_EVERY == 1:
            base.execute("DELETE FROM kept WHERE at < ?", (now - self._keep_seconds,))


def _row(base: sqlite3.Connection, key: str) -> bytes | None:
    row = base.execute("SELECT value FROM kept WHERE key = ?", (key,)).fetchone()
    return None if row is None else bytes(row[0])
