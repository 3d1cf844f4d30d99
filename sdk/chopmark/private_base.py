"""For authors of plugins: a SQLite file that its owner alone may read, of one form."""

from __future__ import annotations

import os
import sqlite3
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ._errors import ChopmarkError
from .connection import Connection
from .forking import WHOLE
from .private import OF_OTHERS


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """What a file is like, and what is said where it is not.

    `what` names the file in errors, `of` what is kept in it, `error` is what is raised. `tables`
    are statements between semicolons, `number` counts their versions. `make` is the cure where the
    file cannot be made, `other` where it is another's.
    """

    what: str
    of: str
    error: type[ChopmarkError]
    tables: str
    number: int
    pragmas: Sequence[str]
    make: str
    other: str


class PrivateBase:
    """The file `path`, made where it is not there. Shared by threads, which take turns.

    Args:
        path: the file.
        form: what it is like.
        first: statements with their values, run once, when the tables were made.
        timeout: seconds to wait for another process.

    Raises:
        ChopmarkError: as `form.error`: it cannot be used, or others than its owner can read it.
    """

    def __init__(
        self,
        path: Path,
        form: Form,
        first: Sequence[tuple[str, object]] = (),
        timeout: float = 10.0,
    ) -> None:
        self.path, self._form = path, form
        self._timeout = timeout
        self._base = Connection(self._connected)
        self._make()
        try:
            self._prepare(first)
        except BaseException:
            self.close()
            raise

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """Run a statement, and return what it finds."""
        with WHOLE.lock, self._base.lock, self._told():
            return self._base.opened().execute(query, values).fetchall()

    def changed(self, query: str, *values: object) -> int:
        """Run a statement, and return how many rows it changed."""
        with WHOLE.lock, self._base.lock, self._told():
            return self._base.opened().execute(query, values).rowcount

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Hold the file against others; what is done in the block is done whole, or not at all."""
        with WHOLE.lock, self._base.lock:
            self.rows("BEGIN IMMEDIATE")
            try:
                yield
                self.rows("COMMIT")
            except BaseException:
                self._base.undo()
                raise

    def close(self) -> None:
        """Close the file; it is opened again where it is needed."""
        self._base.close()

    def _connected(self) -> sqlite3.Connection:
        with self._told():
            base = sqlite3.connect(
                self.path, timeout=self._timeout, isolation_level=None, check_same_thread=False
            )
            try:
                for pragma in self._form.pragmas:
                    base.execute(f"PRAGMA {pragma}")
            except BaseException:
                base.close()
                raise
            return base

    def _prepare(self, first: Sequence[tuple[str, object]]) -> None:
        form = self._form
        if self._number() == form.number:
            return
        with self.transaction():  # of two processes that begin, one makes the tables
            number = self._number()
            if number == form.number:
                return
            if number or self.rows("SELECT 1 FROM sqlite_master"):
                named = f"{str(self.path)!r} is no file of {form.of}"
                raise form.error(f"{named} of form {form.number}; {form.other}")
            for statement in filter(str.strip, form.tables.split(";")):
                self.rows(statement)
            for statement, value in first:
                self.rows(statement, value)
            self.rows(f"PRAGMA user_version = {form.number}")

    def _number(self) -> int:
        return int(self.rows("PRAGMA user_version")[0][0])

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise self._form.error(
                f"{self._form.what} {str(self.path)!r} failed: {error}; look at its disk, and "
                "whether this process may write there"
            ) from error

    def _make(self) -> None:
        """Make the file for its owner alone; refuse one that others can read."""
        named = f"{self._form.what} {str(self.path)!r}"
        try:
            os.close(os.open(self.path, os.O_CREAT | os.O_RDWR, 0o600))
            mode = stat.S_IMODE(self.path.stat().st_mode)
        except OSError as error:
            raise self._form.error(
                f"{named} cannot be opened: {error.strerror}; {self._form.make}, or let this "
                "process write there"
            ) from error
        if os.name == "posix" and mode & OF_OTHERS:
            raise self._form.error(
                f"{named} can be read by others than its owner (mode {mode:o}); run `chmod 600` "
                "on it"
            )
