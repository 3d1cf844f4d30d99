"""Keeps what a process records while the database is away, on the disk of its machine.

It goes into a spool like those of a log that is in a folder, and is taken into the database when
that is there again, by whichever process of the machine comes first.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import psycopg

from chopmark import LogError

from ._files import sync_folder
from ._folder import LogFolder
from ._postgres import Address
from ._postgres_doubts import keep_doubtful, waiting
from ._renew import writer_name
from ._spool import Spool
from ._work import Make, Own

PAUSE, MOST_PAUSE = 1.0, 60.0
"""Seconds between two looks whether the database is there again: the more, the more often it was,
and away at once. One that lets itself be connected to may still take nothing."""
_logger = logging.getLogger("chopmark")


class Buffer:
    """What one process keeps on the disk for a database that is away. Shared by its threads.

    Args:
        folder: that of the log on this machine.
        address: the database.
        most: the bytes that may wait on this machine, of all its processes.
    """

    def __init__(self, folder: LogFolder, address: Address, most: int) -> None:
        self._folder, self._address, self._most = folder, address, most
        self._mutex = threading.Lock()
        self._own: Own | None = None
        self._asked, self._pause = 0.0, PAUSE
        self.count = 0
        """How many records it took."""

    @property
    def away(self) -> bool:
        """Whether the database was away when it was last looked for."""
        return self._own is not None

    def append(self, make: Make, frames: Sequence[bytes], why: str = "") -> int:
        """Return, when the disk has a record, how many it took before; `why` the database did not.

        Raises:
            LogError: it was not taken: the disk fails, or as much waits as may.
        """
        try:
            with self._mutex:
                self._check_room()
                own, spool = self._opened(why)
                end = spool.append(own.leaf(make, spool.count), frames)
                self.count += 1
                number = self.count - 1
            spool.sync(end)
        except OSError as error:
            raise self._unwritable(error) from error
        return number

    def keep_doubtful(self, leaves: Sequence[tuple[bytes, Sequence[bytes]]]) -> None:
        """Keep leaves, with the frames of their contents, which the database may have, or not.

        Raises:
            LogError: the disk fails.
        """
        try:
            self._make_room()
            keep_doubtful(self._folder, writer_name(), leaves)
        except OSError as error:
            raise self._unwritable(error) from error

    def look(self) -> None:
        """Let go of the spool where the database is there again: the next record goes there."""
        if not self.away or time.monotonic() - self._asked < self._pause:
            return
        try:
            with self._address.connect("chopmark_log") as base:
                ((read_only,),) = base.execute(b"SHOW transaction_read_only").fetchall()
        except psycopg.Error:
            read_only = "nobody knows"
        self._asked = time.monotonic()
        if read_only != "off":
            return
        _logger.warning("store %r is there again", self._address.text)
        self.close()

    def close(self) -> None:
        """Close the spool; in the child of a fork, let go of what is the parent's."""
        with self._mutex:
            own, self._own = self._own, None
            if own is not None:
                with contextlib.suppress(OSError):  # nothing was promised that is not on the disk
                    own.spool.sync(own.spool.written)
                own.spool.close()

    def let_go(self) -> None:
        """Close, in the child of a fork, what is its parent's, whoever held it there."""
        if self._own is not None:
            self._own.spool.close()

    def _check_room(self) -> None:
        size = sum(map(_size, waiting(self._folder)))
        if size >= self._most:
            raise LogError(
                f"store {self._address.text!r} is away, and {size >> 20} MiB wait for it in "
                f"{str(self._folder.spools)!r}: bring it back, or give `buffer_mb` a larger number"
            )

    def _opened(self, why: str) -> tuple[Own, Spool]:
        own = self._own
        if own is None or not own.spool.usable:
            if own is not None:
                own.spool.close()
            else:
                _logger.error(
                    "store %r is away: records wait in %r until it is there again%s",
                    self._address.text, str(self._folder.spools), why and f" ({why})",
                )  # fmt: skip
                soon = time.monotonic() - self._asked < MOST_PAUSE and self._asked > 0
                self._pause = min(2 * self._pause, MOST_PAUSE) if soon else PAUSE
            self._make_room()
            writer = writer_name()
            self._own = own = Own(Spool(self._folder.spools, writer), writer)
        assert isinstance(own.spool, Spool)
        return own, own.spool

    def _make_room(self) -> None:
        if not self._folder.spools.exists():
            self._folder.spools.mkdir(mode=0o700, exist_ok=True)
            sync_folder(self._folder.path)

    def _unwritable(self, error: OSError) -> LogError:
        return LogError(
            f"store {self._address.text!r} is away, and {str(self._folder.spools)!r} cannot take a "
            f"record: {error.strerror or error}; free some space, or let this process write there"
        )


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0  # it was taken in
