"""The log in a file of SQLite: who writes it holds `integrate.lock`, one process at a time."""

from __future__ import annotations

from pathlib import Path

from chopmark import LogError

from ._sql_store import FORMAT, SqlStore
from ._sqlite import SqliteFile

_TABLES = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE entries (at INTEGER PRIMARY KEY, leaf BLOB NOT NULL);
CREATE TABLE bundles (number INTEGER PRIMARY KEY, leaves BLOB NOT NULL);
CREATE TABLE ids (start INTEGER, at INTEGER, PRIMARY KEY (start, at)) WITHOUT ROWID;
CREATE TABLE tiles (
    level INTEGER, number INTEGER, hashes BLOB NOT NULL, PRIMARY KEY (level, number)
) WITHOUT ROWID;
CREATE TABLE spools (name TEXT PRIMARY KEY, read INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE checkpoints (size INTEGER PRIMARY KEY, time INTEGER NOT NULL, note TEXT NOT NULL);
"""


class SqliteStore(SqlStore):
    """A log in one file.

    Raises:
        LogError: the file is no log of chopmark, or cannot be opened.
    """

    def __init__(self, path: Path, *, writing: bool = False) -> None:
        self.file = SqliteFile(path, writing=writing)
        super().__init__(str(path), path.parent, self.file)

    @classmethod
    def create(cls, path: Path, origin: str) -> None:
        """Make an empty log.

        Raises:
            LogError: it cannot be made.
        """
        meta = [("origin", origin), ("format", str(FORMAT)), ("size", "0")]
        SqliteFile.create(path, _TABLES, meta)

    @property
    def replaced(self) -> bool:
        """Whether another file was put in the place of the one that was opened."""
        return self.file.replaced

    @property
    def room(self) -> int:
        """How large the file is."""
        return self.file.path.stat().st_size

    def damages(self) -> list[str]:
        """Return what SQLite finds to be damaged in its file."""
        try:
            rows = self.file.rows("PRAGMA integrity_check(20)")
        except LogError as error:
            return [str(error)]
        return [f"SQLite: {told}" for (told,) in rows if told != "ok"]
