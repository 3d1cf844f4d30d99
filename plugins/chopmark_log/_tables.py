"""A SQLite file beside the log whose rows can be deleted so that nothing of them stays in it."""

from __future__ import annotations

import time
from pathlib import Path

from chopmark import LogError

from ._sqlite import SqliteFile

_PATIENCE = 5.0


class Tables(SqliteFile):
    """The file. SQLite overwrites what is deleted, and `scrub` takes it out of the -wal too."""

    def __init__(self, path: Path, *, writing: bool = False) -> None:
        super().__init__(path, writing=writing, scrubbed=True)

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
