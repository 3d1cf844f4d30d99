"""Tables beside the log whose rows can be deleted so that nothing of them stays in it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from chopmark import LogError

from ._folder import LogFolder
from ._sql_tables import Tables
from ._sqlite import SqliteFile

_PATIENCE = 5.0


class Erasable(Tables, Protocol):
    """Tables that a log has beside it, where it is: in a file, or in a schema of its database."""

    def exists(self) -> bool:
        """Return whether they are there."""

    def make(self, tables: str, meta: Sequence[tuple[str, object]] = ()) -> None:
        """Make `tables`, one of them `meta`, whole or not at all, unless they are there."""

    def scrub(self) -> None:
        """Return when nothing of what was deleted is left, as far as that can be done from here."""


def tables_of(folder: LogFolder, name: str, *, writing: bool = False) -> Erasable:
    """Return the tables `name` of the log in `folder`."""
    address = folder.address
    if address is None:
        return ErasableFile(folder.path / f"{name}.db", writing=writing)
    from ._postgres import Address
    from ._postgres_tables import ErasableSchema

    return ErasableSchema(Address.of(address, folder.patience), f"chopmark_{name}")


class ErasableFile(SqliteFile):
    """A file. SQLite overwrites what is deleted, and `scrub` takes it out of the -wal too."""

    def __init__(self, path: Path, *, writing: bool = False) -> None:
        super().__init__(path, writing=writing, scrubbed=True)

    def exists(self) -> bool:
        """Return whether the file is there."""
        return self.path.exists()

    def make(self, tables: str, meta: Sequence[tuple[str, object]] = ()) -> None:
        """Make the file with `tables`, unless it is there.

        Raises:
            LogError: it cannot be made.
        """
        SqliteFile.create(self.path, tables, meta)

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
