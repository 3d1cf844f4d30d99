"""A SQLite file beside the log whose rows can be deleted so that nothing of them stays in it."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
import time
import weakref
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from chopmark import LogError

from ._store import _connect as connect

_PATIENCE = 5.0


class Tables:
    """The file. Shared by threads, which take turns; a fork carries no connection into its child.

    SQLite writes zeros over what is deleted (`secure_delete`), and `scrub` takes it out of the
    write-ahead log too.
    """

    def __init__(self, path: Path, *, writing: bool = False) -> None:
        self.path = path
        self._writing = writing
        self._mutex = threading.RLock()
        self._open: sqlite3.Connection | None = None
        _TABLES[id(self)] = weakref.ref(self)
        weakref.finalize(self, _TABLES.pop, id(self), None)

    @classmethod
    def create(cls, path: Path, tables: str, meta: Sequence[tuple[str, object]] = ()) -> None:
        """Make the file with `tables`, whole or not at all, unless it is there.

        Raises:
            LogError: it cannot be made.
        """
        if path.exists():
            return
        making = path.with_name(f".{path.name}.part")
        making.unlink(missing_ok=True)
        try:
            os.close(os.open(making, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600))
            base = sqlite3.connect(making, isolation_level=None)
            try:
                base.execute("PRAGMA journal_mode = WAL")
                base.execute("PRAGMA synchronous = FULL")
                base.executescript(f"BEGIN;{tables}")
                base.executemany("INSERT INTO meta VALUES (?, ?)", meta)
                base.execute("COMMIT")
            finally:
                base.close()
            making.rename(path)
        except (sqlite3.Error, OSError) as error:
            raise LogError(f"{str(path)!r} cannot be made: {error}") from error

    def rows(self, query: str, values: Sequence[object] = ()) -> list[Any]:
        """Run a statement, and return what it finds.

        Raises:
            LogError: SQLite refuses.
        """
        with self._mutex:
            try:
                return self._base.execute(query, values).fetchall()
            except sqlite3.Error as error:
                raise LogError(f"{str(self.path)!r}: {error}") from error

    def many(self, query: str, values: Sequence[Sequence[object]]) -> None:
        """Run a statement for each of `values`."""
        with self._mutex:
            try:
                self._base.executemany(query, values)
            except sqlite3.Error as error:
                raise LogError(f"{str(self.path)!r}: {error}") from error

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """Do all of the block, or nothing of it."""
        with self._mutex:
            self.rows("BEGIN IMMEDIATE")
            try:
                yield
                self.rows("COMMIT")
            except BaseException:
                with contextlib.suppress(LogError):
                    self.rows("ROLLBACK")
                raise

    def scrub(self) -> None:
        """Return when the file holds nothing of what was deleted, nor does what is beside it.

        Raises:
            LogError: somebody has read it for longer than 5 seconds; what was deleted is
                unreachable, and is in its write-ahead log still.
        """
        end = time.monotonic() + _PATIENCE
        while self.rows("PRAGMA wal_checkpoint(TRUNCATE)")[0][0]:
            if time.monotonic() > end:
                raise LogError(
                    f"{str(self.path)!r} is being read; what was deleted is still in its -wal "
                    "file: run `chopmark log prune` to take it out"
                )
            time.sleep(0.02)

    def close(self) -> None:
        """Close the file; it is opened again where it is needed."""
        with self._mutex:
            self._disconnect()

    @property
    def _base(self) -> sqlite3.Connection:
        if self._open is None:
            try:
                self._open = connect(self.path, self._writing)
                self._open.execute("PRAGMA secure_delete = ON")
            except sqlite3.Error as error:
                raise LogError(f"{str(self.path)!r}: {error}") from error
            self._finalizer = weakref.finalize(self, self._open.close)
        return self._open

    def _disconnect(self) -> None:
        base, self._open = self._open, None
        if base is not None:
            self._finalizer.detach()
            with contextlib.suppress(sqlite3.Error):
                base.close()


_TABLES: dict[int, weakref.ref[Tables]] = {}
_forking: list[Tables] = []


def _before_fork() -> None:
    for tables in [found for one in list(_TABLES.values()) if (found := one()) is not None]:
        tables._mutex.acquire()
        _forking.append(tables)
        if tables._open is None or not tables._open.in_transaction:  # else a thread is within it
            tables._disconnect()


def _after_fork() -> None:
    while _forking:
        _forking.pop()._mutex.release()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_before_fork, after_in_parent=_after_fork, after_in_child=_after_fork
    )
