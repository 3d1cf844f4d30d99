"""A SQLite file of the log: one connection, which threads share and no fork carries into a child.

What SQLite refuses is a `LogError` here that names the file.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from chopmark import LogError
from chopmark.connection import Connection
from chopmark.forking import WHOLE


class SqliteFile:
    """The file, opened when it is first used. Threads take turns.

    Args:
        path: where it is.
        writing: whether it may be changed.
        scrubbed: whether zeros are written over what is deleted (`secure_delete`).
    """

    def __init__(self, path: Path, *, writing: bool = False, scrubbed: bool = False) -> None:
        self.path = path
        self._writing, self._scrubbed = writing, scrubbed
        self._file = Connection(self._connected)
        self._first: tuple[int, int] | None = None

    @classmethod
    def create(cls, path: Path, tables: str, meta: Sequence[tuple[str, object]] = ()) -> None:
        """Make the file with `tables`, one of them `meta`, whole or not at all, unless it is there.

        Raises:
            LogError: it cannot be made.
        """
        if path.exists():
            return
        making = path.with_name(f".{path.name}.part")
        try:
            making.unlink(missing_ok=True)
            os.close(os.open(making, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600))
            with (
                WHOLE.lock,
                contextlib.closing(sqlite3.connect(making, isolation_level=None)) as base,
            ):
                base.execute("PRAGMA journal_mode = WAL")
                base.execute("PRAGMA synchronous = FULL")
                base.executescript(f"BEGIN;{tables}")
                base.executemany("INSERT INTO meta VALUES (?, ?)", meta)
                base.execute("COMMIT")
            making.rename(path)
        except (sqlite3.Error, OSError) as error:
            raise LogError(f"{str(path)!r} cannot be made: {error}") from error

    @property
    def replaced(self) -> bool:
        """Whether another file was put in the place of the one that was opened."""
        try:
            return self._first is not None and self._first != _identity(self.path)
        except FileNotFoundError:
            return True

    def rows(self, query: str, values: Sequence[object] = ()) -> list[Any]:
        """Run a statement, and return what it finds.

        Raises:
            LogError: SQLite refuses.
        """
        try:
            with WHOLE.lock, self._file.lock:
                return self._file.opened().execute(query, values).fetchall()
        except sqlite3.Error as error:
            raise self._refused(error) from error

    def many(self, query: str, values: Sequence[Sequence[object]]) -> None:
        """Run a statement for each of `values`.

        Raises:
            LogError: SQLite refuses.
        """
        try:
            with WHOLE.lock, self._file.lock:
                self._file.opened().executemany(query, values)
        except sqlite3.Error as error:
            raise self._refused(error) from error

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """Do all of the block, or nothing of it."""
        with WHOLE.lock, self._file.lock:
            self.rows("BEGIN IMMEDIATE")
            try:
                yield
                self.rows("COMMIT")
            except BaseException:
                self._file.undo()
                raise

    def close(self) -> None:
        """Close the file; it is opened again where it is needed."""
        self._file.close()

    def _connected(self) -> sqlite3.Connection:
        try:
            found = _identity(self.path)
            base = _connect(self.path, self._writing, self._scrubbed)
        except (sqlite3.Error, OSError) as error:
            raise self._refused(error) from error
        self._first = self._first or found
        return base

    def _refused(self, error: Exception) -> LogError:
        return LogError(f"{str(self.path)!r}: {error}")


def _connect(path: Path, writing: bool, scrubbed: bool) -> sqlite3.Connection:
    mode = "rw" if writing else "ro"
    address = f"{path.absolute().as_uri()}?mode={mode}"
    log = path.with_name(path.name + "-wal")
    if not writing and not os.access(path.parent, os.W_OK) and not log.exists():
        address += "&immutable=1"  # a copy on a medium that cannot be written to
    base = sqlite3.connect(
        address, uri=True, check_same_thread=False, timeout=30, isolation_level=None
    )
    try:
        base.execute("PRAGMA synchronous = FULL")
        if scrubbed:
            base.execute("PRAGMA secure_delete = ON")
    except sqlite3.Error:
        base.close()
        raise
    return base


def _identity(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_dev, found.st_ino
