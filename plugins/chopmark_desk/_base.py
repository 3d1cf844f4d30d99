"""The SQLite file of the desk: who its users are, and who is logged in. Its owner's alone."""

from __future__ import annotations

import os
import secrets
import sqlite3
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ._errors import DeskError

_FORM = 1
_OF_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_TABLES = """
CREATE TABLE users (
    name TEXT PRIMARY KEY, role TEXT NOT NULL, password TEXT NOT NULL, made INTEGER NOT NULL
) STRICT;
CREATE TABLE sessions (
    hash BLOB PRIMARY KEY, name TEXT NOT NULL REFERENCES users ON DELETE CASCADE,
    made INTEGER NOT NULL, seen INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE secret (value BLOB NOT NULL) STRICT;
"""


class Base:
    """The file in `folder`, made where it is not there. Threads take turns.

    Raises:
        DeskError: it cannot be made or opened, or others than its owner can read it.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / "desk.db"
        self._lock = threading.RLock()
        _make(self.path)
        with self._told():
            self._base = sqlite3.connect(
                self.path, isolation_level=None, check_same_thread=False, timeout=10
            )
        try:
            self._prepare()
        except BaseException:
            self._base.close()
            raise

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """Run a statement, and return what it finds."""
        with self._lock, self._told():
            return self._base.execute(query, values).fetchall()

    def changed(self, query: str, *values: object) -> int:
        """Run a statement, and return how many rows it changed."""
        with self._lock, self._told():
            return self._base.execute(query, values).rowcount

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Do all of the block, or nothing of it."""
        with self._lock:
            self.rows("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self.rows("ROLLBACK")
                raise
            self.rows("COMMIT")

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._base.close()

    def _prepare(self) -> None:
        for pragma in ("journal_mode = WAL", "foreign_keys = ON", "secure_delete = ON"):
            self.rows(f"PRAGMA {pragma}")
        if self._form() == _FORM:
            return
        with self.transaction():  # of two processes that begin, one makes the tables
            form = self._form()
            if form == _FORM:
                return
            if form or self.rows("SELECT 1 FROM sqlite_master"):
                raise DeskError(
                    f"{str(self.path)!r} is no file of a desk of form {_FORM}; name another "
                    "`folder` under [settings.desk]"
                )
            for statement in filter(str.strip, _TABLES.split(";")):
                self.rows(statement)
            self.rows("INSERT INTO secret VALUES (?)", secrets.token_bytes(32))
            self.rows(f"PRAGMA user_version = {_FORM}")

    def _form(self) -> int:
        return int(self.rows("PRAGMA user_version")[0][0])

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise DeskError(
                f"the desk's file {str(self.path)!r} failed: {error}; look at its disk, and "
                "whether this process may write there"
            ) from error


def _make(path: Path) -> None:
    """Make the file for its owner alone; refuse one that others can read."""
    try:
        path.parent.mkdir(mode=0o700, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        mode = stat.S_IMODE(path.stat().st_mode)
    except OSError as error:
        raise DeskError(
            f"the desk's file {str(path)!r} cannot be opened: {error.strerror}; make the folder "
            "above it, or let this process write there"
        ) from error
    if os.name == "posix" and mode & _OF_OTHERS:
        raise DeskError(
            f"the desk's file {str(path)!r} can be read by others than its owner (mode {mode:o}); "
            "run `chmod 600` on it"
        )
